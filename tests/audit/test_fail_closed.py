"""Where the log cannot be written nothing is done, shown or destroyed: principle 7.

Tried on a disk that is full, a file system that became read-only, a record that another process
keeps locked, and a log that alone refuses its entry while all else could be written.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from every_act import (
    ACTS,
    DESTROYING,
    Stage,
    a_stage,
    content,
    copied,
    keys_standing,
)

from acts import entries
from overt.errors import AuditError, OvertError, PermissionDenied, StorageError
from overt.people.office import Office
from overt.retention import clocks

_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""
_DISK_BYTES = 8 * 2**20


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Something in every state; its office is closed, and copies of it are opened."""
    with a_stage(tmp_path_factory.mktemp("stage") / "home") as made:
        return made


@contextmanager
def _disk(folder: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES},mode=700", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a disk of its own is missing: only root may mount one, and not everywhere")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def _full(stage: Stage, folder: Path) -> Iterator[Stage]:
    with _disk(folder / "disk") as disk, copied(stage, disk / "home") as on:
        on.office.record.journal.tree()  # what SQLite keeps beside the record is there by now
        for size in (65536, 1):
            with pytest.raises(OSError, match="No space"):
                _fill(disk / "filler", size)
        yield on
        (disk / "filler").unlink()


def _fill(path: Path, size: int) -> None:
    with path.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(size))


@contextmanager
def _read_only(stage: Stage, folder: Path) -> Iterator[Stage]:
    with _disk(folder / "disk") as disk, copied(stage, disk / "home") as on:
        on.office.record.close()  # its files must not be open for writing; they open again
        on.office.keys.close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        yield on


@contextmanager
def _locked(stage: Stage, folder: Path) -> Iterator[Stage]:
    with copied(stage, folder / "home") as on:
        path = on.office.home.database
        command = [sys.executable, "-c", _LOCK, str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"locked\n"
            yield on
            other.kill()


@contextmanager
def _refused(stage: Stage, folder: Path) -> Iterator[Stage]:
    with copied(stage, folder / "home") as on:
        refuse_entries(on.office, after=0)
        yield on


def refuse_entries(office: Office, *, after: int) -> None:
    """Let the log take so many entries more, and refuse the next."""
    last = office.record.journal.tree().size + after
    with closing(sqlite3.connect(office.home.database)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit_entries "
            f"WHEN NEW.position >= {last} BEGIN SELECT RAISE(ABORT, 'no more'); END"
        )


def take_entries(office: Office) -> None:
    """Let the log take entries again."""
    with closing(sqlite3.connect(office.home.database)) as connection, connection:
        connection.execute("DROP TRIGGER full")


UNWRITABLE: dict[str, Callable[[Stage, Path], AbstractContextManager[Stage]]] = {
    "full": _full,
    "read-only": _read_only,
    "locked": _locked,
    "refused": _refused,
}


@pytest.mark.parametrize("how", UNWRITABLE)
def test_no_act_is_done_where_the_log_cannot_be_written(
    how: str, stage: Stage, tmp_path: Path
) -> None:
    """R-57: every act raises with a remedy, and changes, shows and destroys nothing."""
    before, keys = content(stage.folder), keys_standing(stage.folder)
    immutable = how == "read-only"
    done: dict[str, object] = {}
    remedies: dict[str, str] = {}
    with UNWRITABLE[how](stage, tmp_path) as on:
        for name, act in ACTS.items():
            try:
                done[name] = act(on)
            except (StorageError, AuditError) as error:
                remedies[name] = error.remedy
            except OvertError as error:
                done[name] = error
            assert content(on.folder, immutable=immutable) == before, name
            now = keys_standing(on.folder, immutable=immutable)
            assert {key: now.get(key) for key in keys} == keys, name
    assert done == {}
    assert [name for name in ACTS if not remedies[name]] == []


def test_every_act_is_done_and_leaves_an_entry_where_the_log_can_be_written(
    stage: Stage, tmp_path: Path
) -> None:
    size = len(content(stage.folder)["audit_entries"])
    for number, (name, act) in enumerate(ACTS.items()):
        with copied(stage, tmp_path / str(number)) as on:
            try:
                act(on)
            except PermissionDenied:
                assert name == "an act refused"
            assert on.office.record.journal.tree().size > size, name


@pytest.mark.parametrize("act", DESTROYING)
def test_a_key_is_destroyed_only_once_its_deletion_is_on_the_log(
    act: str, stage: Stage, tmp_path: Path
) -> None:
    """R-22: wherever the log fails, what is destroyed has its entry, and is finished later."""
    keys = keys_standing(stage.folder)
    cut_short = 0
    for after in range(20):
        with copied(stage, tmp_path / str(after)) as on:
            refuse_entries(on.office, after=after)
            try:
                ACTS[act](on)
            except StorageError:
                cut_short += 1
            else:
                break
            _check_destroyed(on, keys)
            take_entries(on.office)
            clocks.apply(on.office)
            assert on.office.record.retention.receipts(unfinished=True) == []
            _check_destroyed(on, keys)
    assert cut_short >= (2 if act == "retention.apply" else 3), "the act, a beginning, an end"


def _check_destroyed(on: Stage, keys: dict[object, object]) -> None:
    """Check that each key destroyed is named by a receipt whose beginning is on the log."""
    destroyed = set(keys) - set(keys_standing(on.folder))
    begun = {
        each["data"]["receipt"] for each in entries(on.office) if each["event"] == "deletion.begun"
    }
    receipts = on.office.record.retention.receipts()
    assert {each.receipt_id for each in receipts} == begun
    assert destroyed <= {key for each in receipts for key in each.key_ids}
