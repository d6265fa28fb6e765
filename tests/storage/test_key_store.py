"""Keys are on the disk before they are used, wrapped always, and gone when they are destroyed."""

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from example_records import a_key_store
from overt.errors import MasterKeyError, SealingError, StorageError
from overt.keys.master import master_from
from overt.keys.sealing import open_sealed, seal
from overt.storage import KeyStore


def wrapped(home: Path, key_id: str) -> bytes | None:
    with closing(sqlite3.connect(home / "keys.sqlite3")) as connection:
        query = "SELECT wrapped FROM data_keys WHERE key_id = ?"
        found: bytes | None = connection.execute(query, (key_id,)).fetchone()[0]
        return found


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def test_a_key_is_the_same_when_the_store_is_opened_again(home: Path) -> None:
    with a_key_store(home) as keys:
        key_id = keys.new("watchlist")
        sealed, secret = seal(keys.key(key_id), b"plain", {}), keys.key(key_id).reveal()
    with a_key_store(home) as keys:
        assert open_sealed(keys.key(key_id), sealed, {}) == b"plain"
        assert keys.destroyed_at(key_id) is None
    assert secret not in everything_in(home)


def test_each_key_is_another(home: Path) -> None:
    with a_key_store(home) as keys:
        ids = [keys.new("alert"), *keys.new_ones("alert", 3)]
        assert len({keys.key(key_id).reveal() for key_id in ids}) == 4


def test_as_many_keys_as_a_long_day_needs_are_not_all_kept_in_memory(home: Path) -> None:
    with a_key_store(home) as keys:
        first = keys.new("alert")
        sealed = seal(keys.key(first), b"plain", {})
        for _ in range(50):
            keys.new_ones("alert", 16)

        assert len(keys._known) < 800
        assert first not in keys._known
        assert open_sealed(keys.key(first), sealed, {}) == b"plain"
        keys.destroy([first])
        with pytest.raises(SealingError, match="destroyed"):
            keys.key(first)


def test_the_files_are_their_owners_alone(home: Path) -> None:
    with a_key_store(home) as keys:
        keys.new("watchlist")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in home.iterdir()}
    assert set(modes) >= {"keys.sqlite3", "keys.sqlite3-wal", "master.key"}
    assert set(modes.values()) == {0o600}


def test_of_a_destroyed_key_no_byte_is_left_and_when_it_went_is_known(home: Path) -> None:
    """R-39: destroying a key leaves nothing of it in the store or its write-ahead log."""
    with a_key_store(home) as keys:
        kept, doomed = keys.new("watchlist"), keys.new("watchlist")
        secret, cipher = keys.key(doomed), wrapped(home, doomed)
        assert cipher is not None
        pieces = [cipher[at : at + 8] for at in range(0, len(cipher) - 7, 4)]
        assert all(piece in everything_in(home) for piece in pieces)
        keys.destroy([doomed])
        assert not any(piece in everything_in(home) for piece in pieces)
        assert keys.destroyed_at(doomed) is not None
        for use in (lambda: keys.key(doomed), secret.reveal):
            with pytest.raises(SealingError):
                use()
        at = keys.destroyed_at(doomed)
        keys.destroy([doomed])
        assert keys.destroyed_at(doomed) == at
        assert keys.key(kept).reveal()
    assert not any(piece in everything_in(home) for piece in pieces)
    with a_key_store(home) as keys, pytest.raises(SealingError, match="has been destroyed"):
        keys.key(doomed)


def test_what_another_process_destroyed_stops_working_here(home: Path) -> None:
    with a_key_store(home) as keys, a_key_store(home) as others:
        key_id = keys.new("watchlist")
        held = keys.key(key_id)
        others.key(key_id)
        others.destroy([key_id])
        with pytest.raises(SealingError, match="has been destroyed"):
            keys.key(key_id)
        with pytest.raises(SealingError, match="no longer in memory"):
            held.reveal()


def test_a_destruction_that_a_reader_holds_up_is_finished_by_asking_again(home: Path) -> None:
    with a_key_store(home) as keys:
        key_id = keys.new("watchlist")
        cipher = wrapped(home, key_id)
        assert cipher is not None
        with closing(sqlite3.connect(home / "keys.sqlite3", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM data_keys").fetchall()
            with pytest.raises(StorageError):
                keys.destroy([key_id])
            reader.execute("COMMIT")
        with pytest.raises(SealingError):
            keys.key(key_id)
        keys.destroy([key_id])
        assert cipher[5:20] not in everything_in(home)


def test_a_wrapped_key_that_is_moved_or_changed_opens_nothing(home: Path) -> None:
    with a_key_store(home) as keys:
        one, other, alert = keys.new("watchlist"), keys.new("watchlist"), keys.new("alert")
    with closing(sqlite3.connect(home / "keys.sqlite3", isolation_level=None)) as connection:
        for donor, victim in ((one, other), (one, alert)):
            connection.execute(
                "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE key_id = ?)"
                " WHERE key_id = ?",
                (donor, victim),
            )
        connection.execute("UPDATE data_keys SET purpose = 'alert' WHERE key_id = ?", (one,))
    with a_key_store(home) as keys:
        for key_id in (one, other, alert):
            with pytest.raises(MasterKeyError, match="does not open"):
                keys.key(key_id)


def test_another_master_key_opens_none_of_them(home: Path, tmp_path: Path) -> None:
    with a_key_store(home) as keys:
        key_id = keys.new("watchlist")
    another = tmp_path / "another"
    another.mkdir()
    with (
        KeyStore.open(home / "keys.sqlite3", master_from("local", another)) as keys,
        pytest.raises(MasterKeyError, match="does not open"),
    ):
        keys.key(key_id)


def test_a_key_that_never_was_is_told(home: Path) -> None:
    with a_key_store(home) as keys, pytest.raises(SealingError, match="never on this machine"):
        keys.key("none-such")


def test_a_closed_store_holds_no_key_in_memory(home: Path) -> None:
    keys = a_key_store(home)
    held = keys.key(keys.new("watchlist"))
    keys.close()
    with pytest.raises(SealingError, match="no longer in memory"):
        held.reveal()


def test_the_key_of_an_installation_is_made_once_for_each_purpose(home: Path) -> None:
    with a_key_store(home) as keys, ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: keys.site_key("site/one").reveal(), range(12)))
        assert len(made) == 1
        assert keys.site_key("site/other").reveal() not in made
    with a_key_store(home) as keys:
        assert {keys.site_key("site/one").reveal()} == made


def test_threads_that_open_one_key_at_once_can_all_use_it(home: Path) -> None:
    with a_key_store(home) as keys:
        ids = keys.new_ones("alert", 20)
    for _ in range(3):
        with a_key_store(home) as keys, ThreadPoolExecutor(8) as pool:
            found = list(pool.map(keys.key, ids * 8))
            assert len({key.reveal() for key in found}) == 20


_MAKE_UNTIL_KILLED = """
import os, sys
from pathlib import Path
from example_records import a_key_store
keys = a_key_store(Path(sys.argv[1]))
while True:
    key_id = keys.new("alert")
    os.write(1, f"{key_id} {keys.key(key_id).reveal().hex()}\\n".encode())
"""


def test_a_key_that_was_given_out_survives_a_kill(home: Path) -> None:
    """R-39: what was sealed can be opened, as its key was on the disk before."""
    a_key_store(home).close()
    command = [sys.executable, "-c", _MAKE_UNTIL_KILLED, str(home)]
    tests = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tests) as process:
        assert process.stdout is not None
        given = [process.stdout.readline() for _ in range(30)]
        process.kill()
        given += process.stdout.read().splitlines()
    with a_key_store(home) as keys:
        for line in filter(None, given):
            key_id, secret = line.split()
            assert keys.key(key_id).reveal().hex() == secret
    assert len(given) >= 30


def test_what_is_no_key_store_is_left_alone(home: Path) -> None:
    home.mkdir()
    content = os.urandom(5_000)
    (home / "keys.sqlite3").write_bytes(content)
    with pytest.raises(StorageError):
        a_key_store(home)
    assert (home / "keys.sqlite3").read_bytes() == content
