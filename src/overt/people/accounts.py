"""Accounts: made, changed and closed by an administrator, each change on the log."""

import re
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from overt.audit.events import (
    AccountAdded,
    AccountChanged,
    AccountDisabled,
    PersonForgotten,
    SessionsRevoked,
)
from overt.audit.log import SYSTEM
from overt.errors import ConfigurationError, SignInError
from overt.people.office import Office
from overt.people.permissions import Person, Thing, why_not_together
from overt.people.secrets import hash_password, new_password, new_totp_secret, provisioning_uri
from overt.people.signing_in import seal_totp_secret
from overt.storage import Account
from overt.vocabulary import Act, Role

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_UNIT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FIRST_TRAINING = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is known of somebody who is to have an account."""

    name: str
    full_name: str
    unit: str
    rank: str
    roles: frozenset[Role]
    trained_until: date | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody new is handed once, and what is then kept nowhere."""

    account_id: str
    password: str
    totp_secret: str
    totp_uri: str


def add(office: Office, by: Person | None, wanted: NewAccount, password: str = "") -> Credentials:
    """Add an account. The very first one, an administrator's, needs nobody to add it.

    Raises:
        PermissionDenied: `by` may not; or nobody is signed in, and there are accounts already.
        ConfigurationError: the name is taken or unusable, or the roles do not go together.
    """
    first = office.record.accounts.count() == 0
    if by is None and not first:
        raise SignInError("Nobody is signed in.", remedy="Run: overt login NAME.")
    if by is None and wanted.roles != {Role.ADMINISTRATOR}:
        raise ConfigurationError(
            "The first account is an administrator's.",
            remedy="Add --role administrator; that account adds the others.",
        )
    if by is not None:
        office.demand(by, Act.ACCOUNT_ADD, Thing("account"))
    _demand_usable(office, wanted)
    return _added(office, by, wanted, password or new_password())


def _added(office: Office, by: Person | None, wanted: NewAccount, password: str) -> Credentials:
    account_id, secret, now = uuid.uuid4().hex, new_totp_secret(), office.now()
    trained_until = wanted.trained_until
    if by is None and trained_until is None:
        trained_until = (now + _FIRST_TRAINING).date()
    account = Account(
        account_id=account_id,
        name=wanted.name,
        full_name=wanted.full_name,
        unit=wanted.unit,
        rank=wanted.rank,
        roles=wanted.roles,
        password_hash=hash_password(password),
        sealed_totp_secret=seal_totp_secret(office, account_id, secret),
        trained_until=trained_until,
        created_at=now,
    )
    with office.record.together():
        office.record.accounts.add(account)
        event = AccountAdded(account_id, tuple(sorted(wanted.roles)), wanted.unit)
        office.log.write(event, by=by.account_id if by else SYSTEM)
    return Credentials(account_id, password, secret, provisioning_uri(secret, wanted.name))


def change(office: Office, by: Person, name: str, **changes: Any) -> None:
    """Change an account's `roles`, `unit`, `rank`, `full_name` or `trained_until`, or unlock it.

    Its sessions end, so that what it may do changes at once.

    Raises:
        PermissionDenied: `by` may not, or it is their own.
        ConfigurationError: there is no such account, or the roles do not go together.
    """
    account = find(office, name)
    roles = changes.get("roles", account.roles)
    if why := why_not_together(roles):
        raise ConfigurationError(f"These roles cannot be held: {why}.", remedy="Choose others.")
    _demand_unit(changes.get("unit", account.unit))
    about = Thing("account", owner=account.account_id)  # no name on the log
    with office.acting(by, Act.ACCOUNT_CHANGE, about):
        office.record.accounts.change(account.account_id, **changes)
        office.record.accounts.revoke_sessions(account.account_id, office.now())
        event = AccountChanged(account.account_id, tuple(sorted(changes)))
        office.log.write(event, by=by.account_id)


def change_password(office: Office, person: Person, password: str) -> None:
    """Change one's own password. Every session ends: somebody else may have opened one.

    Raises:
        SignInError: it is too short or too long.
    """
    hashed = hash_password(password)
    with office.record.together():
        office.record.accounts.change(person.account_id, password_hash=hashed)
        office.record.accounts.revoke_sessions(person.account_id, office.now())
        event = AccountChanged(person.account_id, ("password",))
        office.log.write(event, by=person.account_id)


def disable(office: Office, by: Person, name: str) -> int:
    """Close an account and return how many of its sessions that ended.

    Raises:
        PermissionDenied: `by` may not, or it is their own.
        ConfigurationError: there is no such account.
    """
    account = find(office, name)
    about = Thing("account", owner=account.account_id)  # no name on the log
    with office.acting(by, Act.ACCOUNT_DISABLE, about):
        now = office.now()
        office.record.accounts.change(account.account_id, disabled_at=now)
        ended = office.record.accounts.revoke_sessions(account.account_id, now)
        office.log.write(AccountDisabled(account.account_id, ended), by=by.account_id)
    return ended


def forget(office: Office, by: Person, name: str) -> None:
    """Erase who a closed account was: its names, and the salt that ties its entries to it.

    What it did stays on the log, which verifies as before; nobody can tell any more whose it was.

    Raises:
        PermissionDenied: `by` may not, or it is their own.
        ConfigurationError: there is no such account, or it is not closed yet.
    """
    office.demand(by, Act.ACCOUNT_DISABLE, Thing("account"))
    account = find(office, name)
    about = Thing("account", owner=account.account_id)
    with office.acting(by, Act.ACCOUNT_DISABLE, about):
        if account.disabled_at is None:
            raise ConfigurationError(
                "The account is still open.", remedy="Close it first: overt user disable."
            )
        gone = f"forgotten-{account.account_id[:8]}"
        office.record.accounts.change(account.account_id, name=gone, full_name="", rank="")
        office.record.journal.erase_references("person", account.account_id)
        office.log.write(PersonForgotten("person"), by=by.account_id)


def revoke(office: Office, by: Person, name: str) -> int:
    """End every session of an account, and return how many were open.

    Raises:
        PermissionDenied: `by` may not.
        ConfigurationError: there is no such account.
    """
    account = find(office, name)
    with office.acting(by, Act.SESSION_REVOKE, Thing("account")):
        ended = office.record.accounts.revoke_sessions(account.account_id, office.now())
        office.log.write(SessionsRevoked(account.account_id, ended), by=by.account_id)
    return ended


def listed(office: Office, by: Person) -> list[Account]:
    """Return every account.

    Raises:
        PermissionDenied: `by` may not see them.
    """
    office.demand(by, Act.ACCOUNT_LIST, Thing("account"))
    return office.record.accounts.all()


def find(office: Office, name: str) -> Account:
    """Return the account of this name.

    Raises:
        ConfigurationError: there is none.
    """
    account = office.record.accounts.named(name)
    if account is None:
        raise ConfigurationError(
            "There is no account of that name.", remedy="See: overt user list."
        )
    return account


def _demand_usable(office: Office, wanted: NewAccount) -> None:
    if not _NAME.fullmatch(wanted.name):
        raise ConfigurationError(
            "That cannot be an account's name.",
            remedy="Use 2 to 40 small letters, digits, dots, hyphens and underscores.",
        )
    _demand_unit(wanted.unit)
    if why := why_not_together(wanted.roles):
        raise ConfigurationError(f"These roles cannot be held: {why}.", remedy="Choose others.")
    if office.record.accounts.named(wanted.name) is not None:
        raise ConfigurationError("That name is taken.", remedy="Choose another.")


def _demand_unit(unit: str) -> None:
    if not _UNIT.fullmatch(unit):
        raise ConfigurationError(
            "That cannot be a unit's name.",
            remedy="Use small letters, digits and single hyphens, as in deployment files.",
        )
