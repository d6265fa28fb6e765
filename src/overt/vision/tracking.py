"""Face tracking: which detections, from frame to frame, are one passage of one face.

SORT (Bewley et al., 2016, arXiv:1602.00763): a constant-velocity Kalman filter says where each
face should be, and an optimal assignment joins detections to tracks; with the second thought of
ByteTrack (Zhang et al., 2022, arXiv:2110.06864): a detection too uncertain to begin a track may
still continue one. Two things differ, since faces are small and a busy camera worker skips
frames: time is in seconds, never in frames; and a join is judged by the distance between
centres in face sizes against what the filter thinks likely, not by overlap, which is zero when
a face moves by its own width between two looks. Why no library: docs/decisions/0005-tracking.md.

Nothing here looks at who a face is: a track that its templates show to be two people is cut by
its owner with `FaceTracker.end`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import lap
import numpy as np
from numpy.typing import NDArray

from overt.values import FaceDetection

# The filter's noise, as standard deviations in face sizes (the root of a box's area).
_JITTER = 0.08  # of a detection's place
_FIRST_SPEED = 5.0  # of a new face's velocity on each axis, in sizes a second
_AGILITY = 3.0  # of how much a velocity has changed after a second
_DEVIATIONS = 4.0  # how surprising a place may be
_GROWTH = 1.6  # how many times larger or smaller a face may be than when last seen


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """How detections become tracks.

    A detection of at least `start_score` may begin a track; any that is given to the tracker
    may continue one. A track ends when its face has not been seen for more than `patience_s`.
    `furthest_join` bounds how far from its expected place a face may be found, in face sizes;
    `furthest_unsure_join` is the same for detections below `start_score`, and is small because
    the score of a face that is being covered falls as its box slides onto whoever covers it.
    """

    start_score: float = 0.5
    patience_s: float = 1.0
    furthest_join: float = 1.2
    furthest_unsure_join: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace:
    """A detection and the track that it joined or, where `new`, began."""

    track_id: int
    detection: FaceDetection
    new: bool


@dataclass(frozen=True, slots=True, eq=False)
class TrackUpdate:
    """The faces of one frame that have a track, in the order given, and the tracks that ended."""

    faces: tuple[TrackedFace, ...]
    ended: tuple[int, ...]


class FaceTracker:
    """Tracks one camera's faces. Ids count from 1 and never come back, not even after `reset`.

    Holds no picture. Not safe for use by several threads.
    """

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self._settings = settings or TrackerSettings()
        self._tracks: list[_Track] = []
        self._last_id = 0
        self._now_s = -np.inf

    def update(self, detections: Sequence[FaceDetection], presentation_s: float) -> TrackUpdate:
        """Join the detections of one frame to tracks, begin new tracks and end old ones.

        If `presentation_s` is before the last frame's, all tracks end first.
        """
        ended = self._advance(presentation_s)
        # The order in which detections come decides nothing, not even which gets which new id.
        faces = sorted((_Face(at, face) for at, face in enumerate(detections)), key=_Face.rank)
        sure = [face for face in faces if face.score >= self._settings.start_score]
        unsure = [face for face in faces if face.score < self._settings.start_score]
        tracked = self._join(sure, self._settings.furthest_join)
        tracked |= self._join(unsure, self._settings.furthest_unsure_join)
        tracked |= {face.at: self._begin(face) for face in sure if face.at not in tracked}
        return TrackUpdate(tuple(tracked[at] for at in sorted(tracked)), ended)

    def predicted_boxes(self) -> list[NDArray[np.float32]]:
        """Return where the live faces that the last frame did not show are expected.

        Each is as `FaceDetection.box_px`. The live view blurs these too: a missed face is a face.
        """
        return [track.box_px() for track in self._tracks if not track.joined]

    def end(self, track_id: int) -> None:
        """Cut a track, if it lives: its face begins a new one when it is next detected."""
        self._tracks = [track for track in self._tracks if track.track_id != track_id]

    def reset(self) -> tuple[int, ...]:
        """End all tracks, as after a reconnection, and return their ids."""
        ended = tuple(track.track_id for track in self._tracks)
        self._tracks, self._now_s = [], -np.inf
        return ended

    def _advance(self, now_s: float) -> tuple[int, ...]:
        """Move the tracks to `now_s`, and drop and return those unseen for too long."""
        ended = self.reset() if now_s < self._now_s else ()
        for track in self._tracks:
            track.predict(now_s - self._now_s)
        self._now_s = now_s
        lost = [track for track in self._tracks if track.unseen_s > self._settings.patience_s]
        self._tracks = [track for track in self._tracks if track not in lost]
        return ended + tuple(track.track_id for track in lost)

    def _join(self, faces: Sequence["_Face"], furthest: float) -> dict[int, TrackedFace]:
        """Join faces to the tracks that have none in this frame yet."""
        waiting = [track for track in self._tracks if not track.joined]
        joined = {}
        for track, face in _assign(waiting, faces, furthest):
            track.correct(face)
            joined[face.at] = TrackedFace(track.track_id, face.detection, new=False)
        return joined

    def _begin(self, face: "_Face") -> TrackedFace:
        self._last_id += 1
        self._tracks.append(_Track(self._last_id, face.centre, face.sides))
        return TrackedFace(self._last_id, face.detection, new=True)


class _Face:
    """A detection as the filter sees it, and its index in the frame."""

    def __init__(self, at: int, detection: FaceDetection) -> None:
        box = detection.box_px.astype(np.float64)
        self.at, self.detection, self.score = at, detection, detection.detection_score
        self.centre = (box[:2] + box[2:]) / 2
        self.sides = np.maximum(box[2:] - box[:2], 1.0)

    def rank(self) -> tuple[float, ...]:
        return (-self.score, *self.centre, *self.sides)


@dataclass(slots=True, eq=False)
class _Track:
    """A Kalman filter over a face's centre; both axes share one covariance, in face sizes."""

    track_id: int
    centre: NDArray[np.float64]
    sides: NDArray[np.float64]
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    place_variance: float = _JITTER**2
    velocity_variance: float = _FIRST_SPEED**2
    covariance: float = 0.0
    unseen_s: float = 0.0
    joined: bool = True

    def predict(self, seconds: float) -> None:
        noise = _AGILITY**2 * seconds  # of a velocity that wanders (white-noise acceleration)
        self.centre = self.centre + self.velocity * seconds
        self.place_variance += seconds * (2 * self.covariance + seconds * self.velocity_variance)
        self.place_variance += seconds**2 * noise / 3
        self.covariance += seconds * (self.velocity_variance + noise / 2)
        self.velocity_variance += noise
        self.unseen_s, self.joined = self.unseen_s + seconds, False

    def correct(self, face: _Face) -> None:
        total = self.place_variance + _JITTER**2
        place_gain, velocity_gain = self.place_variance / total, self.covariance / total
        surprise = face.centre - self.centre
        self.centre = self.centre + place_gain * surprise
        self.velocity = self.velocity + velocity_gain * surprise
        self.velocity_variance -= velocity_gain * self.covariance
        self.covariance *= 1 - place_gain
        self.place_variance *= 1 - place_gain
        self.sides = (self.sides + face.sides) / 2  # sizes jitter more than they change
        self.unseen_s, self.joined = 0.0, True

    def box_px(self) -> NDArray[np.float32]:
        half = self.sides / 2
        return np.concatenate([self.centre - half, self.centre + half]).astype(np.float32)


def _assign(
    tracks: Sequence[_Track], faces: Sequence[_Face], furthest: float
) -> list[tuple[_Track, _Face]]:
    """Return the pairs that lie within reach and are closest to each other in total."""
    if not tracks or not faces:
        return []
    sizes = np.sqrt([track.sides.prod() for track in tracks])[:, None]
    offsets = np.array([[face.centre - track.centre for face in faces] for track in tracks])
    distance = np.linalg.norm(offsets, axis=2) / sizes
    growth = np.abs(np.log(np.sqrt([face.sides.prod() for face in faces]) / sizes))
    likely = _DEVIATIONS * np.sqrt([track.place_variance + _JITTER**2 for track in tracks])
    allowed = (distance <= np.minimum(likely, furthest)[:, None]) & (growth <= np.log(_GROWTH))
    # A pair left apart costs as much as the worst that may join, so that one good join is never
    # given up for two poor ones.
    cost = np.where(allowed, distance + growth, furthest + np.log(_GROWTH))
    face_of, _ = lap.lapjv(cost, extend_cost=True, return_cost=False)  # -1: a track without a face
    return [
        (tracks[row], faces[column])
        for row, column in enumerate(face_of)
        if column >= 0 and allowed[row, column]
    ]
