"""How a rate and a latency in some spans of a run compare with those in others of the same run.

A run is cut into slots of two seconds; each slot is the sum over the cameras that are compared, so
that what they share of the machine's moods stays together. Intervals come from drawing whole slots
with replacement (a bootstrap).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.watching import Told
from overt.runtime.timing import Spread

SLOT_S = 2.0
_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something was so, on the system's monotonic clock."""

    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Slots:
    """`ages` is `(slots, buckets)`, how many frames were of which age; `first` the first bucket."""

    ages: NDArray[np.int64]
    first: int
    slot_s: float

    @property
    def rate(self) -> float:
        """Frames a second, of all cameras together."""
        return float(self.ages.sum() / (len(self.ages) * self.slot_s))

    @property
    def p95_s(self) -> float:
        """The 95th percentile of the frames' ages in seconds."""
        return float(_p95_s(self.ages.sum(axis=0)[None], self.first)[0])


@dataclass(frozen=True, slots=True)
class Ratio:
    """What was found, and its 95 % interval."""

    found: float
    low: float
    high: float

    def __str__(self) -> str:
        low, high = 100 * (self.low - 1), 100 * (self.high - 1)
        return f"{100 * (self.found - 1):+.1f} % ({low:+.1f} to {high:+.1f})"


def slots(told: Mapping[str, Sequence[Told]], spans: Sequence[Span], buckets: range) -> Slots:
    """Cut spans into slots, and add up in each what the cameras counted."""
    found = []
    for span in spans:
        count = max(1, int((span.to_s - span.from_s) / SLOT_S))
        edges = [span.from_s + number * SLOT_S for number in range(count + 1)]
        counted = sum(_at(each, edges, buckets) for each in told.values())
        found.append(np.diff(counted, axis=0))
    return Slots(np.concatenate(found), buckets.start, SLOT_S)


def buckets_of(told: Mapping[str, Sequence[Told]]) -> range:
    """Return the range of buckets that any camera has ever counted in."""
    known = {bucket for each in told.values() if each for bucket in each[-1].ages.counts}
    return range(min(known), max(known) + 1) if known else range(1)


def compare(changed: Slots, usual: Slots) -> tuple[Ratio, Ratio]:
    """Return how the rate and the 95th percentile of ages changed, as ratios."""
    chance = np.random.default_rng(0)
    drawn, usually = _drawn(changed, chance), _drawn(usual, chance)
    rates = (drawn.sum(axis=1) / len(changed.ages)) / (usually.sum(axis=1) / len(usual.ages))
    ages = _p95_s(drawn, changed.first) / _p95_s(usually, usual.first)
    return (
        _ratio(changed.rate / usual.rate, rates),
        _ratio(changed.p95_s / usual.p95_s, ages),
    )


def _ratio(found: float, drawn: NDArray[np.float64]) -> Ratio:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Ratio(found, float(low), float(high))


def _drawn(slots: Slots, chance: np.random.Generator) -> NDArray[np.float64]:
    count = len(slots.ages)
    weights = chance.multinomial(count, np.full(count, 1 / count), size=_DRAWS)
    return np.asarray(weights @ slots.ages, np.float64)


def _at(told: Sequence[Told], edges: Sequence[float], buckets: range) -> NDArray[np.int64]:
    """Return what a camera had counted by each moment: the last that it told before."""
    times = [each.at_s for each in told]
    counts = np.zeros((len(edges), len(buckets)), np.int64)
    for row, edge in enumerate(edges):
        known = int(np.searchsorted(times, edge, side="right")) - 1
        spread = told[known].ages if known >= 0 else Spread()
        for bucket, count in spread.counts.items():
            counts[row, bucket - buckets.start] = count
    return counts


def _p95_s(counts: NDArray[np.float64] | NDArray[np.int64], first: int) -> NDArray[np.float64]:
    """Return the percentile of each row, as `Spread` does it."""
    rows = []
    for row in counts:
        held = {first + number: int(count) for number, count in enumerate(row) if count}
        spread = Spread()
        spread.counts.update(held)
        rows.append(spread.percentile_s(95))
    return np.asarray(rows)
