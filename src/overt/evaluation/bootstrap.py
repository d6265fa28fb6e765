"""Intervals by bootstrap over subjects, of whatever is computed from all scores together.

Several photographs of one person succeed or fail together, so they say less than as many of
different people. Therefore people are drawn and not photographs: as many subjects as there
were, with replacement, each with all of their searches as often as they are drawn. Subjects
with mated searches only, with non-mated ones only and with both are drawn among their like, so
that a list keeps its length and each draw has searches of both kinds. R. M. Bolle and others,
Error analysis of pattern recognition systems: the subsets bootstrap, Computer Vision and Image
Understanding 93 (2004).

The limits are percentiles of what the draws give. They lie within a rate's [0, 1], and exist
for any statistic. Efron's BCa (1987), better for smooth ones, was decided against: its
acceleration comes from a jackknife, which fails for order statistics, and a TPIR at a given
FPIR rests on one; and it has no limits at all where every draw gives the same.

What no bootstrap can do:

* show what the sample does not hold: where fewer than about ten non-mated searches decide a
  threshold, the interval is too narrow, whatever it says (`Band.strangers`);
* draw another list: the interval tells how much depends on who came by, for these references.

A plain rate of people searched once each has Wilson's interval (`overt.rates`), and needs none
of this.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overt.errors import ConfigurationError
from overt.evaluation.curves import Floats, Scores, allowed, checked, ranked
from overt.rates import LEVEL, Rate

DRAWS = 1000
"""How often subjects are drawn; a limit then wavers by about a twentieth of their distance."""

Statistic: TypeAlias = Callable[[Scores, Scores], ArrayLike]
"""What is computed of mated and of non-mated scores, each given in rising order."""


@dataclass(frozen=True, slots=True)
class Band:
    """TPIR at given FPIRs with its intervals: the whole curve, as far as it is asked for.

    All are of the same length. `strangers` has the number of non-mated searches that each FPIR
    lets through, and thus what its threshold rests on: below about ten, the interval is too
    narrow, and at 0 the TPIR is that above the highest stranger of this sample.
    """

    fpirs: tuple[float, ...]
    strangers: tuple[int, ...]
    tpir: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def interval(  # noqa: PLR0913  four are one set of searches
    statistic: Callable[[Scores, Scores], float],
    mated: ArrayLike,
    mated_subject: ArrayLike,
    non_mated: ArrayLike,
    non_mated_subject: ArrayLike,
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the interval `(low, high)` of a statistic of mated and non-mated scores.

    `mated` is `(m,)` and `non_mated` `(n,)`, float32 or float64, minus infinity for what
    failed; beside them stand the ids of the people searched for, strings or whole numbers. The
    statistic gets scores in rising order, and as many as a draw happens to have. Where every
    draw gives the same, so do both limits. The same `seed` gives the same interval.

    Raises:
        ConfigurationError: a score is no number or nobody's, or there are fewer than two
            subjects of either kind.
    """
    drawn = resamples(mated, mated_subject, non_mated, non_mated_subject, draws=draws, seed=seed)
    low, high = _limits([statistic(own, others) for own, others in drawn], level)
    return float(low), float(high)


def band(  # noqa: PLR0913  four are one set of searches
    mated: ArrayLike,
    mated_subject: ArrayLike,
    non_mated: ArrayLike,
    non_mated_subject: ArrayLike,
    fpirs: Sequence[float],
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Band:
    """Return TPIR at each FPIR with the interval of both together.

    The threshold is chosen anew in every draw, so its own uncertainty is in the interval. Where
    every draw gives the same TPIR, all or nobody, the interval is Wilson's of that many
    subjects. Searches are as for `interval`.

    Raises:
        ConfigurationError: a score is no number or nobody's, there are fewer than two subjects
            of either kind, or an FPIR is not in [0, 1].
    """
    drawn = resamples(mated, mated_subject, non_mated, non_mated_subject, draws=draws, seed=seed)
    told = _tpirs(ranked(mated, "mated searches"), ranked(non_mated, "non-mated searches"), fpirs)
    low, high = _limits([_tpirs(own, others, fpirs) for own, others in drawn], level)
    for point in np.flatnonzero(low == high):
        people = len(np.unique(mated_subject))
        low[point], high[point] = Rate(round(told[point] * people), people).interval(level)
    return Band(
        fpirs=tuple(fpirs),
        strangers=tuple(allowed(fpir, np.size(non_mated)) for fpir in fpirs),
        tpir=tuple(told.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
    )


def resamples(
    mated: ArrayLike,
    mated_subject: ArrayLike,
    non_mated: ArrayLike,
    non_mated_subject: ArrayLike,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Iterator[tuple[Scores, Scores]]:
    """Yield mated and non-mated scores of drawn subjects, in rising order, `draws` times.

    Raises:
        ConfigurationError: as for `interval`.
    """
    own, own_subject = _of_subjects(mated, mated_subject, "mated searches")
    others, other_subject = _of_subjects(non_mated, non_mated_subject, "non-mated searches")
    subjects, row = np.unique(np.concatenate([own_subject, other_subject]), return_inverse=True)
    own_row, other_row = row[: len(own)], row[len(own) :]
    alike = _alike(own_row, other_row, len(subjects))
    random = np.random.default_rng(seed)
    for _ in range(draws):
        times = np.zeros(len(subjects), np.intp)
        for members in alike:
            picked = random.integers(len(members), size=len(members))
            times[members] = np.bincount(picked, minlength=len(members))
        # Repeated in place, rising scores go on rising: no draw has to be sorted.
        mated_drawn: Scores = np.repeat(own, times[own_row])
        non_mated_drawn: Scores = np.repeat(others, times[other_row])
        yield mated_drawn, non_mated_drawn


def _of_subjects(
    scores: ArrayLike, subjects: ArrayLike, what: str
) -> tuple[Scores, NDArray[np.generic]]:
    """Return scores in rising order, and whose each of them is."""
    told, whose = checked(scores, what), np.asarray(subjects)
    if told.shape != whose.shape:
        raise ConfigurationError(
            f"There are {len(told):,} scores of {what} and {whose.size:,} subjects for them.",
            remedy="Say of each search whose it was.",
        )
    if len(np.unique(whose)) < 2:
        raise ConfigurationError(
            f"An interval over people needs {what} of two people at least.",
            remedy="Add people, or give the rate with Wilson's interval.",
        )
    order = np.argsort(told, kind="stable")
    return told[order], whose[order]


def _alike(own: NDArray[np.intp], others: NDArray[np.intp], of: int) -> list[NDArray[np.intp]]:
    """Return the rows of subjects with mated searches, with non-mated ones, and with both."""
    kind = np.zeros(of, np.intp)
    kind[own] |= 1
    kind[others] |= 2
    return [found for found in (np.flatnonzero(kind == each) for each in (1, 2, 3)) if found.size]


def _tpirs(mated: Scores, non_mated: Scores, fpirs: Sequence[float]) -> Floats:
    """Return TPIR at each FPIR, of scores in rising order."""
    m, n = len(mated), len(non_mated)
    few = [allowed(fpir, n) for fpir in fpirs]
    shut_out = np.array([non_mated[n - 1 - each] if each < n else -np.inf for each in few])
    return (m - np.searchsorted(mated, shut_out, "right")) / m


def _limits(told: Sequence[ArrayLike], level: float) -> tuple[Floats, Floats]:
    """Return the percentiles of each statistic that leave out the same on both sides."""
    outside = (1 - level) / 2
    low, high = np.quantile(np.asarray(told, np.float64), [outside, 1 - outside], axis=0)
    return low, high
