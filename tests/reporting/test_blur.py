"""Nobody who is hidden can be brought back."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from overt.reporting import blur
from overt.reporting.blur import hide_faces, hide_outside
from overt.values import RGBImage

quick = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 90)
coordinates = st.integers(-120, 200) | st.floats(-120, 200, width=32)
boxes = st.lists(st.tuples(coordinates, coordinates, coordinates, coordinates), max_size=4).map(
    lambda drawn: np.array(drawn, np.float32).reshape(-1, 4)
)


def noise(seed: int, height: int, width: int) -> RGBImage:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def shuffled_within_cells(image: RGBImage, across: int, down: int, seed: int) -> RGBImage:
    """Return the picture with the pixels of every cell in another order: its means are the same."""
    chance, mixed = np.random.default_rng(seed), image.copy()
    xs, ys = blur._edges(image.shape[1], across), blur._edges(image.shape[0], down)
    for top, bottom in pairwise(ys):
        for left, right in pairwise(xs):
            cell = mixed[top:bottom, left:right]
            cell[:] = chance.permutation(cell.reshape(-1, 3)).reshape(cell.shape)
    return mixed


@quick
@given(seed=seeds, height=sides, width=sides, x=st.integers(-40, 80), y=st.integers(-40, 80))
def test_nothing_finer_than_a_cells_mean_survives(
    seed: int, height: int, width: int, x: int, y: int
) -> None:
    image = noise(seed, 80, 80)
    box = np.array([[x, y, x + width, y + height]], np.float32)
    x1, y1, x2, y2 = blur._widened(box[0], 80, 80)
    mixed = image.copy()
    if x1 < x2 and y1 < y2:
        across, down = blur._cells(x2 - x1), blur._cells(y2 - y1)
        assert across <= 6
        assert down <= 6
        mixed[y1:y2, x1:x2] = shuffled_within_cells(image[y1:y2, x1:x2], across, down, seed)
    assert np.array_equal(hide_faces(image, box), hide_faces(mixed, box))


@quick
@given(seed=seeds, height=sides, width=sides, drawn=boxes)
def test_any_box_is_hidden_and_everything_far_from_boxes_stays(
    seed: int, height: int, width: int, drawn: NDArray[np.float32]
) -> None:
    image = noise(seed, height, width)
    before, touched = image.copy(), np.zeros((height, width), bool)
    hidden = hide_faces(image, drawn)
    for box in drawn:
        x1, y1, x2, y2 = blur._widened(box, width, height)
        if x1 < x2 and y1 < y2:
            touched[y1:y2, x1:x2] = True
    assert hidden.shape == image.shape
    assert hidden.dtype == np.uint8
    assert np.array_equal(hidden[~touched], image[~touched])
    assert np.array_equal(image, before), "the picture given is left as it is"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_tiny_face_becomes_one_plain_patch(size: int) -> None:
    image = noise(3, 40, 40)
    hidden = hide_faces(image, np.array([[20, 20, 20 + size, 20 + size]], np.float32))
    if size <= 3:
        patch = hidden[20 : 20 + size, 20 : 20 + size].reshape(-1, 3)
        assert (patch == patch[0]).all()
    assert not np.array_equal(hidden, image)


def test_faces_that_are_kept_stay_exactly_and_the_others_do_not() -> None:
    image = noise(5, 100, 200)
    faces = np.array([[10, 20, 50, 70], [120, 20, 160, 70]], np.float32)
    hidden = hide_faces(image, faces, keep={1})
    assert np.array_equal(hidden[20:70, 120:160], image[20:70, 120:160])
    assert not np.array_equal(hidden[20:70, 10:50], image[20:70, 10:50])


def test_a_hidden_face_is_hidden_even_where_a_kept_one_overlaps_it() -> None:
    image = noise(5, 100, 100)
    faces = np.array([[10, 10, 60, 60], [30, 10, 80, 60]], np.float32)
    assert np.array_equal(hide_faces(image, faces, keep={0}), hide_faces(image, faces[1:]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_box_that_is_nowhere_is_refused_rather_than_shown(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        hide_faces(noise(0, 9, 9), np.array([[bad, 0, 5, 5]], np.float32))


@quick
@given(seed=seeds, height=st.integers(1, 200), width=st.integers(1, 200), part=st.floats(0, 1))
def test_outside_the_zone_only_the_means_of_coarse_cells_are_left(
    seed: int, height: int, width: int, part: float
) -> None:
    image = noise(seed, height, width)
    inside = np.zeros((height, width), bool)
    inside[:, : round(part * width)] = True
    across, down = blur._zone_cells(width, height)
    hidden = hide_outside(image, inside)
    mixed = hide_outside(shuffled_within_cells(image, across, down, seed), inside)
    assert np.array_equal(hidden[inside], image[inside])
    assert np.array_equal(hidden[~inside], mixed[~inside])
    assert down <= 16
    assert across <= max(1, round(16 * width / height))
