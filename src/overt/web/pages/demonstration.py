"""One click to be somebody of a demonstration's cast, all of whom are drawn.

Signing in without a password must be impossible where anybody real works. A demonstration makes
its cast itself, on a record that nobody has an account on yet, and knows them by ids that exist
nowhere else; nobody who is added later can be chosen here. The route is not part of the
application: only `demonstrated` adds it, and only `overt demo` calls that, in a home of its own.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Self

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from overt.audit.events import SignedIn
from overt.errors import ConfigurationError, SignInError
from overt.people.accounts import NewAccount, add
from overt.people.office import Office
from overt.people.permissions import Person
from overt.people.signing_in import SESSION_LIFE, sign_out
from overt.storage import Session
from overt.vocabulary import Role
from overt.web.api.asking import Here
from overt.web.app import make_app
from overt.web.cookies import set_cookie, token_in
from overt.web.guard import Guard
from overt.web.pages.forms import Sent
from overt.web.pages.frame import away

PATH = "/demonstration"

UNIT = "drawn-street"
_TRAINED = timedelta(days=365)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Actor:
    """One of the cast: the account, and in a few words what they do in the story."""

    person: Person = field(repr=False)
    part: str

    @property
    def name(self) -> str:
        """The account's name."""
        return self.person.name

    @property
    def full_name(self) -> str:
        """What the account is called."""
        return self.person.full_name


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A cast of drawn people, in the order in which the story needs them."""

    cast: tuple[Actor, ...]

    @classmethod
    def begin(cls, office: Office) -> Self:
        """Give every part an account, on a record that has none.

        Raises:
            ConfigurationError: somebody has an account there already.
        """
        if office.record.accounts.count():
            raise ConfigurationError(
                "A demonstration begins on a record of its own, and people have accounts on this.",
                remedy="Run: overt demo.",
            )
        head = _added(office, None, _HEAD)
        return cls((*(_added(office, head.person, each) for each in _PARTS), head))

    def actor(self, name: str) -> Actor:
        """Return who has a name in the cast.

        Raises:
            SignInError: nobody.
        """
        found = next((each for each in self.cast if each.name == name), None)
        if found is None:
            raise SignInError(
                "Nobody of that name is in the demonstration.", remedy="Choose one of the cast."
            )
        return found


@dataclass(frozen=True, slots=True)
class _Part:
    role: Role
    name: str
    full_name: str
    rank: str
    part: str


_PARTS: Sequence[_Part] = (
    _Part(Role.APPLICANT, "applicant", "Drawn Sergeant 1", "sergeant", "asks for the deployment"),
    _Part(
        Role.COMMANDER,
        "commander",
        "Drawn Chief Inspector 2",
        "chief inspector",
        "approves the list, commands",
    ),
    _Part(
        Role.AUTHORISING_OFFICER,
        "authoriser",
        "Drawn Superintendent 3",
        "superintendent",
        "gives authority, reviews",
    ),
    _Part(
        Role.OPERATOR, "operator", "Drawn Operator 4", "constable", "decides on possible matches"
    ),
    _Part(
        Role.OPERATOR, "second-operator", "Drawn Operator 5", "constable", "decides independently"
    ),
    _Part(
        Role.ENGAGEMENT_OFFICER,
        "officer",
        "Drawn Constable 6",
        "constable",
        "is on the street with a phone",
    ),
    _Part(Role.AUDITOR, "auditor", "Drawn Auditor 7", "civilian", "checks, and sees no face"),
)
_HEAD = _Part(
    Role.ADMINISTRATOR, "administrator", "Drawn Administrator 8", "civilian", "looks after accounts"
)


@router.post(PATH)
def enter(request: Request, office: Here, sent: Sent) -> Response:
    """Begin a session of one of the cast; the log says that they signed in."""
    demonstration = request.app.state.demo
    if not isinstance(demonstration, Demonstration):
        raise TypeError("no demonstration is held here")
    token = _session(office, demonstration.actor(sent.value("name")).person)
    with suppress(SignInError):  # whoever sat here before may have left already
        sign_out(office, token_in(request.headers.getlist("cookie")))
    answer = away("/")
    answer.headers["set-cookie"] = set_cookie(token, life_s=int(SESSION_LIFE.total_seconds()))
    return answer


def demonstrated(office: Office, demonstration: Demonstration) -> FastAPI:
    """Return the application of a demonstration; `guard_of` is what is served."""
    app = make_app(office)
    app.state.demo = demonstration
    app.include_router(router)
    return app


def guard_of(app: FastAPI, office: Office) -> Guard:
    """Return the guard of a demonstration, which lets nobody in but through one more door."""
    return Guard(app, office, open_too=frozenset({("POST", PATH)}))


def _added(office: Office, by: Person | None, part: _Part) -> Actor:
    trained_until = (office.now() + _TRAINED).date()
    roles = frozenset({part.role})
    wanted = NewAccount(part.name, part.full_name, UNIT, part.rank, roles, trained_until)
    made = add(office, by, wanted)
    person = Person(made.account_id, part.name, part.full_name, UNIT, part.rank, roles)
    return Actor(person, part.part)


def _session(office: Office, person: Person) -> str:
    token, now = secrets.token_urlsafe(32), office.now()
    digest = sha256(token.encode()).hexdigest()
    with office.record.together():
        office.record.accounts.open_session(
            Session(digest, person.account_id, now, now + SESSION_LIFE)
        )
        office.log.write(SignedIn(person.account_id), by=person.account_id)
    return token
