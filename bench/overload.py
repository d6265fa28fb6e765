"""Three times the load that fits: what is dropped is counted, and what is looked at is judged alike.

First it is measured what decoding and looking take, all cores at work, at the policy's smallest
width. Then three times as many cameras as that would keep at the policy's floor play a drawn street
at its own pace, one of them over RTSP. Which frames they looked at, and how closely, they write down
themselves; the same pipeline then looks at exactly these again, with nothing else running, and has
to raise the same alerts.
"""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import monotonic, process_time
from typing import Any

import av

from bench.cameras import Watch, live_job, pid_of
from bench.console_scene import repeated
from bench.context import Context, MissingError
from bench.drawn import drawn_scene
from bench.films import as_by_a_camera
from bench.leaks import Trend, held_by, trend
from bench.lists import enrolled
from bench.results import Claim, Grid
from bench.telling_worker import ledger_of, tell_of
from bench.testing import serving
from overt.capture import open_source
from overt.matching.gallery import Gallery
from overt.runtime.crew import side_by_side
from overt.runtime.messages import Beat, CameraState, Message
from overt.runtime.pace import PaceSettings
from overt.runtime.pipeline import CameraPipeline
from overt.runtime.supervisor import Patience
from overt.runtime.worker import CameraJob
from overt.vision.detection import DetectorSettings
from overt.vision.store import ModelStore, Pack

TIMES = 3.0
OLDEST_S = 3.0
_CORES = 2
_LOOPS, _QUICK_LOOPS = 3, 2
_THRESHOLD = 0.022
_WORKING_PX = 960
_PACE = PaceSettings()
_MOST_CAMERAS, _QUICK_CAMERAS = 20, 3
_SAMPLE_S = 1.0
_WARM_S = 15.0
_SETTLED_S = 60.0  # longer than the film takes once: widths, sizes and crowds have been met
_DECODED = 300
_MOST_GROWTH = 0.05
_AFTER_LAST = 50  # frames that may have come after the last look, as a stream is stopped
_RTSP = "rtsp"
_FEWEST_SAMPLES = 5
_PATIENCE = Patience(starting_s=300.0, silence_s=120.0, stall_s=60.0, opening_s=120.0)
"""Far more than a run allows: here nothing is to be ended, however long it takes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One camera: what its source delivered, and what became of it.

    `memory` is None of one that began too late for it to be judged.
    """

    camera: str
    delivered: int
    looked_at: int
    written_down: int
    dropped: dict[str, int]
    alerts: int
    same_alerts: bool | None
    first_age_s: float
    age_p99_s: float
    oldest_s: float
    memory: Trend | None

    @property
    def is_exact(self) -> bool:
        """Whether every frame is accounted for."""
        accounted = self.looked_at + sum(self.dropped.values())
        return accounted == self.delivered and self.looked_at == self.written_down


@dataclass(frozen=True, slots=True)
class OverloadResult:
    """How many cameras fit, how often all of them looked, and what became of it.

    `look_s` and `decoding_s` are processor time, for a picture each.
    """

    fits: float
    look_s: float
    decoding_s: float
    looked_at: float
    rows: tuple[Row, ...]

    def claims(self) -> Iterator[Claim]:
        """Return what has to hold under any load."""
        judged = [each for each in self.rows if each.same_alerts is not None]
        dropped = sum(sum(each.dropped.values()) for each in self.rows)
        delivered = sum(each.delivered for each in self.rows)
        yield Claim(
            "overload: the load",
            f"≥ {TIMES:g} times what fits",
            f"{len(self.rows)} cameras, {self.fits:.1f} fit: {len(self.rows) / self.fits:.1f} times",
            len(self.rows) >= TIMES * self.fits,
        )
        yield Claim(
            "overload: frames delivered = looked at + dropped by cause",
            "exactly",
            f"{delivered:,}: {delivered - dropped:,} + {dropped:,}",
            all(each.is_exact for each in self.rows),
        )
        yield Claim(
            "overload: alerts against the same pipeline on the same frames, in peace",
            "the same, by camera, frame, track and subject",
            f"{sum(each.alerts for each in judged)} alerts, the same on "
            f"{sum(bool(each.same_alerts) for each in judged)} of {len(judged)} cameras",
            bool(judged) and all(each.same_alerts for each in judged),
        )
        oldest_s = max(each.oldest_s for each in self.rows)
        yield Claim(
            f"overload: the oldest frame at its decision, {_WARM_S:.0f} s after the first: "
            "no queue grows",
            f"≤ {OLDEST_S:g} s",
            f"{oldest_s:.2f} s (the first {max(each.first_age_s for each in self.rows):.1f} s)",
            oldest_s <= OLDEST_S,
        )
        held = [each.memory for each in self.rows if each.memory]
        growth = max((each.last / max(each.first, 1e-9) - 1 for each in held), default=0.0)
        yield Claim(
            "overload: memory of a camera, at the end against when it had looked for a minute",
            f"≤ {_MOST_GROWTH:.0%} more",
            f"{growth:+.1%} at most, of {len(held)} of {len(self.rows)} cameras",
            bool(held) and growth <= _MOST_GROWTH,
        )

    def grids(self) -> Iterator[Grid]:
        """Return every camera."""
        rows = tuple(
            (
                each.camera,
                f"{each.delivered:,}",
                f"{each.looked_at:,}",
                ", ".join(f"{n:,} {cause}" for cause, n in each.dropped.items() if n),
                str(each.alerts),
                {True: "yes", False: "no", None: "not asked"}[each.same_alerts],
                f"{each.age_p99_s:.2f}, {each.oldest_s:.2f}",
                f"{each.memory.first:.0f} → {each.memory.last:.0f}" if each.memory else "",
            )
            for each in self.rows
        )
        heads = ("camera", "delivered", "looked at", "dropped", "alerts", "same in peace")
        note = (
            f"{self.looked_at:.1f} looks a second in all, of "
            f"{len(self.rows) * _PACE.least_per_second:.0f} asked; a look takes "
            f"{1000 * self.look_s:.0f} ms of a processor and decoding {1000 * self.decoding_s:.1f}. "
            "Over RTSP delivered frames are those up to the last one looked at and what was "
            "counted after it."
        )
        columns = (*heads, "age p99, oldest s", "unshared MB")
        yield Grid(f"overload: {len(self.rows)} cameras", columns, rows, note)


# --- the run --------------------------------------------------------------------------------------


class _Samples:
    """Notes what each camera's process holds, once a second, when it has looked for a while."""

    def __init__(self, cameras: Sequence[str]) -> None:
        self.held: dict[str, list[tuple[float, float]]] = {each: [] for each in cameras}
        self._looks_since_s: dict[str, float] = {}
        self._due_s = 0.0

    def notice(self, message: Message) -> None:
        """Take a sample if one is due."""
        if isinstance(message, Beat) and message.state.counts.frames:
            self._looks_since_s.setdefault(message.state.camera, monotonic())
        if monotonic() < self._due_s:
            return
        self._due_s = monotonic() + _SAMPLE_S
        for camera, since_s in self._looks_since_s.items():
            held = held_by(pid_of(camera) or 0)
            if held is not None and held.at_s - since_s > _SETTLED_S:
                self.held[camera].append((held.at_s, held.unshared))

    def growth(self, camera: str) -> Trend | None:
        """Return how a camera's memory grew, a minute; None of one that did not look for long enough."""
        samples = self.held[camera]
        if len(samples) < _FEWEST_SAMPLES:
            return None
        return trend([at_s for at_s, _ in samples], [mb for _, mb in samples], per=60.0)


def _jobs(film: Path, pack: Pack, models: Path, count: int) -> list[CameraJob]:
    jobs = [
        live_job(
            f"street-{number}",
            str(film),
            pack,
            models,
            threshold=_THRESHOLD,
            working_px=_WORKING_PX,
        )
        for number in range(1, count + 1)
    ]
    return [replace(job, lasting=False) for job in jobs]


def _look_s(jobs: list[CameraJob], gallery: Gallery) -> float:
    """Return what a look takes of a core, its picture's decoding included, at the smallest width."""
    least = DetectorSettings(
        working_px=_PACE.smallest_px, smallest_score=jobs[0].detector.smallest_score
    )
    hurried = [replace(job, newest_only=False, detector=least) for job in jobs]
    with Watch(hurried, gallery, _PATIENCE) as watch:
        watch.until(lambda: all(watch.frames(each.settings.camera) > 10 for each in jobs))
        before, began_s = _looked(watch.states), monotonic()
        watch.for_s(8.0)
        return len(jobs) * (monotonic() - began_s) / (_looked(watch.states) - before)


def _decoding_s(film: Path) -> tuple[float, float]:
    """Return what decoding a picture takes of a core, and how many come in a second."""
    with av.open(str(film)) as source:
        stream = source.streams.video[0]
        stream.codec_context.thread_count = 1
        began_s = process_time()
        pictures = sum(1 for _ in islice(source.decode(stream), _DECODED))
        return (process_time() - began_s) / pictures, float(stream.average_rate or 0)


def _looked(states: dict[str, CameraState]) -> int:
    return sum(each.counts.frames for each in states.values())


def overload(context: Context, film: Path, gallery: Gallery, rtsp_port: int) -> OverloadResult:
    """Ask three times of what fits, and hold what came of it against the same in peace."""
    pack, models = context.pack, context.home.models
    look_s = _look_s(_jobs(film, pack, models, _CORES), gallery)
    decoding_s, rate = _decoding_s(film)
    least = _PACE.least_per_second
    fits = _CORES / (least * look_s + (rate - least) * decoding_s)
    most = _QUICK_CAMERAS if context.quick else _MOST_CAMERAS
    jobs = _jobs(film, pack, models, min(most, math.ceil(TIMES * fits) - bool(rtsp_port)))
    if rtsp_port:
        url = f"rtsp://127.0.0.1:{rtsp_port}/clip"
        jobs.append(
            live_job(_RTSP, url, pack, models, threshold=_THRESHOLD, working_px=_WORKING_PX)
        )
    names = [job.settings.camera for job in jobs]
    samples = _Samples(names)
    with TemporaryDirectory() as folder, tell_of(Path(folder)):
        with Watch(jobs, gallery, _PATIENCE, samples.notice) as watch:
            watch.looking(names)
            began_s = monotonic()
            recorded = [name for name in names if name != _RTSP]
            watch.until(lambda: all(each in watch.ended for each in recorded), longest_s=1200.0)
            took_s = monotonic() - began_s
            watch.over()
        ledgers = {name: ledger_of(Path(folder), name) for name in names}
    tasks = [_Task(job, film, gallery, _widths(ledgers[job.settings.camera])) for job in jobs]
    again = dict(zip(names, side_by_side(_look_again, tasks, processes=_CORES), strict=True))
    length = _frames(film)
    rows = [
        _row(watch.states[name], ledgers[name], again[name], length, samples.growth(name))
        for name in names
    ]
    looked = sum(each.looked_at for each in rows)
    return OverloadResult(fits, look_s, decoding_s, looked / took_s, tuple(rows))


def _row(
    state: CameraState,
    ledger: list[dict[str, Any]],
    again: "_Alerts | None",
    length: int,
    memory: Trend | None,
) -> Row:
    looks = [each for each in ledger if "looked" in each]
    alerts = _alerts(looks)
    began_s = looks[0]["at_s"]
    ages = sorted(each["age"] for each in looks if each["at_s"] - began_s > _WARM_S)
    dropped = {str(cause): count for cause, count in state.dropped.items()}
    accounted = state.counts.frames + sum(dropped.values())
    live = state.camera == _RTSP
    up_to_last = 1 + max(each["looked"] for each in looks)
    after = accounted - up_to_last
    delivered = length
    if live:
        delivered = accounted if 0 <= after <= _AFTER_LAST else up_to_last
    return Row(
        camera=state.camera,
        delivered=delivered,
        looked_at=state.counts.frames,
        written_down=len(looks),
        dropped=dropped,
        alerts=len(alerts),
        same_alerts=None if live else alerts == again,
        first_age_s=looks[0]["age"],
        age_p99_s=quantiles(ages, n=100)[-1],
        oldest_s=ages[-1],
        memory=memory,
    )


# --- the same frames again ------------------------------------------------------------------------

_Alerts = list[tuple[int, str, int]]


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    job: CameraJob
    film: Path
    gallery: Gallery
    widths_px: Mapping[int, int]
    """By the number of the frame."""


def _widths(ledger: list[dict[str, Any]]) -> dict[int, int]:
    return {each["looked"]: each["width"] for each in ledger if "looked" in each}


def _alerts(looks: list[dict[str, Any]]) -> _Alerts:
    return [(look["looked"], subject, track) for look in looks for subject, track in look["alerts"]]


def _look_again(task: _Task) -> "_Alerts | None":
    """Look at the frames of these numbers and no others, as the camera's process did."""
    if task.job.lasting:
        return None
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    pack = ModelStore(task.job.store).load(task.job.pack)
    detector = pack.detector(task.job.detector, threads=task.job.threads)
    extractor = pack.extractor(threads=task.job.threads)
    pipeline = CameraPipeline(task.job.settings, detector, extractor, task.gallery)
    found: _Alerts = []
    with open_source(str(task.film), task.job.capture) as source:
        for frame in source:
            if frame.sequence in task.widths_px:
                detector.working_px = task.widths_px[frame.sequence]
                found += [
                    (frame.sequence, each.candidate.subject_id, each.track_id)
                    for each in pipeline.process(frame).alerts
                ]
    return found


# --- the film -------------------------------------------------------------------------------------


def _frames(film: Path) -> int:
    with av.open(str(film)) as source:
        return sum(packet.size > 0 for packet in source.demux(video=0))


def measure(context: Context) -> OverloadResult:
    """Play the drawn street on as many cameras as come to three times what fits."""
    scene = drawn_scene(context)
    gallery = Gallery.of(enrolled(context, scene.files))
    with context.progress("encoding a film"):
        loops = _QUICK_LOOPS if context.quick else _LOOPS
        film = as_by_a_camera(repeated(Path(scene.source), loops))
    with ExitStack() as stack:
        port = 0
        try:
            port = stack.enter_context(serving(film)).port
        except MissingError as error:
            context.console.print(str(error))
        stack.enter_context(context.progress("too much to look at"))
        return overload(context, film, gallery, port)
