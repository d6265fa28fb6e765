"""A real RTSP server (GStreamer's) that serves one clip on loopback, where it is installed."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

SECRET = "s3cr3t"  # noqa: S105  what no message may hold
USER = "operator"
_SYSTEM_PYTHON = "/usr/bin/python3"
_HAS_SERVER = """
import gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
needed = ("qtdemux", "h264parse", "h265parse", "rtph264pay", "rtph265pay", "rtpjpegpay")
raise SystemExit(any(Gst.ElementFactory.find(name) is None for name in needed))
"""
_SERVER = Path(__file__).parent / "capture" / "rtsp_server.py"


def has_server() -> bool:
    """Tell whether GStreamer's RTSP server is installed."""
    try:
        probe = subprocess.run(
            [_SYSTEM_PYTHON, "-c", _HAS_SERVER], check=False, capture_output=True
        )
    except OSError:
        return False
    return probe.returncode == 0


def demand_server() -> None:
    """Skip where GStreamer's RTSP server is not installed; fail where it must be."""
    if not has_server():
        missing = (
            "No RTSP server: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 "
            "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
        )
        if "rtsp" in os.environ.get("OVERT_REQUIRE", "").split(","):
            pytest.fail(missing)
        pytest.skip(missing)


@contextmanager
def serving(clip: Path, *options: str) -> Iterator[str]:
    """Serve a clip, and give the camera's address with its password.

    The clip is H.264 in MP4 unless `options` say otherwise; see `capture/rtsp_server.py`.
    """
    demand_server()
    command = [_SYSTEM_PYTHON, str(_SERVER), str(clip), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"rtsp://{USER}:{SECRET}@127.0.0.1:{int(server.stdout.readline())}/clip"
        finally:
            server.terminate()


def with_digest() -> Sequence[str]:
    """Return the options with which `serving` demands the password, and never in the clear."""
    return ("--digest", USER, SECRET)
