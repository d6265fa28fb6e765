"""What was confirmed survives a loss of power, as far as that can be simulated in software.

Simulated: at a random moment the power goes. What the disk had confirmed as written is there;
of what was on its way, some first part has arrived, and anything may stand behind it. A writer
is stopped (SIGSTOP) at random, the database and its write-ahead log are copied as they are, and
the copy's log is cut anywhere at or beyond its length at the last confirmed commit; in some
copies what lies beyond that length is noise instead, as a whole or in sectors that never
arrived, or zeros, as in a file whose size arrived before its content. The shared-memory index
beside them is not copied: it never survives.

SQLite syncs the log before a commit returns (`synchronous=FULL`), so a confirmed commit's bytes
are those that were synced; that the setting holds is demanded of every connection when it is
opened (`test_record_opening.py`). When the log begins a new round after a checkpoint, SQLite
has synced the database first: as long as nothing of the new round is confirmed, all of the log
may be lost.

Not simulated: a disk that says it has written what it has not, or that damages what it wrote
long ago; pages that reach the database in any order inside a checkpoint (the log that repeats
them is kept here, which is what SQLite relies on); and the file system's own recovery. That
needs a plug to be pulled.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from example_records import a_record, begun
from overt.audit.canonical import parse_leaf
from overt.audit.merkle import Frontier, leaf_hash, tree_root
from overt.storage import Record

_CUTS = 120
_FRAME_BYTES = 24 + 4096
_SALTS = slice(16, 24)

_WRITE = """
import os, sys
from pathlib import Path
from example_records import a_record, raised

# The end of the frames of the log's present round: those that carry the header's two salts
# (https://www.sqlite.org/fileformat2.html#the_write_ahead_log). Those behind are older.
def present_round(path):
    data = path.read_bytes()
    salts, page = data[16:24], int.from_bytes(data[8:12], "big")
    at = 32
    while data[at + 8 : at + 16] == salts and at + 24 + page <= len(data):
        at += 24 + page
    return salts.hex(), at

with a_record(Path(sys.argv[1])) as record:
    run = record.runs.find(sys.argv[2])
    while True:
        alert_id = raised(record, run).alert.alert_id
        salts, end = present_round(Path(sys.argv[1]) / "overt.sqlite3-wal")
        os.write(1, f"{alert_id} {record.journal.tree().size} {salts} {end}\\n".encode())
"""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the writer had confirmed last: an alert, and how far log and write-ahead log went."""

    alert_id: str
    entries: int
    salts: bytes
    wal_end: int


@contextmanager
def writing(home: Path, run_id: str) -> Iterator[subprocess.Popen[bytes]]:
    """Let a process write to the record until the block is left."""
    command = [sys.executable, "-c", _WRITE, str(home), run_id]
    tests = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tests) as writer:
        try:
            assert writer.stdout is not None
            writer.stdout.peek(1)  # type: ignore[attr-defined]  # it is under way
            os.set_blocking(writer.stdout.fileno(), False)
            yield writer
        finally:
            writer.kill()


def test_nothing_confirmed_is_lost_when_the_power_goes(home: Path, tmp_path: Path) -> None:
    """R-58: an alert and its entry of the log that were confirmed are there after it."""
    with a_record(home) as record:
        run = begun(record)
    chance = random.Random()
    confirmed: list[Confirmed] = []
    rounds, looked_for = set(), 0
    with writing(home, run.run_id) as writer:
        for number in range(_CUTS):
            time.sleep(chance.uniform(0.001, 0.1))
            after = tmp_path / str(number)
            with stopped(writer):
                confirmed += told(writer)
                take(home, after)
            wal = after / "overt.sqlite3-wal"
            rounds.add(confirmed[-1].salts)
            damage(wal, synced(wal, confirmed[-1]), chance)
            check(after, confirmed)
            looked_for += len(confirmed)
            shutil.rmtree(after)
    print(
        f"{_CUTS} power cuts in {len(rounds)} rounds of the write-ahead log, {len(confirmed):,} "
        f"confirmed alerts, looked for {looked_for:,} times, none lost"
    )
    assert len(confirmed) >= _CUTS
    with a_record(home) as record:
        stored = {each.alert.alert_id for each in record.alerts.of_run(run.run_id)}
    assert {each.alert_id for each in confirmed} <= stored, "each opens with its key"


@contextmanager
def stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Stop a process in whatever it is doing, all its threads, and let it go on after."""
    process.send_signal(signal.SIGSTOP)
    try:
        deadline = time.monotonic() + 30
        while set(states(process.pid)) != {"T"}:
            assert time.monotonic() < deadline, "the writer does not stop"
            time.sleep(0.001)
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def states(pid: int) -> list[str]:
    """Return the state of each thread of a process: proc(5)."""
    stats = Path(f"/proc/{pid}/task").glob("*/stat")
    return [stat.read_text().rpartition(")")[2].split()[0] for stat in stats]


def told(writer: subprocess.Popen[bytes]) -> list[Confirmed]:
    """Return what the writer has confirmed since it was asked last."""
    assert writer.stdout is not None
    lines = [line.split() for line in (writer.stdout.read() or b"").decode().splitlines()]
    return [
        Confirmed(alert, int(entries), bytes.fromhex(salts), int(end))
        for alert, entries, salts, end in lines
    ]


def take(home: Path, after: Path) -> None:
    """Copy the record's files as they are."""
    after.mkdir()
    for name in ("overt.sqlite3", "overt.sqlite3-wal"):
        shutil.copyfile(home / name, after / name)


def synced(wal: Path, last: Confirmed) -> int:
    """Return how much of the write-ahead log the disk has confirmed."""
    data = wal.read_bytes()
    if data[_SALTS] != last.salts:
        return 0  # a new round has begun, and nothing of it is confirmed
    assert len(data) >= last.wal_end
    return last.wal_end


def damage(wal: Path, synced: int, chance: random.Random) -> None:
    """Lose what was not confirmed, in one of the ways in which it can be lost."""
    data = bytearray(wal.read_bytes())
    keep = synced + chance.randint(0, min(len(data) - synced, 20 * _FRAME_BYTES))
    way = chance.choice(("cut", "exact", "noise", "sectors", "zeros"))
    beyond = chance.randint(0, 2 * _FRAME_BYTES)
    if way == "exact":
        del data[synced:]
    elif way == "cut":
        del data[keep:]
    elif way == "noise":
        data[keep:] = chance.randbytes(len(data) - keep + beyond)
    elif way == "zeros":
        data[keep:] = bytes(len(data) - keep + beyond)
    else:
        for sector in range(-(-synced // 512) * 512, len(data), 512):
            if chance.random() < 0.5:
                data[sector : sector + 512] = chance.randbytes(len(data[sector : sector + 512]))
    wal.write_bytes(data)


def check(after: Path, confirmed: list[Confirmed]) -> None:
    """Open what the power left: all that was confirmed is there, once, and the log is whole."""
    with Record.open(after / "overt.sqlite3") as record:
        with record.access.reading() as connection:
            rows = connection.exec_driver_sql("SELECT alert_id FROM alerts").scalars().all()
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert {each.alert_id for each in confirmed} <= set(rows)
        assert record.journal.tree().size == 1 + len(rows) >= confirmed[-1].entries
        assert_whole(record)
        begun(record)  # it can be written again


def assert_whole(record: Record) -> None:
    """Compute the log again from its leaves: each follows the one before, and gives the root."""
    previous, hashes = bytes(32), []
    for index, (hashed, leaf) in enumerate(record.journal.entries()):
        entry = parse_leaf(leaf)
        assert (entry.index, entry.previous) == (index, previous)
        assert leaf_hash(leaf) == hashed
        hashes.append(hashed)
        previous = hashed
    tree = record.journal.tree()
    assert tree.size == len(hashes)
    assert Frontier.from_bytes(tree.size, tree.frontier).root() == tree_root(hashes)
