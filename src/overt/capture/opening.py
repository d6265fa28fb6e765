"""Opening a source by its string."""

from pathlib import Path

from overt.capture.addresses import Address, SourceKind, parse_address
from overt.capture.images import ImageFolder
from overt.capture.live import open_rtsp, open_webcam
from overt.capture.recorded import open_recording
from overt.capture.source import CaptureSettings, Due, FrameSource, always
from overt.errors import SourceError


def open_source(source: str, settings: CaptureSettings, due: Due = always) -> FrameSource:
    """Open a video file, a folder of pictures, an RTSP camera or a webcam.

    The source is returned once its first picture has decoded. Open it in the thread that will
    iterate over it. Pictures that are not `due` are passed over and counted.

    Raises:
        SourceError: the string is not of an allowed kind, or the source cannot be used.
    """
    address = parse_address(source)
    match address.kind:
        case SourceKind.RTSP:
            return open_rtsp(address.target, settings, due)
        case SourceKind.WEBCAM:
            return open_webcam(address.target, settings, shown=address.shown, due=due)
        case SourceKind.PATH:
            return _open_path(address, settings, due)


def _open_path(address: Address, settings: CaptureSettings, due: Due) -> FrameSource:
    path, shown = Path(address.target), address.shown
    try:
        path.stat()
        if path.is_dir():
            return ImageFolder(path, settings, shown=shown, due=due)
        return open_recording(path, settings, shown=shown, due=due)
    except FileNotFoundError:
        raise SourceError(
            f"There is no file or folder {shown}.",
            remedy="Check the name; a relative one counts from the folder Overt was started in.",
        ) from None
    except PermissionError:
        raise SourceError(
            f"{shown} may not be read by this user.",
            remedy="Change its permissions, or those of the folders it is in.",
        ) from None
    except OSError as error:
        raise SourceError(
            f"{shown} cannot be read: {error.strerror}.", remedy="Check the name and the disk."
        ) from None
