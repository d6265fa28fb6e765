"""Which face a picture is of: the largest and most central, or nobody's if that is unclear."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from overt.values import FaceDetection
from overt.watchlist.faces import cut_out, main_face

CANVAS = np.zeros((400, 600, 3), np.uint8)


def face(x: float, y: float, height: float, score: float = 0.9) -> FaceDetection:
    """A face of this height around a place."""
    half = np.array([height * 0.4, height / 2])
    middle = np.array([x, y])
    box = np.concatenate([middle - half, middle + half]).astype(np.float32)
    return FaceDetection(box, np.tile(middle, (5, 1)).astype(np.float32), score)


def test_one_face_is_the_pictures_wherever_it_is() -> None:
    alone = face(30, 30, 20)

    assert main_face([alone], CANVAS) is alone


def test_a_small_face_in_the_background_does_not_matter() -> None:
    main, passer = face(300, 200, 150), face(80, 100, 60, score=0.99)

    assert main_face([passer, main], CANVAS) is main


def test_a_face_at_the_edge_gives_way_to_one_in_the_middle() -> None:
    main, edge = face(300, 200, 120), face(20, 200, 130)

    assert main_face([edge, main], CANVAS) is main


def test_two_people_side_by_side_leave_it_unclear() -> None:
    assert main_face([face(180, 200, 120), face(420, 200, 110)], CANVAS) is None


places = st.tuples(st.floats(0, 600), st.floats(0, 400), st.floats(10, 200))


@given(st.lists(places, min_size=1, max_size=6), st.randoms())
def test_the_order_of_detections_makes_no_difference(
    given_places: list[tuple[float, float, float]], random: object
) -> None:
    faces = [face(*place) for place in dict.fromkeys(given_places)]
    backwards = list(reversed(faces))

    first, second = main_face(faces, CANVAS), main_face(backwards, CANVAS)

    assert (first is None) == (second is None)
    assert first is None or second is None or np.array_equal(first.box_px, second.box_px)


@given(st.floats(0, 600), st.floats(0, 400), st.floats(10, 400))
def test_a_cut_out_lies_inside_the_picture(x: float, y: float, height: float) -> None:
    part = cut_out(CANVAS, face(x, y, height))

    assert 0 < part.shape[0] <= min(400, 2 * height + 2)
    assert 0 < part.shape[1] <= min(600, 2 * height + 2)
