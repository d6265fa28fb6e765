"""Alignment carries landmarks where the recogniser expects them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.values import Points
from overt.vision.alignment import CHIPS, ChipGeometry, align, similarity_transform

_ANGLES = st.floats(-np.pi, np.pi)
_SCALES = st.floats(0.05, 20)
_SHIFTS = st.floats(-2000, 2000)


def _moved(points: Points, angle: float, scale: float, x: float, y: float) -> Points:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(scale * points @ turn.T + [x, y], np.float32)


@given(_ANGLES, _SCALES, _SHIFTS, _SHIFTS)
def test_a_similarity_is_found_again(angle: float, scale: float, x: float, y: float) -> None:
    target = CHIPS["dlib-150"].landmarks_px
    source = _moved(target, angle, scale, x, y)

    matrix = similarity_transform(source, target)

    carried = source @ matrix[:, :2].T + matrix[:, 2]
    tolerance = 0.02 + 2e-6 * (abs(x) + abs(y)) / scale * 40
    np.testing.assert_allclose(carried, target, atol=tolerance)


@given(st.integers(0, 10_000))
def test_no_other_similarity_fits_better(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = rng.uniform(0, 100, (5, 2)).astype(np.float32)
    target = rng.uniform(0, 100, (5, 2)).astype(np.float32)
    matrix = similarity_transform(source, target)

    def error(m: np.ndarray) -> float:
        return float(np.sum((source @ m[:, :2].T + m[:, 2] - target) ** 2))

    a, b = matrix[0, 0], matrix[1, 0]
    for da, db, dx, dy in rng.normal(0, 0.05, (20, 4)):
        nearby = np.array([[a + da, -(b + db), 0], [b + db, a + da, 0]])
        nearby[:, 2] = matrix[:, 2] + [dx, dy]
        assert error(nearby) >= error(matrix) - 1e-6


def test_equal_points_do_not_divide_by_zero() -> None:
    same = np.full((5, 2), 7, np.float32)

    assert np.isfinite(similarity_transform(same, CHIPS["dlib-150"].landmarks_px)).all()


@pytest.mark.parametrize("chip", CHIPS.values(), ids=CHIPS)
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5, 9.0])
def test_marks_in_a_picture_land_on_the_chip(chip: ChipGeometry, scale: float) -> None:
    landmarks = _moved(chip.landmarks_px, 0.3, scale, 40 * scale, 60 * scale)
    side = int(260 * scale) + 40
    image = np.zeros((side, side, 3), np.uint8)
    radius = max(1, round(2 * scale))
    for x, y in landmarks.round().astype(int):
        image[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1] = 255

    aligned = align(image, landmarks, chip)

    assert aligned.shape == (chip.size_px, chip.size_px, 3)
    for x, y in chip.landmarks_px.round().astype(int):
        assert aligned[y, x].min() > 100


def test_a_large_face_is_shrunk_without_aliasing() -> None:
    chip = CHIPS["dlib-150"]
    image = np.zeros((1600, 1600, 3), np.uint8)
    image[:, ::2] = 255  # stripes finer than the chip can show must come out as grey
    landmarks = _moved(chip.landmarks_px, 0.0, 10.0, 20, 20)

    aligned = align(image, landmarks, chip)

    assert aligned.std() < 25
    assert 100 < aligned.mean() < 155
