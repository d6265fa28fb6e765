"""Closed-set 1:N identification: the right subject among the first R, everybody being listed.

After ISO/IEC 19795-1: every search is of somebody on the list, and no threshold applies. The
share of searches with the right subject within the first R candidates, over R, is the cumulative
match characteristic (CMC). A probe that gave no template counts as a miss at every rank, unless
failures to acquire are left out (`SearchScores.acquired`).

Nobody on a street is sure to be listed: these figures say how well a recogniser orders
candidates, and nothing about false alerts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overt.errors import ConfigurationError
from overt.evaluation.drawing import Faces, OpenSetProtocol, draw, enrollable, rows_by_subject
from overt.evaluation.open_set import OpenSetResult, Progress, SearchScores, search_splits
from overt.evaluation.variants import Variant
from overt.rates import LEVEL, Rate

RANKS = (1, 2, 5, 10, 20, 50)
"""The ranks that tables show."""

_DRAWS = 1_000


@dataclass(frozen=True, slots=True)
class Cmc:
    """A cumulative match characteristic at some ranks.

    `rates` are counts of searches; `intervals` are 95 % intervals of the same, `(low, high)`, by
    resampling the people searched for: Wilson's are too narrow where one person is searched for
    several times.
    """

    ranks: tuple[int, ...]
    rates: tuple[Rate, ...]
    intervals: tuple[tuple[float, float], ...]


def evaluate(
    faces: Faces,
    protocol: OpenSetProtocol,
    variants: Sequence[Variant],
    progress: Progress = lambda _done, _all: None,
) -> OpenSetResult:
    """Search as `overt.evaluation.open_set.evaluate` does; the list may hold everybody.

    Searches of people outside the list are made as well where there are such people.

    Raises:
        ConfigurationError: there are fewer people than the protocol lists, nobody has a
            photograph left to be searched for by, or no variant was named.
    """
    subjects, rows = rows_by_subject(faces)
    people = sum(map(enrollable, rows))
    if not 0 < protocol.list_size <= people - protocol.outside:
        raise ConfigurationError(
            f"A list of {protocol.list_size:,} cannot be drawn from {people:,} people.",
            remedy=f"Name a list size from 1 to {people:,}.",
        )
    splits = draw(rows, protocol)
    searches = search_splits(faces.templates, splits, protocol.splits, variants, progress)
    if not any(len(split[0].own) for split in searches):
        raise ConfigurationError(
            "Nobody who is listed has a photograph left to be searched for by.",
            remedy=f"Add people with {protocol.references + protocol.shots:,} photographs or more.",
        )
    return OpenSetResult(protocol, subjects, searches)


def enrollable_people(faces: Faces) -> int:
    """Return how many people have a photograph with a template: the longest list there is."""
    return sum(map(enrollable, rows_by_subject(faces)[1]))


def rate_within(scores: SearchScores, rank: int) -> Rate:
    """Return the share of mated searches whose right subject is within the first `rank`."""
    return Rate(int(_found(scores, rank).sum()), len(scores.rank))


def cmc(
    scores: SearchScores, ranks: Sequence[int] = RANKS, *, level: float = LEVEL, seed: int = 0
) -> Cmc:
    """Return the characteristic of mated searches, of one split or of several pooled.

    Raises:
        ValueError: there are no mated searches.
    """
    found = np.stack([_found(scores, rank) for rank in ranks], axis=1)
    low, high = _interval(found, scores.mated_subject, level, seed)
    return Cmc(
        ranks=tuple(ranks),
        rates=tuple(rate_within(scores, rank) for rank in ranks),
        intervals=tuple(zip(low.tolist(), high.tolist(), strict=True)),
    )


def _found(scores: SearchScores, rank: int) -> NDArray[np.bool_]:
    return np.asarray((scores.rank >= 1) & (scores.rank <= rank), np.bool_)


def _interval(
    found: NDArray[np.bool_], subjects: NDArray[np.int32], level: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the limits of the mean of each column, `(k,)`, by resampling subjects."""
    people, owner = np.unique(subjects, return_inverse=True)
    if not len(people):
        raise ValueError("there are no mated searches")
    searches = np.bincount(owner).astype(np.float64)
    successes = np.zeros((len(people), found.shape[1]))
    np.add.at(successes, owner, found)
    random = np.random.default_rng(seed)
    shares = np.empty((_DRAWS, found.shape[1]))
    for draw_number in range(_DRAWS):
        times = np.bincount(random.integers(len(people), size=len(people)), minlength=len(people))
        shares[draw_number] = times @ successes / (times @ searches)
    outside = (1 - level) / 2
    low, high = np.quantile(shares, [outside, 1 - outside], axis=0)
    return low, high
