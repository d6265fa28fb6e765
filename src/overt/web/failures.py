"""Every way a request can fail, as a status, a message and a remedy; never a traceback.

Nothing that was sent is quoted back: it may hold a password, or half of a character.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from overt.errors import (
    AuthorityError,
    ConfigurationError,
    MasterKeyError,
    NotFoundError,
    OvertError,
    PermissionDenied,
    PublicationError,
    RetentionError,
    SealingError,
    SignInError,
    WatchlistError,
)
from overt.logs import tell
from overt.logs.events import RequestFailed
from overt.logs.telling import TOLD, kinds_and_trace

FAILED = "x-request-id"
"""The header of an answer from 500 on: the id under which the service's log has it."""

_STATUSES: tuple[tuple[type[OvertError], int], ...] = (
    (SignInError, 401),
    (PermissionDenied, 403),
    (NotFoundError, 404),
    (AuthorityError, 409),
    (WatchlistError, 409),
    (PublicationError, 409),
    (RetentionError, 409),
    (MasterKeyError, 503),
    (SealingError, 410),
    (ConfigurationError, 422),
)
"""The first class that an error is of gives its status."""

_UNAVAILABLE = 503  # the record or the log cannot be read or written just now

_OF_HTTP: Mapping[int, tuple[str, str]] = {
    400: ("The request's body cannot be read.", "Send JSON, in UTF-8."),
    404: ("There is no such thing.", "docs/reference/api.md lists every route."),
    405: ("That cannot be done to it.", "docs/reference/api.md lists every route."),
}


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    message: str
    remedy: str


class PlainJSON(JSONResponse):
    """JSON in ASCII, which no text in the record can make unwritable."""

    def render(self, content: Any) -> bytes:
        """Return the bytes of an answer."""
        return json.dumps(content, ensure_ascii=True, allow_nan=False).encode("ascii")


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        400: "The body cannot be read.",
        401: "Nobody is signed in, or no longer.",
        403: "The person may not do this; the attempt is on the log.",
        404: "There is no such thing.",
        409: "It cannot be done as things stand.",
        410: "It was deleted.",
        413: "The body is too large.",
        422: "The request does not say what it must.",
        503: "The record or the log cannot be used now; nothing was done.",
    }.items()
}
"""What every route may answer besides, for the OpenAPI document."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, for whoever asked.

    With `of_request` it is about what was sent not being what the address takes: pages answer
    mistakes in their fields themselves, so to a person it is an address that is none of ours.
    """

    status: int
    message: str
    remedy: str
    of_request: bool = False


Say = Callable[[Request, Failure], Response]
"""How a failure is said: as JSON to a program, as a page to a person."""


def as_json(failure: Failure, headers: Mapping[str, str] | None = None) -> Response:
    """Return a failure as programs get it."""
    if failure.status == 401:
        headers = {**(headers or {}), "WWW-Authenticate": "Bearer"}  # RFC 9110, 11.6.1
    return PlainJSON(
        {"message": failure.message, "remedy": failure.remedy}, failure.status, headers
    )


def failure_of(error: OvertError) -> Failure:
    """Return an error of ours as a failure, with the status that says its kind."""
    status = next((code for kind, code in _STATUSES if isinstance(error, kind)), _UNAVAILABLE)
    return Failure(status, error.message, error.remedy)


def handle(app: FastAPI, say: Say) -> None:
    """Let an application answer every failure in the shape that `say` gives it."""

    async def of_ours(request: Request, error: Exception) -> Response:
        if not isinstance(error, OvertError):
            raise error
        failure = failure_of(error)
        answer = await run_in_threadpool(say, request, failure)
        answer.headers.update(told_of_failure(request.scope, failure, error))
        return answer

    async def not_valid(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        return say(request, _not_valid(error))

    async def of_http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        answer = say(request, _of_http(error.status_code))
        answer.headers.update(error.headers or {})
        return answer

    async def fault(request: Request, error: Exception) -> Response:
        answer = say(request, _FAULT)
        answer.headers.update(told_of_failure(request.scope, _FAULT, error))
        error.add_note(TOLD)  # the server, to which it goes on, need not say so again
        return answer

    app.add_exception_handler(OvertError, of_ours)
    app.add_exception_handler(RequestValidationError, not_valid)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, fault)


_FAULT = Failure(500, "This is a fault in Overt.", "Please report it with the service's log.")


def told_of_failure(scope: Scope, failure: Failure, error: Exception) -> Mapping[str, str]:
    """Tell the log of a failure that is the service's, and return the headers that say its id."""
    if failure.status < 500:
        return {}
    request = secrets.token_hex(6)
    kinds, trace = kinds_and_trace(error)
    tell(
        RequestFailed(
            request=request,
            method=scope["method"],
            route=getattr(scope.get("route"), "path", None),
            status=failure.status,
            error=kinds,
            trace=() if isinstance(error, OvertError) else trace,
        )
    )
    return {FAILED: request}


def _not_valid(error: RequestValidationError) -> Failure:
    wrong = sorted({_where(each) for each in error.errors()})
    return Failure(
        422,
        f"The request cannot be used: {', '.join(wrong[:10])}.",
        "Correct it; the OpenAPI document says what belongs there.",
        of_request=True,
    )


def _of_http(status: int) -> Failure:
    return Failure(status, *_OF_HTTP.get(status, ("The request was refused.", "")))


def _where(error: Mapping[str, Any]) -> str:
    """Return the place of a mistake: names of fields that we know, and never what was sent."""
    if error["type"] in {"extra_forbidden", "json_invalid"}:
        return "a field that is not known" if error["type"] == "extra_forbidden" else "not JSON"
    names = [part for part in error["loc"] if isinstance(part, str) and part.isascii()]
    return " ".join(names)[:100] or "the body"
