"""One run on record: its beginning, every alert, how its cameras do, and its end.

An alert is committed, with its entry of the log, before anybody sees it. Cameras may be handed
over from one run to another while they look; each run's books hold what was said in its time.
"""

import re
import resource
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import inf
from pathlib import Path
from time import monotonic, perf_counter

from overt import __version__
from overt.audit.events import ClockMoved, RunBegan, RunEnded
from overt.audit.log import SYSTEM
from overt.capture.lasting import OLDEST_S
from overt.deployment.file import Deployment
from overt.errors import AuditError, OvertError
from overt.logs import events as logs
from overt.logs import tell
from overt.people.office import Office
from overt.reporting.summary import summarise, write_summary
from overt.review.things import reaches_unadjudicated
from overt.runtime.camera_log import CameraLog
from overt.runtime.clock_watch import moved_in_words
from overt.runtime.counts import total
from overt.runtime.filing import PATIENCE_S, AlertFiling, FiledUnder
from overt.runtime.messages import CameraState, Ended, Message, Picture, Raised
from overt.runtime.preparation import Prepared
from overt.runtime.standing import Standing
from overt.runtime.timing import Spread, StageClock, stage_times
from overt.runtime.views import NoteView, PictureView, RunView
from overt.storage import End, Run
from overt.values import RunStatistics, StageTime
from overt.vocabulary import DropCause, LossCause, RunEnding


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

    `stages` says how the times of each stage are spread, over all cameras. `before` are the runs
    that handed their cameras over, one to the next and the last to this one.
    """

    run_id: str
    ending: RunEnding
    reason: str
    errors: tuple[OvertError, ...]
    statistics: RunStatistics
    summary: Path
    videos: tuple[Path, ...]
    stages: Mapping[str, Spread] = field(default_factory=dict)
    before: tuple["RunResult", ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Whose alert was not put on record: `for_good`, or only for what was seen just then."""

    subject_ids: frozenset[str] = field(repr=False)
    for_good: bool


class Ledger:
    """What one run puts on record, and shows. For use by one thread."""

    def __init__(
        self,
        deployment: Deployment,
        office: Office,
        prepared: Prepared,
        mandate: Mandate,
        view: RunView,
    ) -> None:
        self.run_id = uuid.uuid4().hex
        self.deployment = deployment
        self.prepared = prepared
        self.mandate = mandate
        self.view = view
        self.folder = office.home.output / f"{_slug(deployment.name)}-{self.run_id[:8]}"
        self.errors: list[OvertError] = []
        self.states: dict[str, CameraState] = {}
        self._office = office
        self._record = office.record
        self._pictures = view if isinstance(view, PictureView) else None
        under = FiledUnder(
            self.run_id,
            prepared.watchlist_id,
            self._deadline,
            to_officers=mandate.deployment_id is not None
            and reaches_unadjudicated(deployment.policy),
            seeded=prepared.seeded,
        )
        self._filing = AlertFiling(office, mandate.standing, under)
        self._ended: End | None = None
        self._alerts = 0
        self._live = {each.name for each in deployment.cameras if each.source.is_lasting}
        self._camera_log = CameraLog()
        self._clock = StageClock()
        self._started_s = monotonic()

    def begin(self) -> None:
        """Record the beginning.

        Raises:
            StorageError, AuditError: it cannot be written; nothing may be searched then.
        """
        with self._record.together():
            self._record.runs.begin(self._beginning())
            prepared = self.prepared
            event = RunBegan(
                run=self.run_id,
                deployment=self.mandate.deployment_id or "",
                kind=self.deployment.kind,
                watchlist=prepared.watchlist_id,
                references=prepared.listed.references,
                pack=prepared.pack.id,
                threshold=float(prepared.listed.threshold),
                policy_sha256=self.deployment.policy.sha256,
            )
            self._office.log.write(event, by=self.mandate.by)
        tell(
            logs.RunBegan(
                self.run_id,
                self.deployment.kind,
                self.mandate.deployment_id,
                len(self.deployment.cameras),
                prepared.listed.references,
            )
        )

    def take(self, message: Message) -> Refused | None:
        """Take in what a camera says; return whose alert was not put on record, if any was not.

        Raises:
            StorageError, AuditError: an alert cannot be written; nobody has seen it.
        """
        self._camera_log.see(message)
        match message:
            case Raised():
                return self._commit(message)  # or nobody's screen shows who it is either
            case Picture():
                if self._pictures is not None:
                    self._pictures.picture(message)
            case _:
                self.states[message.camera] = message.state
                self.view.state(message.state)
                if isinstance(message, Ended):
                    if message.error is not None:
                        self.errors.append(message.error)
                    self.view.ended(message)
        return None

    def note_step(self, moved_s: float) -> None:
        """Put on the log that the machine's clock was moved, and tell whoever watches."""
        self._office.note(ClockMoved(self.run_id, round(moved_s, 1)))
        tell(logs.ClockMoved(moved_s))
        if isinstance(self.view, NoteView):
            self.view.noted(moved_in_words(moved_s))

    def make_ready(self) -> None:
        """Make ready for alerts to come, in a moment in which none waits."""
        self._filing.make_ready()

    def is_watched(self) -> bool:
        """Tell whether anybody watches pictures now."""
        return self._pictures is not None and self._pictures.watched()

    def end(self, ending: RunEnding, reason: str) -> None:
        """Record the end, once.

        Raises:
            StorageError, AuditError: it cannot be written.
        """
        if self._ended is not None:
            return
        counted = self._statistics()
        ended = End(self._office.now(), ending, reason, counted)
        with self._record.together(patience_s=PATIENCE_S):
            self._record.runs.end(self.run_id, ended)
            event = RunEnded(
                run=self.run_id,
                ending=ending,
                faces_seen=counted.faces_seen,
                faces_searched=counted.faces_searched,
                alerts=self._alerts,
                carried=counted.carried,
            )
            self._office.log.write(event)
        self._ended = ended
        after_s = monotonic() - self._started_s
        tell(logs.RunEnded(self.run_id, ending, after_s, self._alerts))
        self._filing.close()  # last: a key store that is busy must not keep the end off the log

    def result(self) -> RunResult:
        """Write the summary of a run that has ended, and return what it came to."""
        ended = self._ended
        assert ended is not None
        assert ended.statistics is not None
        videos = tuple(sorted(self.folder.glob("*.mp4")))
        summary = self.folder / "summary.html"
        names = tuple(video.name for video in videos)
        faces = self.mandate.deployment_id is None  # elsewhere a look at a face is logged
        write_summary(summary, summarise(self._record, self.run_id, names, faces=faces))
        return RunResult(
            self.run_id,
            ended.ending,
            ended.reason,
            tuple(self.errors),
            ended.statistics,
            summary,
            videos,
            _all_stages([*(each.stages for each in self.states.values()), self._clock.spreads()]),
        )

    def outcome(self) -> tuple[RunEnding, str]:
        """Return how a run ends that nobody stopped, and why: its cameras have come to their end."""
        if not self.errors:
            return RunEnding.COMPLETED, ""
        words = " ".join(error.message for error in self.errors)
        failed = sum(not isinstance(each, AuditError) for each in self.errors)
        every = failed == len(self.deployment.cameras)
        return (RunEnding.FAILED if every else RunEnding.COMPLETED), words

    def _commit(self, raised: Raised) -> Refused | None:
        """Store an alert with its entry of the log, if the authority still covers it."""
        started = perf_counter()
        live = raised.camera in self._live
        until_s = raised.decoded_s + OLDEST_S if live else inf
        stored = self._filing.commit(raised.alert, until_s)
        if stored is None:
            subject_id = raised.alert.candidate.subject_id
            return Refused(frozenset({subject_id}), for_good=monotonic() <= until_s)
        self._alerts += 1
        latency_s = monotonic() - raised.decoded_s
        tell(logs.AlertCommitted(stored.alert.alert_id, stored.alert.camera, latency_s))
        self._clock.add("commit of an alert", perf_counter() - started)
        self._clock.add("frame to committed alert", latency_s)
        self.view.alert(stored)
        return None

    def _deadline(self) -> datetime:
        """Return until when an alert raised now is kept: counted from the end of an authority."""
        now = self._office.now()
        authorised = self.mandate.deployment_id is not None
        over = max(now, self.deployment.end) if authorised else now
        return over + self.mandate.alerts_kept

    def _beginning(self) -> Run:
        deployment, prepared = self.deployment, self.prepared
        return Run(
            run_id=self.run_id,
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
            deployment_id=self.mandate.deployment_id,
        )

    def _statistics(self) -> RunStatistics:
        states = list(self.states.values())
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
            carried=counts.carried,
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
