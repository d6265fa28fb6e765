"""Bootstrap over subjects: coverage by simulation, an independent implementation, and seeds."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import bootstrap

from overt.errors import ConfigurationError
from overt.evaluation.bootstrap import Band, band, interval, resamples
from overt.evaluation.curves import Scores, det
from overt.rates import Rate

INF = float("inf")

Searches: TypeAlias = tuple[
    NDArray[np.float64], NDArray[np.int_], NDArray[np.float64], NDArray[np.int_]
]


def searches(seed: int, *, subjects: int = 150, photographs: int = 3) -> Searches:
    """Draw listed people and strangers, each with photographs that are more or less alike."""
    random = np.random.default_rng(seed)

    def scores(mean: float) -> NDArray[np.float64]:
        people = random.normal(mean, 0.15, subjects).repeat(photographs)
        return people + random.normal(0, 0.1, subjects * photographs)

    whose = np.arange(subjects).repeat(photographs)
    return scores(0.6), whose, scores(0.3), whose + subjects


def mean(mated: Scores, non_mated: Scores) -> float:
    return float(np.mean(mated))


def test_the_truth_is_covered_as_often_as_is_said() -> None:
    """Drawing photographs instead would say too much: they are not as many people."""
    fpirs = (0.1, 0.03)
    everybody = det(*searches(0, subjects=100_000)[::2])
    truth = np.array([everybody.tpir_at(fpir) for fpir in fpirs])
    by_subject = by_photograph = np.zeros(2)

    for seed in range(1, 121):
        own, own_subject, others, other_subject = searches(seed)
        drawn = band(own, own_subject, others, other_subject, fpirs, draws=150)
        by_subject = by_subject + _covered(drawn, truth)
        single = np.arange(len(own))
        drawn = band(own, single, others, single + len(own), fpirs, draws=150)
        by_photograph = by_photograph + _covered(drawn, truth)

    # 0.95, give or take three times what 120 trials waver by (0.06).
    assert np.all(np.abs(by_subject / 120 - 0.95) < 0.06)
    assert np.all(by_photograph < by_subject)


def test_where_nothing_hangs_together_it_is_the_usual_bootstrap() -> None:
    own, _, others, _ = searches(3, subjects=400, photographs=1)
    expected = bootstrap((own,), np.mean, n_resamples=4_000, method="percentile", rng=0)

    single = np.arange(400)
    low, high = interval(mean, own, single, others, single + 400, draws=4_000)

    width = expected.confidence_interval.high - expected.confidence_interval.low
    assert low == pytest.approx(expected.confidence_interval.low, abs=width / 20)
    assert high == pytest.approx(expected.confidence_interval.high, abs=width / 20)


def test_the_same_seed_gives_the_same_interval() -> None:
    drawn = searches(4)

    assert interval(mean, *drawn, draws=50) == interval(mean, *drawn, draws=50)
    assert interval(mean, *drawn, draws=50) != interval(mean, *drawn, draws=50, seed=1)
    assert band(*drawn, (0.1,), draws=50) == band(*drawn, (0.1,), draws=50)


def test_the_order_of_searches_does_not_matter() -> None:
    own, whose, others, whose_else = searches(5)
    backwards = slice(None, None, -1)
    turned = own[backwards], whose[backwards], others[backwards], whose_else[backwards]

    assert band(*turned, (0.1,), draws=50) == band(own, whose, others, whose_else, (0.1,), draws=50)


def test_a_higher_level_is_wider() -> None:
    drawn = searches(6)
    narrow, wide = (interval(mean, *drawn, level=level, draws=200) for level in (0.5, 0.95))

    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_people_are_drawn_with_all_their_searches() -> None:
    """Each subject's searches have one score of their own; B is on both sides."""
    own, own_subject = [0.1, 0.1, 0.2, 0.2, 0.2], ["A", "A", "B", "B", "B"]
    others, other_subject = [0.3, 0.4, 0.5], ["B", "C", "D"]

    for mated, non_mated in resamples(own, own_subject, others, other_subject, draws=40):
        assert np.count_nonzero(mated == 0.1) == 2
        assert np.count_nonzero(mated == 0.2) == 3
        # B is alone in having both and A in having mated ones only, so each is drawn once.
        assert np.count_nonzero(non_mated == 0.3) == 1
        assert np.count_nonzero(non_mated > 0.3) == 2
        assert np.all(np.diff(mated) >= 0)
        assert np.all(np.diff(non_mated) >= 0)


def test_a_band_is_the_interval_of_the_curve_s_points() -> None:
    drawn, fpirs = searches(7), (1.0, 0.3, 0.1, 0.03, 0.0)
    curve = det(drawn[0], drawn[2])

    found = band(*drawn, fpirs, draws=100)

    assert found.fpirs == fpirs
    assert found.strangers == (450, 135, 45, 13, 0)
    assert found.tpir == pytest.approx([curve.tpir_at(fpir) for fpir in fpirs], abs=1e-12)
    for low, tpir, high in zip(found.low, found.tpir, found.high, strict=True):
        assert 0 <= low <= tpir <= high <= 1
    at = interval(_tpir_at(0.1), *drawn, draws=100)
    assert (found.low[2], found.high[2]) == pytest.approx(at, abs=1e-12)


def test_where_everybody_is_found_the_interval_is_not_a_point() -> None:
    """Ten people say little, though each draw of them says that all are found."""
    people = np.arange(10).repeat(2)
    ours, theirs = np.full(20, 0.9), np.full(20, 0.1)

    found = band(ours, people, theirs, people + 10, (0.1,), draws=20)
    lost = band(theirs, people, ours, people + 10, (0.1,), draws=20)

    assert (found.low[0], found.high[0]) == Rate(10, 10).interval()
    assert (lost.low[0], lost.high[0]) == Rate(0, 10).interval()


def test_failures_stay_failures() -> None:
    failed = np.where(np.arange(40) % 2, -INF, 0.9)

    found = band(failed, np.arange(40), [0.1] * 40, np.arange(40) + 40, (1.0, 0.1), draws=50)

    assert found.tpir == (0.5, 0.5)
    assert 0.2 < found.low[0] < 0.5 < found.high[0] < 0.8


@pytest.mark.parametrize(
    ("own_subject", "message"),
    [(["A"], "2 scores of mated searches and 1 subjects"), (["A", "A"], "two people")],
)
def test_what_cannot_be_drawn_from_is_refused(own_subject: list[str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        interval(mean, [0.1, 0.2], own_subject, [0.1, 0.2], ["C", "D"])


def _tpir_at(fpir: float) -> Callable[[Scores, Scores], float]:
    return lambda mated, non_mated: det(mated, non_mated).tpir_at(fpir)


def _covered(found: Band, truth: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (np.array(found.low) <= truth) & (truth <= np.array(found.high))
