"""What videos and folders of pictures share: numbering, timing and dating frames."""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Self, TypeAlias

from overt.capture.source import CaptureSettings
from overt.capture.timeline import Timeline
from overt.values import Frame, RGBImage, SourceInfo
from overt.vocabulary import DropCause

Picture: TypeAlias = tuple[float | None, RGBImage]
"""The source's own time stamp in seconds, where it has one, and the picture."""


class PictureSource(ABC):
    """A FrameSource over decoded pictures; a kind of source says how they are decoded.

    `info` is set by the kind when it opens. Damaged pictures are counted in `dropped` by
    `_decode`, and leave a gap in the sequence.
    """

    info: SourceInfo

    def __init__(self, settings: CaptureSettings, *, frame_s: float) -> None:
        self.dropped: Counter[DropCause] = Counter()
        self.note: str | None = None
        self._camera = settings.camera
        self._began = settings.began_at()
        self._timeline = Timeline(frame_s)
        self._delivered = 0
        self._decoding = self._decode()
        self._pictures: Iterator[Picture] = self._decoding

    @abstractmethod
    def _decode(self) -> Generator[Picture, None, None]:
        """Yield every picture that decodes; nothing of this runs before the first is asked for."""

    def _first_picture(self) -> RGBImage | None:
        """Decode up to the first picture and keep it for the iteration; None when none is."""
        first = next(self._decoding, None)
        if first is None:
            return None
        self._pictures = chain([first], self._decoding)
        return first[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        for stamp_s, image in self._pictures:
            yield self._frame(stamp_s, image)

    def close(self) -> None:
        """Stop decoding and let go of the source; harmless when repeated."""
        self._decoding.close()
        self._pictures = iter(())

    def _frame(self, stamp_s: float | None, image: RGBImage) -> Frame:
        arrived_s = time.monotonic()
        presentation_s = self._timeline.place(stamp_s, arrived_s if self.info.live else None)
        sequence = self._delivered + self.dropped.total()
        self._delivered += 1
        recorded_at = self._began + timedelta(seconds=presentation_s)
        return Frame(
            camera=self._camera,
            sequence=sequence,
            presentation_s=presentation_s,
            captured_at=datetime.now(UTC) if self.info.live else recorded_at,
            monotonic_s=arrived_s,
            image=image,
        )
