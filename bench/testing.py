"""Cameras that fail, from the tests: a real RTSP server, and a network between that can be broken.

Both are the tests' own, so that what is measured is what is tested.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[1]
if str(_ROOT / "tests") not in sys.path:
    sys.path.append(str(_ROOT / "tests"))

from bench.context import MissingError  # noqa: E402
from network import Doing, Network, between  # noqa: E402  the path comes first
from rtsp import has_server  # noqa: E402

__all__ = [
    "SYSTEM_PYTHON",
    "Doing",
    "Network",
    "RTSPServer",
    "between",
    "demand_server",
    "free_port",
    "serving",
]

SYSTEM_PYTHON = "/usr/bin/python3"
_SERVER = _ROOT / "tests/capture/rtsp_server.py"


def demand_server() -> None:
    """Raise where there is no RTSP server.

    Raises:
        MissingError: GStreamer's is not installed.
    """
    if not has_server():
        raise MissingError(
            "GStreamer's RTSP server is not installed.",
            remedy="apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 "
            "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad",
        )


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class RTSPServer:
    """A process that serves one clip from its beginning to whoever connects; it can be restarted."""

    def __init__(self, clip: Path) -> None:
        self._clip = clip
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> int:
        """Start it, and return its port."""
        command = [SYSTEM_PYTHON, str(_SERVER), str(self._clip)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self.port

    def stop(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@contextmanager
def serving(clip: Path) -> Iterator[RTSPServer]:
    """Serve a clip while the block runs.

    Raises:
        MissingError: no RTSP server is installed.
    """
    demand_server()
    server = RTSPServer(clip)
    server.start()
    try:
        yield server
    finally:
        server.stop()
