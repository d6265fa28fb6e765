"""Predicted false alerts: against numbers worked by hand, and never fewer for a worse case."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from overt.errors import ConfigurationError
from overt.matching.gallery import SMALLEST_COHORT
from overt.vision.manifest import FpirTarget, Thresholds, ThresholdTable, shipped_manifests
from overt.watchlist.prediction import (
    FEWEST_SEARCHES,
    INTERVAL,
    MEASURED_PEOPLE,
    Prediction,
    predict_false_alerts,
    rate_limits,
)

STANDARD = shipped_manifests()["standard"].thresholds
ELSEWHERE = Thresholds(
    measured_on="a street of one's own",
    raw=ThresholdTable(
        list_size=(1, 30),
        fpir_3_percent=(0.90, 0.92),
        fpir_1_percent=(0.91, 0.93),
        fpir_0_3_percent=(0.92, 0.94),
    ),
    normalised=ThresholdTable(
        list_size=(100, 1_000),
        fpir_3_percent=(0.03, 0.02),
        fpir_1_percent=(0.04, 0.03),
        fpir_0_3_percent=(0.05, 0.04),
    ),
)

RAW = st.integers(1, SMALLEST_COHORT - 1)
LISTS = st.integers(1, 200_000)
THRESHOLDS = st.floats(-1, 1)
FACES = st.integers(0, 1_000_000)


def predicted(subjects: int, threshold: float, faces: int) -> Prediction:
    found = predict_false_alerts(
        STANDARD, subjects=subjects, threshold=threshold, expected_faces=faces
    )
    assert found is not None
    return found


def binomial(searches: int, rate: float, seen: int) -> float:
    return math.comb(searches, seen) * rate**seen * (1 - rate) ** (searches - seen)


def poisson_up_to(count: int, mean: float) -> float:
    return sum(math.exp(-mean) * mean**seen / math.factorial(seen) for seen in range(count + 1))


def test_at_a_published_threshold_the_published_rate_is_expected() -> None:
    """R-20: the false alerts to be expected stand beside the list before it is authorised."""
    found = predicted(2_000, 0.0243, 8_726)

    assert found.fpir == pytest.approx(0.01)
    assert found.expected == pytest.approx(87.26)
    assert 1_350 < found.searches < 1_450
    assert (found.fpir_low, found.fpir_high) == pytest.approx((0.0050, 0.0178), abs=5e-5)
    assert (found.low, found.high) == (30, 184)  # as the page on predictions has it
    assert not found.extrapolated


def test_the_rate_is_read_through_the_logarithm() -> None:
    between = (0.0243 + 0.0311) / 2

    assert predicted(2_000, between, 1_000).fpir == pytest.approx(math.sqrt(0.01 * 0.003))


def test_thresholds_between_list_sizes_are_the_manifests_own() -> None:
    assert STANDARD is not None
    threshold = STANDARD.normalised.at(FpirTarget.PERCENT_1, 1_400)

    assert predicted(1_400, threshold, 1_000).fpir == pytest.approx(0.01)


def test_the_interval_holds_the_rates_limits_and_the_days_chance() -> None:
    """Each of the four tails is 1.25 %, summed here from the distributions' definitions."""
    low, high = rate_limits(10 / 334, 334)

    assert 1 - sum(binomial(334, low, seen) for seen in range(10)) == pytest.approx(0.0125)
    assert sum(binomial(334, high, seen) for seen in range(11)) == pytest.approx(0.0125)

    found = predict_false_alerts(ELSEWHERE, subjects=100, threshold=0.03, expected_faces=500)
    assert found is not None
    few, many = 500 * found.fpir_low, 500 * found.fpir_high
    assert poisson_up_to(found.low - 1, few) < 0.0125 <= poisson_up_to(found.low, few)
    assert poisson_up_to(found.high - 1, many) < 0.9875 <= poisson_up_to(found.high, many)


@pytest.mark.parametrize(
    ("rate", "searches", "low", "high"),
    [
        (0.0, 300, 0.0, 1 - 0.0125 ** (1 / 300)),  # the closed forms of the two ends
        (1.0, 300, 0.0125 ** (1 / 300), 1.0),
    ],
)
def test_the_rates_limits_are_exact(rate: float, searches: int, low: float, high: float) -> None:
    assert rate_limits(rate, searches) == pytest.approx((low, high), abs=1e-9)


def test_above_the_highest_threshold_the_lowest_rate_stands_and_none_is_promised() -> None:
    found = predicted(2_000, 0.5, 10_000)

    assert found.expected == pytest.approx(30)
    assert found.low == 0
    assert found.extrapolated


def test_below_the_lowest_threshold_the_line_goes_on_until_everybody_alerts() -> None:
    step = 0.0243 - 0.0197

    assert predicted(2_000, 0.0197 - step, 100).fpir == pytest.approx(0.09)
    assert predicted(2_000, -1.0, 100).expected == 100
    assert predicted(2_000, 0.0197 - step, 100).extrapolated


def test_a_longer_list_than_any_measured_widens_the_interval_as_it_grows() -> None:
    measured, longer = predicted(2_400, 0.0236, 10_000), predicted(24_000, 0.0236, 10_000)

    assert longer.expected == measured.expected
    assert longer.fpir_high == pytest.approx(10 * measured.fpir_high)
    assert longer.high > measured.high
    assert longer.extrapolated
    assert not measured.extrapolated


def test_raw_scores_grow_with_the_list_in_the_expectation_too() -> None:
    assert predicted(45, 0.936, 1_000).expected == pytest.approx(15)


def test_what_no_pack_measured_is_not_predicted() -> None:
    assert predict_false_alerts(None, subjects=9, threshold=0.1, expected_faces=9) is None
    assert predict_false_alerts(ELSEWHERE, subjects=60, threshold=0.04, expected_faces=9) is None


def test_a_pack_that_does_not_say_how_much_it_measured_is_taken_to_have_measured_little() -> None:
    found = predict_false_alerts(ELSEWHERE, subjects=100, threshold=0.04, expected_faces=1_000)

    assert found is not None
    assert found.searches == FEWEST_SEARCHES
    assert found.high > 3 * found.expected


def test_the_shipped_packs_say_how_much_they_measured() -> None:
    for manifest in shipped_manifests().values():
        if manifest.thresholds is not None:
            assert manifest.thresholds.measured_on in MEASURED_PEOPLE


def test_thresholds_that_do_not_rise_are_read_with_care() -> None:
    flat = ELSEWHERE.normalised.model_copy(update={"fpir_1_percent": (0.03, 0.02)})
    table = ELSEWHERE.model_copy(update={"normalised": flat})

    found = predict_false_alerts(table, subjects=100, threshold=0.03, expected_faces=100)

    assert found is not None
    assert found.fpir == pytest.approx(0.03)


@pytest.mark.parametrize(("subjects", "faces"), [(0, 1), (1, -1)])
def test_counts_that_cannot_be_are_refused(subjects: int, faces: int) -> None:
    with pytest.raises(ConfigurationError, match="predicted"):
        predict_false_alerts(STANDARD, subjects=subjects, threshold=0.1, expected_faces=faces)


def test_the_caveats_say_what_was_measured_and_whether_it_reaches_so_far() -> None:
    assert "LFW" in predicted(100, 0.05, 10).caveats[0]
    assert "outside what was measured" in predicted(100, 0.9, 10).caveats[0]


@given(LISTS, THRESHOLDS, FACES)
def test_the_expectation_lies_in_its_interval(subjects: int, threshold: float, faces: int) -> None:
    found = predicted(subjects, threshold, faces)

    assert 0 <= found.low <= found.expected <= max(found.high, faces)
    assert found.fpir_low <= found.fpir <= found.fpir_high <= 1
    assert 0 < INTERVAL < 1


@given(LISTS, THRESHOLDS, FACES, FACES)
def test_more_faces_never_bring_fewer(
    subjects: int, threshold: float, faces: int, more: int
) -> None:
    fewer, greater = (predicted(subjects, threshold, n) for n in (faces, faces + more))

    assert fewer.expected <= greater.expected
    assert fewer.low <= greater.low
    assert fewer.high <= greater.high


@given(LISTS, THRESHOLDS, THRESHOLDS, FACES)
def test_a_higher_threshold_never_brings_more(
    subjects: int, one: float, other: float, faces: int
) -> None:
    lower, higher = (predicted(subjects, t, faces) for t in sorted((one, other)))

    assert lower.expected >= higher.expected - 1e-9
    assert lower.high >= higher.high


@given(RAW, RAW, THRESHOLDS, FACES)
def test_a_longer_list_at_one_raw_threshold_never_brings_fewer(
    one: int, other: int, threshold: float, faces: int
) -> None:
    shorter, longer = (predicted(n, threshold, faces) for n in sorted((one, other)))

    assert shorter.expected <= longer.expected + 1e-6


@given(st.integers(2_400, 200_000), st.integers(2_400, 200_000), THRESHOLDS, FACES)
def test_a_list_beyond_the_measured_never_brings_fewer(
    one: int, other: int, threshold: float, faces: int
) -> None:
    shorter, longer = (predicted(n, threshold, faces) for n in sorted((one, other)))

    assert shorter.expected <= longer.expected + 1e-6
    assert shorter.high <= longer.high


@given(
    st.integers(SMALLEST_COHORT, 2_400), st.integers(SMALLEST_COHORT, 2_400), st.floats(0.03, 0.07)
)
def test_within_the_measured_a_longer_list_lowers_normalised_scores(
    one: int, other: int, threshold: float
) -> None:
    """The pack's own table says so: the same normalised threshold is a stricter one there."""
    assume(one != other)
    shorter, longer = (predicted(n, threshold, 1_000) for n in sorted((one, other)))

    assert shorter.fpir >= longer.fpir - 1e-9
