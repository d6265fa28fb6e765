"""How closely a camera's detector looks, as its pace wants it, and without a gap.

A network is compiled for every size that it looks at, which takes a third of a second or more.
For the widths that a pace may come to choose that is done ahead, in a thread of its own.
"""

from concurrent.futures import Future, ThreadPoolExecutor

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
        self._size = self._fitted = (0, 0)
        self._thread = ThreadPoolExecutor(1, "fitting")
        self._ahead: list[Future[None]] = []

    def look_by(self, detector: ZonedDetector) -> None:
        """Set another detector's width from now on."""
        self._detector = detector
        self._fitted = (0, 0)

    def begin(self, frame: Frame) -> None:
        """Begin to look at a frame, as closely as the pace says."""
        self._size = self._detector.size_px(frame)
        width_px = self._pace.begin(max(self._size))
        if not self._fixed:
            self._detector.working_px = width_px

    def done(self) -> None:
        """The look is over, and has fitted its own width."""
        self._pace.done()
        if self._size != self._fitted and not self._fixed:
            self._fitted = self._size
            self._fit_ahead(self._size)

    def close(self) -> None:
        """Fit nothing more."""
        self._thread.shutdown(cancel_futures=True)

    def _fit_ahead(self, size: tuple[int, int]) -> None:
        for each in self._ahead:
            each.cancel()
        now_px = self._detector.working_px
        # The next smaller one may be wanted soonest.
        widths = sorted(self._pace.widths_px, key=lambda px: (px > now_px, -px))
        self._ahead = [
            self._thread.submit(self._detector.fit, size, px) for px in widths if px != now_px
        ]
