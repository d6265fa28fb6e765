"""Quality says why a face is not searchable, and orders those that are."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.values import FaceDetection, Points, RGBImage
from overt.vision.quality import _HEAD_MM, QualityLimits, assess, estimate_pose
from overt.vocabulary import NotSearchable

_FRAME = (1280, 720)


def _posed(yaw_deg: float, pitch_deg: float, px_per_mm: float = 1.0) -> Points:
    """The generic head's landmarks as a camera far away sees them."""
    yaw, pitch = np.radians([yaw_deg, pitch_deg])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    turned = _HEAD_MM @ (about_x @ about_y).T
    return np.asarray(turned[:, :2] * px_per_mm + [300, 300], np.float32)


def _face(
    width_px: float = 100, score: float = 0.9, x: float = 250, landmarks: Points | None = None
) -> FaceDetection:
    box = np.array([x, 250, x + width_px, 250 + 1.25 * width_px], np.float32)
    points = _posed(0, 0, width_px / 130) if landmarks is None else landmarks
    return FaceDetection(box, points, score)


def _sharp(level: int = 128) -> RGBImage:
    noise = np.random.default_rng(0).integers(-60, 60, (150, 150, 1))
    return np.repeat(np.clip(level + noise, 0, 255), 3, axis=2).astype(np.uint8)


@given(st.floats(-60, 60), st.floats(-35, 35), st.floats(0.2, 8))
def test_pose_is_read_off_the_generic_head(yaw: float, pitch: float, px_per_mm: float) -> None:
    pose = estimate_pose(_posed(yaw, pitch, px_per_mm))

    assert pose.yaw_deg == pytest.approx(yaw, abs=12)
    assert pose.inter_eye_px == pytest.approx(64 * px_per_mm, rel=0.1)


def test_yaw_is_positive_towards_the_pictures_right_and_pitch_upwards() -> None:
    assert estimate_pose(_posed(30, 0)).yaw_deg > 20
    assert estimate_pose(_posed(-30, 0)).yaw_deg < -20
    nose_up, nose_down = _posed(0, 0), _posed(0, 0)
    nose_up[2, 1] -= 10
    nose_down[2, 1] += 10
    assert estimate_pose(nose_up).pitch_deg > 10
    assert estimate_pose(nose_down).pitch_deg < -10


def test_a_good_face_is_searchable() -> None:
    quality = assess(_face(), _sharp(), _FRAME, QualityLimits())

    assert quality.reasons == ()
    assert quality.searchable
    assert quality.unified > 0.8


_BLURRED = np.asarray(cv2.GaussianBlur(_sharp(), (0, 0), 9), np.uint8)


@pytest.mark.parametrize(
    ("face", "chip", "reason"),
    [
        (_face(width_px=30), _sharp(), NotSearchable.TOO_SMALL),
        (_face(score=0.4), _sharp(), NotSearchable.LOW_DETECTION_SCORE),
        (_face(x=-40), _sharp(), NotSearchable.CUT_OFF),
        (_face(), _BLURRED, NotSearchable.BLURRED),
        (_face(), np.full((150, 150, 3), 128, np.uint8), NotSearchable.BLURRED),
        (_face(), (_sharp(50) // 10).astype(np.uint8), NotSearchable.TOO_DARK),
        (_face(), np.full((150, 150, 3), 253, np.uint8), NotSearchable.TOO_BRIGHT),
        (_face(landmarks=_posed(88, 0)), _sharp(), NotSearchable.TURNED),
    ],
)
def test_each_fault_is_named(face: FaceDetection, chip: RGBImage, reason: NotSearchable) -> None:
    quality = assess(face, chip, _FRAME, QualityLimits())

    assert reason in quality.reasons
    assert not quality.searchable


def test_every_reason_that_applies_is_given() -> None:
    reasons = assess(_face(width_px=20, score=0.3), _BLURRED, _FRAME, QualityLimits()).reasons

    assert set(reasons) == {
        NotSearchable.TOO_SMALL,
        NotSearchable.LOW_DETECTION_SCORE,
        NotSearchable.BLURRED,
    }


@given(st.floats(20, 120), st.floats(1, 2))
def test_a_larger_face_is_never_worth_less(width: float, factor: float) -> None:
    small = assess(_face(width_px=width), _sharp(), _FRAME, QualityLimits())
    large = assess(_face(width_px=width * factor), _sharp(), _FRAME, QualityLimits())

    assert large.unified >= small.unified - 1e-9
    assert 0 <= small.unified <= 1
