"""Turning a video's pictures upright, as its display matrix says (phones, mounted cameras)."""

from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

from overt.values import RGBImage


def upright(image: RGBImage, frame: av.VideoFrame) -> RGBImage:
    """Return `image` turned and mirrored as the decoded `frame` asks, to the nearest 90°."""
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # PyAV 18 cannot list side data of a kind newer than itself, but still knows the angle.
        return np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90)))
    if data is None:
        return image
    return apply_display_matrix(image, np.frombuffer(cast("bytes", data), np.int32))


def apply_display_matrix(image: RGBImage, matrix: NDArray[np.int32]) -> RGBImage:
    """Apply a display matrix, the nine numbers of ISO/IEC 14496-12 in FFmpeg's order.

    With a, b, c, d at places 0, 1, 3 and 4, the point (x, y) is shown at (ax + cy, bx + dy);
    scale and displacement are left alone.
    """
    a, b, c, d = (int(matrix[place]) for place in (0, 1, 3, 4))
    if abs(b) > abs(a):
        image, a, d = image.transpose(1, 0, 2), c, b
    if a < 0:
        image = image[:, ::-1]
    if d < 0:
        image = image[::-1]
    return np.ascontiguousarray(image)
