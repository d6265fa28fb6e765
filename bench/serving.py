"""RTSP servers on loopback, each in a process of its own, and what processes take of the processor.

The servers are GStreamer's, under the system's Python (Debian: python3-gi,
gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-good and -bad).
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.context import MissingError
from bench.memory import below

_SYSTEM_PYTHON = "/usr/bin/python3"
_SERVER = Path(__file__).with_name("rtsp_films.py")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A process that serves films, and the port of each."""

    process_id: int
    ports: tuple[int, ...]

    @property
    def urls(self) -> tuple[str, ...]:
        """The films' addresses."""
        return tuple(address(port) for port in self.ports)


def address(port: int) -> str:
    """Return the address of the film at a port of loopback."""
    return f"rtsp://127.0.0.1:{port}/film"


@contextmanager
def serving(films: Sequence[Path]) -> Iterator[Server]:
    """Serve films while the block runs.

    Raises:
        MissingError: there is no such server here.
    """
    command = [_SYSTEM_PYTHON, str(_SERVER), *map(str, films)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in films]
        try:
            if not all(said):
                raise MissingError(
                    "There is no RTSP server.",
                    remedy="apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 "
                    "gstreamer1.0-plugins-good gstreamer1.0-plugins-bad",
                )
            yield Server(process.pid, tuple(map(int, said)))
        finally:
            process.kill()


def processor_s(process_id: int) -> float:
    """Return how much processor time a process and those below it have taken, in seconds.

    What ended children took is in it once they have been waited for.
    """
    return sum(_taken_s(each) for each in [process_id, *below(process_id)])


def _taken_s(process_id: int) -> float:
    try:
        text = Path(f"/proc/{process_id}/stat").read_text("ascii", "replace")
    except OSError:
        return 0.0  # it is gone
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) * _TICK_S  # own and waited-for, of user and system
