"""How old what a live source sends is, though its clock is not ours."""

from collections import deque

_OVER_S = 60


class Freshness:
    """Tells how late a picture is, by the least delay of the last minute.

    A camera's clock is not ours, and only differences are known: a picture is as old as it came
    later, after its own time stamp, than the promptest one lately. A minute is short enough for
    a clock that runs wrong, and a stream that stays behind for seconds is opened anew.
    """

    def __init__(self) -> None:
        self._least: deque[tuple[int, float]] = deque()  # by second of arrival

    def age_s(self, presentation_s: float, arrived_s: float) -> float:
        """Return how old a picture is that arrives now, in seconds from 0."""
        delay_s, second = arrived_s - presentation_s, int(arrived_s)
        if self._least and self._least[-1][0] == second:
            self._least[-1] = (second, min(delay_s, self._least[-1][1]))
        else:
            self._least.append((second, delay_s))
        while self._least[0][0] < second - _OVER_S:
            self._least.popleft()
        return delay_s - min(delay for _, delay in self._least)
