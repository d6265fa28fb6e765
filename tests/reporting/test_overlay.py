"""What a view shows: where faces are and which one alerted, and no more of anybody else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overt.reporting.overlay import AMBER, View, annotate, paste, stamp
from overt.values import RGBImage

FACES = np.array([[30, 60, 80, 120], [150, 60, 200, 120]], np.float32)


def scene() -> RGBImage:
    return np.random.default_rng(1).integers(0, 200, (240, 320, 3), np.uint8)


def count(image: RGBImage, colour: tuple[int, int, int]) -> int:
    return int((image == np.array(colour, np.uint8)).all(axis=2).sum())


def test_only_the_alerted_face_is_marked_and_left_visible() -> None:
    image = scene()
    shown = annotate(image, View(FACES, alerted=frozenset({1})))
    assert np.array_equal(shown[70:110, 160:190], image[70:110, 160:190])
    assert not np.array_equal(shown[70:110, 40:70], image[70:110, 40:70])
    assert count(shown, AMBER) > 500
    assert count(shown[:, :110], AMBER) == 0


def test_without_an_alert_nobody_is_visible_or_marked() -> None:
    image = scene()
    shown = annotate(image, View(FACES))
    assert count(shown, AMBER) == 0
    for x1, y1, x2, y2 in FACES.astype(int):
        assert (
            np.abs(np.diff(shown[y1 + 5 : y2 - 5, x1 + 5 : x2 - 5].astype(int), axis=1)).max() < 40
        )


def test_the_zone_is_outlined_and_what_lies_outside_it_is_hidden() -> None:
    image, inside = scene(), np.zeros((240, 320), bool)
    inside[50:200, 20:250] = True
    corners = ((20.0, 50.0), (250.0, 50.0), (250.0, 200.0), (20.0, 200.0))
    shown = annotate(image, View(FACES[:0], zone_px=corners, inside=inside))
    assert np.array_equal(shown[60:190, 30:240], image[60:190, 30:240])
    assert not np.array_equal(shown[210:], image[210:])
    assert shown[100, 20].tolist() != image[100, 20].tolist()


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    box=st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 4),
    alerted=st.booleans(),
)
def test_any_box_can_be_drawn_on_a_picture_of_any_size(
    height: int, width: int, box: tuple[float, ...], *, alerted: bool
) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    view = View(np.array([box], np.float32), frozenset({0}) if alerted else frozenset())
    shown = annotate(image, view)
    stamp(shown, "REHEARSAL")
    assert shown.shape == image.shape
    assert not image.any(), "the picture given is left as it is"


def test_a_stamp_is_readable_as_a_strip_along_the_top() -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    stamp(image, "REHEARSAL")
    strip = image[: int((image.sum(axis=(1, 2)) > 0).argmin())]
    assert 10 <= len(strip) <= 60
    assert count(strip, AMBER) < strip.shape[0] * 320, "there are letters on it"


@pytest.mark.parametrize("corner", [(-3, -3), (8, 8), (50, 50), (-50, 0)])
def test_a_patch_is_cut_off_at_the_edges(corner: tuple[int, int]) -> None:
    image = np.zeros((10, 10, 3), np.uint8)
    paste(image, np.full((5, 5, 3), 9, np.uint8), corner)
    x, y = corner
    expected = [(r, c) for r in range(10) for c in range(10) if y <= r < y + 5 and x <= c < x + 5]
    assert [tuple(each) for each in np.argwhere(image[:, :, 0] == 9)] == expected
