"""Frames out of an opened FFmpeg container, recorded or live.

Sound is never asked for and never decoded.
"""

from collections.abc import Generator, Iterator
from functools import partial
from math import inf
from time import monotonic, perf_counter

import av
from av.codec.context import ThreadType
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from overt.capture.backlog import Backlog
from overt.capture.orientation import Orientation
from overt.capture.pictures import PictureSource
from overt.capture.source import (
    LARGEST_PICTURE_PX,
    CaptureSettings,
    Due,
    NothingUsableError,
    always,
    check_size,
)
from overt.errors import SourceError
from overt.values import Frame, RGBImage, SourceInfo
from overt.vocabulary import DropCause

_USUAL_FRAMES_PER_SECOND = 25.0

_LONGEST_DAMAGED_S = 3.5
"""A live stream that has sent no whole picture for so long is opened anew. What watches its process
waits a little longer, and would end it, which costs the other cameras two seconds of the processor.
"""


class VideoSource(PictureSource):
    """A FrameSource over a container, which it owns and closes.

    It is open only once a first picture has decoded, so that a source that cannot deliver is
    found out at the start. Damaged packets and pictures are counted and passed over: no
    decision about a person rests on a picture the decoder had to make up. A picture that is not
    `due` is decoded, since later ones build on it, and no more; of a live source that cannot be
    decoded in time, pictures are passed over up to a key picture.

    Raises (when made):
        SourceError: the container has no video.
        NothingUsableError: none of it decodes within the limits.
    """

    def __init__(
        self,
        container: InputContainer,
        settings: CaptureSettings,
        *,
        shown: str,
        live: bool,
        due: Due = always,
    ) -> None:
        self._container = container
        self._shown = shown
        self._max_width_px = settings.max_width_px
        self._timed = settings.timed
        self._reformatter = VideoReformatter()
        self._orientation = Orientation()
        self._packets_read = 0
        try:
            self._stream = _video_stream(container, shown)
            self._prepare_decoder(settings.decode_threads, live=live)
            rate = _frames_per_second(self._stream)
            frame_s = 1 / (rate or _USUAL_FRAMES_PER_SECOND)
            self._backlog = Backlog(shown, frame_s) if live else None
            super().__init__(settings, frame_s=frame_s, live=live, due=due)
            self.info = self._describe(rate)
        except BaseException:
            container.close()
            raise

    def close(self) -> None:
        """Stop decoding and close the container; harmless when repeated."""
        super().close()
        self._container.close()

    def _prepare_decoder(self, threads: int, *, live: bool) -> None:
        check_size(self._stream.width, self._stream.height, self._shown)
        context = self._stream.codec_context
        context.options = {"max_pixels": str(LARGEST_PICTURE_PX)}
        context.thread_count = threads
        # Decoding several frames at once is faster and hands each on later.
        self._stream.thread_type = ThreadType.SLICE if live else ThreadType.AUTO

    def _describe(self, rate: float | None) -> SourceInfo:
        image = self._first_usable()
        return SourceInfo(
            source=self._shown,
            width=image.shape[1],
            height=image.shape[0],
            frames_per_second=rate,
            duration_s=None if self._live else _duration_s(self._container, self._stream),
            expected_frames=None if self._live else self._stream.frames or None,
            live=self._live,
            codec=self._stream.codec_context.name,
        )

    def _first_usable(self) -> RGBImage:
        try:
            image = self._first_picture()
        except SourceError as error:
            raise NothingUsableError(
                error.message, remedy=error.remedy, dropped=self.dropped
            ) from None
        if image is None:
            raise NothingUsableError(
                f"Not one picture of {self._shown} can be decoded.",
                remedy="Play it elsewhere to see whether it is whole; pictures of more than "
                f"{LARGEST_PICTURE_PX // 1_000_000} megapixels are not taken.",
                dropped=self.dropped,
            )
        return image

    def _decode(self) -> Generator[Frame, None, None]:
        whole_s = inf  # a stream may be joined seconds before its next key picture
        for packet in self._packets():
            if self._is_passed_over(packet):
                self.dropped[DropCause.PASSED_OVER] += 1
                whole_s = monotonic()
                continue
            try:
                for picture in self._decoded(packet):
                    if picture.is_corrupt:
                        self.dropped[DropCause.DAMAGED] += 1
                        continue
                    whole_s = monotonic()
                    if frame := self._frame(picture.time, partial(self._image, picture)):
                        yield frame
            except av.error.EOFError:
                break
            except FFmpegError:
                self.dropped[DropCause.DAMAGED] += 1
            if self._live and monotonic() - whole_s > _LONGEST_DAMAGED_S:
                raise self._broken("nothing that it sends can be decoded")
        self._end()

    def _is_passed_over(self, packet: "Packet[VideoStream] | None") -> bool:
        if self._backlog is None or packet is None or not packet.size:
            return False
        stamp = packet.pts if packet.dts is None else packet.dts
        seconds = None if stamp is None else float(stamp * packet.time_base)
        return self._backlog.passes_over(seconds, is_key=packet.is_keyframe)

    def _decoded(self, packet: "Packet[VideoStream] | None") -> list[av.VideoFrame]:
        began_s = perf_counter()
        frames = self._stream.decode(packet)
        self._timed("decoding", perf_counter() - began_s)
        return frames

    def _packets(self) -> Iterator["Packet[VideoStream] | None"]:
        """Yield packets to the end; None asks the decoder for what it still holds."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.InvalidDataError:
                if not self._live:
                    self.note = f"{self._shown} is damaged and ended early."
                yield None
                return
            except av.error.ExitError:  # what FFmpeg calls its own time limit
                raise self._broken("it fell silent") from None
            except FFmpegError as error:
                raise self._broken(error.strerror) from None
            self._packets_read += packet.size > 0
            yield packet

    def _end(self) -> None:
        if self._live:
            raise self._broken("it stopped sending")
        expected = self._stream.frames
        if self._packets_read < expected and self.note is None:
            self.note = (
                f"{self._shown} ended early: it holds {self._packets_read} of the "
                f"{expected} frames it announces."
            )

    def _broken(self, reason: str | None) -> SourceError:
        remedy = (
            "Check the camera, its cable and its network."
            if self._live
            else "Check the disk or share it lies on."
        )
        return SourceError(f"{self._shown} cannot be read any further: {reason}.", remedy=remedy)

    def _image(self, frame: av.VideoFrame) -> RGBImage:
        check_size(frame.width, frame.height, self._shown)
        width, height = frame.width, frame.height
        if self._max_width_px is not None and width > self._max_width_px:
            height = max(1, round(height * self._max_width_px / width))
            width = self._max_width_px
        began_s = perf_counter()
        # One thread: at 1080p starting more costs what they save.
        converted = self._reformatter.reformat(frame, width, height, "rgb24", threads=1)
        image: RGBImage = converted.to_ndarray()  # type: ignore[assignment]
        # A picture that was RGB all along still belongs to the decoder, which may need it.
        whole = self._orientation.upright(image.copy() if converted is frame else image, frame)
        self._timed("conversion", perf_counter() - began_s)
        return whole


def _video_stream(container: InputContainer, shown: str) -> VideoStream:
    for stream in container.streams:
        stream.discard = Discard.all
    # A cover picture in a sound file counts as a video stream of one frame.
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context:
            stream.discard = Discard.default
            return stream
    raise SourceError(
        f"{shown} holds no video that can be decoded.",
        remedy="It may hold sound only, or use a rare codec; H.264 in an MP4 file always works.",
    )


def _frames_per_second(stream: VideoStream) -> float | None:
    rate = stream.guessed_rate or stream.average_rate
    return float(rate) if rate and 0 < rate <= 1000 else None


def _duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / av.time_base
