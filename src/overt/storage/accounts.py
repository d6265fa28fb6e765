"""Accounts and sessions in the record: who may sign in, and who is signed in."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, func, insert, select, update

from overt.storage.access import Access
from overt.storage.tables import accounts, sessions
from overt.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in.

    `name` is what they sign in with; `password_hash` is argon2's own text; `sealed_totp_secret`
    is sealed under a key of the installation; `totp_step` is the last time step whose code was
    used, so that no code serves twice. `failures` counts wrong attempts since the last right one.
    """

    account_id: str
    name: str
    full_name: str
    unit: str
    rank: str
    roles: frozenset[Role]
    password_hash: str
    sealed_totp_secret: bytes
    trained_until: date | None
    created_at: datetime
    disabled_at: datetime | None = None
    failures: int = 0
    locked_until: datetime | None = None
    totp_step: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """That somebody is signed in; `token_sha256` (hex) is over the token, which is kept nowhere."""

    token_sha256: str
    account_id: str
    opened_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class Accounts:
    """The accounts of a record. Changes belong in `Record.together`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def add(self, account: Account) -> None:
        """Store a new account; its name must be new."""
        with self._access.writing() as connection:
            connection.execute(insert(accounts), _row(account))

    def change(self, account_id: str, **changes: Any) -> None:
        """Change what is known of an account."""
        if "roles" in changes:
            changes["roles"] = sorted(changes["roles"])
        at = accounts.c.account_id == account_id
        with self._access.writing() as connection:
            connection.execute(update(accounts).where(at).values(**changes))

    def named(self, name: str) -> Account | None:
        """Return the account of this name, or None."""
        return self._one(accounts.c.name == name)

    def of_id(self, account_id: str) -> Account | None:
        """Return the account of this id, or None."""
        return self._one(accounts.c.account_id == account_id)

    def all(self) -> list[Account]:
        """Return every account, by name."""
        with self._access.reading() as connection:
            rows = connection.execute(select(accounts).order_by(accounts.c.name)).mappings()
            return [_account(row) for row in rows]

    def count(self) -> int:
        """Return how many accounts there are, disabled ones included."""
        with self._access.reading() as connection:
            return connection.execute(select(func.count()).select_from(accounts)).scalar() or 0

    def open_session(self, session: Session) -> None:
        """Store that somebody is signed in."""
        with self._access.writing() as connection:
            connection.execute(insert(sessions), asdict(session))

    def session(self, token_sha256: str) -> Session | None:
        """Return the session of this token, or None."""
        query = select(sessions).where(sessions.c.token_sha256 == token_sha256)
        with self._access.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return Session(**row) if row else None

    def revoke_sessions(self, account_id: str, at: datetime, token_sha256: str = "") -> int:
        """End one session of an account, or all of them, and return how many were open."""
        open_ones = (sessions.c.account_id == account_id) & sessions.c.revoked_at.is_(None)
        if token_sha256:
            open_ones &= sessions.c.token_sha256 == token_sha256
        with self._access.writing() as connection:
            query = update(sessions).where(open_ones).values(revoked_at=at)
            return connection.execute(query).rowcount

    def _one(self, at: Any) -> Account | None:
        with self._access.reading() as connection:
            row = connection.execute(select(accounts).where(at)).mappings().one_or_none()
        return _account(row) if row else None


def _row(account: Account) -> dict[str, Any]:
    return {**asdict(account), "roles": sorted(account.roles)}


def _account(row: RowMapping) -> Account:
    return Account(**{**row, "roles": frozenset(map(Role, row["roles"]))})
