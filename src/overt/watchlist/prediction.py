"""How many false alerts a list, a threshold and a day's footfall are likely to bring.

A validation report of one's own, where there is one, and else the pack's manifest says at which
thresholds which share of unlisted people's searches reached anybody on a list of a given size;
the manifest for 3 %, 1 % and 0.3 %. Between those points the logarithm of the rate is taken as
linear in the threshold, and thresholds between list sizes are read in the logarithm of the size.
Where there is no measurement the prediction errs towards more alerts, and says so:

* above the highest threshold measured, the lowest rate measured stands, and nothing below it
  is promised; the interval's lower end is then 0;
* below the lowest threshold, the line through the two nearest points goes on, up to 1. Measured
  tails bend the other way, so this predicts too many;
* on a list longer than any measured, the interval's upper end grows with the list, as it can at
  most: cut the list into pieces of the measured size, and who reaches the threshold on the whole
  reaches it on one of the pieces, where normalisation takes less away. Raw scores grow so for
  the expectation as well; normalised ones did not grow at all from 50 to 2,400 subjects;
* on a list shorter than any measured by normalised scores, nothing is predicted: there the rate
  at one threshold rises as the list shrinks, and nobody knows how far.

A rate is of searches, and the expectation counts one search a face seen, in the sense of one
passage. A passage is searched several times, and an alert needs shots that agree; which of the
two weighs more depends on the street and has not been measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from overt.errors import ConfigurationError
from overt.matching.gallery import SMALLEST_COHORT
from overt.vision.manifest import FpirTarget, Thresholds

INTERVAL = 0.95
"""How often the number of false alerts lies in the interval, if the measured rate carries over.

Half of the error goes to the rate's limits and half to the day's chance, so that both hold at
once at least this often, whatever they have to do with each other (Bonferroni).
"""

FEWEST_SEARCHES = 334
"""The searches a pack is taken to rest on that does not say: fewer cannot show a rate of 0.3 %."""

RATES = {FpirTarget.PERCENT_3: 0.03, FpirTarget.PERCENT_1: 0.01, FpirTarget.PERCENT_0_3: 0.003}


@dataclass(frozen=True, slots=True)
class MeasuredPeople:
    """What thresholds were measured on: how many people, with how many usable photographs."""

    people: int
    photographs: int

    def searches(self, listed: int) -> int:
        """Return the searches by people off a list of `listed`, in one split; 1 at least.

        Ten splits of the same people are not ten samples, so only one is counted. That several
        photographs are of one person is in turn made good by there being ten.
        """
        return max(1, round(self.photographs * (1 - listed / self.people)))


MEASURED_PEOPLE = {"LFW, development half, ten splits, November 2026": MeasuredPeople(2_835, 4_770)}
"""The samples behind the shipped packs' thresholds, by the manifest's `measured_on`.

Counted are people with a photograph that enrolment takes. That makes 1,405 searches at 2,000
listed and 3,760 at 600, where `make bench` drew 1,420 and 3,760 on average.
"""


class MeasuredThreshold(Protocol):
    """A threshold for lists of one size at one FPIR, as a validation report holds it."""

    @property
    def list_size(self) -> int:
        """How many are listed."""

    @property
    def normalised(self) -> bool:
        """Whether it is on the normalised score."""

    @property
    def fpir(self) -> float:
        """The rate, above 0 and below 1."""

    @property
    def threshold(self) -> float:
        """The threshold."""

    @property
    def effective_people(self) -> int:
        """How many independent searches would leave the rate as uncertain as it is."""

    @property
    def method(self) -> str:
        """How it was found."""


@dataclass(frozen=True, slots=True)
class OwnMeasurement:
    """Thresholds that were measured for oneself, in a validation report's order or any other."""

    measured_on: str
    thresholds: Sequence[MeasuredThreshold]


_OUTSIDE = (
    "Threshold or list size lie outside what was measured; the prediction errs towards more alerts."
)
_ONE_SEARCH = (
    "Each face seen counts as one search; passages are searched several times, and an alert needs "
    "shots that agree."
)


@dataclass(frozen=True, slots=True)
class Prediction:
    """How many false alerts are to be expected, and what that rests on.

    `expected` is `fpir` times `expected_faces`. `low` and `high` are the `INTERVAL` limits of
    the number itself: the rate's own uncertainty, from `searches` searches by people off the
    list, and the chance of a day. `fpir_low` and `fpir_high` are the rate's alone.
    `extrapolated` says that threshold or list size lie outside what was measured.
    """

    expected: float
    low: int
    high: int
    fpir: float
    fpir_low: float
    fpir_high: float
    threshold: float
    subjects: int
    expected_faces: int
    searches: int
    measured_on: str
    extrapolated: bool

    @property
    def caveats(self) -> tuple[str, ...]:
        """What whoever signs has to know beside the figures, a sentence each."""
        always = (
            f"The rate was measured on {self.measured_on}, not with these cameras on this street.",
            _ONE_SEARCH,
            "The rate is an average: some groups of people are wrongly alerted far more often.",
        )
        if not self.extrapolated:
            return always
        return (_OUTSIDE, *always)


def predict_false_alerts(
    thresholds: Thresholds | OwnMeasurement | None,
    *,
    subjects: int,
    threshold: float,
    expected_faces: int,
) -> Prediction | None:
    """Return the prediction for a list of `subjects`, or None where nothing can be predicted.

    Nothing can be where nobody measured thresholds, or none for lists as short as this.

    Raises:
        ConfigurationError: `subjects` is under 1, or `expected_faces` under 0.
    """
    _demand_counts(subjects, expected_faces)
    rate = _rate(thresholds, subjects, threshold) if thresholds is not None else None
    if thresholds is None or rate is None:
        return None
    return Prediction(
        expected=rate.value * expected_faces,
        low=_count_limits(rate.low * expected_faces)[0],
        high=_count_limits(rate.high * expected_faces)[1],
        fpir=rate.value,
        fpir_low=rate.low,
        fpir_high=rate.high,
        threshold=threshold,
        subjects=subjects,
        expected_faces=expected_faces,
        searches=rate.searches,
        measured_on=thresholds.measured_on,
        extrapolated=rate.extrapolated,
    )


@dataclass(frozen=True, slots=True)
class _Rate:
    """A rate at one threshold and list size with its limits, each in [0, 1]; see `Prediction`."""

    value: float
    low: float
    high: float
    searches: int
    extrapolated: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    """What was measured for a list: rates, falling, and the thresholds that have them, `(k,)`.

    `searches` says on how many searches each rate rests, `(k,)`; `shortest` and `longest` are the
    list sizes that were measured.
    """

    rates: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    shortest: int
    longest: int
    searches: NDArray[np.int64]

    def searches_at(self, rate: float) -> int:
        """Return on how many searches a rate rests: those of the nearest one measured."""
        nearest = np.argmin(np.abs(np.log(self.rates) - np.log(max(rate, 1e-12))))
        return int(self.searches[nearest])


def _rate(thresholds: Thresholds | OwnMeasurement, subjects: int, threshold: float) -> _Rate | None:
    normalised = subjects >= SMALLEST_COHORT
    if isinstance(thresholds, OwnMeasurement):
        points = _own_points(thresholds, subjects, normalised=normalised)
    else:
        points = _published_points(thresholds, subjects, normalised=normalised)
    if points is None or (normalised and subjects < points.shortest):
        return None
    measured = _measured_rate(points, threshold)
    growth = max(1.0, subjects / points.longest)
    searches = points.searches_at(measured)
    low, high = rate_limits(measured, searches)
    above, below = threshold > points.thresholds[-1], threshold < points.thresholds[0]
    return _Rate(
        value=min(1.0, measured * (1.0 if normalised else growth)),
        low=0.0 if above else low,
        high=min(1.0, high * growth),
        searches=searches,
        extrapolated=bool(above or below or growth > 1),
    )


def _published_points(thresholds: Thresholds, subjects: int, *, normalised: bool) -> _Points:
    table = thresholds.table(normalised=normalised)
    longest = table.list_size[-1]
    return _Points(
        rates=np.array(list(RATES.values())),
        thresholds=np.array([table.at(target, subjects) for target in RATES]),
        shortest=table.list_size[0],
        longest=longest,
        searches=np.full(len(RATES), _searches(thresholds, min(subjects, longest))),
    )


def _own_points(own: OwnMeasurement, subjects: int, *, normalised: bool) -> _Points | None:
    """Return one's own points for a list size, or None where no rate has any.

    What was extrapolated by list size counts as measured: its error stands in the report, and
    the upper end of the interval here grows no less than it does.
    """
    alike = [each for each in own.thresholds if each.normalised is normalised]
    if not alike:
        return None
    sizes = sorted({each.list_size for each in alike})
    rates = sorted({each.fpir for each in alike}, reverse=True)
    measured = [each.list_size for each in alike if "extrapolated" not in each.method]
    return _Points(
        rates=np.array(rates),
        thresholds=np.array([_at_size(alike, rate, subjects) for rate in rates]),
        shortest=sizes[0],
        longest=max(measured, default=sizes[-1]),
        searches=np.array([_people_at_size(alike, rate, subjects) for rate in rates]),
    )


def _at_size(alike: Sequence[MeasuredThreshold], rate: float, subjects: int) -> float:
    rows = sorted((each.list_size, each.threshold) for each in alike if each.fpir == rate)
    sizes, thresholds = zip(*rows, strict=True)
    return float(np.interp(np.log(max(subjects, 1)), np.log(sizes), thresholds))


def rate_limits(rate: float, searches: int) -> tuple[float, float]:
    """Return Clopper and Pearson's exact limits of a rate seen in so many searches.

    Each lies at a quarter of the error that `INTERVAL` leaves. The count behind a mean over
    splits need not be whole; the beta distribution does not ask it to be.
    """
    tail = (1 - INTERVAL) / 4
    count = rate * searches
    low = stats.beta.ppf(tail, count, searches - count + 1) if count > 0 else 0.0
    high = stats.beta.isf(tail, count + 1, searches - count) if count < searches else 1.0
    return float(low), float(high)


def _count_limits(mean: float) -> tuple[int, int]:
    """Return between which counts a Poisson variable of this mean lies."""
    tail = (1 - INTERVAL) / 4
    return int(stats.poisson.ppf(tail, mean)), int(stats.poisson.isf(tail, mean))


def _people_at_size(alike: Sequence[MeasuredThreshold], rate: float, subjects: int) -> int:
    """Return the fewer of the people behind the list sizes around this one."""
    rows = sorted((each.list_size, each.effective_people) for each in alike if each.fpir == rate)
    below = [people for size, people in rows if size <= subjects][-1:]
    above = [people for size, people in rows if size >= subjects][:1]
    return min(below + above)


def _measured_rate(measured: _Points, threshold: float) -> float:
    """Return the rate at a threshold, through the points for this list size."""
    points, logs = measured.thresholds, np.log(measured.rates)
    # Where a table has one threshold for two rates, the higher rate is the careful one.
    rising = np.concatenate([[True], points[1:] > np.maximum.accumulate(points)[:-1]])
    points, logs = points[rising], logs[rising]
    if threshold >= points[0] or len(points) == 1:
        return float(np.exp(np.interp(threshold, points, logs)))
    slope = (logs[1] - logs[0]) / (points[1] - points[0])
    return float(np.exp(min(0.0, logs[0] + slope * (threshold - points[0]))))


def _searches(thresholds: Thresholds, listed: int) -> int:
    people = MEASURED_PEOPLE.get(thresholds.measured_on)
    return people.searches(listed) if people else FEWEST_SEARCHES


def _demand_counts(subjects: int, expected_faces: int) -> None:
    if subjects < 1 or expected_faces < 0:
        raise ConfigurationError(
            "False alerts can be predicted for at least one listed person and no fewer than 0 "
            "faces.",
            remedy="Give the number of people on the list, and how many faces you expect to see.",
        )
