"""One run of a deployment: from its authority to its last alert, and the record of it.

Order matters here, and each step refuses rather than guesses (principle 9): the authority, the
models, the list, the threshold, the record; only then is a camera opened. An alert is committed,
with its entry of the log, before anybody sees it.
"""

import re
import resource
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, perf_counter

from overt import __version__
from overt.audit.events import ClockMoved, RunBegan, RunEnded
from overt.audit.log import SYSTEM
from overt.deployment.file import Deployment
from overt.deployment.source import SourceKind
from overt.errors import AuditError, OvertError, SignInError
from overt.logs import events as logs
from overt.logs import tell
from overt.people.office import Office
from overt.people.permissions import Person, Thing
from overt.reporting.files import discard
from overt.reporting.summary import summarise, write_summary
from overt.retention.erasure import REHEARSAL_KEPT
from overt.review.things import reaches_unadjudicated
from overt.runtime.camera_log import CameraLog
from overt.runtime.clock_watch import ClockWatch, moved_in_words
from overt.runtime.counts import total
from overt.runtime.crew import cores
from overt.runtime.filing import AlertFiling, FiledUnder
from overt.runtime.jobs import Watching, camera_jobs, threads_a_camera
from overt.runtime.messages import CameraState, Ended, Message, Picture, Raised
from overt.runtime.preparation import Enrolling, Prepared, prepare_rehearsal
from overt.runtime.standing import Rehearsed, Standing, Stop
from overt.runtime.supervisor import Supervisor
from overt.runtime.timing import Spread, StageClock, stage_times
from overt.runtime.views import NoteView, PictureView, RunView
from overt.storage import End, Run
from overt.values import RunStatistics, StageTime
from overt.vision.store import ModelStore
from overt.vocabulary import Act, DeploymentKind, DropCause, LossCause, RunEnding


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


@dataclass(frozen=True, slots=True)
class Mandate:
    """By what right a run searches.

    `deployment_id` is None for a rehearsal on recordings, which needs nobody's authority.
    `standing` is asked again and again; alerts are kept for `alerts_kept` and no longer. `by` is
    the account of who started it, if anybody is signed in.
    """

    deployment_id: str | None
    standing: Standing
    alerts_kept: timedelta
    by: str = SYSTEM


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to: its id, how it ended and why, what went wrong, and what it wrote.

    `stages` says how the times of each stage are spread, over all cameras.
    """

    run_id: str
    ending: RunEnding
    reason: str
    errors: tuple[OvertError, ...]
    statistics: RunStatistics
    summary: Path
    videos: tuple[Path, ...]
    stages: Mapping[str, Spread] = field(default_factory=dict)


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
    return Running(deployment, office, prepared, mandate, view).carry_out(options, should_stop)


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


class Running:
    """A run that is going on."""

    def __init__(
        self,
        deployment: Deployment,
        office: Office,
        prepared: Prepared,
        mandate: Mandate,
        view: RunView,
    ) -> None:
        self._deployment = deployment
        self._office = office
        self._record = office.record
        self._prepared = prepared
        self._mandate = mandate
        self._view = view
        self._pictures = view if isinstance(view, PictureView) else None
        self._run_id = uuid.uuid4().hex
        self._models = office.home.models
        self._folder = office.home.output / f"{_slug(deployment.name)}-{self._run_id[:8]}"
        under = FiledUnder(
            self._run_id,
            prepared.watchlist_id,
            self._deadline,
            to_officers=mandate.deployment_id is not None
            and reaches_unadjudicated(deployment.policy),
            seeded=prepared.seeded,
        )
        self._filing = AlertFiling(office, mandate.standing, under)
        self._states: dict[str, CameraState] = {}
        self._camera_log = CameraLog()
        self._errors: list[OvertError] = []
        self._alerts = 0
        self._clock = StageClock()
        self._clock_watch = ClockWatch(office.now)
        self._signing = ThreadPoolExecutor(1, "checkpoints")
        self._signed: Future[None] | None = None
        self._started_s = monotonic()

    def carry_out(self, options: RunOptions, should_stop: Callable[[], bool]) -> RunResult:
        """Record the beginning, watch the cameras, record the end."""
        self._begin()
        ending, reason = RunEnding.FAILED, "cut short"
        try:
            ending, reason = self._watch(options, should_stop)
        except OvertError as error:
            reason = error.message
            raise
        finally:
            statistics = self._statistics()
            self._end(End(self._office.now(), ending, reason, statistics))
        videos = tuple(sorted(self._folder.glob("*.mp4")))
        summary = self._folder / "summary.html"
        names = tuple(video.name for video in videos)
        faces = self._mandate.deployment_id is None  # elsewhere a look at a face is logged
        write_summary(summary, summarise(self._record, self._run_id, names, faces=faces))
        errors = tuple(self._errors)
        stages = _all_stages(
            [*(each.stages for each in self._states.values()), self._clock.spreads()]
        )
        return RunResult(self._run_id, ending, reason, errors, statistics, summary, videos, stages)

    def _watch(self, options: RunOptions, should_stop: Callable[[], bool]) -> tuple[RunEnding, str]:
        videos = options.videos and self._deployment.kind is DeploymentKind.REHEARSAL
        share = threads_a_camera(len(self._deployment.cameras), cores())
        threads = options.threads or share
        watching = Watching(options.paced, threads, self._folder if videos else None)
        jobs = camera_jobs(self._deployment, self._prepared.matching, self._models, watching)
        stopped = Stop(self._mandate.standing, should_stop, options.stopped_words)
        supervisor = Supervisor(jobs, self._prepared.gallery)
        try:
            for message in supervisor.listen(stopped):
                if withdrawn := self._mandate.standing.withdrawn():
                    supervisor.withdraw(withdrawn)
                    tell(logs.WithdrawalTaken(self._run_id, len(withdrawn)))
                if self._pictures is not None:
                    supervisor.watch(on=self._pictures.watched())
                self._take(message, supervisor)
                self._notice_a_step()
                self._sign()
        finally:
            supervisor.close()
            self._signing.shutdown()
            for part in self._folder.glob(".*.part"):
                discard(part)  # of a camera that was ended in the middle of its video
        return self._ending(stopped.reason, cameras=len(jobs))

    def _take(self, message: Message | None, supervisor: Supervisor) -> None:
        if message is not None:
            self._camera_log.see(message)
        if message is None:  # a silent moment, in which we only see whether to stop
            self._filing.make_ready()
            return
        if isinstance(message, Raised):
            if not self._commit(message):  # then nobody's screen shows who it is either
                supervisor.withdraw(frozenset({message.alert.candidate.subject_id}))
            return
        if isinstance(message, Picture):
            if self._pictures is not None:
                self._pictures.picture(message)
            return
        self._states[message.state.camera] = message.state
        self._view.state(message.state)
        if isinstance(message, Ended):
            if message.error is not None:
                self._errors.append(message.error)
            self._view.ended(message)

    def _commit(self, raised: Raised) -> bool:
        """Store an alert with its entry of the log, if the authority still covers it."""
        started = perf_counter()
        stored = self._filing.commit(raised.alert)
        if stored is None:
            return False
        self._alerts += 1
        latency_s = monotonic() - raised.decoded_s
        tell(logs.AlertCommitted(stored.alert.alert_id, stored.alert.camera, latency_s))
        self._clock.add("commit of an alert", perf_counter() - started)
        self._clock.add("frame to committed alert", monotonic() - raised.decoded_s)
        self._view.alert(stored)
        return True

    def _deadline(self) -> datetime:
        """Return until when an alert raised now is kept: counted from the end of an authority."""
        now = self._office.now()
        authorised = self._mandate.deployment_id is not None
        over = max(now, self._deployment.end) if authorised else now
        return over + self._mandate.alerts_kept

    def _sign(self) -> None:
        """Have the log signed where that is due, in a thread: a slow witness must hold up nothing.

        Neither an alert nor a stop waits for it.
        """
        if self._signed is not None and not self._signed.done():
            return
        if self._signed is not None:
            self._signed.result()  # raises what was not the witness's
        self._signed = self._signing.submit(self._sign_if_due)

    def _sign_if_due(self) -> None:
        try:
            self._office.log.checkpoint_if_due()
        except AuditError as error:  # the witness is away; what is on the log is safe
            if str(error) not in map(str, self._errors):
                self._errors.append(error)

    def _notice_a_step(self) -> None:
        """Put on the log that the machine's clock was moved, and tell whoever watches."""
        if moved_s := self._clock_watch.moved_s():
            self._office.note(ClockMoved(self._run_id, round(moved_s, 1)))
            tell(logs.ClockMoved(moved_s))
            if isinstance(self._view, NoteView):
                self._view.noted(moved_in_words(moved_s))

    def _begin(self) -> None:
        with self._record.together():
            self._record.runs.begin(self._beginning())
            prepared = self._prepared
            event = RunBegan(
                run=self._run_id,
                deployment=self._mandate.deployment_id or "",
                kind=self._deployment.kind,
                watchlist=prepared.watchlist_id,
                references=prepared.listed.references,
                pack=prepared.pack.id,
                threshold=float(prepared.listed.threshold),
                policy_sha256=self._deployment.policy.sha256,
            )
            self._office.log.write(event, by=self._mandate.by)
        tell(
            logs.RunBegan(
                self._run_id,
                self._deployment.kind,
                self._mandate.deployment_id,
                len(self._deployment.cameras),
                prepared.listed.references,
            )
        )

    def _end(self, end: End) -> None:
        counted = end.statistics
        with self._record.together():
            self._record.runs.end(self._run_id, end)
            faces = (counted.faces_seen, counted.faces_searched) if counted else (0, 0)
            self._office.log.write(RunEnded(self._run_id, end.ending, *faces, self._alerts))
        after_s = monotonic() - self._started_s
        tell(logs.RunEnded(self._run_id, end.ending, after_s, self._alerts))
        self._filing.close()  # last: a key store that is busy must not keep the end off the log

    def _ending(self, stopped: str, *, cameras: int) -> tuple[RunEnding, str]:
        if stopped:
            return RunEnding.STOPPED, stopped
        if self._errors:
            words = " ".join(error.message for error in self._errors)
            failed = sum(not isinstance(each, AuditError) for each in self._errors) == cameras
            return (RunEnding.FAILED if failed else RunEnding.COMPLETED), words
        return RunEnding.COMPLETED, ""

    def _beginning(self) -> Run:
        deployment, prepared = self._deployment, self._prepared
        return Run(
            run_id=self._run_id,
            deployment=deployment.name,
            kind=deployment.kind,
            use_case=f"{deployment.use_case.wording} ({deployment.use_case.paragraph})",
            location=deployment.location,
            window_start=deployment.start,
            window_end=deployment.end,
            deployment_text=deployment.redacted_text,
            authority=deployment.authority.model_dump(exclude_none=True),
            policy_version=deployment.policy.version,
            policy_sha256=deployment.policy.sha256,
            watchlist_id=prepared.watchlist_id,
            watchlist_subjects=prepared.listed.subjects,
            watchlist_references=prepared.listed.references,
            pack_id=prepared.pack.id,
            software_version=__version__,
            started_at=self._office.now(),
            deployment_id=self._mandate.deployment_id,
        )

    def _statistics(self) -> RunStatistics:
        states = list(self._states.values())
        counts = total(state.counts for state in states)
        dropped: Counter[DropCause] = sum((state.dropped for state in states), Counter())
        losses: Counter[LossCause] = sum((state.link.losses for state in states), Counter())
        here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return RunStatistics(
            frames=counts.frames,
            frames_dropped=dict(dropped),
            detections=counts.detections,
            not_searchable=dict(counts.not_searchable),
            faces_seen=counts.faces_seen,
            faces_searched=counts.faces_searched,
            alerts=self._alerts,  # those on record, whatever a camera that died last counted
            duration_s=monotonic() - self._started_s,
            peak_memory_mb=here + sum(state.peak_memory_mb for state in states),
            stage_times=(*_stage_times(states), *stage_times(self._clock.spreads())),
            losses=dict(losses),
            lost_s=sum(state.link.lost_s for state in states),
            below_floor_s=sum(state.kept.below_floor_s for state in states),
        )


def _slug(name: str) -> str:
    """Return a deployment's name as part of a folder's: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "run"


def _stage_times(states: Iterable[CameraState]) -> list[StageTime]:
    """Return every camera's stage times, named by camera where there are several."""
    known = [state for state in states if state.stages]
    if len(known) == 1:
        return list(stage_times(known[0].stages))
    return [
        replace(one, stage=f"{state.camera}: {one.stage}")
        for state in known
        for one in stage_times(state.stages)
    ]


def _all_stages(each: Iterable[Mapping[str, Spread]]) -> dict[str, Spread]:
    """Add up the stages of several."""
    summed: defaultdict[str, Spread] = defaultdict(Spread)
    for stages in each:
        for name, spread in stages.items():
            summed[name] += spread
    return dict(summed)
