"""The wire: pages that are open are told of what changes, by server-sent events.

One reader follows the record's outbox for everybody in this process who listens, and other
processes' rows come to it the same way. Each listener has its own cursor, so that whoever was
away goes on where they were (HTML Living Standard, 9.2, `Last-Event-ID`): nothing is missed and
nothing comes twice. What cannot be told any more, because the record cannot be read or a session
has ended, ends the stream, so that no screen looks live that is not.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from functools import partial
from itertools import islice, takewhile
from time import monotonic

from anyio import CapacityLimiter, to_thread

from overt.errors import ConfigurationError, OvertError, StorageError
from overt.logs import fault, tell
from overt.logs.events import DeliveryFailed, Part
from overt.logs.telling import kinds_and_trace
from overt.people.office import Office
from overt.people.permissions import Person
from overt.web.listeners import Listener, Listeners, people_of
from overt.web.telling import BATCH, Audience, Teller, Told

LOOKED_AGAIN_S = 4.0
"""Between two looks at the sessions behind the streams; one that was revoked ends within 5 s."""

BEAT_S = 10.0
"""The longest silence. Scripts see the beat, so that a page can tell a network that is dead."""

_RING = 1000
_APART_S = 0.05  # between two readings: what is raised meanwhile is sent together
_AFTER_FAILURE_S = 1.0


class Wire:
    """Tells whoever listens of what changes; `running` reads while anybody does."""

    def __init__(self, office: Office, poll_s: float = 0.1) -> None:
        self._office = office
        self._poll_s = poll_s
        self._teller = Teller(office)
        self._listeners = Listeners()
        self._ring: deque[Told] = deque()
        self._floor = 0  # the ring holds every row after this one ...
        self._head: int | None = None  # ... up to this one; None while nobody reads
        self._closed = True
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        # Threads of its own, so that it waits for no page: to read ahead, and for who is behind.
        self._ahead, self._behind = CapacityLimiter(1), CapacityLimiter(1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read and tell until the block is left; then every stream ends."""
        self._loop, self._closed = asyncio.get_running_loop(), False
        tasks = [asyncio.create_task(each) for each in (self._read(), self._look_again())]
        try:
            yield
        finally:
            self.end()
            self._loop = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def streams(self) -> int:
        """How many streams are open. Any thread may ask."""
        return len(self._listeners)

    def wake(self) -> None:
        """Have the outbox read at once. Any thread may call it, whether or not anybody listens."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop was closed just now
                loop.call_soon_threadsafe(self._woken.set)

    def end(self) -> None:
        """End every stream and begin no other, as the service stops. Call it in the loop.

        A server waits for answers that go on; this is to be called before it begins to.
        """
        self._closed = True
        self._listeners.end()

    async def begin(self, position: int | None) -> int:
        """Return where a stream begins: after this position, or after all that there is.

        Raises:
            ConfigurationError: the position was never reached.
            StorageError: the record cannot be read, or the service stops.
        """
        if self._closed:
            raise StorageError("The service stops.", remedy="Try again in a moment.")
        latest = await to_thread.run_sync(self._teller.latest, limiter=self._behind)
        if position is not None and position > latest:
            raise ConfigurationError(
                "The events have not come as far as that.",
                remedy="Open the page again; the record may have been restored since.",
            )
        return latest if position is None else position

    @contextmanager
    def listening(self, person: Person, token: str, position: int) -> Iterator[Listener]:
        """Count somebody among those who are told, while the block runs."""
        listener = Listener(person, token, position)
        with self._listeners.with_one(listener):
            yield listener

    async def next(self, listener: Listener) -> bytes:
        """Wait for what a listener is to be sent next; nothing means that the stream is over.

        Raises:
            StorageError: the record cannot be read.
        """
        while not (listener.ended or self._closed):
            listener.woken.clear()
            before = listener.cursor
            chunk = b"".join(await self._missed(listener))
            if not chunk and monotonic() >= listener.next_beat_s:
                chunk = _beat(listener.cursor, self._office.now())
            if chunk:
                listener.next_beat_s = monotonic() + BEAT_S
                return chunk
            if listener.cursor == before:
                await _wait(listener.woken, listener.next_beat_s - monotonic())
        return b""

    async def _missed(self, listener: Listener) -> list[bytes]:
        """Return events a listener has not been sent, as far as known, and move its cursor on."""
        head = self._head
        if head is None or listener.cursor >= head:
            return []
        audience = Audience.of(listener.person)
        told = self._from_ring(listener.cursor, audience)
        if not told:
            read = partial(self._teller.after, listener.cursor, [listener.person])
            told = await to_thread.run_sync(read, limiter=self._behind)
        listener.cursor = told[-1].position if told else head  # rows in between were deleted
        return [each.event for each in told if each.event and each.reaches[audience]]

    def _from_ring(self, cursor: int, audience: Audience) -> list[Told]:
        """Return what the reader has ready after a cursor; nothing where it must be read again."""
        if cursor < self._floor:
            return []
        new = list(takewhile(lambda each: each.position > cursor, reversed(self._ring)))
        ready = takewhile(lambda each: each.is_fresh() and audience in each.reaches, reversed(new))
        return list(islice(ready, BATCH))

    async def _read(self) -> None:
        """Read ahead for as long as anybody listens."""
        while True:
            if not self._listeners.anybody.is_set():
                self._ring.clear()
                self._head = None
            await self._listeners.anybody.wait()
            self._woken.clear()
            try:
                found = await self._take()
            except Exception as error:  # noqa: BLE001  a reader that stopped would tell nobody
                self._fail(error)
                await asyncio.sleep(_AFTER_FAILURE_S)
                continue
            if found:
                await asyncio.sleep(_APART_S if found < BATCH else 0)
            else:
                await _wait(self._woken, self._poll_s)

    async def _take(self) -> int:
        """Read the next rows, and have those look whom they reach; return how many there were."""
        if self._head is None:
            self._head = await to_thread.run_sync(self._teller.latest, limiter=self._ahead)
            self._floor = self._head
            self._listeners.wake()
        read = partial(self._teller.after, self._head, self._listeners.people())
        told = await to_thread.run_sync(read, limiter=self._ahead)
        if told:
            self._ring.extend(told)
            while len(self._ring) > _RING:
                self._floor = self._ring.popleft().position
            before, self._head = self._head, told[-1].position
            self._listeners.tell(told, before)
        return len(told)

    async def _look_again(self) -> None:
        """End the streams of sessions that have ended, again and again."""
        while True:
            await asyncio.sleep(LOOKED_AGAIN_S)
            look = partial(people_of, self._office, self._listeners.tokens())
            try:
                people = await to_thread.run_sync(look, limiter=self._ahead)
            except Exception as error:  # noqa: BLE001  nobody is told whose session is unknown
                self._fail(error)
            else:
                self._listeners.look_again(people)

    def _fail(self, error: Exception) -> None:
        """End every stream, so that no screen looks live; each asks again, and goes on then."""
        self._listeners.end()
        tell(DeliveryFailed(kinds_and_trace(error)[0]))
        if not isinstance(error, OvertError):
            fault(Part.WIRE, error)


def snapshot_position(office: Office) -> int:
    """Return where the events after a page begin.

    Read it before anything that the page shows: what changes in between is then told again, and
    nothing falls between the page and its stream.
    """
    return office.record.outbox.latest()


async def _wait(event: asyncio.Event, most_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(most_s):
            await event.wait()


def _beat(cursor: int, now: datetime) -> bytes:
    """Return a sign of life; its id spares who comes back the rows that did not reach them."""
    data = json.dumps({"now": now.isoformat(timespec="milliseconds")})
    return f": beat\nid: {cursor}\nevent: beat\ndata: {data}\n\n".encode("ascii")
