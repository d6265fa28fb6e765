"""How a record is begun, brought up to date, and refused."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from example_records import (
    a_key_store,
    a_record,
    a_run,
    a_watchlist,
    an_entry,
    begun,
    raised,
    saved,
)
from overt.errors import MasterKeyError, RecordBusyError, StorageError
from overt.storage import Record, schema, sqlite
from overt.storage.tables import metadata
from overt.vocabulary import Delivery


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(
        sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    ) as connection:
        yield connection


def test_the_migrations_make_exactly_the_tables_that_the_code_describes(path: Path) -> None:
    with Record.open(path) as record, record.access._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_every_table_can_be_made_on_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    statements = [str(CreateTable(t).compile(dialect=dialect)) for t in metadata.sorted_tables]
    assert len(statements) == 23
    assert all("BYTEA" in s for s in statements if "sealed" in s)
    assert all("DOUBLE PRECISION" in s for s in statements if "score" in s)


def test_a_connection_is_durable_and_leaves_nothing_behind(path: Path) -> None:
    with (
        Record.open(path, busy_timeout_s=1.5) as record,
        record.access._engine.connect() as connection,
    ):
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in (*sqlite._DEMANDS, "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "temp_store": 2,
        "busy_timeout": 1500,
    }


def test_a_connection_that_is_not_durable_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite._DEMANDS, "synchronous", ("NORMAL", 2))
    with pytest.raises(StorageError, match="does not keep synchronous"):
        Record.open(path)


def test_folders_and_files_are_for_their_owner_only(tmp_path: Path) -> None:
    old_mask = os.umask(0)
    try:
        path = tmp_path / "a" / "b" / "overt.sqlite3"
        with a_record(path.parent) as record:
            saved(record, a_watchlist())
            files = sorted(file.name for file in path.parent.iterdir())
            assert files == [
                *("keys.sqlite3", "keys.sqlite3-shm", "keys.sqlite3-wal"),
                "master.key",
                *("overt.sqlite3", "overt.sqlite3-shm", "overt.sqlite3-wal"),
            ]
            assert {mode(file) for file in path.parent.iterdir()} == {0o600}
        assert (mode(path.parent), mode(path.parent.parent)) == (0o700, 0o700)
    finally:
        os.umask(old_mask)


def test_a_record_that_others_could_read_is_closed_to_them(path: Path) -> None:
    Record.open(path).close()
    path.chmod(0o644)
    Record.open(path).close()
    assert mode(path) == 0o600


def test_a_record_is_opened_again_as_it_was_left(path: Path) -> None:
    with a_record(path.parent) as record:
        stored = raised(record, begun(record))
    with a_key_store(path.parent) as keys, Record.open(f"sqlite:///{path}", keys) as record:
        assert record.alerts.of_run() == [stored]


def test_a_read_only_record_reads_and_refuses_to_write(path: Path) -> None:
    with Record.open(path) as record:
        run = begun(record)
    with Record.open(path, read_only=True) as record:
        assert record.runs.all() == [run]
        assert record.journal.tree().size == 1
        for change in (lambda: begun(record), lambda: record.journal.add_checkpoint(1, "note")):
            with pytest.raises(StorageError, match="cannot be opened for writing"):
                change()


def test_a_record_without_its_keys_shows_what_shows_nobody(path: Path) -> None:
    with a_record(path.parent) as record:
        run = begun(record)
        raised(record, run)
    with Record.open(path) as record:
        assert record.runs.find(run.run_id) == run
        for part in ("alerts", "watchlists", "keys"):
            with pytest.raises(MasterKeyError, match="without its keys"):
                getattr(record, part)


def test_reading_a_record_that_is_not_there_makes_nothing(path: Path) -> None:
    with pytest.raises(StorageError, match="no record at"):
        Record.open(path, read_only=True)
    assert not path.parent.exists()


def test_an_older_record_is_not_brought_up_to_date_by_reading_it(path: Path) -> None:
    Record.open(path).close()
    with raw(path) as connection:
        connection.execute("DELETE FROM alembic_version")
    with pytest.raises(StorageError, match="older version"):
        Record.open(path, read_only=True)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_record_of_a_newer_version_is_left_alone(path: Path, *, read_only: bool) -> None:
    Record.open(path).close()
    with raw(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="newer version"):
        Record.open(path, read_only=read_only)


@pytest.mark.parametrize("content", [b"not a database, but long enough " * 200, b"short"])
def test_a_file_that_is_no_database_is_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"not a record of Overt"):
        Record.open(path)
    assert path.read_bytes() == content


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with raw(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"not a record of Overt"):
        Record.open(path)
    assert path.read_bytes() == before


def test_a_damaged_record_says_so(path: Path) -> None:
    with Record.open(path) as record:
        begun(record, deployment_text="x" * 50_000)
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StorageError, match="damaged"):
        Record.open(path)


def test_a_folder_in_the_files_place_or_a_file_in_the_folders_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path, tmp_path / "file" / "overt.sqlite3"):
        with pytest.raises(StorageError, match="cannot be opened for writing"):
            Record.open(place)


@contextmanager
def nobody() -> Iterator[None]:
    """Give up root's right to write anywhere, where the tests run as root."""
    was = os.geteuid()
    os.seteuid(65534 if was == 0 else was)
    try:
        yield
    finally:
        os.seteuid(was)


def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with nobody(), pytest.raises(StorageError, match="cannot be opened for writing here"):
        Record.open(tmp_path / "overt.sqlite3")


def test_another_kind_of_database_is_refused_without_naming_its_password() -> None:
    with pytest.raises(StorageError, match="SQLite only") as refused:
        Record.open("postgresql://overt:secret@host/db")
    assert "secret" not in str(refused.value)


def test_what_must_not_be_lost_waits_for_another_writer_a_while(path: Path) -> None:
    """A list of 100,000 takes longer to write than a change usually waits."""
    with Record.open(path, busy_timeout_s=0.05) as record, raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordBusyError), record.together(patience_s=0.2):
            pass
        done = threading.Timer(0.5, other.execute, ["ROLLBACK"])
        done.start()
        with record.together(patience_s=60):
            record.runs.begin(a_run())
            an_entry(record)
        done.join()
        assert len(record.runs.all()) == 1


def test_a_record_locked_by_another_program_says_so_after_waiting(path: Path) -> None:
    with Record.open(path, busy_timeout_s=0.05) as record, raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked"):
            begun(record)
        assert record.runs.all() == [], "reading goes on"
        other.execute("ROLLBACK")
        run = begun(record)
        assert record.runs.all() == [run]


_OPEN_TOGETHER = """
import os, sys
from overt.storage import Record

def open_at_once(start):
    os.read(start, 1)
    Record.open(sys.argv[1]).runs.all()
    os._exit(0)

start, go = os.pipe()
children = [os.fork() or open_at_once(start) for _ in range(8)]
os.write(go, b"x" * 8)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


def test_programs_that_begin_one_record_together_all_succeed(path: Path) -> None:
    command = [sys.executable, "-c", _OPEN_TOGETHER, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout == f"{[0] * 8}\n"


def test_no_text_of_a_row_shows_in_an_error(path: Path) -> None:
    with Record.open(path) as record:
        with raw(path) as other:
            other.execute("DROP TABLE runs")
        with pytest.raises(StorageError) as failed:
            begun(record, deployment="A. Name")
        assert "A. Name" not in repr(failed.value) + repr(failed.value.__cause__)


def old_record(path: Path, revision: str, *rows: str) -> None:
    """Make a record as an earlier version did, with rows of its own."""
    sqlite.make(path)
    engine = sqlite.open_engine(path, read_only=False, busy_timeout_s=1)
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with sqlite.for_writing(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for row in rows:
            connection.exec_driver_sql(row)
    engine.dispose()


_NO_TEXT = sha256(b"").hexdigest()
_RUN = f"""INSERT INTO runs VALUES ('r', 'High Street', 'REHEARSAL', 'u', 'l',
    '2026-07-04 12:00:00', '2026-07-04 16:00:00', '', '{_NO_TEXT}', '{{}}', 'v', 'ab', 'w', 0, 0,
    'p', '0.1.0', '2026-07-04 12:00:00', NULL, NULL, '', NULL)"""  # noqa: S608
_LIST = "INSERT INTO watchlists VALUES ('w', 'standard@1')"


def test_a_record_of_the_first_version_that_holds_no_face_is_brought_up_to_date(
    path: Path,
) -> None:
    old_record(path, "0001", _RUN)
    with Record.open(path) as record, record.access.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        (run,) = record.runs.all()
        assert (run.deployment, run.deployment_id) == ("High Street", None)
    with a_record(path.parent) as record:
        raised(record, begun(record))


def test_a_record_of_the_first_version_with_plain_faces_is_refused_and_left_as_it_was(
    path: Path,
) -> None:
    """R-39: what was kept before it could be sealed is neither kept on nor lost unasked."""
    old_record(path, "0001", _RUN, _LIST)
    for _ in range(2):
        with pytest.raises(StorageError, match="from before Overt sealed") as refused:
            Record.open(path)
        assert "move the file away" in refused.value.remedy.lower()
    with raw(path) as connection:
        assert connection.execute("SELECT * FROM watchlists").fetchall() == [("w", "standard@1")]
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [("0001",)]


_OLD_RUN = _RUN.replace("NULL)", "NULL, 'd')").replace("REHEARSAL", "LIVE")
_OLD_DEPLOYMENT = """INSERT INTO deployments VALUES ('d', 'High Street', 'here', 'LIVE', 'LIVE',
    'u', 'l', '2026-07-04 12:00:00', '2026-07-04 16:00:00', 'a', '', NULL, 'ab', '', 'ab', 'v', 'p',
    'w', '{}', 'ab', NULL, '{}', NULL, '[]', '2026-07-04 11:00:00', NULL, NULL, NULL, NULL)"""
_OLD_ALERT = """INSERT INTO alerts VALUES ('x', 'r', 1, 'LIVE', 'gate', 1, '2026-07-04 13:00:00',
    '2026-07-04 13:00:01', '2026-07-04 13:00:02', 0.3, 1.0, 1, 0.9, 0.04, NULL, NULL, NULL, 0.03, 5,
    4, 'p', 'v', '[]', '[]', '{}', 'e', 'k', 'c', 'c', '2026-08-04 13:00:00')"""
_OLD_OUTBOX = "INSERT INTO outbox VALUES (7, 'x', 'alert.raised', '2026-07-04 13:00:02')"


def test_what_the_second_version_had_put_on_the_outbox_is_brought_along(path: Path) -> None:
    old_record(path, "0002", _OLD_DEPLOYMENT, _OLD_RUN, _OLD_ALERT, _OLD_OUTBOX)
    with Record.open(path) as record, record.access.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        (row,) = record.outbox.after(0, 10)
        assert (row.kind, row.deployment_id, row.alert_id) == (Delivery.ALERT_RAISED, "d", "x")
        assert row.to_officers is False
        assert row.at == datetime(2026, 7, 4, 13, 0, 2, tzinfo=UTC)
        assert record.deployments.unit("d") == "here"
