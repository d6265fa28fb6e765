"""Clips made on the spot, and a source of frames made by hand."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import numpy as np

from overt.capture import CaptureSettings, SourceInfo, open_source
from overt.values import Frame, RGBImage
from overt.vocabulary import DropCause

_COLOURS = {"R": (220, 30, 30), "G": (30, 200, 30), "B": (30, 30, 220), "W": (240, 240, 240)}


def corners(width: int, height: int) -> RGBImage:
    """Return a picture whose quarters are red, green (top), blue and white (bottom)."""
    image = np.empty((height, width, 3), np.uint8)
    across, down = (width + 1) // 2, (height + 1) // 2
    image[:down, :across], image[:down, across:] = _COLOURS["R"], _COLOURS["G"]
    image[down:, :across], image[down:, across:] = _COLOURS["B"], _COLOURS["W"]
    return image


def corner_colours(image: RGBImage) -> str:
    """Name the colours near the four corners in reading order: RGBW for `corners` itself."""
    known = np.array(list(_COLOURS.values()))
    found = image[[2, 2, -3, -3], [2, -3, 2, -3]].astype(int)
    return "".join("RGBW"[np.abs(known - colour).sum(axis=1).argmin()] for colour in found)


def make_clip(
    path: Path,
    *,
    frames: int = 12,
    size: tuple[int, int] = (64, 48),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    **more: Any,
) -> Path:
    """Write a clip of `corners` at 25 frames a second, a grey column running across it.

    `more` may hold `container` and `codec_options` (FFmpeg's), `rotation` in degrees, another
    `rate`, and `sound` for a track of silence beside the pictures.
    """
    rate = more.get("rate", 25)
    with av.open(str(path), "w", options=more.get("container", {})) as container:
        stream: Any = container.add_stream(codec, rate=rate, options=more.get("codec_options", {}))
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        if "rotation" in more:
            stream.set_display_rotation(more["rotation"])
        sound = _sound_track(container) if more.get("sound") else None
        for number in range(frames):
            image = corners(*size)
            image[:, number * size[0] // frames] = 128
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            _add_silence(container, sound, chunks=frames * 8000 // rate // 1024)
    return path


def make_sound(path: Path) -> Path:
    """Write a tenth of a second of silence, and no picture."""
    with av.open(str(path), "w") as container:
        _add_silence(container, _sound_track(container), chunks=1)
    return path


def _sound_track(container: Any) -> Any:
    stream = container.add_stream("aac", rate=8000)
    stream.layout = "mono"
    return stream


def _add_silence(container: Any, stream: Any, chunks: int) -> None:
    for number in range(chunks):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 8000, number * 1024
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def read(source: Path | str, settings: CaptureSettings | None = None) -> list[Frame]:
    """Open a source and return all its frames."""
    with open_source(str(source), settings or CaptureSettings()) as opened:
        return list(opened)


def make_frame(sequence: int, presentation_s: float = 0.0) -> Frame:
    """Return a small frame with this number."""
    image = np.zeros((2, 2, 3), np.uint8)
    return Frame("gate", sequence, presentation_s, datetime.now(UTC), 0.0, image)


class HandMadeSource:
    """A FrameSource over frames made by hand, as another room's would be."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self.info = SourceInfo("by hand", 2, 2, 25.0, None, None, live=False)
        self.dropped: Counter[DropCause] = Counter()
        self.note: str | None = None
        self.closed = False
        self._frames = frames

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        return iter(self._frames)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
