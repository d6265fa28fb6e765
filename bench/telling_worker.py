"""A camera's process as the product has it, that also writes down what it says and looks at.

For evaluations of what becomes of processes that are killed or overloaded: what a process wrote
before it was killed is still there. `tell_of` sets it in the place of the product's own.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any
from unittest.mock import patch

from overt.runtime import supervised, worker
from overt.runtime.message_codec import send_message
from overt.runtime.messages import Message, Raised
from overt.runtime.pipeline import CameraPipeline, PipelineResult
from overt.runtime.stop_sign import StopSign
from overt.runtime.worker import CameraJob
from overt.runtime.zoned import ZonedDetector
from overt.values import FaceDetection, Frame

_FOLDER = "OVERT_BENCH_LEDGERS"
SAYING, SAID = "saying", "said"


@contextmanager
def tell_of(folder: Path) -> Iterator[None]:
    """Have cameras that start in the block write their ledgers into a folder."""
    told = {_FOLDER: str(folder)}
    with patch.dict(os.environ, told), patch.object(supervised, "work", work):
        yield


def work(job: CameraJob, pipe: Connection, stop: StopSign) -> None:
    """Do as the product's own, and keep the ledger of what is said and looked at."""
    path = Path(os.environ[_FOLDER]) / f"{job.settings.camera}.jsonl"
    ledger = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(**told: Any) -> None:
        os.write(ledger, (json.dumps(told) + "\n").encode())

    widths_px: dict[int, int] = {}
    real_detect, real_follow = ZonedDetector.detect, CameraPipeline.follow

    def detect(self: ZonedDetector, frame: Frame) -> list[FaceDetection]:
        widths_px[frame.sequence] = self.working_px
        return real_detect(self, frame)

    def follow(self: CameraPipeline, frame: Frame, *rest: Any) -> PipelineResult:
        result = real_follow(self, frame, *rest)
        write(
            looked=frame.sequence,
            width=widths_px.pop(frame.sequence),
            at_s=monotonic(),
            age=monotonic() - frame.monotonic_s,
            alerts=[[each.candidate.subject_id, each.track_id] for each in result.alerts],
        )
        return result

    def tell(pipe: Connection, message: Message) -> None:
        """Say something, and write each alert down before and after it was said."""
        if isinstance(message, Raised):
            write(word=SAYING, alert=message.alert.alert_id)
        send_message(pipe, message)
        if isinstance(message, Raised):
            write(word=SAID, alert=message.alert.alert_id)

    with (
        patch.object(ZonedDetector, "detect", detect),
        patch.object(CameraPipeline, "follow", follow),
        patch.object(worker, "send_message", tell),
    ):
        worker.work(job, pipe, stop)


def ledger_of(folder: Path, camera: str) -> list[dict[str, Any]]:
    """Return what a camera's processes have written, one after another."""
    path = folder / f"{camera}.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]
