"""Knocking at a camera's door while it is away: a small question, often, instead of a full try.

Waits between full tries grow to half a minute, so that nobody is hammered; a camera that comes
back in the middle of one would be missed for as long. A knock costs both sides next to nothing,
carries no password, and tells only whether somebody answers, and what.
"""

import random
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from overt.capture.addresses import SourceKind, parse_address, pin_host
from overt.errors import SourceError

Ask: TypeAlias = Callable[[], str]
"""Asks once and returns what the door says; "" where nobody answers.

Takes two seconds at most, and 1.5 s more for each number of a name at which nobody answers.
"""

KNOCK_S = 2.0
"""Between two knocks there is at least so long, and up to a quarter more."""

_ANSWER_S = 1.0
_LONGEST_BYTES = 64
_PORTS = {"rtsp": 554, "rtsps": 322}  # FFmpeg's own
_LISTENS = "listens"


class Door:
    """A camera's door: tells when somebody answers who did not before, or answers otherwise.

    An answer that was heard before is no news, whatever it is: then a full try failed under that
    very answer, and waits have to grow. Silence makes news of every answer that follows it.
    """

    def __init__(
        self,
        ask: Ask,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._chance = chance
        self._heard: set[str] = set()
        self._due_s = 0.0

    def rest(self) -> None:
        """Leave the door alone for a moment: a try has just failed."""
        self._due_s = self._clock() + KNOCK_S * (1.0 + 0.25 * self._chance())

    def forget(self) -> None:
        """Take whatever is heard next for news: the camera has delivered for a while."""
        self._heard.clear()

    def has_news(self) -> bool:
        """Knock if that is due, and tell whether somebody answers otherwise than ever before."""
        if self._clock() < self._due_s:
            return False
        word = self._ask()
        self.rest()
        if not word:
            self._heard.clear()
            return False
        news = word not in self._heard
        self._heard.add(word)
        return news


def asking(source: str) -> Ask:
    """Return how to knock at a source: a network camera's port, or a webcam's device.

    Raises:
        SourceError: the string is not of an allowed kind.
    """
    address = parse_address(source)
    if address.kind is SourceKind.RTSP:
        return lambda: _ask_rtsp(address.target)
    return lambda: _LISTENS if Path(address.target).exists() else ""


def _ask_rtsp(url: str) -> str:
    """Ask for the description of a stream without credentials, and return the answer's status.

    A relay whose camera is away says so by it. A secure camera is not asked, since nothing is
    said to it before its certificate is checked; that something listens has to do.
    """
    parts = urlsplit(url)
    with suppress(OSError, SourceError, UnicodeError):
        host = urlsplit(pin_host(url)).hostname or ""
        port = parts.port or _PORTS[parts.scheme.lower()]
        with socket.create_connection((host, port), _ANSWER_S) as door:
            if parts.scheme.lower() == "rtsps":
                return _LISTENS
            door.sendall(_question(parts))
            return _status(door)
    return ""


def _question(parts: SplitResult) -> bytes:
    open_url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    lines = (f"DESCRIBE {open_url} RTSP/1.0", "CSeq: 1", "Accept: application/sdp", "", "")
    return "\r\n".join(lines).encode()


def _status(door: socket.socket) -> str:
    until_s = time.monotonic() + _ANSWER_S
    said = b""
    while b"\r\n" not in said and len(said) < _LONGEST_BYTES:
        door.settimeout(max(0.01, until_s - time.monotonic()))
        data = door.recv(_LONGEST_BYTES)
        if not data:
            return ""
        said += data
    words = said.split(b"\r\n")[0].split()
    known = len(words) > 1 and words[0].startswith(b"RTSP/") and words[1].isdigit()
    return words[1].decode() if known else _LISTENS
