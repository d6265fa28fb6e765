"""The record of everything Overt was told to keep, as the other rooms see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from overt.errors import StorageError
from overt.storage import alerts, runs, schema, sqlite, watchlists
from overt.storage.alerts import AlertRecord
from overt.storage.failures import read_plainly, told_plainly
from overt.storage.runs import End, Run
from overt.storage.watchlists import Enrolled
from overt.values import Alert, Watchlist


class Record:
    """Runs, watchlists and alerts in one database; open it with `Record.open`, close it after.

    What a method has written is on the disk when it returns. Every method raises
    `StorageError`, with a remedy, when the database cannot do what is asked. A record may be
    used from several threads, and opened by several processes at once.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(
        cls, path_or_url: Path | str, *, read_only: bool = False, busy_timeout_s: float = 5.0
    ) -> Self:
        """Open the record at a path or `sqlite:///` URL, and begin one where there is none.

        Missing folders are made with mode 0700 and files with mode 0600, and the tables are
        brought up to this version. With `read_only` nothing is made or changed.
        `busy_timeout_s` is how long a lock held by another program is waited for.

        Raises:
            StorageError: it cannot be opened, is not a record, or is a newer version's.
        """
        path = _path(path_or_url)
        with told_plainly():
            record = cls(
                sqlite.open_engine(path, read_only=read_only, busy_timeout_s=busy_timeout_s)
            )
        try:
            record._demand_schema(read_only=read_only)
        except BaseException:
            record.close()
            raise
        return record

    def close(self) -> None:
        """Let go of the database."""
        with told_plainly():
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def begin_run(self, run: Run) -> None:
        """Store a run that begins; its id must be new."""
        with self._writing() as connection:
            runs.begin(connection, run)

    def end_run(self, run_id: str, end: End) -> None:
        """Store how a run ended; it must have begun and not ended yet."""
        with self._writing() as connection:
            runs.end(connection, run_id, end)

    def runs(self) -> list[Run]:
        """Return every run, the earliest first."""
        with self._reading() as connection:
            return runs.load_all(connection)

    def find_run(self, id_or_prefix: str) -> Run:
        """Return the one run whose id is, or begins with, what is given."""
        with self._reading() as connection:
            return runs.find(connection, id_or_prefix)

    def save_watchlist(self, watchlist: Watchlist) -> None:
        """Store a watchlist; one that is stored already stays as it is."""
        with self._writing() as connection:
            watchlists.save(connection, watchlist)

    def load_watchlist(self, watchlist_id: str) -> Watchlist | None:
        """Return the watchlist exactly as it was saved, or None where there is none."""
        with self._reading() as connection:
            return watchlists.load(connection, watchlist_id)

    def enrolled(self, watchlist_id: str, reference_id: str) -> Enrolled | None:
        """Return one reference of a watchlist with its subject, or None where it is gone."""
        with self._reading() as connection:
            return watchlists.enrolled(connection, watchlist_id, reference_id)

    def delete_watchlist(self, watchlist_id: str) -> bool:
        """Delete a watchlist so that none of its bytes is left in the record's files.

        Returns whether there was one; the files are cleaned in any case, so that a deletion
        that was cut short is finished by asking again. Alerts and runs stay. Takes as long as
        rewriting the whole record does.
        """
        with self._writing() as connection:
            existed = watchlists.remove(connection, watchlist_id)
        with told_plainly():
            sqlite.erase_traces(self._engine)
        return existed

    def add_alert(self, run_id: str, alert: Alert) -> AlertRecord:
        """Store an alert of a run that has begun, once however often it is given."""
        with self._writing() as connection:
            return alerts.add(connection, run_id, alert)

    def alerts(self, run_id: str | None = None) -> list[AlertRecord]:
        """Return the alerts of one run, or of all, in the order they were stored."""
        with self._reading() as connection:
            return alerts.load_all(connection, run_id)

    def find_alert(self, id_or_prefix: str) -> AlertRecord:
        """Return the one alert whose id is, or begins with, what is given."""
        with self._reading() as connection:
            return alerts.find(connection, id_or_prefix)

    def _demand_schema(self, *, read_only: bool) -> None:
        if read_only:
            with self._reading() as connection:
                schema.demand_current(connection)
        else:
            with self._writing() as connection:
                schema.migrate(connection)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with read_plainly(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with told_plainly(), sqlite.for_writing(self._engine).begin() as connection:
            yield connection


def _path(path_or_url: Path | str) -> Path:
    named = str(path_or_url)
    path = named.removeprefix("sqlite:///")
    if "://" in path:
        raise StorageError(
            "This version of Overt keeps its record in SQLite only.",
            remedy="Give a path, or a URL such as sqlite:////var/lib/overt/overt.sqlite3.",
        )
    return Path(path).expanduser()
