"""Open-set evaluation: who is drawn, what is searched, and what counts."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_people import Drawn, Failed, faces
from hypothesis import given, settings
from hypothesis import strategies as st

from overt.errors import ConfigurationError
from overt.evaluation import open_set
from overt.evaluation.drawing import ABSENT, draw, rows_by_subject
from overt.evaluation.open_set import OpenSetProtocol, SearchScores, evaluate, pool
from overt.evaluation.variants import MAIN, OUTSIDE, PRODUCTION, RAW, VARIANTS
from overt.matching.gallery import Gallery


def unlike(one: SearchScores, other: SearchScores) -> list[str]:
    return [
        name
        for name in SearchScores.__dataclass_fields__
        if not np.array_equal(getattr(one, name), getattr(other, name))
    ]


def test_scores_are_those_of_a_search_made_one_by_one() -> None:
    data = faces(people=80, photographs=2, noise=1.0)
    protocol = OpenSetProtocol(60, splits=1)
    (split,) = draw(rows_by_subject(data)[1], protocol)
    gallery = Gallery([str(i) for i in split.listed], data.templates[split.references], "pack")

    scores = evaluate(data, protocol, [PRODUCTION]).searches[0][0]

    for place, (photographs, own) in enumerate(
        zip(split.mated.photographs, split.mated.subjects, strict=True)
    ):
        found = gallery.search(data.templates[photographs[0]], "pack", length=60)
        (right,) = (each for each in found if each.subject_id == str(own))
        assert scores.rank[place] == right.rank
        assert scores.own[place] == pytest.approx(right.normalised_score, abs=1e-6)
    for place, photographs in enumerate(split.non_mated.photographs):
        best = gallery.search(data.templates[photographs[0]], "pack", length=1)[0]
        assert str(scores.candidate[place]) == best.subject_id
        assert scores.non_mated[place] == pytest.approx(best.normalised_score, abs=1e-6)


def test_people_who_are_easily_told_apart_are_always_found() -> None:
    result = evaluate(
        faces(people=90, photographs=3, noise=0.05), OpenSetProtocol(60, splits=2), MAIN
    )

    for variant in result.variants:
        scores = result.pooled(variant)
        assert (len(scores.mated), len(scores.non_mated)) == (2 * 120, 2 * 90)
        assert scores.mated.min() > scores.non_mated.max()
        assert set(scores.rank) == {1}


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=12, max_size=20),
    failed=st.lists(st.integers(0, 11), max_size=8),
    references=st.integers(1, 3),
    shots=st.integers(1, 3),
    outside=st.integers(0, 4),
    seed=st.integers(0, 99),
)
def test_what_is_drawn_is_drawn_once(
    sizes: list[int], failed: list[int], references: int, shots: int, outside: int, seed: int
) -> None:
    """A photograph is reference, cohort or probe, and a person listed, apart or a stranger."""
    subjects = tuple(f"P{person}" for person, size in enumerate(sizes) for _ in range(size))
    data = Drawn(
        np.zeros((len(subjects), 2), np.float32), subjects, tuple(Failed(f"P{p}") for p in failed)
    )
    protocol = OpenSetProtocol(6, references, shots, outside, splits=2, seed=seed)
    names, rows = rows_by_subject(data)

    for split in draw(rows, protocol):
        used = np.concatenate(
            [
                split.references,
                split.outside,
                split.mated.photographs.ravel(),
                split.non_mated.photographs.ravel(),
            ]
        )
        present = used[used != ABSENT]
        assert len(set(present.tolist())) == len(present)
        assert ABSENT not in split.references
        assert len(split.listed) == 6
        owners = [names.index(subjects[row]) for row in split.references]
        assert owners == split.listed[split.owners].tolist()
        assert np.bincount(split.owners).max() <= references
        assert set(split.mated.subjects.tolist()) <= set(split.listed.tolist())
        assert not set(split.non_mated.subjects.tolist()) & set(split.listed.tolist())
        for probes in (split.mated, split.non_mated):
            assert probes.photographs.shape == (len(probes), shots)
            for own, photographs in zip(probes.subjects, probes.photographs, strict=True):
                of = {subjects[row] for row in photographs if row != ABSENT}
                assert of <= {names[own]}
        cohort = {subjects[row] for row in split.outside}
        assert len(cohort) == outside
        assert not cohort & {names[own] for own in split.listed}
        assert not cohort & {names[own] for own in split.non_mated.subjects}


def test_a_failure_to_acquire_counts_as_a_miss_and_can_be_left_out() -> None:
    """19795-1 counts it in FNIR; with it a stranger's search is one that nobody reaches."""
    whole = faces(people=40, photographs=3, noise=0.05)
    failing = replace(whole, failures=tuple(Failed(f"P{person}") for person in range(40)))
    protocol = OpenSetProtocol(20, splits=1)

    scores = evaluate(failing, protocol, [RAW]).pooled("raw")

    assert scores.failed == (20, 20)
    assert (len(scores.mated), len(scores.non_mated)) == (60, 80)
    assert np.isneginf(scores.mated).sum() == 20
    assert np.isneginf(scores.non_mated).sum() == 20
    acquired = scores.acquired()
    assert acquired.failed == (0, 0)
    assert (len(acquired.mated), len(acquired.non_mated)) == (40, 60)
    assert np.isfinite(acquired.mated).all()


def test_somebody_without_any_template_is_never_listed() -> None:
    data = faces(people=12, photographs=2, noise=0.1, failed=("nobody", "nobody"))
    names, rows = rows_by_subject(data)

    for split in draw(rows, OpenSetProtocol(11, splits=20)):
        assert names.index("nobody") not in split.listed
        assert names.index("nobody") in split.non_mated.subjects


def test_a_shot_that_failed_leaves_the_search_to_the_others() -> None:
    data = faces(people=20, photographs=3, noise=0.05, failed=tuple(f"P{i}" for i in range(20)))

    scores = evaluate(data, OpenSetProtocol(10, shots=2, splits=4), [PRODUCTION]).pooled("s-norm")

    assert len(scores.non_mated) == 4 * 10 * 2
    assert scores.failed == (0, 0)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = faces(people=90, photographs=4, noise=1.0)
    protocol = OpenSetProtocol(60, references=2, shots=2, outside=5, splits=1)
    whole = evaluate(data, protocol, list(VARIANTS.values()))

    monkeypatch.setattr(open_set, "_BLOCK_BYTES", 4 * 60 * 7)
    in_sevens = evaluate(data, protocol, list(VARIANTS.values()))

    for one, other in zip(whole.searches[0], in_sevens.searches[0], strict=True):
        np.testing.assert_allclose(one.own, other.own, atol=1e-6)
        np.testing.assert_allclose(one.non_mated, other.non_mated, atol=1e-6)
        np.testing.assert_array_equal(one.candidate, other.candidate)


def test_the_same_seed_gives_the_same_result_and_another_one_another() -> None:
    data = faces(people=90, photographs=2, noise=1.0)

    one, same, other = (
        evaluate(data, OpenSetProtocol(60, splits=2, seed=seed), MAIN).pooled("s-norm")
        for seed in (1, 1, 2)
    )

    assert unlike(one, same) == []
    assert "own" in unlike(one, other)


def test_other_templates_of_the_same_photographs_are_drawn_the_same() -> None:
    one, other = faces(90, 2, noise=1.0), faces(90, 2, noise=1.0, seed=4)

    first, second = (
        evaluate(data, OpenSetProtocol(60), [RAW]).pooled("raw") for data in (one, other)
    )

    np.testing.assert_array_equal(first.mated_subject, second.mated_subject)
    np.testing.assert_array_equal(first.non_mated_subject, second.non_mated_subject)


def test_ranks_below_the_first_are_found_where_they_are_asked_for() -> None:
    scores = SearchScores(
        "raw",
        own=np.array([0.9, 0.8, 0.7, -np.inf], np.float32),
        rank=np.array([1, 2, 5, 0], np.int32),
        mated_subject=np.arange(4, dtype=np.int32),
        non_mated=np.zeros(0, np.float32),
        candidate=np.zeros(0, np.int32),
        non_mated_subject=np.zeros(0, np.int32),
    )

    assert np.isfinite(scores.mated).tolist() == [True, False, False, False]
    assert np.isfinite(scores.mated_within(2)).tolist() == [True, True, False, False]
    assert np.isfinite(scores.mated_within(5)).tolist() == [True, True, True, False]


def test_somebody_else_of_equal_score_stands_before_the_right_subject() -> None:
    """The same picture under two names: which of the two is first, chance decides."""
    twice = faces(people=10, photographs=1, noise=0.0).templates[:5].repeat(4, axis=0)
    data = Drawn(twice, tuple(f"P{row // 2}" for row in range(20)))

    scores = evaluate(data, OpenSetProtocol(9, splits=1), [RAW]).pooled("raw")

    assert sorted(set(scores.rank.tolist())) == [1, 2]


def test_pooling_puts_splits_one_after_another() -> None:
    result = evaluate(faces(30, 2, 0.5), OpenSetProtocol(10, splits=3), [RAW])

    pooled = result.pooled("raw")

    assert pooled.variant == "raw"
    assert unlike(pooled, pool(result.splits("raw"))) == []
    assert len(pooled.own) == sum(len(split.own) for split in result.splits("raw"))


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []

    evaluate(
        faces(12, 2, 0.5),
        OpenSetProtocol(6, splits=2),
        [RAW],
        lambda done, of: told.append((done, of)),
    )

    assert told == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize(("size", "outside"), [(0, 0), (20, 0), (21, 0), (15, 5)])
def test_a_list_that_leaves_nobody_outside_is_refused(size: int, outside: int) -> None:
    with pytest.raises(ConfigurationError, match="cannot be drawn"):
        evaluate(faces(20, 1, 0.0), OpenSetProtocol(size, outside=outside), MAIN)


def test_an_evaluation_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no variant"):
        evaluate(faces(20, 1, 0.0), OpenSetProtocol(10), [])


def test_an_outside_cohort_has_to_be_set_apart() -> None:
    with pytest.raises(ConfigurationError, match="outside cohort"):
        evaluate(faces(20, 1, 0.0), OpenSetProtocol(10), [OUTSIDE])
