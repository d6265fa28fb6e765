"""Transactions on the record: reading, and changing together with the log.

Principle 7, every act is on the record, is held here: whatever changes the record does so
inside `together`, and a transaction without an entry of the audit log is rolled back. So there
is no way to change anything and leave no entry, and none to write an entry of what did not
happen.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from overt.errors import AuditError
from overt.storage import sqlite
from overt.storage.failures import read_plainly, told_plainly


class _Open(threading.local):
    """The transaction that this thread has open, and how many log entries it holds."""

    connection: Connection | None = None
    entries: int = 0
    broken: bool = False


class Access:
    """The database of a record, for the modules of this room. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open = _Open()

    def close(self) -> None:
        """Let go of the database."""
        with told_plainly():
            self._engine.dispose()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make all changes in the `with` block, and the log's entry of them, or none.

        What was written is on the disk when the block is left. Blocks inside one another are
        one transaction.

        Raises:
            AuditError: the block wrote no entry of the audit log; nothing was changed.
            StorageError: the database cannot be written; nothing was changed.
        """
        if self._open.connection is not None:
            with self._inner():
                yield
            return
        with told_plainly(), sqlite.for_writing(self._engine).begin() as connection:
            self._open.connection, self._open.entries, self._open.broken = connection, 0, False
            try:
                yield
                self._demand_entry()
            finally:
                self._open.connection = None

    @contextmanager
    def _inner(self) -> Iterator[None]:
        """Have the whole transaction fail where a block inside it fails, whoever catches that."""
        try:
            yield
        except BaseException:
            self._open.broken = True
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give the connection of the open transaction.

        Raises:
            AuditError: no transaction is open, so that the change would not be on the log.
        """
        connection = self._open.connection
        if connection is None:
            raise AuditError(
                "A change was to be made without an entry of the audit log.",
                remedy="Please report this as a fault in Overt; nothing was changed.",
            )
        with told_plainly():
            yield connection

    @contextmanager
    def logging(self) -> Iterator[Connection]:
        """Give the connection of the open transaction to write an entry of the log."""
        with self.writing() as connection:
            yield connection
            self._open.entries += 1

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees what this thread's open transaction has changed."""
        if self._open.connection is not None:
            with read_plainly():
                yield self._open.connection
            return
        with read_plainly(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def housekeeping(self) -> Iterator[Connection]:
        """Give a connection for what is nobody's act: migrations, checkpoints, counters."""
        if self._open.connection is not None:
            with told_plainly():
                yield self._open.connection
            return
        with told_plainly(), sqlite.for_writing(self._engine).begin() as connection:
            yield connection

    def erase_traces(self) -> None:
        """Leave none of what was deleted in the record's files; see `sqlite.erase_traces`."""
        with told_plainly():
            sqlite.erase_traces(self._engine)

    def _demand_entry(self) -> None:
        if self._open.entries == 0 or self._open.broken:
            raise AuditError(
                "A change was to be made without an entry of the audit log.",
                remedy="Please report this as a fault in Overt; nothing was changed.",
            )
