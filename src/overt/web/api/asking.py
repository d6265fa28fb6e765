"""What routes ask for: the office, who is signed in, and whether their role has the act at all."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPBearer

from overt.errors import SignInError
from overt.people.office import Office
from overt.people.permissions import MATRIX, Person, Thing
from overt.vocabulary import Act

_bearer = HTTPBearer(auto_error=False, description="The token that POST session gave.")


def _office(request: Request) -> Office:
    office = request.app.state.office
    if not isinstance(office, Office):
        raise TypeError("an application without its office")
    return office


def _person(request: Request, _scheme: Annotated[object, Security(_bearer)] = None) -> Person:
    person = getattr(request.state, "person", None)
    if not isinstance(person, Person):
        raise SignInError("You are not signed in.", remedy="Sign in first: POST session.")
    return person


def _token(request: Request) -> str:
    return str(request.state.token)


Here = Annotated[Office, Depends(_office)]
"""The office."""

SignedIn = Annotated[Person, Depends(_person)]
"""Who asks."""

Token = Annotated[str, Depends(_token)]
"""What they are signed in with."""

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="A whole id, as lists give it.")]
"""An id of ours. Beginnings of ids, which the command line takes, would tell what others begin."""


def does(act: Act, **more: Any) -> dict[str, Any]:
    """Return what a route of this act declares: it asks for the role before anything else.

    Whether the thing is the person's own, or their unit's, the room's own function asks.
    """
    return {
        "dependencies": [Depends(_allowed(act))],
        "openapi_extra": {"x-overt-act": act.value},
        **more,
    }


def _allowed(act: Act) -> Callable[[Office, Person], None]:
    def demand(office: Here, person: SignedIn) -> None:
        if not person.roles & MATRIX[act].roles:
            about = Thing(act.partition(".")[0])
            office.refuse(person, act, about, "the role does not allow it")

    return demand
