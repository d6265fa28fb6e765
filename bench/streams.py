"""Pages that listen to the wire, as browsers do: they keep what they were told, and go on after it.

A page is one connection at a time, read byte for byte off the socket: no client tidies up what
was sent. It can be cut off at any moment, as a phone in a cellar is, and comes back with the last
id that it had received whole.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import time
from typing import Any

_GONE = (ConnectionError, asyncio.IncompleteReadError)
_SMALL, _LARGE = 4096, 2**20  # bytes that are read ahead of what is taken
_AGAIN_S = 0.05  # browsers wait for a second; that costs a test time and shows nothing


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it came: `received` is when, in seconds of the system's clock."""

    position: int
    kind: str
    data: dict[str, Any]
    received: float


def _set() -> asyncio.Event:
    made = asyncio.Event()
    made.set()
    return made


@dataclass(slots=True)
class Page:
    """Somebody's page, at a service on this machine; `last` is where it goes on from.

    `query` is asked for in place of `after`, whatever it says. While `takes` is not set, nothing
    is read off the socket. `ended` counts how often it was told that its session has ended.
    """

    port: int
    cookie: str
    after: int | None = None
    last: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    beats: int = 0
    ended: int = 0
    retry_ms: int = 0
    opened: int = 0
    query: str = ""
    takes: asyncio.Event = field(default_factory=_set)
    _writer: asyncio.StreamWriter | None = None

    @property
    def positions(self) -> list[int]:
        """Where everything it was told stood in the outbox, in the order it came."""
        return [each.position for each in self.events]

    async def stay(self) -> None:
        """Listen, and come back whenever the stream ends, until cancelled or refused."""
        while self.status in {0, 200}:
            with suppress(*_GONE):
                await self.listen()
            await asyncio.sleep(_AGAIN_S)

    async def listen(self) -> None:
        """Open the stream and take what comes until it ends; another status than 200 is kept.

        Raises:
            ConnectionError, IncompleteReadError: it was cut off.
        """
        async with self._asked() as reader:
            if self.status == 200:
                await self._take(reader)

    async def refused(self) -> bytes:
        """Open the stream where it should not open, and return what is said instead."""
        async with self._asked() as reader:
            return await reader.readexactly(int(self.headers["content-length"]))

    def cut(self) -> bool:
        """Cut the connection off without a word to the other side; tell whether there was one."""
        if self._writer is None or self._writer.transport.is_closing():
            return False
        self._writer.transport.abort()
        return True

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[asyncio.StreamReader]:
        limit = _SMALL if not self.takes.is_set() else _LARGE
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=limit)
        self._writer = writer
        try:
            writer.write(self._request())
            self.status, self.headers = await _head(reader)
            self.opened += 1
            yield reader
        finally:
            self._writer = None
            writer.close()

    def _request(self) -> bytes:
        query = self.query or ("" if self.after is None else f"after={self.after}")
        lines = [
            f"GET /events?{query} HTTP/1.1",
            f"host: 127.0.0.1:{self.port}",
            f"cookie: {self.cookie}",
            "accept: text/event-stream",
            *([f"last-event-id: {self.last}"] if self.last else []),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    async def _take(self, reader: asyncio.StreamReader) -> None:
        rest = b""
        while size := int(await self._line(reader) or b"0", 16):
            piece = await reader.readexactly(size + 2)
            *blocks, rest = (rest + piece[:-2]).split(b"\n\n")
            for block in blocks:
                self._hear(block.decode("ascii"))

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        await self.takes.wait()
        return await reader.readline()

    def _hear(self, block: str) -> None:
        """Take one block of fields, as the HTML standard reads them (9.2.6)."""
        said = dict(line.partition(": ")[::2] for line in block.split("\n"))
        self.retry_ms = int(said.get("retry", self.retry_ms))
        self.last = said.get("id", self.last)
        if said.get("event") == "beat":
            self.beats += 1
        elif said.get("event") == "ended":
            self.ended += 1
        elif "data" in said:
            data = json.loads(said["data"])
            self.events.append(Event(int(self.last or 0), said.get("event", ""), data, time()))


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().partition(": ")[::2] for line in head[1:] if line)
    return int(head[0].split()[1]), headers
