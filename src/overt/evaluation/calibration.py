"""Thresholds from policy: which threshold keeps false alerts at the rate that is tolerated.

People of a data set are drawn onto lists in turn, and everybody else passes by. The threshold
for a list of N and a tolerated FPIR is the one that this share of people reach
(`overt.evaluation.tails`). What is uncertain about it comes from three sources, and each is in
the intervals:

* few people: of `people` searched, about FPIR times `people` decide the threshold;
* the list: some references resemble many people, and false positives that concern one listed
  subject come together. The share of pairs of false positives on one list that concern the
  same subject tells how much (`Measured.clumping`);
* the size of the list, where it is longer than any that the data can show: see `extrapolate`.

The people searched and those listed are all drawn from one data set. How people on a street
differ from them is in no interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, log, sqrt

import numpy as np
from scipy import stats

from overt.errors import ConfigurationError
from overt.evaluation.measured_lists import (
    MOST_LISTED,
    RATES,
    RULE_OF_THREE,
    Faces,
    Floats,
    Measured,
    Progress,
    measure,
    most_listed,
)
from overt.evaluation.tails import ENOUGH, Tail
from overt.matching.gallery import SMALLEST_COHORT
from overt.rates import LEVEL

FARTHEST = 10
"""A list may be so many times longer than the longest measured, and no longer."""

SIZES = (1, 10, 30, 49, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800)
"""The list sizes beside the list's own, up to it: on the day it may be shorter."""

_RESAMPLES = 200
_Z = float(stats.norm.isf((1 - LEVEL) / 2))
_MISSES = 41
_SIZES = 6
_REACH = 4.0  # the sizes a line is put through lie within this factor of the longest


class Method(StrEnum):
    """How a threshold was found."""

    ORDERED = "order statistics"
    FITTED = "fitted tail"
    EXTRAPOLATED = "extrapolated by list size"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A threshold for lists of `list_size` and a tolerated rate.

    `low` and `high` are the 95 % interval of the threshold that has exactly this rate. `floor`
    is the lowest threshold that the measurement supports: the threshold itself, or `high` where
    it is extrapolated by list size. `people` is how many were searched. What may be wrong about
    the rate at this threshold: `uncertainty` is the variance that the people and lists measured
    leave, `between_lists` the variance from one list to the next, and `stretch` the standard
    error of the rate's logarithm that the extrapolation adds, 0 without one.
    """

    list_size: int
    normalised: bool
    fpir: float
    threshold: float
    low: float
    high: float
    method: Method
    people: int
    searches: int
    lists: int
    uncertainty: float
    between_lists: float
    stretch: float = 0.0

    @property
    def floor(self) -> float:
        """The lowest threshold that is supported."""
        return self.high if self.method is Method.EXTRAPOLATED else self.threshold

    @property
    def effective_people(self) -> int:
        """How many independent people would leave the rate as uncertain as it is."""
        variance = self._variance + (self.fpir * self.stretch) ** 2
        return max(1, round(self.fpir * (1 - self.fpir) / variance - 1))

    def achieved(self, people: int, *, level: float = LEVEL) -> tuple[float, float]:
        """Return between which rates `people` others will lie, all searched on one list.

        The interval holds the threshold's own error, the list's, and the chance of so few
        people (beta-binomial). Each person counts once.
        """
        rates = self._rates()
        spreads = _spread(rates, self._variance * np.square(rates / self.fpir))
        counts = np.arange(people + 1)[:, None]
        each = stats.betabinom.pmf(counts, people, rates * spreads, (1 - rates) * spreads)
        up_to = np.cumsum(each, axis=0)
        outside = (1 - level) / 2
        ends = np.searchsorted(up_to.mean(axis=1), (outside, 1 - outside))
        low, high = np.minimum(ends, people) / people
        return float(low), float(high)

    def rate_interval(self, *, level: float = LEVEL) -> tuple[float, float]:
        """Return between which rates the threshold's true rate lies, on a list as these."""
        if not self.stretch:
            return _beta_interval(self.fpir, self._variance, level)
        error = sqrt(self._variance / self.fpir**2 + self.stretch**2)
        limits = self.fpir * np.exp(stats.norm.isf((1 - level) / 2) * error * np.array([-1, 1]))
        return float(limits[0]), float(min(1.0, limits[1]))

    @property
    def _variance(self) -> float:
        return self.uncertainty + self.between_lists

    def _rates(self) -> Floats:
        """Return rates as the extrapolation may have missed them, all alike probable."""
        if not self.stretch:
            return np.array([self.fpir])
        middles = (np.arange(_MISSES) + 0.5) / _MISSES
        missed = np.exp(self.stretch * stats.norm.ppf(middles))
        return np.asarray(np.minimum(self.fpir * missed, 0.999))


def calibrate(measured: Measured, fpir: float) -> Calibrated:
    """Return the threshold at which lists of the measured size have a tolerated FPIR.

    Raises:
        ConfigurationError: the people are too few for this rate; it says how many more are
            needed.
    """
    demand_people(fpir, measured.tail.people)
    tail, rate = measured.tail, _own_variance(measured, fpir)
    threshold, fitted = tail.threshold(fpir)
    least, most = _beta_interval(fpir, rate, LEVEL)
    low, high = tail.ordered(most), _upper(tail, least)
    if fitted:
        drawn = tail.resampled(fpir, _resamples(tail.people), fitted=True)
        outside = (1 - LEVEL) / 2
        low, high = (
            min(low, np.quantile(drawn, outside)),
            max(high, np.quantile(drawn, 1 - outside)),
        )
    return Calibrated(
        list_size=measured.list_size,
        normalised=measured.normalised,
        fpir=fpir,
        threshold=threshold,
        low=min(float(low), threshold),
        high=max(float(high), threshold),
        method=Method.FITTED if fitted else Method.ORDERED,
        people=tail.people,
        searches=len(tail),
        lists=measured.lists,
        uncertainty=rate,
        between_lists=fpir**2 * measured.clumping(fpir),
    )


def extrapolate(sizes: Sequence[Measured], fpir: float, list_size: int) -> Calibrated:
    """Return the threshold for a list longer than any measured, by a line.

    The line goes through the thresholds of the sizes within a factor of four of the longest:
    in log N for raw scores, whose highest grows so for tails like a Gumbel distribution's, and
    in 1/√N for normalised ones, as was found on LFW from 100 to 2,000 listed. Its error is put together of three: that of the people searched (the same resamples of people
    at every size, so that what the sizes share is kept), that of the points about the line, and
    that of the line itself, taken as its distance from a parabola through the same points.

    Raises:
        ConfigurationError: fewer than four sizes are near enough, the list is more than ten
            times longer than the longest, or the people are too few.
    """
    used = _near(sizes, list_size)
    longest = used[-1]
    demand_people(fpir, min(each.tail.people for each in used))
    at = _axis([each.list_size for each in used], normalised=longest.normalised)
    found = [each.tail.threshold(fpir) for each in used]
    points = np.array([threshold for threshold, _ in found])
    line = np.polyfit(at, points, 1)
    (wanted,) = _axis([list_size], normalised=longest.normalised)
    threshold = float(np.polyval(line, wanted))
    counts = _resamples(max(each.tail.people for each in used))
    drawn = np.array(
        [
            each.tail.resampled(fpir, counts[:, : each.tail.people], fitted=fitted)
            for each, (_, fitted) in zip(used, found, strict=True)
        ]
    )
    clumped = _own_variance(longest, fpir) / _binomial(fpir, longest.tail.people)
    sampling = float(np.var(np.polyval(np.polyfit(at, drawn, 1), wanted), ddof=1)) * clumped
    scatter = float(np.square(points - np.polyval(line, at)).sum()) / (len(at) - 2)
    curvature = float(np.polyval(np.polyfit(at, points, 2), wanted)) - threshold
    error = sqrt(sampling + scatter + curvature**2)
    return Calibrated(
        list_size=list_size,
        normalised=longest.normalised,
        fpir=fpir,
        threshold=threshold,
        low=float(threshold - _Z * error),
        high=float(threshold + _Z * error),
        method=Method.EXTRAPOLATED,
        people=longest.tail.people,
        searches=len(longest.tail),
        lists=longest.lists,
        uncertainty=0.0,  # of the people searched: it is in the error of the line
        between_lists=fpir**2 * longest.clumping(fpir),
        stretch=_slope(longest.tail, fpir) * error,
    )


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found for a list and a tolerated rate, and beside it.

    `asked` is the threshold that was asked for. `table` holds it and those of shorter lists and
    of other rates, by list size and falling rate.
    """

    asked: Calibrated
    table: tuple[Calibrated, ...]
    people: int
    photographs: int


def findings(
    faces: Faces, list_size: int, fpir: float, progress: Progress | None = None
) -> Findings:
    """Calibrate for a list and a tolerated rate, and for shorter lists and other rates beside.

    A list longer than the data set can make is extrapolated to. `progress` is told how many
    list sizes are done, of how many.

    Raises:
        ConfigurationError: the people are too few for the rate or the list.
    """
    people = len(set(faces.subject_ids))
    demand_people(fpir, people)
    wanted = sorted({*(size for size in SIZES if size < list_size), list_size})
    longest = most_listed(people)
    _demand_reach(list_size, longest)
    _demand_one_score(list_size, longest)
    direct = {size for size in wanted if size <= longest}
    base = set(_base_sizes(longest)) if list_size > longest else set()
    measured = {}
    for done, size in enumerate(sorted(direct | base)):
        if progress:
            progress(done, len(direct | base))
        measured[size] = measure(faces, size)
    rates = sorted({fpir, *(rate for rate in RATES if rate * people >= RULE_OF_THREE)})[::-1]
    table = tuple(
        calibrate(measured[size], rate)
        if size in direct
        else extrapolate([measured[each] for each in sorted(base)], rate, size)
        for size in wanted
        for rate in rates
    )
    asked = next(each for each in table if (each.list_size, each.fpir) == (list_size, fpir))
    return Findings(asked, table, people, len(faces.subject_ids))


def _base_sizes(longest: int) -> tuple[int, ...]:
    """Return the sizes to extrapolate from, the longest last; one kind of score for all."""
    begin = longest / _REACH
    if longest >= SMALLEST_COHORT:
        begin = max(begin, SMALLEST_COHORT)
    return tuple(sorted({round(each) for each in np.geomspace(begin, longest, _SIZES)}))


def demand_people(fpir: float, people: int) -> None:
    """Check by the rule of three that so many people can show a rate.

    Raises:
        ConfigurationError: they cannot; it says how many more are needed.
    """
    if not 0 < fpir < 1:
        raise ConfigurationError(
            f"A false positive identification rate of {100 * fpir:g} % cannot be calibrated for.",
            remedy="Name a rate above 0 and below 100 %.",
        )
    needed = ceil(RULE_OF_THREE / fpir - 1e-9)
    if people < needed:
        raise ConfigurationError(
            f"{people:,} people cannot show a false positive identification rate of "
            f"{100 * fpir:g} %; with none of them above the threshold it may still be "
            f"{100 * RULE_OF_THREE / max(people, 1):.2g} %.",
            remedy=f"Photograph {needed - people:,} people more, or tolerate "
            f"{100 * RULE_OF_THREE / max(people, 1):.2g} %.",
        )


def _near(sizes: Sequence[Measured], list_size: int) -> list[Measured]:
    rising = sorted(sizes, key=lambda each: each.list_size)
    longest = rising[-1].list_size
    _demand_reach(list_size, longest)
    near = [each for each in rising if each.list_size * _REACH * 1.01 >= longest]
    alike = [each for each in near if each.normalised == rising[-1].normalised]
    if len(alike) < 4:
        raise ConfigurationError(
            f"{len(alike)} list sizes are too few to extrapolate from.",
            remedy="Measure four sizes or more within a factor of four.",
        )
    return alike


def _axis(list_sizes: Sequence[int], *, normalised: bool) -> Floats:
    """Return along what thresholds of list sizes lie on a line, `(k,)`."""
    sizes = np.array(list_sizes, np.float64)
    return np.asarray(1 / np.sqrt(sizes) if normalised else np.log(sizes))


def _demand_reach(list_size: int, longest: int) -> None:
    if list_size < 1:
        raise ConfigurationError(
            "A list has one subject at least.", remedy="Say how many people are on the list."
        )
    if list_size > FARTHEST * longest:
        raise ConfigurationError(
            f"A list of {list_size:,} is more than {FARTHEST} times longer than the longest that "
            f"could be measured, {longest:,}.",
            remedy=f"Bring {ceil(list_size / FARTHEST / MOST_LISTED):,} people or more, or make "
            "the list shorter.",
        )


def _demand_one_score(list_size: int, longest: int) -> None:
    if list_size >= SMALLEST_COHORT > longest:
        raise ConfigurationError(
            f"Lists of {SMALLEST_COHORT} and more are scored otherwise than the longest that could "
            f"be measured, {longest}.",
            remedy=f"Bring {ceil(4 * SMALLEST_COHORT / MOST_LISTED):,} people or more.",
        )


def _own_variance(measured: Measured, fpir: float) -> float:
    """Return the variance of the rate at a threshold that these people and lists decided."""
    clumped = fpir**2 * measured.clumping(fpir) * measured.list_size / max(measured.listed, 1)
    return _binomial(fpir, measured.tail.people) + clumped


def _binomial(fpir: float, people: int) -> float:
    # With an order statistic of n people the rate is Beta((n+1)p, (n+1)(1-p)).
    return fpir * (1 - fpir) / (people + 2)


def _spread(rates: Floats, variances: Floats) -> Floats:
    """Return the sum of a beta distribution's parameters with these means and variances."""
    spread = rates * (1 - rates) / np.maximum(variances, 1e-300) - 1
    return np.asarray(np.clip(spread, 1e-3, 1e9))


def _beta_interval(fpir: float, variance: float, level: float) -> tuple[float, float]:
    (spread,) = _spread(np.array([fpir]), np.array([variance]))
    rates = stats.beta(fpir * spread, (1 - fpir) * spread)
    return float(rates.ppf((1 - level) / 2)), float(rates.isf((1 - level) / 2))


def _upper(tail: Tail, share: float) -> float:
    """Return a threshold for a share that few people or nobody may have reached."""
    if share * tail.people >= ENOUGH or not tail.fit.usable:
        return tail.ordered(share)
    return max(tail.fitted(max(share, 1e-12)), tail.ordered(share))


def _slope(tail: Tail, fpir: float) -> float:
    """Return by how much the logarithm of the rate falls as the threshold rises by 1."""
    above, _ = tail.threshold(fpir / 2)
    below, _ = tail.threshold(min(2 * fpir, 0.5))
    return log(min(2 * fpir, 0.5) / (fpir / 2)) / max(above - below, 1e-9)


def _resamples(people: int) -> Floats:
    random = np.random.default_rng(0)
    return random.multinomial(people, np.full(people, 1 / people), _RESAMPLES).astype(np.float64)
