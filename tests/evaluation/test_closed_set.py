"""Closed-set identification: a table worked by hand, and what must hold of every curve."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_people import Failed, faces
from hypothesis import given
from hypothesis import strategies as st

from overt.errors import ConfigurationError
from overt.evaluation.closed_set import cmc, enrollable_people, evaluate, rate_within
from overt.evaluation.drawing import OpenSetProtocol
from overt.evaluation.open_set import SearchScores
from overt.evaluation.variants import MAIN, RAW
from overt.rates import Rate

NOTHING = np.zeros(0, np.float32)
NOBODY = np.zeros(0, np.int32)


def searches(ranks: list[int], subjects: list[int] | None = None) -> SearchScores:
    return SearchScores(
        "raw",
        own=np.zeros(len(ranks), np.float32),
        rank=np.array(ranks, np.int32),
        mated_subject=np.array(subjects or range(len(ranks)), np.int32),
        non_mated=NOTHING,
        candidate=NOBODY,
        non_mated_subject=NOBODY,
    )


def test_a_table_worked_by_hand() -> None:
    """Ten searches: six at rank 1, one each at 2, 3 and 7, and one without a face."""
    found = cmc(searches([1, 1, 1, 1, 1, 1, 2, 3, 7, 0]), ranks=(1, 2, 3, 5, 7, 100))

    assert found.rates == tuple(Rate(count, 10) for count in (6, 7, 8, 8, 9, 9))


def test_failures_to_acquire_can_be_left_out() -> None:
    scores = searches([1, 1, 0, 0])

    assert rate_within(scores, 1) == Rate(2, 4)
    assert rate_within(scores.acquired(), 1) == Rate(2, 2)


ranks = st.lists(st.integers(0, 30), min_size=1, max_size=40)


@given(ranks)
def test_a_curve_never_falls(drawn: list[int]) -> None:
    found = cmc(searches(drawn), ranks=(1, 5, 30))

    shares = [rate.value for rate in found.rates]
    assert shares == sorted(shares)
    assert all(0 <= low <= high <= 1 for low, high in found.intervals)


def test_people_who_are_searched_for_often_count_as_one_person_each() -> None:
    """Twenty people with five searches each say no more than twenty searches."""
    outcome = [1] * 10 + [2] * 10
    once = cmc(searches(outcome), (1,))
    often = cmc(searches(outcome * 5, [person for _ in range(5) for person in range(20)]), (1,))

    assert often.rates[0] == Rate(50, 100)
    assert often.intervals[0] == pytest.approx(once.intervals[0])
    low, high = often.rates[0].interval()
    assert often.intervals[0][1] - often.intervals[0][0] > 1.5 * (high - low)


def test_everybody_may_be_listed() -> None:
    data = faces(people=60, photographs=3, noise=0.05)
    assert enrollable_people(data) == 60

    result = evaluate(data, OpenSetProtocol(60, splits=2), MAIN)

    for variant in MAIN:
        scores = result.pooled(variant.name)
        assert len(scores.non_mated) == 0
        assert cmc(scores).rates[0] == Rate(240, 240)


def test_alike_people_are_ordered_worse() -> None:
    result = evaluate(faces(60, 3, noise=1.3), OpenSetProtocol(60, splits=2), [RAW])

    first, fifth = (rate_within(result.pooled("raw"), rank).value for rank in (1, 5))

    assert 0.1 < first < fifth < 1


def test_who_has_no_template_cannot_be_listed() -> None:
    data = replace(faces(10, 2, 0.1), failures=(Failed("nobody"),))
    assert enrollable_people(data) == 10

    with pytest.raises(ConfigurationError, match="cannot be drawn from 10 people"):
        evaluate(data, OpenSetProtocol(11), [RAW])


def test_photographs_that_are_all_references_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="photograph left") as refused:
        evaluate(faces(10, 2, 0.1), OpenSetProtocol(10, references=2), [RAW])

    assert "3 photographs" in str(refused.value.remedy)


def test_searches_of_nobody_have_no_curve() -> None:
    with pytest.raises(ValueError, match="no mated searches"):
        cmc(searches([]))
