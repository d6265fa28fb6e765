"""Drawn passages come to what they came to before: a regression test of the whole recogniser.

The scenes are stored as numbers and what came of them beside them (golden_scenes.json). No time
is measured and no frame is dropped, so that a slow machine gives the same result. It costs some
forty seconds of one processor, most of it for drawing.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from golden_scenes import Golden, differences, kept, looked_at, stored

from overt.evaluation.clips import AnnotatedPassage
from overt.evaluation.drawn import DrawnScene, DrawnSet, truth
from overt.evaluation.passage_results import Outcome
from overt.synthetic.choreography import LISTED_SEEDS
from overt.vision.store import ModelStore, Pack

DRAWN, GOLDEN = stored()


@pytest.mark.models
def test_stored_scenes_come_to_what_they_came_to_before(
    pack: Pack, store: ModelStore, tmp_path: Path
) -> None:
    found = kept(looked_at(DRAWN, pack, store, tmp_path))

    assert list(differences(GOLDEN, found, DRAWN.frames_per_second)) == []


# --- it would be noticed ------------------------------------------------------------------------


def _lower(passage: Golden, by: float) -> Golden:
    return passage if passage.score is None else replace(passage, score=passage.score - by)


def _wrong_rank(passage: Golden) -> Golden:
    wrong = replace(passage, outcome=Outcome.WRONG_RANK, best_subject="DP-999", alerted_s=None)
    return wrong if passage.subject_id else passage


def _later(passage: Golden) -> Golden:
    return (
        passage if passage.alerted_s is None else replace(passage, alerted_s=passage.alerted_s + 1)
    )


def _unseen(passage: Golden) -> Golden:
    return replace(passage, outcome=Outcome.NOT_DETECTED, score=None, alerted_s=None)


@pytest.mark.parametrize(
    "worse",
    [lambda each: _lower(each, 0.005), _wrong_rank, _later, _unseen],
    ids=["all scores a little lower", "another at rank 1", "later", "not detected"],
)
def test_a_worse_recogniser_would_be_noticed(worse: Callable[[Golden], Golden]) -> None:
    found = list(map(worse, GOLDEN))

    assert list(differences(GOLDEN, found, DRAWN.frames_per_second))


def test_other_arithmetic_would_not() -> None:
    random = np.random.default_rng(0)
    found = [_lower(each, float(random.normal(0, 0.001))) for each in GOLDEN]

    assert list(differences(GOLDEN, found, DRAWN.frames_per_second)) == []


def test_the_stored_scenes_hold_what_a_recogniser_can_get_wrong() -> None:
    outcomes = [each.outcome for each in GOLDEN]

    assert outcomes.count(Outcome.ALERTED) >= 5
    assert outcomes.count(Outcome.NO_ALERT) >= 3
    assert all(
        each.score > 1.2 * DRAWN.threshold for each in GOLDEN if each.alerted_s and each.score
    )


# --- the truth ----------------------------------------------------------------------------------

_SET = DrawnSet((DrawnScene(3, 12, 4, 20), DrawnScene(4, 6, 2, 20)), list_size=60)


@pytest.fixture(scope="module")
def passages() -> tuple[AnnotatedPassage, ...]:
    return truth(_SET.street(_SET.scenes[0]))


def test_everybody_on_the_street_has_a_passage(passages: tuple[AnnotatedPassage, ...]) -> None:
    drawn = _SET.street(_SET.scenes[0]).passages

    assert [each.passage_id for each in passages] == [f"3-{each.number}" for each in drawn]
    assert [each.listed for each in passages] == [each.listed for each in drawn]
    assert {each.camera for each in passages} == {"street-3"}


def test_a_passage_is_where_its_face_is_drawn_and_only_then(
    passages: tuple[AnnotatedPassage, ...],
) -> None:
    street = _SET.street(_SET.scenes[0])
    shown = {face.passage.number: face for face in street.faces(40)}

    for passage, drawn in zip(passages, street.passages, strict=True):
        box = passage.box_at(10.0)
        if box is not None:
            assert np.allclose(box, shown[drawn.number].box_px)
        assert drawn.enters_s <= passage.first_s <= passage.last_s < drawn.leaves_s


def test_the_list_holds_whoever_passes_and_is_filled_up() -> None:
    seeds = [each.seed for each in _SET.on_the_list()]
    passing = {
        each.person_seed
        for scene in _SET.scenes
        for each in _SET.street(scene).passages
        if each.listed
    }

    assert len(seeds) == 60
    assert passing <= set(seeds) <= set(LISTED_SEEDS)
    assert seeds == sorted(seeds)
