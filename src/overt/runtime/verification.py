"""Verifying the log while the service runs: the standalone verifier's own code, in a thread.

Whoever could alter this machine could alter this as well: for a proof, overt-verify runs
elsewhere, on an export, with checkpoints that were kept there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread

import overt_verify
from overt.errors import AuditError
from overt.people.office import Office
from overt.people.permissions import Person


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification that somebody asked for; under way until it has its report or its failure.

    `witness` says that checkpoints were there in the witness folder, `kept` that the person gave
    one of their own.
    """

    begun_at: datetime
    witness: bool
    kept: bool
    finished_at: datetime | None = None
    report: overt_verify.Report | None = None
    failure: str = ""

    @property
    def intact(self) -> bool:
        """Whether nothing was found that should not be so."""
        return self.report is not None and not self.report.problems


class Verifications:
    """Each person's latest verification; they are done one after another."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._lock = Lock()
        self._turn = Lock()
        self._threads: dict[str, Thread] = {}
        self._latest: dict[str, Verification] = {}

    def begin(self, person: Person, kept: str = "") -> None:
        """Begin to verify the log, against the witness folder and a checkpoint that was kept.

        Raises:
            AuditError: theirs is under way already.
        """
        folder = self._office.log.witness_folder
        witness = folder is not None and any(folder.glob("*.txt"))
        retained = [folder] if folder is not None and witness else []
        with self._lock:
            latest = self._latest.get(person.account_id)
            if latest is not None and latest.finished_at is None:
                raise AuditError("A verification is under way.", remedy="Wait for its result.")
            thread = Thread(
                target=self._verify,
                args=(person.account_id, retained, kept),
                name="verification",
                daemon=True,
            )
            thread.start()  # its end waits for the lock
            self._threads[person.account_id] = thread
            self._latest[person.account_id] = Verification(
                self._office.now(), witness=witness, kept=bool(kept)
            )

    def latest(self, person: Person) -> Verification | None:
        """Return a person's latest verification, if they have asked for one."""
        with self._lock:
            return self._latest.get(person.account_id)

    def wait(self, person: Person, longest_s: float) -> None:
        """Wait until theirs has ended, but no longer than this."""
        with self._lock:
            thread = self._threads.get(person.account_id)
        if thread is not None:
            thread.join(longest_s)

    def _verify(self, account_id: str, retained: Sequence[Path], kept: str) -> None:
        found: overt_verify.Report | None = None
        failure = ""
        try:
            with self._turn, TemporaryDirectory() as folder:
                given = Path(folder) / "checkpoint that you gave"
                if kept:
                    given.write_text(kept, encoding="utf-8")
                found = self._report([*retained, *([given] if kept else [])])
        except (overt_verify.CallError, OSError) as error:
            failure = (error.strerror if isinstance(error, OSError) else str(error)) or "unknown"
        except Exception as error:  # noqa: BLE001  a thread's last resort: it must say that it ended
            failure = type(error).__name__
        with self._lock:
            self._latest[account_id] = replace(
                self._latest[account_id],
                finished_at=self._office.now(),
                report=found,
                failure=failure,
            )

    def _report(self, retained: list[Path]) -> overt_verify.Report:
        office = self._office
        return overt_verify.verify(office.record.path, office.log.verifier, retained)
