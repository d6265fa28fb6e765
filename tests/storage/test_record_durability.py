"""What was confirmed survives a killed process and a full disk; what was deleted is gone."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from example_records import (
    NOON,
    a_record,
    a_reference,
    a_subject,
    begun,
    raised,
    recorded,
    saved,
)
from overt.errors import StorageError
from overt.storage import Record
from overt.values import Watchlist

_KILLS = 15

# Forks its children, so that fifteen of them do not import everything anew.
_ADD_AND_KILL = """
import os, random, signal, sys, time
from pathlib import Path
from example_records import a_record, raised

def add_until_killed(confirmations):
    with a_record(Path(sys.argv[1])) as record:
        run = record.runs.find(sys.argv[2])
        while True:
            stored = raised(record, run)
            os.write(confirmations, f"{stored.alert.alert_id}\\n".encode())

for _ in range(int(sys.argv[3])):
    reading, writing = os.pipe()
    child = os.fork() or add_until_killed(writing)
    os.close(writing)
    os.read(reading, 33)  # it is under way
    time.sleep(random.uniform(0, 0.1))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with open(reading) as confirmed:
        print(confirmed.read(), end="", flush=True)
"""


def test_no_confirmed_alert_is_lost_when_the_process_is_killed(path: Path) -> None:
    with a_record(path.parent) as record:
        run = begun(record)
    confirmed = _python(_ADD_AND_KILL, path.parent, run.run_id, str(_KILLS)).split()
    with a_record(path.parent) as record:
        stored = record.alerts.of_run(run.run_id)
        entries = list(record.journal.entries())
        assert len(entries) == record.journal.tree().size == 1 + len(stored)
    print(f"{_KILLS} kills, {len(confirmed)} alerts confirmed, {len(stored)} stored")
    assert set(confirmed) <= {each.alert.alert_id for each in stored}
    assert [each.number for each in stored] == list(range(1, len(stored) + 1))
    # Each child's first confirmation was taken as its starting signal.
    assert len(stored) <= len(confirmed) + 2 * _KILLS


def _python(script: str, *arguments: str | Path) -> str:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    tests = Path(__file__).parents[1]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=tests).stdout


_FILL = """
import resource, sys
from pathlib import Path
from example_records import a_record, an_alert, begun, raised
from overt.errors import StorageError
with a_record(Path(sys.argv[1])) as record:
    run = begun(record)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    confirmed = 0
    try:
        for _ in range(100):
            raised(record, run, an_alert(crop_jpeg=bytes(50_000)))
            confirmed += 1
    except StorageError as error:
        print(confirmed, error)
"""


def test_a_full_disk_is_told_plainly_and_loses_nothing_confirmed(path: Path) -> None:
    confirmed, said = _python(_FILL, path.parent).split(maxsplit=1)
    assert "disk is full" in said
    assert int(confirmed) > 0
    with a_record(path.parent) as record:
        assert len(record.alerts.of_run()) == int(confirmed)
        assert record.journal.tree().size == 1 + int(confirmed)


_NO_ROOM = """
import resource, sys
from overt.errors import StorageError
from overt.storage import Record
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    Record.open(sys.argv[1])
except StorageError as error:
    print(error)
"""


def test_a_disk_full_from_the_start_is_told_plainly(path: Path) -> None:
    assert "disk is full" in _python(_NO_ROOM, path)


def test_a_deleted_watchlist_leaves_no_byte_in_the_files(path: Path) -> None:
    watchlist, other = _noisy_watchlist("doomed"), _noisy_watchlist("kept")
    with a_record(path.parent) as record:
        alert = raised(record, begun(record))
        saved(record, other)
        record.erase_traces()
        facts = saved(record, watchlist)
        size = path.stat().st_size
        # Pieces this short: a page's edge may cut any of them in two, but not many.
        pieces = [sealed[at : at + 16] for sealed in _sealed(path) for at in range(0, 15_000, 400)]
        assert sum(_in_files(path.parent, piece) for piece in pieces) > 30
        with recorded(record):
            assert record.watchlists.remove("doomed", NOON)
        record.keys.destroy([facts.key_id])
        record.erase_traces()
        assert not any(_in_files(path.parent, piece) for piece in pieces)
        assert path.stat().st_size <= size + 3 * 4096, "no page of it is kept for later use"
        with recorded(record):
            assert not record.watchlists.remove("doomed", NOON)
        assert record.alerts.of_run() == [alert]
        assert record.watchlists.load("doomed") is None
        assert record.watchlists.load("kept") is not None


def _sealed(path: Path) -> list[bytes]:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT sealed_picture FROM watchlist_references WHERE watchlist_id = 'doomed'"
        return [picture for (picture,) in connection.execute(query)]


def test_a_deletion_that_a_reader_holds_up_says_so_and_is_finished_by_asking_again(
    path: Path,
) -> None:
    with a_record(path.parent, busy_timeout_s=0.05) as record:
        saved(record, _noisy_watchlist("doomed"))
        piece = _sealed(path)[0][5_000:5_016]
        with Record.open(path) as reader, reader.access.reading() as connection:
            connection.exec_driver_sql("SELECT * FROM watchlists").all()
            with recorded(record):
                record.watchlists.remove("doomed", NOON)
            with pytest.raises(StorageError, match="traces remain"):
                record.erase_traces()
        record.erase_traces()
        assert not _in_files(path.parent, piece)


def _noisy_watchlist(watchlist_id: str) -> Watchlist:
    """A list whose picture shares no run of bytes with any other, as drawn ovals' tables do."""
    subject = a_subject(1, name=os.urandom(16).hex())
    return Watchlist(
        watchlist_id, "p", (subject,), (a_reference(1, 1, picture_jpeg=os.urandom(20_000)),)
    )


def _in_files(folder: Path, secret: bytes) -> bool:
    return any(secret in file.read_bytes() for file in folder.rglob("*") if file.is_file())
