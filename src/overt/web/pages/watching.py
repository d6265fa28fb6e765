"""Live pictures on one connection: the newest of each camera, for as long as somebody may look.

A part of the stream is four bytes that say how long its header is (big-endian), the header as
JSON, and then as many bytes of a JPEG as the header says. A browser that is slow is sent fewer
pictures and never old ones. Nothing of this is written anywhere; that somebody looks is on the
log before the first part.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from overt.errors import OvertError
from overt.runtime.live import Health, LiveHub, LivePicture

KIND = "application/octet-stream"

LOOKED_AGAIN_S = 5.0
"""Between two looks at whether somebody still may watch, and whether there is anything to see."""

SILENCE_S = 5.0
"""After so long without a picture an empty part is sent: whoever watches knows the line holds."""

STALLED_S = 15.0
"""How long a browser may take nothing; then it is let go, and asks again when it can."""

_POLL_S = 0.02  # what a picture waits for at most, of the 300 ms it may be behind
_LENGTH_BYTES = 4


class Over(StrEnum):
    """Why there is nothing more to see; a part without a picture says so."""

    NOT = ""
    DEPLOYMENT = "deployment"
    SESSION = "session"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Watched:
    """Which cameras of which deployment are watched, and how to ask whether they still may be.

    `why_over` reads the record, and is called in a thread.
    """

    deployment_id: str
    cameras: Sequence[str]
    why_over: Callable[[], Over]
    looked_again_s: float = LOOKED_AGAIN_S
    silence_s: float = SILENCE_S


class LiveStream(StreamingResponse):
    """The answer that lasts: cameras make pictures for it from its begin to its end."""

    def __init__(self, hub: LiveHub, watched: Watched) -> None:
        super().__init__(parts(hub, watched), media_type=KIND)
        self._hub = hub
        self._watched = watched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send parts until it is over, or whoever watches has gone."""
        with self._hub.watch(self._watched.deployment_id):
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        """Send part after part, to a browser that takes them."""

        async def in_time(message: Message) -> None:
            async with asyncio.timeout(STALLED_S):
                await send(message)

        try:
            await super().stream_response(in_time)
        except TimeoutError:
            return  # the connection is closed unfinished, as a browser notices


async def parts(hub: LiveHub, watched: Watched) -> AsyncGenerator[bytes, None]:
    """Give each camera's newest picture as it comes, until it is over."""
    seen = dict.fromkeys(watched.cameras, 0)
    said_s, looked_s = 0.0, monotonic()
    while not hub.ending:
        if monotonic() - looked_s >= watched.looked_again_s:
            looked_s = monotonic()
            if over := await _why_over(hub, watched):
                yield part(over=over)
                return
        sent = False
        for camera in watched.cameras:
            picture = hub.picture(watched.deployment_id, camera, seen[camera])
            if picture:
                seen[camera], sent = picture.sequence, True
                yield part(camera, picture)
        if sent:
            said_s = monotonic()
        elif monotonic() - said_s >= watched.silence_s:
            said_s = monotonic()
            yield part()
        await asyncio.sleep(_POLL_S)
    yield part(over=Over.UNKNOWN)


def part(camera: str = "", picture: LivePicture | None = None, *, over: Over = Over.NOT) -> bytes:
    """Return one part of the stream; without a picture it is a sign of life, or the end.

    `sent_s` is on a clock without a meaning of its own: how much later than its neighbours a
    part arrives is how long it was on its way.
    """
    jpeg = picture.jpeg if picture else b""
    header = {
        "camera": camera,
        "sequence": picture.sequence if picture else 0,
        "age_s": round(picture.age_s, 3) if picture else 0,
        "sent_s": round(monotonic(), 3),
        "bytes": len(jpeg),
        **({"over": over.value} if over else {}),
    }
    written = json.dumps(header, separators=(",", ":")).encode("ascii")
    return len(written).to_bytes(_LENGTH_BYTES, "big") + written + jpeg


async def _why_over(hub: LiveHub, watched: Watched) -> Over:
    cameras = hub.cameras(watched.deployment_id)
    if cameras and all(each.state is Health.ENDED for each in cameras):
        return Over.DEPLOYMENT
    try:
        return await run_in_threadpool(watched.why_over)
    except OvertError:  # the record cannot be read now; until it can, nobody looks
        return Over.UNKNOWN
