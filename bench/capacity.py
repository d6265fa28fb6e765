"""How many network cameras at 1080p two cores carry, and where the time of a frame goes.

    python -m bench capacity

GStreamer serves films that are encoded already, at 25 frames a second, to one to four cameras. The
first and third send the crowd clip over and over (6.6 faces a picture, none listed), the second and
fourth a drawn street whose passers-by are all listed, among 12,000 references, so that alerts are
committed. The threshold is lower than a deployment's, so that most of them do: it is about time.
The servers' processor time is counted apart; it is taken from the same two cores.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from time import monotonic, sleep

import numpy as np

from bench.console_scene import repeated
from bench.context import Context
from bench.drawn import busy_film
from bench.films import CROWD, clip
from bench.live_view import scaled_film
from bench.memory import Memory, memory_of
from bench.results import Claim, Grid
from bench.serving import processor_s, serving
from bench.watching import Cameras, Finished, Watched, has_coverage, watching
from overt.runtime.timing import Spread

_WANTED, _RATE, _FACES, _MOST_S = 3, 6.0, 10.0, 0.8
_FIXED = ((1, "960"), (2, "960"), (3, "960"), (1, "640"), (2, "640"), (3, "640"), (4, "640"))
_ADAPTING = "960 to 640"
_LOADS = (*_FIXED, (3, _ADAPTING))
_QUICK = ((1, "640"), (3, "640"))
"""How many cameras, and in what width faces are looked for: one, or as the policy lets it adapt."""

_THRESHOLD = 0.0145  # above what passers-by in the crowd score, below most of those who are listed
_FILM_S = 120.0
_SEEN = ("crowd", "street")  # by the first and third camera, and by the others
_STAGES = (
    "decoding",
    "conversion",
    "detection",
    "quality",
    "features",
    "tracking",
    "search and decision",
    "commit of an alert",
    "age at decision",
    "frame to committed alert",
)
_EDGES = range(-10, 2)  # of two, in seconds: 1 ms to 2 s


@dataclass(frozen=True, slots=True)
class Load:
    """So many cameras at one width of detection.

    `rates` are detections (frames looked at) a second of each camera, `faces` those found a second
    in all of them. `camera_cores` is what a camera's share of all our processes takes of a core;
    `server_cores` all that the RTSP server took. `alerts_s` are the latencies of committed alerts.
    """

    cameras: int
    width_px: str
    seconds: float
    rates: tuple[float, ...]
    faces: float
    ages_p95_ms: tuple[float, ...]
    alerts_s: tuple[float, ...]
    crowd_alerts: int
    camera_cores: float
    server_cores: float
    memory: Memory
    stages: dict[str, dict[str, float]]
    lost: int
    load: float

    @property
    def carried(self) -> bool:
        """Whether every camera kept its rate and no stream was lost."""
        return min(self.rates) >= _RATE and not self.lost

    @property
    def p95_s(self) -> float | None:
        """The 95th percentile of the time from a frame to its committed alert."""
        return float(np.percentile(self.alerts_s, 95)) if self.alerts_s else None


@dataclass(frozen=True, slots=True)
class Capacity:
    """Every load."""

    loads: tuple[Load, ...]

    def claims(self) -> Iterator[Claim]:
        """Return what two cores must carry, at each width of detection."""
        for width in dict.fromkeys(each.width_px for each in self.loads):
            yield from self._at(width)

    def _at(self, width_px: str) -> Iterator[Claim]:
        loads = [each for each in self.loads if each.width_px == width_px]
        most = max((each.cameras for each in loads if each.carried), default=0)
        yield Claim(
            f"capacity at {width_px} px: cameras 1080p25 at ≥ {_RATE:g} detections a second each",
            f"≥ {_WANTED}",
            f"{most} of {max(each.cameras for each in loads)} tried; with {_WANTED}: "
            + (", ".join(_rates(each) for each in loads if each.cameras == _WANTED) or "not tried"),
            most >= _WANTED,
        )
        for load in loads:
            if load.cameras == _WANTED:
                yield Claim(
                    f"capacity at {width_px} px, {_WANTED} cameras: faces a second",
                    f"≥ {_FACES:g}",
                    f"{load.faces:.1f}",
                    load.faces >= _FACES,
                )
                p95_s = load.p95_s
                yield Claim(
                    f"capacity at {width_px} px, {_WANTED} cameras: frame to committed alert, p95",
                    f"≤ {_MOST_S:g} s",
                    f"{p95_s:.2f} s of {len(load.alerts_s)}" if p95_s else "no alert was raised",
                    p95_s is not None and p95_s <= _MOST_S,
                )

    def grids(self) -> Iterator[Grid]:
        """Return every load, and the stages of each."""
        heads = ("px", "cameras", "detections/s each", "faces/s", "p95 age ms")
        more = ("alert p50 / p95 s", "cores a camera", "cores of server", "PSS MB", "load")
        note = (
            "12,000 references, 2 cores. Age: of a frame at its decision, the worst camera's. "
            "Alerts: of how many; of passers-by in the crowd, whom nobody seeks: "
            f"{sum(each.crowd_alerts for each in self.loads)}. A camera's share holds the parent's."
        )
        rows = tuple(_row(each) for each in self.loads)
        yield Grid("capacity: cameras at 1080p25", (*heads, *more), rows, note)
        for load in self.loads:
            if load.cameras == _WANTED or load is self.loads[-1]:
                yield _histogram(load)


def _rates(load: Load) -> str:
    return " / ".join(f"{each:.1f}" for each in load.rates)


def _row(load: Load) -> tuple[str, ...]:
    alerts = load.alerts_s
    spread = " / ".join(f"{np.percentile(alerts or (0.0,), each):.2f}" for each in (50, 95))
    return (
        str(load.width_px),
        str(load.cameras),
        _rates(load),
        f"{load.faces:.1f}",
        f"{max(load.ages_p95_ms):.0f}",
        f"{spread} ({len(alerts)})" if alerts else "none",
        f"{load.camera_cores:.2f}",
        f"{load.server_cores:.2f}",
        f"{load.memory.proportional:,.0f}",
        f"{load.load:.1f}",
    )


def _histogram(load: Load) -> Grid:
    labels = [_label(each) for each in _EDGES] + ["more"]
    rows = tuple(
        (
            name,
            *(f"{shares[label]:.0f}" if shares[label] >= 0.5 else "" for label in labels),
            f"{shares['p50']:.1f}",
            f"{shares['p95']:.1f}",
            f"{shares['calls']:,.0f}",
        )
        for name, shares in load.stages.items()
    )
    return Grid(
        f"capacity: {load.cameras} cameras at {load.width_px} px, per cent of calls by ms",
        ("stage", *labels, "p50 ms", "p95 ms", "calls"),
        rows,
        "Of the whole run, all cameras together. A column holds what is above the one before it.",
    )


def _label(exponent: int) -> str:
    return f"≤ {1000 * 2.0**exponent:.0f}"


def measure(context: Context) -> Capacity:
    """Watch one camera after another more, at each width of detection."""
    films = _films(context)
    lasts_s = 12.0 if context.quick else 38.0
    loads = _QUICK if context.quick else _LOADS if has_coverage() else _FIXED
    return Capacity(tuple(_carry(context, films, *each, lasts_s) for each in loads))


def _films(context: Context) -> tuple[Path, Path]:
    street = scaled_film(context, busy_film(context))
    return clip(context, CROWD, _FILM_S), repeated(street, 4)


def _carry(
    context: Context, films: Sequence[Path], count: int, width_px: str, lasts_s: float
) -> Load:
    sent = list(islice(cycle(films), count))
    largest_px, smallest_px = (int(width_px.split()[each]) for each in (0, -1))
    with (
        context.progress(f"{count} at {width_px} px"),
        serving(sent) as server,
    ):
        watched = [
            Watched(f"{_SEEN[number % 2]} {number + 1}", url, largest_px)
            for number, url in enumerate(server.urls)
        ]
        with watching(context, watched, _THRESHOLD, min_detection_width_px=smallest_px) as cameras:
            cameras.until_all_look([each.name for each in watched])
            sleep(3.0)
            measured = _Measured(cameras, [each.name for each in watched], server.process_id)
            measured.over(lasts_s)
            return measured.load(width_px, cameras.finish())


class _Measured:
    """What cameras do over a while."""

    def __init__(self, cameras: Cameras, names: list[str], server: int) -> None:
        self._cameras, self._names, self._server = cameras, names, server
        self._memory = Memory()

    def over(self, seconds: float) -> None:
        """Look on for so long."""
        process = self._cameras.process.pid
        self._began_s, self._alerts = monotonic(), len(self._cameras.alerts)
        self._before = {name: self._cameras.told[name][-1] for name in self._names}
        ours_s, servers_s = processor_s(process), processor_s(self._server)
        while monotonic() - self._began_s < seconds:
            sleep(1.0)
            self._memory = self._memory.higher_of(memory_of(process))
        self._ended_s = monotonic()
        self._ours_s = processor_s(process) - ours_s
        self._servers_s = processor_s(self._server) - servers_s
        self._after = {name: self._cameras.told[name][-1] for name in self._names}
        self._raised = self._cameras.alerts[self._alerts :]

    def load(self, width_px: str, finished: Finished) -> Load:
        """Sum up."""
        seconds = self._ended_s - self._began_s
        pairs = [(self._before[name], self._after[name]) for name in self._names]
        return Load(
            cameras=len(self._names),
            width_px=width_px,
            seconds=seconds,
            rates=tuple((b.frames - a.frames) / (b.at_s - a.at_s) for a, b in pairs),
            faces=sum((b.detections - a.detections) / (b.at_s - a.at_s) for a, b in pairs),
            ages_p95_ms=tuple(1000 * b.ages.since(a.ages).percentile_s(95) for a, b in pairs),
            alerts_s=tuple(latency_s for _, _, latency_s in self._raised),
            crowd_alerts=sum(camera.startswith(_SEEN[0]) for _, camera, _ in self._raised),
            camera_cores=self._ours_s / seconds / len(self._names),
            server_cores=self._servers_s / seconds,
            memory=self._memory,
            stages={
                name: _shares(finished.stages[name]) for name in _STAGES if name in finished.stages
            },
            lost=sum(sum(b.losses.values()) - sum(a.losses.values()) for a, b in pairs),
            load=os.getloadavg()[0],
        )


def _shares(spread: Spread) -> dict[str, float]:
    """Return per cent of the calls by how long they took."""
    counts = [spread.at_most(each) for each in _EDGES]
    below = np.diff([0, *counts, spread.count]) * 100 / max(1, spread.count)
    labels = [*map(_label, _EDGES), "more"]
    return {
        **dict(zip(labels, map(float, below), strict=True)),
        "p50": 1000 * spread.percentile_s(50),
        "p95": 1000 * spread.percentile_s(95),
        "calls": float(spread.count),
    }
