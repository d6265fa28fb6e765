"""Five hundred reconnects of one camera, and a hundred of its processes: does anything stay behind?

A camera over a real RTSP server is cut, looks again, and is cut again; then its process is killed
at any moment of its life, again and again. What camera and parent hold is read from the system
after each: descriptors, threads, memory; of the parent also children that nobody took leave of.
"""

import argparse
import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from bench.apart import run_apart, tell
from bench.cameras import Watch, hurried, live_job, pid_of
from bench.context import Context
from bench.leaks import Held, Trend, held_by, semaphores, trend, zombies
from bench.outages import failing_camera
from bench.portraits import Film, gallery_of
from bench.results import Claim, Grid
from bench.testing import demand_server
from overt.vision.store import ModelStore
from overt.vocabulary import LinkState

TIMES, PROCESSES = 500, 100
_QUICK, _QUICK_PROCESSES = 25, 6
_WAIT_S = 0.1
_WARM = 0.1  # of all: what is used for the first time is no leak
_MOST_MB = 1.0  # a hundred reconnects may cost, by the interval's upper end
_LONGEST_LIFE_S = 4.0
_SEED = 14


@dataclass(frozen=True, slots=True)
class Growth:
    """What one process held over many losses: growth of each figure a hundred losses."""

    who: str
    losses: int
    files: Trend
    threads: Trend
    memory: Trend


@dataclass(frozen=True, slots=True)
class ReconnectsResult:
    """Growth of camera and parent over reconnects, and of the parent over its camera's processes."""

    growths: tuple[Growth, ...]
    zombies: int
    semaphores: tuple[int, int]
    seconds: float

    def claims(self) -> Iterator[Claim]:
        """Return what may grow: nothing."""
        for each in self.growths:
            flat = each.files.last <= each.files.first and each.threads.last <= each.threads.first
            yield Claim(
                f"reconnects: descriptors and threads, {each.who}",
                "as many at the end as at the beginning",
                f"{each.files.first:.0f} and {each.threads.first:.0f}, then {each.files.last:.0f} "
                f"and {each.threads.last:.0f}, after {each.losses}",
                flat,
            )
            yield Claim(
                f"reconnects: memory, {each.who}, MB a hundred",
                f"< {_MOST_MB:g}",
                str(each.memory),
                each.memory.slope < _MOST_MB,
            )
        yield Claim(
            "reconnects: dead children and semaphores of the parent",
            "none, and as many",
            f"{self.zombies}; {self.semaphores[0]}, then {self.semaphores[1]}",
            not self.zombies and self.semaphores[0] == self.semaphores[1],
        )

    def grids(self) -> Iterator[Grid]:
        """Return the slopes."""
        rows = tuple(
            (
                each.who,
                str(each.losses),
                f"{each.files.first:.0f} → {each.files.last:.0f}",
                f"{each.threads.first:.0f} → {each.threads.last:.0f}",
                f"{each.memory.first:.1f} → {each.memory.last:.1f}",
                str(each.memory),
            )
            for each in self.growths
        )
        columns = ("process", "losses", "descriptors", "threads", "unshared MB", "MB a hundred")
        note = f"Theil-Sen slopes with 95 % intervals; {self.seconds:.0f} s in all."
        yield Grid("reconnects: what is held", columns, rows, note)


class _Ledger:
    """What processes held after each loss."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._held: list[Held] = []

    def note(self, process_id: int) -> None:
        """Write down what a process holds now."""
        held = held_by(process_id)
        if held is not None:
            self._held.append(held)

    def growth(self) -> Growth:
        """Return how it grew once everything had been used for the first time."""
        held = self._held[round(_WARM * len(self._held)) :]
        at = range(len(held))
        return Growth(
            self._who,
            len(self._held),
            *(
                trend(at, [float(getattr(each, name)) for each in held], per=100)
                for name in ("files", "threads", "unshared")
            ),
        )


def reconnect(models: Path, clip: Path, times: int, processes: int) -> ReconnectsResult:
    """Cut a camera so many times, and kill its process so many times."""
    pack, began_s = ModelStore(models).load("standard"), monotonic()
    gallery = gallery_of(pack, (_SEED,), clip.parent)
    with failing_camera(clip) as camera:
        job = hurried(live_job("gate", camera.url, pack, models), _WAIT_S)
        with Watch([job], gallery) as watch:
            watch.looking(["gate"])
            kept = semaphores()
            ledgers = [_Ledger("camera, cut"), _Ledger("its parent")]
            for _ in range(times):
                lost = watch.states["gate"].link.reconnects
                camera.network.cut()
                watch.until(lambda lost=lost: _back(watch, lost))  # type: ignore[misc]
                watch.looking(["gate"])
                ledgers[0].note(pid_of("gate") or 0)
                ledgers[1].note(os.getpid())
            ledgers.append(_replaced(watch, processes))
            left = (zombies(), (kept, semaphores()))
            watch.over()
    return ReconnectsResult(
        tuple(ledger.growth() for ledger in ledgers), *left, monotonic() - began_s
    )


def _back(watch: Watch, reconnects: int) -> bool:
    link = watch.states["gate"].link
    return link.state is LinkState.PLAYING and link.reconnects > reconnects


def _replaced(watch: Watch, processes: int) -> _Ledger:
    """Kill the camera's process at any moment of its life, most often before it looks."""
    ledger, chance = _Ledger("parent, processes killed"), random.Random(7)
    watch.looking(["gate"])
    for _ in range(processes):
        watch.until(lambda: pid_of("gate") is not None)
        watch.for_s(_LONGEST_LIFE_S * chance.random() ** 2)
        victim = pid_of("gate")
        if victim is None:
            continue
        losses = watch.states["gate"].link.losses.total()
        os.kill(victim, signal.SIGKILL)
        watch.until(lambda was=losses: watch.states["gate"].link.losses.total() > was)  # type: ignore[misc]
        watch.until(lambda: pid_of("gate") is not None)
        ledger.note(os.getpid())
    watch.looking(["gate"])
    return ledger


def measure(context: Context) -> ReconnectsResult:
    """Reconnect five hundred times and replace a hundred processes; fewer if it must be quick.

    Raises:
        MissingError: no RTSP server is installed.
    """
    demand_server()
    times = (_QUICK, _QUICK_PROCESSES) if context.quick else (TIMES, PROCESSES)
    film = Film((_SEED,), shown_s=590.0, gap_s=0.2, frames_per_second=5).written(context.cache)
    with context.progress("reconnecting"):
        return _apart(context.home.models, film, *times)


def _apart(models: Path, clip: Path, times: int, processes: int) -> ReconnectsResult:
    found = run_apart("bench.reconnects", (models, clip, times, processes))
    growths = tuple(
        Growth(**{**each, **{n: Trend(**each[n]) for n in ("files", "threads", "memory")}})
        for each in found["growths"]
    )
    return ReconnectsResult(
        **{**found, "growths": growths, "semaphores": tuple(found["semaphores"])}
    )


def main() -> None:
    """Lose a camera again and again, as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("clip", type=Path)
    parser.add_argument("times", type=int)
    parser.add_argument("processes", type=int)
    given = parser.parse_args()
    tell(lambda: reconnect(given.models, given.clip, given.times, given.processes))
