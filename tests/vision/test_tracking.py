"""Tracking: one track a face, whatever the interval between frames and the order of detections."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random

import lap
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from overt.capture.opening import open_source
from overt.capture.source import CaptureSettings
from overt.values import FaceDetection
from overt.vision.detection import DetectorSettings
from overt.vision.store import Pack
from overt.vision.tracking import FaceTracker, TrackerSettings

Timed = tuple[float, list[FaceDetection]]


def _face(x: float, y: float = 100.0, *, size: float = 60.0, score: float = 0.9) -> FaceDetection:
    """A face with its centre at (x, y)."""
    half = size / 2
    box = np.array([x - half, y - half, x + half, y + half], np.float32)
    return FaceDetection(box, np.full((5, 2), (x, y), np.float32), score)


def _ids(tracker: FaceTracker, faces: Sequence[FaceDetection], at_s: float) -> list[int]:
    return [face.track_id for face in tracker.update(faces, at_s).faces]


_intervals = st.floats(0.02, 0.15)
_faces = st.builds(
    _face,
    st.floats(0, 400),
    st.floats(0, 300),
    size=st.floats(20, 120),
    score=st.floats(0.3, 1.0),
)
_crowds = st.lists(
    st.tuples(st.floats(0, 0.6), st.lists(_faces, max_size=6, unique_by=lambda f: tuple(f.box_px))),
    max_size=12,
)


@given(_crowds)
def test_ids_are_new_once_and_never_come_back(crowd: list[Timed]) -> None:
    tracker, now_s, begun, over = FaceTracker(), 0.0, [0], set[int]()
    for interval, faces in crowd:
        now_s += interval
        update = tracker.update(faces, now_s)
        over |= set(update.ended)
        fresh = [face.track_id for face in update.faces if face.new]
        assert all(later > begun[-1] for later in fresh)
        begun += sorted(fresh)
        assert not over & {face.track_id for face in update.faces}
        assert {face.track_id for face in update.faces} <= set(begun)


@given(_crowds)
def test_every_certain_face_has_a_track_of_its_own(crowd: list[Timed]) -> None:
    tracker, now_s = FaceTracker(), 0.0
    for interval, faces in crowd:
        now_s += interval
        tracked = tracker.update(faces, now_s).faces
        assert len({face.track_id for face in tracked}) == len(tracked)
        with_track = [id(face.detection) for face in tracked]
        assert with_track == [id(face) for face in faces if id(face) in with_track]
        assert all(id(face) in with_track for face in faces if face.detection_score >= 0.5)
        assert all(face.detection.detection_score >= 0.5 for face in tracked if face.new)


@given(_crowds, st.randoms(use_true_random=False))
def test_the_order_of_detections_changes_nothing(crowd: list[Timed], random: Random) -> None:
    one, other, now_s = FaceTracker(), FaceTracker(), 0.0
    for interval, faces in crowd:
        now_s += interval
        shuffled = random.sample(faces, len(faces))
        first, second = one.update(faces, now_s), other.update(shuffled, now_s)
        assert {id(f.detection): f.track_id for f in first.faces} == {
            id(f.detection): f.track_id for f in second.faces
        }
        assert first.ended == second.ended


@given(_crowds)
def test_a_sharper_camera_sees_the_same_tracks(crowd: list[Timed]) -> None:
    one, other, now_s = FaceTracker(), FaceTracker(), 0.0
    for interval, faces in crowd:
        now_s += interval
        doubled = [
            FaceDetection(f.box_px * 2, f.landmarks_px * 2, f.detection_score) for f in faces
        ]
        assert _ids(one, faces, now_s) == _ids(other, doubled, now_s)


@given(
    st.lists(_intervals, min_size=10, max_size=40),
    st.floats(-6, 6),
    st.floats(-3, 3),
    st.randoms(use_true_random=False),
)
def test_a_steady_walker_keeps_one_id_at_irregular_intervals(
    intervals: list[float],
    sizes_a_second: float,
    down: float,
    random: Random,
) -> None:
    tracker, now_s, seen = FaceTracker(), 0.0, set[int]()
    for interval in intervals:
        now_s += interval
        x, y = 60 * sizes_a_second * now_s, 60 * down * now_s
        shaken = _face(x + random.uniform(-2, 2), y + random.uniform(-2, 2))
        seen |= set(_ids(tracker, [shaken], now_s))
    assert seen == {1}


@given(st.lists(_intervals, min_size=30, max_size=60), st.floats(1, 3), st.floats(0.4, 1.0))
def test_faces_that_cross_keep_their_ids(
    intervals: list[float], sizes_a_second: float, apart: float
) -> None:
    tracker, now_s, seen = FaceTracker(), 0.0, list[list[int]]()
    meeting_s = sum(intervals) / 2
    for interval in intervals:
        now_s += interval
        x = 60 * sizes_a_second * (now_s - meeting_s)
        seen.append(_ids(tracker, [_face(x, 100), _face(-x, 100 + 60 * apart)], now_s))
    assert seen == [seen[0]] * len(seen)


@pytest.mark.parametrize(("gap_s", "same"), [(0.4, True), (0.9, True), (1.1, False), (30, False)])
def test_a_face_unseen_for_longer_than_the_patience_gets_a_new_id(gap_s: float, same: bool) -> None:  # noqa: FBT001 - a test's table
    tracker = FaceTracker(TrackerSettings(patience_s=1.0))
    before = [_ids(tracker, [_face(100)], at / 10) for at in range(5)][-1]
    update = tracker.update([_face(100)], 0.4 + gap_s)
    assert ([face.track_id for face in update.faces] == before) is same
    assert update.ended == (() if same else tuple(before))


def test_a_track_ends_though_no_face_is_seen_any_more() -> None:
    tracker = FaceTracker()
    tracker.update([_face(100)], 0.0)
    assert tracker.update([], 0.5).ended == ()
    assert tracker.update([], 1.5).ended == (1,)
    assert tracker.update([], 2.0).ended == ()


def test_an_uncertain_detection_continues_a_track_and_begins_none() -> None:
    tracker = FaceTracker()
    tracker.update([_face(100)], 0.0)
    update = tracker.update([_face(102, score=0.35), _face(400, score=0.35)], 0.04)
    assert [(face.track_id, face.new) for face in update.faces] == [(1, False)]


def test_an_uncertain_detection_beside_a_lost_face_is_not_taken_for_it() -> None:
    tracker = FaceTracker()
    for at in range(5):
        tracker.update([_face(100)], at / 25)
    assert tracker.update([_face(130, score=0.4)], 0.4).faces == ()


def test_a_certain_detection_goes_before_an_uncertain_one() -> None:
    tracker = FaceTracker()
    tracker.update([_face(100)], 0.0)
    update = tracker.update([_face(100, score=0.4), _face(108, score=0.8)], 0.04)
    assert [(face.track_id, face.detection.detection_score) for face in update.faces] == [(1, 0.8)]


def test_a_face_of_another_size_in_the_same_place_is_another_face() -> None:
    tracker = FaceTracker()
    tracker.update([_face(100, size=40)], 0.0)
    assert _ids(tracker, [_face(100, size=120)], 0.04) == [2]


def test_a_cut_track_lets_the_same_face_begin_anew() -> None:
    tracker = FaceTracker()
    tracker.update([_face(100)], 0.0)
    tracker.end(1)
    assert tracker.predicted_boxes() == []
    update = tracker.update([_face(100)], 0.04)
    assert [(face.track_id, face.new) for face in update.faces] == [(2, True)]
    assert update.ended == ()


def test_reset_ends_all_tracks_and_uses_no_id_again() -> None:
    tracker = FaceTracker()
    tracker.update([_face(100), _face(300)], 5.0)
    assert tracker.reset() == (1, 2)
    assert _ids(tracker, [_face(100)], 0.0) == [3]


def test_all_tracks_end_when_the_clock_goes_back() -> None:
    tracker = FaceTracker()
    tracker.update([_face(100)], 5.0)
    update = tracker.update([_face(100)], 1.0)
    assert update.ended == (1,)
    assert [face.track_id for face in update.faces] == [2]


def test_trackers_of_two_cameras_share_nothing() -> None:
    one, other = FaceTracker(), FaceTracker()
    one.update([_face(100)], 0.0)
    assert _ids(other, [_face(100)], 0.0) == [1]


def test_a_missed_face_is_expected_where_its_walk_leads() -> None:
    tracker = FaceTracker()
    for at in range(10):
        tracker.update([_face(100 + 6 * at)], at / 25)
        assert tracker.predicted_boxes() == []
    tracker.update([], 10 / 25)
    (box,) = tracker.predicted_boxes()
    assert box.dtype == np.float32
    np.testing.assert_allclose(box, _face(160).box_px, atol=3)
    tracker.update([], 3.0)
    assert tracker.predicted_boxes() == []


def _detect(path: Path, pack: Pack, *, first: int = 0) -> list[Timed]:
    """Detect on the frames of a clip from `first` on, with the standard pack."""
    detector = pack.detector(DetectorSettings(working_px=960, smallest_score=0.4), threads=2)
    with open_source(str(path), CaptureSettings()) as source:
        return [
            (frame.presentation_s, detector.detect(frame.image))
            for frame in source
            if frame.sequence >= first
        ]


def _track(clip: Sequence[Timed]) -> tuple[int, dict[int, list[int]]]:
    """Return the number of frames, and for each track those that show it."""
    tracker, shown = FaceTracker(), defaultdict[int, list[int]](list)
    for at, (presentation_s, faces) in enumerate(clip):
        for track_id in _ids(tracker, faces, presentation_s):
            shown[track_id].append(at)
    return len(clip), shown


@pytest.fixture(scope="module")
def corridor(data_dir: Path, pack: Pack) -> list[Timed]:
    return _detect(data_dir / "video/corridor-480x270.gif", pack)


@pytest.fixture(scope="module")
def crowd(data_dir: Path, pack: Pack) -> list[Timed]:
    return _detect(data_dir / "video/street-crowd-1080p.mp4", pack)


@pytest.mark.data
@pytest.mark.models
@pytest.mark.parametrize("every", [1, 3])
def test_three_people_in_a_corridor_are_three_tracks(corridor: list[Timed], every: int) -> None:
    frames, shown = _track(corridor[::every])
    assert [len(at) for at in shown.values()] == [frames] * 3


@pytest.mark.data
@pytest.mark.models
@pytest.mark.parametrize("every", [1, 2, 3])
def test_people_who_stay_in_the_crowd_have_one_track_each(crowd: list[Timed], every: int) -> None:
    # Checked by eye: 11 people, one of them for a fifth of a second only; two are covered or
    # turned away for a while and come back; three are in view for nearly all of it.
    frames, shown = _track(crowd[::every])
    assert 12 <= len(shown) <= 14
    assert sum(len(at) >= 0.85 * frames for at in shown.values()) >= 3
    lasting = [at for at in shown.values() if (at[-1] - at[0]) * every >= 25]
    assert 10 <= len(lasting) <= 12
    assert sum(len(at) >= 0.9 * (at[-1] - at[0] + 1) for at in lasting) >= len(lasting) - 2


@pytest.mark.data
@pytest.mark.models
def test_an_audience_that_sits_still_keeps_its_tracks(data_dir: Path, pack: Pack) -> None:
    last_shot = _detect(data_dir / "video/stage-640x360.mp4", pack, first=211)
    frames, shown = _track(last_shot)
    assert sum(len(at) == frames for at in shown.values()) >= 5


@given(
    arrays(
        float,
        array_shapes(min_dims=2, max_dims=2, max_side=12),
        elements=st.one_of(st.floats(0, 1.7), st.just(1.67)),
    )
)
def test_the_assignment_is_the_cheapest_there_is_as_scipys_is(cost: NDArray[np.float64]) -> None:
    face_of, track_of = lap.lapjv(cost, extend_cost=True, return_cost=False)
    rows = np.flatnonzero(face_of >= 0)

    assert len(rows) == min(cost.shape)
    assert np.array_equal(track_of[face_of[rows]], rows)
    assert cost[rows, face_of[rows]].sum() == pytest.approx(cost[linear_sum_assignment(cost)].sum())
