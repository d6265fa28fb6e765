"""Rates of people who were searched for several times each: what they are worth, and intervals.

* Outcomes of one person hang together. The size of a sample is therefore divided by its design
  effect, the variance that it has over the variance that as many people would have: J. N. K.
  Rao and A. J. Scott, A simple method for the analysis of clustered binary data, Biometrics 48
  (1992).
* Ratios have the score interval, which exists where one of the rates is 0: P. A. R. Koopman,
  Confidence intervals for the ratio of two binomial proportions, Biometrics 40 (1984).
"""

from dataclasses import dataclass
from math import exp, inf, nan, sqrt
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from overt.rates import LEVEL

Outcomes: TypeAlias = NDArray[np.bool_]
"""Which of some searches went a certain way, `(n,)`."""

_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
_FAR = 40.0  # no ratio of rates that anybody could measure has a larger logarithm


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as large a rate is as another, with its interval.

    `value` is infinite where only the other is 0, and not a number where both are; `high` is
    infinite where the other is 0.
    """

    value: float
    low: float
    high: float


def effective_size(outcomes: Outcomes, subjects: NDArray[np.generic]) -> float:
    """Return how many searches of different people these outcomes, `(n,)`, are worth.

    `subjects`, `(n,)`, says whose each is. It is never more than n. Where all went the same
    way, nothing tells how people differ, and it is the number of people.
    """
    _, row = np.unique(subjects, return_inverse=True)
    of, came = np.bincount(row), np.bincount(row, outcomes)
    n, people, share = len(outcomes), len(of), float(came.sum()) / max(len(outcomes), 1)
    if people == n or share in {0.0, 1.0}:
        return float(people)
    if people == 1:
        return 1.0
    between = float(np.square(came - of * share).sum()) / n**2 * people / (people - 1)
    return min(float(n), share * (1 - share) / between) if between else float(n)


def wilson(share: float, of: float) -> tuple[float, float]:
    """Return Wilson's 95 % interval as `overt.rates` has it, of any size, whole or not."""
    middle = share + _Z**2 / (2 * of)
    width = _Z * sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2))
    low, high = ((middle + side) / (1 + _Z**2 / of) for side in (-width, width))
    return (low if share > 0 else 0.0), (high if share < 1 else 1.0)


def ratio_of(rate: tuple[float, float], to: tuple[float, float], level: float = LEVEL) -> Ratio:
    """Return the ratio of two rates, each a share and the sample's size, with its interval.

    The limits are the ratios that Koopman's score test just does not reject.
    """
    (p, n), (q, m) = rate, to
    z = NormalDist().inv_cdf((1 + level) / 2)

    def score(ratio: float) -> float:
        """Return how many standard errors the rates are from having this ratio."""
        b = n * ratio + p * n + m + q * m * ratio
        root = sqrt(max(b * b - 4 * (n + m) * ratio * (p * n + q * m), 0.0))
        other = 2 * (p * n + q * m) / (b + root)  # the second rate, given the ratio
        one = min(ratio * other, 1.0)
        variance = one * (1 - one) / n + ratio**2 * other * max(1 - other, 0.0) / m
        return (p - ratio * q) / sqrt(variance) if variance > 0 else 0.0

    def limit(at: float) -> float:
        return exp(brentq(lambda log: score(exp(log)) - at, -_FAR, _FAR))

    value = p / q if q else (inf if p else nan)
    return Ratio(value, limit(z) if p else 0.0, limit(-z) if q else inf)
