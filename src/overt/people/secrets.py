"""Passwords and one-time codes: argon2id (RFC 9106) and TOTP (RFC 6238)."""

import secrets
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from overt.errors import SignInError

SHORTEST_PASSWORD = 14
_LONGEST_PASSWORD = 1000  # argon2 takes more, and somebody else's time with it
_STEP_S = 30
_DRIFT_STEPS = 1  # phones' clocks differ; RFC 6238, section 5.2 allows one step

_hasher = PasswordHasher()  # RFC 9106's second recommended choice: 64 MiB, three passes
_NOBODYS = _hasher.hash(secrets.token_urlsafe())


def hash_password(password: str) -> str:
    """Return a password's argon2id hash, with its salt and parameters.

    Raises:
        SignInError: it is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise SignInError(
            f"A password needs from {SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters.",
            remedy="Use several unrelated words; nothing else is demanded of it.",
        )
    return _hasher.hash(password)


def password_fits(password: str, password_hash: str | None) -> bool:
    """Tell whether a password is the one hashed; takes as long where there is no account."""
    try:
        right = _hasher.verify(password_hash or _NOBODYS, password[:_LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError, UnicodeError):
        return False
    return right and password_hash is not None


def new_password() -> str:
    """Return a random password of 120 bits, to be changed by whoever is given it."""
    return "-".join(secrets.token_hex(3) for _ in range(5))


def new_totp_secret() -> str:
    """Return a new secret of one-time codes, in base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, name: str) -> str:
    """Return the address that an authenticator app takes the secret from."""
    return pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=name, issuer_name="Overt")


def code_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, or None where it is none of about now.

    Whoever accepts it keeps the step, and accepts no code of that step or an earlier one again.
    """
    if not code.isascii():
        return None  # `compare_digest` takes no other text
    totp = pyotp.TOTP(secret, interval=_STEP_S)
    step = int(now.timestamp()) // _STEP_S
    near = range(step - _DRIFT_STEPS, step + _DRIFT_STEPS + 1)
    fitting = [each for each in near if secrets.compare_digest(totp.generate_otp(each), code)]
    return fitting[-1] if fitting else None
