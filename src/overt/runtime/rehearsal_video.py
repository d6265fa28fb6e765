"""A rehearsal's annotated video: what an operator may see, frame by frame.

Every face without an alert is hidden, and so is everything that was not looked at: outside the
part of the picture in which faces are detected nobody can tell whether there is a face.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from overt.reporting.overlay import View, annotate
from overt.reporting.video import AnnotatedVideo
from overt.runtime.pipeline import CameraSettings, PipelineResult
from overt.values import Frame, RGBImage


class RehearsalVideo:
    """Writes one camera's annotated video; a context manager."""

    def __init__(self, path: Path, settings: CameraSettings) -> None:
        self._video = AnnotatedVideo(path, settings.kind)
        self._zone = settings.zone

    def __enter__(self) -> Self:
        self._video.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._video.__exit__(kind, error, trace)

    def write(self, frame: Frame, result: PipelineResult) -> None:
        """Write one frame as people may see it.

        Raises:
            StorageError: the file cannot be written.
        """
        image = frame.image
        height, width = image.shape[:2]
        whole = result.looked_at_px == (0, 0, width, height)
        view = View(
            boxes_px=result.boxes_px,
            alerted=result.alerted,
            zone_px=None if whole else self._zone.polygon_px((width, height)),
            inside=None if whole else _inside(image, result.looked_at_px),
        )
        self._video.write(annotate(image, view), frame.presentation_s)


def _inside(image: RGBImage, part_px: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    inside = np.zeros(image.shape[:2], np.bool_)
    x1, y1, x2, y2 = part_px
    inside[y1:y2, x1:x2] = True
    return inside
