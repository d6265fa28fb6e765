"""Everything that is SQLite's alone: opening, what is demanded of a connection, erasing.

A connection is used only if reading its pragmas back shows that

* a commit is on the disk when it returns (`journal_mode=wal`, `synchronous=FULL`);
* what is deleted is overwritten (`secure_delete`), and no temporary file is ever written
  (`temp_store=MEMORY`), so nothing lies about outside the record;
* references between tables hold, and a lock is waited for only so long.

See https://www.sqlite.org/pragma.html and https://www.sqlite.org/wal.html.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from overt.errors import StorageError

APPLICATION_ID = 0x4F565254
"""Marks a file as ours in SQLite's header: `OVRT` in ASCII."""

_WRITES = "overt_writes"

_KEPT_CONNECTIONS, _MOST_CONNECTIONS = 8, 40
"""A service has a dozen threads that answer, and a few more for each deployment that runs in it;
none may wait for another one's connection while it holds the write lock."""

_DEMANDS: dict[str, tuple[str, str | int]] = {
    # pragma: (what is set, what must be read back)
    "foreign_keys": ("ON", 1),
    "secure_delete": ("ON", 1),
    "temp_store": ("MEMORY", 2),
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
}

_BETWEEN_TRIES_S = 0.01


def open_engine(path: Path, *, read_only: bool, busy_timeout_s: float) -> Engine:
    """Return an engine on the file, which is made (mode 0600) unless it is only to be read.

    Missing parent folders are made with mode 0700. Nothing is read before the first use.

    Raises:
        StorageError: it is only to be read and is not there.
        OSError: the file cannot be made.
    """
    if not read_only:
        make(path)
    elif not path.is_file():
        raise StorageError(
            f"There is no record at {path} yet.",
            remedy="It is begun by the first run; set OVERT_HOME if yours is kept elsewhere.",
        )
    uri = f"file:{quote(str(path.absolute()))}?mode={'ro' if read_only else 'rw'}"

    def connect() -> sqlite3.Connection:
        # isolation_level None: we say BEGIN ourselves, so that it can be IMMEDIATE.
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            _demand_ours(connection, path, read_only=read_only)
            _demand_safe(connection, busy_timeout_ms=round(1000 * busy_timeout_s))
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=QueuePool,
        max_overflow=_MOST_CONNECTIONS - _KEPT_CONNECTIONS,
        pool_size=_KEPT_CONNECTIONS,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin)
    return engine


def for_writing(engine: Engine) -> Engine:
    """Return the same engine with transactions that take the write lock when they begin.

    Two writers then queue up at the start, where waiting is safe, and never at the end.
    """
    return engine.execution_options(**{_WRITES: True})


def erase_traces(engine: Engine) -> None:
    """Rewrite the file without what was deleted, and empty the write-ahead log into it.

    Raises:
        StorageError: another connection is reading, so that older pages must stay for now.
    """
    with closing(engine.raw_connection()) as pooled:
        cursor = pooled.cursor()
        cursor.execute("VACUUM")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.close()
    if busy:
        raise StorageError(
            "It is deleted, but traces remain on the disk while another program reads the record.",
            remedy="Close the other program and delete it again.",
        )


def make(path: Path) -> None:
    """Make a file for its owner alone, with the folders it needs; one that is there stays."""
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)  # a copy made by hand; the log files beside it take the same mode


def _demand_safe(connection: sqlite3.Connection, *, busy_timeout_ms: int) -> None:
    demands = {"busy_timeout": (busy_timeout_ms, busy_timeout_ms), **_DEMANDS}
    for pragma, (wanted, expected) in demands.items():
        _set(connection, pragma, wanted, patience_s=busy_timeout_ms / 1000)
        found = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
        if found != expected:
            raise StorageError(
                f"SQLite does not keep {pragma}={wanted} on the disk that holds the record.",
                remedy="Keep the record on a local disk, not on a network share.",
            )


def _set(connection: sqlite3.Connection, pragma: str, wanted: object, *, patience_s: float) -> None:
    # SQLite does not wait by itself for the lock that turning a new file to a write-ahead log takes.
    until_s = monotonic() + patience_s
    while not _is_set(connection, pragma, wanted, last=monotonic() > until_s):
        sleep(_BETWEEN_TRIES_S)


def _is_set(connection: sqlite3.Connection, pragma: str, wanted: object, *, last: bool) -> bool:
    try:
        connection.execute(f"PRAGMA {pragma}={wanted}")
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _demand_ours(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    # Before anything is set: another program's database must stay as it is.
    if connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
        return
    empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if read_only or not empty:
        raise StorageError(
            f"{path} is not a record of Overt.",
            remedy="Name another file, or move this one away and a new record is begun.",
        )
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
