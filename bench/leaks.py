"""What processes hold over time, read from `/proc`, and whether it grows."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np
from scipy.stats import theilslopes

from bench.memory import children_of, sizes_of
from overt.errors import OvertError

_PROC = Path("/proc")
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Held:
    """What one process held at a moment: memory in MB (10^6 bytes), descriptors and threads."""

    at_s: float
    resident: float
    unshared: float
    files: int
    threads: int


@dataclass(frozen=True, slots=True)
class Trend:
    """How something grows: per unit of what it was measured against, with a 95 % interval.

    By Theil and Sen: the median of the slopes between all pairs, which a few outliers do not move.
    `first` and `last` are the medians of the first and the last tenth.
    """

    first: float
    last: float
    slope: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.slope:+.3g} ({self.low:+.3g} to {self.high:+.3g})"


def held_by(process_id: int) -> Held | None:
    """Return what a process holds now, or None where it is gone."""
    resident, _, unshared = sizes_of(process_id)
    folder = _PROC / str(process_id)
    try:
        files = len(os.listdir(folder / "fd"))  # noqa: PTH208  names only
        threads = len(os.listdir(folder / "task"))  # noqa: PTH208
    except OSError:
        return None
    return Held(monotonic(), resident, unshared, files, threads)


def zombies() -> int:
    """Return how many children of this process have died and are not taken leave of."""
    return sum(_state(child) == "Z" for child in children_of(os.getpid()))


def semaphores() -> int:
    """Return how many named semaphores this process has mapped: those of events and locks."""
    maps = (_PROC / "self/maps").read_text("utf-8", "replace")
    return sum("/sem." in line for line in maps.splitlines())


def trend(at: Sequence[float], values: Sequence[float], per: float = 1.0) -> Trend:
    """Return how values grow, per `per` units of what they were taken at."""
    if len(values) < 3 or np.ptp(at) == 0:
        raise OvertError("Too little was measured to tell how it grows.")
    some = max(1, len(values) // 10)
    first, last = float(np.median(values[:some])), float(np.median(values[-some:]))
    slope, _, low, high = theilslopes(values, at, _SURE)
    return Trend(first, last, float(slope) * per, float(low) * per, float(high) * per)


def _state(process_id: int) -> str:
    try:
        stat = (_PROC / str(process_id) / "stat").read_text("ascii", "replace")
        return stat.rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
