"""Accounts, for administrators; auditors see them."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from overt.errors import ConfigurationError, NotFoundError
from overt.people import accounts
from overt.people.office import Office
from overt.vocabulary import Act, Role
from overt.web.api.asking import Here, SignedIn, does
from overt.web.api.texts import AccountName, Body, Line, Unit

router = APIRouter(prefix="/accounts", tags=["accounts"])

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$")]
Roles = Annotated[frozenset[Role], Field(max_length=len(Role))]


class Account(BaseModel):
    """Somebody who may sign in, or no longer."""

    name: str
    full_name: str
    unit: str
    rank: str
    roles: list[Role]
    trained_until: date | None
    created_at: datetime
    disabled_at: datetime | None
    locked_until: datetime | None


class New(Body):
    """An account to be added."""

    name: AccountName
    full_name: Line
    unit: Unit
    rank: Line
    roles: Roles
    trained_until: date | None = None


class Made(BaseModel):
    """What the new person is handed once; it is kept nowhere and cannot be asked for again."""

    name: str
    password: str
    totp_secret: str
    totp_uri: str


class Changes(Body):
    """What changes; what is left out stays."""

    full_name: Line | None = None
    unit: Unit | None = None
    rank: Line | None = None
    roles: Roles | None = None
    trained_until: date | None = None
    unlock: bool = False


class Ended(BaseModel):
    """How many sessions ended."""

    sessions_ended: int


@router.get("", **does(Act.ACCOUNT_LIST))
def listed(office: Here, person: SignedIn) -> list[Account]:
    """List every account."""
    return [
        Account(
            name=each.name,
            full_name=each.full_name,
            unit=each.unit,
            rank=each.rank,
            roles=sorted(each.roles),
            trained_until=each.trained_until,
            created_at=each.created_at,
            disabled_at=each.disabled_at,
            locked_until=each.locked_until,
        )
        for each in accounts.listed(office, person)
    ]


@router.post("", status_code=201, **does(Act.ACCOUNT_ADD))
def add(office: Here, person: SignedIn, new: New) -> Made:
    """Add an account, and return its password and secret of one-time codes, once."""
    wanted = accounts.NewAccount(**dict(new))
    made = accounts.add(office, person, wanted)
    return Made(
        name=new.name,
        password=made.password,
        totp_secret=made.totp_secret,
        totp_uri=made.totp_uri,
    )


@router.patch("/{name}", status_code=204, **does(Act.ACCOUNT_CHANGE))
def change(office: Here, person: SignedIn, name: Name, changes: Changes) -> None:
    """Change an account; its sessions end."""
    _demand_there(office, name)
    given: dict[str, Any] = changes.model_dump(exclude_unset=True, exclude={"unlock"})
    if any(value is None for field, value in given.items() if field != "trained_until"):
        raise ConfigurationError(
            "Only the training's end may be taken away.", remedy="Leave out what is to stay."
        )
    if changes.unlock:
        given |= {"locked_until": None, "failures": 0}
    if not given:
        raise ConfigurationError("Nothing was to be changed.", remedy="Say what.")
    accounts.change(office, person, name, **given)


@router.post("/{name}/disable", **does(Act.ACCOUNT_DISABLE))
def disable(office: Here, person: SignedIn, name: Name) -> Ended:
    """Close an account; its sessions end."""
    _demand_there(office, name)
    return Ended(sessions_ended=accounts.disable(office, person, name))


@router.post("/{name}/revoke", **does(Act.SESSION_REVOKE))
def revoke(office: Here, person: SignedIn, name: Name) -> Ended:
    """End every session of an account."""
    _demand_there(office, name)
    return Ended(sessions_ended=accounts.revoke(office, person, name))


def _demand_there(office: Office, name: str) -> None:
    if office.record.accounts.named(name) is None:
        raise NotFoundError("There is no account of that name.", remedy="List the accounts.")
