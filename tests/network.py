"""A network between a camera and Overt that can be made to fail: a TCP proxy on loopback.

It serves connections of one camera and does to them what networks do: cut them, fall silent,
trickle, garble, refuse. What it does may be changed while connections stand.
"""

import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from time import monotonic

_CHUNK = 65536
_TURN_S = 0.02
_RTP_HEADER = 12


class Doing(StrEnum):
    """What happens to what the camera sends."""

    PASSING = "passed on"
    SILENT = "kept back, and the connections stay"
    TRICKLING = "passed on a byte a second"
    GARBLED = "passed on with one byte in a hundred changed"


class Network:
    """A proxy to one address; use it in a `with` statement through `between`."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.doing = Doing.PASSING
        self.refusing = False
        self.stamp: Callable[[int], int] | None = None
        """Where it is set: the stamp that each picture's packets get in place of their own."""
        self.connections = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_TURN_S)
        self._open: set[socket.socket] = set()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        """The port that the camera seems to have."""
        return int(self._listener.getsockname()[1])

    def cut(self) -> None:
        """Reset every connection that stands."""
        for each in list(self._open):
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self._close(each)

    def end(self) -> None:
        """Let go of everything."""
        self._ended.set()
        self.cut()
        for each in self._threads:
            each.join(5)
        self._listener.close()

    def _listen(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError, OSError):
                client, _ = self._listener.accept()
                if self.refusing:
                    client.close()
                    continue
                self.connections += 1
                thread = threading.Thread(target=self._carry, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, client: socket.socket) -> None:
        try:
            camera = socket.create_connection(self._target, 5)
        except OSError:
            client.close()
            return
        self._open |= {client, camera}
        try:
            with suppress(OSError):
                self._pass_on(client, camera)
        finally:
            self._close(client)
            self._close(camera)

    def _pass_on(self, client: socket.socket, camera: socket.socket) -> None:
        """Carry both ways until one side ends, or the proxy does."""
        stamped = _Stamped()
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, camera)
            selector.register(camera, selectors.EVENT_READ, client)
            while not self._ended.is_set() and client in self._open:
                for key, _ in selector.select(_TURN_S):
                    source, sink = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    if source is camera and self.stamp is not None:
                        data = source.recv(_CHUNK)
                        sink.sendall(stamped.changed(data, self.stamp))
                        alive = bool(data)
                    else:
                        alive = self._pass(source, sink, from_camera=source is camera)
                    if not alive:
                        return

    def _pass(self, source: socket.socket, sink: socket.socket, *, from_camera: bool) -> bool:
        if from_camera and self.doing in {Doing.SILENT, Doing.TRICKLING}:
            if self.doing is Doing.TRICKLING and int(monotonic() / _TURN_S) % 50 == 0:
                sink.sendall(source.recv(1))
            self._ended.wait(_TURN_S)
            return True
        data = bytearray(source.recv(_CHUNK))
        if from_camera and self.doing is Doing.GARBLED:
            data[::100] = bytes(byte ^ 0x55 for byte in data[::100])
        sink.sendall(data)
        return bool(data)

    def _close(self, each: socket.socket) -> None:
        self._open.discard(each)
        with suppress(OSError):
            each.close()


class _Stamped:
    """What a camera sends over one connection, with other stamps on its pictures (RFC 2326, 10.12)."""

    def __init__(self) -> None:
        self._rest = b""

    def changed(self, data: bytes, stamp: Callable[[int], int]) -> bytes:
        """Return what may be passed on by now: whole packets, and all answers as they are."""
        self._rest += data
        passed = b""
        while self._rest:
            length = self._length()
            if length is None or len(self._rest) < length:
                break
            passed += self._stamped(self._rest[:length], stamp)
            self._rest = self._rest[length:]
        return passed

    def _length(self) -> int | None:
        """Return the length of what comes next: a packet, or an answer up to the next packet."""
        if self._rest[:1] != b"$":
            return self._rest.find(b"$") if b"$" in self._rest else len(self._rest)
        return 4 + int.from_bytes(self._rest[2:4]) if len(self._rest) >= 4 else None

    @staticmethod
    def _stamped(data: bytes, stamp: Callable[[int], int]) -> bytes:
        if data[:2] != b"$\0" or len(data) < 4 + _RTP_HEADER:
            return data
        new = stamp(int.from_bytes(data[8:12])) & 0xFFFFFFFF
        return data[:8] + new.to_bytes(4) + data[12:]


@contextmanager
def between(port: int) -> Iterator[Network]:
    """Stand between Overt and a camera on this port of loopback."""
    network = Network(("127.0.0.1", port))
    try:
        yield network
    finally:
        network.end()
