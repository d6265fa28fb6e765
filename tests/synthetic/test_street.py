"""A drawn street is the same every time, and what it says of its people is true."""

from datetime import UTC, datetime

import numpy as np
import pytest

from overt.synthetic.choreography import LISTED_SEEDS
from overt.synthetic.identity import Person
from overt.synthetic.street import DrawnStreet, StreetSettings, Walk

_SMALL = StreetSettings(seed=3, people=4, listed=2, seconds=8)
_START = datetime(2024, 1, 19, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def street() -> DrawnStreet:
    return DrawnStreet(_SMALL, _START)


def test_the_same_settings_draw_the_same_frames(street: DrawnStreet) -> None:
    again = DrawnStreet(_SMALL, _START)

    assert np.array_equal(street.draw(90), again.draw(90))
    assert street.passages == again.passages


def test_another_seed_is_another_street(street: DrawnStreet) -> None:
    other = DrawnStreet(StreetSettings(seed=4, people=4, listed=2, seconds=8), _START)

    assert street.passages != other.passages


def test_frames_come_in_order_and_are_dated() -> None:
    with DrawnStreet(
        StreetSettings(people=0, listed=0, seconds=1, camera="gate"), _START
    ) as street:
        frames = list(street)

    assert [frame.sequence for frame in frames] == list(range(25))
    assert frames[24].presentation_s == pytest.approx(0.96)
    assert (frames[24].captured_at - _START).total_seconds() == pytest.approx(0.96)
    assert {frame.camera for frame in frames} == {"gate"}
    assert {frame.image.shape for frame in frames} == {(street.info.height, street.info.width, 3)}
    assert len(frames) == street.info.expected_frames


def test_a_closed_street_ends() -> None:
    street = DrawnStreet(StreetSettings(people=0, listed=0, seconds=2))
    frames = iter(street)
    next(frames)
    street.close()
    street.close()

    assert list(frames) == []


def test_as_many_are_listed_as_were_asked_for_and_all_walk_by() -> None:
    for seed in range(20):
        street = DrawnStreet(StreetSettings(seed=seed, people=18, listed=5, seconds=40))
        listed = [passage for passage in street.passages if passage.listed]

        assert len(street.passages) == 18
        assert len(listed) == 5
        assert len({passage.person_seed for passage in street.passages}) == 18
        for passage in street.passages:
            assert passage.listed == (passage.person_seed in LISTED_SEEDS)
        for passage in listed:
            assert passage.walk is Walk.TOWARDS
            assert passage.leaves_s <= street.settings.seconds
            assert _well_seen(street, passage.number) >= 25


def _well_seen(street: DrawnStreet, number: int) -> int:
    """Return in how many frames a face is at least 50 px wide and hardly hidden."""
    passage = street.passages[number]
    first = max(0, int(passage.enters_s * 25) + 1)
    seen = 0
    for sequence in range(first, int(passage.leaves_s * 25), 3):
        face = next(face for face in street.faces(sequence) if face.passage is passage)
        seen += 3 * (face.box_px[2] - face.box_px[0] >= 50 and face.hidden < 0.1)
    return seen


def test_a_face_box_holds_skin_and_the_place_is_otherwise_street(street: DrawnStreet) -> None:
    empty = DrawnStreet(StreetSettings(seed=3, people=0, listed=0, seconds=8), _START)
    checked = 0
    for sequence in range(0, 200, 40):
        picture, background = street.draw(sequence), empty.draw(sequence)
        for face in street.faces(sequence):
            if face.hidden > 0 or abs(face.yaw_deg) > 30:
                continue
            x1, y1, x2, y2 = face.box_px.astype(int)
            middle = (
                slice(y1 + (y2 - y1) // 2, y2 - (y2 - y1) // 4),
                slice(x1 + (x2 - x1) // 3, x2 - (x2 - x1) // 3),
            )
            skin = np.array(Person.from_seed(face.passage.person_seed).skin.colour)
            shown = picture[middle].reshape(-1, 3).mean(axis=0)
            assert np.abs(picture[middle].astype(int) - background[middle]).mean() > 8
            # Light changes how bright skin is, hardly its hue.
            assert shown @ skin / np.linalg.norm(shown) / np.linalg.norm(skin) > 0.97
            checked += 1

    assert checked >= 5


def test_who_walks_towards_the_camera_gets_larger(street: DrawnStreet) -> None:
    for passage in street.passages:
        if passage.walk is not Walk.TOWARDS:
            continue
        boxes = [street.face_box(passage, sequence) for sequence in range(200)]
        widths = [box[2] - box[0] for box in boxes if box is not None]

        assert np.all(np.diff(widths) > 0)


def test_nobody_has_a_face_box_when_not_there(street: DrawnStreet) -> None:
    passage = street.passages[-1]

    assert street.face_box(passage, int(passage.leaves_s * 25) + 2) is None
