"""Where a series changes its level: optimal segmentation by least squares, with a penalty a break.

The cheapest division of the series into stretches is found exactly, in O(n²): B. Jackson et al.,
An algorithm for optimal partitioning of data on an interval, IEEE Signal Processing Letters 12
(2005). No day is given to it; it finds breaks wherever they are, and none in noise.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

SHORTEST = 8
"""The fewest values that make a level."""

_PENALTY = 5.0
"""What a break must explain, in units of `ln(n)` noise variances.

BIC asks for 2 of a break (its place and its level); serial correlation, which sites that are
visited again bring, makes BIC find too many, so that more is asked.
"""

_NORMAL = 1.4826  # a normal distribution's standard deviation, in median absolute deviations


@dataclass(frozen=True, slots=True)
class Level:
    """A stretch of a series from value `start` up to and without `end`, about `mean`.

    `low` and `high` are the mean's 95 % interval.
    """

    start: int
    end: int
    mean: float
    low: float
    high: float


def levels(series: NDArray[np.float64]) -> tuple[Level, ...]:
    """Divide a series of shape (n,) into levels, in order; one where nothing changes."""
    starts = [0, *_breaks(series)]
    ends = [*starts[1:], len(series)]
    return tuple(_level(series, *each) for each in zip(starts, ends, strict=True) if each[1])


def noise(series: NDArray[np.float64]) -> float:
    """Return the standard deviation about the level, robustly, from each step to the next.

    A break is one step among many, so that it does not count for noise.
    """
    steps = np.diff(series)
    return float(_NORMAL * np.median(np.abs(steps - np.median(steps))) / sqrt(2))


def _breaks(series: NDArray[np.float64]) -> list[int]:
    n = len(series)
    if n < 2 * SHORTEST:
        return []
    penalty = _PENALTY * log(n) * max(noise(series) ** 2, 1e-12)
    centred = series - series.mean()
    sums = np.concatenate([[0.0], np.cumsum(centred)])
    squares = np.concatenate([[0.0], np.cumsum(centred**2)])
    cheapest = np.full(n + 1, np.inf)
    cheapest[0] = -penalty
    began = [0] * (n + 1)
    for end in range(SHORTEST, n + 1):
        start = np.arange(end - SHORTEST + 1)
        about_mean = squares[end] - squares[start] - (sums[end] - sums[start]) ** 2 / (end - start)
        cost = cheapest[start] + about_mean + penalty
        began[end] = int(np.argmin(cost))
        cheapest[end] = cost[began[end]]
    found = []
    at = began[n]
    while at:
        found.append(at)
        at = began[at]
    return found[::-1]


def _level(series: NDArray[np.float64], start: int, end: int) -> Level:
    values = series[start:end]
    mean = float(values.mean())
    if len(values) < 2:
        return Level(start, end, mean, mean, mean)
    error = float(values.std(ddof=1)) / sqrt(len(values))
    margin = float(student.ppf(0.975, len(values) - 1)) * error
    return Level(start, end, mean, mean - margin, mean + margin)
