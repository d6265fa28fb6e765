"""Sharing a machine between cameras: the policy's floor for all comes before more for some.

The operating system gives each camera's process as much as another's. One with few faces to look
at is well above its floor with that, while another, with a crowd before it, is below.
"""

from collections.abc import Callable
from math import inf
from time import monotonic

from overt.runtime.pace import Sparing

_EASE_S, _LONGEST_EASE_S = 60.0, 600.0
"""For so long no camera may have been held up before the others look as much as they like again.
It doubles where that brings the trouble back, so that under a load that stays they come to rest.
"""

_HELPS_S = 6.0
"""After so long it shows whether looking less often was enough."""


class Sharing:
    """Says how far cameras have to spare the machine. Asked again and again."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._how = Sparing.NOTHING
        self._since_s = -inf
        self._held_up_s = -inf
        self._ease_s = _EASE_S

    def judge(self, *, held_up: bool) -> Sparing:
        """Return how far, where some camera is or is not below its floor for want of the machine."""
        now_s = self._clock()
        lasted_s = now_s - self._since_s
        if held_up:
            self._held_up_s = now_s
            if self._how is Sparing.NOTHING:
                again = lasted_s < self._ease_s
                self._ease_s = min(2 * self._ease_s, _LONGEST_EASE_S) if again else _EASE_S
                self._turn(Sparing.OFTEN, now_s)
            elif self._how is Sparing.OFTEN and lasted_s > _HELPS_S:
                self._turn(Sparing.CLOSELY, now_s)
        elif self._how is not Sparing.NOTHING and now_s - self._held_up_s > self._ease_s:
            self._turn(Sparing.NOTHING, now_s)
        return self._how

    def _turn(self, how: Sparing, now_s: float) -> None:
        self._how, self._since_s = how, now_s
