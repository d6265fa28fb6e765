"""Who is at the keyboard: the token of `overt login`, and the office in which a person acts.

The token is read from `OVERT_SESSION`, or else from the file that `overt login` wrote for this
user of the machine alone. It is never a command's argument: those stand in every list of
processes.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from overt.errors import ConfigurationError, SignInError

if TYPE_CHECKING:
    from overt.people.office import Office
    from overt.people.permissions import Person

SESSION = "OVERT_SESSION"
_LONGEST = 200  # bytes; a token has 43


@contextmanager
def office_here() -> "Iterator[Office]":
    """Open the office of this installation, whoever is at the keyboard."""
    from overt.home import Home
    from overt.people.office import Office

    with Office.open(Home.current()) as office:
        yield office


@contextmanager
def signed_in(*, clocks: bool = False) -> "Iterator[tuple[Office, Person]]":
    """Open the office, and say who is signed in.

    With `clocks` what time has moved on is moved on first, and what is due is deleted.

    Raises:
        SignInError: nobody is, or no longer.
    """
    from overt.people.signing_in import person_of

    with office_here() as office:
        person = person_of(office, token(office.home.session))
        if clocks:
            _let_time_act(office)
        yield office, person


@contextmanager
def perhaps_signed_in() -> "Iterator[tuple[Office, Person | None]]":
    """Open the office, and say who is signed in if anybody is."""
    from overt.people.signing_in import person_of

    with office_here() as office:
        person = None
        with suppress(SignInError):
            person = person_of(office, token(office.home.session))
        yield office, person


def token(path: Path) -> str:
    """Return the token of who is signed in.

    Raises:
        SignInError: nobody is.
    """
    if named := os.environ.get(SESSION):
        return named
    try:
        with path.open(encoding="ascii") as file:
            return file.read(_LONGEST).strip()
    except (OSError, UnicodeDecodeError):
        raise SignInError("Nobody is signed in.", remedy="Run: overt login NAME.") from None


def keep_token(path: Path, value: str) -> None:
    """Write the token for this user alone, whole or not at all.

    Raises:
        ConfigurationError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(value + "\n")
        partial.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"The session cannot be kept: {error.strerror}.",
            remedy="Check Overt's folder, its owner and the space on its disk.",
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def account_name(office: "Office", account_id: str) -> str:
    """Return how an account signs in, for people to read; `system` is the clock."""
    account = office.record.accounts.of_id(account_id)
    return account.name if account else account_id


def _let_time_act(office: "Office") -> None:
    from overt.deployment.expiry import expire
    from overt.retention.clocks import apply_quietly

    try:
        expire(office)
    finally:  # what is due is deleted even where a deployment cannot be moved on
        apply_quietly(office)
