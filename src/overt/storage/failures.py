"""Turns what databases and file systems throw into a `StorageError` with a remedy.

Messages are ours alone: the driver's own may quote a row, and a row may name a person.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from overt.errors import RecordBusyError, StorageError

_FULL = (
    "The disk is full, or a file has reached its size limit: the record could not be written.",
    "Free some space and try again; everything confirmed before this is safe.",
)
_BUSY = (
    "Another program is keeping the record locked.",
    "Close it, or wait until it has finished, and try again.",
)
_CLOSED_OFF = (
    "The record cannot be opened for writing here.",
    "Check that the folder exists and that you may write in it, or set OVERT_HOME.",
)
_NOT_ONE = (
    "The file is not a record of Overt.",
    "Name another file, or move this one away and a new record is begun.",
)
_DAMAGED = (
    "The record is damaged.",
    "Restore it from a backup; keep the damaged file for whoever looks into it.",
)
_REFUSED = ("The record refused what was to be written.", "Please report this as a fault in Overt.")
_UNREADABLE = (
    "The record holds something that this version of Overt cannot read.",
    "Open it with the version that wrote it, or restore it from a backup.",
)
_UNKNOWN = ("The disk that holds the record did not do what was asked.", "Check it, and try again.")

# https://www.sqlite.org/rescode.html: the low byte of an extended code is its primary code.
_BY_SQLITE_CODE = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR_WRITE: _FULL,  # what a size limit (EFBIG) shows as
    sqlite3.SQLITE_IOERR_SHMSIZE: _FULL,
    sqlite3.SQLITE_READONLY: _CLOSED_OFF,
    sqlite3.SQLITE_CANTOPEN: _CLOSED_OFF,
    sqlite3.SQLITE_PERM: _CLOSED_OFF,
    sqlite3.SQLITE_AUTH: _CLOSED_OFF,
    sqlite3.SQLITE_NOTADB: _NOT_ONE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_CONSTRAINT: _REFUSED,
}
_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def told_plainly() -> Iterator[None]:
    """Raise a `StorageError` in place of whatever the database or the file system raises."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _storage_error(_of_database(error)) from error
    except OSError as error:
        raise _storage_error(_FULL if error.errno in _OUT_OF_SPACE else _CLOSED_OFF) from error


@contextmanager
def read_plainly() -> Iterator[None]:
    """Do as `told_plainly`, and for rows that make no sense to this version as well."""
    try:
        with told_plainly():
            yield
    except (LookupError, ValueError, TypeError) as error:
        raise _storage_error(_UNREADABLE) from error


def _of_database(error: Exception) -> tuple[str, str]:
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return _UNKNOWN
    return _BY_SQLITE_CODE.get(code) or _BY_SQLITE_CODE.get(code & 0xFF, _UNKNOWN)


def _storage_error(told: tuple[str, str]) -> StorageError:
    message, remedy = told
    kind = RecordBusyError if told is _BUSY else StorageError
    return kind(message, remedy=remedy)
