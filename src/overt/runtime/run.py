"""One run of a deployment: from its file to its last alert, and the record of it.

Order matters here, and each step refuses rather than guesses (principle 9): the window, the
models, the list, the threshold, the record; only then is a camera opened. An alert is committed
before anybody sees it.
"""

import re
import resource
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, perf_counter

from overt import __version__
from overt.deployment.file import Deployment
from overt.errors import OvertError
from overt.home import Home
from overt.reporting.files import discard
from overt.reporting.summary import summarise, write_summary
from overt.runtime.counts import total
from overt.runtime.jobs import Watching, camera_jobs
from overt.runtime.messages import CameraState, Ended, Message, Raised
from overt.runtime.preparation import Enrolling, Prepared, prepare
from overt.runtime.supervisor import Supervisor
from overt.runtime.timing import StageClock
from overt.runtime.views import RunView
from overt.storage import End, Record, Run
from overt.values import RunStatistics, StageTime
from overt.vision.store import ModelStore
from overt.vocabulary import DeploymentKind, DropCause, RunEnding


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run, beyond what the deployment says.

    `paced` plays recordings at their own pace; `videos` writes annotated videos, of rehearsals
    only; `threads` is how many processor threads a camera's inference may use.
    """

    paced: bool = False
    videos: bool = False
    threads: int = 2


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to: its id, how it ended and why, what went wrong, and what it wrote."""

    run_id: str
    ending: RunEnding
    reason: str
    errors: tuple[OvertError, ...]
    statistics: RunStatistics
    summary: Path
    videos: tuple[Path, ...]


def run_deployment(
    deployment: Deployment,
    home: Home,
    view: RunView,
    options: RunOptions,
    should_stop: Callable[[], bool],
) -> RunResult:
    """Run a deployment until its sources end, its window ends or `should_stop` says so.

    Raises:
        AuthorityError: a live deployment is outside its window.
        ModelError, WatchlistError, ConfigurationError: what it needs cannot be used.
        StorageError: the record cannot be written; nothing is searched then.
    """
    deployment.assert_may_start(datetime.now(UTC))
    pack = ModelStore(home.models).load(deployment.pack)
    with Record.open(home.database) as record:
        prepared = prepare(deployment, record, pack, Enrolling(view, should_stop))
        return _Run(deployment, home, record, prepared, view).carry_out(options, should_stop)


class _Run:
    """A run that is going on."""

    def __init__(
        self,
        deployment: Deployment,
        home: Home,
        record: Record,
        prepared: Prepared,
        view: RunView,
    ) -> None:
        self._deployment = deployment
        self._record = record
        self._prepared = prepared
        self._view = view
        self._run_id = uuid.uuid4().hex
        self._models = home.models
        self._folder = home.output / f"{_slug(deployment.name)}-{self._run_id[:8]}"
        self._states: dict[str, CameraState] = {}
        self._errors: list[OvertError] = []
        self._alerts = 0
        self._clock = StageClock()
        self._started_s = monotonic()

    def carry_out(self, options: RunOptions, should_stop: Callable[[], bool]) -> RunResult:
        """Record the beginning, watch the cameras, record the end."""
        self._record.begin_run(self._beginning())
        ending, reason = RunEnding.FAILED, "cut short"
        try:
            ending, reason = self._watch(options, should_stop)
        except OvertError as error:
            reason = error.message
            raise
        finally:
            statistics = self._statistics()
            end = End(datetime.now(UTC), ending, reason, statistics)
            self._record.end_run(self._run_id, end)
        videos = tuple(sorted(self._folder.glob("*.mp4")))
        summary = self._folder / "summary.html"
        names = tuple(video.name for video in videos)
        write_summary(summary, summarise(self._record, self._run_id, names))
        errors = tuple(self._errors)
        return RunResult(self._run_id, ending, reason, errors, statistics, summary, videos)

    def _watch(self, options: RunOptions, should_stop: Callable[[], bool]) -> tuple[RunEnding, str]:
        videos = options.videos and self._deployment.kind is DeploymentKind.REHEARSAL
        watching = Watching(options.paced, options.threads, self._folder if videos else None)
        jobs = camera_jobs(self._deployment, self._prepared.matching, self._models, watching)
        stopped = _Stop(self._deployment, should_stop)
        supervisor = Supervisor(jobs, self._prepared.gallery)
        try:
            for message in supervisor.listen(stopped):
                self._take(message)
        finally:
            supervisor.close()
            for part in self._folder.glob(".*.part"):
                discard(part)  # of a camera that was ended in the middle of its video
        return self._ending(stopped.reason, cameras=len(jobs))

    def _take(self, message: Message | None) -> None:
        if message is None:
            return  # a silent moment: the supervisor only lets us see whether to stop
        if isinstance(message, Raised):
            self._commit(message)
            return
        self._states[message.state.camera] = message.state
        self._view.state(message.state)
        if isinstance(message, Ended):
            if message.error is not None:
                self._errors.append(message.error)
            self._view.ended(message)

    def _commit(self, raised: Raised) -> None:
        started = perf_counter()
        stored = self._record.add_alert(self._run_id, raised.alert)
        self._alerts += 1
        self._clock.add("commit of an alert", perf_counter() - started)
        self._clock.add("frame to committed alert", monotonic() - raised.decoded_s)
        self._view.alert(stored)

    def _ending(self, stopped: str, *, cameras: int) -> tuple[RunEnding, str]:
        if stopped:
            return RunEnding.STOPPED, stopped
        if self._errors:
            words = " ".join(error.message for error in self._errors)
            failed = len(self._errors) == cameras
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
            authority=deployment.authority.model_dump(),
            policy_version=deployment.policy.version,
            policy_sha256=deployment.policy.sha256,
            watchlist_id=prepared.watchlist_id,
            watchlist_subjects=prepared.listed.subjects,
            watchlist_references=prepared.listed.references,
            pack_id=prepared.pack.id,
            software_version=__version__,
            started_at=datetime.now(UTC),
        )

    def _statistics(self) -> RunStatistics:
        states = list(self._states.values())
        counts = total(state.counts for state in states)
        dropped: Counter[DropCause] = sum((state.dropped for state in states), Counter())
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
            stage_times=(*_stage_times(states), *self._clock.times()),
        )


class _Stop:
    """Says when to stop, and remembers why."""

    def __init__(self, deployment: Deployment, asked: Callable[[], bool]) -> None:
        self._deployment = deployment
        self._asked = asked
        self.reason = ""

    def __call__(self) -> bool:
        live = self._deployment.kind is DeploymentKind.LIVE
        if live and not self._deployment.covers(datetime.now(UTC)):
            self.reason = "the authority's window ended"
        elif self._asked():
            self.reason = "stopped by the operator"
        return bool(self.reason)


def _slug(name: str) -> str:
    """Return a deployment's name as part of a folder's: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "run"


def _stage_times(states: Iterable[CameraState]) -> list[StageTime]:
    """Return every camera's stage times, named by camera where there are several."""
    known = [state for state in states if state.stage_times]
    if len(known) == 1:
        return list(known[0].stage_times)
    return [
        StageTime(f"{state.camera}: {one.stage}", one.count, one.p50_ms, one.p95_ms)
        for state in known
        for one in state.stage_times
    ]
