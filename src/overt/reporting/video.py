"""Writes the annotated video of a rehearsal: H.264 in MP4, playable anywhere, whole or not at all.

There is no such video of a live deployment: it would keep passers-by, obscured or not. So
none can be written unmarked either: every frame says REHEARSAL.
"""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from overt.errors import AuthorityError
from overt.reporting.files import begin_part, discard, not_written
from overt.reporting.overlay import stamp
from overt.reporting.wording import REHEARSAL
from overt.values import RGBImage
from overt.vocabulary import DeploymentKind

Size = tuple[int, int]
"""Width and height of a picture in pixels."""

_TICK = Fraction(1, 90_000)
# The encoder wants a rate to plan by; the frames carry their own times.
_NOMINAL_RATE = 25
_SMALLEST_SIDE_PX = 16
_PRESET = {"preset": "veryfast", "crf": "23"}


class AnnotatedVideo:
    """A video that is written frame by frame and takes its name when it is complete.

    Use it in a `with` statement. When the body raises, or no frame was written, nothing is
    left behind. The first frame sets the size, made even; later frames of another size are
    fitted into it, undistorted, on black.

    Raises:
        AuthorityError: the deployment is a live one.
        StorageError: the file cannot be written (from `write` and at the end).
    """

    def __init__(self, path: Path, kind: DeploymentKind) -> None:
        if kind is not DeploymentKind.REHEARSAL:
            raise AuthorityError(
                "No video is kept of a live deployment.",
                remedy="Rehearse on a recording to have one.",
            )
        self._path = path
        self._part: Path | None = None
        self._encoder: _Encoder | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, image: RGBImage, presentation_s: float) -> None:
        """Add one frame, already obscured, at its own time in seconds.

        Times count from the first frame's; one that does not advance is moved on by a tick.
        """
        try:
            if self._encoder is None:
                self._part = begin_part(self._path)
                self._encoder = _Encoder(self._part, _even_size(image))
            self._encoder.encode(image, presentation_s)
        except (av.FFmpegError, OSError) as error:
            raise not_written(self._path, error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._encoder and self._part and error is None:
                self._encoder.finish()
                self._part.replace(self._path)
        except (av.FFmpegError, OSError) as failure:
            raise not_written(self._path, failure) from failure
        finally:
            if self._encoder:
                self._encoder.abandon()
            discard(self._part)


class _Encoder:
    """One open MP4 file; `faststart` puts its index first, so that it plays while it loads."""

    def __init__(self, path: Path, size: Size) -> None:
        self._size = size
        self._first_s: float | None = None
        self._last_pts = -1
        self._container = av.open(
            str(path), "w", format="mp4", container_options={"movflags": "+faststart"}
        )
        self._stream = self._container.add_stream("libx264", rate=_NOMINAL_RATE, options=_PRESET)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = _TICK
        self._stream.codec_context.colorspace = Colorspace.ITU709
        self._stream.codec_context.color_range = ColorRange.MPEG

    def encode(self, image: RGBImage, presentation_s: float) -> None:
        fitted = _fitted(image, self._size)
        stamp(fitted, REHEARSAL)
        frame = av.VideoFrame.from_ndarray(fitted, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        if self._first_s is None:
            self._first_s = presentation_s
        due = round((presentation_s - self._first_s) / _TICK)
        self._last_pts = frame.pts = max(due, self._last_pts + 1)
        frame.time_base = _TICK
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        with suppress(av.FFmpegError, OSError):
            self._container.close()


def _even_size(image: RGBImage) -> Size:
    """Return the picture's size made even, as 4:2:0 needs, and large enough for any player."""
    height, width = (max(_SMALLEST_SIDE_PX, side + side % 2) for side in image.shape[:2])
    return width, height


def _fitted(image: RGBImage, size: Size) -> RGBImage:
    """Return a new picture of `size` that holds the whole image, scaled only if it must be."""
    width, height = size
    canvas = np.zeros((height, width, 3), np.uint8)
    scale = min(width / image.shape[1], height / image.shape[0])
    if scale < 1 or _even_size(image) != size:
        fit = (max(1, int(scale * image.shape[1])), max(1, int(scale * image.shape[0])))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        image = cv2.resize(image, fit, interpolation=how).astype(np.uint8, copy=False)
    x, y = (width - image.shape[1]) // 2, (height - image.shape[0]) // 2
    canvas[y : y + image.shape[0], x : x + image.shape[1]] = image
    return canvas
