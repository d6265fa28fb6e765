"""`GET /events`: a page's stream of what changes, in the form browsers resume by themselves."""

import asyncio
from contextlib import suppress

import anyio
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from overt.errors import ConfigurationError, OvertError
from overt.people.permissions import Person
from overt.web.api.asking import SignedIn, Token
from overt.web.listeners import Listener, retry
from overt.web.wire import Wire

router = APIRouter(include_in_schema=False)

STALLED_S = 30.0
"""How long a client may take nothing; then it is let go, and asks again when it can."""

_RETRY_MS = 1000
_LARGEST = 2**53 - 1  # JavaScript's largest exact number


@router.get("/events")
async def events(request: Request, person: SignedIn, token: Token) -> Response:
    """Tell of what changes from now on, or after a position, until the page goes away."""
    wire = request.app.state.wire
    if not isinstance(wire, Wire):
        raise TypeError("an application without its wire")
    position = await wire.begin(_position(request))
    return _Stream(wire, person, token, position)


class _Stream(Response):
    """The answer that goes on: what a listener is told, until it goes away or is ended."""

    media_type = "text/event-stream"

    def __init__(self, wire: Wire, person: Person, token: str, position: int) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no"})
        self._wire = wire
        self._of = (person, token, position)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send events for as long as there is somebody to take them."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        with self._wire.listening(*self._of) as listener:
            async with anyio.create_task_group() as group:
                group.start_soon(_until_gone, receive, group.cancel_scope)
                await send(start)
                await self._tell(listener, send)
                group.cancel_scope.cancel()

    async def _tell(self, listener: Listener, send: Send) -> None:
        # The server takes the next piece when the client has taken most of those before it, so
        # that a slow client costs one piece of memory; its cursor stands still meanwhile.
        try:
            await _give(send, retry(_RETRY_MS))
            with suppress(OvertError):
                while chunk := await self._wire.next(listener):
                    await _give(send, chunk)
            await _give(send, listener.farewell, more=False)
        except TimeoutError:
            return  # the server closes a connection whose answer is not complete


def _position(request: Request) -> int | None:
    """Return what a stream begins after, if anything: what a browser says wins over the page."""
    before = request.headers.getlist("last-event-id")
    after = request.query_params.getlist("after")
    numbers = [_number(each) for each in (*before, *after)]
    if len(before) > 1 or len(after) > 1 or None in numbers:
        raise ConfigurationError(
            "That is no position of an event.",
            remedy="Give `after` or Last-Event-ID as the stream or the page gave it, or neither.",
        )
    return numbers[0] if numbers else None


def _number(text: str) -> int | None:
    written = text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST))
    return int(text) if written and int(text) <= _LARGEST else None


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _give(send: Send, body: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(STALLED_S):
        await send({"type": "http.response.body", "body": body, "more_body": more})
