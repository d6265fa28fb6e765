"""The zone of recognition: validated, and the same place at every resolution."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from overt.capture import Zone
from overt.errors import ConfigurationError

sizes = st.tuples(st.integers(1, 30), st.integers(1, 30))


@st.composite
def zones(draw: st.DrawFn) -> Zone:
    """Draw a polygon that goes once round its centre, so that its sides cannot cross."""
    angles = draw(st.lists(st.integers(0, 359), min_size=3, max_size=9, unique=True))
    angles.sort()
    gaps = [(b - a) % 360 for a, b in zip(angles, [*angles[1:], angles[0]], strict=True)]
    assume(max(gaps) < 180)
    reach = [draw(st.floats(0.05, 0.5)) for _ in angles]
    return Zone.from_points(
        [
            (0.5 + r * math.cos(math.radians(a)), 0.5 + r * math.sin(math.radians(a)))
            for a, r in zip(angles, reach, strict=True)
        ]
    )


def distance_inside_px(zone: Zone, point: tuple[float, float], size: tuple[int, int]) -> float:
    """Say by OpenCV how far inside the zone a point is; negative outside."""
    contour = np.array(zone.polygon_px(size), np.float32)
    return float(cv2.pointPolygonTest(contour, point, measureDist=True))


@given(zones(), sizes, st.floats(-0.2, 1.2), st.floats(-0.2, 1.2))
def test_points_are_inside_where_opencv_says_so(
    zone: Zone, size: tuple[int, int], x: float, y: float
) -> None:
    point = (x * size[0], y * size[1])
    distance_px = distance_inside_px(zone, point, size)
    assume(abs(distance_px) > 1e-3)

    assert (distance_px > 0) == zone.contains(point, size)


@settings(deadline=None, max_examples=50)
@given(zones(), sizes)
def test_the_mask_holds_the_pixels_whose_centre_is_inside(
    zone: Zone, size: tuple[int, int]
) -> None:
    mask = zone.mask(size)

    assert (size[1], size[0]) == mask.shape
    for y, x in np.ndindex(mask.shape):
        distance_px = distance_inside_px(zone, (x + 0.5, y + 0.5), size)
        assert abs(distance_px) < 1e-3 or (distance_px > 0) == mask[y, x]


@given(zones(), sizes, st.floats(0, 100))
def test_the_bounding_box_holds_the_zone_and_stays_in_the_picture(
    zone: Zone, size: tuple[int, int], margin_px: float
) -> None:
    width, height = size
    x1, y1, x2, y2 = zone.bounding_box_px(size, margin_px)

    assert 0 <= x1 < x2 <= width
    assert 0 <= y1 < y2 <= height
    for x, y in zone.polygon_px(size):
        assert x1 <= max(0, x - margin_px) + 1e-9 or x1 == width - 1
        assert y1 <= max(0, y - margin_px) + 1e-9 or y1 == height - 1
        assert x2 >= min(width, x + margin_px) - 1e-9
        assert y2 >= min(height, y + margin_px) - 1e-9


@given(zones(), st.floats(0, 1), st.floats(0, 1), st.integers(1, 40))
def test_a_place_is_inside_at_every_resolution_or_at_none(
    zone: Zone, x: float, y: float, factor: int
) -> None:
    assume(abs(distance_inside_px(zone, (x * 1000, y * 1000), (1000, 1000))) > 1e-2)

    small = zone.contains((x * 32, y * 24), (32, 24))
    large = zone.contains((x * 32 * factor, y * 24 * factor), (32 * factor, 24 * factor))

    assert small == large


@given(sizes)
def test_the_whole_picture_is_a_zone(size: tuple[int, int]) -> None:
    whole = Zone.whole()

    assert whole.mask(size).all()
    assert (0, 0, *size) == whole.bounding_box_px(size, margin_px=10)
    assert whole.contains((0, 0), size)
    assert whole.contains(size, size)
    assert not whole.contains((-0.1, 0), size)
    assert not whole.contains((size[0] + 0.1, size[1]), size)


def test_an_edge_belongs_to_the_zone() -> None:
    triangle = Zone(((0.25, 0.25), (0.75, 0.25), (0.25, 0.75)))

    assert triangle.contains((50, 25), (100, 100))
    assert triangle.contains((25, 25), (100, 100))
    assert triangle.contains((50, 50), (100, 100))


def test_a_ring_that_is_closed_by_hand_is_the_same_zone() -> None:
    corners = [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]

    assert Zone.from_points(corners) == Zone.from_points([*corners, corners[0]])


@settings(deadline=None)
@given(zones())
def test_going_round_the_other_way_is_the_same_zone(zone: Zone) -> None:
    other = Zone(zone.points[::-1])

    assert np.array_equal(zone.mask((40, 30)), other.mask((40, 30)))


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        ([], "0 corners"),
        ([[0.1, 0.1], [0.9, 0.9]], "2 corners"),
        ([[0.1, 0.1], [0.9, 0.9], [0.1, 0.1]], "2 corners"),
        ([[n / 300, (n / 300) ** 2] for n in range(200)], "200 corners"),
        ([[0.1, 0.1], [1.1, 0.1], [0.5, 0.9]], "outside"),
        ([[10, 10], [100, 10], [50, 90]], "outside"),
        ([[0.1, 0.1], [float("nan"), 0.1], [0.5, 0.9]], "outside"),
        ([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]], "no area"),
        ([[0.1, 0.1], [0.9, 0.1], [0.9, 0.1], [0.5, 0.9]], "twice"),
        ([[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.2, 0.9]], "cross"),
        ([[0.1, 0.1], [0.9, 0.1], [0.5, 0.1], [0.5, 0.9]], "cross or touch"),
        ([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.5, 0.2], [0.2, 0.8]], "cross or touch"),
        ([[0.1, 0.1, 0.1]], "pairs"),
        ([0.1, 0.2], "pairs"),
        (["ab", "cd", "ef"], "pairs"),
        (None, "pairs"),
    ],
)
def test_what_is_no_zone_is_refused_with_a_remedy(corners: list[list[float]], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        Zone.from_points(corners)

    assert "[[0.1, 0.2]" in caught.value.remedy


@given(st.integers(4, 9), st.integers(0, 100))
def test_swapping_two_neighbouring_corners_makes_the_sides_cross(count: int, place: int) -> None:
    turns = [math.tau * n / count for n in range(count)]
    circle = [(0.5 + 0.4 * math.cos(turn), 0.5 + 0.4 * math.sin(turn)) for turn in turns]
    assert Zone.from_points(circle).points == tuple(circle)
    one, other = place % count, (place + 1) % count
    circle[one], circle[other] = circle[other], circle[one]

    with pytest.raises(ConfigurationError, match="cross"):
        Zone.from_points(circle)
