"""Authenticated encryption of what the record keeps: AES-256-GCM (NIST SP 800-38D).

A sealed value is `version (1 byte) | nonce (12 bytes) | ciphertext and tag (16 bytes)`. What it
is and where it belongs are associated data: they are not stored with it, and it does not open
anywhere else.

Nonces are random. Two equal ones under one key would give away what they sealed, so one key may
seal at most 2^32 values (SP 800-38D, 8.3). It is safe here without counting, because a key seals
one list, or one alert: a list of a million references with four values each makes about 2^22
nonces of 2^96, and the chance that any two are equal is below 2^-52. A master key seals nothing
but data keys, each once.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from overt.errors import SealingError

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_VERSION = b"\x01"


class DataKey:
    """A 256-bit key in memory: never shown, never pickled, overwritten when nobody has it any more."""

    __slots__ = ("_bytes",)

    def __init__(self, data: bytes) -> None:
        self._bytes = bytearray(data)
        if len(data) != KEY_BYTES:
            raise ValueError(f"expected {KEY_BYTES} bytes, got {len(data)}")

    @classmethod
    def new(cls) -> "DataKey":
        """Return a new random key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def reveal(self) -> bytes:
        """Return the key's bytes, to be wrapped or used at once, and not kept.

        Raises:
            SealingError: it has been wiped.
        """
        if not self._bytes:
            raise SealingError(
                "The key of what is sealed here is no longer in memory.",
                remedy="It was destroyed or its store was closed; open the store again.",
            )
        return bytes(self._bytes)

    def pseudonym(self, purpose: str, content: str) -> str:
        """Return what stands for a content under this key: HMAC-SHA-256, 32 hexadecimal digits.

        Without the key nobody can tell what it stands for, nor test a guess.
        """
        own = hmac.digest(self.reveal(), b"overt pseudonym", "sha256")
        return hmac.new(own, f"{purpose}\0{content}".encode(), sha256).hexdigest()[:32]

    def wipe(self) -> None:
        """Overwrite the key. Copies that a library made on the way are out of reach."""
        for index in range(len(self._bytes)):
            self._bytes[index] = 0
        self._bytes.clear()

    def __del__(self) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return "DataKey(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key does not leave the process it is used in")


def seal(key: DataKey, plain: bytes, bound_to: Mapping[str, str | int]) -> bytes:
    """Return `plain` sealed under `key` and bound to what it is and where it belongs.

    Raises:
        SealingError: the key has been wiped.
    """
    return _seal(key, plain, bound_to, secrets.token_bytes(_NONCE_BYTES))


def open_sealed(key: DataKey, sealed: bytes, bound_to: Mapping[str, str | int]) -> bytes:
    """Return what `seal` sealed.

    Raises:
        SealingError: it was changed or cut, belongs elsewhere, or the key is another one.
    """
    if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES or sealed[:1] != _VERSION:
        raise _refused()
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key.reveal()).decrypt(nonce, body, _associated(bound_to))
    except InvalidTag:
        raise _refused() from None


def _seal(key: DataKey, plain: bytes, bound_to: Mapping[str, str | int], nonce: bytes) -> bytes:
    body = AESGCM(key.reveal()).encrypt(nonce, plain, _associated(bound_to))
    return _VERSION + nonce + body


def _associated(bound_to: Mapping[str, str | int]) -> bytes:
    return _VERSION + json.dumps(bound_to, sort_keys=True, separators=(",", ":")).encode()


def _refused() -> SealingError:
    return SealingError(
        "Something sealed in the record was changed, moved, or sealed with another key.",
        remedy="Nothing of it was used. Restore the record from a backup, and find out who did it.",
    )
