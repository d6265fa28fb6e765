"""How old what a live source sends is, though its clock is not ours."""

from collections import deque
from math import inf

_OVER_S = 60

_SETTLES_S = 0.25
"""For so long nothing may come faster than it was filmed before ages are believed."""

_FASTER_S = 0.05
_FASTER = 0.25  # than it was filmed; no clock that can be used runs so fast
_LONGEST_S = 10.0
"""A stream that still comes too fast after this has a clock that cannot be used, and no backlog."""


class Freshness:
    """Tells how late a picture is, by the least delay of the last minute.

    A camera's clock is not ours, and only differences are known: a picture is as old as it came
    later, after its own time stamp, than the promptest one lately. A minute is short enough for
    a clock that runs wrong, and a stream that stays behind for seconds is opened anew.

    With a new stream nothing is known yet. A recorder or relay may begin with all it has kept since
    its last key picture, and each picture of that comes more promptly than the one before: until
    that is over (`settled`), none can be told from a live one.
    """

    def __init__(self) -> None:
        self._least: deque[tuple[int, float]] = deque()  # by second of arrival
        self._began_s = -inf
        self._paced: tuple[float, float] | None = None
        self.settled = False

    def age_s(self, presentation_s: float, arrived_s: float) -> float:
        """Return how old a picture is that arrives now, in seconds from 0, as far as is known."""
        delay_s, second = arrived_s - presentation_s, int(arrived_s)
        if not self.settled:
            self._settle(delay_s, arrived_s)
        if self._least and self._least[-1][0] == second:
            self._least[-1] = (second, min(delay_s, self._least[-1][1]))
        else:
            self._least.append((second, delay_s))
        while self._least[0][0] < second - _OVER_S:
            self._least.popleft()
        return delay_s - min(delay for _, delay in self._least)

    def _settle(self, delay_s: float, arrived_s: float) -> None:
        """See whether pictures still come faster than they were filmed."""
        if self._paced is None:
            self._began_s, self._paced = arrived_s, (arrived_s, delay_s)
            return
        since_s, gained_s = arrived_s - self._paced[0], self._paced[1] - delay_s
        if gained_s > max(_FASTER_S, _FASTER * since_s):
            self._paced = (arrived_s, delay_s)
            self.settled = arrived_s - self._began_s > _LONGEST_S
        else:
            self.settled = since_s >= _SETTLES_S
