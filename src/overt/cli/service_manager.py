"""What systemd is told of a service: that it is ready, that it lives, that it stops.

This is the protocol of sd_notify(3), one datagram a word, without the library. Where nothing
listens, as in a terminal, nothing is told.
"""

import os
import socket
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from math import inf
from time import monotonic

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"

_BEATS = 3
"""Signs of life in the time that a service manager allows without any."""


class ServiceManager:
    """Tells whoever started this process how it does; nothing that is told can fail it."""

    def __init__(
        self,
        address: str = "",
        watchdog_s: float | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`watchdog_s` is how long it may be silent before it is taken for dead; None for ever."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_s = watchdog_s
        self._clock = clock  # one that nobody sets: whoever sets the time would silence it
        self._told_s = -inf

    @classmethod
    def of(cls, environment: MutableMapping[str, str] = os.environ) -> "ServiceManager":
        """Return the one that the environment names, which children are then not told of."""
        address = environment.pop("NOTIFY_SOCKET", "")
        microseconds = environment.pop("WATCHDOG_USEC", "")
        ours = environment.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        known = microseconds.isdigit() and int(microseconds) > 0 and ours
        return cls(address, int(microseconds) / 1e6 if known else None)

    def tell(self, word: str) -> None:
        """Tell it one thing."""
        if self._address:
            with (
                suppress(OSError),
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ours,
            ):
                ours.sendto(word.encode("ascii"), self._address)

    def beat(self) -> None:
        """Tell it that this process lives, where it is time to; called more often than that."""
        now_s = self._clock()
        if self.watchdog_s is not None and now_s - self._told_s >= self.watchdog_s / _BEATS:
            self._told_s = now_s
            self.tell(ALIVE)
