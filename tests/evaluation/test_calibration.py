"""Thresholds from policy: their promise, their intervals, and what the data cannot show."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from overt.errors import ConfigurationError
from overt.evaluation.calibration import (
    FARTHEST,
    Method,
    calibrate,
    demand_people,
    extrapolate,
    findings,
)
from overt.evaluation.measured_lists import MOST_LISTED, Measured, measure
from overt.evaluation.tails import ENOUGH, Tail
from overt.evaluation.variants import RAW
from overt.values import Templates

SCORES = st.lists(
    st.tuples(st.integers(0, 30), st.floats(-1, 1, width=32)), min_size=1, max_size=120
)


@dataclass(frozen=True)
class Drawn:
    """Templates of people who do not exist."""

    templates: Templates
    subject_ids: tuple[str, ...]


def drawn(people: int, seed: int = 0, dimension: int = 24) -> Drawn:
    random = np.random.default_rng(seed)
    photographs = np.minimum(random.geometric(0.6, people), 8)
    whose = np.repeat(np.arange(people), photographs)
    centres = random.standard_normal((people, dimension)) + 0.5
    templates = centres[whose] + 0.6 * random.standard_normal((len(whose), dimension))
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    return Drawn(templates.astype(np.float32), tuple(map(str, whose)))


def once_each(scores: np.ndarray) -> Tail:
    return Tail(scores, np.arange(len(scores)))


def measured(scores: np.ndarray, list_size: int = 100, *, normalised: bool = True) -> Measured:
    """Return searches by independent people, on lists whose false positives share nobody."""
    return Measured(list_size, normalised, 10, 1_000, (), once_each(scores))


# The promise of a threshold.


@given(SCORES, st.floats(0.001, 0.6))
def test_somebody_new_reaches_a_threshold_as_rarely_as_was_asked_for(
    searches: list[tuple[int, float]], fpir: float
) -> None:
    """R-24: whoever is new counts as one more who reached it, so the promise errs to their side."""
    people, scores = zip(*searches, strict=True)
    tail = Tail(np.array(scores, np.float32), np.array(people))
    threshold = tail.ordered(fpir)
    reached = tail.share(threshold) * tail.people

    if fpir * (tail.people + 1) >= 1:
        assert reached + 1 <= fpir * (tail.people + 1) + 1e-6
    else:  # nothing can be promised, and nobody reaches it
        assert reached == 0
    lower = [score for score in map(np.float32, scores) if score < threshold]
    if lower and fpir * (tail.people + 1) >= 1:  # and it is the lowest that keeps the promise
        assert tail.share(float(max(lower))) * tail.people + 1 > fpir * (tail.people + 1)


def test_the_promise_holds_over_many_samples() -> None:
    """Not a stranger more than was asked for, on average over calibrations."""
    random = np.random.default_rng(1)
    rates = [
        stats.norm.sf(once_each(random.standard_normal(199)).ordered(0.05)) for _ in range(400)
    ]

    assert np.mean(rates) == pytest.approx(0.05, abs=0.003)  # (10 / 200; its error is 0.0008)


def test_a_person_counts_once_however_many_photographs_there_are() -> None:
    scores = np.concatenate([np.linspace(0, 1, 100), np.full(500, 2.0)])
    people = np.concatenate([np.arange(100), np.full(500, 100)])
    tail = Tail(scores, people)

    assert tail.people == 101
    assert tail.share(1.5) == pytest.approx(1 / 101)
    assert tail.ordered(0.05) < 1


def test_equal_scores_are_shut_out_together() -> None:
    tail = once_each(np.array([0.5] * 10 + [0.1] * 90, np.float32))

    assert tail.ordered(0.05) > 0.5
    assert tail.share(tail.ordered(0.05)) == 0
    assert tail.ordered(0.15) == np.nextafter(np.float32(0.1), np.float32(1))


# Fitted tails.


def test_a_fitted_tail_finds_the_threshold_of_a_known_distribution() -> None:
    """Scores whose tail is a generalised Pareto's, against its own quantile."""
    scores = stats.genpareto.ppf((np.arange(3_000) + 0.5) / 3_000, -0.2, scale=0.1)
    tail = once_each(scores)

    threshold, fitted = tail.threshold(0.002)

    assert fitted
    assert tail.fit.shape == pytest.approx(-0.2, abs=0.03)
    assert threshold == pytest.approx(stats.genpareto.isf(0.002, -0.2, scale=0.1), abs=0.003)


def test_a_tail_that_does_not_fit_is_not_used() -> None:
    """Two heaps of scores are no tail; order statistics need no shape."""
    random = np.random.default_rng(2)
    heaps = np.concatenate([random.normal(0, 0.01, 960), random.normal(5, 0.01, 40)])
    tail = once_each(heaps)

    assert not tail.fit.usable
    assert tail.threshold(0.005) == (tail.ordered(0.005), False)


def test_how_a_threshold_was_found_is_said() -> None:
    scores = measured(np.random.default_rng(3).standard_normal(1_500))

    assert calibrate(scores, ENOUGH / 1_500).method is Method.ORDERED
    few = calibrate(scores, 4 / 1_500)
    assert few.method is Method.FITTED
    assert few.low <= few.threshold <= few.high


# Intervals.


def test_the_rate_of_an_order_statistic_is_known_exactly() -> None:
    """With independent people the true rate is Beta(k + 1, n - k): David and Nagaraja (2003)."""
    found = calibrate(measured(np.random.default_rng(4).standard_normal(999)), 0.02)

    exact = stats.beta(20, 980)
    assert found.rate_interval() == pytest.approx((exact.ppf(0.025), exact.ppf(0.975)), rel=1e-6)
    counts = stats.betabinom(500, 20, 980)
    assert found.achieved(500) == pytest.approx((counts.ppf(0.025) / 500, counts.ppf(0.975) / 500))


def test_held_back_people_fall_into_the_interval() -> None:
    random = np.random.default_rng(5)
    inside = 0
    for _ in range(200):
        found = calibrate(measured(random.standard_normal(600)), 0.03)
        low, high = found.achieved(400)
        achieved = float(np.mean(random.standard_normal(400) >= found.threshold))
        inside += low - 1e-9 <= achieved <= high + 1e-9

    assert inside >= 182  # 95 % of 200, less three standard deviations


def test_lists_that_differ_widen_every_interval() -> None:
    scores = np.random.default_rng(6).standard_normal(1_000)
    plain = calibrate(measured(scores), 0.02)
    clumped = calibrate(Measured(100, True, 10, 1_000, ((0.1, 0.2),), once_each(scores)), 0.02)

    assert clumped.threshold == plain.threshold
    assert clumped.achieved(400)[1] > plain.achieved(400)[1]
    assert clumped.high > plain.high
    assert clumped.effective_people < plain.effective_people
    assert plain.effective_people == pytest.approx(1_001)


# What the data cannot show.


@given(st.integers(1, 5_000), st.floats(0.0005, 0.5))
def test_a_rate_that_so_few_people_cannot_show_is_refused(people: int, fpir: float) -> None:
    """R-24: the rule of three, and how many people more are needed."""
    if people * fpir >= 3:
        demand_people(fpir, people)
        return
    if people * fpir > 2.999:
        return
    with pytest.raises(ConfigurationError, match="cannot show") as caught:
        demand_people(fpir, people)
    more = int(caught.value.remedy.split()[1].replace(",", ""))
    demand_people(fpir, people + more)
    with pytest.raises(ConfigurationError):
        demand_people(fpir, people + more - 1)


@pytest.mark.parametrize("fpir", [0.0, -0.1, 1.0, 30.0])
def test_what_is_no_rate_is_refused(fpir: float) -> None:
    with pytest.raises(ConfigurationError, match="cannot be calibrated"):
        demand_people(fpir, 10_000)


def test_a_list_that_takes_nearly_everybody_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be drawn from 40 people"):
        measure(drawn(40), 39)


# The searches.


def test_everybody_is_searched_and_nobody_against_themselves() -> None:
    people = drawn(90)
    found = measure(people, int(MOST_LISTED * 90))

    assert found.tail.people == 90
    assert found.listed == 90
    assert found.normalised
    assert not measure(people, 49).normalised
    assert not measure(people, 60, RAW).normalised
    assert all(0 <= share <= 1 for _, share in found.shared)


def test_a_reference_that_resembles_many_makes_lists_differ() -> None:
    """False positives that name one subject are no independent witnesses of a rate."""
    people = drawn(200)
    hub = np.flatnonzero(np.array(people.subject_ids) == "7")
    templates = people.templates.copy()
    templates[hub] = templates.mean(axis=0) / np.linalg.norm(templates.mean(axis=0))
    plain, hubby = (
        measure(each, 40, RAW) for each in (people, Drawn(templates, people.subject_ids))
    )

    assert hubby.clumping(0.03) > plain.clumping(0.03)
    assert plain.clumping(0.03) >= plain.clumping(0.1)


# Longer lists.


def line(intercept: float, slope: float, *, normalised: bool) -> list[Measured]:
    """Return sizes whose thresholds lie on a line of the kind that is expected of them."""
    spread = np.random.default_rng(7).standard_normal(2_000) * 0.01
    sizes = (150, 210, 300, 420, 600)
    at = [1 / np.sqrt(size) if normalised else np.log(size) for size in sizes]
    return [
        measured(spread + intercept + slope * x, size, normalised=normalised)
        for size, x in zip(sizes, at, strict=True)
    ]


@pytest.mark.parametrize(("normalised", "at"), [(True, 1 / np.sqrt(2_400)), (False, np.log(2_400))])
def test_a_line_goes_on(*, normalised: bool, at: float) -> None:
    slope = 0.2 if normalised else 0.01
    sizes = line(0.5, slope, normalised=normalised)
    own = sizes[-1].tail.threshold(0.02)[0] - slope * (
        1 / np.sqrt(600) if normalised else np.log(600)
    )

    found = extrapolate(sizes, 0.02, 2_400)

    assert found.method is Method.EXTRAPOLATED
    assert found.threshold == pytest.approx(own + slope * at, abs=1e-6)
    assert found.low < found.threshold < found.high
    assert found.floor == found.high


def test_the_farther_the_less_is_known() -> None:
    sizes = line(0.5, 0.01, normalised=False)
    sizes[2] = measured(np.random.default_rng(8).standard_normal(2_000) * 0.01 + 0.56, 300)
    sizes = [replace(each, normalised=False) for each in sizes]
    near, far = (extrapolate(sizes, 0.02, size) for size in (900, 6_000))

    assert far.high - far.low > near.high - near.low
    assert far.achieved(500)[1] > near.achieved(500)[1]


def test_too_far_is_refused() -> None:
    sizes = line(0.5, 0.01, normalised=False)

    with pytest.raises(ConfigurationError, match=f"more than {FARTHEST} times longer"):
        extrapolate(sizes, 0.02, 6_001)
    with pytest.raises(ConfigurationError, match="too few to extrapolate"):
        extrapolate(sizes[-2:], 0.02, 700)


def test_findings_cover_shorter_lists_and_other_rates() -> None:
    found = findings(drawn(130), 200, 0.05)

    assert found.asked.method is Method.EXTRAPOLATED
    assert (found.asked.list_size, found.asked.fpir, found.people) == (200, 0.05, 130)
    assert {each.list_size for each in found.table} == {1, 10, 30, 49, 50, 100, 200}
    assert {each.fpir for each in found.table} == {0.1, 0.05, 0.03}
    assert all(each.normalised == (each.list_size >= 50) for each in found.table)
    with pytest.raises(ConfigurationError, match="cannot show"):
        findings(drawn(130), 20, 0.001)
    with pytest.raises(ConfigurationError, match="scored otherwise"):
        findings(drawn(40), 60, 0.1)
