"""Every route that the service has, asked as browsers and programs ask, with real ids filled in."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from desk_world import Desk
from fastapi.routing import iter_route_contexts
from pages_world import HOST, Shown, signed_in
from starlette.types import ASGIApp, Message

from overt.people.permissions import Person
from overt.storage import AlertPlace, DeploymentRow, Hold
from overt.vocabulary import Role
from overt.web.app import described
from overt.web.cookies import COOKIE, FIELD, form_token
from overt.web.paths import is_api

NOBODYS = "0" * 32
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_LONGEST_S = 0.5
"""What streams is left after this; the rest is answered sooner or not waited for."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route; `act` is what it declares, or nothing."""

    method: str
    path: str
    act: str = ""

    def filled(self, ids: Mapping[str, str]) -> str:
        """The route's path with these ids in it."""
        return _PARAMETER.sub(lambda found: ids.get(found[1], NOBODYS), self.path)

    @property
    def named(self) -> set[str]:
        """The names of the ids in its path."""
        return set(_PARAMETER.findall(self.path))


def every_route(*methods: str, pages: bool = True, api: bool = True) -> list[Route]:
    """Every route of these methods, of pages and media, of the API, or of both."""
    found = []
    for each in iter_route_contexts(described().routes):
        path = each.path or ""
        if not (api if is_api(path) else pages):
            continue
        extra = getattr(each, "openapi_extra", None) or {}
        act = str(extra.get("x-overt-act", ""))
        found += [Route(one, path, act) for one in each.methods or () if one in methods]
    return sorted(set(found), key=lambda each: (each.path, each.method))


@dataclass(slots=True)
class Visitor:
    """Somebody who asks, with a cookie for pages and a bearer token for the API, or with neither.

    A header that is given as empty is left out. What streams without end is left after half a
    second.
    """

    app: ASGIApp
    token: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Shown:
        """Ask for a page, a picture or an answer of the API."""
        return self.ask("GET", path)

    def post(self, path: str, fields: Mapping[str, str | Sequence[str]] | None = None) -> Shown:
        """Send a form, with its token."""
        proof = {FIELD: form_token(self.token)} if self.token else {}
        return self.ask("POST", path, urlencode({**proof, **(fields or {})}, doseq=True).encode())

    def ask(self, method: str, path: str, body: bytes = b"") -> Shown:
        """Send any request."""
        return asyncio.run(self._ask(method, path, body))

    async def _ask(self, method: str, path: str, body: bytes) -> Shown:
        plain, _, query = path.partition("?")
        headers = {"host": HOST, "content-length": str(len(body)), **self._proof(plain)}
        headers |= {"sec-fetch-site": "same-origin", **self.headers}
        headers = {name: value for name, value in headers.items() if value}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
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
        return await _answered(self.app, scope, body)

    def _proof(self, path: str) -> dict[str, str]:
        if not self.token:
            return {}
        if is_api(path):
            return {"authorization": f"Bearer {self.token}"}
        form = {"content-type": "application/x-www-form-urlencoded"}
        return {"cookie": f"{COOKIE}={self.token}", **form}


async def _answered(app: ASGIApp, scope: Mapping[str, object], body: bytes) -> Shown:
    answered: list[Message] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await asyncio.sleep(_LONGEST_S)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answered.append(message)

    await app(dict(scope), receive, send)
    start, parts = answered[0], answered[1:]
    given = [(name.decode().lower(), value.decode("latin-1")) for name, value in start["headers"]]
    return Shown(
        status=start["status"],
        headers=dict(given),
        body=b"".join(part.get("body", b"") for part in parts),
        cookies=tuple(value for name, value in given if name == "set-cookie"),
    )


@dataclass(slots=True, repr=False)
class Town:
    """A desk with one of everything in one unit, and whatever of it a route may name."""

    desk: Desk
    row: DeploymentRow
    place: AlertPlace
    hold: Hold

    def ids(self, of: Person | None = None) -> dict[str, str]:
        """What the parameters of routes stand for; an account is the commander's, or `of`."""
        whom = of or self.desk.scene.person(Role.COMMANDER)
        return {
            "deployment_id": self.row.deployment_id,
            "alert_id": self.place.alert_id,
            "hold_id": self.hold.hold_id,
            "account_id": whom.account_id,
            "name": whom.name,
            "camera": "north-end",
            "position": "0",
            "mark": "x",
        }

    def visitor(self, person: Person | None) -> Visitor:
        """Somebody in a session of their own."""
        return Visitor(self.desk.app, signed_in(self.desk.scene, person) if person else "")
