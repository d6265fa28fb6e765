"""The values that pass between rooms: frozen, validated once, without behaviour of their own.

Conventions, everywhere in Overt:

* pictures are RGB, `uint8`, shape `(height, width, 3)`;
* pixel coordinates are `(x, y)` in the frame's own pixels, origin at the top-left corner,
  and a box is `[x1, y1, x2, y2]` with `x2` and `y2` exclusive;
* times that people read are aware UTC; durations inside are seconds on a monotonic clock;
* a template is a unit vector, so a comparison score is a cosine similarity in [-1, 1]:
  higher means more alike, and it is never a probability.

A candidate (the machine's), an alert (the policy's) and an adjudication (a person's) are
three types, so that one can never be taken for another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.vocabulary import DeploymentKind, DropCause, LossCause, NotSearchable

RGBImage: TypeAlias = NDArray[np.uint8]
"""A picture: shape `(height, width, 3)`, dtype uint8, range 0-255, colour order RGB."""

Points: TypeAlias = NDArray[np.float32]
"""Points in a picture: shape `(n, 2)`, dtype float32, `(x, y)` in pixels."""

Template: TypeAlias = NDArray[np.float32]
"""Biometric features of one face: shape `(d,)`, dtype float32, unit norm."""

Templates: TypeAlias = NDArray[np.float32]
"""One template a row: shape `(n, d)`, dtype float32, C-contiguous, unit rows."""

LANDMARKS = ("eye on the left", "eye on the right", "nose tip", "mouth left", "mouth right")
"""The order of a face's five landmarks, left and right as seen in the picture."""


def _check_array(
    name: str, array: NDArray[np.generic], dtype: type, shape: Sequence[object]
) -> None:
    fits = len(array.shape) == len(shape) and all(
        want is None or want == have for want, have in zip(shape, array.shape, strict=True)
    )
    if array.dtype != dtype or not fits:
        wanted = "(" + ", ".join("any" if side is None else str(side) for side in shape) + ")"
        raise ValueError(
            f"{name}: expected {np.dtype(dtype)} of shape {wanted}, "
            f"got {array.dtype} of shape {array.shape}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from one camera.

    `sequence` counts what the source delivered, from 0, dropped frames included.
    `presentation_s` is the source's own clock in seconds from its start;
    `captured_at` is aware UTC: the arrival of a live frame, or a recording's start plus
    `presentation_s`; `monotonic_s` is `time.monotonic()` at decoding, for latency.
    """

    camera: str
    sequence: int
    presentation_s: float
    captured_at: datetime
    monotonic_s: float
    image: RGBImage

    def __post_init__(self) -> None:
        _check_array("Frame.image", self.image, np.uint8, (None, None, 3))
        if self.captured_at.tzinfo is not UTC:
            raise ValueError("Frame.captured_at: expected an aware UTC time")


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source once it is open.

    `source` is fit to be shown. `width` and `height` are those of the first frame; later ones
    may differ. `expected_frames` and `duration_s` are what a recording says of itself. `codec` is
    FFmpeg's name of how the pictures are coded, empty where they are not.
    """

    source: str
    width: int
    height: int
    frames_per_second: float | None
    duration_s: float | None
    expected_frames: int | None
    live: bool
    codec: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FaceDetection:
    """One face found in one frame.

    `box_px` is `(4,)` float32 in frame pixels and may reach past the edge; `landmarks_px` is
    `(5, 2)` float32 in the order of `LANDMARKS`; `detection_score` is the detector's own,
    in [0, 1], and says how face-like the place is, nothing about who it is.
    """

    box_px: NDArray[np.float32]
    landmarks_px: Points
    detection_score: float

    def __post_init__(self) -> None:
        _check_array("FaceDetection.box_px", self.box_px, np.float32, (4,))
        _check_array("FaceDetection.landmarks_px", self.landmarks_px, np.float32, (5, 2))

    @property
    def width_px(self) -> float:
        """Width of the box in frame pixels."""
        return float(self.box_px[2] - self.box_px[0])

    @property
    def height_px(self) -> float:
        """Height of the box in frame pixels."""
        return float(self.box_px[3] - self.box_px[1])

    @property
    def centre_px(self) -> tuple[float, float]:
        """Middle of the box in frame pixels, `(x, y)`."""
        x, y = (self.box_px[:2] + self.box_px[2:]) / 2
        return float(x), float(y)


@dataclass(frozen=True, slots=True)
class Quality:
    """What can be said live about one face's fitness for comparison.

    Components carry ISO/IEC 29794-5 names; `inter_eye_distance_px` is what a frontal face of
    the same size would have; angles are degrees estimated from the five
    landmarks (0 is frontal; yaw is positive when the face turns to the picture's right,
    pitch when it looks up, roll when it leans clockwise). `sharpness` is the variance of the
    Laplacian of the aligned chip; `luminance_mean` is in [0, 1]. `unified` in [0, 1] orders
    shots of one track and is not comparable across packs. `reasons` is empty exactly when the
    face is searchable.
    """

    inter_eye_distance_px: float
    sharpness: float
    luminance_mean: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    unified: float
    reasons: tuple[NotSearchable, ...] = ()

    @property
    def searchable(self) -> bool:
        """Whether the face may become part of a probe."""
        return not self.reasons


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One searchable face of a track, with its template.

    `crop` is an RGB cut-out around the face, kept in memory for the case that the track
    alerts; `template` is `(d,)` float32, unit norm.
    """

    sequence: int
    presentation_s: float
    captured_at: datetime
    detection: FaceDetection
    quality: Quality
    crop: RGBImage
    template: Template


@dataclass(frozen=True, slots=True)
class Subject:
    """One person on a watchlist, and why: what every reference of theirs has in common."""

    subject_id: str
    name: str
    category: str
    reason: str
    lawful_basis: str
    expected_response: str
    added_by: str


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One enrolled picture of one subject.

    `template` is `(d,)` float32, unit norm, of the pack named by `pack_id`; `picture_jpeg` is
    a portrait cut from the picture and encoded anew, so that it carries no metadata.
    """

    reference_id: str
    subject_id: str
    pack_id: str
    template: Template
    picture_jpeg: bytes
    picture_source: str
    picture_date: date
    quality: Quality


@dataclass(frozen=True, slots=True, eq=False)
class Watchlist:
    """A deployment's list as enrolled with one pack.

    `watchlist_id` is the SHA-256 (hex) over the imported rows, their pictures and the pack's
    id: the same list gives the same id. Every reference's subject is among `subjects`.
    """

    watchlist_id: str
    pack_id: str
    subjects: tuple[Subject, ...]
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What one track offers to the search: its chosen shots and their fused template.

    `template` is `(d,)` float32, unit norm, of the pack named by `pack_id`; `shots` has at
    least one member, best first.
    """

    camera: str
    track_id: int
    pack_id: str
    template: Template
    shots: tuple[Shot, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of a candidate list: a reference subject and how alike the probe is.

    `comparison_score` is the raw cosine in [-1, 1]; `normalised_score` is the same after
    symmetric score normalisation (raw again where no normalisation applies).
    """

    rank: int
    subject_id: str
    reference_id: str
    comparison_score: float
    normalised_score: float


CandidateList: TypeAlias = tuple[Candidate, ...]
"""Candidates by rank, best first, from one search; may be shorter than asked, never longer."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A possible match that met the decision policy, for a person to decide on.

    It carries everything needed to reproduce the decision: the candidate with both scores,
    the threshold and policy version that judged it, the pack that made the templates, camera,
    zone and times. It never says who somebody is. `crop_jpeg` is the best shot's cut-out;
    `shots` and `agreeing` count the evidence; `latency_s` is from the decoding of the frame
    in which the policy was first met to the raising of this alert.
    """

    alert_id: str
    kind: DeploymentKind
    camera: str
    track_id: int
    first_seen_at: datetime
    captured_at: datetime
    raised_at: datetime
    latency_s: float
    presentation_s: float
    candidate: Candidate
    runner_up: Candidate | None
    threshold: float
    shots: int
    agreeing: int
    pack_id: str
    policy_version: str
    zone_px: tuple[tuple[float, float], ...]
    box_px: tuple[float, float, float, float]
    quality: Quality
    crop_jpeg: bytes


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long one stage of the pipeline took: median and 95th percentile over `count` calls."""

    stage: str
    count: int
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class RunStatistics:
    """What a run counted: numbers only, so that nothing in it can be about one person.

    `frames` were looked at and `frames_dropped` were not, by cause. `detections` counts a face
    once in every frame; `not_searchable` counts those detections by reason, and a detection
    with two reasons under both. `faces_seen` counts tracks, which is what a deployment record
    means by faces seen: one passage of one person past one camera; `faces_searched` are those
    of them that were compared with the watchlist at least once. `duration_s` is from start to
    end of the run, `peak_memory_mb` the largest resident size of all its processes together.
    `carried` are those of the faces seen that the run before has counted too: they were passing
    when it handed its cameras over to this one. `losses` counts how often live sources were lost,
    by cause, and `lost_s` adds up for how long cameras saw nothing because of it; `below_floor_s`
    adds up for how long cameras looked at fewer frames a second than the policy asks: evidence of
    what was not covered.
    """

    frames: int
    frames_dropped: Mapping[DropCause, int]
    detections: int
    not_searchable: Mapping[NotSearchable, int]
    faces_seen: int
    faces_searched: int
    alerts: int
    duration_s: float
    peak_memory_mb: float
    stage_times: tuple[StageTime, ...] = ()
    losses: Mapping[LossCause, int] = field(default_factory=dict)
    lost_s: float = 0.0
    below_floor_s: float = 0.0
    carried: int = 0
