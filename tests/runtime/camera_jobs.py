"""Cameras to be watched by a supervisor; run as a program, a parent that can be killed.

Usage: camera_jobs.py MODELS CLIP. Starts one camera, prints its process id once the camera looks,
and goes on listening until it is killed.
"""

import multiprocessing
import sys
from pathlib import Path

import numpy as np

from overt.capture import CaptureSettings, Zone
from overt.matching.decision import DecisionPolicy
from overt.matching.gallery import Gallery
from overt.runtime.messages import Beat
from overt.runtime.pipeline import CameraSettings
from overt.runtime.supervisor import Supervisor
from overt.runtime.worker import CameraJob
from overt.vision.detection import DetectorSettings
from overt.vision.quality import QualityLimits
from overt.vocabulary import DeploymentKind


def a_job(name: str, source: str | Path, models: Path, *, paced: bool = False) -> CameraJob:
    """Return what a camera's process is told, with short waits for network cameras."""
    settings = CameraSettings(
        camera=name,
        kind=DeploymentKind.REHEARSAL,
        zone=Zone.whole(),
        limits=QualityLimits(),
        policy=DecisionPolicy(threshold=0.95, version="test 1"),
        pack_id="none",
    )
    return CameraJob(
        settings=settings,
        source=str(source),
        capture=CaptureSettings(camera=name, open_timeout_s=1.0, read_timeout_s=1.0),
        detector=DetectorSettings(),
        store=models,
        pack="standard",
        threads=1,
        newest_only=paced,
    )


def a_gallery() -> Gallery:
    """Return a gallery of one."""
    return Gallery(["S-1"], np.full((1, 128), 128**-0.5, np.float32), "none")


def _listen(models: Path, clip: Path) -> None:
    supervisor = Supervisor([a_job("lonely", clip, models, paced=True)], a_gallery())
    for message in supervisor.listen(lambda: False):
        if isinstance(message, Beat) and message.state.counts.frames:
            (process,) = multiprocessing.active_children()
            print(process.pid, flush=True)


if __name__ == "__main__":
    _listen(Path(sys.argv[1]), Path(sys.argv[2]))
