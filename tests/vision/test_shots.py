"""The shots kept are few, good and different."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from overt.values import FaceDetection, Quality, Shot
from overt.vision.shots import BestShots, ShotSettings

_SETTINGS = ShotSettings(kept=4)


def _quality(unified: float, yaw: float = 0.0) -> Quality:
    return Quality(60, 0.1, 0.5, yaw, 0, 0, unified)


def _shot(second: float, unified: float, yaw: float = 0.0) -> Shot:
    template = np.random.default_rng(int(second * 1000)).normal(size=8).astype(np.float32)
    return Shot(
        sequence=int(second * 25),
        presentation_s=second,
        captured_at=datetime.now(UTC),
        detection=FaceDetection(np.zeros(4, np.float32), np.zeros((5, 2), np.float32), 0.9),
        quality=_quality(unified, yaw),
        crop=np.zeros((1, 1, 3), np.uint8),
        template=template / np.linalg.norm(template),
    )


_PASSAGE = st.lists(
    st.tuples(st.floats(0.01, 1.0), st.floats(0.05, 1.0), st.floats(-60, 60)),
    min_size=1,
    max_size=40,
)


def _watched(passage: list[tuple[float, float, float]]) -> BestShots:
    shots, second = BestShots(_SETTINGS), 0.0
    for step, unified, yaw in passage:
        second += step
        if shots.wants(_quality(unified, yaw), second):
            shots.add(_shot(second, unified, yaw))
    return shots


@given(_PASSAGE)
def test_never_more_than_asked_and_never_none(passage: list[tuple[float, float, float]]) -> None:
    assert 1 <= len(_watched(passage)) <= _SETTINGS.kept


@given(_PASSAGE)
def test_best_quality_comes_first(passage: list[tuple[float, float, float]]) -> None:
    kept = [shot.quality.unified for shot in _watched(passage).shots]

    assert kept == sorted(kept, reverse=True)


@given(_PASSAGE)
def test_the_fused_template_has_unit_norm(passage: list[tuple[float, float, float]]) -> None:
    assert np.isclose(np.linalg.norm(_watched(passage).template()), 1, atol=1e-5)


@given(_PASSAGE, st.floats(0.05, 1.0))
def test_a_face_that_is_wanted_is_kept(
    passage: list[tuple[float, float, float]], unified: float
) -> None:
    shots = _watched(passage)
    second = 1000.0
    if shots.wants(_quality(unified), second):
        shots.add(_shot(second, unified))
        assert any(shot.presentation_s == second for shot in shots.shots)


def test_five_shots_of_one_moment_are_one_shot() -> None:
    shots = _watched([(0.04, 0.9, 0.0)] * 5)

    assert len(shots) == 1


def test_the_same_moment_from_another_side_is_another_shot() -> None:
    assert len(_watched([(0.04, 0.9, 0.0), (0.04, 0.9, 30.0)])) == 2


def test_shots_of_a_long_passage_are_spread_over_it() -> None:
    shots = _watched([(0.04, 0.8, 0.0)] * 500)
    seconds = sorted(shot.presentation_s for shot in shots.shots)

    assert seconds[-1] - seconds[0] > 2
    assert min(np.diff(seconds)) >= _SETTINGS.smallest_step


def test_a_poor_shot_makes_room_for_a_good_one() -> None:
    shots = _watched([(1.0, 0.2, 0.0), (1.0, 0.8, 0.0), (1.0, 0.8, 0.0), (1.0, 0.8, 0.0)])

    assert shots.wants(_quality(0.8), 5.0)
    shots.add(_shot(5.0, 0.8))
    assert min(shot.quality.unified for shot in shots.shots) == 0.8
    assert not shots.wants(_quality(0.1), 6.0)


def test_quality_weighs_in_the_fused_template() -> None:
    shots = BestShots(_SETTINGS)
    good, poor = _shot(0.0, 0.9), _shot(2.0, 0.1)
    shots.add(good)
    shots.add(poor)

    assert shots.template() @ good.template > shots.template() @ poor.template
