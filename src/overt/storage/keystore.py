"""The key store: data keys, wrapped by the master key, in a file of their own beside the record.

What the record seals, it seals under keys that are not in the record, so that a backup of the
record holds ciphertext only, and destroying a key destroys what it sealed wherever a copy of it
may lie. For the same reason **the key store is never backed up**: a deployment lasts hours, and
losing the keys with the machine is the safer loss.

A key is on the disk before anything is sealed with it. What is destroyed leaves a tombstone (its
id, purpose and the time), and no byte of the wrapped key in the file or its write-ahead log.
"""

import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    PoolProxiedConnection,
    Table,
    Text,
    insert,
    select,
    update,
)

from overt.errors import SealingError
from overt.keys.master import MasterKey
from overt.keys.sealing import DataKey
from overt.storage import sqlite
from overt.storage.failures import told_plainly
from overt.storage.tables import UTCDateTime

_AT_HAND = 500
"""So many keys are kept in memory, unwrapped: each alert of a long day has one of its own."""

_metadata = MetaData()

_data_keys = Table(
    "data_keys",
    _metadata,
    Column("key_id", Text, primary_key=True),
    Column("purpose", Text, nullable=False, index=True),
    Column("wrapped", LargeBinary),
    Column("made_at", UTCDateTime, nullable=False),
    Column("destroyed_at", UTCDateTime),
)


class KeyStore:
    """Data keys by id. Open it with `KeyStore.open`; threads may share it."""

    def __init__(self, engine: Engine, master: MasterKey) -> None:
        self._engine = engine
        self._master = master
        self._known: dict[str, DataKey] = {}
        self._keeping = threading.Lock()
        self._site: dict[str, str] = {}
        self._watch: PoolProxiedConnection | None = None
        self._watching = threading.Lock()
        self._seen = -1
        self._standing: set[str] = set()

    @classmethod
    def open(cls, path: Path, master: MasterKey) -> Self:
        """Open the key store at `path`, which is begun (mode 0600) where there is none.

        Raises:
            StorageError: it cannot be opened or is no key store.
        """
        with told_plainly():
            store = cls(sqlite.open_engine(path, read_only=False, busy_timeout_s=5.0), master)
            with sqlite.for_writing(store._engine).begin() as connection:
                _metadata.create_all(connection)
        return store

    def close(self) -> None:
        """Let go of the file, and of every key in memory."""
        for key in self._known.values():
            key.wipe()
        self._known.clear()
        with told_plainly(), self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch, self._seen = None, -1
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

    @property
    def master(self) -> MasterKey:
        """The master key that wraps them."""
        return self._master

    def new(self, purpose: str) -> str:
        """Make a key for a purpose and return its id."""
        return self.new_ones(purpose, 1)[0]

    def new_ones(self, purpose: str, count: int) -> list[str]:
        """Make several keys at once, which costs one commit, and return their ids."""
        made = {uuid.uuid4().hex: DataKey.new() for _ in range(count)}
        rows = [
            {
                "key_id": key_id,
                "purpose": purpose,
                "wrapped": self._master.wrap(key, _bound(key_id, purpose)),
                "made_at": datetime.now(UTC),
            }
            for key_id, key in made.items()
        ]
        with told_plainly(), sqlite.for_writing(self._engine).begin() as connection:
            connection.execute(insert(_data_keys), rows)
        for key_id, key in made.items():
            self._kept(key_id, key)
        return list(made)

    def key(self, key_id: str) -> DataKey:
        """Return a key.

        Raises:
            SealingError: it was destroyed, was never here, or the master key is another one.
        """
        known = self._known.get(key_id)
        if known is None:
            return self._kept(key_id, self._unwrapped(key_id))
        if not self._stands(key_id):
            self._forget(key_id)
            return self._unwrapped(key_id)
        return known

    def site_key(self, purpose: str) -> DataKey:
        """Return the one key of this installation for a purpose, made at first use."""
        if purpose in self._site:
            return self.key(self._site[purpose])
        with told_plainly(), sqlite.for_writing(self._engine).begin() as connection:
            found = connection.execute(
                select(_data_keys.c.key_id).where(
                    _data_keys.c.purpose == purpose, _data_keys.c.destroyed_at.is_(None)
                )
            ).scalar()
            key_id = found or self._insert(connection, purpose)
        self._site[purpose] = key_id
        return self.key(key_id)

    def destroy(self, key_ids: Sequence[str]) -> None:
        """Destroy keys: none of their bytes is left here, and what they sealed is lost for ever.

        Asking again, after a deletion that was cut short, finishes it.
        """
        for key_id in key_ids:
            self._forget(key_id)
        now = datetime.now(UTC)
        with told_plainly(), sqlite.for_writing(self._engine).begin() as connection:
            connection.execute(
                update(_data_keys)
                .where(_data_keys.c.key_id.in_(key_ids), _data_keys.c.destroyed_at.is_(None))
                .values(wrapped=None, destroyed_at=now)
            )
        with told_plainly():
            sqlite.erase_traces(self._engine)

    def destroyed_at(self, key_id: str) -> datetime | None:
        """Return when a key was destroyed, or None where it stands."""
        with told_plainly(), self._engine.begin() as connection:
            query = select(_data_keys.c.destroyed_at).where(_data_keys.c.key_id == key_id)
            return connection.execute(query).scalar()

    def _insert(self, connection: Connection, purpose: str) -> str:
        key_id, key = uuid.uuid4().hex, DataKey.new()
        row = {
            "key_id": key_id,
            "purpose": purpose,
            "wrapped": self._master.wrap(key, _bound(key_id, purpose)),
            "made_at": datetime.now(UTC),
        }
        connection.execute(insert(_data_keys), row)
        return key_id

    def _stands(self, key_id: str) -> bool:
        # Another process may have destroyed it; what is destroyed must stop working everywhere.
        # So it is looked up whenever anybody has written since, which SQLite tells cheaply.
        with self._watching:
            seen = self._version()
            if seen != self._seen:
                self._standing.clear()
                self._seen = seen
            elif key_id in self._standing:
                return True
        stands = self.destroyed_at(key_id) is None
        with self._watching:
            if stands and seen == self._seen:
                self._standing.add(key_id)
        return stands

    def _version(self) -> int:
        """Return a number that changes with every commit: `PRAGMA data_version`."""
        with told_plainly():
            if self._watch is None:
                self._watch = self._engine.raw_connection()
            cursor = self._watch.cursor()
            cursor.execute("PRAGMA data_version")
            (version,) = cursor.fetchone() or (-1,)
            cursor.close()
        return int(version)

    def _unwrapped(self, key_id: str) -> DataKey:
        with told_plainly(), self._engine.begin() as connection:
            query = select(_data_keys).where(_data_keys.c.key_id == key_id)
            row = connection.execute(query).one_or_none()
        if row is None or row.wrapped is None:
            raise SealingError(
                "The key of what is sealed here has been destroyed, or was never on this machine.",
                remedy="Nothing can open it again; its receipt says when it was destroyed.",
            )
        return self._master.unwrap(row.wrapped, _bound(key_id, row.purpose))

    def _kept(self, key_id: str, key: DataKey) -> DataKey:
        """Keep a key at hand, in place of the oldest that is; return the one that is kept.

        Two threads may unwrap it at once: both use the first one's. Whoever still uses one that
        goes has it until then.
        """
        with self._keeping:
            kept = self._known.setdefault(key_id, key)
            for oldest in list(self._known)[:-_AT_HAND]:
                del self._known[oldest]
            return kept

    def _forget(self, key_id: str) -> None:
        with self._keeping:
            key = self._known.pop(key_id, None)
        if key is not None:
            key.wipe()


def _bound(key_id: str, purpose: str) -> str:
    return f"{purpose}/{key_id}"
