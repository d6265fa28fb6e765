"""Whether “faces seen” means one thing in all of a published record.

An estimate that is made in another way from some day on leaves two traces: faces an hour change
their level at places that were visited before and after, and the figures are rounded differently.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import exp, log
from statistics import median

import numpy as np

from overt.publication.breaks import SHORTEST, Level, levels
from overt.publication.findings import Check, Finding, Severity, numbers, several
from overt.publication.imported import Row
from overt.publication.sequence import in_order
from overt.rates import Rate

_LARGE = log(2.0)  # a change at the same places from which on it is no longer the weather's
_PLACES = 3  # places that must have been visited before and after
_STREETS = frozenset(
    (
        "broadway",
        "church",
        "green",
        "high",
        "junc",
        "junction",
        "north",
        "road",
        "station",
        "street",
    )
)


@dataclass(frozen=True, slots=True)
class Break:
    """Where faces an hour change their level.

    `before` and `after` are the rows on either side; `was` and `became` are levels of the natural
    logarithm of faces an hour. `places` are how many places stand on both sides, `there` the
    middle factor of the change at these.
    """

    before: Row
    after: Row
    was: Level
    became: Level
    places: int
    there: float

    @property
    def factor(self) -> float:
        """What became of faces an hour, as a factor."""
        return exp(self.became.mean - self.was.mean)

    @property
    def is_of_definition(self) -> bool:
        """Whether the same places changed so much that the figure must mean something else."""
        return self.places >= _PLACES and abs(log(self.there)) >= _LARGE


def countable(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows with which faces an hour can be reckoned, in order of days."""
    return tuple(row for row in in_order(rows) if row.faces and row.hours > 0)


def faces_levels(rows: Sequence[Row]) -> tuple[Level, ...]:
    """Return the levels of faces an hour (natural logarithm) over countable rows."""
    return levels(np.array([log(row.faces / row.hours) for row in rows], dtype=np.float64))


def breaks(rows: Sequence[Row]) -> tuple[Break, ...]:
    """Return where faces an hour change their level."""
    counted = countable(rows)
    return tuple(_break(counted, *each) for each in pairwise(faces_levels(counted)))


def _break(rows: Sequence[Row], was: Level, became: Level) -> Break:
    before, after = rows[was.start : was.end], rows[became.start : became.end]
    earlier, later = _by_place(before), _by_place(after)
    both = earlier.keys() & later.keys()
    changes = [median(later[place]) - median(earlier[place]) for place in both]
    there = exp(median(changes)) if changes else 1.0
    return Break(before[-1], after[0], was, became, len(both), there)


def _by_place(rows: Sequence[Row]) -> dict[str, list[float]]:
    """Return the logarithms of faces an hour by each word of a place's name that tells a place."""
    by_place: dict[str, list[float]] = {}
    for row in rows:
        for word in set(re.findall(r"\w{4,}", row.location.casefold())) - _STREETS:
            by_place.setdefault(word, []).append(log(row.faces / row.hours))
    return by_place


def _told(found: Break) -> Finding:
    was, became = found.was, found.became
    return Finding(
        (found.before.number, found.after.number),
        f"Faces seen an hour go from {_an_hour(was)} to {_an_hour(became)} between row "
        f"{found.before.number} ({found.before.printed['date'].strip()}) and row "
        f"{found.after.number} ({found.after.printed['date'].strip()}), by a factor of "
        f"{found.factor:.1f}; at the {several(found.places, 'place')} visited before and after, by "
        f"{found.there:.1f}. A rate of false alerts per face does not compare across it.",
    )


def _an_hour(level: Level) -> str:
    return f"{exp(level.mean):,.0f} (95 % interval {exp(level.low):,.0f} to {exp(level.high):,.0f})"


def _definition(rows: Sequence[Row]) -> Iterator[Finding]:
    return (_told(each) for each in breaks(rows) if each.is_of_definition)


def _drift(rows: Sequence[Row]) -> Iterator[Finding]:
    return (_told(each) for each in breaks(rows) if not each.is_of_definition)


def _rounding(rows: Sequence[Row]) -> Iterator[Finding]:
    """Find where figures that end in 0 or 5, a fifth of all honest counts, become many or few."""
    counted = countable(rows)
    round_ones = [row.faces % 5 == 0 for row in counted]
    at, gain = _best_split(round_ones)
    if gain < 10 * log(max(len(counted), 2)):
        return
    before, after = (Rate(sum(part), len(part)) for part in (round_ones[:at], round_ones[at:]))
    yield Finding(
        numbers(counted[at - 1 : at + 1]),
        f"Faces seen end in 0 or 5 in {_share(before)} up to row {counted[at - 1].number} "
        f"({counted[at - 1].printed['date'].strip()}), and in {_share(after)} from row "
        f"{counted[at].number} ({counted[at].printed['date'].strip()}) on. Of faces counted one by "
        "one, a fifth would.",
    )


def _share(rate: Rate) -> str:
    low, high = rate.interval()
    return (
        f"{rate.count} of {rate.of} rows ({rate.value:.0%}, 95 % interval {low:.0%} to {high:.0%})"
    )


def _best_split(yes: Sequence[bool]) -> tuple[int, float]:
    """Return where two stretches with a share each explain most, and the likelihood ratio's G."""
    so_far = [0, *accumulate(yes)]
    n, whole = len(yes), so_far[-1]
    gains = (
        (at, 2 * (_log(so_far[at], at) + _log(whole - so_far[at], n - at) - _log(whole, n)))
        for at in range(SHORTEST, n - SHORTEST + 1)
    )
    return max(gains, key=lambda each: each[1], default=(0, 0.0))


def _log(count: int, of: int) -> float:
    """Return the logarithm of the likelihood of `count` of `of`, at their own share."""
    return sum(part * log(part / of) for part in (count, of - count) if part)


CHECKS = (
    Check(
        "faces-definition",
        Severity.DEFINITION,
        "“Faces seen” began to mean something else",
        _definition,
    ),
    Check(
        "faces-rounding",
        Severity.DEFINITION,
        "“Faces seen” began to be rounded differently",
        _rounding,
    ),
    Check(
        "faces-level",
        Severity.SUSPICIOUS,
        "Faces seen an hour changed",
        _drift,
    ),
)
"""The checks of faces seen."""
