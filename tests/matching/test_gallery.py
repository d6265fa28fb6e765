"""The search is exact, and s-norm is what its definition says."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from overt.errors import PackMismatchError, WatchlistError
from overt.matching import gallery
from overt.matching.gallery import COHORT_TOP, SMALLEST_COHORT, Gallery
from overt.values import Quality, Reference, Subject, Templates, Watchlist

_QUALITY = Quality(60, 0.1, 0.5, 0, 0, 0, 0.9)


def _unit(seed: int, count: int, dimension: int = 16) -> Templates:
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _ids(count: int) -> list[str]:
    return [f"S{index}" for index in range(count)]


def _s_norm_by_the_book(templates: Templates, probe: NDArray[np.float32]) -> NDArray[np.float64]:
    """Symmetric normalisation, one subject at a time, in double precision."""
    lists = templates.astype(np.float64)
    scores = lists @ probe.astype(np.float64)
    normalised = []
    for index in range(len(lists)):
        others = [other for other in range(len(lists)) if other != index]
        of_subject = sorted(lists[others] @ lists[index])[-COHORT_TOP:]
        of_probe = sorted(scores[others])[-COHORT_TOP:]
        level = 0.5 * float(np.mean(of_subject)) + 0.5 * float(np.mean(of_probe))
        normalised.append(scores[index] - level)
    return np.array(normalised)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(SMALLEST_COHORT, 90))
def test_normalised_scores_are_those_of_the_definition(seed: int, subjects: int) -> None:
    templates = _unit(seed, subjects)
    probe = _unit(seed + 1, 1)[0]

    scores = Gallery(_ids(subjects), templates, "pack").score(probe)

    expected = _s_norm_by_the_book(templates, probe)
    np.testing.assert_allclose(scores.normalised, expected, atol=2e-6)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 120), st.integers(1, 10))
def test_search_misses_nobody(seed: int, subjects: int, length: int) -> None:
    templates = _unit(seed, subjects)
    probe = _unit(seed + 1, 1)[0]
    searched = Gallery(_ids(subjects), templates, "pack")

    candidates = searched.search(probe, "pack", length=length)

    scores = searched.score(probe)
    best = sorted(range(subjects), key=lambda i: (-scores.normalised[i], i))[:length]
    assert [each.subject_id for each in candidates] == [f"S{index}" for index in best]
    assert [each.rank for each in candidates] == list(range(1, len(best) + 1))
    for each, index in zip(candidates, best, strict=True):
        assert each.comparison_score == float(scores.comparison[index])
        assert each.normalised_score == float(scores.normalised[index])


@pytest.mark.parametrize("subjects", [SMALLEST_COHORT - 1, SMALLEST_COHORT, 90])
def test_many_probes_score_as_each_does_alone(subjects: int) -> None:
    searched, probes = Gallery(_ids(subjects), _unit(15, subjects), "pack"), _unit(16, 12)

    many = searched.score_many(probes)

    for row, probe in enumerate(probes):
        alone = searched.score(probe)
        np.testing.assert_allclose(many.comparison[row], alone.comparison, atol=1e-6)
        np.testing.assert_allclose(many.normalised[row], alone.normalised, atol=1e-6)


@pytest.mark.parametrize("left", [1, COHORT_TOP, COHORT_TOP + 1, COHORT_TOP + 2])
def test_a_list_that_shrank_below_its_cohort_is_still_searched(left: int) -> None:
    """Subjects may be withdrawn while it runs until hardly anybody is left."""
    subjects, probe = SMALLEST_COHORT + 5, _unit(18, 1)[0]
    whole = Gallery(_ids(subjects), _unit(17, subjects), "pack")

    few = whole.without(_ids(subjects)[left:])

    assert len(few.search(probe, "pack", length=10)) == min(left, 10)
    assert np.isfinite(few.score(probe).normalised).all()
    np.testing.assert_allclose(
        few.score_many(probe[None]).normalised[0], few.score(probe).normalised, atol=1e-6
    )


def test_a_probe_equal_to_a_reference_stands_alone_at_the_top() -> None:
    templates = _unit(1, 500)
    searched = Gallery(_ids(500), templates, "pack")

    first, second = searched.search(templates[123], "pack", length=2)

    assert first.subject_id == "S123"
    assert first.comparison_score == pytest.approx(1.0, abs=1e-6)
    assert first.normalised_score > second.normalised_score + 0.2


def test_lists_too_small_for_a_cohort_keep_their_raw_scores() -> None:
    searched = Gallery(_ids(SMALLEST_COHORT - 1), _unit(2, SMALLEST_COHORT - 1), "pack")

    best = searched.search(_unit(3, 1)[0], "pack")[0]

    assert not searched.normalises
    assert best.normalised_score == best.comparison_score


def test_a_list_of_one_can_be_searched() -> None:
    candidates = Gallery(["S0"], _unit(4, 1), "pack").search(_unit(5, 1)[0], "pack")

    assert [each.subject_id for each in candidates] == ["S0"]


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(WatchlistError, match="empty"):
        Gallery([], np.zeros((0, 16), np.float32), "pack")


def test_a_probe_of_another_pack_is_refused() -> None:
    with pytest.raises(PackMismatchError, match="pack-2 was about to be compared"):
        Gallery(["S0"], _unit(6, 1), "pack-1").search(_unit(7, 1)[0], "pack-2")


def test_a_large_list_is_normalised_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "LARGEST_COHORT", 64)
    templates = _unit(8, 300)

    sampled = Gallery(_ids(300), templates, "pack")

    again = Gallery(_ids(300), templates, "pack")
    probe = _unit(9, 1)[0]
    assert sampled.normalises
    np.testing.assert_array_equal(sampled.score(probe).normalised, again.score(probe).normalised)
    raw = sampled.score(probe)
    assert np.corrcoef(raw.comparison, raw.normalised)[0, 1] > 0.5


def _watchlist(references: dict[str, Templates], pack_id: str = "pack") -> Watchlist:
    subjects = tuple(
        Subject(name, "", "category", "reason", "basis", "arrest", "adder") for name in references
    )
    enrolled = tuple(
        Reference(f"{name}-{index}", name, pack_id, row, b"", "custody", date(2024, 1, 1), _QUALITY)
        for name, rows in references.items()
        for index, row in enumerate(rows)
    )
    return Watchlist("list", "pack", subjects, enrolled)


def test_a_subject_stands_for_the_mean_of_their_references() -> None:
    references = {"A": _unit(10, 3), "B": _unit(11, 1)}
    mean = references["A"].sum(axis=0)
    probe = (mean / np.linalg.norm(mean)).astype(np.float32)

    best = Gallery.of(_watchlist(references)).search(probe, "pack")[0]

    assert best.subject_id == "A"
    assert best.comparison_score == pytest.approx(1.0, abs=1e-6)


def test_the_reference_shown_is_the_one_most_like_the_probe() -> None:
    references = {"A": _unit(12, 4), "B": _unit(13, 2)}

    for index, row in enumerate(references["A"]):
        candidates = Gallery.of(_watchlist(references)).search(row, "pack")
        shown = {each.subject_id: each.reference_id for each in candidates}
        assert shown["A"] == f"A-{index}"


def test_references_of_another_pack_are_refused() -> None:
    with pytest.raises(PackMismatchError):
        Gallery.of(_watchlist({"A": _unit(14, 1)}, pack_id="another"))
