"""Signing in: a password and a one-time code for a token, with lockout and current training.

A refusal says the same whether the name, the password or the code was wrong, and takes as long.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NoReturn

from overt.audit.events import SessionsRevoked, SignedIn, SignInRefused
from overt.errors import SignInError
from overt.keys.sealing import open_sealed, seal
from overt.logs import events as logs
from overt.logs import tell
from overt.people.office import Office
from overt.people.permissions import Person
from overt.people.secrets import code_step, password_fits
from overt.storage import Account, Session

SESSION_LIFE = timedelta(hours=12)
"""A shift; NIST SP 800-63B, 4.2.3 asks for signing in again at least this often."""

_MOST_FAILURES = 5
_LOCKED_FOR = timedelta(minutes=15)
_SECRETS = "site/one-time-codes"


def sign_in(office: Office, name: str, password: str, code: str) -> str:
    """Return a token for somebody whose password and code are right.

    Raises:
        SignInError: they are not, or the account is locked, closed, or its training out of date.
    """
    name = name.encode("utf-8", "replace").decode()  # no lone surrogates on the log
    account, now = office.record.accounts.named(name), office.now()
    right = password_fits(password, account.password_hash if account else None)
    if account is None:
        _refuse(office, name, "wrong")
    if account.locked_until is not None and now < account.locked_until:
        _refuse(office, name, "locked")
    step = code_step(_totp_secret(office, account), code, now)
    if not right or step is None or step <= account.totp_step:
        _count_failure(office, account, now)
    if account.disabled_at is not None:
        _refuse(office, name, "closed")
    if account.trained_until is None or account.trained_until < now.date():
        _refuse(office, name, "training")
    return _opened(office, account, step, now)


def person_of(office: Office, token: str) -> Person:
    """Return who is signed in with a token.

    Raises:
        SignInError: nobody, or no longer.
    """
    session = office.record.accounts.session(_digest(token))
    account = office.record.accounts.of_id(session.account_id) if session else None
    now = office.now()
    if (
        session is None
        or account is None
        or session.revoked_at is not None
        or now >= session.expires_at
        or not _is_current(account, now)
    ):
        raise SignInError("You are not signed in, or no longer.", remedy="Run: overt login NAME.")
    return _person(account)


def person_behind(office: Office, account_id: str) -> Person:
    """Return who asked for something a moment ago that is being done only now.

    Raises:
        SignInError: their account has been closed since, or its training is out of date.
    """
    account = office.record.accounts.of_id(account_id)
    if account is None or not _is_current(account, office.now()):
        raise SignInError(
            "The account of whoever asked may not act any more.",
            remedy="Somebody else asks for it again.",
        )
    return _person(account)


def sign_out(office: Office, token: str) -> None:
    """End the session of a token.

    Raises:
        SignInError: nobody is signed in with it.
    """
    person = person_of(office, token)
    with office.record.together():
        ended = office.record.accounts.revoke_sessions(
            person.account_id, office.now(), _digest(token)
        )
        office.log.write(SessionsRevoked(person.account_id, ended), by=person.account_id)


def seal_totp_secret(office: Office, account_id: str, secret: str) -> bytes:
    """Return an account's secret of one-time codes, sealed under a key of the installation."""
    return seal(office.keys.site_key(_SECRETS), secret.encode(), {"account": account_id})


def _is_current(account: Account, now: datetime) -> bool:
    trained = account.trained_until is not None and account.trained_until >= now.date()
    return account.disabled_at is None and trained


def _person(account: Account) -> Person:
    return Person(
        account_id=account.account_id,
        name=account.name,
        full_name=account.full_name,
        unit=account.unit,
        rank=account.rank,
        roles=account.roles,
    )


def _totp_secret(office: Office, account: Account) -> str:
    key = office.keys.site_key(_SECRETS)
    bound = {"account": account.account_id}
    return open_sealed(key, account.sealed_totp_secret, bound).decode()


def _opened(office: Office, account: Account, step: int, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    session = Session(_digest(token), account.account_id, now, now + SESSION_LIFE)
    with office.record.together():
        _demand_unused(office, account, step, now)
        office.record.accounts.change(
            account.account_id, failures=0, locked_until=None, totp_step=step
        )
        office.record.accounts.open_session(session)
        office.log.write(SignedIn(account.account_id), by=account.account_id)
    return token


def _demand_unused(office: Office, account: Account, step: int, now: datetime) -> None:
    """Hold, with the record locked, what somebody signing in at the same time may have changed."""
    current = office.record.accounts.of_id(account.account_id) or account
    if current.locked_until is not None and now < current.locked_until:
        _raise("locked")
    if step <= current.totp_step:
        _raise("wrong")


def _count_failure(office: Office, account: Account, now: datetime) -> NoReturn:
    with office.record.together():
        # Read again with the record locked, or guesses made at once would count as one.
        current = office.record.accounts.of_id(account.account_id) or account
        failures, locked = current.failures + 1, current.locked_until
        if failures >= _MOST_FAILURES:
            failures, locked = 0, now + _LOCKED_FOR
        office.record.accounts.change(account.account_id, failures=failures, locked_until=locked)
        office.log.write(SignInRefused(account.name, "wrong"))
    _raise("wrong")


def _refuse(office: Office, name: str, why: str) -> NoReturn:
    with office.record.together():
        office.log.write(SignInRefused(name[:200], why))
    _raise(why)


def _raise(why: str) -> NoReturn:
    messages = {
        "wrong": ("The name, the password or the code is wrong.", "Wait for a new code and try."),
        "locked": ("The account is locked after wrong attempts.", "Try again in 15 minutes."),
        "closed": ("The account is closed.", "Ask an administrator."),
        "training": (
            "The training for this account is out of date.",
            "Ask an administrator, once it has been renewed.",
        ),
    }
    message, remedy = messages[why]
    tell(logs.SignInRefused(why))
    raise SignInError(message, remedy=remedy)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
