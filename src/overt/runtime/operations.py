"""Deployments that this process runs for whoever presses a button, and lists that it enrols.

Each runs in a thread of its own, by the same `operate` as the command line's. Stopping one is an
act on record (`overt.runtime.operation.stop`), wherever it runs; only the end of the whole
service comes from here.
"""

import threading
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from time import monotonic

from overt.audit.events import ActRefused
from overt.deployment.file import Deployment
from overt.deployment.recorded import opened, thing_of
from overt.errors import LifecycleError, NotFoundError, OvertError
from overt.logs import fault
from overt.logs.events import Part
from overt.people.office import Office
from overt.people.permissions import Person, Thing
from overt.runtime.drafting import draft
from overt.runtime.handover import Screens
from overt.runtime.live import LiveDeployment, LiveHub
from overt.runtime.operation import operate
from overt.runtime.run import RunOptions
from overt.runtime.starting import demand_startable
from overt.runtime.views import RunView
from overt.storage import DeploymentRow
from overt.vocabulary import Act, RunEnding

_ENDING_S = 30.0
"""How long the end of the service waits for its runs: cameras are given ten seconds, and the
record of each run is then written."""


class DraftState(StrEnum):
    """Where the enrolment of a draft's list stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DraftJob:
    """A deployment that is being drafted: `done` of `entries` are enrolled, 0 of 0 at first.

    `error` says in plain words why it failed, and `deployment_id` what it became.
    """

    done: int = 0
    entries: int = 0
    state: DraftState = DraftState.RUNNING
    error: str = ""
    deployment_id: str = ""


class Operations:
    """Starts deployments and drafts in threads, and knows what became of them. Threads share it."""

    def __init__(
        self, office: Office, hub: LiveHub | None = None, *, threads: int | None = None
    ) -> None:
        """`threads` is how many processor threads each camera may use; None for its share."""
        self.hub = hub or LiveHub()
        self._office = office
        self._options = RunOptions(
            paced=True, threads=threads, stopped_words="the service was shut down"
        )
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._runs: dict[str, threading.Thread] = {}
        self._failures: dict[str, str] = {}
        self._drafting: set[threading.Thread] = set()
        self._drafts: dict[str, tuple[str, DraftJob]] = {}  # by account: the last job's id, and it

    # --- deployments ------------------------------------------------------------------------

    def start(self, person: Person, deployment_id: str) -> None:
        """Begin to run an authorised deployment, as `operate` does, and return at once.

        What goes wrong from then on is told by `failure`.

        Raises:
            PermissionDenied: the person may not start it.
            AuthorityError: its window is not now.
            LifecycleError: it runs here already, its file is gone, or the service is ending.
            MasterKeyError: it is live, and the master key lies beside the record.
            NotFoundError: there is none of this id.
        """
        row = self._office.record.deployments.find(deployment_id)
        demand_startable(self._office, person, row)
        cameras = [camera.name for camera in opened(self._office, row).cameras]
        with self._lock:
            self._demand_open()
            if row.deployment_id in self._runs:
                raise LifecycleError(
                    "The deployment is running already.", remedy="See how its cameras do."
                )
            self._failures.pop(row.deployment_id, None)
            view = self.hub.begin(row.deployment_id, cameras)
            thread = threading.Thread(
                target=self._run, args=(person, row, view), name="operation", daemon=True
            )
            thread.start()  # its end waits for the lock
            self._runs[row.deployment_id] = thread

    def running(self) -> set[str]:
        """Return the ids of the deployments that run here."""
        with self._lock:
            return set(self._runs)

    def failure(self, deployment_id: str) -> str:
        """Return why a deployment's last start here came to nothing, in plain words; or nothing."""
        return self._failures.get(deployment_id, "")

    def stop_all(self) -> None:
        """End every run and draft, and wait for them: for the end of the service."""
        self._stopping.set()
        with self._lock:
            threads = [*self._runs.values(), *self._drafting]
        until_s = monotonic() + _ENDING_S
        for thread in threads:
            thread.join(max(0.0, until_s - monotonic()))

    def _run(self, person: Person, row: DeploymentRow, view: LiveDeployment) -> None:
        error, failure = "", None
        shown = _Shown(self, row, view)
        try:
            result = operate(self._office, person, row, shown, self._options, self._stopping.is_set)
            if result.ending is RunEnding.FAILED:
                error = " ".join(map(str, result.errors)) or result.reason
        except OvertError as refusal:
            error, failure = str(refusal), refusal
        except Exception as unforeseen:  # noqa: BLE001 - the thread's outer loop; the service goes on
            error = _fault(Part.RUN, "The deployment", unforeseen)
        finally:
            with self._lock:  # another thread may be about to take one over
                ended = self._own()
                shown.end(ended, error)
            try:
                if error:
                    self._failures.update(dict.fromkeys(ended, error))
                if failure is not None and row.deployment_id in ended:
                    self._note(person, row, failure)
            finally:  # or it could not be started again
                with self._lock:
                    for deployment_id in self._own():
                        del self._runs[deployment_id]

    def _own(self) -> list[str]:
        """Return the deployments that this thread runs: others may have been taken over from it."""
        this = threading.current_thread()
        return [each for each, thread in self._runs.items() if thread is this]

    def takes_over(self, row: DeploymentRow, deployment: Deployment) -> LiveDeployment:
        """Return the view of a deployment that takes over in this thread, which runs it from now."""
        cameras = [camera.name for camera in deployment.cameras]
        with self._lock:
            self._failures.pop(row.deployment_id, None)
            self._runs[row.deployment_id] = threading.current_thread()
            return self.hub.begin(row.deployment_id, cameras)

    def is_left(self, row: DeploymentRow) -> None:
        """Take in that a deployment has ended here, since another one has its cameras."""
        with self._lock:
            del self._runs[row.deployment_id]

    def _note(self, person: Person, row: DeploymentRow, failure: OvertError) -> None:
        """Put on the log that a start came to nothing, unless it began and the log has its end.

        The message may hold words of the deployment's file, which the log is not to hold. Screens
        are told, and find what `failure` says.
        """
        office, why = self._office, f"its start failed ({type(failure).__name__})"
        with suppress(OvertError):  # the record may be what failed
            if office.record.deployments.find(row.deployment_id).state is not row.state:
                return
            with office.record.together():
                event = ActRefused(Act.DEPLOYMENT_START, str(thing_of(row)), why)
                office.log.write(event, by=person.account_id)
                office.record.deployments.tell(row.deployment_id, office.now())

    # --- drafts -----------------------------------------------------------------------------

    def draft(self, person: Person, deployment: Deployment) -> str:
        """Begin to draft a deployment for a person, and return the id of the job at once.

        Raises:
            PermissionDenied: the person is no applicant, or of another unit than the file names.
            LifecycleError: another draft of theirs is being enrolled, or the service is ending.
        """
        unit = deployment.unit or person.unit
        self._office.demand(person, Act.DEPLOYMENT_DRAFT, Thing("deployment", unit=unit))
        job_id = uuid.uuid4().hex
        with self._lock:
            self._demand_open()
            _, last = self._drafts.get(person.account_id, ("", None))
            if last is not None and last.state is DraftState.RUNNING:
                raise LifecycleError(
                    "A list of yours is being enrolled already.", remedy="Wait until it is done."
                )
            thread = threading.Thread(
                target=self._draft, args=(person, deployment), name="drafting", daemon=True
            )
            thread.start()  # what it has to tell waits for the lock
            self._drafting.add(thread)
            self._drafts[person.account_id] = (job_id, DraftJob())
        return job_id

    def draft_state(self, job_id: str, person: Person) -> DraftJob:
        """Return how a person's own draft goes; the last one of each person is known.

        Raises:
            NotFoundError: the person has no such draft.
        """
        with self._lock:
            known, job = self._drafts.get(person.account_id, ("", DraftJob()))
        if known != job_id:
            raise NotFoundError("There is no such draft.", remedy="Begin the application again.")
        return job

    def _draft(self, person: Person, deployment: Deployment) -> None:
        def progress(done: int, entries: int) -> None:
            self._change_draft(person, lambda job: replace(job, done=done, entries=entries))
            if self._stopping.is_set():
                raise OvertError(
                    "Stopped while the list was being enrolled.",
                    remedy="Nothing is on record; apply again when the service is back.",
                )

        try:
            made = draft(self._office, person, deployment, progress)
            became = made.row.deployment_id
            self._change_draft(
                person, lambda job: replace(job, state=DraftState.DONE, deployment_id=became)
            )
        except OvertError as failure:
            self._fail_draft(person, str(failure))
        except Exception as unforeseen:  # noqa: BLE001 - the thread's outer loop; the service goes on
            self._fail_draft(person, _fault(Part.DRAFT, "The draft", unforeseen))
        finally:
            with self._lock:
                self._drafting.discard(threading.current_thread())

    def _fail_draft(self, person: Person, error: str) -> None:
        self._change_draft(person, lambda job: replace(job, state=DraftState.FAILED, error=error))

    def _change_draft(self, person: Person, change: Callable[[DraftJob], DraftJob]) -> None:
        with self._lock:
            job_id, job = self._drafts[person.account_id]
            self._drafts[person.account_id] = (job_id, change(job))

    def _demand_open(self) -> None:
        if self._stopping.is_set():
            raise LifecycleError("The service is ending.", remedy="Try again when it is back.")


class _Shown(Screens):
    """The deployments that one thread runs, one after another, as screens see them."""

    def __init__(self, operations: Operations, row: DeploymentRow, view: LiveDeployment) -> None:
        self._operations = operations
        self._views = {row.deployment_id: view}

    def begin(self, row: DeploymentRow, deployment: Deployment) -> RunView:
        """See `Screens.begin`."""
        if row.deployment_id not in self._views:
            self._views[row.deployment_id] = self._operations.takes_over(row, deployment)
        return self._views[row.deployment_id]

    def left(self, row: DeploymentRow) -> None:
        """See `Screens.left`."""
        self._views.pop(row.deployment_id).over("")
        self._operations.is_left(row)

    def end(self, deployment_ids: Iterable[str], error: str) -> None:
        """Let go of these, before another start may begin a view of theirs."""
        for each in deployment_ids:
            self._views[each].over(error)


def _fault(part: Part, what: str, error: Exception) -> str:
    fault(part, error)
    return f"{what} failed ({type(error).__name__}). Please report this as a fault in Overt."
