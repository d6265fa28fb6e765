"""How long the stages of a pipeline take, and how that is spread.

Durations are counted in buckets whose edges are the same everywhere, so that what several
processes counted adds up, and memory stays as it is however long a camera runs.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil, log2
from time import perf_counter
from typing import Annotated, TypeAlias

from pydantic import Field

from overt.values import StageTime

_A_DOUBLING = 16  # buckets, each 4 % wide: a percentile is right to half of that, usually better
_LEAST_S = 2.0**-20  # a microsecond; what is shorter counts as this
_LAST = 40 * _A_DOUBLING  # no time that is told is longer than thirty thousand years

Bucket: TypeAlias = Annotated[int, Field(ge=-_LAST, le=_LAST)]


@dataclass(slots=True)
class Spread:
    """How durations are spread: how many lie in each bucket, and their sum in seconds.

    Bucket `k` holds durations above `2 ** ((k - 1) / 16)` seconds and up to `2 ** (k / 16)`.
    """

    counts: Counter[Bucket] = field(default_factory=Counter)
    total_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[ceil(_A_DOUBLING * log2(max(seconds, _LEAST_S)))] += 1
        self.total_s += seconds

    @property
    def count(self) -> int:
        """How many durations were counted."""
        return self.counts.total()

    def percentile_s(self, percent: float) -> float:
        """Return a percentile in seconds, interpolated within its bucket; 0 where there is none."""
        wanted, below = self.count * percent / 100, 0
        for bucket in sorted(self.counts):
            within = self.counts[bucket]
            if within and below + within >= wanted:
                low, high = _edge_s(bucket - 1), _edge_s(bucket)
                return low + (high - low) * (wanted - below) / within
            below += within
        return 0.0

    def at_most(self, exponent: int) -> int:
        """Return how many durations were of `2 ** exponent` seconds or less."""
        last = exponent * _A_DOUBLING
        return sum(count for bucket, count in self.counts.items() if bucket <= last)

    def copy(self) -> "Spread":
        """Return a copy that does not change with this one."""
        return Spread(self.counts.copy(), self.total_s)

    def __add__(self, other: "Spread") -> "Spread":
        return Spread(self.counts + other.counts, self.total_s + other.total_s)

    def since(self, before: "Spread") -> "Spread":
        """Return what was counted after `before`, an earlier copy of this one."""
        return Spread(self.counts - before.counts, self.total_s - before.total_s)


def _edge_s(bucket: int) -> float:
    return float(2.0 ** (bucket / _A_DOUBLING))


class StageClock:
    """Collects how long named stages took. Any threads may add times, and ask for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spreads: defaultdict[str, Spread] = defaultdict(Spread)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside the `with` block as one call of the stage."""
        started = perf_counter()
        try:
            yield
        finally:
            self.add(name, perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        """Count one call that took `seconds`."""
        with self._lock:
            self._spreads[name].add(seconds)

    def spread(self, name: str) -> Spread:
        """Return how the times of one stage are spread up to now."""
        with self._lock:
            return self._spreads[name].copy() if name in self._spreads else Spread()

    def spreads(self) -> dict[str, Spread]:
        """Return how the times of every stage are spread, in the order first met."""
        with self._lock:
            return {name: spread.copy() for name, spread in self._spreads.items()}


def stage_times(spreads: Mapping[str, Spread]) -> tuple[StageTime, ...]:
    """Return the median and 95th percentile of every stage."""
    return tuple(
        StageTime(name, each.count, 1000 * each.percentile_s(50), 1000 * each.percentile_s(95))
        for name, each in spreads.items()
    )
