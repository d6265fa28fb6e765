"""Ways in which a camera goes away and comes back, each on a real RTSP server behind a real proxy."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.testing import Doing, Network, RTSPServer, serving
from overt.errors import OvertError

_TURN_S = 0.02
_WORD_S = 5.0
_QUEUE = 64


class Way(StrEnum):
    """How a camera goes away."""

    CUT = "connections reset, also new ones"
    SILENT = "half-open: connections stand and nothing comes"
    REFUSED = "nothing listens"
    DEAF = "host gone: no answer to a connection"
    RESTARTED = "server killed, and started again"


class Port(StrEnum):
    """What a network's port does with who would connect."""

    OPEN = "takes connections"
    CLOSED = "refuses them"
    DEAF = "does not answer"


class BreakableNetwork(Network):
    """A proxy whose port can also be closed, or be as deaf as that of a host that is gone."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._wanted = self._is = Port.OPEN
        self._turned = threading.Event()
        self._fillers: list[socket.socket] = []
        super().__init__(target)
        self._number = int(self._listener.getsockname()[1])

    @property
    def port(self) -> int:
        """The port that the camera seems to have, whether or not anything listens there."""
        return self._number

    def turn(self, port: Port) -> None:
        """Make the port do this, and return once it does."""
        self._turned.clear()
        self._wanted = port
        if not self._turned.wait(_WORD_S):
            raise OvertError("The proxy did not turn its port.")

    def go_on_with(self, port: int) -> None:
        """Carry new connections to another port of loopback."""
        self._target = ("127.0.0.1", port)

    def _listen(self) -> None:
        while not self._ended.is_set():
            if self._is is not self._wanted:
                self._turn()
            if self._is is Port.OPEN:
                self._take_one()
            else:
                self._ended.wait(_TURN_S)

    def _take_one(self) -> None:
        with suppress(TimeoutError, OSError):
            client, _ = self._listener.accept()
            if self.refusing:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.close()
                return
            self.connections += 1
            # Each takes its leave of the list, or hundreds of them would be kept.
            self._threads[1:] = [each for each in self._threads[1:] if each.is_alive()]
            thread = threading.Thread(target=self._carry, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _turn(self) -> None:
        for each in self._fillers:
            each.close()
        self._fillers.clear()
        if self._wanted is Port.CLOSED:
            self._listener.close()
        elif self._is is Port.CLOSED:
            self._listener = socket.create_server(("127.0.0.1", self._number), backlog=_QUEUE)
            self._listener.settimeout(_TURN_S)
        if self._wanted is Port.DEAF:
            self._fill()
        elif self._wanted is Port.OPEN:
            self._listener.listen(_QUEUE)
        self._is = self._wanted
        self._turned.set()

    def _fill(self) -> None:
        """Fill the queue of those who wait to be taken: the system then drops who else comes."""
        self._listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(("127.0.0.1", self._number))
            self._fillers.append(filler)


@dataclass(frozen=True, slots=True)
class FailingCamera:
    """A camera that serves a clip, and can be made to go away."""

    network: BreakableNetwork
    server: RTSPServer

    @property
    def url(self) -> str:
        """Its address, with a password."""
        return f"rtsp://operator:s3cr3t@127.0.0.1:{self.network.port}/clip"

    def go(self, way: Way) -> Callable[[], None]:
        """Go away now; what is returned makes it come back."""
        network = self.network
        match way:
            case Way.CUT:
                network.refusing = True
                network.cut()
                return self._take_again
            case Way.SILENT:
                network.doing = Doing.SILENT
                return self._pass_again
            case Way.REFUSED:
                network.turn(Port.CLOSED)
                network.cut()
                return self._open_again
            case Way.DEAF:
                network.doing = Doing.SILENT
                network.turn(Port.DEAF)
                return self._open_again
            case Way.RESTARTED:
                network.turn(Port.CLOSED)
                self.server.stop()
                network.cut()
                return self._start_again

    def _take_again(self) -> None:
        self.network.refusing = False

    def _pass_again(self) -> None:
        self.network.doing = Doing.PASSING

    def _open_again(self) -> None:
        self.network.doing = Doing.PASSING
        self.network.turn(Port.OPEN)

    def _start_again(self) -> None:
        self.network.go_on_with(self.server.start())
        self.network.turn(Port.OPEN)


@contextmanager
def failing_camera(clip: Path) -> Iterator[FailingCamera]:
    """Serve a clip behind a network that can be broken.

    Raises:
        MissingError: no RTSP server is installed.
    """
    with serving(clip) as server:
        network = BreakableNetwork(("127.0.0.1", server.port))
        try:
            yield FailingCamera(network, server)
        finally:
            network.end()
