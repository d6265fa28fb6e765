"""A browser without a screen: what a person's browser sends to the pages, over ASGI.

It keeps its cookies, says where it comes from as browsers do, and fills in a form's token.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message

from acts import Scene
from overt.audit.events import SignedIn
from overt.people.permissions import Person
from overt.storage import Session
from overt.web.app import guarded
from overt.web.cookies import COOKIE, FIELD, form_token

HOST = "overt.test"

Fields = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The page's text."""
        return self.body.decode()


@dataclass(slots=True)
class Browser:
    """One person's browser; without a token nobody is signed in."""

    app: ASGIApp
    token: str = ""
    from_site: str = "same-origin"
    more: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Shown:
        """Open a page."""
        return self.ask("GET", path)

    def post(self, path: str, fields: Fields | None = None, *, csrf: str | None = None) -> Shown:
        """Send a form with its token, or with another one."""
        proof = csrf if csrf is not None else (form_token(self.token) if self.token else "")
        whole = {FIELD: proof, **(fields or {})}
        sent = urlencode(whole, doseq=True).encode()
        return self.ask("POST", path, sent)

    def ask(self, method: str, path: str, body: bytes = b"") -> Shown:
        """Send any request."""
        return asyncio.run(self._ask(method, path, body))

    async def _ask(self, method: str, path: str, body: bytes) -> Shown:
        plain, _, query = path.partition("?")
        headers = {
            "host": HOST,
            "sec-fetch-site": self.from_site,
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(body)),
            **({"cookie": f"{COOKIE}={self.token}"} if self.token else {}),
            **self.more,
        }
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": plain,
            "raw_path": plain.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": (HOST, 443),
        }
        answered: list[Message] = []
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if not waiting:  # the browser stays; whoever streams asks whether it has gone
                await asyncio.Event().wait()
            return waiting.pop()

        async def send(message: Message) -> None:
            answered.append(message)

        await self.app(scope, receive, send)
        start, parts = answered[0], answered[1:]
        given = [(name.decode().lower(), value.decode()) for name, value in start["headers"]]
        return Shown(
            status=start["status"],
            headers=dict(given),
            body=b"".join(part.get("body", b"") for part in parts),
            cookies=tuple(value for name, value in given if name == "set-cookie"),
        )


def a_browser(scene: Scene, person: Person | None = None, app: ASGIApp | None = None) -> Browser:
    """Return a browser at an office's pages, in a session of this person's."""
    token = signed_in(scene, person) if person else ""
    return Browser(app or guarded(scene.office), token)


def signed_in(scene: Scene, person: Person) -> str:
    """Open a session as signing in does, and return its token."""
    token, now = secrets.token_urlsafe(32), scene.clock.now
    digest = sha256(token.encode()).hexdigest()
    event = SignedIn(person.account_id)
    with scene.office.record.together():
        session = Session(digest, person.account_id, now, now + timedelta(hours=12))
        scene.office.record.accounts.open_session(session)
        scene.office.log.write(event, by=person.account_id)
    return token
