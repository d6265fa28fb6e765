"""A frame as people may see it, live and in a rehearsal's video.

Every face without an alert is hidden, and so is everything that was not looked at: outside the
part of the picture in which faces are detected nobody can tell whether there is a face.
"""

import math

import numpy as np
from numpy.typing import NDArray

from overt.capture.zone import Box, Zone
from overt.reporting.overlay import View, annotate
from overt.runtime.pipeline import PipelineResult
from overt.values import RGBImage
from overt.vision.scaling import reduced


def as_shown(
    image: RGBImage, result: PipelineResult, zone: Zone, most_width_px: int | None = None
) -> RGBImage:
    """Return a new picture of what was seen in a frame, with the zone drawn.

    It is scaled down first where it is wider than `most_width_px`; faces are hidden after that,
    so that what hides them is made of the small picture's pixels, which hold less.
    """
    size = (image.shape[1], image.shape[0])
    if most_width_px is not None and size[0] > most_width_px:
        height = max(1, round(size[1] * most_width_px / size[0]))
        image = reduced(image, (most_width_px, height))
    return annotate(image, _view(image, result, zone, size))


def _view(image: RGBImage, result: PipelineResult, zone: Zone, size: tuple[int, int]) -> View:
    height, width = image.shape[:2]
    across, down = width / size[0], height / size[1]
    whole = result.looked_at_px == (0, 0, *size)
    return View(
        boxes_px=result.boxes_px * np.array([across, down, across, down], np.float32),
        alerted=result.alerted,
        zone_px=None if zone == Zone.whole() else zone.polygon_px((width, height)),
        inside=None if whole else _inside(image, result.looked_at_px, (across, down)),
    )


def _inside(image: RGBImage, part_px: Box, scale: tuple[float, float]) -> NDArray[np.bool_]:
    """Return which pixels show nothing but what was looked at."""
    inside = np.zeros(image.shape[:2], np.bool_)
    (x1, y1, x2, y2), (across, down) = part_px, scale
    left, top = math.ceil(x1 * across), math.ceil(y1 * down)
    inside[top : math.floor(y2 * down), left : math.floor(x2 * across)] = True
    return inside
