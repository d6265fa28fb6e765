"""Detection of the next frames while the current one is followed up.

A recording that is taken as fast as possible has its next frames at hand. Detecting in two of
them at once, with one thread each, takes the processor's cores further than two threads in one
frame (docs/performance.md). A live source has only its newest frame, which is not kept waiting.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from overt.capture import FrameBuffer
from overt.runtime.zoned import ZonedDetector
from overt.values import FaceDetection, Frame


class Lookahead:
    """Takes frames from a buffer and gives them back, in order, with their faces.

    It looks as many frames ahead as there are detectors; with one, it takes no frame before it
    is asked for it. `taken` is told of each frame before it is looked at. Use it in a `with`
    statement, from one thread.
    """

    def __init__(
        self,
        buffer: FrameBuffer,
        detectors: Sequence[ZonedDetector],
        taken: Callable[[Frame], None] = lambda _frame: None,
    ) -> None:
        self._buffer = buffer
        self._taken = taken
        self._ahead = len(detectors)
        self._idle: SimpleQueue[ZonedDetector] = SimpleQueue()
        for detector in detectors:
            self._idle.put(detector)
        self._threads = ThreadPoolExecutor(len(detectors), thread_name_prefix="detection")
        self._pending: deque[tuple[Frame, Future[list[FaceDetection]]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    @property
    def left(self) -> int:
        """How many frames it has taken and not given back; once it is closed, nobody gets them."""
        return len(self._pending)

    @property
    def finished(self) -> bool:
        """Whether no frame is left and none will follow."""
        return not self._pending and self._buffer.finished

    def look_by(self, detectors: Sequence[ZonedDetector]) -> None:
        """Look by as many other detectors from now on; frames at hand are looked at again."""
        for _, faces in self._pending:
            if not faces.cancel():
                faces.exception()  # waits: nothing of before may go on beside what follows
        self._idle = SimpleQueue()
        for detector in detectors:
            self._idle.put(detector)
        frames = [frame for frame, _ in self._pending]
        self._pending = deque(
            (frame, self._threads.submit(self._detect, frame)) for frame in frames
        )

    def take(self, timeout_s: float) -> tuple[Frame, list[FaceDetection]] | None:
        """Return the next frame and its faces; None when no frame came or none will."""
        self._fill(timeout_s)
        if not self._pending:
            return None
        frame, faces = self._pending.popleft()
        if self._ahead > 1:
            self._fill(0.0)
        return frame, faces.result()

    def _fill(self, timeout_s: float) -> None:
        while len(self._pending) < self._ahead:
            frame = self._buffer.take(0.0 if self._pending else timeout_s)
            if frame is None:
                return
            self._taken(frame)
            self._pending.append((frame, self._threads.submit(self._detect, frame)))

    def _detect(self, frame: Frame) -> list[FaceDetection]:
        detector = self._idle.get()
        try:
            return detector.detect(frame)
        finally:
            self._idle.put(detector)
