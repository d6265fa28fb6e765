"""From a source's own time stamps to a time that only ever runs forward."""

import math

_LONGEST_JUMP_S = 86_400.0
"""A stamp more than a day ahead is a broken one; a recording made on motion may skip hours."""


class Timeline:
    """Places frames in seconds from the first one, strictly increasing.

    A missing stamp is filled in at the frame rate. A stamp that does not move forward, or
    leaps by more than a day, is taken for the start of a new stretch: its frame follows the
    last one at the frame rate, and later stamps count from there.
    """

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._origin_s: float | None = None
        self._last_s: float | None = None

    def place(self, stamp_s: float | None) -> float:
        """Return the presentation time in seconds of the frame with this stamp in seconds."""
        last_s = self._last_s
        next_s = 0.0 if last_s is None else last_s + self._frame_s
        placed_s = next_s
        if stamp_s is not None and math.isfinite(stamp_s):
            if self._origin_s is None or self._astray(stamp_s - self._origin_s):
                self._origin_s = stamp_s - next_s
            else:
                placed_s = stamp_s - self._origin_s
        self._last_s = placed_s
        return placed_s

    def _astray(self, placed_s: float) -> bool:
        last_s = -1.0 if self._last_s is None else self._last_s
        return not last_s < placed_s <= last_s + _LONGEST_JUMP_S
