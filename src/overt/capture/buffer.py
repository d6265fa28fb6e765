"""Between the thread that decodes and the one that looks: two ways to hold frames.

`NewestFrame` is for what happens now: looking at an old frame while newer ones pile up would
only make every alert later, so a frame that is overtaken is dropped and counted.
`BoundedQueue` is for recordings played as fast as the machine allows: nothing is dropped, and
the decoder waits.

Both may be used by one producer and one consumer at a time; neither starts a thread.
"""

import threading
from abc import ABC, abstractmethod
from collections import Counter, deque

from overt.errors import OvertError
from overt.values import Frame
from overt.vocabulary import DropCause


class FrameBuffer(ABC):
    """What passes frames from a producer to a consumer in another thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frames: deque[Frame] = deque()
        self._dropped: Counter[DropCause] = Counter()
        self._ended = False
        self._error: OvertError | None = None

    def put(self, frame: Frame) -> bool:
        """Hand a frame to the consumer; False when it has stopped and wants no more."""
        with self._changed:
            self._make_room()
            if self._ended:
                self._dropped[DropCause.LEFT] += 1
            else:
                self._frames.append(frame)
                self._changed.notify_all()
            return not self._ended

    def take(self, timeout_s: float) -> Frame | None:
        """Return the next frame, waiting for it; None when none came or none will."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._ended, timeout_s)
            frame = self._frames.popleft() if self._frames else None
            self._changed.notify_all()
            return frame

    def finish(self, error: OvertError | None = None) -> None:
        """Say that no frame will follow, and why; what is held can still be taken."""
        with self._changed:
            self._ended = True
            self._error = self._error or error
            self._changed.notify_all()

    def stop(self) -> None:
        """Want no more frames: forget those held and release a producer that waits."""
        with self._changed:
            self._dropped[DropCause.LEFT] += len(self._frames)
            self._frames.clear()
            self._ended = True
            self._changed.notify_all()

    @property
    def finished(self) -> bool:
        """Whether no frame is left and none will follow."""
        with self._changed:
            return self._ended and not self._frames

    @property
    def error(self) -> OvertError | None:
        """Why the source ended, when it did not simply reach its end."""
        with self._changed:
            return self._error

    @property
    def dropped(self) -> Counter[DropCause]:
        """A copy of what was put and never taken, by cause."""
        with self._changed:
            return self._dropped.copy()

    @abstractmethod
    def _make_room(self) -> None:
        """Wait or drop until a frame may be added; the condition is held."""


class NewestFrame(FrameBuffer):
    """Holds one frame: a newer one replaces it, and the older is counted as overtaken."""

    def _make_room(self) -> None:
        if self._frames and not self._ended:
            self._frames.clear()
            self._dropped[DropCause.OVERTAKEN] += 1


class BoundedQueue(FrameBuffer):
    """Holds a few frames in order: the producer waits while it is full, and none is dropped."""

    def __init__(self, size: int = 2) -> None:
        super().__init__()
        self._size = size

    def _make_room(self) -> None:
        self._changed.wait_for(lambda: len(self._frames) < self._size or self._ended)
