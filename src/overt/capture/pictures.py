"""What videos and folders of pictures share: numbering, timing, dating and passing over."""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Self

from overt.capture.source import CaptureSettings, Due
from overt.capture.timeline import Timeline
from overt.values import Frame, RGBImage, SourceInfo
from overt.vocabulary import DropCause


class PictureSource(ABC):
    """A FrameSource over decoded pictures; a kind of source says how they are decoded.

    `info` is set by the kind when it opens. Damaged pictures are counted in `dropped` by
    `_decode`, and those that are not `due` by `_frame`; each leaves a gap in the sequence. The
    first picture is handed on whether it is due or not.
    """

    info: SourceInfo

    def __init__(self, settings: CaptureSettings, *, frame_s: float, live: bool, due: Due) -> None:
        self.dropped: Counter[DropCause] = Counter()
        self.note: str | None = None
        self._camera = settings.camera
        self._began = settings.began_at()
        self._live = live
        self._due = due
        self._timeline = Timeline(frame_s)
        self._delivered = 0
        self._decoding = self._decode()
        self._frames: Iterator[Frame] = self._decoding

    @abstractmethod
    def _decode(self) -> Generator[Frame, None, None]:
        """Yield the `_frame` of every picture that decodes and is due.

        Nothing of this runs before the first is asked for.
        """

    def _first_picture(self) -> RGBImage | None:
        """Decode up to the first picture and keep it for the iteration; None when none is."""
        first = next(self._decoding, None)
        if first is None:
            return None
        self._frames = chain([first], self._decoding)
        return first.image

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        yield from self._frames

    def close(self) -> None:
        """Stop decoding and let go of the source; harmless when repeated."""
        self._decoding.close()
        self._frames = iter(())

    def _frame(self, stamp_s: float | None, image: Callable[[], RGBImage]) -> Frame | None:
        """Return the frame of a picture, or None where it is not due; then `image` is not called.

        `stamp_s` is the source's own time stamp in seconds, where it has one.
        """
        arrived_s, arrived_at = time.monotonic(), datetime.now(UTC)
        presentation_s = self._timeline.place(stamp_s, arrived_s if self._live else None)
        if not self._due(presentation_s) and self._delivered:
            self.dropped[DropCause.NOT_DUE] += 1
            return None
        sequence = self._delivered + self.dropped.total()
        frame = Frame(
            camera=self._camera,
            sequence=sequence,
            presentation_s=presentation_s,
            captured_at=arrived_at
            if self._live
            else self._began + timedelta(seconds=presentation_s),
            monotonic_s=arrived_s,
            image=image(),
        )
        self._delivered += 1
        return frame
