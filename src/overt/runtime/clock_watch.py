"""Whether this machine's clock was moved while a deployment runs.

Windows, deadlines and every entry of the log go by the clock, and latencies and watchdogs by a
monotonic one that is never moved. Held against each other they show a step; a clock that is only
being corrected runs apart by half a millisecond a second (adjtimex(2)), which is no step.
"""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

_STEP_S = 1.0


class ClockWatch:
    """Holds a clock against the monotonic one, as often as it is asked. For use by one thread."""

    def __init__(
        self, now: Callable[[], datetime], monotonic_s: Callable[[], float] = monotonic
    ) -> None:
        self._now = now
        self._monotonic_s = monotonic_s
        self._apart_s = self._apart()

    def moved_s(self) -> float:
        """Return by how many seconds the clock was moved since it was last asked; 0.0 for no step.

        More than 0 is forward. A machine that slept seems to have been moved forward.
        """
        before_s, self._apart_s = self._apart_s, self._apart()
        moved_s = self._apart_s - before_s
        return moved_s if abs(moved_s) >= _STEP_S else 0.0

    def _apart(self) -> float:
        return self._now().timestamp() - self._monotonic_s()


def moved_in_words(moved_s: float) -> str:
    """Say that the clock was moved, and what that means."""
    way = "forward" if moved_s > 0 else "back"
    return (
        f"This machine's clock was moved {way} by {abs(moved_s):.0f} s. The deployment goes on, and "
        "ends no later than it would have; see what sets the clock."
    )
