"""Alignment: from a face's five landmarks to the chip that a recogniser was trained on."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from overt.values import Points, RGBImage


@dataclass(frozen=True, slots=True, eq=False)
class ChipGeometry:
    """A square chip of `size_px`, and where on it the five landmarks belong.

    `landmarks_px` is `(5, 2)` float32 in the chip's pixels, in the order of
    `overt.values.LANDMARKS`.
    """

    size_px: int
    landmarks_px: Points


def _dlib_chip() -> ChipGeometry:
    # dlib's mean face in unit coordinates, and its padding of a quarter on every side.
    mean_face = np.array(
        [[0.2273, 0.2214], [0.7528, 0.2212], [0.490, 0.53], [0.2541, 0.7802], [0.7261, 0.7802]]
    )
    size, padding = 150, 0.25
    return ChipGeometry(size, ((mean_face + padding) / (1 + 2 * padding) * size).astype(np.float32))


def _arcface_chip() -> ChipGeometry:
    # The five points that the ArcFace family is trained on (Deng et al., 2019).
    points = [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
    return ChipGeometry(112, np.array(points, np.float32))


CHIPS = {"dlib-150": _dlib_chip(), "arcface-112": _arcface_chip()}
"""The chips that a pack's manifest may name."""


def similarity_transform(source: Points, target: Points) -> NDArray[np.float64]:
    """Return the `(2, 3)` float64 matrix that best carries `source` onto `target`.

    Both are `(n, 2)`. The transform turns, scales evenly and shifts, and never mirrors; best
    is in the least-squares sense (Umeyama, 1991, without reflection).
    """
    # As complex numbers, turning and scaling is one factor, so the solution is one division.
    from_plane = source[:, 0] + 1j * source[:, 1].astype(np.complex128)
    to_plane = target[:, 0] + 1j * target[:, 1].astype(np.complex128)
    centred = from_plane - from_plane.mean()
    energy = max(float(np.vdot(centred, centred).real), 1e-12)
    factor = np.vdot(centred, to_plane - to_plane.mean()) / energy
    shift = to_plane.mean() - factor * from_plane.mean()
    return np.array(
        [[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]
    )


def align(image: RGBImage, landmarks_px: Points, chip: ChipGeometry) -> RGBImage:
    """Return the chip, `(size, size, 3)` uint8 RGB, of the face with these landmarks.

    `landmarks_px` is `(5, 2)` in the pixels of `image`. What lies outside the picture is black.
    """
    matrix = similarity_transform(landmarks_px, chip.landmarks_px)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:
        image, matrix = _shrink(image, landmarks_px, chip, scale)
    size = (chip.size_px, chip.size_px)
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)


def _shrink(
    image: RGBImage, landmarks_px: Points, chip: ChipGeometry, scale: float
) -> tuple[RGBImage, NDArray[np.float64]]:
    """Halve a picture until bilinear sampling no longer skips pixels, so that it does not alias."""
    halvings = int(np.log2(1 / max(scale, 1e-3)))
    factor = 0.5**halvings
    height, width = image.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    smaller = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    ratio = np.array([size[0] / width, size[1] / height], np.float32)
    return smaller, similarity_transform(landmarks_px * ratio, chip.landmarks_px)
