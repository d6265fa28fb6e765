"""Canonical JSON (RFC 8785), and the bytes of one entry of the log.

The same entry always has the same bytes, so that its hash can be computed again by anybody:
keys sorted, no white space, one way to write each text and number.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

import rfc8785

from overt.audit.merkle import HASH_BYTES
from overt.errors import AuditError

FORMAT = 1
FIRST = bytes(HASH_BYTES)
"""What the first entry names as the hash of the one before it."""

_KEYS = {"at", "by", "data", "event", "index", "previous", "v"}
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_HASH = re.compile(rf"[0-9a-f]{{{2 * HASH_BYTES}}}")
_EXACT = 2**53  # from here on JSON numbers are only as exact as a double (RFC 8785, 3.1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log.

    `index` counts from 0; `previous` is the leaf hash of the entry before it (32 bytes), or
    `FIRST`; `at` is an aware time; `by` is a person's reference or `system`; `data` holds
    JSON values, with persons and free texts as references only.
    """

    index: int
    previous: bytes
    at: datetime
    by: str
    event: str
    data: Mapping[str, Any]


def canonical(value: object) -> bytes:
    """Return a JSON value in its canonical form.

    Raises:
        AuditError: JSON cannot carry it: another type, an infinite number, a broken text.
    """
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # it refuses what is not JSON
    except (ValueError, RecursionError):
        raise AuditError(
            "What happened holds a value that the audit log cannot carry, so it was not done.",
            remedy="This is a fault in Overt; please report it.",
        ) from None


def entry_leaf(entry: Entry) -> bytes:
    """Return the bytes of an entry, as they are hashed and kept.

    Raises:
        AuditError: its data is not JSON.
        ValueError: its time is not aware, or its previous hash has not 32 bytes.
    """
    if len(entry.previous) != HASH_BYTES:
        raise ValueError(f"a hash has {HASH_BYTES} bytes, not {len(entry.previous)}")
    return canonical(
        {
            "at": written_time(entry.at),
            "by": entry.by,
            "data": dict(entry.data),
            "event": entry.event,
            "index": entry.index,
            "previous": entry.previous.hex(),
            "v": FORMAT,
        }
    )


def parse_leaf(leaf: bytes) -> Entry:
    """Return the entry whose bytes these are.

    Raises:
        AuditError: they are not an entry in canonical form, with everything it needs.
    """
    try:
        fields = json.loads(leaf.decode(), parse_int=_whole, parse_constant=_refuse)
        if rfc8785.dumps(fields) != leaf:
            raise _damaged()
        return _entry(fields)
    except (ValueError, RecursionError, OverflowError):
        raise _damaged() from None


def written_time(at: datetime) -> str:
    """Return an aware time in UTC, always with six digits and a Z.

    Raises:
        ValueError: it is not aware.
    """
    if at.utcoffset() is None:
        raise ValueError("a time without its zone is no time")
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def read_time(text: str) -> datetime:
    """Return the time that `written_time` wrote.

    Raises:
        ValueError: it is written in any other way.
    """
    if not _TIME.fullmatch(text):
        raise ValueError("not a time with six digits and a Z")
    return datetime.fromisoformat(text)


def _entry(fields: Any) -> Entry:
    if not isinstance(fields, dict) or set(fields) != _KEYS or fields["v"] != FORMAT:
        raise _damaged()
    index, previous, data = fields["index"], fields["previous"], fields["data"]
    words = (fields["at"], fields["by"], fields["event"], previous)
    if not all(isinstance(word, str) and word for word in words) or not isinstance(data, dict):
        raise _damaged()
    # `true` equals 1 in Python, and is another entry in JSON.
    whole = type(index) is int and type(fields["v"]) is int
    if not whole or index < 0 or not _HASH.fullmatch(previous):
        raise _damaged()
    at = read_time(fields["at"])
    return Entry(index, bytes.fromhex(previous), at, fields["by"], fields["event"], data)


def _whole(digits: str) -> int | float:
    """Return a whole number; beyond the exact ones it is a double that ends in zeros."""
    number = int(digits)
    return number if abs(number) < _EXACT else float(number)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _damaged() -> AuditError:
    return AuditError(
        "An entry of the audit log is not as it was written.",
        remedy="Run overt-verify on the record; it names the first bad entry.",
    )
