"""Playing a recording at its own pace, as a camera would have delivered it."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

from overt.capture.source import FrameSource
from overt.values import Frame, SourceInfo
from overt.vocabulary import DropCause

_LONGEST_WAIT_S = 5.0
"""A recording made on motion has gaps of hours; nobody waits for them."""


class Paced:
    """A FrameSource that hands on another's frames when they are due.

    The first frame is due at once, and each later one when as much time has passed since as
    lies between their presentation times. A frame that is late is handed on at once, and a
    gap of more than five seconds is shortened to five. A frame's `monotonic_s` becomes the
    moment it was due, so that latency does not count the wait.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._clock = clock
        self._sleep = sleep

    @property
    def info(self) -> SourceInfo:
        """What is known of the source."""
        return self._source.info

    @property
    def dropped(self) -> Counter[DropCause]:
        """What the source delivered and did not hand on."""
        return self._source.dropped

    @property
    def note(self) -> str | None:
        """What else is worth telling of the source."""
        return self._source.note

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        began_s: float | None = None
        for frame in self._source:
            now_s = self._clock()
            if began_s is None:
                began_s = now_s - frame.presentation_s
            wait_s = began_s + frame.presentation_s - now_s
            if wait_s > _LONGEST_WAIT_S:
                began_s -= wait_s - _LONGEST_WAIT_S
                wait_s = _LONGEST_WAIT_S
            if wait_s > 0:
                self._sleep(wait_s)
            yield replace(frame, monotonic_s=self._clock())

    def close(self) -> None:
        """Close the source."""
        self._source.close()
