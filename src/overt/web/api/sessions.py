"""Signing in and out, and who one is."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from overt.errors import StorageError
from overt.people.signing_in import SESSION_LIFE, sign_in, sign_out
from overt.vocabulary import Role
from overt.web.api.asking import Here, SignedIn, Token
from overt.web.api.texts import Body

router = APIRouter(tags=["sessions"])

_AT_ONCE = BoundedSemaphore(2)  # each attempt takes 64 MiB and a tenth of a second of a core
_IN_LINE = BoundedSemaphore(6)  # of the service's 12 threads; the others serve who is signed in
_WAIT_S = 10.0

Secret = Annotated[str, Field(min_length=1, max_length=1000)]


class Credentials(Body):
    """What somebody signs in with."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    password: Secret
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class Opened(BaseModel):
    """A session."""

    token: str
    expires_in_s: int


class Me(BaseModel):
    """Who is signed in."""

    name: str
    full_name: str
    unit: str
    rank: str
    roles: list[Role]


@router.post("/session", status_code=201)
def open_session(office: Here, given: Credentials) -> Opened:
    """Sign in with a name, a password and a one-time code."""
    with in_turn():
        token = sign_in(office, given.name, given.password, given.code)
    return Opened(token=token, expires_in_s=int(SESSION_LIFE.total_seconds()))


@router.delete("/session", status_code=204)
def close_session(office: Here, _person: SignedIn, token: Token) -> None:
    """Sign out."""
    sign_out(office, token)


@router.get("/me")
def me(person: SignedIn) -> Me:
    """Say who is signed in."""
    return Me(
        name=person.name,
        full_name=person.full_name,
        unit=person.unit,
        rank=person.rank,
        roles=sorted(person.roles),
    )


@contextmanager
def in_turn() -> Iterator[None]:
    """Wait for one's turn to be let in: looking at a password costs memory and time.

    Raises:
        StorageError: too many wait already.
    """
    with _held(_IN_LINE, wait_s=0.0), _held(_AT_ONCE, wait_s=_WAIT_S):
        yield


@contextmanager
def _held(places: BoundedSemaphore, *, wait_s: float) -> Iterator[None]:
    """Hold one of so many places, so that nobody who is not signed in takes every thread."""
    if not places.acquire(timeout=wait_s):
        raise StorageError("Too many people are signing in at once.", remedy="Try again.")
    try:
        yield
    finally:
        places.release()
