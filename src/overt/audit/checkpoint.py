"""Signed checkpoints: the log's size and root at a time, which somebody outside can keep.

The format is C2SP's: a tlog-checkpoint (https://c2sp.org/tlog-checkpoint) in a signed note
(`overt.audit.notes`), with one extension line that carries the time. Signatures of others, such
as witnesses, may stand beside the log's own.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from overt.audit.canonical import read_time, written_time
from overt.audit.merkle import HASH_BYTES
from overt.audit.notes import NoteError, decoded, encoded, key_of, open_note, sign_note
from overt.audit.notes import verifier_key as verifier_key  # noqa: PLC0414  part of this module
from overt.errors import AuditError

_ORIGIN = re.compile(r"[^\n\x00-\x1f\x7f]+")
_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]{44})\ntime ([^\n]{27})\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the log was at a time: `size` entries with this `root` (32 bytes), at an aware `at`.

    `origin` names the log, in one line; no other log may have the same.
    """

    origin: str
    size: int
    root: bytes
    at: datetime


def sign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey) -> str:
    """Return the checkpoint as a note signed with the log's key, of this name.

    Raises:
        ValueError: the name has spaces or a plus sign, the origin is not one line, or the
            checkpoint's numbers are out of range.
    """
    return sign_note(_body(checkpoint), name, key)


def read_note(text: str, verifier_key_text: str) -> Checkpoint:
    """Return the checkpoint of a note that the key has signed; a line may end the key's text.

    Raises:
        AuditError: the key is not one, the note is not a checkpoint, or the key has not signed it.
    """
    _demand_key(verifier_key_text)
    try:
        return _checkpoint(open_note(text, verifier_key_text))
    except NoteError as error:
        raise _refused(str(error)) from None
    except ValueError:
        raise _refused("is not written as one") from None


def _body(checkpoint: Checkpoint) -> str:
    lines = (
        checkpoint.origin,
        str(checkpoint.size),
        encoded(checkpoint.root),
        f"time {written_time(checkpoint.at)}",
    )
    body = "".join(f"{line}\n" for line in lines)
    sound = _ORIGIN.fullmatch(checkpoint.origin) and len(checkpoint.root) == HASH_BYTES
    if not sound or not _BODY.fullmatch(body):
        raise ValueError("a checkpoint needs an origin in one line, a size from 0 and 32 bytes")
    return body


def _checkpoint(body: str) -> Checkpoint:
    """Raise ValueError where the body is not a checkpoint's."""
    fields = _BODY.fullmatch(body)
    if fields is None:
        raise ValueError("not a checkpoint")
    origin, size, root, at = fields.groups()
    return Checkpoint(origin, int(size), decoded(root, HASH_BYTES), read_time(at))


def _demand_key(text: str) -> None:
    try:
        key_of(text)
    except ValueError:
        raise AuditError(
            "That is not the key of an audit log.",
            remedy="It is one line: a name, 8 hexadecimal digits and the key, with + between them.",
        ) from None


def _refused(why: str) -> AuditError:
    return AuditError(
        f"A checkpoint of the audit log {why}.",
        remedy="Run overt-verify with a checkpoint that somebody outside has retained.",
    )
