"""The same frames through `face_recognition` as people use it, between two runs of ours.

Both start from decoded pictures in memory. Theirs finds faces with its HOG detector and one
upsampling, encodes them and compares them with three references; ours does all that a camera's
pipeline does, against the whole list of the stage clip. Where theirs is too slow for a whole
clip it gets every few frames one, which changes nothing for it: it remembers nothing.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from bench.context import Context, MissingError
from bench.deployments import Scene
from bench.lists import enrolled, stage_list
from bench.results import Claim, Grid
from bench.tracks import camera_job
from overt.capture import BoundedQueue, CaptureSettings, open_source
from overt.errors import OvertError
from overt.matching.gallery import Gallery
from overt.runtime.lookahead import Lookahead
from overt.runtime.pipeline import CameraPipeline

_WANTED = 15
_CLIPS = {"stage-640x360.mp4": (1, 18), "street-crowd-1080p.mp4": (5, 35)}
"""Every how many frames the peer gets one: in a full run, and in a quick one."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How one of the two got through a clip; `cpu_seconds` are of all its threads."""

    frames: int
    faces: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """Frames a second."""
        return self.frames / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Processor time a frame in milliseconds."""
        return 1000 * self.cpu_seconds / self.frames


@dataclass(frozen=True, slots=True)
class PeerTime:
    """One clip, ours before and after theirs."""

    clip: str
    before: Pace
    theirs: Pace
    after: Pace

    @property
    def ratio(self) -> float:
        """How many times theirs our pace is, the slower of our two runs counting."""
        return min(self.before.per_second, self.after.per_second) / self.theirs.per_second

    @property
    def cpu_ratio(self) -> float:
        """The same in processor time, which a busy machine disturbs less."""
        return self.theirs.cpu_ms / max(self.before.cpu_ms, self.after.cpu_ms)


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
                f"{time.ratio:.1f} times; {time.cpu_ratio:.1f} by processor time",
                time.ratio >= _WANTED,
            )

    def grids(self) -> Iterator[Grid]:
        """Return paces and faces."""
        rows = tuple(
            (time.clip, who, *_cells(pace))
            for time in self.times
            for who, pace in (
                ("ours", time.before),
                ("face_recognition", time.theirs),
                ("ours again", time.after),
            )
        )
        yield Grid(
            "peer: face_recognition, HOG with one upsampling",
            ("clip", "who", "frames", "frames/s", "processor ms a frame", "faces a frame"),
            rows,
            "Without decoding. Ours searches 2,800 references where theirs compares with 3.",
        )


def _cells(pace: Pace) -> tuple[str, ...]:
    return (
        str(pace.frames),
        f"{pace.per_second:.2f}",
        f"{pace.cpu_ms:.0f}",
        f"{pace.faces / pace.frames:.2f}",
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


def _compare(context: Context, scene: Scene, gallery: Gallery, every: int) -> PeerTime:
    with context.progress(f"{scene.name}: ours, theirs, ours"):
        before = _ours(context, scene, gallery)
        theirs = _theirs(context, scene, every)
        return PeerTime(scene.name, before, theirs, _ours(context, scene, gallery))


def _ours(context: Context, scene: Scene, gallery: Gallery) -> Pace:
    """Look at every frame of the clip as a camera's process does, detecting ahead."""
    job = camera_job(context, scene, gallery)
    with open_source(job.source, job.capture) as source:
        frames = list(source)  # decoded before, so that it takes no processor time now
    detectors = [context.pack.detector(job.detector) for _ in range(job.threads)]
    extractor = context.pack.extractor(threads=job.threads)
    pipeline = CameraPipeline(job.settings, detectors[0], extractor, gallery)
    for detector in detectors:  # engines make ready for a size of picture when they meet it
        detector.detect(frames[0].image)
    extractor.extract([np.zeros((extractor.chip.size_px, extractor.chip.size_px, 3), np.uint8)])
    buffer = BoundedQueue(len(frames))
    for frame in frames:
        buffer.put(frame)
    buffer.finish()
    started, cpu_started = perf_counter(), process_time()
    with Lookahead(buffer, [pipeline.in_zone(detector) for detector in detectors]) as lookahead:
        while not lookahead.finished:
            if (detected := lookahead.take(1.0)) is not None:
                pipeline.follow(*detected)
    seconds, cpu_seconds = perf_counter() - started, process_time() - cpu_started
    return Pace(pipeline.counts.frames, pipeline.counts.detections, seconds, cpu_seconds)


def _theirs(context: Context, scene: Scene, every: int) -> Pace:
    with open_source(scene.source, CaptureSettings()) as source:
        frames = [frame.image for frame in source if frame.sequence % every == 0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames.npy"
        np.save(path, np.stack(frames))
        references = sorted(str(each) for each in context.need("references").iterdir())
        worker = Path(__file__).with_name("peer_worker.py")
        told = _run_peer(context.peer_python, [str(worker), str(path), *references])
    return Pace(**json.loads(told))


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
