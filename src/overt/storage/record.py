"""The record of everything Overt was told to keep, as the other rooms see it."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from overt.errors import MasterKeyError, RecordBusyError, StorageError
from overt.storage import schema, sqlite
from overt.storage.access import Access
from overt.storage.accounts import Accounts
from overt.storage.alerts import Alerts
from overt.storage.deployments import Deployments
from overt.storage.dockets import Dockets
from overt.storage.failures import told_plainly
from overt.storage.handling import Handling
from overt.storage.handovers import HandOvers
from overt.storage.journal import Journal
from overt.storage.keystore import KeyStore
from overt.storage.outbox import Outbox
from overt.storage.retention import Retention
from overt.storage.reviews import Reviews
from overt.storage.runs import Runs
from overt.storage.watchlists import Watchlists


class Record:
    """Everything on record in one database; open it with `Record.open`, close it after.

    Its parts (`runs`, `alerts`, `watchlists`, ...) read at any time, and change something inside
    `together` only, with an entry of the log. Every method raises `StorageError`, with a remedy,
    when the database cannot do what is asked. A record may be used from several threads, and
    opened by several processes at once.
    """

    def __init__(self, access: Access, path: Path, keys: KeyStore | None) -> None:
        self.path = path
        self.access = access
        self.runs = Runs(access)
        self.accounts = Accounts(access)
        self.deployments = Deployments(access)
        self.hand_overs = HandOvers(access)
        self.reviews = Reviews(access)
        self.handling = Handling(access)
        self.outbox = Outbox(access)
        self.retention = Retention(access)
        self.journal = Journal(access, keys)
        self._keys = keys

    @classmethod
    def open(
        cls,
        path_or_url: Path | str,
        keys: KeyStore | None = None,
        *,
        read_only: bool = False,
        busy_timeout_s: float = 5.0,
    ) -> Self:
        """Open the record at a path or `sqlite:///` URL, and begin one where there is none.

        Missing folders are made with mode 0700 and files with mode 0600, and the tables are
        brought up to this version. With `read_only` nothing is made or changed. `keys` opens
        what is sealed; without it only what shows nobody can be read. `busy_timeout_s` is how
        long a lock held by another program is waited for.

        Raises:
            StorageError: it cannot be opened, is not a record, or is a newer version's.
        """
        path = _path(path_or_url)
        with told_plainly():
            engine = sqlite.open_engine(path, read_only=read_only, busy_timeout_s=busy_timeout_s)
        record = cls(Access(engine), path, keys)
        try:
            record._demand_schema(read_only=read_only)
        except BaseException:
            record.close()
            raise
        return record

    def close(self) -> None:
        """Let go of the database."""
        self.access.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def keys(self) -> KeyStore:
        """The key store.

        Raises:
            MasterKeyError: the record was opened without one.
        """
        if self._keys is None:
            raise MasterKeyError(
                "The record was opened without its keys.",
                remedy="Please report this as a fault in Overt.",
            )
        return self._keys

    @property
    def watchlists(self) -> Watchlists:
        """The lists, which need the key store."""
        return Watchlists(self.access, self.keys)

    @property
    def alerts(self) -> Alerts:
        """The alerts, which need the key store."""
        return Alerts(self.access, self.keys)

    @property
    def dockets(self) -> Dockets:
        """The alerts without their pictures, which need the key store."""
        return Dockets(self.access, self.keys)

    @contextmanager
    def together(self, *, patience_s: float = 0.0) -> Iterator[None]:
        """Make all changes in the `with` block and the log's entry of them, or none.

        Where somebody else is writing, it asks again for `patience_s`, beyond the time that every
        change waits: what must not be lost can wait until a large list is written.

        Raises:
            AuditError: the block wrote no entry of the log; nothing was changed.
            RecordBusyError: somebody else was writing all the time.
        """
        until_s = monotonic() + patience_s
        with ExitStack() as stack:
            while True:
                try:
                    stack.enter_context(self.access.together())
                    break
                except RecordBusyError:
                    if monotonic() >= until_s:
                        raise
            yield

    def demand_writable(self) -> None:
        """Take the lock that every change takes, and let go of it with nothing changed.

        Raises:
            StorageError: nothing can be written: the disk, the file or another program forbids it.
        """
        with self.access.housekeeping():
            pass

    def erase_traces(self) -> None:
        """Leave none of what was deleted in the record's files. Takes as long as rewriting them.

        Raises:
            StorageError: another program is reading, so that older pages must stay for now.
        """
        self.access.erase_traces()

    def back_up(self, target: Path) -> None:
        """Copy the record, as it is at one moment, to a new file (mode 0600). Keys are not in it.

        Raises:
            StorageError: the file is there already, or cannot be written.
        """
        if target.exists():
            raise StorageError(f"{target} is there already.", remedy="Choose another name.")
        with told_plainly():
            sqlite.make(target)
            with (
                closing(
                    sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
                ) as us,
                closing(sqlite3.connect(target)) as copy,
            ):
                us.backup(copy)

    def _demand_schema(self, *, read_only: bool) -> None:
        if read_only:
            with self.access.reading() as connection:
                schema.demand_current(connection)
        else:
            with self.access.housekeeping() as connection:
                schema.migrate(connection)


def _path(path_or_url: Path | str) -> Path:
    named = str(path_or_url)
    path = named.removeprefix("sqlite:///")
    if "://" in path:
        raise StorageError(
            "This version of Overt keeps its record in SQLite only.",
            remedy="Give a path, or a URL such as sqlite:////var/lib/overt/overt.sqlite3.",
        )
    return Path(path).expanduser()
