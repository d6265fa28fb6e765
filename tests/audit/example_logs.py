"""Small audit logs, written by Overt's own modules, as files and as the three SQLite tables.

Everything is drawn from fixed seeds and times, so that the same call makes the same bytes.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from overt.audit.canonical import Entry, entry_leaf
from overt.audit.checkpoint import Checkpoint, sign, verifier_key
from overt.audit.merkle import HASH_BYTES, Frontier, leaf_hash

NAME = "overt.example/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
VERIFIER = verifier_key(NAME, KEY.public_key())
BEGAN = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ExampleLog:
    """A log's leaves, and its signed checkpoints by size."""

    leaves: tuple[bytes, ...]
    notes: dict[int, str]

    @property
    def hashes(self) -> list[bytes]:
        """The leaf hashes."""
        return [leaf_hash(leaf) for leaf in self.leaves]

    def frontier(self, size: int | None = None) -> Frontier:
        """Return the growing edge of the first `size` entries."""
        frontier = Frontier()
        for each in self.hashes[:size]:
            frontier = frontier.append(each)
        return frontier


def example_log(
    size: int = 12,
    every: int = 4,
    *,
    told: str = "synthetic",
    key: Ed25519PrivateKey = KEY,
    minutes: Sequence[int] = (),
) -> ExampleLog:
    """Return a log with a checkpoint after `every` entries, about something `told`.

    `minutes` after the beginning are the entries' times; without them they are a minute apart.
    """
    leaves: list[bytes] = []
    previous = bytes(HASH_BYTES)
    for index in range(size):
        at = BEGAN + timedelta(minutes=minutes[index] if minutes else index)
        data = {"alert": f"a{index}", "threshold": 0.6 + index / 7, "told": told}
        entry = Entry(index, previous, at, "system", "alert.raised", data)
        leaves.append(entry_leaf(entry))
        previous = leaf_hash(leaves[-1])
    return signed(leaves, range(every, size + 1, every), key=key)


def signed(
    leaves: Sequence[bytes], sizes: Sequence[int], *, key: Ed25519PrivateKey = KEY
) -> ExampleLog:
    """Return the log of these leaves, with checkpoints at these sizes."""
    bare = ExampleLog(tuple(leaves), {})
    notes = {}
    for size in sizes:
        at = BEGAN + timedelta(hours=1, minutes=size)
        made = Checkpoint(NAME, size, bare.frontier(size).root(), at)
        notes[size] = sign(made, NAME, key)
    return ExampleLog(bare.leaves, notes)


def write_folder(log: ExampleLog, folder: Path, verifier: str = VERIFIER) -> Path:
    """Write a log as an export folder."""
    (folder / "checkpoints").mkdir(parents=True)
    lines = [
        f"{hashed.hex()} ".encode() + leaf + b"\n"
        for hashed, leaf in zip(log.hashes, log.leaves, strict=True)
    ]
    (folder / "entries.log").write_bytes(b"".join(lines))
    (folder / "log.key").write_text(f"{verifier}\n", "utf-8")
    write_notes(log, folder / "checkpoints")
    return folder


def write_notes(log: ExampleLog, folder: Path) -> Path:
    """Write a log's checkpoints as a witness keeps them."""
    folder.mkdir(parents=True, exist_ok=True)
    for size, note in log.notes.items():
        (folder / f"{size:012d}.txt").write_text(note, "utf-8")
    return folder


def write_tables(log: ExampleLog, path: Path, page_size: int = 512) -> Path:
    """Write a log as the tables of a record."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA page_size = {page_size}")
        connection.executescript(
            """
            CREATE TABLE audit_entries (
              position INTEGER NOT NULL PRIMARY KEY, leaf BLOB NOT NULL, leaf_hash BLOB NOT NULL);
            CREATE TABLE audit_checkpoints (size INTEGER NOT NULL PRIMARY KEY, note TEXT NOT NULL);
            CREATE TABLE audit_tree (
              tree_id INTEGER NOT NULL PRIMARY KEY, size INTEGER NOT NULL, frontier BLOB NOT NULL);
            """
        )
        rows = zip(range(len(log.leaves)), log.leaves, log.hashes, strict=True)
        connection.executemany("INSERT INTO audit_entries VALUES (?, ?, ?)", rows)
        connection.executemany("INSERT INTO audit_checkpoints VALUES (?, ?)", log.notes.items())
        tree = (1, len(log.leaves), log.frontier().to_bytes())
        connection.execute("INSERT INTO audit_tree VALUES (?, ?, ?)", tree)
    return path
