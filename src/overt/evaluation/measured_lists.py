"""Everybody of a data set searched on lists that are drawn from it in turn.

The people searched and those listed are all drawn from one data set. How people on a street
differ from them no interval says.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.errors import ConfigurationError
from overt.evaluation.drawing import Probes, Split
from overt.evaluation.open_set import SearchScores, search
from overt.evaluation.tails import Tail
from overt.evaluation.variants import PRODUCTION, Variant
from overt.matching.gallery import SMALLEST_COHORT
from overt.values import Templates

Floats: TypeAlias = NDArray[np.float64]
Progress: TypeAlias = Callable[[int, int], None]

RULE_OF_THREE = 3
"""So many people divided by their number is the lowest rate that they can show.

Where none of n people reaches a threshold, the rate may still be 3 / n (95 % limit: J. A. Hanley
and A. Lippman-Hand, If nothing goes wrong, is everything all right?, JAMA 249, 1983).
"""

MOST_LISTED = 0.85
"""The share of a data set's people that a list may take; the others pass by."""

RATES = (0.1, 0.03, 0.01, 0.003, 0.001)
"""The rates that thresholds are found for beside the tolerated one, where people suffice."""
_LISTS = (10, 60)  # at least, at most


class Faces(Protocol):
    """What is measured on, as `overt.evaluation.extraction.Extracted` has it."""

    @property
    def templates(self) -> Templates:
        """One template a photograph: `(n, d)` float32, unit rows."""

    @property
    def subject_ids(self) -> Sequence[str]:
        """Whose photograph each is, `(n,)`."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Non-mated searches on `lists` lists of one size.

    `normalised` says whether scores are s-norm; `listed` is how many different people were
    listed in all. `shared` has, at falling rates, the share of pairs of false positives on one
    list that concern the same subject.
    """

    list_size: int
    normalised: bool
    lists: int
    listed: int
    shared: tuple[tuple[float, float], ...]
    tail: Tail

    @classmethod
    def of(
        cls, list_size: int, splits: Sequence[SearchScores], *, listed: int, normalised: bool
    ) -> "Measured":
        """Return the non-mated searches of splits with lists of one size, failed ones left out."""
        found = [split.acquired() for split in splits]
        tail = Tail(
            np.concatenate([split.non_mated for split in found]),
            np.concatenate([split.non_mated_subject for split in found]),
        )
        return cls(
            list_size=list_size,
            normalised=normalised,
            lists=len(found),
            listed=listed,
            shared=_shares(found, tail),
            tail=tail,
        )

    def clumping(self, fpir: float) -> float:
        """Return how much more a rate differs from list to list than by the people searched.

        The rarer false positives are, the fewer of the listed draw them; so of the rates that
        were looked at down to this one or the next lower, the one with the most counts. What is
        returned is the variance of a list's rate as a share of the rate squared: where each of
        many listed draws false positives at a rate q, (sum of q²) / (sum of q)² - 1/N.
        """
        lower = max((rate for rate, _ in self.shared if rate <= fpir), default=0.0)
        most = max((share for rate, share in self.shared if rate >= lower), default=0.0)
        return max(0.0, most - 1 / self.list_size)


def measure(
    faces: Faces,
    list_size: int,
    variant: Variant = PRODUCTION,
    *,
    lists: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Measured:
    """Search everybody on lists of `list_size` people, one photograph each, drawn in turn.

    Whoever is not on a list is searched with every photograph. People come onto the list in
    turn, so that each is searched for about as often; with fewer than ten `lists` some are not.

    Raises:
        ConfigurationError: there are too few people for a list of this size.
    """
    people = _rows(faces)
    _demand_list(list_size, len(people))
    splits, listed = [], set()
    count = lists or _lists(list_size, len(people))
    for split in _drawn(people, list_size, count, seed):
        if progress:
            progress(split.number, count)
        splits.append(search(faces.templates, split, variant))
        listed.update(split.listed.tolist())
    normalised = variant is PRODUCTION and list_size >= SMALLEST_COHORT
    return Measured.of(list_size, splits, listed=len(listed), normalised=normalised)


def most_listed(people: int) -> int:
    """Return how long a list may be that is drawn from so many people."""
    return int(MOST_LISTED * people)


def _demand_list(list_size: int, people: int) -> None:
    if not 1 <= list_size <= most_listed(people):
        raise ConfigurationError(
            f"Lists of {list_size:,} cannot be drawn from {people:,} people.",
            remedy=f"Measure lists of 1 to {most_listed(people):,}, or bring more people.",
        )


def _shares(splits: Sequence[SearchScores], tail: Tail) -> tuple[tuple[float, float], ...]:
    """Return at falling rates how many pairs of false positives concern one listed subject."""
    rates = [rate for rate in RATES if rate * tail.people >= RULE_OF_THREE]
    return tuple((rate, _shared(splits, tail.ordered(rate))) for rate in rates)


def _shared(splits: Sequence[SearchScores], threshold: float) -> float:
    """Return the share of pairs of people, both wrongly found on one list, with one candidate."""
    pairs, same = 0, 0
    for split in splits:
        reached = split.non_mated >= threshold
        found = {
            (int(person), int(candidate))
            for person, candidate in zip(
                split.non_mated_subject[reached], split.candidate[reached], strict=True
            )
        }
        alike = Counter(candidate for _, candidate in found)
        pairs += len(found) * (len(found) - 1)
        same += sum(count * (count - 1) for count in alike.values())
    return same / pairs if pairs else 0.0


def _rows(faces: Faces) -> list[NDArray[np.int32]]:
    rows: dict[str, list[int]] = {}
    for row, subject in enumerate(faces.subject_ids):
        rows.setdefault(subject, []).append(row)
    return [np.array(found, np.int32) for found in rows.values()]


def _lists(list_size: int, people: int) -> int:
    fewest, most = _LISTS
    return min(max(fewest, ceil(3 * people / list_size)), most)


def _drawn(
    people: Sequence[NDArray[np.int32]], list_size: int, count: int, seed: int
) -> Iterator[Split]:
    random = np.random.default_rng(seed)
    order = random.permutation(len(people)).astype(np.int32)
    nobody = Probes(np.zeros((0, 1), np.int32), np.zeros(0, np.int32))
    photographs = np.array([len(rows) for rows in people])
    begins, rows = np.cumsum(photographs) - photographs, np.concatenate(people)
    for number in range(count):
        turned = np.roll(order, -(number * len(people) // count))
        listed, others = turned[:list_size], turned[list_size:]
        chosen = begins[listed] + random.integers(photographs[listed])
        yield Split(
            number=number,
            listed=listed,
            references=rows[chosen],
            owners=np.arange(list_size, dtype=np.int32),
            outside=np.zeros(0, np.int32),
            mated=nobody,
            non_mated=Probes(
                np.concatenate([people[each] for each in others])[:, None],
                np.repeat(others, photographs[others]),
            ),
        )
