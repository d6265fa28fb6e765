"""A master key derived from a passphrase in a file: Argon2id (RFC 9106)."""

import secrets
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw

from overt.errors import MasterKeyError
from overt.keys.held import HeldKey
from overt.keys.private_files import read_or_make, read_private
from overt.keys.sealing import KEY_BYTES, DataKey

# RFC 9106, section 4, second recommended option: three passes over 64 MiB in four lanes. It is
# derived once a process. The salt file's first word names these, so that they can be raised.
_PASSES = 3
_MEMORY_KIB = 64 * 1024
_LANES = 4
_SALT_BYTES = 16
_SALT_FORM = b"overt-salt-1"
_SALT_FILE_BYTES = 64

# Sixteen characters are no strength by themselves; they refuse what people type by habit.
_LEAST_CHARACTERS = 16
_MOST_BYTES = 4096


def passphrase_file(path: Path, salt: Path) -> HeldKey:
    """Return the master key that a passphrase file gives, with the salt in a file of its own.

    The salt is no secret, but without it the passphrase opens nothing. It is made at first use.
    """
    return HeldKey(f"passphrase file {path}", lambda: _derived(path, salt), apart=True)


def _derived(path: Path, salt: Path) -> DataKey:
    passphrase = _passphrase(path)
    return DataKey(
        hash_secret_raw(
            passphrase,
            _salt(salt),
            time_cost=_PASSES,
            memory_cost=_MEMORY_KIB,
            parallelism=_LANES,
            hash_len=KEY_BYTES,
            type=Type.ID,
        )
    )


def _passphrase(path: Path) -> bytes:
    """Return the passphrase: the file's text without the line ends at its end."""
    content = read_private(path, _MOST_BYTES).rstrip(b"\r\n")
    try:
        characters = len(content.decode())
    except UnicodeDecodeError:
        raise MasterKeyError(
            f"{path} holds something other than text in UTF-8.",
            remedy="Write the passphrase into it as plain text.",
        ) from None
    if characters < _LEAST_CHARACTERS:
        raise MasterKeyError(
            f"The passphrase in {path} is shorter than {_LEAST_CHARACTERS} characters.",
            remedy="Use a random one, such as: openssl rand -base64 24",
        )
    return content


def _salt(path: Path) -> bytes:
    content = read_or_make(path, _new_salt, _SALT_FILE_BYTES)
    form, _, digits = content.strip().partition(b" ")
    try:
        salt = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        salt = b""
    if form != _SALT_FORM or len(salt) != _SALT_BYTES:
        raise MasterKeyError(
            f"{path} is not a salt that this version of Overt wrote.",
            remedy="Restore it from a copy; without it the passphrase opens nothing.",
        )
    return salt


def _new_salt() -> bytes:
    return _SALT_FORM + b" " + secrets.token_hex(_SALT_BYTES).encode() + b"\n"
