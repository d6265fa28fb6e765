"""The audit log's rows: entries in order, the tree's frontier, checkpoints, and salted references.

What an entry says is `overt.audit`'s; here it is bytes. No method changes or deletes an entry.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from overt.errors import MasterKeyError
from overt.keys.sealing import DataKey, open_sealed, seal
from overt.storage.access import Access
from overt.storage.keystore import KeyStore
from overt.storage.tables import audit_checkpoints, audit_entries, audit_references, audit_tree

_TREE = 1
_REFERENCES = "site/log-references"
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Tree:
    """How far the log has grown: its size, the compact range's hashes, and the last leaf hash."""

    size: int
    frontier: bytes
    last: bytes


class Journal:
    """The log's rows in a record; references need the key store."""

    def __init__(self, access: Access, keys: KeyStore | None) -> None:
        self._access = access
        self._keys = keys

    def tree(self) -> Tree:
        """Return how far the log has grown."""
        with self._access.reading() as connection:
            row = connection.execute(select(audit_tree)).one_or_none()
            if row is None:
                return Tree(0, b"", b"")
            at = audit_entries.c.position == row.size - 1
            last = connection.execute(select(audit_entries.c.leaf_hash).where(at)).scalar()
        return Tree(row.size, row.frontier, last or b"")

    def append(self, leaf: bytes, leaf_hash: bytes, frontier: bytes) -> int:
        """Add an entry to the open transaction and return its index; it must follow the tree."""
        with self._access.logging() as connection:
            size = self.tree().size
            connection.execute(
                insert(audit_entries), {"position": size, "leaf": leaf, "leaf_hash": leaf_hash}
            )
            grown = {"size": size + 1, "frontier": frontier}
            if size:
                connection.execute(update(audit_tree).values(grown))
            else:
                connection.execute(insert(audit_tree), {"tree_id": _TREE, **grown})
        return size

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Yield leaf hash and leaf of the entries from `start`, up to but not with `end`."""
        query = select(audit_entries).where(audit_entries.c.position >= start)
        if end is not None:
            query = query.where(audit_entries.c.position < end)
        with self._access.reading() as connection:
            for row in connection.execute(query.order_by(audit_entries.c.position)):
                yield row.leaf_hash, row.leaf

    def add_checkpoint(self, size: int, note: str) -> None:
        """Keep a signed checkpoint; one of this size is kept once."""
        at = audit_checkpoints.c.size == size
        with self._access.housekeeping() as connection:
            if connection.execute(select(audit_checkpoints.c.size).where(at)).first() is None:
                connection.execute(insert(audit_checkpoints), {"size": size, "note": note})

    def signed_size(self) -> int:
        """Return how many entries the largest checkpoint covers, 0 where there is none."""
        with self._access.reading() as connection:
            return connection.execute(select(func.max(audit_checkpoints.c.size))).scalar() or 0

    def checkpoints(self) -> list[tuple[int, str]]:
        """Return size and note of every checkpoint, the smallest first."""
        query = select(audit_checkpoints).order_by(audit_checkpoints.c.size)
        with self._access.reading() as connection:
            return [(row.size, row.note) for row in connection.execute(query)]

    def last_checkpoint(self) -> tuple[int, str] | None:
        """Return size and note of the largest checkpoint, or None where there is none."""
        query = select(audit_checkpoints).order_by(audit_checkpoints.c.size.desc()).limit(1)
        with self._access.reading() as connection:
            row = connection.execute(query).one_or_none()
        return (row.size, row.note) if row else None

    def reference(self, kind: str, content: str) -> str:
        """Return what stands for a content in entries: the hash of it and a salt kept here.

        The same content has the same reference while its salt is kept. Without the salt nobody
        can tell what a reference stands for, nor test a guess. What it stands for is sealed.
        """
        with self._access.writing() as connection:
            query = select(audit_references.c.reference).where(self._at(kind, content))
            known = connection.execute(query).scalar()
            if known is not None:
                return str(known)
            salt = secrets.token_bytes(_SALT_BYTES)
            reference = f"ref:{sha256(salt + kind.encode() + b'/' + content.encode()).hexdigest()}"
            row = {
                "reference": reference,
                "kind": kind,
                "entry": self._entry(kind, content),
                "salt": salt,
                "sealed_content": seal(self._key(), content.encode(), _place(reference)),
            }
            connection.execute(insert(audit_references), row)
        return reference

    def resolve(self, reference: str) -> tuple[str, str] | None:
        """Return kind and content of a reference, or None where its salt has been erased.

        Raises:
            SealingError: it was changed in the record.
        """
        at = audit_references.c.reference == reference
        with self._access.reading() as connection:
            row = connection.execute(select(audit_references).where(at)).one_or_none()
        if row is None:
            return None
        content = open_sealed(self._key(), row.sealed_content, _place(reference))
        return row.kind, content.decode()

    def erase_references(self, kind: str, content: str) -> int:
        """Erase the salt of a content, so that its entries can no longer be linked to it."""
        with self._access.writing() as connection:
            at = self._at(kind, content)
            return connection.execute(delete(audit_references).where(at)).rowcount

    def _at(self, kind: str, content: str) -> ColumnElement[bool]:
        return audit_references.c.entry == self._entry(kind, content)

    def _entry(self, kind: str, content: str) -> str:
        return self._key().pseudonym(f"reference to a {kind}", content)

    def _key(self) -> DataKey:
        if self._keys is None:
            raise MasterKeyError(
                "The record was opened without its keys.",
                remedy="Please report this as a fault in Overt.",
            )
        return self._keys.site_key(_REFERENCES)


def _place(reference: str) -> Mapping[str, str | int]:
    return {"reference": reference}
