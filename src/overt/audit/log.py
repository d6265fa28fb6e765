"""The audit log: entries written with the act they are of, and checkpoints that others keep.

An entry belongs to the transaction that makes the change (`Record.together`): either both are
on the disk or neither is. Checkpoints are signed after every so many entries, and about every
minute while something happens; each also goes to the witness, if there is one, since a log
whose checkpoints nobody else keeps is only a promise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from overt.audit.canonical import FIRST, Entry, entry_leaf, parse_leaf
from overt.audit.checkpoint import Checkpoint, sign, verifier_key
from overt.audit.events import LISTED, Event
from overt.audit.merkle import Frontier, leaf_hash
from overt.audit.witness import FolderWitness, NoWitness, Witness
from overt.errors import AuditError
from overt.logs import tell
from overt.logs.events import CheckpointSigned, WitnessAway, WitnessBack
from overt.storage import KeyStore, Record
from overt.storage.journal import Tree

SYSTEM = "system"
"""Who acts where no person does: a deadline, a window's end, a camera's alert."""

_EVERY_ENTRIES = 256
_EVERY_S = 60.0
_SIGNING = "site/log-signing"


@dataclass(frozen=True, slots=True)
class Signer:
    """What checkpoints are signed with, and under which name."""

    name: str
    key: Ed25519PrivateKey

    @classmethod
    def of(cls, keys: KeyStore) -> "Signer":
        """Return the signer of this installation, whose key is made at first use."""
        key = Ed25519PrivateKey.from_private_bytes(keys.site_key(_SIGNING).reveal())
        mark = sha256(key.public_key().public_bytes_raw()).hexdigest()[:8]
        return cls(f"overt-log-{mark}", key)

    @property
    def verifier(self) -> str:
        """The text by which others verify what it signs."""
        return verifier_key(self.name, self.key.public_key())


class Log:
    """The audit log of one record. Threads may share it."""

    def __init__(
        self,
        record: Record,
        signer: Signer,
        witness: Witness | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._record = record
        self._signer = signer
        self._witness: Witness = witness or NoWitness()
        self._clock = clock
        self._signed_size = 0
        self._signed_s = monotonic()
        self._witness_away = False

    @property
    def verifier(self) -> str:
        """The text by which others verify its checkpoints."""
        return self._signer.verifier

    @property
    def witness_folder(self) -> Path | None:
        """The folder in which the witness keeps its checkpoints, where it is one."""
        return self._witness.folder if isinstance(self._witness, FolderWitness) else None

    def write(self, event: Event, by: str = SYSTEM) -> int:
        """Add an entry to the open transaction and return its index; `by` is an account's id.

        Raises:
            AuditError: no transaction is open, or the log's tree was altered.
            StorageError: it cannot be written; whatever was to be done is not done.
        """
        journal = self._record.journal
        actor = by if by == SYSTEM else journal.reference("person", by)
        data = self._data(event)
        tree = journal.tree()
        entry = Entry(tree.size, tree.last or FIRST, self._clock(), actor, event.tag, data)
        leaf = entry_leaf(entry)
        hashed = leaf_hash(leaf)
        grown = _edge(tree).append(hashed)
        return journal.append(leaf, hashed, grown.to_bytes())

    def last_at(self) -> datetime | None:
        """Return when its last entry was written, by the clock as it was then; None of an empty log.

        Raises:
            AuditError, StorageError: the log cannot be read.
        """
        journal = self._record.journal
        for _, leaf in list(journal.entries(max(0, journal.tree().size - 1))):
            return parse_leaf(leaf).at
        return None

    def checkpoint_if_due(self) -> Checkpoint | None:
        """Sign a checkpoint where enough has been written, or a minute passed since the last."""
        if monotonic() - self._signed_s < _EVERY_S:
            size = self._record.journal.tree().size
            if size - self._signed_size < _EVERY_ENTRIES:
                return None
        return self.checkpoint()

    def checkpoint_if_new(self) -> Checkpoint | None:
        """Sign a checkpoint where anything was written that none covers yet."""
        journal = self._record.journal
        return self.checkpoint() if journal.tree().size > journal.signed_size() else None

    def checkpoint(self) -> Checkpoint | None:
        """Sign the log as it is, keep that, and hand it to the witness; None of an empty log.

        Raises:
            AuditError: the witness cannot be reached, and it is handed over with the next one; or the
            log's tree was altered.
        """
        tree = self._record.journal.tree()
        self._signed_s = monotonic()
        if not tree.size:
            return None
        root = _edge(tree).root()
        made = Checkpoint(self._signer.name, tree.size, root, self._clock())
        self._record.journal.add_checkpoint(
            tree.size, sign(made, self._signer.name, self._signer.key)
        )
        if tree.size != self._signed_size:
            tell(CheckpointSigned(tree.size))
        self._signed_size = tree.size
        self._hand_over()
        return made

    def _hand_over(self) -> None:
        """Hand what is signed to the witness, and tell the log of the machine if it goes or comes."""
        try:
            self._witness.take(self._record.journal.checkpoints(), self.verifier)
        except AuditError:
            if not self._witness_away:
                tell(WitnessAway())
            self._witness_away = True
            raise
        if self._witness_away:
            tell(WitnessBack())
        self._witness_away = False

    def export(self, folder: Path) -> int:
        """Write the log out for outsiders, and return how many entries it has.

        The folder is `entries.log`, `checkpoints/` and `log.key`, as
        docs/reference/audit-log.md describes them.

        Raises:
            AuditError: the folder holds something already, which could be taken for the log's.
            OSError: it cannot be written there.
        """
        if folder.exists() and any(folder.iterdir()):
            raise AuditError("The folder to export to is not empty.", remedy="Name a new folder.")
        self.checkpoint_if_new()
        (folder / "checkpoints").mkdir(parents=True, exist_ok=True, mode=0o700)
        # Checkpoints first: what is written meanwhile must not leave one of more than was exported.
        checkpoints = self._record.journal.checkpoints()
        size = 0
        with (folder / "entries.log").open("wb") as file:
            for hashed, leaf in self._record.journal.entries():
                file.write(hashed.hex().encode() + b" " + leaf + b"\n")
                size += 1
        for at, note in checkpoints:
            (folder / "checkpoints" / f"{at:012d}.txt").write_text(note, encoding="utf-8")
        (folder / "log.key").write_text(self.verifier + "\n", encoding="utf-8")
        return size

    def _data(self, event: Event) -> Mapping[str, Any]:
        salted = event.salted()
        return {
            name: self._reference(salted[name].kind, value) if name in salted else _plain(value)
            for name, value in event.plain().items()
        }

    def _reference(self, kind: str, content: str) -> str:
        """Return what stands for a content; of a subject not even the id is kept beside the log.

        Whoever has a subject's id can still tell their entries, through the same pseudonym.
        """
        if kind == LISTED:
            content = self._record.watchlists.pseudonym(content)
        return self._record.journal.reference(kind, content)


def _edge(tree: Tree) -> Frontier:
    try:
        return Frontier.from_bytes(tree.size, tree.frontier)
    except ValueError as error:
        raise AuditError(
            "The edge of the log's tree is not as it was written.",
            remedy="Check the log with `overt-verify`, and go on from a copy of the record.",
        ) from error


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | frozenset):
        return [_plain(each) for each in (value if isinstance(value, tuple) else sorted(value))]
    return value
