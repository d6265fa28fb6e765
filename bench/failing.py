"""What can go wrong with one camera of several, made to happen between it and Overt.

The failing network of the tests, which here also knows RTSP a little: it lets a camera answer
DESCRIBE and nothing after, puts garbage into the H.264 of RTP packets that are otherwise whole, and
moves their time stamps.
"""

import random
import socket
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from network import Doing, Network  # the tests'

__all__ = ["Doing", "Mischief"]

_FRAME = b"$"
_RTP_HEADER, _UNIT_HEADER = 12, 2
_TICKS = 90_000  # of RTP's clock for video, a second
_JUMP_S, _EVERY_S = 600, 4.0


class Mischief(Network):
    """A network before one camera, which may be led to another film and made to misbehave."""

    def __init__(self, port: int) -> None:
        self.hangs = self.garbles = self.jumps = False
        self._described: set[socket.socket] = set()
        self._rest: dict[socket.socket, bytes] = {}
        self._chance = random.Random(7)
        self._offset_s, self._changed_s = 0, 0.0
        super().__init__(("127.0.0.1", port))

    def lead_to(self, port: int) -> None:
        """Have whoever connects from now on reach this port."""
        self._target = ("127.0.0.1", port)

    def calm(self) -> None:
        """Do nothing any more."""
        self.hangs = self.garbles = self.jumps = self.refusing = False
        self.doing = Doing.PASSING
        self._offset_s = 0

    def cut(self) -> None:
        """Reset every connection that stands."""
        super().cut()
        self._described.clear()
        self._rest.clear()

    def _pass(self, source: socket.socket, sink: socket.socket, *, from_camera: bool) -> bool:
        if self.hangs:
            return self._until_described(source, sink, from_camera=from_camera)
        if from_camera and self.doing is Doing.PASSING:  # always, so as to know where packets begin
            return self._altered(source, sink)
        return super()._pass(source, sink, from_camera=from_camera)

    def _until_described(
        self, source: socket.socket, sink: socket.socket, *, from_camera: bool
    ) -> bool:
        """Pass on what comes before and with the answer to DESCRIBE, and keep back all else."""
        if sink in self._described or source in self._described:
            self._ended.wait(0.02)
            return True
        data = source.recv(65536)
        sink.sendall(data)
        if from_camera and b"application/sdp" in data:
            self._described |= {source, sink}
        return bool(data)

    def _altered(self, source: socket.socket, sink: socket.socket) -> bool:
        data = source.recv(65536)
        held = self._rest.pop(source, b"") + data
        out = bytearray()
        while held:
            size = _size_of(held)
            if size is None:
                self._rest[source] = held
                break
            piece, held = bytearray(held[:size]), held[size:]
            out += self._changed(piece) if piece[:1] == _FRAME and piece[1] == 0 else piece
        sink.sendall(out)
        return bool(data)

    def _changed(self, piece: bytearray) -> bytearray:
        """Change one RTP packet, its interleaving header of four bytes included."""
        if self.jumps:
            if monotonic() - self._changed_s > _EVERY_S:
                self._offset_s, self._changed_s = _JUMP_S - self._offset_s, monotonic()
            stamp = int.from_bytes(piece[8:12]) + self._offset_s * _TICKS
            piece[8:12] = (stamp % 2**32).to_bytes(4)
        begin = 4 + _RTP_HEADER + _UNIT_HEADER
        if self.garbles and len(piece) > begin:
            piece[begin:] = self._chance.randbytes(len(piece) - begin)
        return piece


def _size_of(held: bytes) -> int | None:
    """Return the length of the packet or message at the front; None where it is not whole yet."""
    if held[:1] == _FRAME:
        size = 4 + int.from_bytes(held[2:4]) if len(held) >= 4 else None
    else:
        head = held.find(b"\r\n\r\n")
        size = head + 4 + _body(held[:head]) if head >= 0 else None
    return size if size is not None and len(held) >= size else None


def _body(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            with suppress(ValueError):
                return int(value)
    return 0
