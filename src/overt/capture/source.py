"""What every source of frames offers, and how one is asked for."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, Self, TypeAlias

from overt.errors import ConfigurationError, SourceError
from overt.values import Frame, SourceInfo
from overt.vocabulary import DropCause

Due: TypeAlias = Callable[[float], bool]
"""Asked of a decoded picture, with its presentation time in seconds, before anything costly is
done with it: whether whoever looks will take it. It is asked of every one, in order, and may wait.
"""

LARGEST_SIDE_PX = 16_384
LARGEST_PICTURE_PX = 64_000_000
"""What is decoded at most: twice 8K UHD (33 megapixels); beyond lie damage and attack."""


def _untimed(_stage: str, _seconds: float) -> None:
    """Take no notice."""


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """How a source is opened and read.

    `camera` is the name its frames carry. `recording_started_at` (aware) dates a recording's
    first frame; without it a recording counts as starting when it is opened, because the
    dates that files carry are often wrong. `folder_frames_per_second` is the pace of a folder
    of pictures. Pictures wider than `max_width_px` are scaled down while being converted:
    an 8K one takes 100 MB and several are alive at once, but faces in it become smaller; by
    default none is. Live sources give up
    after `open_timeout_s` and `read_timeout_s` where FFmpeg heeds them; it does not always,
    so a supervisor must be able to kill the process. `rtsps` certificates are verified,
    against `tls_ca_file` (PEM) where it is given, or else what the machine trusts. `timed` is
    told how many seconds each "decoding" and each "conversion" took, in the thread that did it.
    """

    camera: str = "camera"
    recording_started_at: datetime | None = None
    folder_frames_per_second: float = 25.0
    max_width_px: int | None = None
    open_timeout_s: float = 10.0
    read_timeout_s: float = 10.0
    decode_threads: int = 2
    rtsp_transport: Literal["tcp", "udp"] = "tcp"
    tls_verify: bool = True
    tls_ca_file: Path | None = None
    timed: Callable[[str, float], None] = _untimed

    def __post_init__(self) -> None:
        started = self.recording_started_at
        if started is not None and started.tzinfo is None:
            raise ConfigurationError(
                "The start of a recording has no time zone.",
                remedy="Write it with its offset, such as 2024-01-19T10:30:00+00:00.",
            )
        if not 0 < self.folder_frames_per_second <= 1000:
            raise ConfigurationError(
                "The pace of a folder of pictures must be above 0 and at most 1000 a second.",
                remedy="25 is usual.",
            )
        if self.max_width_px is not None and self.max_width_px < 16:
            raise ConfigurationError(
                "The largest picture width must be at least 16 pixels.",
                remedy="Leave it out to keep pictures as they are.",
            )

    def began_at(self) -> datetime:
        """Return the start of a recording opened now, in UTC."""
        return (self.recording_started_at or datetime.now(UTC)).astimezone(UTC)


class FrameSource(Protocol):
    """An open source: a context manager that is iterated once.

    One thread opens, iterates and closes it. Iteration raises SourceError when the source
    fails.
    """

    @property
    def info(self) -> SourceInfo:
        """What is known of the source."""

    @property
    def dropped(self) -> Counter[DropCause]:
        """What was delivered and not handed on, by cause; grows while iterating."""

    @property
    def note(self) -> str | None:
        """What else is worth telling in one line, such as that a recording ended early."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *raised: object) -> None: ...

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames; a live source that ends has failed, and raises SourceError."""

    def close(self) -> None:
        """Let go of the source; harmless when repeated."""


class NothingUsableError(SourceError):
    """A source was opened, and nothing that it sent could be used; `dropped` counts what it sent."""

    def __init__(
        self, message: str, *, remedy: str = "", dropped: Counter[DropCause] | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.dropped = dropped or Counter()


def always(_presentation_s: float) -> bool:
    """Take every picture."""
    return True


def check_size(width: int, height: int, shown: str) -> None:
    """Refuse pictures of an absurd size.

    Raises:
        SourceError: a side or the area is past the limits.
    """
    if max(width, height) > LARGEST_SIDE_PX or width * height > LARGEST_PICTURE_PX:
        raise SourceError(
            f"The pictures of {shown} are too large: {width}x{height} pixels.",
            remedy=f"At most {LARGEST_SIDE_PX} pixels a side and "
            f"{LARGEST_PICTURE_PX // 1_000_000} megapixels are taken; scale the video down.",
        )
