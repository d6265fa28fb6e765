"""Turning a video's pictures upright, as its display matrix says (phones, mounted cameras)."""

from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

from overt.values import RGBImage


class Orientation:
    """Which way up a source's pictures are.

    A picture is asked for its matrix where its angle is another one than before it. PyAV 18 ties a
    picture that was asked to itself: it stays until Python looks for such rings, and with it a
    piece of the decoder's memory, which the decoder never gives back. Asked of every picture that
    came to 300 MB for a camera of 720 lines. A source that begins to mirror its pictures while it
    plays, and does not turn them, is therefore not followed; no camera is known to.
    """

    def __init__(self) -> None:
        self._matrix: NDArray[np.int32] | None = None
        self._angle: int | None = None

    def upright(self, image: RGBImage, frame: av.VideoFrame) -> RGBImage:
        """Return `image` turned and mirrored as the decoded `frame` asks, to the nearest 90°."""
        if frame.rotation != self._angle:
            self._matrix, self._angle = _matrix(frame), frame.rotation
        if self._matrix is not None:
            return apply_display_matrix(image, self._matrix)
        # What PyAV cannot list it still knows the angle of.
        return np.ascontiguousarray(np.rot90(image, round(self._angle / 90)))


def _matrix(frame: av.VideoFrame) -> NDArray[np.int32] | None:
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # side data of a kind newer than PyAV 18
        return None
    # Copied: what is looked at in place keeps the picture.
    return None if data is None else np.frombuffer(cast("bytes", data), np.int32).copy()


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
