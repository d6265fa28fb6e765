"""Whether the service can do its work now: what a load balancer or a watcher asks.

Whoever asks need not be signed in. So an answer is a few fixed sentences: no path, no name, no
number of anything. It is kept for a moment, since asking takes the lock that every change takes.
"""

import shutil
from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from time import monotonic

from overt.audit.canonical import parse_leaf
from overt.audit.log import Signer
from overt.errors import OvertError
from overt.logs import tell
from overt.logs.events import DiskLow, ServiceNotReady, ServiceReady
from overt.people.office import Office

DISK_FLOOR_BYTES = 500_000_000
"""Below this nothing is ready: it is what a busy day's alerts and the log may need."""

LATEST_CHECKPOINT = timedelta(minutes=10)
"""An entry that no checkpoint covers for so long is overdue; they are signed every minute."""

_KEPT_S = 2.0
_NEARLY_FULL = "The disk that holds the record is nearly full."


class Readiness:
    """Says what is wrong with an office's service. Threads may share it."""

    def __init__(self, office: Office, free_bytes: Callable[[], int] | None = None) -> None:
        """`free_bytes` says how much room the disk that holds the record has."""
        self._office = office
        self._free_bytes = free_bytes or (lambda: shutil.disk_usage(office.home.path).free)
        self._lock = Lock()
        self._asked_s = monotonic() - _KEPT_S
        self._reasons: tuple[str, ...] = ("The service has just begun.",)

    def reasons(self) -> tuple[str, ...]:
        """Return why the service is not ready, in plain words; nothing where it is."""
        if self._lock.acquire(blocking=False):  # or many who ask would wait for one that waits
            try:
                self._look_again()
            finally:
                self._lock.release()
        return self._reasons

    def _look_again(self) -> None:
        if monotonic() - self._asked_s >= _KEPT_S:
            checks = (self._record, self._keys, self._disk, self._checkpoint)
            before, self._reasons = self._reasons, tuple(filter(None, (each() for each in checks)))
            self._asked_s = monotonic()
            self._tell(before)

    def _tell(self, before: tuple[str, ...]) -> None:
        """Tell the log what has changed."""
        if self._reasons == before:
            return
        tell(ServiceNotReady(self._reasons) if self._reasons else ServiceReady())
        if _NEARLY_FULL in self._reasons and _NEARLY_FULL not in before:
            tell(DiskLow(self._free_bytes() // 1_000_000))

    def _record(self) -> str:
        try:
            self._office.record.demand_writable()
        except OvertError:
            return "The record cannot be written."
        return ""

    def _keys(self) -> str:
        try:
            Signer.of(self._office.keys)
        except OvertError:
            return "The key store cannot be opened."
        return ""

    def _disk(self) -> str:
        try:
            full = self._free_bytes() < DISK_FLOOR_BYTES
        except OSError:
            return "The disk that holds the record cannot be looked at."
        return _NEARLY_FULL if full else ""

    def _checkpoint(self) -> str:
        try:
            overdue = unsigned_for(self._office) > LATEST_CHECKPOINT
        except OvertError:
            return "The log cannot be read."
        return "The log has not been signed for too long." if overdue else ""


def unsigned_for(office: Office) -> timedelta:
    """Return how long the oldest entry that no checkpoint covers has waited; zero for none.

    Raises:
        AuditError, StorageError: the log cannot be read.
    """
    journal = office.record.journal
    signed = journal.signed_size()
    waiting = next(iter(list(journal.entries(signed, signed + 1))), None)
    return office.now() - parse_leaf(waiting[1]).at if waiting else timedelta()
