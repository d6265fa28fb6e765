"""Detection within the part of the picture that the zone of recognition needs."""

import numpy as np

from overt.capture.zone import Box, Zone
from overt.runtime.timing import StageClock
from overt.values import FaceDetection, Frame
from overt.vision.detection import Detector


class ZonedDetector:
    """A detector that looks at the zone's bounding box, and at nothing else of the picture.

    `margin_px` widens that box, so that a face on the zone's edge is seen whole. For use by
    one thread at a time.
    """

    def __init__(self, detector: Detector, zone: Zone, margin_px: float, clock: StageClock) -> None:
        self._detector = detector
        self._zone = zone
        self._margin_px = margin_px
        self._clock = clock

    @property
    def working_px(self) -> int:
        """The width, on the longer side, that what is looked at is reduced to."""
        return self._detector.working_px

    @working_px.setter
    def working_px(self, working_px: int) -> None:
        self._detector.working_px = working_px

    def size_px(self, frame: Frame) -> tuple[int, int]:
        """Return the size, (width, height), of the part of the frame that is looked at."""
        left, top, right, bottom = self.looked_at_px(frame)
        return right - left, bottom - top

    def looked_at_px(self, frame: Frame) -> Box:
        """Return the part of the frame that is looked at, in its pixels."""
        height, width = frame.image.shape[:2]
        return self._zone.bounding_box_px((width, height), self._margin_px)

    def detect(self, frame: Frame) -> list[FaceDetection]:
        """Return the faces of that part, in the frame's own pixels."""
        left, top, right, bottom = self.looked_at_px(frame)
        with self._clock.stage("detection"):
            faces = self._detector.detect(frame.image[top:bottom, left:right])
        shift = np.array([left, top], np.float32)
        return [
            FaceDetection(
                face.box_px + np.tile(shift, 2), face.landmarks_px + shift, face.detection_score
            )
            for face in faces
        ]
