"""The upper tail of non-mated scores: which threshold so many strangers reach.

Every person counts once, however many photographs there are of them: a search counts as one
over the number of the person's searches. Photographs of one person are no independent
witnesses, and a street brings most people past once.

Where `ENOUGH` people reach a threshold, it is read off their scores alone (order statistics),
and the promise needs nothing known about scores: somebody new, drawn like the people measured,
reaches it with the wanted probability at most, because they count as one more who did (V. Vovk,
A. Gammerman and G. Shafer, Algorithmic Learning in a Random World, 2005). With fewer, a
generalised Pareto distribution is fitted to the excesses over a lower level (J. Pickands,
Statistical inference using extreme order statistics, Ann. Statist. 3, 1975) by probability-
weighted moments (J. R. M. Hosking and J. R. Wallis, Technometrics 29, 1987), and is used only
where it fits.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats: TypeAlias = NDArray[np.float64]

ENOUGH = 10
"""With so many people above it, a threshold is read off their scores alone."""

_FITTED = 0.1
"""The share of people whose highest scores a tail is fitted to."""

_FEWEST_FITTED = 40
_POOR = 0.05
"""A fit is not used where fewer simulated samples than this share lie farther from theirs."""

_SIMULATED = 200
_ROUNDING = 1e-9  # 0.29 * 100 is 28.999999999999996


@dataclass(frozen=True, slots=True)
class Fit:
    """A generalised Pareto distribution of what scores are above `start`.

    `share` of the people reach `start`. `goodness` is the share of samples simulated from the
    fit that lie farther from their own fit than the scores do from this one (Kolmogorov and
    Smirnov's distance, in [0, 1]); below 0.05 the fit is poor.
    """

    start: float
    share: float
    shape: float
    scale: float
    goodness: float

    @property
    def usable(self) -> bool:
        """Whether the scores look as if drawn from it."""
        return self.goodness >= _POOR

    def threshold(self, share: float) -> float:
        """Return the threshold that this share of people reach, at most `self.share`."""
        excess = stats.genpareto.isf(share / self.share, self.shape, scale=self.scale)
        return self.start + float(excess)


class Tail:
    """Non-mated scores of one list size, every person counting once.

    `scores` is `(n,)` of the best candidates' scores, and `subjects` `(n,)` says by index whose
    search each was.
    """

    def __init__(self, scores: NDArray[np.floating], subjects: NDArray[np.integer]) -> None:
        order = np.argsort(-scores, kind="stable")
        _, person, counts = np.unique(subjects[order], return_inverse=True, return_counts=True)
        self._scores = scores[order].astype(np.float64)
        self._step = scores.dtype.type  # a threshold is a number of the scores' own type
        self._person = person
        self._weights = 1.0 / counts[person]
        self._reaching = np.cumsum(self._weights)
        self.people = len(counts)
        """How many people were searched for."""

    def __len__(self) -> int:
        return len(self._scores)

    def share(self, threshold: float) -> float:
        """Return the share of people that reach a threshold, in [0, 1]."""
        place = int(np.searchsorted(-self._scores, -threshold, "right"))
        return float(self._reaching[place - 1]) / self.people if place else 0.0

    def ordered(self, share: float) -> float:
        """Return the lowest threshold that somebody new reaches with probability `share` at most.

        Whoever is new counts as one more who reaches it. Where even that is too much, the
        threshold is just above the highest score, and promises nothing.
        """
        place = np.argmax(self._reaching > self._allowed(share))
        if self._reaching[-1] <= self._allowed(share):
            return float(np.nextafter(self._step(self._scores[-1]), self._step(-np.inf)))
        return self._just_above(int(place))

    def fitted(self, share: float) -> float:
        """Return the threshold that `share` of people reach by the fitted tail."""
        return self.fit.threshold(share)

    def threshold(self, share: float) -> tuple[float, bool]:
        """Return the threshold for a share of people, and whether it is a fitted tail's."""
        if share * self.people < ENOUGH and share < self.fit.share and self.fit.usable:
            return self.fitted(share), True
        return self.ordered(share), False

    @cached_property
    def fit(self) -> Fit:
        """The distribution fitted to the highest scores."""
        weights = self._weights[None, self._above]
        shape, scale = _moments(self._excesses, weights)
        size = max(8, round(weights.sum()))  # people, for searches of one are no other witnesses
        return Fit(
            start=self._start,
            share=self.share(self._start),
            shape=float(shape[0]),
            scale=float(scale[0]),
            goodness=_goodness(self._excesses, weights, shape, scale, size),
        )

    def resampled(self, share: float, counts: Floats, *, fitted: bool) -> Floats:
        """Return the threshold in resamples of people, `(b,)`.

        `counts` is `(b, people)` float64: how often each person, in the order of their indices,
        is drawn.
        """
        if fitted:
            weights = counts[:, self._person[self._above]] * self._weights[self._above]
            shape, scale = _moments(self._excesses, weights)
            reached = np.maximum(weights.sum(axis=1) / self.people, share)
            excess = stats.genpareto.isf(share / reached, shape, scale=scale)
            return np.asarray(self._start + excess, np.float64)
        most = min(
            len(self), int(np.searchsorted(self._reaching, 4 * share * self.people + 40)) + 1
        )
        drawn = counts[:, self._person[:most]] * self._weights[:most]
        above = np.cumsum(drawn, axis=1) > self._allowed(share)
        places = np.where(above.any(axis=1), above.argmax(axis=1), most - 1)
        return self._scores[places]

    def _allowed(self, share: float) -> float:
        return share * (self.people + 1) - 1 + _ROUNDING

    def _just_above(self, place: int) -> float:
        return float(np.nextafter(self._step(self._scores[place]), self._step(np.inf)))

    @cached_property
    def _start(self) -> float:
        wanted = max(_FITTED * self.people, min(_FEWEST_FITTED, self.people / 2))
        return float(self._scores[min(int(np.searchsorted(self._reaching, wanted)), len(self) - 1)])

    @cached_property
    def _above(self) -> NDArray[np.intp]:
        """The searches above the level, lowest first."""
        return np.flatnonzero(self._scores > self._start)[::-1]

    @cached_property
    def _excesses(self) -> Floats:
        return np.asarray(self._scores[self._above] - self._start)


def _moments(excesses: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return shapes and scales, `(b,)`, fitted to rising excesses, `(n,)` or `(b, n)`.

    `weights` is `(b, n)`.
    """
    total = np.maximum(weights.sum(axis=1), _ROUNDING)
    below = (np.cumsum(weights, axis=1) - weights / 2) / total[:, None]
    mean = (weights * excesses).sum(axis=1) / total
    first = (weights * (1 - below) * excesses).sum(axis=1) / total
    apart = np.maximum(mean - 2 * first, 1e-12)
    return 2 - mean / apart, np.maximum(2 * mean * first / apart, 1e-12)


def _goodness(excesses: Floats, weights: Floats, shape: Floats, scale: Floats, size: int) -> float:
    """Return how many samples of a fit lie farther from their own fits than these do."""
    if excesses.size < 2:
        return 0.0
    drawn = stats.genpareto.rvs(
        shape, scale=scale, size=(_SIMULATED, size), random_state=np.random.default_rng(0)
    )
    drawn.sort(axis=1)
    even = np.ones((_SIMULATED, size))
    simulated = _distances(drawn, even, *_moments(drawn, even))
    return float(np.mean(simulated >= _distances(excesses[None], weights, shape, scale)))


def _distances(excesses: Floats, weights: Floats, shapes: Floats, scales: Floats) -> Floats:
    """Return the largest differences between what is seen and what is fitted, `(b,)`."""
    expected = stats.genpareto.cdf(excesses, shapes[:, None], scale=scales[:, None])
    shares = weights / weights.sum(axis=1, keepdims=True)
    up_to = np.cumsum(shares, axis=1)
    apart = np.maximum(np.abs(up_to - expected), np.abs(up_to - shares - expected))
    return np.asarray(apart.max(axis=1), np.float64)
