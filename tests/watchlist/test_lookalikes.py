"""Look-alikes: found whatever the list's order and size, and never inside one subject."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.matching.gallery import COHORT_TOP, SMALLEST_COHORT
from overt.values import Quality, Reference, Subject, Templates, Watchlist
from overt.watchlist import neighbours
from overt.watchlist.lookalikes import find_lookalikes

QUALITY = Quality(60.0, 0.1, 0.5, 0.0, 0.0, 0.0, 0.9)


def a_list(templates: Templates, subjects: list[int] | None = None) -> Watchlist:
    """A list with these templates, a subject each unless their numbers are given."""
    whose = [str(number) for number in subjects or range(len(templates))]
    references = tuple(
        Reference(f"R-{at}", whose[at], "pack", row, b"", "drawn", date(2026, 1, 1), QUALITY)
        for at, row in enumerate(templates)
    )
    subjects_ = tuple(Subject(one, "", "c", "r", "l", "e", "a") for one in dict.fromkeys(whose))
    return Watchlist("id", "pack", subjects_, references)


def strangers(count: int, seed: int = 0, dimension: int = 64) -> Templates:
    rows = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def near(template: Templates, seed: int = 1) -> Templates:
    """A template like this one, at a cosine of about 0.95."""
    noise = np.random.default_rng(seed).normal(size=template.shape).astype(np.float32)
    close = template + 0.3 * noise / np.linalg.norm(noise)
    return np.asarray(close / np.linalg.norm(close), np.float32)


@pytest.mark.parametrize("count", [10, 300])
def test_two_subjects_who_are_alike_are_found(count: int) -> None:
    templates = strangers(count)
    templates[7] = near(templates[3])

    (pair,) = find_lookalikes(a_list(templates), level=0.35)

    assert set(pair.references) == {"R-3", "R-7"}
    assert pair.would_alert
    assert pair.comparison_score == pytest.approx(templates[3] @ templates[7], abs=1e-5)


def test_references_of_one_subject_are_never_a_pair() -> None:
    templates = strangers(100)
    templates[1] = near(templates[0])

    assert find_lookalikes(a_list(templates, [0, 0, *range(2, 100)]), level=0.4) == ()


def test_a_pair_of_subjects_is_listed_once_by_its_most_alike_references() -> None:
    templates = strangers(100)
    templates[1], templates[2] = near(templates[0], 1), templates[0]
    templates[3] = near(templates[2], 2)

    (pair,) = find_lookalikes(a_list(templates, [0, 0, 2, 2, *range(4, 100)]), level=0.4)

    assert set(pair.references) == {"R-0", "R-2"}


def test_the_score_is_normalised_with_both_subjects_left_out() -> None:
    templates = strangers(SMALLEST_COHORT + 10)
    templates[1] = near(templates[0])
    all_scores = templates @ templates.T

    (pair,) = find_lookalikes(a_list(templates), level=0.4)

    levels = [np.sort(all_scores[one, 2:])[-COHORT_TOP:].mean() for one in (0, 1)]
    expected = all_scores[0, 1] - sum(levels) / 2
    assert pair.normalised_score == pytest.approx(expected, abs=1e-5)


def test_a_small_list_keeps_raw_scores() -> None:
    templates = strangers(SMALLEST_COHORT - 1)
    templates[1] = near(templates[0])

    (pair,) = find_lookalikes(a_list(templates), level=0.9)

    assert pair.normalised_score == pair.comparison_score


def test_the_most_alike_are_listed_even_without_a_level() -> None:
    found = find_lookalikes(a_list(strangers(1_000)))

    assert len(found) == 5  # a hundred-thousandth of the half million pairs
    assert not any(pair.would_alert for pair in found)
    scores = [pair.normalised_score for pair in found]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_shortest_lists_need_no_special_care(count: int) -> None:
    assert find_lookalikes(a_list(strangers(max(count, 1))[:count])) == ()


@given(st.integers(2, 80), st.integers(0, 10), st.integers(1, 90))
def test_blocks_and_order_make_no_difference(count: int, seed: int, block: int) -> None:
    templates = strangers(count, seed, dimension=8)
    whole = find_lookalikes(a_list(templates), level=0.2)
    backwards = a_list(templates)
    backwards = replace(backwards, references=backwards.references[::-1])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "_BLOCK", block)
        again = find_lookalikes(backwards, level=0.2)

    assert [round(pair.normalised_score, 4) for pair in whole] == pytest.approx(
        [round(pair.normalised_score, 4) for pair in again], abs=2e-4
    )
