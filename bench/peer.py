"""The same frames through `face_recognition` as people use it, between two runs of ours.

Both start from decoded pictures in memory. Theirs finds faces with its HOG detector and one
upsampling, encodes them and compares them with three references; ours does all that a camera's
pipeline does, against the whole list of the stage clip. Theirs is one to two orders slower, so
it gets a clip's first frames only; how many is shown.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.context import Context, MissingError
from bench.deployments import Scene
from bench.lists import enrolled, stage_list
from bench.results import Claim, Grid
from bench.tracks import camera_job
from overt.capture import CaptureSettings, open_source
from overt.errors import OvertError
from overt.matching.gallery import Gallery
from overt.runtime.pipeline import CameraPipeline

_WANTED = 15
_CLIPS = {"stage-640x360.mp4": (60, 15), "street-crowd-1080p.mp4": (12, 3)}
"""The peer's frames of each clip: in a full run, and in a quick one."""


@dataclass(frozen=True, slots=True)
class PeerTime:
    """One clip: frames and faces of each, and frames a second; ours before and after theirs."""

    clip: str
    our_frames: int
    our_faces: int
    ours_before: float
    ours_after: float
    their_frames: int
    their_faces: int
    theirs: float

    @property
    def ratio(self) -> float:
        """How many times theirs our pace is, the slower of our two runs counting."""
        return min(self.ours_before, self.ours_after) / self.theirs


@dataclass(frozen=True, slots=True)
class PeerResult:
    """Both clips."""

    times: tuple[PeerTime, ...]

    def claims(self) -> Iterator[Claim]:
        """Return the claim on pace, a clip each."""
        for time in self.times:
            yield Claim(
                f"peer: frames a second on {time.clip}",
                f"≥ {_WANTED} times face_recognition's",
                f"{time.ratio:.1f} times",
                time.ratio >= _WANTED,
            )

    def grids(self) -> Iterator[Grid]:
        """Return paces and faces."""
        rows = tuple(
            (
                time.clip,
                f"{time.ours_before:.1f}, {time.ours_after:.1f}",
                f"{time.theirs:.2f}",
                f"{time.ratio:.1f}",
                f"{time.our_faces / time.our_frames:.2f} of {time.our_frames}",
                f"{time.their_faces / time.their_frames:.2f} of {time.their_frames}",
            )
            for time in self.times
        )
        heads = ("clip", "ours, frames/s", "theirs, frames/s", "ratio")
        yield Grid(
            "peer: face_recognition, HOG with one upsampling",
            (*heads, "our faces a frame, frames", "their faces a frame, frames"),
            rows,
            "Without decoding. The ratio takes the slower of our two runs, and ours "
            "searches 2,800 references where theirs compares with 3.",
        )


def measure(context: Context) -> PeerResult:
    """Time ours, theirs and ours again on each clip.

    Raises:
        MissingError: the peer's interpreter has no face_recognition.
    """
    _demand_peer(context.peer_python)
    files = stage_list(context)
    gallery = Gallery.of(enrolled(context, files))
    times = []
    for clip, counts in _CLIPS.items():
        scene = Scene(clip.split(".")[0], str(context.need(f"video/{clip}")), files)
        times.append(_compare(context, scene, gallery, counts[context.quick]))
    return PeerResult(tuple(times))


def _compare(context: Context, scene: Scene, gallery: Gallery, count: int) -> PeerTime:
    with context.progress(f"{scene.name}: ours, theirs, ours"):
        before, faces, frames = _ours(context, scene, gallery)
        theirs, their_faces = _theirs(context, scene, count)
        after, _, _ = _ours(context, scene, gallery)
    return PeerTime(scene.name, frames, faces, before, after, count, their_faces, theirs)


def _ours(context: Context, scene: Scene, gallery: Gallery) -> tuple[float, int, int]:
    """Return frames a second over the clip, faces found and frames; decoding is not counted."""
    job = camera_job(context, scene, gallery)
    pipeline = CameraPipeline(
        job.settings,
        context.pack.detector(job.detector, threads=job.threads),
        context.pack.extractor(threads=job.threads),
        gallery,
    )
    seconds, frames = 0.0, 0
    with open_source(job.source, job.capture) as source:
        for frame in source:
            started = perf_counter()
            pipeline.process(frame)
            if frame.sequence:  # the first compiles the network for this size of picture
                seconds, frames = seconds + perf_counter() - started, frames + 1
    return frames / seconds, pipeline.counts.detections, frames + 1


def _theirs(context: Context, scene: Scene, count: int) -> tuple[float, int]:
    """Return frames a second over the first `count` frames, and faces found."""
    with open_source(scene.source, CaptureSettings()) as source:
        frames = [frame.image for frame in islice(source, count)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames.npy"
        np.save(path, np.stack(frames))
        references = sorted(str(each) for each in context.need("references").iterdir())
        worker = Path(__file__).with_name("peer_worker.py")
        told = _run_peer(context.peer_python, [str(worker), str(path), *references])
    found = json.loads(told)
    return len(found["seconds"]) / sum(found["seconds"]), int(found["faces"])


def _demand_peer(python: Path) -> None:
    try:
        _run_peer(python, ["-c", "import face_recognition"])
    except OvertError as error:
        raise MissingError(
            f"{python} has no face_recognition.",
            remedy="Get it with make bench-setup, or name another interpreter: --peer-python.",
        ) from error


def _run_peer(python: Path, arguments: Sequence[str]) -> str:
    try:
        # Isolated, so that nothing of this folder is imported in place of the peer's.
        done = subprocess.run(
            [str(python), "-I", *arguments], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise OvertError(f"{python} cannot be run: {error.strerror}.") from error
    if done.returncode:
        raise OvertError(f"face_recognition failed: {done.stderr.strip()[-200:]}")
    return done.stdout
