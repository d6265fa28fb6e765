"""Live face quality: a few measures of ISO/IEC 29794-5, and why a face is not searchable.

These are the components that can be had from one frame in well under a millisecond: inter-eye
distance, sharpness, illumination, pose and the detector's own score. They are not OFIQ's values
and do not claim conformance; they order the shots of one track and refuse the hopeless ones.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from overt.values import FaceDetection, Points, Quality, RGBImage
from overt.vocabulary import NotSearchable

# A generic head in millimetres, nose tip at the origin: x to the picture's right, y down,
# z towards the camera. In the order of LANDMARKS; proportions after the means that
# Farkas (1994) gives for adults.
_HEAD_MM = np.array(
    [[-32, -36, -28], [32, -36, -28], [0, 0, 0], [-25, 34, -22], [25, 34, -22]], np.float64
)
_INTER_EYE_MM = 64.0
_ROUNDING_ENERGY = 20 / 12
"""What rounding to whole grey levels alone adds: variance 1/12 a pixel, times the Laplacian's
squared weights, 4² + 4 · 1²."""

_HEAD_INVERSE = np.linalg.pinv(_HEAD_MM - _HEAD_MM.mean(axis=0))


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Beyond these a face is not searchable. Distances in frame pixels, angles in degrees.

    `smallest_face_px` is the width of the detector's box, as a deployment file states it, and
    `smallest_inter_eye_px` the distance between the eyes in the picture, as a policy does.
    `smallest_sharpness` is on the scale of `Quality.sharpness`.
    """

    smallest_face_px: float = 40.0
    smallest_inter_eye_px: float = 10.0
    smallest_detection_score: float = 0.5
    smallest_sharpness: float = 0.003
    luminance: tuple[float, float] = (0.04, 0.95)
    largest_yaw_deg: float = 80.0
    largest_pitch_deg: float = 45.0
    largest_cut_off: float = 0.15


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles in degrees, as in `overt.values.Quality`, and the head's size in the picture.

    `inter_eye_px` is the distance between the eyes that a frontal face of this size would
    have, so that a face is not called small because it is turned.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    inter_eye_px: float


def estimate_pose(landmarks_px: Points) -> Pose:
    """Estimate the head's pose from its five landmarks, `(5, 2)` in any pixel frame.

    Scaled orthography (POS, DeMenthon and Davis, 1995) on a generic head: good to about ten
    degrees, which is enough to choose shots by.
    """
    centred = landmarks_px.astype(np.float64) - landmarks_px.mean(axis=0)
    rows = (_HEAD_INVERSE @ centred).T  # scaled first two rows of the rotation
    px_per_mm = np.maximum(np.linalg.norm(rows, axis=1), 1e-9)
    across, down = rows / px_per_mm[:, None]
    towards = np.cross(across, down)[2]
    eyes = landmarks_px[1] - landmarks_px[0]
    return Pose(
        yaw_deg=float(np.degrees(np.arctan2(across[2], max(towards, 1e-3)))),
        pitch_deg=float(np.degrees(np.arctan2(-down[2], max(towards, 1e-3)))),
        roll_deg=float(np.degrees(np.arctan2(eyes[1], eyes[0]))),
        inter_eye_px=float(px_per_mm.mean()) * _INTER_EYE_MM,
    )


def assess(
    face: FaceDetection, chip: RGBImage, frame_size: tuple[int, int], limits: QualityLimits
) -> Quality:
    """Assess one face of a frame.

    `chip` is the aligned chip; `frame_size` is the frame's (width, height) in pixels, of which
    `face` is measured. Every reason that applies is given.
    """
    pose = estimate_pose(face.landmarks_px)
    sharpness, luminance = _sharpness_and_luminance(chip)
    turned = abs(pose.yaw_deg) > limits.largest_yaw_deg
    tilted = abs(pose.pitch_deg) > limits.largest_pitch_deg
    checks = {
        NotSearchable.CUT_OFF: _cut_off(face, frame_size) > limits.largest_cut_off,
        NotSearchable.TOO_SMALL: not is_large_enough(face, pose.inter_eye_px, limits),
        NotSearchable.LOW_DETECTION_SCORE: face.detection_score < limits.smallest_detection_score,
        NotSearchable.BLURRED: sharpness < limits.smallest_sharpness,
        NotSearchable.TOO_DARK: luminance < limits.luminance[0],
        NotSearchable.TOO_BRIGHT: luminance > limits.luminance[1],
        NotSearchable.TURNED: turned or tilted,
    }
    return Quality(
        inter_eye_distance_px=pose.inter_eye_px,
        sharpness=sharpness,
        luminance_mean=luminance,
        yaw_deg=pose.yaw_deg,
        pitch_deg=pose.pitch_deg,
        roll_deg=pose.roll_deg,
        unified=_unified(face, pose, sharpness),
        reasons=tuple(reason for reason, applies in checks.items() if applies),
    )


def is_large_enough(face: FaceDetection, inter_eye_px: float, limits: QualityLimits) -> bool:
    """Tell whether a face's box, and its eyes' distance, are of the size that the limits ask."""
    return face.width_px >= limits.smallest_face_px and inter_eye_px >= limits.smallest_inter_eye_px


def _sharpness_and_luminance(chip: RGBImage) -> tuple[float, float]:
    """Return Laplacian energy over the chip's own contrast, and mean luminance in [0, 1]."""
    grey: NDArray[np.float32] = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY).astype(np.float32)
    side = grey.shape[0]
    middle = grey[side // 5 : -side // 5, side // 5 : -side // 5]
    contrast = float(middle.var())
    energy = float(cv2.Laplacian(middle, cv2.CV_32F).var()) - _ROUNDING_ENERGY
    # The floor keeps an even patch, which has neither, from counting as sharp.
    return max(0.0, energy) / max(contrast, 25.0), float(middle.mean()) / 255


def _cut_off(face: FaceDetection, frame_size: tuple[int, int]) -> float:
    """Return the share of the box that lies outside the frame."""
    x1, y1, x2, y2 = (float(side) for side in face.box_px)
    inside_x = min(x2, frame_size[0]) - max(x1, 0.0)
    inside_y = min(y2, frame_size[1]) - max(y1, 0.0)
    area = max((x2 - x1) * (y2 - y1), 1e-6)
    return 1.0 - max(inside_x, 0.0) * max(inside_y, 0.0) / area


def _unified(face: FaceDetection, pose: Pose, sharpness: float) -> float:
    """Return one value in [0, 1]: the geometric mean of size, sharpness, pose and score.

    Each saturates where more of it no longer helped the standard pack on LFW and the clips.
    """
    facing = np.cos(np.radians(pose.yaw_deg)) * np.cos(np.radians(pose.pitch_deg))
    parts = (
        min(1.0, pose.inter_eye_px / 50.0),
        min(1.0, sharpness / 0.05),
        max(0.0, float(facing)),
        min(1.0, face.detection_score),
    )
    return float(np.prod(parts) ** (1 / len(parts)))
