"""From a source's own time stamps to a time that only ever runs forward."""

import math

_LONGEST_JUMP_S = 86_400.0
"""A stamp more than a day ahead is a broken one; a recording made on motion may skip hours."""

_LONGEST_LEAD_S = 10.0
"""What arrives live cannot be from later than now. A sender that drops what it could not send
skips less than this, since a stream that stays behind is opened anew."""

_LEAD_AFTER_ASTRAY_S = 0.5
"""One that leaps at random lands within ten seconds of now every few minutes. Right after a leap, no
stamp is believed that is further ahead than a picture may have been held up."""

_SHORTEST_STEP_S = 1e-3
"""No camera films faster. FFmpeg makes stamps that stand still creep by a tick a frame."""


class Timeline:
    """Places frames in seconds from the first one, strictly increasing.

    A missing stamp is filled in at the frame rate. A stamp that does not move forward, or
    leaps by more than a day, is taken for the start of a new stretch: its frame follows the
    last one at the frame rate, and later stamps count from there.

    Of a live source it is known when each frame arrived. There such a frame follows the last one
    by as much as it arrived later, since a camera whose clock is broken may keep no rate either;
    and a stamp that leaps ten seconds further than time passed, or creeps, is a broken one as well;
    after such a one, half a second is too far.
    """

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._origin_s: float | None = None
        self._last_s: float | None = None
        self._arrived_s: float | None = None
        self._lead_s = _LONGEST_LEAD_S

    def place(self, stamp_s: float | None, arrived_s: float | None = None) -> float:
        """Return the presentation time in seconds of the frame with this stamp in seconds.

        `arrived_s` is when it arrived, by a monotonic clock in seconds, where it is live.
        """
        last_s, waited_s = self._last_s, self._waited_s(arrived_s)
        step_s = self._frame_s if waited_s is None else waited_s
        next_s = 0.0 if last_s is None else last_s + step_s
        least_s = 0.0 if waited_s is None else _SHORTEST_STEP_S
        longest_s = _LONGEST_JUMP_S if waited_s is None else waited_s + self._lead_s
        placed_s = next_s
        if stamp_s is not None and math.isfinite(stamp_s):
            if self._origin_s is None or self._astray(stamp_s - self._origin_s, least_s, longest_s):
                self._lead_s = _LONGEST_LEAD_S if self._origin_s is None else _LEAD_AFTER_ASTRAY_S
                self._origin_s = stamp_s - next_s
            else:
                self._lead_s = _LONGEST_LEAD_S
                placed_s = stamp_s - self._origin_s
        self._last_s = placed_s
        return placed_s

    def _waited_s(self, arrived_s: float | None) -> float | None:
        """Return how long after the last frame this one arrived, at least a moment."""
        if arrived_s is None:
            return None
        before_s, self._arrived_s = self._arrived_s, arrived_s
        return self._frame_s if before_s is None else max(1e-6, arrived_s - before_s)

    def _astray(self, placed_s: float, least_s: float, longest_s: float) -> bool:
        last_s = -1.0 if self._last_s is None else self._last_s
        return not last_s + least_s < placed_s <= last_s + longest_s
