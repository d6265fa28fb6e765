"""Several cameras on one machine: how often each looks, how closely, and what that costs.

A real RTSP server on this machine plays the crowd clip to one, two and three cameras, each in its
process as in a run, with one inference thread and with two. Nobody in the clip is listed; what is
searched is a list of 12,000 random templates.
"""

import multiprocessing
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import av
import numpy as np

from bench.context import Context, MissingError
from bench.crowd import CLIP
from bench.results import Claim, Grid
from overt.capture import CaptureSettings, Zone
from overt.errors import OvertError
from overt.matching.decision import DecisionPolicy
from overt.matching.gallery import Gallery
from overt.runtime.messages import CameraState, Ended
from overt.runtime.pace import PaceSettings
from overt.runtime.pipeline import CameraSettings
from overt.runtime.supervisor import Supervisor
from overt.runtime.timing import stage_times
from overt.runtime.worker import CameraJob
from overt.values import StageTime
from overt.vision.detection import DetectorSettings
from overt.vision.quality import QualityLimits
from overt.vocabulary import DeploymentKind

LISTED = 12_000
_FLOOR = 6.0
_PYTHON = "/usr/bin/python3"  # the one that has GStreamer
_SERVER = Path(__file__).parents[1] / "tests/capture/rtsp_server.py"
_SETTLING_S = 15.0
_STARTING_S = 120.0
_MARKS = 2  # when counting begins, and when it ends
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Watched:
    """One camera over a while: looks a second, CPU seconds a second, and how it ended up.

    `rates` are one a camera, and so on.
    """

    cameras: int
    threads: int
    rates: tuple[float, ...]
    widths_px: tuple[int, ...]
    cpu: tuple[float, ...]
    below_floor_s: tuple[float, ...]
    dropped: dict[str, int]
    seconds: float
    stage_times: tuple[StageTime, ...]
    losses: int

    def stage(self, name: str) -> str:
        """Return a stage's median and 95th percentile, of the first camera."""
        found = next((each for each in self.stage_times if each.stage == name), None)
        return f"{found.p50_ms:.0f} / {found.p95_ms:.0f}" if found else ""


@dataclass(frozen=True, slots=True)
class ThreadsResult:
    """Every number of cameras with every number of threads."""

    runs: tuple[Watched, ...]

    def claims(self) -> Iterator[Claim]:
        """Return what is claimed of three cameras."""
        most = max(run.cameras for run in self.runs)
        run = next(each for each in self.runs if each.cameras == most and each.threads == 1)
        yield Claim(
            f"threads: looks a second of each of {most} at 1080p25, {LISTED:,} listed",
            f"≥ {_FLOOR:g}",
            f"{', '.join(f'{rate:.1f}' for rate in run.rates)} at "
            f"{', '.join(map(str, sorted(set(run.widths_px))))} px",
            min(run.rates) >= _FLOOR,
        )

    def grids(self) -> Iterator[Grid]:
        """Return the figures."""
        rows = tuple(
            (
                f"{run.cameras}",
                f"{run.threads}",
                " ".join(f"{rate:.1f}" for rate in run.rates),
                " ".join(map(str, run.widths_px)),
                " ".join(f"{cpu:.2f}" for cpu in run.cpu),
                " ".join(f"{below:.0f}" for below in run.below_floor_s),
                run.stage("detection"),
                run.stage("after detection"),
                run.stage("age at decision"),
            )
            for run in self.runs
        )
        heads = (
            *("cameras", "threads", "looks a second", "width, px", "CPU s a second"),
            *("below floor, s", "detection", "after it", "age at decision"),
        )
        yield Grid(
            "threads: the crowd clip over RTSP",
            heads,
            rows,
            f"One value a camera, over {self.runs[0].seconds:.0f} s; stages of the first camera "
            "in ms, p50 / p95, its start included. The server takes processor time beside them.",
        )


def measure(context: Context) -> ThreadsResult:
    """Watch one, two and three cameras, with one thread and with two."""
    clip = looped(context.need(f"video/{CLIP}"), context.cache / "crowd-looped.mp4")
    gallery, seconds = a_gallery(context), 10.0 if context.quick else 45.0
    numbers = [(3, 1)] if context.quick else [(n, t) for n in (1, 2, 3) for t in (1, 2)]
    runs = []
    with serving(clip) as address:
        for cameras, threads in numbers:
            with context.progress(f"{cameras} cameras, {threads} threads"):
                jobs = [a_job(context, f"camera-{n}", address, threads) for n in range(cameras)]
                runs.append(watch(jobs, gallery, seconds))
    return ThreadsResult(tuple(runs))


def looped(clip: Path, path: Path, times: int = 40) -> Path:
    """Return a clip that is another one so many times over, without a picture coded anew."""
    if path.exists():
        return path
    part = path.with_suffix(".part.mp4")
    with av.open(str(part), "w") as after:
        stream, shift = None, 0
        for _ in range(times):
            with av.open(str(clip)) as before:
                given = before.streams.video[0]
                stream = stream or after.add_stream_from_template(given)
                last = 0
                for packet in before.demux(given):
                    if packet.dts is None or packet.pts is None:
                        continue
                    last = max(last, packet.pts + (packet.duration or 0))
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    after.mux(packet)
                shift += last
    part.replace(path)
    return path


def a_gallery(context: Context) -> Gallery:
    """Return a list of random templates, as long as the longest in Croydon."""
    templates = np.random.default_rng(7).normal(size=(LISTED, 128)).astype(np.float32)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    return Gallery([f"S-{n}" for n in range(LISTED)], templates, context.pack.id)


@contextmanager
def serving(clip: Path) -> Iterator[str]:
    """Serve a clip over RTSP on loopback, from its beginning to everybody who asks.

    Raises:
        MissingError: GStreamer's RTSP server is not installed.
    """
    command = [_PYTHON, str(_SERVER), str(clip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        if not port:
            raise MissingError(
                "There is no RTSP server here.",
                remedy="apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 "
                "gstreamer1.0-plugins-good",
            )
        try:
            yield f"rtsp://127.0.0.1:{port}/clip"
        finally:
            server.terminate()


def a_job(context: Context, name: str, source: str, threads: int) -> CameraJob:
    """Return what a live camera's process would be told, in a rehearsal's name."""
    smallest = context.pack.manifest.detector.smallest_score
    settings = CameraSettings(
        camera=name,
        kind=DeploymentKind.REHEARSAL,
        zone=Zone.whole(),
        limits=QualityLimits(smallest_face_px=40, smallest_detection_score=smallest),
        policy=DecisionPolicy(threshold=1.0, version="bench"),
        pack_id=context.pack.id,
        same_person_floor=context.pack.manifest.same_person_floor,
        watched=False,
        tracked_score=min(0.3, smallest),
    )
    return CameraJob(
        settings=settings,
        source=source,
        capture=CaptureSettings(camera=name, read_timeout_s=4.0, decode_threads=threads),
        detector=DetectorSettings(smallest_score=0.1),
        store=context.home.models,
        pack=context.pack.manifest.name,
        threads=threads,
        newest_only=True,
        lasting=True,
        pace=PaceSettings(),
    )


def watch(jobs: list[CameraJob], gallery: Gallery, seconds: float) -> Watched:
    """Watch cameras for a while once all of them look, and return what they did."""
    states: dict[str, CameraState] = {}
    marks: list[tuple[float, dict[str, CameraState], dict[str, float]]] = []
    began_s, settled_s = monotonic(), 0.0
    supervisor = Supervisor(jobs, gallery)
    try:
        for message in supervisor.listen(lambda: len(marks) == _MARKS):
            if message is not None and (state := getattr(message, "state", None)) is not None:
                states[state.camera] = state
                if isinstance(message, Ended) and message.error is not None and len(marks) < _MARKS:
                    raise message.error
            if len(states) < len(jobs) or not all(s.counts.frames for s in states.values()):
                if monotonic() - began_s > _STARTING_S:
                    raise OvertError("The cameras did not begin to look.")
                settled_s = monotonic() + _SETTLING_S
            elif len(marks) < _MARKS and monotonic() >= settled_s + seconds * len(marks):
                marks.append((monotonic(), dict(states), _cpu_s()))
    finally:
        supervisor.close()
    return _watched(jobs, marks[0], marks[1], states)


def _watched(
    jobs: list[CameraJob],
    before: tuple[float, dict[str, CameraState], dict[str, float]],
    after: tuple[float, dict[str, CameraState], dict[str, float]],
    ended: dict[str, CameraState],
) -> Watched:
    names = [job.settings.camera for job in jobs]
    seconds = after[0] - before[0]
    dropped: Counter[str] = Counter()
    for name in names:
        for cause, count in after[1][name].dropped.items():
            dropped[str(cause)] += count - before[1][name].dropped[cause]
    return Watched(
        cameras=len(jobs),
        threads=jobs[0].threads,
        rates=tuple(
            (after[1][name].counts.frames - before[1][name].counts.frames) / seconds
            for name in names
        ),
        widths_px=tuple(after[1][name].kept.width_px for name in names),
        cpu=tuple((after[2][name] - before[2][name]) / seconds for name in names),
        below_floor_s=tuple(
            after[1][name].kept.below_floor_s - before[1][name].kept.below_floor_s for name in names
        ),
        dropped=dict(dropped),
        seconds=seconds,
        stage_times=stage_times(ended[names[0]].stages),
        losses=sum(state.link.losses.total() for state in ended.values()),
    )


def _cpu_s() -> dict[str, float]:
    """Return the processor time that each camera's process has taken, in seconds."""
    taken = {}
    for process in multiprocessing.active_children():
        fields = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        taken[process.name.removeprefix("camera ")] = (int(fields[11]) + int(fields[12])) / _TICKS
    return taken
