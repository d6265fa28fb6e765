"""What every request passes first: who asks, how much they send, and what every answer carries.

Nobody who is not signed in learns anything, not even which paths there are; only signing in,
the state of the service and its style sheets are open to all. Programs sign in with a bearer
token, and people's browsers with a cookie; neither is taken for the other. Requests are read
whole before they are handled, up to a size and for a time, so that a slow or a large one costs
little.
"""

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from overt.errors import OvertError, PermissionDenied, SignInError
from overt.people.office import Office
from overt.people.signing_in import person_of
from overt.web.answers import say
from overt.web.cookies import FIELD, HEADER, is_form_token, is_from_here, token_in
from overt.web.failures import Failure, failure_of, told_of_failure
from overt.web.paths import STATIC, is_api, is_open

MOST_BYTES = 64 * 1024
"""The largest body that is read: several pages of text, or the ids of a large list."""

MOST_FIELDS = 2000
"""The most fields that a form may have; the largest of ours, a long list's, has some hundreds."""

_BODY_S = 10.0  # a body within the limit takes milliseconds; this frees what a slow sender holds
_SCHEME = "bearer "
_SAFE = frozenset({"GET", "HEAD"})

_Headers = Sequence[tuple[bytes, bytes]]

_ON_EVERY_ANSWER: _Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), display-capture=()"),
)
_OF_API: _Headers = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_POLICY_OF_PAGES = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    b"media-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_OF_PAGES: _Headers = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", _POLICY_OF_PAGES),
)
_OF_STATIC: _Headers = (
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class Guard:
    """An ASGI application around another one."""

    def __init__(
        self, app: ASGIApp, office: Office, open_too: frozenset[tuple[str, str]] = frozenset()
    ) -> None:
        """`open_too` are methods and paths for which nobody needs to be signed in either."""
        self._app = app
        self._office = office
        self._open_too = open_too

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through to the application, or answer it here."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        carrying = _carrying(scope["path"], send)
        more: Mapping[str, str] = {}
        try:
            await self._sign_in(scope)
            body = await _body(scope, receive)
            _demand_few_fields(scope, body)
            _demand_ours(scope, body)
        except OvertError as error:
            failure = failure_of(error)
            more = told_of_failure(scope, failure, error)
        except _TooMuchError:
            failure = Failure(413, "The request is too large.", "Send less at once.")
        except TimeoutError:
            failure = Failure(408, "The request came too slowly.", "Send it again.")
        else:
            await self._app(scope, _replayed(body, receive), carrying)
            return
        scope.setdefault("app", self._app)  # a page may say what service it belongs to
        answer = say(Request(scope, receive), failure)
        answer.headers.update(more)
        await answer(scope, receive, carrying)

    async def _sign_in(self, scope: Scope) -> None:
        method, path = scope["method"], scope["path"]
        scope.setdefault("state", {})
        if is_open(method, path) or (method, path) in self._open_too:
            return
        token = _bearer(scope) if is_api(path) else _cookie(scope)
        person = await run_in_threadpool(person_of, self._office, token)
        scope["state"].update(person=person, token=token)


class _TooMuchError(Exception):
    """A body beyond the limits."""


def _bearer(scope: Scope) -> str:
    given = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
    written = given[0].decode("latin-1") if len(given) == 1 else ""
    if not written.lower().startswith(_SCHEME):
        raise SignInError(
            "You are not signed in.", remedy="Send the token of POST session as a bearer token."
        )
    return written[len(_SCHEME) :].strip()


def _cookie(scope: Scope) -> str:
    given = [value for name, value in scope["headers"] if name.lower() == b"cookie"]
    token = token_in(value.decode("latin-1") for value in given)
    if not token:
        raise SignInError("You are not signed in.", remedy="Sign in, and you are brought back.")
    return token


def _demand_few_fields(scope: Scope, body: bytes) -> None:
    if not is_api(scope["path"]) and body.count(b"&") >= MOST_FIELDS:
        raise _TooMuchError


def _demand_ours(scope: Scope, body: bytes) -> None:
    """Refuse a change that no page of ours asked for: cross-site request forgery."""
    if scope["method"] in _SAFE or is_api(scope["path"]):
        return  # the API takes no cookie, so that no browser can be made to act there
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    token = scope["state"].get("token")
    if not is_from_here(headers) or (token and not is_form_token(_sent(headers, body), token)):
        raise PermissionDenied(
            "That did not come from a page of this service.",
            remedy="Open the page again and repeat it; nothing was changed.",
        )


def _sent(headers: Mapping[str, str], body: bytes) -> str:
    if HEADER in headers:
        return headers[HEADER]
    given = parse_qs(body.decode("utf-8", "replace")).get(FIELD, [])
    return given[0] if len(given) == 1 else ""


async def _body(scope: Scope, receive: Receive) -> bytes:
    announced = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    if any(value.isdigit() and int(value[:20]) > MOST_BYTES for value in announced):
        raise _TooMuchError
    async with asyncio.timeout(_BODY_S):
        return await _read(receive)


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body  # the client has gone away
        body += bytes(message.get("body", b""))
        if len(body) > MOST_BYTES:
            raise _TooMuchError
        if not message.get("more_body"):
            return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _carrying(path: str, send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = _headers_of(path, message["status"])
            message["headers"] = [*message.get("headers", ()), *_ON_EVERY_ANSWER, *own]
        await send(message)

    return sent


def _headers_of(path: str, status: int) -> _Headers:
    if path.startswith(STATIC) and status == 200:
        return _OF_STATIC
    return _OF_API if is_api(path) else _OF_PAGES
