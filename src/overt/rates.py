"""Rates as they are told: how many of how many, with the interval that so few allow."""

from dataclasses import dataclass
from math import nan, sqrt
from statistics import NormalDist

LEVEL = 0.95
"""The level of every interval that Overt shows, unless it says another one."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `of`; both whole numbers with `0 <= count <= of`.

    Raises:
        ValueError: they are not.
    """

    count: int
    of: int

    def __post_init__(self) -> None:
        """Refuse what is no rate."""
        if not 0 <= self.count <= self.of:
            raise ValueError(f"{self.count} of {self.of} is no rate")

    @property
    def value(self) -> float:
        """The rate itself, in [0, 1]; not a number where nothing was counted."""
        return self.count / self.of if self.of else nan

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return Wilson's score interval, `(low, high)` in [0, 1]; all of it where `of` is 0.

        E. B. Wilson, Probable inference, the law of succession, and statistical inference,
        J. Am. Stat. Assoc. 22 (1927); without continuity correction.
        """
        if not self.of:
            return 0.0, 1.0
        z = NormalDist().inv_cdf((1 + level) / 2)
        share, n = self.count / self.of, self.of
        middle = share + z * z / (2 * n)
        width = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        whole = 1 + z * z / n
        low = (middle - width) / whole if self.count else 0.0
        high = (middle + width) / whole if self.count < self.of else 1.0
        return max(0.0, low), min(1.0, high)
