"""A camera that is live: a film played over RTSP at its own pace, again and again, to all who watch.

    python -m bench.live_street FILM FEED_PORT

Who connects late, or again, sees what is shown just then, as on a street. What is shown when
follows from the clock, since the feed says when it began.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import av

from bench.testing import SYSTEM_PYTHON, demand_server, free_port
from overt.errors import OvertError

_HERE = Path(__file__).parent
_LEAD_S = 1.0
_LONGEST_S = 20.0


@dataclass(frozen=True, slots=True)
class LiveStreet:
    """A street that is being shown: `began_s` (monotonic) is when its film began first."""

    url: str
    port: int
    began_s: float


@contextmanager
def live_street(film: Path) -> Iterator[LiveStreet]:
    """Play a film to all who connect, for ever, while the block runs.

    Raises:
        MissingError: no RTSP server is installed.
    """
    demand_server()
    feed_port = free_port()
    server = [SYSTEM_PYTHON, str(_HERE / "live_rtsp_server.py"), str(feed_port)]
    feed = [sys.executable, "-m", "bench.live_street", str(film), str(feed_port)]
    with _speaking(server) as (port, _), _speaking(feed) as (began_s, _):
        url = f"rtsp://operator:s3cr3t@127.0.0.1:{int(port)}/clip"
        with _kept_open(url):
            yield LiveStreet(url, int(port), began_s)


@contextmanager
def _kept_open(url: str) -> Iterator[None]:
    """Be one who watches, all the time.

    A server whose last reader leaves takes the feed down, and where another comes just then it has
    been seen to hang for ever: two readers of the feed, and no answer to anybody.
    """
    over, plays = Event(), Event()

    def read() -> None:
        with av.open(url, options={"rtsp_transport": "tcp"}, timeout=_LONGEST_S) as source:
            for _ in source.demux(video=0):
                plays.set()
                if over.is_set():
                    return

    reader = Thread(target=read, daemon=True)
    reader.start()
    if not plays.wait(_LONGEST_S):
        raise OvertError("The street cannot be seen: its server does not deliver.")
    try:
        yield
    finally:
        over.set()
        reader.join(_LONGEST_S)


@contextmanager
def _speaking(command: list[str]) -> Iterator[tuple[float, "subprocess.Popen[str]"]]:
    """Run a process that says one number, and end it after the block."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_HERE.parent) as process:
        try:
            assert process.stdout is not None
            yield float(process.stdout.readline()), process
        finally:
            process.kill()


def _feed(film: Path, port: int) -> None:
    """Send the film as RTP, each packet when it is due, until killed."""
    with av.open(str(film)) as source:
        stream = source.streams.video[0]
        packets = [bytes(packet) for packet in _raw(source, stream)]
        keys = _keys(film)
        rate = int(stream.average_rate or 0)
        size = (stream.width, stream.height)
    options = {"preset": "ultrafast"}
    with av.open(f"rtp://127.0.0.1:{port}", "w", format="rtp") as out:
        target: Any = out.add_stream("h264", rate=rate, options=options)
        target.width, target.height, target.pix_fmt = *size, "yuv420p"
        target.time_base = Fraction(1, rate)
        began_s = monotonic() + _LEAD_S
        print(began_s, flush=True)
        number = 0
        while True:
            packet = av.Packet(packets[number % len(packets)])
            packet.stream, packet.time_base = target, Fraction(1, rate)
            packet.pts = packet.dts = number
            packet.is_keyframe = keys[number % len(packets)]
            sleep(max(0.0, began_s + number / rate - monotonic()))
            out.mux(packet)
            number += 1


def _raw(source: Any, stream: Any) -> Iterator[Any]:
    """Yield packets as H.264 has them outside a file: each with its start codes and parameters."""
    rewrite = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", stream)
    for packet in source.demux(stream):
        if packet.size:
            yield from rewrite.filter(packet)


def _keys(film: Path) -> list[bool]:
    with av.open(str(film)) as source:
        return [packet.is_keyframe for packet in source.demux(video=0) if packet.size]


if __name__ == "__main__":
    _feed(Path(sys.argv[1]), int(sys.argv[2]))
