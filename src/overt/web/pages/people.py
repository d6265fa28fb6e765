"""People's accounts, roles and training: administrators change them, auditors look.

Addresses hold an account's id, never its name. What somebody new signs in with is shown once,
on the answer to the form that added them.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response

from overt.errors import ConfigurationError, NotFoundError
from overt.people import accounts
from overt.people.office import Office
from overt.people.permissions import Person, why_not_together
from overt.storage import Account
from overt.vocabulary import Act, Role
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.api.texts import AccountName, Line, Unit
from overt.web.pages.forms import EMPTY, Form, Sent, checked
from overt.web.pages.frame import away, page
from overt.web.pages.people_words import ROLES, shown
from overt.web.pages.qr_code import qr_code

router = APIRouter(prefix="/people", include_in_schema=False)

_WORDS = {
    "name": "Use 2 to 40 small letters, digits, dots, hyphens and underscores.",
    "full_name": "Give their name, in one line.",
    "unit": "Use small letters, digits and single hyphens, as in deployment files.",
    "rank": "Give their rank or grade, in one line.",
    "roles": "Choose at least one role.",
    "trained_until": "Give a day, or leave it empty.",
    "sure": "Say that you are sure.",
}

Day = Annotated[date | None, BeforeValidator(lambda given: given or None)]
Roles = Annotated[frozenset[Role], Field(max_length=len(Role))]


class Changed(BaseModel):
    """What an account is to be."""

    full_name: Line
    unit: Unit
    rank: Line
    roles: Roles
    trained_until: Day = None


class New(Changed):
    """An account to be added."""

    name: AccountName


class Sure(BaseModel):
    """That somebody means what cannot be taken back."""

    sure: Literal["yes"]


@router.get("", **does(Act.ACCOUNT_LIST))
def listed(request: Request, office: Here, person: SignedIn) -> Response:
    """List every account, those that are closed last."""
    found = [shown(each, office.now(), person) for each in accounts.listed(office, person)]
    found.sort(key=lambda each: each.account.disabled_at is not None)
    return page(request, "people.html", people=found, changes=_changes(person))


@router.get("/new", **does(Act.ACCOUNT_ADD))
def new(request: Request) -> Response:
    """Show the form for somebody new."""
    return _new_page(request, EMPTY)


@router.post("/new", **does(Act.ACCOUNT_ADD))
def add(request: Request, office: Here, person: SignedIn, sent: Sent) -> Response:
    """Add somebody, and show once what they sign in with."""
    given, form = checked(New, sent, _WORDS, several=("roles",))
    if given is None:
        return _new_page(request, form)
    form = form.with_errors(_mistakes(office, given.roles, given.name))
    if form.errors:
        return _new_page(request, form)
    try:
        made = accounts.add(office, person, accounts.NewAccount(**dict(given)))
    except ConfigurationError as error:
        return _new_page(request, form.refused(error))
    return page(
        request,
        "people_added.html",
        made=made,
        added=given,
        code=qr_code(made.totp_uri, "The same secret, for an authenticator's camera"),
        grouped=" ".join(_fours(made.totp_secret)),
    )


@router.get("/{account_id}", **does(Act.ACCOUNT_LIST))
def one(request: Request, office: Here, person: SignedIn, account_id: Id) -> Response:
    """Show an account, with all that can be done to it."""
    return _account_page(request, office, person, _found(office, account_id))


@router.post("/{account_id}", **does(Act.ACCOUNT_CHANGE))
def change(
    request: Request, office: Here, person: SignedIn, account_id: Id, sent: Sent
) -> Response:
    """Change an account; its sessions end."""
    account = _found(office, account_id)
    given, form = checked(Changed, sent, _WORDS, several=("roles",))
    if given is not None:
        form = form.with_errors(_mistakes(office, given.roles))
    if given is None or form.errors:
        return _account_page(request, office, person, account, form)
    changes = {name: value for name, value in given if value != getattr(account, name)}
    try:
        _demand_something(changes)
        accounts.change(office, person, account.name, **changes)
    except ConfigurationError as error:
        return _account_page(request, office, person, account, form.refused(error))
    return away(f"/people/{account_id}")


@router.post("/{account_id}/unlock", **does(Act.ACCOUNT_CHANGE))
def unlock(office: Here, person: SignedIn, account_id: Id) -> Response:
    """Let somebody try again after wrong attempts."""
    account = _found(office, account_id)
    accounts.change(office, person, account.name, locked_until=None, failures=0)
    return away(f"/people/{account_id}")


@router.post("/{account_id}/end-sessions", **does(Act.SESSION_REVOKE))
def end_sessions(office: Here, person: SignedIn, account_id: Id) -> Response:
    """End every session of an account."""
    accounts.revoke(office, person, _found(office, account_id).name)
    return away(f"/people/{account_id}" if account_id != person.account_id else "/")


@router.post("/{account_id}/close", **does(Act.ACCOUNT_DISABLE))
def close(request: Request, office: Here, person: SignedIn, account_id: Id, sent: Sent) -> Response:
    """Close an account for good, and end its sessions."""
    return _for_good(accounts.disable, (request, office, person, account_id), sent)


@router.post("/{account_id}/forget", **does(Act.ACCOUNT_DISABLE))
def forget(
    request: Request, office: Here, person: SignedIn, account_id: Id, sent: Sent
) -> Response:
    """Erase who a closed account was."""
    return _for_good(accounts.forget, (request, office, person, account_id), sent)


def _for_good(
    act: Callable[[Office, Person, str], object],
    asked: tuple[Request, Office, Person, str],
    sent: Form,
) -> Response:
    request, office, person, account_id = asked
    account = _found(office, account_id)
    given, form = checked(Sure, sent, _WORDS)
    if given is None:
        return _account_page(request, office, person, account, sure=form)
    try:
        act(office, person, account.name)
    except ConfigurationError as error:
        return _account_page(request, office, person, account, sure=form.refused(error))
    return away(f"/people/{account_id}")


def _mistakes(office: Office, roles: frozenset[Role], name: str = "") -> Mapping[str, str]:
    mistakes = {}
    if why := why_not_together(roles):
        mistakes["roles"] = f"These roles cannot be held: {why}."
    if name and office.record.accounts.named(name) is not None:
        mistakes["name"] = "That name is taken. Choose another."
    return mistakes


def _demand_something(changes: Mapping[str, Any]) -> None:
    if not changes:
        raise ConfigurationError("Nothing was to be changed.", remedy="Say what is different.")


def _found(office: Office, account_id: str) -> Account:
    account = office.record.accounts.of_id(account_id)
    if account is None:
        raise NotFoundError("There is no such account.", remedy="Go back to the list.")
    return account


def _new_page(request: Request, form: Form) -> Response:
    return page(request, "people_new.html", form.status, form=form, roles=ROLES)


def _account_page(
    request: Request,
    office: Office,
    person: Person,
    account: Account,
    form: Form | None = None,
    sure: Form = EMPTY,
) -> Response:
    names = Changed.model_fields
    filled = form or Form.of(**{name: getattr(account, name) for name in names})
    return page(
        request,
        "people_account.html",
        max(filled.status, sure.status),
        form=filled,
        sure=sure,
        roles=ROLES,
        shown=shown(account, office.now(), person),
        changes=_changes(person),
    )


def _changes(person: Person) -> bool:
    return Role.ADMINISTRATOR in person.roles


def _fours(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text), 4)]
