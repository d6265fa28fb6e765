"""Passing over pictures that cannot be decoded in time, so that a live camera stays live.

Every picture has to be decoded, since later ones build on it, whether anybody looks at it or not.
A machine that has no time for that falls behind, and would see a street of some seconds ago for
ever. So what has piled up is passed over up to a key picture, which builds on none before it.
"""

import time
from collections.abc import Callable

from overt.capture.freshness import Freshness
from overt.capture.timeline import Timeline
from overt.errors import SourceError

_MOST_S = 1.5
"""So far behind, pictures are passed over: half of the age at which they are no longer live."""

_FRESH_S = 0.1
_WAITED_S = 0.5
_RUSH = 0.5  # of the time that was filmed: who reads in less is reading what had piled up
_GLIMPSE_S = 1.0
_LONGEST_S = 3.0


class BehindError(SourceError):
    """A live stream is so far behind that only opening it anew helps."""

    def __init__(self, shown: str, behind_s: float) -> None:
        super().__init__(
            f"{shown} is more than {behind_s:g} seconds behind.",
            remedy="Check the network between the camera and this machine, and the camera's clock.",
        )


class Backlog:
    """Is shown each packet of a live stream before it is decoded, and says which to pass over.

    Once it passes over, it does so until a key picture comes that is fresh, or that had to be
    waited for: a camera whose clock runs slow seems to fall behind, and has nothing piled up.
    Meanwhile one key picture a second is let through.
    """

    def __init__(
        self, shown: str, frame_s: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shown = shown
        self._clock = clock
        self._timeline = Timeline(frame_s)
        self._freshness = Freshness()
        self._passing: _Passing | None = None

    def passes_over(self, stamp_s: float | None, *, is_key: bool) -> bool:
        """Tell whether the packet that was just read is not to be decoded.

        `stamp_s` is the source's own time stamp in the order of decoding, in seconds.

        Raises:
            BehindError: no key picture has come for seconds.
        """
        now_s = self._clock()
        placed_s = self._timeline.place(stamp_s, now_s)
        age_s = self._freshness.age_s(placed_s, now_s)
        if self._passing is None:
            if age_s <= _MOST_S:
                return False
            self._passing = _Passing(now_s, placed_s)
        passing = self._passing
        passing.read(now_s, placed_s)
        if is_key and (age_s <= _FRESH_S or passing.waits):
            self._passing = None
            if age_s > _FRESH_S:  # it is as old as it was sent
                self._freshness = Freshness()
            return False
        if is_key and now_s - passing.seen_s >= _GLIMPSE_S:
            passing.see(now_s)
            return False
        if now_s - passing.seen_s > _LONGEST_S:
            raise BehindError(self._shown, _MOST_S)
        return True


class _Passing:
    """A stretch of passing over: how long reading takes, and when a picture was seen last."""

    def __init__(self, now_s: float, placed_s: float) -> None:
        self.seen_s = now_s
        self._took_s = self._filmed_s = 0.0
        self._before: tuple[float, float] | None = (now_s, placed_s)

    @property
    def waits(self) -> bool:
        """Whether reading takes about as long as filming did: so nothing has piled up."""
        return self._took_s > max(_RUSH * self._filmed_s, _WAITED_S)

    def read(self, now_s: float, placed_s: float) -> None:
        """Another packet was read; what decoding takes is not reading."""
        if self._before is not None:
            self._took_s += now_s - self._before[0]
            self._filmed_s += placed_s - self._before[1]
        self._before = (now_s, placed_s)

    def see(self, now_s: float) -> None:
        """A picture is let through."""
        self.seen_s, self._before = now_s, None
