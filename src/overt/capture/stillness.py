"""Whether a live picture still moves: a camera that sends one picture for ever shows nothing.

Some cameras, and more recorders between them and us, go on sending their last picture when
something in them has failed. A sensor's noise makes two pictures of a real street differ, so that
pictures which are equal to the last bit for half a minute are one picture.
"""

import zlib

import numpy as np

from overt.values import RGBImage

FROZEN_S = 30.0
"""For so long a picture may stay the same before somebody is told.

A street that is drawn, and a camera that is covered and sends plain black, may really not change;
so this is said on screen, and the camera goes on.
"""

_LOOK_S = 1.0
_SEEN_S = 2.0
"""A look tells of no longer than this before it: while no picture comes, none stays the same."""
_EVERY_PX = 4


class Stillness:
    """Is shown a camera's pictures, looks at one a second, and says for how long they were the same."""

    def __init__(self) -> None:
        self._looked_s = float("-inf")
        self._still_s = 0.0
        self._seen: tuple[tuple[int, ...], int] | None = None

    def due(self, now_s: float) -> bool:
        """Tell whether another picture is to be looked at, by a monotonic clock in seconds."""
        return now_s - self._looked_s >= _LOOK_S

    def look(self, image: RGBImage, now_s: float) -> None:
        """Compare a picture with the one before: every fourth pixel of every fourth row."""
        sparse = np.ascontiguousarray(image[::_EVERY_PX, ::_EVERY_PX])
        seen = (image.shape, zlib.crc32(sparse.data))
        seen_s = min(now_s - self._looked_s, _SEEN_S)
        self._still_s = self._still_s + seen_s if seen == self._seen else 0.0
        self._seen, self._looked_s = seen, now_s

    @property
    def still_s(self) -> float:
        """For how many seconds of looking the picture has been the same; for any thread to ask."""
        return self._still_s
