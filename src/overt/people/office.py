"""The office: the record, its log, its keys and a clock, which every act needs together.

`acting` is the one door through which a person changes or is shown something: the table of
permissions is asked, a refusal is itself put on the log, and the change belongs to one
transaction with its entry.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from overt.audit.events import ActRefused, Event
from overt.audit.log import SYSTEM, Log, Signer
from overt.audit.witness import witness_of
from overt.errors import AuditError, PermissionDenied
from overt.home import Home
from overt.keys.master import master_from
from overt.keys.memory import harden_process
from overt.people.permissions import MATRIX, Person, Thing, why_not
from overt.storage import KeyStore, Record
from overt.vocabulary import Act, Role


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, eq=False)
class Office:
    """Everything an act needs. Open it with `Office.open`; threads may share it."""

    home: Home
    record: Record
    keys: KeyStore
    log: Log
    clock: Callable[[], datetime]
    _closing: ExitStack = field(default_factory=ExitStack, repr=False)

    @classmethod
    def open(cls, home: Home, clock: Callable[[], datetime] = _utc_now) -> Self:
        """Open the office of an installation; what it needs is begun where there is none.

        `OVERT_MASTER_KEY` names the master key (`local` if nothing does) and `OVERT_WITNESS`
        the witness of the log, if there is one.

        Raises:
            MasterKeyError: there is no usable master key.
            ConfigurationError: the witness cannot be used.
            StorageError: the record or the key store cannot be opened.
        """
        harden_process()  # from here on it may hold keys and templates
        witness = witness_of(os.environ.get("OVERT_WITNESS", ""))
        master = master_from(os.environ.get("OVERT_MASTER_KEY", "local"), home.path)
        with ExitStack() as stack:
            keys = stack.enter_context(KeyStore.open(home.keys, master))
            record = stack.enter_context(Record.open(home.database, keys))
            log = Log(record, Signer.of(keys), witness, clock)
            return cls(home, record, keys, log, clock, stack.pop_all())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Sign what was written since the last checkpoint, and let go of everything."""
        with self._closing, suppress(AuditError):
            self.log.checkpoint_if_new()

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return self.clock()

    def demand(
        self, person: Person, act: Act, about: Thing, only: frozenset[Role] | None = None
    ) -> None:
        """Let an act be done, or put on the log that it was refused.

        `only` narrows the table down to roles that the deployment's policy names.

        Raises:
            PermissionDenied: the person may not do it.
        """
        why = why_not(person, act, about)
        if not why and only is not None and not person.roles & only & MATRIX[act].roles:
            why = "the policy does not let the role see it"
        if why:
            self.refuse(person, act, about, why)

    def refuse(self, person: Person, act: Act, about: Thing, why: str) -> None:
        """Put on the log that an act was refused, and raise it.

        Raises:
            PermissionDenied: always.
        """
        with self.record.together():
            self.log.write(ActRefused(act, str(about), why), by=person.account_id)
        raise PermissionDenied(
            f"You may not do this ({act}): {why}.",
            remedy="Ask somebody whose task it is; the attempt is on the log.",
        )

    @contextmanager
    def acting(
        self, person: Person, act: Act, about: Thing, only: frozenset[Role] | None = None
    ) -> Iterator[None]:
        """Let a person do something in one transaction with its entry of the log.

        Raises:
            PermissionDenied: they may not; that is put on the log.
            AuditError, StorageError: it cannot be written; nothing was done.
        """
        self.demand(person, act, about, only)
        with self.record.together():
            yield

    def note(self, event: Event, by: Person | None = None) -> None:
        """Put on the log something that changes nothing but was done, such as a look."""
        with self.record.together():
            self.log.write(event, by=by.account_id if by else SYSTEM)
