"""How closely a camera's detector looks, as its pace wants it."""

from overt.runtime.pace import Pace
from overt.runtime.zoned import ZonedDetector
from overt.values import Frame


class Closeness:
    """Sets a detector's width before each look. Used by the thread that looks.

    Where it is `fixed`, as for recordings that wait, the detector is left as it is.
    """

    def __init__(self, detector: ZonedDetector, pace: Pace, *, fixed: bool) -> None:
        self._detector = detector
        self._pace = pace
        self._fixed = fixed

    def look_by(self, detector: ZonedDetector) -> None:
        """Set another detector's width from now on."""
        self._detector = detector

    def begin(self, frame: Frame) -> None:
        """Begin to look at a frame, as closely as the pace says."""
        width_px = self._pace.begin(max(self._detector.size_px(frame)))
        if not self._fixed:
            self._detector.working_px = width_px
