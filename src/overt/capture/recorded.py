"""Opening video files, GIFs among them."""

from pathlib import Path

import av
from av.error import FFmpegError

from overt.capture.source import LARGEST_PICTURE_PX, CaptureSettings, Due, always
from overt.capture.video import VideoSource
from overt.errors import SourceError

_CONTAINERS = (
    "mov,matroska,avi,mpegts,mpeg,gif,mjpeg,h264,hevc,m4v,mpegvideo,obu,ivf,flv,asf,ogg,mxf,dhav"
)
"""Containers that hold pictures themselves; playlists and scripts that name files are absent."""


def open_recording(
    path: Path, settings: CaptureSettings, *, shown: str, due: Due = always
) -> VideoSource:
    """Open a video file and decode its first picture.

    Of later ones those that are not `due` are passed over.

    Raises:
        SourceError: the file cannot be opened, or is not a video, or none of it decodes.
    """
    _check_file(path, shown)
    try:
        container = av.open(
            # Named by protocol, so that no file name can be taken for another one.
            f"file:{path.absolute()}",
            mode="r",
            options={
                "protocol_whitelist": "file",
                "format_whitelist": _CONTAINERS,
                "max_pixels": str(LARGEST_PICTURE_PX),
            },
            metadata_errors="replace",
        )
    except (av.error.InvalidDataError, av.error.ArgumentError):
        raise _not_a_video(shown) from None
    except FFmpegError as error:
        raise SourceError(
            f"{shown} cannot be opened: {error.strerror}.",
            remedy="Check the file and the disk it lies on.",
        ) from None
    return VideoSource(container, settings, shown=shown, live=False, due=due)


def _check_file(path: Path, shown: str) -> None:
    # A device or a pipe could keep us waiting for ever.
    if not path.is_file():
        raise SourceError(
            f"{shown} is neither a file nor a folder.",
            remedy="Give a video file, or write webcam:/dev/video0 for a webcam.",
        )
    with path.open("rb") as file:
        if not file.read(1):
            raise SourceError(
                f"{shown} is empty (0 bytes).", remedy="Copy or record the video again."
            )


def _not_a_video(shown: str) -> SourceError:
    return SourceError(
        f"{shown} is not a video that can be read.",
        remedy="Use MP4, MOV, MKV, WebM, AVI, MPEG-TS or GIF, check that the file was copied "
        "whole, and put single pictures in a folder and give the folder.",
    )
