"""The crowd clip at its own pace: pace, drops, memory, tracking and latency; and the drawn street.

Nobody in the clip is listed, so it must raise no alert. Latency from a frame to its committed
alert is measured where there are alerts: on the street that Overt draws.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from bench.context import Context
from bench.deployments import Scene
from bench.drawn import drawn_scene
from bench.lists import enrolled, filled_up, stage_list, street_list
from bench.results import Claim, Grid
from bench.runs import RunReport, run_apart
from bench.stage import run_times, stage_times
from bench.tracking import HEADS, measure_clip

CLIP = "street-crowd-1080p.mp4"
LARGE_LIST = 16_000
WORKING_PX = 960
_MOST_MB = 1200


@dataclass(frozen=True, slots=True)
class CrowdResult:
    """Paced runs of the crowd clip with two lists, its tracking, and a run that alerts."""

    clip_s: float
    small: RunReport
    large: RunReport
    tracking: tuple[tuple[str, ...], ...]
    drawn: RunReport

    def claims(self) -> Iterator[Claim]:
        """Return the claims of the crowd clip."""
        for run in (self.small, self.large):
            yield self._pace(run)
        yield self._no_queue()
        alerts = len(self.small.alerts) + len(self.large.alerts)
        yield Claim("crowd: alerts, both lists", "none", str(alerts), alerts == 0)
        yield self._memory()
        yield self._latency()

    def grids(self) -> Iterator[Grid]:
        """Return times, memory and tracking."""
        runs = {
            f"crowd, {self.small.subjects:,} listed": self.small,
            f"crowd, {self.large.subjects:,} listed": self.large,
        }
        runs["drawn street"] = self.drawn
        yield run_times("crowd: at its own pace", runs)
        yield stage_times("crowd: time a stage", runs)
        yield _memory_grid(runs)
        yield Grid(
            f"crowd: tracking at {WORKING_PX} px",
            HEADS,
            self.tracking,
            "As bench/tracking.py says; people and switches need --annotations.",
        )

    def _pace(self, run: RunReport) -> Claim:
        looks = run.frames / self.clip_s
        return Claim(
            f"crowd: frames looked at a second, {run.subjects:,} listed",
            f"≥ 8 at {WORKING_PX} px",
            f"{looks:.1f} of 25",
            looks >= 8,
        )

    def _no_queue(self) -> Claim:
        ages = [_p95(run, "age at decision") for run in (self.small, self.large)]
        work = [
            _p95(run, "detection") + _p95(run, "after detection")
            for run in (self.small, self.large)
        ]
        # One frame waits while one is looked at, so none is older than two frames' work.
        return Claim(
            "crowd: age of a frame at its decision, p95",
            "< 3 frames' work: no queue",
            f"{max(ages):.0f} ms, work {max(work):.0f} ms",
            max(ages) < 3 * max(work),
        )

    def _latency(self) -> Claim:
        times = [one for one in self.drawn.stage_times if one.stage == "frame to committed alert"]
        found = [f"p50 {one.p50_ms:.0f}, p95 {one.p95_ms:.0f} ms of {one.count}" for one in times]
        return Claim(
            "drawn street at its own pace: frame to committed alert",
            "p95 ≤ 2 s",
            ", ".join(found) or "no alert was raised",
            bool(times) and times[0].p95_ms <= 2000,
        )

    def _memory(self) -> Claim:
        memory = self.large.memory
        return Claim(
            f"crowd: peak memory, {self.large.subjects:,} listed",
            f"≤ {_MOST_MB / 1000} GB",
            f"{memory.proportional / 1000:.2f} GB; {memory.resident / 1000:.2f} GB "
            "with shared pages counted twice",
            0 < memory.proportional <= _MOST_MB,
        )


def measure(context: Context) -> CrowdResult:
    """Run the crowd clip with two lists, measure its tracking, and run the drawn street."""
    clip = context.need(f"video/{CLIP}")
    small, large = stage_list(context), street_list(context, LARGE_LIST)
    filled_up(context, enrolled(context, small), large)
    return CrowdResult(
        clip_s=105 / 25,
        small=_run(context, Scene("crowd", str(clip), small)),
        large=_run(context, Scene("crowd-16000", str(clip), large)),
        tracking=_tracking(context),
        drawn=_drawn(context),
    )


def _run(context: Context, scene: Scene) -> RunReport:
    with context.progress(f"running {scene.name} at its own pace"):
        return run_apart(context, scene, paced=True)


def _tracking(context: Context) -> tuple[tuple[str, ...], ...]:
    truth = json.loads(context.annotations.read_text("utf-8")) if context.annotations else {}
    with context.progress("tracking"):
        return tuple(
            measure_clip(
                context.need(f"video/{CLIP}"), context.pack, WORKING_PX, truth.get(CLIP, {})
            )
        )


def _drawn(context: Context) -> RunReport:
    scene = drawn_scene(context)
    enrolled(context, scene.files)
    return _run(context, scene)


def _p95(run: RunReport, stage: str) -> float:
    return next((time.p95_ms for time in run.stage_times if time.stage == stage), 0.0)


def _memory_grid(runs: dict[str, RunReport]) -> Grid:
    rows = tuple(
        (
            name,
            f"{run.memory.parent:.0f}",
            f"{run.memory.camera:.0f}",
            f"{run.memory.resident:.0f}",
            f"{run.memory.proportional:.0f}",
            f"{run.memory.unshared:.0f}",
        )
        for name, run in runs.items()
    )
    return Grid(
        "crowd: peak memory in MB",
        ("run", "parent", "camera", "sum of resident", "shared counted once (PSS)", "unshared"),
        rows,
        "10^6 bytes. The list's invented references carry real portraits' bytes.",
    )
