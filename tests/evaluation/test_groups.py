"""Rates by group: known rates, too small samples, and nobody who did not agree."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats.contingency import relative_risk

from overt.errors import ConfigurationError
from overt.evaluation.groups import (
    Consenting,
    Enough,
    Figure,
    GroupRates,
    Lists,
    Searches,
    compared,
    consenting,
    look_alikes,
    rates_by_group,
    rates_of,
    threshold_change,
)
from overt.evaluation.open_set import SearchScores
from overt.evaluation.proportions import ratio_of
from overt.rates import Rate
from overt.values import Templates


def outcomes(
    counts: dict[str, tuple[int, int]], *, each: int = 1
) -> tuple[NDArray[np.bool_], Searches]:
    """Return searches of which so many of so many went a certain way, `each` a person."""
    came = np.concatenate([np.arange(of) < count for count, of in counts.values()])
    groups = np.concatenate([[group] * of for group, (_, of) in counts.items()])
    subjects = (np.arange(len(came)) // each).astype(np.str_)
    return came, Searches(came.astype(np.float64), subjects, groups)


def figures(counts: dict[str, tuple[int, int]], *, each: int = 1) -> dict[str, Figure]:
    came, searches = outcomes(counts, each=each)
    return {figure.group: figure for figure in compared(came, searches, 100, 30).figures}


# Who is counted.


def test_only_who_agreed_and_has_one_group_is_counted() -> None:
    said = [
        ("p1", "A", True),
        ("p1", " A ", True),
        ("p2", "A", False),
        ("p3", "B", True),
        ("p3", "B", False),  # agreed for one photograph only
        ("p4", "", True),
        ("p5", "A", True),
        ("p5", "B", True),
        ("p6", "", False),
    ]

    people = consenting(*(list(column) for column in zip(*said, strict=True)))

    assert people == Consenting({"p1": "A"}, without_consent=3, without_group=2)


def everybody(seed: int = 0) -> tuple[list[str], list[str], list[bool]]:
    """Return 900 people of two groups, every third of whom has not agreed."""
    random = np.random.default_rng(seed)
    subjects = [f"p{number}" for number in range(900)]
    return subjects, list(random.choice(["A", "B"], 900)), [n % 3 != 0 for n in range(900)]


def test_no_figure_depends_on_somebody_who_did_not_agree() -> None:
    subjects, groups, consents = everybody()
    people = consenting(subjects, groups, consents)
    scores = np.random.default_rng(1).random(900)
    others = scores.copy()
    others[~np.array(consents)] = 1.0

    def told(of: NDArray[np.float64]) -> GroupRates:
        searches = people.searches(of, subjects)
        return rates_by_group(searches, searches, 0.9)

    ours, theirs = told(scores), told(others)
    assert ours == theirs
    assert ours.fnir.left_out == 300
    assert all(figure.searches < 600 for figure in ours.fnir.figures)


# What is told of a group.


def test_with_one_search_a_person_it_is_wilson_s_interval() -> None:
    found = figures({"A": (12, 400), "B": (0, 300), "C": (150, 150)})

    for group, rate in (("A", Rate(12, 400)), ("B", Rate(0, 300)), ("C", Rate(150, 150))):
        assert found[group].rate == rate
        assert found[group].interval == pytest.approx(rate.interval(), abs=1e-12)


@pytest.mark.parametrize(
    ("count", "of", "each", "told"),
    [
        (5, 99, 1, False),
        (5, 100, 1, True),
        (0, 100, 1, True),
        (1, 290, 10, False),  # 29 people, however often
        (1, 300, 10, True),  # 30 people, one of 300 searches went wrong
        (150, 300, 10, False),  # 15 people always and 15 never: worth 29 searches
        (0, 990, 10, False),  # nothing tells how 99 people differ
        (0, 1000, 10, True),
    ],
)
def test_a_small_sample_is_insufficient(count: int, of: int, each: int, *, told: bool) -> None:
    figure = figures({"A": (count, of)}, each=each)["A"]

    assert figure.insufficient is not told
    assert (figure.rate, figure.interval is None) == (Rate(count, of) if told else None, not told)
    assert (figure.people, figure.searches) == (math.ceil(of / each), of)


def test_the_design_effect_by_hand() -> None:
    """Four people with two searches each, two of whom always went wrong: worth three searches."""
    searches = Searches(np.zeros(8), np.array(list("aabbccdd")), np.array(["A"] * 8))

    def worth(came: list[int]) -> float:
        return compared(np.array(came, bool), searches, 100, 30).figures[0].effective

    assert worth([1, 1, 0, 0, 1, 1, 0, 0]) == pytest.approx(3)  # 1/4 by 1/12
    assert worth([1, 0, 0, 1, 1, 0, 0, 1]) == 8  # nobody differs from anybody
    assert worth([0] * 8) == worth([1] * 8) == 4


@pytest.mark.parametrize("lower", [{"mated": 99}, {"non_mated": 299}, {"people": 29}])
def test_the_least_sample_cannot_be_lowered(lower: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="too small for a figure"):
        Enough(**lower)


@pytest.mark.parametrize(
    ("fpir", "searches"), [(1, 300), (0.03, 300), (0.01, 300), (0.003, 1_000), (0.001, 3_000)]
)
def test_low_rates_take_larger_samples(fpir: float, searches: int) -> None:
    assert Enough.for_fpir(fpir) == Enough(non_mated=searches)
    assert Rate(0, searches).interval()[1] < 1.3 * max(fpir, 0.01)


@pytest.mark.parametrize("fpir", [0, -0.1, 1.1, math.nan])
def test_no_sample_shows_that_nobody_is_taken_for_somebody(fpir: float) -> None:
    with pytest.raises(ConfigurationError, match="No sample"):
        Enough.for_fpir(fpir)


def test_known_rates_are_covered_though_people_are_searched_for_repeatedly() -> None:
    """100 people with six searches, of whom some are hard to find: FNIR 0.2 on average."""
    random, covered, naively = np.random.default_rng(2), 0, 0
    subjects = np.arange(100).repeat(6).astype(np.str_)
    searches = Searches(np.zeros(600), subjects, np.array(["A"] * 600))

    for _ in range(200):
        missed = random.random(600) < random.beta(1, 4, 100).repeat(6)
        (figure,) = compared(missed, searches, 100, 30).figures
        assert figure.rate
        assert figure.interval
        covered += figure.interval[0] <= 0.2 <= figure.interval[1]
        low, high = figure.rate.interval()
        naively += low <= 0.2 <= high

    assert abs(covered / 200 - 0.95) < 0.05  # three times what 200 trials waver by
    assert naively < covered


# Ratios.


def test_each_group_is_compared_with_the_best() -> None:
    came, searches = outcomes({"A": (40, 400), "B": (8, 400), "C": (1, 20), "D": (8, 400)})

    found = compared(came, searches, 100, 30)
    told = {figure.group: figure.ratio for figure in found.figures}

    assert found.best == "B"
    assert told["A"] == ratio_of((0.1, 400), (0.02, 400), 1 - 0.05 / 3)  # three pairs
    assert told["A"].value == pytest.approx(5)
    assert told["D"]
    assert told["D"].value == 1
    assert told["B"] is told["C"] is None  # it is the best; it is insufficient, though lowest


def test_a_group_alone_is_compared_with_nobody() -> None:
    came, searches = outcomes({"A": (40, 400), "B": (1, 20)})

    found = compared(came, searches, 100, 30)

    assert found.best is None
    assert [figure.ratio for figure in found.figures] == [None, None]


def test_groups_that_do_not_differ_are_seldom_said_to() -> None:
    """One of eight is always best; against it, one of the others must not seem worse."""
    random, said = np.random.default_rng(6), 0
    groups = np.arange(8).repeat(400).astype(np.str_)
    searches = Searches(np.zeros(3_200), np.arange(3_200).astype(np.str_), groups)

    for _ in range(60):
        found = compared(random.random(3_200) < 0.1, searches, 100, 30)
        said += any(figure.ratio and figure.ratio.low > 1 for figure in found.figures)

    assert said <= 9  # of 3 expected at most; at 95 % for each pair it would be 32


def test_koopman_s_worked_example() -> None:
    """Biometrics 40 (1984): 36 of 40 against 16 of 80."""
    ratio = ratio_of((36 / 40, 40), (16 / 80, 80))

    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((4.5, 2.94, 7.15), abs=5e-3)


def test_large_samples_agree_with_an_independent_interval() -> None:
    """Katz's logarithmic interval is another one, to which large samples converge."""
    katz = relative_risk(3_000, 100_000, 2_000, 90_000).confidence_interval(0.95)

    ratio = ratio_of((0.03, 100_000), (2 / 90, 90_000))

    assert (ratio.low, ratio.high) == pytest.approx((katz.low, katz.high), rel=2e-4)


@given(st.integers(0, 60), st.integers(0, 90))
def test_limits_are_where_the_score_test_turns(x: int, y: int) -> None:
    """The constrained rates are found here by plain search for the greatest likelihood."""
    ratio = ratio_of((x / 60, 60), (y / 90, 90))

    assert ratio.low <= ratio.high
    if x and y:
        assert ratio.low <= ratio.value <= ratio.high
    else:
        assert (ratio.low == 0) is (x == 0)
        assert math.isinf(ratio.high) is (y == 0)
    for limit in (ratio.low, ratio.high):
        if 0 < limit < math.inf:
            assert _score(x, 60, y, 90, limit) == pytest.approx(1.96, abs=2e-3)


# Two thresholds.


def test_a_threshold_change_side_by_side() -> None:
    subjects = [f"p{number}" for number in range(800)]
    people = consenting(subjects, ["A", "B"] * 400, [True] * 800)
    scores = np.arange(800) / 1_000
    mated = people.searches(scores + 0.2, subjects)
    non_mated = people.searches(np.where(np.arange(800) % 2, scores, scores / 2), subjects)

    change = threshold_change(mated, non_mated, (0.5, 0.3))

    assert (change.lower.threshold, change.higher.threshold) == (0.3, 0.5)
    assert _rates(change.lower.fnir.figures) == [Rate(50, 400), Rate(50, 400)]
    assert _rates(change.higher.fnir.figures) == [Rate(150, 400), Rate(150, 400)]
    assert _rates(change.missed.figures) == [Rate(100, 400), Rate(100, 400)]
    # A's strangers score half as high: the higher threshold spares all of A's alerts.
    assert _rates(change.lower.fpir.figures) == [Rate(100, 400), Rate(250, 400)]
    assert _rates(change.higher.fpir.figures) == [Rate(0, 400), Rate(150, 400)]
    assert _rates(change.spared.figures) == [Rate(100, 400), Rate(100, 400)]


# From an evaluation.


def test_the_threshold_of_an_evaluation_is_everybody_s() -> None:
    subjects, groups, consents = everybody(3)
    scores = np.linspace(0, 0.9, 900, dtype=np.float32)
    index = np.arange(900, dtype=np.int32)
    searches = SearchScores("raw", scores, np.ones(900, np.int32), index, scores, index, index)

    found = rates_of(searches, subjects, consenting(subjects, groups, consents), 0.1)

    reached = scores >= np.float64(found.threshold)
    assert np.count_nonzero(reached) == 90
    for group, fpir in zip("AB", found.fpir.figures, strict=True):
        of_group = np.array(groups) == group
        agreed = of_group & np.array(consents)
        assert fpir.searches == np.count_nonzero(agreed)
        if fpir.rate:
            assert fpir.rate.count == np.count_nonzero(reached & agreed)
    assert found.fpir.left_out == found.fnir.left_out == 300


def test_rare_errors_in_an_evaluation_take_larger_groups() -> None:
    subjects, groups, consents = everybody(4)
    people = consenting(subjects, groups, consents)
    index = np.arange(900, dtype=np.int32)
    scores = np.random.default_rng(4).random(900, np.float32)
    searches = SearchScores("raw", scores, np.ones(900, np.int32), index, scores, index, index)

    found = rates_of(searches, subjects, people, 0.003)

    assert all(figure.insufficient for figure in found.fpir.figures)
    assert not any(figure.insufficient for figure in found.fnir.figures)


def test_searches_say_whose_they_are() -> None:
    with pytest.raises(ConfigurationError, match="2 searches have 1 subjects"):
        consenting(["p"], ["A"], [True]).searches([0.1, 0.2], ["p"])


# Lists of people alike.


def faces(groups: dict[str, tuple[int, float]]) -> tuple[Templates, list[str], list[str]]:
    """Draw people with two photographs; those of a group share so much of their faces."""
    random = np.random.default_rng(5)
    rows, of = [], []
    for group, (people, common) in groups.items():
        own = random.standard_normal((people, 32)) + common * random.standard_normal(32)
        rows.append((own[:, None] + 0.5 * random.standard_normal((people, 2, 32))).reshape(-1, 32))
        of += [group] * 2 * people
    templates = np.concatenate(rows)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    return templates.astype(np.float32), [f"p{n // 2}" for n in range(len(of))], of


def test_a_group_of_people_alike_suffers_from_a_list_of_its_own() -> None:
    templates, subjects, groups = faces({"alike": (350, 1.5), "small": (45, 0), "spread": (350, 0)})
    people = consenting(subjects, groups, [True] * len(subjects))

    found = look_alikes(templates, subjects, people, Lists(size=40, fpir=0.03, splits=2))

    alike, small, spread = found
    assert [pair.own.group for pair in found] == ["alike", "small", "spread"]
    assert alike.own.ratio
    assert alike.own.ratio.low > 1
    assert spread.own.ratio
    assert spread.own.ratio.low <= 1.0
    assert small.own.insufficient
    assert small.mixed.insufficient
    assert alike.own.searches == alike.mixed.searches == 2 * 2 * (350 - 40)


def test_nobody_who_did_not_agree_is_listed_or_searched_for() -> None:
    templates, subjects, groups = faces({"A": (400, 0.5), "B": (400, 0.5)})
    consents = [n // 2 % 4 != 0 for n in range(len(subjects))]
    people = consenting(subjects, groups, consents)
    turned = templates.copy()
    turned[~np.array(consents)] = templates[1]

    def told(of: Templates) -> Sequence[object]:
        return look_alikes(of, subjects, people, Lists(size=20, splits=1))

    assert told(templates) == told(turned)


@pytest.mark.parametrize("size", [0, 5])
def test_a_list_that_leaves_nobody_over_is_refused(size: int) -> None:
    templates, subjects, groups = faces({"A": (3, 0), "B": (4, 0)})
    people = consenting(subjects, groups, [group == "A" or n > 8 for n, group in enumerate(groups)])

    with pytest.raises(ConfigurationError, match="5 people who agreed"):
        look_alikes(templates, subjects, people, Lists(size=size))


def _rates(found: Sequence[Figure]) -> list[Rate | None]:
    return [figure.rate for figure in found]


def _score(x: int, m: int, y: int, n: int, ratio: float) -> float:
    """Return the score test's statistic, the constrained rates found by search."""

    def against(second: float) -> float:
        first = ratio * second
        terms = [(x, first), (m - x, 1 - first), (y, second), (n - y, 1 - second)]
        return -sum(count * math.log(max(share, 1e-300)) for count, share in terms if count)

    found = minimize_scalar(
        against, bounds=(0, min(1, 1 / ratio)), method="bounded", options={"xatol": 1e-12}
    )
    second, first = found.x, ratio * found.x
    variance = first * (1 - first) / m + ratio**2 * second * (1 - second) / n
    return abs(x / m - ratio * y / n) / math.sqrt(variance)
