"""Opening live sources: network cameras over RTSP, and webcams.

FFmpeg can block in spite of its time limits, so a camera belongs in a process of its own that
can be killed. A source that fails raises; opening it again is `lasting`'s.
"""

import os
import stat
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError

from overt.capture.addresses import pin_host, redact
from overt.capture.source import CaptureSettings, Due, always
from overt.capture.video import VideoSource
from overt.errors import SourceError

_UDP_BUFFER_BYTES = 4 << 20
"""Asked of the kernel, which gives what net.core.rmem_max lets it: a large picture comes at once."""

_SOON = {"fpsprobesize": "0", "analyzeduration": "500000"}
"""Look no longer than needed, and half a second at most (in µs), before the first picture is decoded.

Otherwise FFmpeg waits for twenty pictures or five seconds to guess their rate, and hands all of
them on at once when they are that old.
"""

_AUTHORITIES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Ubuntu
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Fedora, Red Hat
    Path("/etc/ssl/ca-bundle.pem"),  # SUSE
)
"""Where systems keep the authorities that they trust. FFmpeg's library for TLS was built elsewhere,
and finds those of no system but its own."""


def open_rtsp(url: str, settings: CaptureSettings, due: Due = always) -> VideoSource:
    """Connect to a network camera and decode its first picture.

    Of later ones those that are not `due` are passed over.

    Raises:
        SourceError: the camera cannot be reached, refuses, or sends nothing that decodes.
    """
    shown = redact(url)
    pinned = pin_host(url)
    try:
        container = _open(pinned, settings, demuxer="rtsp", options=_rtsp_options(url, settings))
    except FFmpegError as error:
        raise _refused(error, shown) from None
    return VideoSource(container, settings, shown=shown, live=True, due=due)


def open_webcam(
    device: str, settings: CaptureSettings, *, shown: str, due: Due = always
) -> VideoSource:
    """Open a V4L2 webcam at the size it is set to, and decode its first picture.

    Of later ones those that are not `due` are passed over.

    Raises:
        SourceError: there is no such device, or it cannot be used.
    """
    remedy = "Check that the camera is plugged in, that nothing else uses it, and that this "
    remedy += "user is in the group video; ls /dev/video* lists the cameras."
    try:
        is_device = stat.S_ISCHR(Path(device).stat().st_mode)
    except OSError:
        is_device = False
    if not is_device:
        raise SourceError(f"There is no camera at {shown}.", remedy=remedy)
    try:
        container = _open(device, settings, demuxer="v4l2", options={})
    except FFmpegError as error:
        raise SourceError(
            f"The camera at {shown} cannot be used: {error.strerror}.", remedy=remedy
        ) from None
    return VideoSource(container, settings, shown=shown, live=True, due=due)


def _open(
    name: str, settings: CaptureSettings, *, demuxer: str, options: dict[str, str]
) -> InputContainer:
    return av.open(
        name,
        mode="r",
        format=demuxer,
        options=options,
        timeout=(settings.open_timeout_s, settings.read_timeout_s),
        metadata_errors="replace",
    )


def _rtsp_options(url: str, settings: CaptureSettings) -> dict[str, str]:
    secure = url[:6].lower() == "rtsps:"
    options = {
        "rtsp_transport": settings.rtsp_transport,
        "rtsp_flags": "filter_src",  # over UDP nobody but the camera may send pictures
        "allowed_media_types": "video",  # sound is not even asked for
        "protocol_whitelist": "rtp,udp,tls,tcp" if secure else "rtp,udp,tcp",
        "timeout": str(round(settings.open_timeout_s * 1_000_000)),  # of a socket, in µs
        **_SOON,
    }
    if settings.rtsp_transport == "udp":
        options["buffer_size"] = str(_UDP_BUFFER_BYTES)
    if secure:
        options["tls_verify"] = str(int(settings.tls_verify))
    authorities = settings.tls_ca_file or _trusted()
    if secure and authorities is not None:
        options["ca_file"] = str(authorities)
    return options


def _trusted() -> Path | None:
    """Return the file of the authorities that this machine trusts, or that `SSL_CERT_FILE` names."""
    if named := os.environ.get("SSL_CERT_FILE"):
        return Path(named)
    return next(filter(Path.is_file, _AUTHORITIES), None)


def _refused(error: FFmpegError, shown: str) -> SourceError:
    """Say why a camera did not open; FFmpeg's own text would repeat the address."""
    reason, remedy = f"failed: {error.strerror}", "Check the address and the camera."
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        reason = "refuses the user name or password"
        remedy = "Check both; special characters in them are written as %XX."
    elif isinstance(error, av.error.HTTPNotFoundError):
        reason, remedy = "has no such stream", "Check the path after the host."
    elif isinstance(error, av.error.ConnectionRefusedError):
        reason, remedy = "refuses the connection", "Check the port; 554 is usual."
    elif isinstance(error, av.error.ExitError | av.error.TimeoutError | av.error.InvalidDataError):
        reason = "did not answer in time, or not as an RTSP camera does"
        remedy = "Check that the camera is on and that the address is its RTSP address."
    elif isinstance(error, av.error.ArgumentError):  # it is on no list of what FFmpeg may open
        reason = "answers with what is not followed, such as another address"
        remedy = "Give the address at which the camera itself sends."
    elif shown.lower().startswith("rtsps:") and isinstance(error, av.error.OSError):
        reason = "could not be reached securely"
        remedy = "Have this machine trust the authority of its certificate, and give the host name "
        remedy += "that the certificate is for."
    return SourceError(f"The camera at {shown} {reason}.", remedy=remedy)
