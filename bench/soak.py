"""Two live cameras for as long as is asked, lost and found again meanwhile: does anything grow?

A real run: supervisor, record, alerts of people who pass again and again. Each camera's network is
cut now and then. What every process holds is read every few seconds; growth is the Theil-Sen slope
over the peaks of two minutes (or a tenth of a short run), from when a fifth of the time has passed.
Every reading is written to `soak.csv` in the cache as it is taken, so that what is cut short after
hours has not been for nothing.
"""

import argparse
import csv
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic
from typing import TextIO

from bench.apart import run_apart, tell
from bench.cameras import pid_of
from bench.chaos import CAMERAS, LONGEST, STREET, prepared_list, run_of
from bench.context import Context
from bench.deployments import live_deployment_of
from bench.leaks import Held, Trend, held_by, trend
from bench.live_street import live_street
from bench.outages import BreakableNetwork
from bench.results import Claim, Grid
from overt.runtime.messages import CameraState, Ended
from overt.runtime.views import Listed
from overt.storage import AlertRecord
from overt.vision.store import ModelStore

MOST_MB_AN_HOUR = 1.0
_HOUR_S = 3600.0
_EVERY_S = 5.0
_CUT_EVERY_S = 45.0
_WARM = 0.2
_BLOCK_S = 120.0
_FEWEST_BLOCKS = 10
PARENT = "parent"

_FIGURES = ("unshared", "resident", "files", "threads")
_HEADS = ("seconds", "process", "process id", *_FIGURES)
"""Of the file of readings; memory is in MB (10^6 bytes)."""


@dataclass(frozen=True, slots=True)
class Soaked:
    """What one process held: growth an hour of each figure, and how often it was a new process."""

    who: str
    unshared: Trend
    resident: Trend
    files: Trend
    threads: Trend
    processes: int


@dataclass(frozen=True, slots=True)
class SoakResult:
    """How long it lasted, and what grew."""

    seconds: float
    soaked: tuple[Soaked, ...]
    a_camera: Trend
    frames: int
    alerts: int
    reconnects: int

    def claims(self) -> Iterator[Claim]:
        """Return what may grow."""
        slope = self.a_camera
        wide = slope.low < MOST_MB_AN_HOUR <= slope.high
        yield Claim(
            f"soak, {self.seconds / 60:.0f} min: memory, all processes, MB an hour a camera",
            f"< {MOST_MB_AN_HOUR:g}",
            f"{slope}" + (": too short a run to tell" if wide else ""),
            None if wide else slope.high < MOST_MB_AN_HOUR,
        )
        flat = all(
            each.files.last <= each.files.first and each.threads.last <= each.threads.first
            for each in self.soaked
        )
        told = ", ".join(
            f"{each.who} {each.files.first:.0f} → {each.files.last:.0f} and "
            f"{each.threads.first:.0f} → {each.threads.last:.0f}"
            for each in self.soaked
        )
        yield Claim("soak: descriptors and threads", "as many at the end", told, flat)
        yield Claim(
            "soak: cameras looked, alerted and were found again, else nothing is told",
            "all three",
            f"{self.frames:,} frames, {self.alerts} alerts, {self.reconnects} reconnects",
            min(self.frames, self.alerts, self.reconnects) > 0,
        )

    def grids(self) -> Iterator[Grid]:
        """Return every process."""
        rows = tuple(
            (
                each.who,
                f"{each.unshared.first:.1f} → {each.unshared.last:.1f}",
                str(each.unshared),
                str(each.resident),
                f"{each.files.first:.0f} → {each.files.last:.0f}",
                f"{each.threads.first:.0f} → {each.threads.last:.0f}",
                str(each.processes),
            )
            for each in self.soaked
        )
        heads = ("process", "unshared MB", "MB an hour", "resident, MB an hour", "descriptors")
        note = (
            f"{self.frames:,} frames looked at, {self.alerts} alerts, {self.reconnects} reconnects "
            f"in {self.seconds / 60:.0f} minutes. Slopes with 95 % intervals."
        )
        yield Grid("soak: what is held", (*heads, "threads", "processes"), rows, note)


@dataclass(slots=True)
class _Watcher:
    """A view of the run that reads now and then what its processes hold, and writes it down."""

    seconds: float
    readings: TextIO
    began_s: float = field(default_factory=monotonic)
    states: dict[str, CameraState] = field(default_factory=dict)
    alerts: int = 0
    _due_s: float = 0.0

    def enrolling(self, done: int, entries: int) -> None:
        """Take no notice."""

    def listed(self, listed: Listed) -> None:
        """Take no notice."""

    def ended(self, ended: Ended) -> None:
        """Take no notice."""

    def alert(self, record: AlertRecord) -> None:
        """Count an alert, whatever it says."""
        self.alerts += record.number > 0

    def state(self, state: CameraState) -> None:
        """Read what processes hold, if that is due."""
        self.states[state.camera] = state
        if monotonic() < self._due_s:
            return
        self._due_s = monotonic() + _EVERY_S
        self._note(PARENT, os.getpid())
        for camera in CAMERAS:
            self._note(camera, pid_of(camera))

    def is_over(self) -> bool:
        """Tell whether it has lasted as long as was asked."""
        return monotonic() - self.began_s > self.seconds

    def _note(self, who: str, process_id: int | None) -> None:
        held = held_by(process_id) if process_id else None
        if held is not None:
            figures = (f"{getattr(held, name):.6g}" for name in _FIGURES)
            since_s = f"{held.at_s - self.began_s:.1f}"
            writer = csv.writer(self.readings, lineterminator="\n")
            writer.writerow((since_s, who, process_id, *figures))


@dataclass(frozen=True, slots=True)
class _Readings:
    """What was read of each process, in blocks of time from when a fifth of it has passed.

    They come from the file: held in the memory that is measured, they would be a third of a
    megabyte an hour of what grows there.
    """

    seconds: float
    rows: Sequence[Mapping[str, str]]

    def soaked(self) -> Iterator[Soaked]:
        """Return how everything grew."""
        for who in (PARENT, *CAMERAS):
            blocks = self._blocks(who)
            grown = {name: _trend(blocks, name) for name in _FIGURES}
            processes = {row["process id"] for row in self.rows if row["process"] == who}
            yield Soaked(who, **grown, processes=len(processes))

    def a_camera(self) -> Trend:
        """Return how the memory of all processes grew together, a camera."""
        of_each = [dict(self._blocks(who)) for who in (PARENT, *CAMERAS)]
        shared = sorted(set.intersection(*(set(each) for each in of_each)))
        total = [sum(each[block].unshared for each in of_each) / len(CAMERAS) for block in shared]
        return trend([block * self._block_s for block in shared], total, per=_HOUR_S)

    @property
    def _block_s(self) -> float:
        return min(_BLOCK_S, self.seconds * (1 - _WARM) / _FEWEST_BLOCKS)

    def _blocks(self, who: str) -> list[tuple[int, Held]]:
        """Return what its last process held in each block of time, by the number of the block."""
        own = [row for row in self.rows if row["process"] == who]
        blocks: dict[int, list[Held]] = defaultdict(list)
        for row in own:
            held = _held(row)
            if held.at_s >= _WARM * self.seconds and row["process id"] == own[-1]["process id"]:
                blocks[int(held.at_s // self._block_s)].append(held)
        return [(number, _most(blocks[number])) for number in sorted(blocks)]


def _held(row: Mapping[str, str]) -> Held:
    return Held(
        at_s=float(row["seconds"]),
        resident=float(row["resident"]),
        unshared=float(row["unshared"]),
        files=int(row["files"]),
        threads=int(row["threads"]),
    )


def _most(held: list[Held]) -> Held:
    """Return the most memory that was held, and the median of what is counted.

    Memory is given back after each lost stream and taken again: only its peaks tell of growth.
    """
    return Held(
        median(each.at_s for each in held),
        *(max(getattr(each, name) for each in held) for name in ("resident", "unshared")),
        *(round(median(getattr(each, name) for each in held)) for name in ("files", "threads")),
    )


def _trend(blocks: list[tuple[int, Held]], name: str) -> Trend:
    at = [held.at_s for _, held in blocks]
    return trend(at, [float(getattr(held, name)) for _, held in blocks], per=_HOUR_S)


# --- the run --------------------------------------------------------------------------------------


def soak(cache: Path, models: Path, urls: Sequence[str], seconds: float) -> SoakResult:
    """Watch these cameras for so long in a home of its own, and say what grew."""
    deployment = live_deployment_of(dict(zip(CAMERAS, urls, strict=True)), LONGEST)
    prepared = prepared_list(ModelStore(models).load("standard"), cache)
    path = cache / "soak.csv"
    with (
        path.open("w", encoding="utf-8", buffering=1) as readings,
        TemporaryDirectory(dir=cache) as folder,
    ):
        readings.write(",".join(_HEADS) + "\n")
        watcher = _Watcher(seconds, readings)
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        (home / "models").symlink_to(models.absolute())
        run_of(home, deployment, prepared, (watcher, watcher.is_over))
    with path.open(encoding="utf-8", newline="") as lines:
        read = _Readings(seconds, list(csv.DictReader(lines)))
    return SoakResult(
        seconds,
        tuple(read.soaked()),
        read.a_camera(),
        sum(each.counts.frames for each in watcher.states.values()),
        watcher.alerts,
        sum(each.link.reconnects for each in watcher.states.values()),
    )


def _cut_now_and_then(networks: list[BreakableNetwork], over: Event) -> None:
    for network in cycle(networks):
        if over.wait(_CUT_EVERY_S / len(networks)):
            return
        network.cut()


def measure(context: Context) -> SoakResult:
    """Run two cameras for as long as is asked, five minutes if it must be quick.

    Raises:
        MissingError: no RTSP server is installed.
    """
    seconds = min(context.soak_s, 300.0) if context.quick else context.soak_s
    film = STREET.written(context.cache)
    with ExitStack() as stack:
        street = stack.enter_context(live_street(film))
        networks = [BreakableNetwork(("127.0.0.1", street.port)) for _ in CAMERAS]
        for network in networks:
            stack.callback(network.end)
        urls = [street.url.replace(str(street.port), str(each.port)) for each in networks]
        over = Event()
        cutting = Thread(target=_cut_now_and_then, args=(networks, over), daemon=True)
        cutting.start()
        stack.callback(over.set)
        stack.enter_context(context.progress("soaking"))
        return _apart(context, urls, seconds)


def _apart(context: Context, urls: Sequence[str], seconds: float) -> SoakResult:
    told = (context.cache, context.home.models, seconds, *urls)
    found = run_apart("bench.soak", told)
    names = ("unshared", "resident", "files", "threads")
    soaked = tuple(
        Soaked(**{**each, **{name: Trend(**each[name]) for name in names}})
        for each in found["soaked"]
    )
    return SoakResult(**{**found, "soaked": soaked, "a_camera": Trend(**found["a_camera"])})


def main() -> None:
    """Watch cameras, as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("urls", nargs="+")
    given = parser.parse_args()
    tell(lambda: soak(given.cache, given.models, given.urls, given.seconds))
