"""What was confirmed survives a killed process and a full disk; what was deleted is gone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from example_records import a_reference, a_run, a_subject, an_alert
from overt.errors import StorageError
from overt.storage import Record
from overt.values import Watchlist

_KILLS = 15

# Forks its children, so that fifteen of them do not import everything anew.
_ADD_AND_KILL = """
import os, random, signal, sys, time
from example_records import an_alert
from overt.storage import Record

def add_until_killed(confirmations):
    with Record.open(sys.argv[1]) as record:
        while True:
            stored = record.add_alert(sys.argv[2], an_alert())
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
    run = a_run()
    with Record.open(path) as record:
        record.begin_run(run)
    confirmed = _python(_ADD_AND_KILL, path, run.run_id, str(_KILLS)).split()
    with Record.open(path) as record:
        stored = record.alerts(run.run_id)
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
from example_records import a_run, an_alert
from overt.storage import Record
from overt.errors import StorageError
run = a_run()
with Record.open(sys.argv[1]) as record:
    record.begin_run(run)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    confirmed = 0
    try:
        for _ in range(100):
            record.add_alert(run.run_id, an_alert(crop_jpeg=bytes(50_000)))
            confirmed += 1
    except StorageError as error:
        print(confirmed, error)
"""


def test_a_full_disk_is_told_plainly_and_loses_nothing_confirmed(path: Path) -> None:
    confirmed, said = _python(_FILL, path).split(maxsplit=1)
    assert "disk is full" in said
    assert int(confirmed) > 0
    with Record.open(path) as record:
        assert len(record.alerts()) == int(confirmed)


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
    watchlist, other, run = _noisy_watchlist("doomed"), _noisy_watchlist("kept"), a_run()
    reference, subject = watchlist.references[0], watchlist.subjects[0]
    # Pieces this short: a page's edge may cut any of them in two, but not many.
    pieces = [reference.picture_jpeg[at : at + 16] for at in range(0, 20_000, 400)]
    secrets = [reference.template.tobytes()[:16], subject.name.encode(), *pieces]
    with Record.open(path) as record:
        record.begin_run(run)
        record.add_alert(run.run_id, an_alert())
        record.delete_watchlist("none-such")
        size = path.stat().st_size
        record.save_watchlist(watchlist)
        assert sum(_in_files(path.parent, secret) for secret in secrets) > 40
        assert record.delete_watchlist("doomed")
        assert not any(_in_files(path.parent, secret) for secret in secrets)
        assert path.stat().st_size == size, "no page of it is kept for later use"
        assert not record.delete_watchlist("doomed")
        record.save_watchlist(other)
        assert len(record.alerts()) == 1
        assert record.load_watchlist("doomed") is None
        assert record.load_watchlist("kept") is not None


def test_a_deletion_that_a_reader_holds_up_says_so_and_is_finished_by_asking_again(
    path: Path,
) -> None:
    watchlist = _noisy_watchlist("doomed")
    with Record.open(path, busy_timeout_s=0.05) as record:
        record.save_watchlist(watchlist)
        with Record.open(path) as reader, reader._reading() as connection:
            connection.exec_driver_sql("SELECT * FROM watchlists").all()
            with pytest.raises(StorageError, match="traces remain"):
                record.delete_watchlist("doomed")
        assert not record.delete_watchlist("doomed")
        assert not _in_files(path.parent, watchlist.subjects[0].name.encode())


def _noisy_watchlist(watchlist_id: str) -> Watchlist:
    """A list whose picture shares no run of bytes with any other, as drawn ovals' tables do."""
    subject = a_subject(1, name=os.urandom(16).hex())
    return Watchlist(
        watchlist_id, "p", (subject,), (a_reference(1, 1, picture_jpeg=os.urandom(20_000)),)
    )


def _in_files(folder: Path, secret: bytes) -> bool:
    return any(secret in file.read_bytes() for file in folder.rglob("*") if file.is_file())
