"""Open-set evaluation: a table worked by hand, and what must hold of every result."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.errors import ConfigurationError
from overt.evaluation.open_set import (
    OpenSetProtocol,
    Searches,
    Spread,
    evaluate,
    operating_point,
)
from overt.values import Templates

# Ten strangers' best scores; six mated searches, two of which had somebody else at rank 1.
STRANGERS = [0.90, 0.80, 0.70, 0.60, 0.50, 0.40, 0.30, 0.20, 0.10, 0.00]
MATED = [0.95, 0.85, 0.75, 0.35, -np.inf, -np.inf]


def searches(mated: list[float], non_mated: list[float]) -> Searches:
    return Searches(np.array(mated, np.float32), np.array(non_mated, np.float32))


@pytest.mark.parametrize(
    ("fpir", "just_above", "found", "false_positives"),
    [
        (0.05, 0.90, 1 / 6, 0),  # half a stranger is none: above all of them
        (0.10, 0.80, 2 / 6, 1),
        (0.20, 0.70, 3 / 6, 2),
        (0.29, 0.70, 3 / 6, 2),
        (0.60, 0.30, 4 / 6, 6),
        (0.90, 0.00, 4 / 6, 9),
    ],
)
def test_a_table_worked_by_hand(
    fpir: float, just_above: float, found: float, false_positives: int
) -> None:
    point = operating_point(searches(MATED, STRANGERS), fpir)

    assert point.threshold == pytest.approx(just_above, abs=1e-6)
    assert point.threshold > np.float32(just_above)
    assert point.tpir == pytest.approx(found)
    assert point.false_positives == false_positives


def test_strangers_of_equal_score_are_shut_out_together() -> None:
    point = operating_point(searches([0.6, 0.4], [0.5, 0.5, 0.5, 0.1]), 0.25)

    assert (point.false_positives, point.tpir) == (0, 0.5)


def test_a_wrong_rank_is_a_miss_even_where_every_stranger_is_let_in() -> None:
    point = operating_point(searches(MATED, STRANGERS), 1.0)

    assert point.false_positives == 10
    assert point.tpir == pytest.approx(4 / 6)


scores = st.floats(-1, 1, width=32)


@given(st.lists(scores, min_size=1), st.lists(scores, min_size=1), st.floats(0, 1))
def test_the_fpir_is_never_above_the_one_asked_for(
    mated: list[float], non_mated: list[float], fpir: float
) -> None:
    point = operating_point(searches(mated, non_mated), fpir)

    assert point.false_positives <= fpir * len(non_mated) + 1e-9
    assert 0 <= point.tpir <= 1


def faces(people: int, photographs: int, noise: float) -> tuple[Templates, list[str]]:
    random = np.random.default_rng(3)
    centres = random.standard_normal((people, 32)).repeat(photographs, axis=0)
    rows = centres + noise * random.standard_normal(centres.shape)
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit, [str(person) for person in range(people) for _ in range(photographs)]


def test_people_who_are_easily_told_apart_are_always_found() -> None:
    templates, subjects = faces(people=90, photographs=3, noise=0.05)

    result = evaluate(templates, subjects, OpenSetProtocol(60, splits=2))

    assert (result.mated, result.non_mated, result.normalises) == (120, 90, True)
    assert all(points.tpir == Spread(1.0, 0.0) for points in (*result.raw, *result.normalised))


def test_the_same_seed_gives_the_same_result_and_another_one_another() -> None:
    templates, subjects = faces(people=90, photographs=2, noise=1.0)

    one, same, other = (
        evaluate(templates, subjects, OpenSetProtocol(60, splits=2, seed=seed))
        for seed in (1, 1, 2)
    )

    assert one == same
    assert one.at(0.10).threshold != other.at(0.10).threshold


def test_a_lower_fpir_never_finds_more() -> None:
    templates, subjects = faces(people=120, photographs=3, noise=1.2)

    result = evaluate(templates, subjects, OpenSetProtocol(60, splits=3))

    rates = [points.tpir.mean for points in result.normalised]
    assert rates == sorted(rates, reverse=True)
    assert 0 < rates[0] < 1


def test_a_short_list_is_searched_by_raw_score() -> None:
    templates, subjects = faces(people=20, photographs=2, noise=1.0)

    result = evaluate(templates, subjects, OpenSetProtocol(10, splits=2))

    assert not result.normalises
    assert result.raw == result.normalised


@pytest.mark.parametrize("size", [0, 20, 21])
def test_a_list_that_leaves_nobody_outside_is_refused(size: int) -> None:
    templates, subjects = faces(people=20, photographs=1, noise=0.0)

    with pytest.raises(ConfigurationError, match="cannot be drawn"):
        evaluate(templates, subjects, OpenSetProtocol(size))


def test_spread_is_the_sample_deviation() -> None:
    assert Spread.of([1.0, 2.0, 3.0]) == Spread(2.0, 1.0)
    assert Spread.of([0.5]) == Spread(0.5, 0.0)
