"""Playing a recording at its own pace, as a camera would have delivered it."""

import time
from collections.abc import Callable

from overt.capture.source import Due, always

_LONGEST_WAIT_S = 5.0
"""A recording made on motion has gaps of hours; nobody waits for them."""


class OwnPace:
    """A `Due` that keeps each picture of a recording back until its time has come.

    The first picture's time is at once, and that of each later one when as much time has passed
    since as lies between their presentation times. One that is late is not kept back, and a
    gap of more than five seconds is shortened to five. Whether it is due is then asked of another.
    """

    def __init__(
        self,
        due: Due = always,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._due = due
        self._clock = clock
        self._sleep = sleep
        self._began_s: float | None = None

    def __call__(self, presentation_s: float) -> bool:
        """Wait until it is a picture's time, and say whether it is due."""
        now_s = self._clock()
        if self._began_s is None:
            self._began_s = now_s - presentation_s
        wait_s = self._began_s + presentation_s - now_s
        if wait_s > _LONGEST_WAIT_S:
            self._began_s -= wait_s - _LONGEST_WAIT_S
            wait_s = _LONGEST_WAIT_S
        if wait_s > 0:
            self._sleep(wait_s)
        return self._due(presentation_s)
