"""Deployments that one process runs one after another, each handed over to the next.

A hand-over is asked for on record, as a stop is. While the deployment that runs goes on searching,
the other one is made ready in a thread: its terms are held, its list is opened, and the
gallery laid into memory that its cameras will share. Then it begins on record, every camera is
given its new job between two frames (`Supervisor.change`), and when the last one has
answered, the one before ends. Whatever is refused on the way leaves it running as it was, and is
told to whoever asked.
"""

import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from overt.audit.events import HandedOver
from overt.deployment.expiry import expire
from overt.deployment.file import Deployment
from overt.deployment.handing_over import demand_may_follow
from overt.deployment.lifecycle import end, refuse_hand_over, start
from overt.deployment.recorded import policy_of
from overt.errors import OvertError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.people.signing_in import person_behind
from overt.retention.clocks import apply_quietly
from overt.runtime.ledger import Ledger, Mandate
from overt.runtime.run import Heir
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.standing import Authorised
from overt.runtime.starting import Ready, demand_startable, made_ready
from overt.runtime.views import RunView
from overt.storage import DeploymentRow, HandOverRow
from overt.vocabulary import HandOverState

_ASKED_EVERY_S = 0.25
_IN_THE_BACKGROUND = 5
"""How nice the thread is that makes a deployment ready, so that cameras go on undisturbed."""


@runtime_checkable
class Screens(Protocol):
    """Where a process shows the deployments that it runs, each in its turn."""

    def begin(self, row: DeploymentRow, deployment: Deployment) -> RunView:
        """Return the view of a deployment that begins now, or takes another one's cameras over."""

    def left(self, row: DeploymentRow) -> None:
        """A deployment has ended here, since another one has its cameras."""


class OneScreen:
    """One view of whatever runs."""

    def __init__(self, view: RunView) -> None:
        self._view = view

    def begin(self, row: DeploymentRow, deployment: Deployment) -> RunView:  # noqa: ARG002
        """See `Screens.begin`."""
        return self._view

    def left(self, row: DeploymentRow) -> None:
        """See `Screens.left`."""


@dataclass(frozen=True, slots=True, eq=False)
class _Next:
    """A deployment that is ready to take the cameras over."""

    ready: Ready
    gallery: SharedGallery

    def let_go(self) -> None:
        self.gallery.close()
        self.ready.let_go()


class Succession:
    """Who follows whom among the deployments of one process, on record. Use it in a `with` statement.

    `reason` says why the last one ended. For use by one thread.
    """

    def __init__(self, office: Office, screens: Screens) -> None:
        self.reason = "its process failed"
        self._office = office
        self._screens = screens
        self._thread = ThreadPoolExecutor(1, "handing-over")
        self._running: dict[str, Ready] = {}  # by run
        self._ledger: Ledger | None = None
        self._preparing: tuple[HandOverRow, Future[_Next]] | None = None
        self._handing: HandOverRow | None = None
        self._asked_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what still runs, and see to what is due."""
        began = bool(self._running)
        try:
            for ready in self._running.values():
                end(self._office, ready.row.deployment_id, self.reason)
        finally:
            self._thread.shutdown()
            if self._preparing is not None:
                with suppress(Exception):  # it came to nothing, and was to come to nothing
                    self._preparing[1].result().let_go()
            for ready in self._running.values():
                ready.let_go()
        if began:
            self._see_to_what_is_due()

    def first(self, person: Person, row: DeploymentRow) -> Ledger:
        """Begin with a deployment, and return the books of its run, which has not begun.

        Raises:
            PermissionDenied, AuthorityError, LifecycleError: it may not be searched now.
            StorageError, AuditError: the record cannot be written.
        """
        ready = made_ready(self._office, person, row)
        try:
            if asked := self._office.record.hand_overs.asked(row.deployment_id):
                refuse_hand_over(
                    self._office, asked, "The process that ran it was gone.", "its process had died"
                )
            return self._started(ready, "started")
        except BaseException:  # or nobody could start it before this process is gone
            ready.let_go()
            raise

    def next(self) -> Heir | None:
        """See `overt.runtime.run.Heirs.next`."""
        if self._preparing is None:
            if asked := self._asked():
                self._preparing = (asked, self._thread.submit(self._made_ready, asked))
            return None
        asked, preparing = self._preparing
        if not preparing.done():
            return None
        self._preparing = None
        try:
            return self._taken_over(asked, preparing.result())
        except OvertError as refusal:
            words = str(refusal)
            why = f"it was refused ({type(refusal).__name__})"
        except Exception as fault:  # noqa: BLE001 - whatever it is, the deployment that runs goes on
            words = f"It failed ({type(fault).__name__}). Please report this as a fault in Overt."
            why = f"it failed ({type(fault).__name__})"
        refuse_hand_over(self._office, asked, words, why)
        return None

    def left(self, ledger: Ledger) -> None:
        """See `overt.runtime.run.Heirs.left`."""
        office, asked, heir = self._office, self._handing, self._ledger
        assert asked is not None
        assert heir is not None
        event = HandedOver(asked.deployment_id, asked.successor_id, ledger.run_id, heir.run_id)
        with office.record.together():
            now = office.now()
            office.record.hand_overs.answer(asked.hand_over_id, HandOverState.DONE, now, "")
            office.log.write(event, by=asked.by)
            end(office, asked.deployment_id, f"handed over to {asked.successor_id[:8]}")
        self._handing = None
        ready = self._running.pop(ledger.run_id)
        ready.let_go()
        self._screens.left(ready.row)
        self._thread.submit(self._see_to_what_is_due)

    def _asked(self) -> HandOverRow | None:
        """Return what is asked of the deployment that runs; the record is asked now and then."""
        now_s = monotonic()
        if now_s - self._asked_s < _ASKED_EVERY_S or self._ledger is None:
            return None
        self._asked_s = now_s
        deployment_id = self._ledger.mandate.deployment_id
        return self._office.record.hand_overs.asked(deployment_id) if deployment_id else None

    def _made_ready(self, asked: HandOverRow) -> _Next:
        """Make the other deployment ready; in a thread, which takes what cameras leave."""
        be_nice()
        office = self._office
        person = person_behind(office, asked.by)
        ready = made_ready(office, person, self._demanded(asked, person))
        try:
            shared = SharedGallery.of(ready.prepared.gallery)
        except OvertError:
            ready.let_go()
            raise
        prepared = replace(ready.prepared, gallery=shared.gallery())
        return _Next(replace(ready, prepared=prepared), shared)

    def _demanded(self, asked: HandOverRow, person: Person) -> DeploymentRow:
        """Return the other deployment, if the one that runs may be handed over to it now."""
        row = self._office.record.deployments.find(asked.deployment_id)
        successor = self._office.record.deployments.find(asked.successor_id)
        demand_may_follow(self._office, person, row, successor)
        demand_startable(self._office, person, successor)
        return successor

    def _taken_over(self, asked: HandOverRow, following: _Next) -> Heir:
        """Begin with the other deployment, as long as all that was held still holds."""
        try:
            row = self._demanded(asked, following.ready.person)
            ledger = self._begun(replace(following.ready, row=row), asked)
        except BaseException:
            following.let_go()
            raise
        self._ledger, self._handing = ledger, asked
        return Heir(ledger, following.gallery)

    def _begun(self, ready: Ready, asked: HandOverRow) -> Ledger:
        ledger = self._started(ready, f"takes over from {asked.deployment_id[:8]}")
        try:
            ledger.begin()
        except BaseException:
            del self._running[ledger.run_id]
            end(self._office, ready.row.deployment_id, self.reason)
            self._screens.left(ready.row)
            raise
        return ledger

    def _started(self, ready: Ready, reason: str) -> Ledger:
        office, person = self._office, ready.person
        row = start(office, person, ready.row, reason)
        try:
            kept = timedelta(days=policy_of(row).retention.alerts_days)
            mandate = Mandate(row.deployment_id, Authorised(office, row), kept, person.account_id)
            view = self._screens.begin(row, ready.deployment)
            ledger = Ledger(ready.deployment, office, ready.prepared, mandate, view)
        except BaseException:  # it is live on record, and nobody looks
            end(office, row.deployment_id, self.reason)
            raise
        self._running[ledger.run_id] = ready
        self._ledger = self._ledger or ledger
        view.listed(ready.prepared.listed)
        return ledger

    def _see_to_what_is_due(self) -> None:
        expire(self._office)
        apply_quietly(self._office)


def be_nice() -> None:
    """Give way to everything else on the machine; on Linux that is each thread's own."""
    if sys.platform.startswith("linux"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _IN_THE_BACKGROUND)
