"""Curves: tables worked by hand, an independent implementation, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import det_curve, roc_curve

from overt.errors import ConfigurationError
from overt.evaluation.curves import (
    Curve,
    Folded,
    Scores,
    det,
    folded,
    rates_at,
    threshold_at,
    verification,
)
from overt.rates import Rate

INF = float("inf")

# Ten strangers' best scores; six mated searches, of which two had somebody else at rank 1.
STRANGERS = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0]
MATED = [0.95, 0.85, 0.75, 0.35, -INF, -INF]


def drawn(
    seed: int, mated: int, non_mated: int, *, decimals: int = 9
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw overlapping scores; few decimals make ties, within and across the two."""
    random = np.random.default_rng(seed)
    own, others = random.normal(0.6, 0.15, mated), random.normal(0.3, 0.15, non_mated)
    return np.round(own, decimals), np.round(others, decimals)


@pytest.mark.parametrize(
    ("threshold", "fpir", "fnir"),
    [
        (-1.0, 1.0, 2 / 6),  # what failed is not found at any threshold
        (0.0, 1.0, 2 / 6),
        (0.05, 0.9, 2 / 6),
        (0.35, 0.6, 2 / 6),  # a score that is the threshold reaches it
        (0.36, 0.6, 3 / 6),
        (0.75, 0.2, 3 / 6),
        (0.9, 0.1, 5 / 6),
        (0.91, 0.0, 5 / 6),
        (0.96, 0.0, 1.0),
    ],
)
def test_a_table_worked_by_hand(threshold: float, fpir: float, fnir: float) -> None:
    curve = det(MATED, STRANGERS)

    assert curve.at(threshold) == pytest.approx((fpir, fnir), abs=1e-12)
    tpir, false = rates_at(MATED, STRANGERS, threshold)
    assert (false.value, 1 - tpir.value) == pytest.approx((fpir, fnir), abs=1e-12)


@pytest.mark.parametrize(
    ("fpir", "tpir"),
    [(0, 1 / 6), (0.05, 1 / 6), (0.1, 2 / 6), (0.2, 3 / 6), (0.6, 4 / 6), (1, 4 / 6)],
)
def test_tpir_at_an_fpir(fpir: float, tpir: float) -> None:
    assert det(MATED, STRANGERS).tpir_at(fpir) == pytest.approx(tpir, abs=1e-12)


@pytest.mark.parametrize("decimals", [9, 2])
def test_rates_are_those_of_an_independent_implementation(decimals: int) -> None:
    own, others = drawn(0, 700, 1_100, decimals=decimals)
    truth = np.repeat([1, 0], [len(own), len(others)])
    scores = np.concatenate([own, others])

    curve = det(own, others)

    for theirs in _sklearn(truth, scores):
        for fpir, fnir, threshold in theirs:
            assert curve.at(threshold) == pytest.approx((fpir, fnir), abs=1e-9)
    assert len(curve.thresholds) == len(np.unique(scores)) + 1


def test_only_failures_leave_one_point_at_which_nobody_is_found() -> None:
    curve = det([-INF, -INF], [-INF])

    assert (curve.fpir.tolist(), curve.fnir.tolist()) == ([0.0], [1.0])
    assert threshold_at([-INF], 1) > -INF
    assert curve.tpir_at(1) == 0


def test_a_single_score_of_each_kind() -> None:
    curve = det([0.5], [0.5])

    assert curve.thresholds[0] == 0.5
    assert (curve.fpir.tolist(), curve.fnir.tolist()) == ([1, 0], [0, 1])


def test_single_precision_decides_as_it_is_told() -> None:
    """0.7 in single precision is less than 0.7, and does not reach it."""
    scores = np.array([0.7], np.float32)

    assert rates_at(scores, scores, 0.7)[0] == Rate(0, 1)
    assert rates_at(scores, scores, float(scores[0]))[0] == Rate(1, 1)


def test_an_empty_set_has_rates_but_no_curve() -> None:
    assert rates_at([], [0.1], 0.0) == (Rate(0, 0), Rate(1, 1))
    with pytest.raises(ConfigurationError, match="no mated searches"):
        det([], [0.1])
    with pytest.raises(ConfigurationError, match="no non-mated searches"):
        det([0.1], [])
    with pytest.raises(ConfigurationError, match="no non-mated searches"):
        threshold_at([], 0.1)


@pytest.mark.parametrize("broken", [float("nan"), INF])
def test_a_score_that_is_no_number_is_counted_and_refused(broken: float) -> None:
    with pytest.raises(ConfigurationError, match="1 of 2 scores of mated searches"):
        det([broken, 0.1], [0.2])


def test_scores_in_two_dimensions_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"shape \(2, 1\)"):
        rates_at([[0.1], [0.2]], [0.2], 0.1)


@pytest.mark.parametrize("threshold", [float("nan"), INF, -INF])
def test_what_is_no_threshold_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigurationError, match="no threshold"):
        rates_at([0.1], [0.2], threshold)


@pytest.mark.parametrize("fpir", [-0.1, 1.1, float("nan")])
def test_what_is_no_rate_is_refused(fpir: float) -> None:
    with pytest.raises(ConfigurationError, match="no rate"):
        threshold_at([0.1], fpir)


def typed(scores: ArrayLike, kind: type[np.floating]) -> Scores:
    told: Scores = np.asarray(scores, kind)
    return told


some_scores = st.lists(
    st.one_of(
        st.floats(-1, 1, width=32),
        st.sampled_from([-INF, 0.25, 0.5]),  # failures and ties
    ),
    min_size=1,
    max_size=30,
)
kinds = st.sampled_from([np.float32, np.float64])


@given(some_scores, some_scores, kinds)
def test_curves_are_monotone_and_say_what_counting_says(
    mated: list[float], non_mated: list[float], kind: type[np.floating]
) -> None:
    own, others = typed(mated, kind), typed(non_mated, kind)

    curve = det(own, others)

    assert np.all(np.diff(curve.thresholds) > 0)
    assert np.all(np.diff(curve.fpir) <= 0)
    assert np.all(np.diff(curve.fnir) >= 0)
    assert np.isfinite(curve.thresholds).all()
    assert (curve.fpir[-1], curve.fnir[-1]) == (0, 1)
    for threshold, fpir, fnir in zip(curve.thresholds, curve.fpir, curve.fnir, strict=True):
        tpir, false = rates_at(own, others, threshold)
        assert (false.value, 1 - tpir.value) == pytest.approx((fpir, fnir), abs=1e-12)


@given(some_scores, some_scores, kinds, st.floats(0, 1))
def test_a_threshold_keeps_its_promise_and_is_the_lowest_that_does(
    mated: list[float], non_mated: list[float], kind: type[np.floating], fpir: float
) -> None:
    own, others = typed(mated, kind), typed(non_mated, kind)
    threshold = threshold_at(others, fpir)

    tpir, false = rates_at(own, others, threshold)
    assert false.count <= fpir * len(others) + 1e-9
    if threshold > np.finfo(kind).min:
        lower = float(np.nextafter(kind(threshold), kind(-INF)))
        assert rates_at(own, others, lower)[1].count > fpir * len(others)
    assert det(own, others).tpir_at(fpir) == pytest.approx(tpir.value, abs=1e-12)


@given(some_scores, some_scores, st.integers(2, 12))
def test_a_thinned_curve_makes_no_point_up(
    mated: list[float], non_mated: list[float], points: int
) -> None:
    curve = det(mated, non_mated)
    thin = curve.thinned(points)

    assert 1 <= len(thin.thresholds) <= points
    assert _points(thin) <= _points(curve)
    assert thin.thresholds[-1] == curve.thresholds[-1]
    assert thin.at(thin.thresholds[0]) == curve.at(thin.thresholds[0])


def test_a_thinned_curve_stays_near() -> None:
    curve = det(*drawn(1, 5_000, 20_000))
    thin = curve.thinned(100)

    height = np.log10(2 * curve.non_mated)
    for left_out in range(0, len(curve.thresholds), 97):
        wide = np.abs(np.log10(thin.fpir + 1e-9) - np.log10(curve.fpir[left_out] + 1e-9))
        high = np.abs(thin.fnir - curve.fnir[left_out])
        assert np.min(np.maximum(wide / height, high)) <= 2 / 100


def test_rates_carry_their_own_names() -> None:
    curve = verification([0.9, 0.4], [0.5, 0.1, 0.2])

    assert curve.fmr.tolist() == curve.fpir.tolist()
    assert curve.fnmr.tolist() == curve.fnir.tolist()


@pytest.mark.parametrize(
    ("genuine", "impostor", "eer"),
    [
        ([0.9, 0.8, 0.7, 0.4], [0.6, 0.3, 0.2, 0.1], 1 / 4),  # the steps meet
        ([0.9, 0.8, 0.7], [0.3, 0.2, 0.1], 0.0),
        # At 0.5 FMR is 1/3 and FNMR 0; just above, 0 and 1/2. The first sums to less.
        ([0.5, 0.9], [0.5, 0.2, 0.1], 1 / 6),
        ([0.1, 0.2], [0.8, 0.9], 1.0),  # upside down
        ([-INF, -INF], [-INF, -INF], 1 / 2),  # nothing could be compared
    ],
)
def test_the_eer_by_hand(genuine: list[float], impostor: list[float], eer: float) -> None:
    assert verification(genuine, impostor).eer == pytest.approx(eer, abs=1e-12)


def test_the_eer_lies_between_an_independent_implementation_s_rates() -> None:
    own, others = drawn(2, 900, 1_300)
    truth = np.repeat([1, 0], [len(own), len(others)])

    fmr, tmr, _ = roc_curve(truth, np.concatenate([own, others]), drop_intermediate=False)

    crossing = int(np.argmax(fmr >= 1 - tmr))
    near = sorted([fmr[crossing], 1 - tmr[crossing], fmr[crossing - 1], 1 - tmr[crossing - 1]])
    assert near[0] <= verification(own, others).eer <= near[-1]


def test_the_best_threshold_by_hand() -> None:
    # At 0.7 one genuine comparison is lost, at 0.4 one impostor one is let in: the higher.
    curve = verification([0.9, 0.8, 0.7, 0.4], [0.6, 0.3, 0.2, 0.1])

    assert curve.best == (0.7, Rate(7, 8))


@given(some_scores, some_scores)
def test_no_other_threshold_is_better(genuine: list[float], impostor: list[float]) -> None:
    threshold, rate = verification(genuine, impostor).best

    def right(at: float) -> int:
        true, false = rates_at(genuine, impostor, at)
        return true.count + false.of - false.count

    assert right(threshold) == rate.count
    tried = [score for score in [*genuine, *impostor] if score > -INF]
    assert all(right(score) <= rate.count for score in [*tried, -2.0, 2.0])


def test_folds_worked_by_hand() -> None:
    scores = [0.9, 0.4, 0.6, 0.3, 0.8, 0.5]
    same = [True, False, True, False, True, False]
    folds = [1, 1, 2, 2, 3, 3]

    found = folded(scores, same, folds)

    # Others' best thresholds: 0.6 without fold 1 or 3; 0.8 without fold 2, which loses 0.6.
    assert found == Folded((0.6, 0.8, 0.6), (Rate(2, 2), Rate(1, 2), Rate(2, 2)))
    assert found.mean == pytest.approx(5 / 6)
    assert found.standard_error == pytest.approx((1 / 12) ** 0.5 / 3**0.5)


def test_a_threshold_is_not_chosen_on_the_fold_that_it_judges() -> None:
    """Labels drawn by lot cannot be guessed; the best threshold in hindsight seems to."""
    random = np.random.default_rng(4)
    scores, same = random.random(400), random.random(400) < 0.5

    found = folded(scores, same, np.arange(400) % 10)

    assert found.mean < verification(scores[same], scores[~same]).best[1].value


def test_one_fold_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="two or more"):
        folded([0.1, 0.2], [True, False], [1, 1])


def test_folds_without_one_kind_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no genuine comparisons"):
        folded([0.1, 0.2, 0.3], [True, False, True], [1, 2, 1])


def _points(curve: Curve) -> set[tuple[float, float, float]]:
    return set(
        zip(curve.thresholds.tolist(), curve.fpir.tolist(), curve.fnir.tolist(), strict=True)
    )


def _sklearn(
    truth: NDArray[np.int_], scores: NDArray[np.float64]
) -> list[list[tuple[float, float, float]]]:
    """Return scikit-learn's ROC and DET points as (FPIR, FNIR, threshold)."""
    fpr, tpr, at = roc_curve(truth, scores, drop_intermediate=False)
    fpr_det, fnr, at_det = det_curve(truth, scores)
    ours = [zip(fpr, 1 - tpr, at, strict=True), zip(fpr_det, fnr, at_det, strict=True)]
    return [[(x, y, t) for x, y, t in points if np.isfinite(t)] for points in ours]
