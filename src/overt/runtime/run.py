"""One run of a deployment after another: its cameras are watched until nothing covers that any more.

Order matters here, and each step refuses rather than guesses (principle 9): the authority, the
models, the list, the threshold, the record; only then is a camera opened. A run may hand its
cameras over to another one while they look: then what they say goes into the books of the run
whose list and settings they had at that frame.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Protocol

from overt.audit.log import SYSTEM
from overt.deployment.file import Deployment
from overt.deployment.source import SourceKind
from overt.errors import OvertError, SignInError
from overt.logs import tell
from overt.logs.events import CamerasHandedOver, WithdrawalTaken
from overt.people.office import Office
from overt.people.permissions import Person, Thing
from overt.reporting.files import discard
from overt.retention.erasure import REHEARSAL_KEPT
from overt.runtime.clock_watch import ClockWatch
from overt.runtime.crew import cores
from overt.runtime.jobs import Watching, camera_jobs, threads_a_camera
from overt.runtime.ledger import Ledger, Mandate, RunResult
from overt.runtime.memory_limit import Tidying, keep_memory_together
from overt.runtime.messages import Changed, Ended, Message
from overt.runtime.preparation import Enrolling, prepare_rehearsal
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.signing import Signing
from overt.runtime.standing import Rehearsed, Stop
from overt.runtime.supervisor import Supervisor
from overt.runtime.views import RunView
from overt.runtime.worker import CameraJob
from overt.vision.store import ModelStore
from overt.vocabulary import Act, DeploymentKind, RunEnding

__all__ = [
    "Heir",
    "Heirs",
    "Ledger",
    "Mandate",
    "RunOptions",
    "RunResult",
    "Running",
    "demand_rehearser",
    "rehearse",
]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run, beyond what the deployment says.

    `paced` plays recordings at their own pace; `videos` writes annotated videos, of rehearsals
    only; `threads` is how many processor threads each camera may use, None for as many as its
    share of the cores is. `stopped_words` go on record as the reason where whoever runs it says
    that it is to stop.
    """

    paced: bool = False
    videos: bool = False
    threads: int | None = None
    stopped_words: str = "stopped by the operator"


def rehearse(
    deployment: Deployment,
    office: Office,
    view: RunView,
    options: RunOptions,
    should_stop: Callable[[], bool],
    person: Person | None = None,
) -> RunResult:
    """Run a rehearsal until its sources end or `should_stop` says so.

    Where people have accounts, whoever rehearses on recordings is one of those who may start a
    deployment, and is on the log; on a drawn street anybody may.

    Raises:
        AuthorityError: it is no rehearsal; a live deployment starts from its authority.
        SignInError, PermissionDenied: there are accounts, and nobody or somebody else is here.
        ModelError, WatchlistError, ConfigurationError: what it needs cannot be used.
        StorageError, AuditError: the record cannot be written; nothing is searched then.
    """
    deployment.demand_rehearsal()
    demand_rehearser(office, deployment, person)
    pack = ModelStore(office.home.models).load(deployment.pack)
    prepared = prepare_rehearsal(deployment, office, pack, Enrolling(view, should_stop))
    by = person.account_id if person else SYSTEM
    mandate = Mandate(None, Rehearsed(), REHEARSAL_KEPT, by)
    ledger = Ledger(deployment, office, prepared, mandate, view)
    return Running(office, ledger, options, should_stop).carry_out()


def demand_rehearser(office: Office, deployment: Deployment, person: Person | None) -> None:
    """Let nobody search recordings, to rehearse or to evaluate, who may not start a deployment.

    Raises:
        SignInError, PermissionDenied: as `rehearse` does.
    """
    if all(camera.source.kind is SourceKind.DRAWN for camera in deployment.cameras):
        return
    if person is not None:
        office.demand(person, Act.DEPLOYMENT_START, Thing("rehearsal", unit=person.unit))
    elif office.record.accounts.count():
        raise SignInError(
            "People have accounts here, so a rehearsal on recordings needs one of them.",
            remedy="Sign in as a commander or an operator: overt login NAME.",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Heir:
    """A run that has begun, whose list is ready: it may have the cameras at once."""

    ledger: Ledger
    gallery: SharedGallery


class Heirs(Protocol):
    """Who says which run takes a run's cameras over, if any does."""

    def next(self) -> Heir | None:
        """Return the run that is to have the cameras now; asked again and again."""

    def left(self, ledger: Ledger) -> None:
        """A run's cameras are all another's; nothing more comes into its books."""


class NoHeirs:
    """A run that hands nothing over."""

    def next(self) -> Heir | None:
        """See `Heirs.next`."""
        return None

    def left(self, ledger: Ledger) -> None:
        """See `Heirs.left`."""


class Running:
    """Cameras that are being watched: for one run, and for each that takes them over."""

    def __init__(
        self,
        office: Office,
        ledger: Ledger,
        options: RunOptions,
        should_stop: Callable[[], bool],
        heirs: Heirs | None = None,
    ) -> None:
        self._models = office.home.models
        self._ledger = ledger
        self._options = options
        # Kept when cameras are handed over: another share would replace the processes that stay.
        cameras = len(ledger.deployment.cameras)
        self._threads = options.threads or threads_a_camera(cameras, cores())
        self._should_stop = should_stop
        self._stop = self._stopping()
        self._heirs = heirs or NoHeirs()
        self._signing = Signing(office.log)
        self._clock_watch = ClockWatch(office.now)
        self._before: Ledger | None = None  # whose cameras are being handed over
        self._awaited: set[str] = set()  # cameras that still look for the run before
        self._results: list[RunResult] = []

    def carry_out(self) -> RunResult:
        """Record the beginning, watch the cameras, record the end; return what the last run came to.

        Raises:
            OvertError: something failed that no run goes on without; each run's end says what.
        """
        self._ledger.begin()
        ending, reason = RunEnding.FAILED, "cut short"
        try:
            ending, reason = self._watch()
        except OvertError as error:
            reason = error.message
            raise
        finally:
            with ExitStack() as stack:  # each gets its end, whatever becomes of another's
                for ledger in reversed(self._open()):
                    stack.callback(ledger.end, ending, reason)
        if self._before is not None:  # stopped in the middle of a handing over
            self._results.append(self._before.result())
        return replace(self._ledger.result(), before=tuple(self._results))

    def _watch(self) -> tuple[RunEnding, str]:
        supervisor = Supervisor(self._jobs(), self._ledger.prepared.gallery)
        keep_memory_together()
        tidying = Tidying()
        try:
            for message in supervisor.listen(self._is_to_stop):
                if withdrawn := self._ledger.mandate.standing.withdrawn():
                    supervisor.withdraw(withdrawn)
                    tell(WithdrawalTaken(self._ledger.run_id, len(withdrawn)))
                supervisor.watch(on=any(ledger.is_watched() for ledger in self._open()))
                self._take(message, supervisor)
                if moved_s := self._clock_watch.moved_s():
                    self._ledger.note_step(moved_s)
                self._ledger.errors.extend(self._signing.sign_if_due())
                self._hand_over(supervisor)
                tidying.tidy_if_due()
        finally:
            supervisor.close()
            self._ledger.errors.extend(self._signing.close())
            for part in self._ledger.folder.glob(".*.part"):
                discard(part)  # of a camera that was ended in the middle of its video
        if self._stop.reason:
            return RunEnding.STOPPED, self._stop.reason
        return self._ledger.outcome()

    def _open(self) -> list[Ledger]:
        """Return the books that are open: two, while cameras are being handed over."""
        return [self._before, self._ledger] if self._before else [self._ledger]

    def _is_to_stop(self) -> bool:
        """Tell whether the run that has the cameras, or is being given them, is to stop."""
        return self._stop()

    def _stopping(self) -> Stop:
        words = self._options.stopped_words
        return Stop(self._ledger.mandate.standing, self._should_stop, words)

    def _jobs(self) -> list[CameraJob]:
        ledger, options = self._ledger, self._options
        videos = options.videos and ledger.deployment.kind is DeploymentKind.REHEARSAL
        watching = Watching(options.paced, self._threads, ledger.folder if videos else None)
        return camera_jobs(ledger.deployment, ledger.prepared.matching, self._models, watching)

    def _take(self, message: Message | None, supervisor: Supervisor) -> None:
        """Put what a camera says into the books of the run that it looks for."""
        if message is None:  # a silent moment, in which we only see whether to stop
            self._ledger.make_ready()
            return
        camera = message.camera
        if self._before is not None and camera in self._awaited:
            if refused := self._before.take(message):
                supervisor.forget(camera, refused.subject_ids)  # its list may have them
            if isinstance(message, Changed | Ended):
                self._awaited.discard(camera)
        elif refused := self._ledger.take(message):
            if refused.for_good:
                supervisor.withdraw(refused.subject_ids)
            else:
                supervisor.forget(camera, refused.subject_ids)

    def _hand_over(self, supervisor: Supervisor) -> None:
        """Give the cameras to the next run, if there is one; then end the run before."""
        if self._before is not None:
            if not self._awaited:
                self._leave(self._before)
            return
        heir = None if self._stop.reason else self._heirs.next()
        if heir is None:
            return
        self._before, self._ledger = self._ledger, heir.ledger
        self._stop = self._stopping()
        self._awaited = set(supervisor.change(self._jobs(), heir.gallery))

    def _leave(self, before: Ledger) -> None:
        self._before = None
        tell(CamerasHandedOver(before.run_id, self._ledger.run_id))
        heir = self._ledger.mandate.deployment_id or ""
        before.end(RunEnding.STOPPED, f"handed over to {heir[:8]}")
        self._results.append(before.result())
        self._heirs.left(before)
