"""A camera's pictures for whoever watches: few, small, and never in the way of an alert.

A picture is made only while somebody watches, when the parent has taken the one before, and so
seldom that looking goes on undisturbed. What nobody has time for is not made at all.
"""

from collections.abc import Callable
from time import monotonic

from overt.runtime.crops import encode_jpeg
from overt.runtime.messages import Message, Picture
from overt.runtime.pipeline import CameraSettings, PipelineResult
from overt.runtime.shown import as_shown
from overt.values import Frame

MOST_WIDTH_PX = 720
MOST_A_SECOND = 8
MOST_BYTES = 96 * 1024
"""What a pipe's buffer (208 KiB on Linux) holds beside beats and an alert, so that sending a
picture never waits for a parent that is slow. The drawn street's take a third of it."""

_QUALITIES = (70, 40)
_BETWEEN_S = 1 / MOST_A_SECOND


class LivePictures:
    """Makes one camera's pictures while it is `on`. For use by one thread."""

    def __init__(self, settings: CameraSettings) -> None:
        self.on = False
        self._settings = settings
        self._sent = 0
        self._taken = True
        self._due_s = 0.0

    def change(self, settings: CameraSettings) -> None:
        """Show frames by other settings from the next one on."""
        self._settings = settings

    def taken(self) -> None:
        """The parent has taken the picture before, and has room for another."""
        self._taken = True

    def due(self) -> bool:
        """Tell whether a picture should be made of the frame at hand."""
        return self.on and self._taken and monotonic() >= self._due_s

    def make(self, frame: Frame, result: PipelineResult, send: Callable[[Message], None]) -> None:
        """Send a picture of a frame, as people may see it; none where it would be too large."""
        # From when it was due, so that frames that come a little late do not make it seldomer.
        self._due_s = max(self._due_s, monotonic() - _BETWEEN_S) + _BETWEEN_S
        shown = as_shown(frame.image, result, self._settings.zone, MOST_WIDTH_PX)
        for quality in _QUALITIES:
            jpeg = encode_jpeg(shown, quality)
            if len(jpeg) <= MOST_BYTES:
                self._sent += 1
                self._taken = False
                send(Picture(self._settings.camera, self._sent, frame.monotonic_s, jpeg))
                return
