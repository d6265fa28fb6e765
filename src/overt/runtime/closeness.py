"""How closely a camera's detector looks, as its pace wants it, and without a gap.

A network is compiled for every size that it looks at, which takes a third of a second or more.
For the widths that a pace may come to choose that is done ahead, in a thread of its own. It takes
the processor from the other cameras, so that a source that changes its size again and again has
it done for none but the first.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

from overt.runtime.pace import Pace
from overt.runtime.zoned import ZonedDetector
from overt.values import Frame

_STEADY_S = 10.0
"""A size that has changed must last for so long before other widths of it are made ready."""


class Closeness:
    """Sets a detector's width before each look. Used by the thread that looks.

    Where it is `fixed`, as for recordings that wait, the detector is left as it is.
    """

    def __init__(
        self,
        detector: ZonedDetector,
        pace: Pace,
        *,
        fixed: bool,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._detector = detector
        self._pace = pace
        self._fixed = fixed
        self._clock = clock
        self._size = self._fitted = (0, 0)
        self._since_s = clock()
        self._thread = ThreadPoolExecutor(1, "fitting")
        self._ahead: list[Future[None]] = []

    def look_by(self, detector: ZonedDetector) -> None:
        """Set another detector's width from now on."""
        self._detector = detector
        self._fitted = (0, 0)

    def begin(self, frame: Frame) -> None:
        """Begin to look at a frame, as closely as the pace says."""
        size = self._detector.size_px(frame)
        if size != self._size:
            self._size, self._since_s = size, self._clock()
        width_px = self._pace.begin(max(size))
        if not self._fixed:
            self._detector.working_px = width_px

    def done(self) -> None:
        """The look is over, and has fitted its own width."""
        self._pace.done()
        if self._size != self._fitted and not self._fixed and self._is_steady():
            self._fitted = self._size
            self._fit_ahead(self._size)

    def close(self) -> None:
        """Fit nothing more."""
        self._thread.shutdown(cancel_futures=True)

    def _is_steady(self) -> bool:
        first = self._fitted == (0, 0)
        return first or self._clock() - self._since_s > _STEADY_S

    def _fit_ahead(self, size: tuple[int, int]) -> None:
        for each in self._ahead:
            each.cancel()
        now_px = self._detector.working_px
        # The next smaller one may be wanted soonest.
        widths = sorted(self._pace.widths_px, key=lambda px: (px > now_px, -px))
        self._ahead = [
            self._thread.submit(self._detector.fit, size, px) for px in widths if px != now_px
        ]
