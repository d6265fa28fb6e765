"""A recorder or relay that begins with what it has kept, over a real connection."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from time import monotonic, sleep

from bench.rtp import Codec, description, drawn_clip, interleaved, packets

from overt.capture import CaptureSettings, Lasting, open_source
from overt.vocabulary import DropCause

_KEPT_S = 8.0
_CLOCK_HZ = 90_000


@dataclass(slots=True)
class Relay:
    """Sends whoever connects all of the last eight seconds at once, and goes on live."""

    listener: socket.socket
    began_s: float = 0.0

    @property
    def address(self) -> str:
        """Where it is."""
        return f"rtsp://127.0.0.1:{self.listener.getsockname()[1]}/relayed"

    def filmed_s(self, stamp: int) -> float:
        """Return when a picture was filmed, by the monotonic clock."""
        return self.began_s - _KEPT_S + stamp / _CLOCK_HZ

    def serve(self) -> None:
        """Serve one who connects."""
        clip = drawn_clip(Codec.H264, pictures=350)
        with suppress(OSError):
            door, _ = self.listener.accept()
            with door:
                self._answer(door, description(clip).encode())
                self.began_s = monotonic()
                for packet in packets(clip):
                    sleep(max(0.0, self.filmed_s(int.from_bytes(packet[4:8], "big")) - monotonic()))
                    door.sendall(interleaved(packet))

    def _answer(self, door: socket.socket, body: bytes) -> None:
        """Answer until the stream is to begin."""
        while True:
            asked = door.recv(4096)
            if not asked:
                raise ConnectionError
            way, number = asked.split(b" ")[0], _line(asked, b"cseq")
            lines = [b"RTSP/1.0 200 OK", number, b"Session: 1", b"Public: DESCRIBE, SETUP, PLAY"]
            if way == b"DESCRIBE":
                lines += [b"Content-Type: application/sdp", b"Content-Length: %d" % len(body)]
            if way == b"SETUP":
                lines.append(b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
            door.sendall(b"\r\n".join((*lines, b"", body if way == b"DESCRIBE" else b"")))
            if way == b"PLAY":
                return


def _line(asked: bytes, name: bytes) -> bytes:
    return next(each for each in asked.split(b"\r\n") if each.lower().startswith(name))


@contextmanager
def relay() -> Iterator[Relay]:
    """A relay that serves one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Relay(listener)
        serving = threading.Thread(target=found.serve, daemon=True)
        serving.start()
        yield found
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    serving.join(10)


def test_what_a_relay_had_kept_is_decoded_and_not_taken_for_live() -> None:
    """Promise R4: a frame older than three seconds raises no alert."""
    with relay() as found:
        settings = CaptureSettings(open_timeout_s=20, read_timeout_s=20)
        source = Lasting("gate", lambda: open_source(found.address, settings), lambda: True)
        with source:
            ages_s = [
                monotonic() - found.filmed_s(frame.sequence * _CLOCK_HZ // 25)
                for frame in islice(source, 20)
            ]
            dropped = source.dropped

    assert dropped[DropCause.UNSETTLED] > 100
    assert max(ages_s) < 3.0
