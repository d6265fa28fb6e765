"""Draws what a watcher of a view needs: the zone, where faces are, and which one alerted."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from overt.reporting.blur import hide_faces, hide_outside
from overt.reporting.lettering import Colour, Ink, label
from overt.values import RGBImage

AMBER: Colour = (255, 184, 28)
_DARK: Colour = (20, 24, 31)
_PALE: Colour = (225, 228, 232)
_ZONE: Colour = (120, 200, 255)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is known about one frame that is to be shown.

    `boxes_px` is `(n, 4)` float32 in the frame's pixels, every face that was detected;
    `alerted` holds the indices of those whose track has raised an alert. `zone_px` are the
    corners of the zone of recognition in pixels and `inside` its pixels, `(height, width)`
    bool; both are None where the zone is the whole picture.
    """

    boxes_px: NDArray[np.float32]
    alerted: frozenset[int] = frozenset()
    zone_px: tuple[tuple[float, float], ...] | None = None
    inside: NDArray[np.bool_] | None = None


def annotate(image: RGBImage, view: View) -> RGBImage:
    """Return the picture as people may see it: all others obscured, the alerted ones marked.

    No score and no name is drawn, only the words “possible match”.
    """
    shown = hide_faces(image, view.boxes_px, keep=view.alerted)
    if view.inside is not None:
        shown = hide_outside(shown, view.inside)
    if view.zone_px:
        corners = np.round(np.array(view.zone_px)).astype(np.int32)
        cv2.polylines(shown, [corners], True, _ZONE, _thin(shown), cv2.LINE_AA)
    for index, box in enumerate(view.boxes_px):
        if index not in view.alerted:
            _outline(shown, box, _PALE, _thin(shown))
    for index in sorted(view.alerted):
        _mark(shown, view.boxes_px[index])
    return shown


def stamp(image: RGBImage, text: str) -> None:
    """Write a text on an amber strip along the top of the picture, in place."""
    size = max(8, min(image.shape[0] // 28, image.shape[1] // 20))
    strip = label(text, Ink(size, _DARK, 700), AMBER)
    image[: strip.shape[0]] = AMBER
    paste(image, strip, ((image.shape[1] - strip.shape[1]) // 2, 0))


def paste(image: RGBImage, patch: RGBImage, corner: tuple[int, int]) -> None:
    """Lay a patch over the picture in place with its top-left corner at (x, y), edges cut off."""
    x, y = corner
    left, top = max(0, x), max(0, y)
    right = min(image.shape[1], x + patch.shape[1])
    bottom = min(image.shape[0], y + patch.shape[0])
    if left < right and top < bottom:
        image[top:bottom, left:right] = patch[top - y : bottom - y, left - x : right - x]


def _mark(image: RGBImage, box: NDArray[np.float32]) -> None:
    _outline(image, box, AMBER, 2 * _thin(image))
    words = label("possible match", Ink(max(10, image.shape[0] // 30), _DARK, 600), AMBER)
    height, width = words.shape[:2]
    above = round(float(box[1])) - height
    x = min(max(0, round(float(box[0]))), max(0, image.shape[1] - width))
    paste(image, words, (x, above if above >= 0 else round(float(box[3]))))


def _outline(image: RGBImage, box: NDArray[np.float32], colour: Colour, thickness: int) -> None:
    # OpenCV takes 16-bit coordinates; a box may reach past the edges, but no further than this.
    height, width = image.shape[:2]
    x1, x2 = (int(side) for side in np.clip(np.round(box[[0, 2]]), -width, 2 * width))
    y1, y2 = (int(side) for side in np.clip(np.round(box[[1, 3]]), -height, 2 * height))
    cv2.rectangle(image, (x1, y1), (x2 - 1, y2 - 1), colour, thickness, cv2.LINE_AA)


def _thin(image: RGBImage) -> int:
    height: int = image.shape[0]
    return max(1, round(height / 540))
