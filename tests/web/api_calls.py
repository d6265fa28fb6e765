"""Calls the API as a server would, by ASGI's own messages: no client tidies up what is sent."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls: `token` is what they are signed in with, if they are."""

    app: ASGIApp
    loop: asyncio.AbstractEventLoop
    token: str = ""
    more: Headers = field(default=())

    def call(self, method: str, path: str, body: object = None, query: str = "") -> Answer:
        """Call with a JSON body, or with these bytes as they are."""
        headers, sent = self._written(body)
        return self.raw(method, path.encode(), query.encode(), headers, [sent])

    def at_once(self, times: int, method: str, path: str, body: object = None) -> list[Answer]:
        """Call so many times at once."""
        headers, sent = self._written(body)
        scopes = [_scope(method, path.encode(), b"", headers) for _ in range(times)]

        async def called() -> list[Answer]:
            return await asyncio.gather(*(_called(self.app, each, [sent]) for each in scopes))

        return self.loop.run_until_complete(called())

    def raw(
        self, method: str, path: bytes, query: bytes, headers: Headers, chunks: list[bytes]
    ) -> Answer:
        """Call with exactly these bytes."""
        scope = _scope(method, path, query, headers)
        return self.loop.run_until_complete(_called(self.app, scope, chunks))

    def _written(self, body: object) -> tuple[Headers, bytes]:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        if body is None:
            sent = b""
        headers: list[tuple[bytes, bytes]] = [*self.more]
        if sent:
            headers.append((b"content-type", b"application/json"))
        if self.token:
            headers.append((b"authorization", b"Bearer " + self.token.encode()))
        return headers, sent


def _scope(method: str, path: bytes, query: bytes, headers: Headers) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.decode("utf-8", "replace"),
        "raw_path": path,
        "root_path": "",
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8420),
    }


async def _called(app: ASGIApp, scope: dict[str, Any], chunks: list[bytes]) -> Answer:
    waiting = list(chunks)
    got: list[Message] = []

    async def receive() -> Message:
        if not waiting:
            return {"type": "http.disconnect"}
        chunk = waiting.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        got.append(message)

    await app(scope, receive, send)
    return _answer(got)


def _answer(got: list[Message]) -> Answer:
    headers = {name.decode().lower(): value.decode() for name, value in got[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in got[1:])
    return Answer(got[0]["status"], headers, body)
