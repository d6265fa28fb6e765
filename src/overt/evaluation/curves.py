"""Error rates as exact step functions of the threshold: DET curves, 1:N and 1:1.

ISO/IEC 19795-1 counts a search or a comparison as reaching a threshold T where its score is T
or more. Everything here follows from that one rule; nothing is interpolated between scores:

* 1:N, FPIR(T) is the share of non-mated searches whose best candidate reaches T, and FNIR(T)
  the share of mated searches whose subject does not;
* 1:1, FMR(T) is the share of impostor comparisons that reach T, and FNMR(T) the share of
  genuine ones that do not.

A search that failed has the score minus infinity: a mated one with somebody else at rank 1, or
one whose probe gave no template. It reaches no threshold, and it counts.

What is not here: which scores there are (`overt.evaluation.open_set`), intervals of a curve
(`overt.evaluation.bootstrap`), and plots.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overt.errors import ConfigurationError
from overt.rates import Rate

Floats: TypeAlias = NDArray[np.float64]

Scores: TypeAlias = NDArray[np.floating]
"""Comparison scores, `(n,)`, higher for more alike; minus infinity for what failed."""

POINTS = 500
"""To how many points a curve is thinned: about as many as a plot has pixels for."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Both error rates at every threshold where either changes.

    `thresholds` is `(k,)` float64 and rises strictly; the last is just above the highest score,
    so that nothing reaches it. `fpir` and `fnir` are `(k,)` float64 in [0, 1]: the first never
    rises, the second never falls. Both hold from just above the threshold before to this one.
    `mated` and `non_mated` say of how many searches.
    """

    thresholds: Floats
    fpir: Floats
    fnir: Floats
    mated: int
    non_mated: int

    @property
    def tpir(self) -> Floats:
        """True positive identification rates, `(k,)` float64, 1 - FNIR."""
        return 1 - self.fnir

    def at(self, threshold: float) -> tuple[float, float]:
        """Return `(fpir, fnir)` at any threshold.

        Raises:
            ConfigurationError: the threshold is no number.
        """
        found = int(np.searchsorted(self.thresholds, _told(threshold), "left"))
        point = min(found, len(self.thresholds) - 1)
        return float(self.fpir[point]), float(self.fnir[point])

    def tpir_at(self, fpir: float) -> float:
        """Return the highest TPIR for which FPIR is not above `fpir`.

        Raises:
            ConfigurationError: `fpir` is not in [0, 1].
        """
        reaching = np.rint(self.fpir * self.non_mated)
        first = np.argmax(reaching <= allowed(fpir, self.non_mated))
        return float(self.tpir[first])

    def thinned(self, points: int = POINTS) -> Self:
        """Return a curve of at most so many of these points, 2 or more, for a plot.

        They lie evenly along the curve as a DET plot shows it: by the logarithm of FPIR, and
        by FNIR. No point is made up, and one that is left out lies within 2 / `points` of the
        plot, by height and by width, of one that stays.
        """
        if len(self.thresholds) <= points:
            return self
        travelled = _travelled(np.log10(np.maximum(self.fpir, 0.5 / self.non_mated)))
        travelled += _travelled(self.fnir)
        evenly = np.linspace(0, travelled[-1], points)
        kept = np.unique(np.searchsorted(travelled, evenly, "left"))
        kept[-1] = len(travelled) - 1
        return type(self)(
            self.thresholds[kept], self.fpir[kept], self.fnir[kept], self.mated, self.non_mated
        )


@dataclass(frozen=True, eq=False)
class VerificationCurve(Curve):
    """A curve of 1:1 comparisons: genuine ones stand as mated, impostor ones as non-mated."""

    @property
    def fmr(self) -> Floats:
        """FMR, `(k,)` float64: the share of impostor comparisons that reach T."""
        return self.fpir

    @property
    def fnmr(self) -> Floats:
        """FNMR, `(k,)` float64: the share of genuine comparisons that do not reach T."""
        return self.fnir

    @cached_property
    def eer(self) -> float:
        """The equal error rate, where FMR and FNMR cross.

        Steps may cross without meeting. Then it is the middle of both rates, at that of the two
        thresholds around the crossing where they sum to less: D. Maio and others, FVC2000:
        Fingerprint Verification Competition, IEEE Trans. PAMI 24 (2002).
        """
        after = int(np.argmax(self.fnmr >= self.fmr))
        if self.fnmr[after] == self.fmr[after]:
            return float(self.fmr[after])
        sums = (self.fmr + self.fnmr)[max(after - 1, 0) : after + 1]
        return float(sums.min()) / 2

    @cached_property
    def best(self) -> tuple[float, Rate]:
        """The threshold that decides most comparisons rightly, and how many those are.

        Of several such thresholds it is the highest, for that takes fewer people for one. It is
        chosen on the very comparisons it is judged by, which flatters it; see `folded`.
        """
        right = np.rint(self.tpir * self.mated) + np.rint((1 - self.fpir) * self.non_mated)
        point = len(right) - 1 - int(np.argmax(right[::-1]))
        rate = Rate(int(right[point]), self.mated + self.non_mated)
        return float(self.thresholds[point]), rate


@dataclass(frozen=True, slots=True)
class Folded:
    """1:1 decisions with each fold's threshold chosen on the other folds, as LFW does it.

    `rates` has the comparisons of each fold that were decided rightly, `thresholds` what
    decided them.
    """

    thresholds: tuple[float, ...]
    rates: tuple[Rate, ...]

    @property
    def mean(self) -> float:
        """Mean over the folds, in [0, 1]."""
        return float(np.mean([rate.value for rate in self.rates]))

    @property
    def standard_error(self) -> float:
        """Sample deviation over the folds, divided by the root of their number."""
        deviation = np.std([rate.value for rate in self.rates], ddof=1)
        return float(deviation / np.sqrt(len(self.rates)))


def det(mated: ArrayLike, non_mated: ArrayLike) -> Curve:
    """Return the DET curve of 1:N searches' scores, `(m,)` and `(n,)` float32 or float64.

    Raises:
        ConfigurationError: either is empty, or has a score that is no number.
    """
    return Curve(*_steps(ranked(mated, "mated searches"), ranked(non_mated, "non-mated searches")))


def verification(genuine: ArrayLike, impostor: ArrayLike) -> VerificationCurve:
    """Return the curve of 1:1 comparisons' scores, `(m,)` and `(n,)` float32 or float64.

    Raises:
        ConfigurationError: either is empty, or has a score that is no number.
    """
    own, others = ranked(genuine, "genuine comparisons"), ranked(impostor, "impostor comparisons")
    return VerificationCurve(*_steps(own, others))


def threshold_at(non_mated: ArrayLike, fpir: float) -> float:
    """Return the lowest threshold that no more than the share `fpir` of searches reach.

    `non_mated` is `(n,)` float32 or float64, and the threshold a number of that type, so that
    it decides the same in both. Where all may reach it, it is the lowest number of that type:
    below every score, and above what failed.

    Raises:
        ConfigurationError: there is no score, one is no number, or `fpir` is not in [0, 1].
    """
    scores = ranked(non_mated, "non-mated searches")
    return _just_above(_first_shut_out(scores, allowed(fpir, len(scores))))


def rates_at(mated: ArrayLike, non_mated: ArrayLike, threshold: float) -> tuple[Rate, Rate]:
    """Return TPIR and FPIR at a threshold, of scores `(m,)` and `(n,)` float32 or float64.

    Either may be empty: its rate is 0 of 0 then, and its interval everything.

    Raises:
        ConfigurationError: a score or the threshold is no number.
    """
    tpir, fpir = (
        Rate(int(np.count_nonzero(reach(scores, threshold))), len(scores))
        for scores in (checked(mated, "mated searches"), checked(non_mated, "non-mated searches"))
    )
    return tpir, fpir


def folded(scores: ArrayLike, same: ArrayLike, folds: ArrayLike) -> Folded:
    """Decide 1:1 comparisons fold by fold, each by the best threshold of all other folds.

    `scores` is `(n,)` float32 or float64; `same`, `(n,)` bool, says which comparisons are
    genuine, and `folds`, `(n,)` int, which fold each belongs to. G. B. Huang and others,
    Labeled Faces in the Wild, University of Massachusetts, Amherst, report 07-49 (2007).

    Raises:
        ConfigurationError: there are fewer than two folds, or the others of some fold have no
            genuine or no impostor comparison.
    """
    told, genuine, fold = checked(scores, "comparisons"), np.asarray(same, bool), np.asarray(folds)
    names = np.unique(fold)
    if len(names) < 2:
        raise ConfigurationError(
            "A threshold can be chosen on the other folds only where there are two or more.",
            remedy="Divide the pairs into folds; ten are usual.",
        )
    judged = [_judged(told, genuine, fold == name) for name in names]
    thresholds, rates = zip(*judged, strict=True)
    return Folded(thresholds, rates)


def reach(scores: Scores, threshold: float) -> NDArray[np.bool_]:
    """Return which scores reach a threshold.

    Raises:
        ConfigurationError: the threshold is no number.
    """
    return np.asarray(scores >= _told(threshold), np.bool_)


def checked(scores: ArrayLike, what: str) -> Scores:
    """Return scores as `(n,)` float32 or float64, of which each is finite or minus infinity.

    Raises:
        ConfigurationError: they have another shape, or one is no number or plus infinity.
    """
    array = np.asarray(scores)
    told: Scores = array if array.dtype == np.float32 else array.astype(np.float64, copy=False)
    if told.ndim != 1:
        raise ConfigurationError(
            f"The scores of {what} have the shape {told.shape}; expected is one row of them.",
            remedy="Give one score for each.",
        )
    broken = len(told) - int(np.count_nonzero(told < np.inf))
    if broken:
        raise ConfigurationError(
            f"{broken:,} of {len(told):,} scores of {what} are no numbers.",
            remedy="Look for broken templates; a search that failed has minus infinity.",
        )
    return told


def ranked(scores: ArrayLike, what: str) -> Scores:
    """Return checked scores in rising order.

    Raises:
        ConfigurationError: there is none, or they are not as `checked` wants them.
    """
    told = checked(scores, what).copy()
    if not len(told):
        raise _nothing(what)
    told.sort()
    return told


def allowed(share: float, of: int) -> int:
    """Return the largest count of `of` that is no more than a share.

    Raises:
        ConfigurationError: the share is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise ConfigurationError(
            f"{share} is no rate.", remedy="Give one between 0 and 1: 0.01 for 1 %."
        )
    return int(share * of + 1e-9)  # 0.29 * 100 is 28.999999999999996


def _steps(mated: Scores, non_mated: Scores) -> tuple[Floats, Floats, Floats, int, int]:
    """Return what makes a curve of scores in rising order."""
    scores = np.concatenate([mated, non_mated]).astype(np.float64)
    top = _just_above(max(mated[-1], non_mated[-1]))
    thresholds = np.append(np.unique(scores[scores > -np.inf]), top)
    m, n = len(mated), len(non_mated)
    fpir = (n - np.searchsorted(non_mated, thresholds, "left")) / n
    fnir = np.searchsorted(mated, thresholds, "left") / m
    return thresholds, fpir, fnir, m, n


def _judged(
    scores: Scores, genuine: NDArray[np.bool_], own: NDArray[np.bool_]
) -> tuple[float, Rate]:
    """Return the other folds' best threshold, and how many of the own fold it decides rightly."""
    threshold, _ = verification(scores[~own & genuine], scores[~own & ~genuine]).best
    right = (scores[own] >= threshold) == genuine[own]
    return threshold, Rate(int(np.count_nonzero(right)), len(right))


def _first_shut_out(scores: Scores, few: int) -> np.floating:
    """Return the highest of rising scores above which there are no more than `few`."""
    return scores[-1 - few] if few < len(scores) else scores.dtype.type(-np.inf)


def _just_above(score: np.floating) -> float:
    """Return the next number of the score's own type, so that scores of that type tell both."""
    return float(np.nextafter(score, score.dtype.type(np.inf)))


def _told(threshold: float) -> np.float64:
    """Return a threshold in double precision, in which scores are compared with it exactly."""
    if not np.isfinite(threshold):
        raise ConfigurationError(
            f"{threshold} is no threshold.", remedy="Give a number on the scores' own scale."
        )
    return np.float64(threshold)


def _travelled(values: Floats) -> Floats:
    """Return how far a rate has moved at each point, as a share of all that it moves."""
    moved = np.abs(np.diff(values, prepend=values[0])).cumsum()
    return moved / moved[-1] if moved[-1] else moved


def _nothing(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"There are no {what}, so no rate of theirs can be given.",
        remedy="Give at least one score of each kind.",
    )
