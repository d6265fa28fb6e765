"""Signed notes: a text and signatures over it, in one file that nobody can take apart unseen.

The format is C2SP's signed note (https://c2sp.org/signed-note) with Ed25519 keys (RFC 8032).
Every detail is demanded when a note is read, so that no byte of it can change unseen; signatures
of others may stand beside the one that is asked for, and are passed over.
"""

import base64
import re
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_KEY_BYTES = 32
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_SIGNATURE = re.compile(r"— ([^ \n]+) ([^ \n]+)")
_KEY = re.compile(r"([^+\n]+)\+([0-9a-f]{8})\+([^\n]{44})\n?")


class NoteError(ValueError):
    """A note is not as it was signed; `args` say why, in words that follow what the note is of."""


def sign_note(body: str, name: str, key: Ed25519PrivateKey) -> str:
    """Return a text, which ends in a newline, as a note signed with the key of this name.

    Raises:
        ValueError: the name has spaces or a plus sign, or the text does not end in a newline.
    """
    if not body.endswith("\n"):
        raise ValueError("a note's text ends in a newline")
    signed = _key_hash(name, key.public_key()) + key.sign(body.encode())
    return f"{body}\n— {name} {encoded(signed)}\n"


def open_note(text: str, verifier_key_text: str) -> str:
    """Return the text of a note that the key has signed; a line may end the key's own text.

    Raises:
        ValueError: the key is not a verifier key.
        NoteError: the note is not one, or the key has not signed it as it is.
    """
    name, public_key = key_of(verifier_key_text)
    try:
        body, signatures = _parts(text)
    except ValueError:
        raise NoteError("is not written as one") from None
    known = _key_hash(name, public_key)
    ours = [each[4:] for who, each in signatures if who == name and each[:4] == known]
    if not ours:
        raise NoteError("is not signed with this key")
    try:
        for signature in ours:
            public_key.verify(signature, body.encode())
    except InvalidSignature:
        raise NoteError("was changed after it was signed") from None
    return body


def verifier_key(name: str, public_key: Ed25519PublicKey) -> str:
    """Return the text that others need to check signatures: name, hash and key.

    Raises:
        ValueError: the name has spaces or a plus sign.
    """
    public = encoded(_ED25519 + public_key.public_bytes_raw())
    return f"{name}+{_key_hash(name, public_key).hex()}+{public}"


def key_of(text: str) -> tuple[str, Ed25519PublicKey]:
    """Return the name and the key that `verifier_key` wrote; a line may end the text.

    Raises:
        ValueError: it is not a verifier key.
    """
    fields = _KEY.fullmatch(text)
    if fields is None:
        raise ValueError("not a verifier key")
    name, key_hash, public = fields.groups()
    data = decoded(public, 1 + _KEY_BYTES)
    public_key = Ed25519PublicKey.from_public_bytes(data[1:])
    if data[:1] != _ED25519 or _key_hash(name, public_key).hex() != key_hash:
        raise ValueError("not a verifier key")
    return name, public_key


def encoded(data: bytes) -> str:
    """Return bytes in Base64 (RFC 4648, section 4)."""
    return base64.b64encode(data).decode()


def decoded(text: str, length: int | None = None) -> bytes:
    """Return what a Base64 text says.

    Raises:
        ValueError: it has another form than `encoded` gives, or another length.
    """
    data = base64.b64decode(text, validate=True)
    # The last character has bits to spare; they must be zero, or a text could change unseen.
    if encoded(data) != text or length not in (None, len(data)):
        raise ValueError("not in the one form that is allowed")
    return data


def _parts(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return a note's signed text, and names and bytes of its signatures, or raise ValueError."""
    body, blank, rest = text.rpartition("\n\n")
    lines = rest.removesuffix("\n").split("\n")
    found = [_SIGNATURE.fullmatch(line) for line in lines]
    if not blank or not rest.endswith("\n") or not all(found):
        raise ValueError("not a signed note")
    return f"{body}\n", [(each[1], decoded(each[2])) for each in found if each]


def _key_hash(name: str, public_key: Ed25519PublicKey) -> bytes:
    if not _NAME.fullmatch(name):
        raise ValueError("a key's name has no spaces and no plus sign")
    return sha256(name.encode() + b"\n" + _ED25519 + public_key.public_bytes_raw()).digest()[:4]
