"""The public record of a deployment, put together from what is on record and on the log.

Tables say what was counted; the log says it a second time, and also what tables forget when an
alert is erased: of which run it was, and for how long somebody was held. Where the two differ,
nothing is published (`overt.publication.reconcile`).
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from overt.audit.checkpoint import read_note
from overt.audit.figures import Figures, LogFigures
from overt.deployment.policy import Policy
from overt.deployment.recorded import policy_of
from overt.errors import AuditError, LifecycleError
from overt.people.office import Office
from overt.publication.columns import (
    FACES_DEFINITION,
    LAYOUT_VERSION,
    Afterwards,
    Alerts,
    Authorised,
    Faces,
    Outcome,
    Outcomes,
    Row,
    Searched,
    Standing,
    Tied,
    Which,
    losses_in_words,
    minutes,
    percent,
    rates_of,
    sums_of,
)
from overt.publication.logged import Logged, LogSoFar
from overt.retention.erasure import LIST
from overt.storage import ActRow, DeploymentRow, Run
from overt.vocabulary import Act, DeploymentKind, DeploymentState, LossCause

OVER = frozenset({DeploymentState.CLOSED, DeploymentState.REVIEWED, DeploymentState.REFUSED})
"""The states in which a deployment's record can no longer change."""

_SEARCHED = OVER | {DeploymentState.LIVE, DeploymentState.ENDED}
_GIVEN = {DeploymentState.AUTHORISED, DeploymentState.URGENT}
_AUTHORITY = {Act.DEPLOYMENT_AUTHORISE, Act.DEPLOYMENT_AUTHORISE_URGENTLY}


@dataclass(frozen=True, slots=True)
class Twice:
    """One figure that is counted in two places, which must agree."""

    what: str
    recorded: object
    logged: object


@dataclass(frozen=True, slots=True)
class DeploymentRecord:
    """A deployment's record: a row for each period of one threshold, and what was counted twice."""

    deployment: DeploymentRow
    rows: tuple[Row, ...]
    twice: tuple[Twice, ...]

    @property
    def is_final(self) -> bool:
        """Whether it can no longer change."""
        return self.deployment.state in OVER


def seeded_among(logged: Logged) -> frozenset[str]:
    """Return which alerts were raised against seeded subjects: requirement R-53.

    This is the only place that asks; all public figures leave out what it returns.
    """
    return frozenset(alert for alert, entry in logged.raised.items() if entry.seeded)


def record_of(
    office: Office, deployment: DeploymentRow, log: LogSoFar | None = None
) -> DeploymentRecord:
    """Return a deployment's record as it stands now; with a `log`, only what is new is read of it.

    Raises:
        LifecycleError: it is a rehearsal, or nothing has been searched under it.
    """
    _demand_searched(deployment)
    journal = office.record.journal
    log = log or LogSoFar(journal, LogFigures(journal))
    gathering = _Gathering.of(office, deployment, log.logged_of(deployment))
    periods = gathering.periods()
    rows = tuple(
        gathering.row(number, len(periods), period) for number, period in enumerate(periods, 1)
    )
    return DeploymentRecord(deployment, rows, tuple(gathering.twice(log.figures_of(deployment))))


def _demand_searched(deployment: DeploymentRow) -> None:
    if deployment.kind is not DeploymentKind.LIVE:
        raise LifecycleError(
            "A rehearsal has no public record: it searched recordings.",
            remedy="Name a live deployment: overt deployment list.",
        )
    if deployment.state not in _SEARCHED:
        raise LifecycleError(
            f"The deployment is {deployment.state}, and nothing has been searched under it.",
            remedy="Its record can be written, as provisional, once it has been started.",
        )


@dataclass(frozen=True, slots=True)
class _Period:
    """Runs, one after another, under one threshold."""

    threshold: float
    runs: tuple[Run, ...]

    @property
    def run_ids(self) -> set[str]:
        return {run.run_id for run in self.runs}


@dataclass(frozen=True, slots=True)
class _Gathering:
    """Everything that a record is made of. `of_run` says of which run each alert was."""

    office: Office
    deployment: DeploymentRow
    policy: Policy
    acts: Sequence[ActRow]
    runs: Sequence[Run]
    logged: Logged
    kept: Mapping[str, str]
    of_run: Mapping[str, str]
    outcomes: Mapping[str, Outcome]
    seeded: frozenset[str]
    now: datetime

    @classmethod
    def of(cls, office: Office, deployment: DeploymentRow, logged: Logged) -> "_Gathering":
        record, deployment_id = office.record, deployment.deployment_id
        kept = {each.alert_id: each.run_id for each in record.alerts.places_of(deployment_id)}
        of_run = {alert: entry.run for alert, entry in logged.raised.items()} | kept
        found = {alert: record.reviews.outcome(alert) for alert in of_run}
        outcomes = {
            alert: Outcome(it.true_alert, it.confirmed, it.engaged, it.disposal.value)
            for alert, it in found.items()
            if it is not None
        }
        return cls(
            office,
            deployment,
            policy_of(deployment),
            record.deployments.acts(deployment_id),
            [run for run in record.runs.all() if run.deployment_id == deployment_id],
            logged,
            kept,
            of_run,
            outcomes,
            seeded_among(logged),
            _second(office.now()),
        )

    def periods(self) -> list[_Period]:
        """Return the runs, those after one another under one threshold together; at least one."""
        grouped = groupby(self.runs, self._threshold)
        found = [_Period(threshold, tuple(runs)) for threshold, runs in grouped]
        return found or [_Period(self._authorised_threshold, ())]

    def row(self, number: int, periods: int, period: _Period) -> Row:
        """Return what is published of one period."""
        faces, alerts = _faces(period), self._alerts(period)
        false_alerts = alerts.false_confirmed + alerts.false_unconfirmed
        return Row(
            which=self._which(number, periods),
            authorised=self._authorised(),
            searched=self._searched(period),
            faces=faces,
            alerts=alerts,
            rates=rates_of(false_alerts, faces.faces_seen, alerts.alerts_decided),
            afterwards=self._afterwards(period),
            tied=_tied(self.office),
        )

    def twice(self, figures: Figures) -> Iterable[Twice]:
        """Yield what both the record and the log count, of this whole deployment."""
        known = self._known_outcomes()
        counted = {run.run_id: run.statistics for run in self.runs if run.statistics}
        of_record, alerts = self.office.record, self.logged.raised
        for run in self.runs:
            raised = sum(entry.run == run.run_id for entry in alerts.values())
            named = f"alerts of the run {run.run_id[:8]}"
            yield Twice(named, of_record.alerts.count(run.run_id), raised)
            if run.run_id in counted:
                yield Twice(f"{named}, as it counted them", counted[run.run_id].alerts, raised)
        yield Twice("runs", len(self.runs), figures.runs)
        seen = sum(each.faces_seen for each in counted.values())
        yield Twice("faces seen", seen, figures.faces_seen)
        yield Twice("alerts", len(self.of_run), figures.alerts)
        yield Twice("alerts against seeded subjects", len(self.seeded), figures.seeded)
        yield Twice("alerts with an outcome", len(known), figures.closed)
        yield Twice("false alerts", sum(not it.true_alert for it in known), figures.false_alerts)
        yield Twice("alerts engaged on", sum(it.engaged for it in known), figures.engaged)
        for disposal in sorted({it.disposal for it in known} | set(figures.disposals)):
            closed = sum(it.disposal == disposal for it in known)
            yield Twice(f"alerts closed as “{disposal}”", closed, figures.disposals[disposal])
        for alert in sorted(self.of_run):
            yield from self._outcome_twice(alert)
        for alert, entry in sorted(alerts.items()):
            began = self.logged.thresholds[entry.run]
            yield Twice(f"the threshold of the alert {alert[:8]}", entry.threshold, began)

    def _outcome_twice(self, alert: str) -> Iterable[Twice]:
        recorded = self.outcomes.get(alert)
        logged = self.logged.closed.get(alert, [])
        if len(logged) > 1:
            both = " and ".join(map(str, logged))
            yield Twice(f"the outcomes of the alert {alert[:8]}", recorded, both)
        elif logged != ([recorded] if recorded else []):
            said = logged[0] if logged else None
            yield Twice(f"the outcome of the alert {alert[:8]}", recorded, said)

    def _known_outcomes(self) -> list[Outcome]:
        return [self.outcomes[alert] for alert in self.of_run if alert in self.outcomes]

    @property
    def _authorised_threshold(self) -> float:
        return float(self.deployment.terms["threshold"])

    def _threshold(self, run: Run) -> float:
        return self.logged.thresholds.get(run.run_id, self._authorised_threshold)

    def _which(self, number: int, periods: int) -> Which:
        deployment = self.deployment
        over = deployment.state in OVER
        return Which(
            layout_version=LAYOUT_VERSION,
            standing=Standing.FINAL if over else Standing.PROVISIONAL,
            deployment=deployment.deployment_id,
            unit=deployment.unit,
            state=deployment.state,
            period=number,
            periods=periods,
            written_at=self.now,
        )

    def _authorised(self) -> Authorised:
        deployment, terms = self.deployment, self.deployment.terms
        use_case_id, _, paragraph = str(terms["use case"]).partition(", ")
        use_case = self.policy.use_case(use_case_id)
        given = [act for act in self.acts if act.act in _AUTHORITY]
        begun = [act.at for act in given if act.state in _GIVEN]
        _, subjects, references = terms["watchlist"]
        return Authorised(
            use_case=use_case_id,
            use_case_wording=use_case.wording if use_case else "",
            use_case_paragraph=paragraph,
            location=deployment.location,
            authority=_kind_of_authority(given),
            authority_rank="; ".join(dict.fromkeys(act.rank for act in given)),
            authority_given_at=_second(begun[0]) if begun else None,
            window_start=datetime.fromisoformat(terms["window"][0]),  # with its place's offset
            window_end=deployment.authority_ends_at,
            authorised_threshold=self._authorised_threshold,
            approved_subjects=subjects,
            approved_references=references,
            policy=deployment.policy_version,
            policy_sha256=deployment.policy_sha256,
            terms_sha256=deployment.authorised_terms_sha256 or "",
        )

    def _searched(self, period: _Period) -> Searched:
        cameras = [str(camera[0]) for camera in self.deployment.terms["cameras"]]
        _, subjects, references = self.deployment.terms["watchlist"]
        first = period.runs[0] if period.runs else None
        ends = [run.ended_at for run in period.runs if run.ended_at]
        floor = self.policy.threshold_floor(_pack_named(self.deployment.deployment_text))
        began = first.started_at if first else None
        return Searched(
            searched_from=_second(began) if began else None,
            searched_until=_second(max(ends)) if ends else None,
            searched_minutes=minutes(sum(map(_seconds, period.runs))),
            runs=len(period.runs),
            cameras=len(cameras),
            camera_names="; ".join(cameras),
            listed_subjects=first.watchlist_subjects if first else subjects,
            listed_references=first.watchlist_references if first else references,
            withdrawn_subjects=sum(at <= began for at in self.logged.withdrawn) if began else 0,
            pack=self.deployment.pack_id,
            threshold=period.threshold,
            threshold_floor=floor.floor if floor else None,
            software="; ".join(dict.fromkeys(run.software_version for run in period.runs)),
        )

    def _alerts(self, period: _Period) -> Alerts:
        of_period = [alert for alert, run in self.of_run.items() if run in period.run_ids]
        public = [alert for alert in of_period if alert not in self.seeded]
        undecided = [alert for alert in public if alert not in self.outcomes]
        still_open = sum(alert in self.kept for alert in undecided)
        outcomes = _counted(self.outcomes[alert] for alert in public if alert in self.outcomes)
        return Alerts(
            alerts=len(public),
            seeded_alerts=len(of_period) - len(public),
            alerts_open=still_open,
            erased_without_outcome=len(undecided) - still_open,
            outcomes=outcomes,
            **sums_of(outcomes),
        )

    def _afterwards(self, period: _Period) -> Afterwards:
        held = [
            length
            for alert, length in self.logged.minutes_held.items()
            if self.of_run[alert] in period.run_ids and alert not in self.seeded
        ]
        kept = sum(run in period.run_ids for run in self.kept.values())
        raised = sum(self.office.record.alerts.count(run.run_id) for run in period.runs)
        ours = {self.deployment.watchlist_id, *self.of_run}
        receipts = [
            each
            for each in self.office.record.retention.receipts()
            if each.thing_id in ours and each.begun_at >= self.deployment.created_at
        ]
        lists = [each.finished_at for each in receipts if each.what == LIST and each.finished_at]
        reviews = [act.at for act in self.acts if act.act == Act.DEPLOYMENT_REVIEW]
        due = self.deployment.review_due_at
        return Afterwards(
            stops=len(held),
            minutes_held=minutes(60 * sum(held)),
            longest_stop_minutes=minutes(60 * max(held, default=0.0)),
            alerts_kept=kept,
            alerts_erased=raised - kept,
            list_erased_at=_second(lists[-1]) if lists else None,
            deletions_done=sum(each.finished_at is not None for each in receipts),
            deletions_unfinished=sum(each.finished_at is None for each in receipts),
            review_due_at=_second(due) if due else None,
            reviewed_at=_second(reviews[-1]) if reviews else None,
        )


def _faces(period: _Period) -> Faces:
    counted = [run.statistics for run in period.runs if run.statistics]
    looked_at = sum(each.frames for each in counted)
    dropped = sum(sum(each.frames_dropped.values()) for each in counted)
    losses: Counter[LossCause] = sum((Counter(each.losses) for each in counted), Counter())
    return Faces(
        faces_definition=FACES_DEFINITION,
        faces_seen=sum(each.faces_seen for each in counted),
        faces_searched=sum(each.faces_searched for each in counted),
        runs_without_figures=len(period.runs) - len(counted),
        frames_looked_at=looked_at,
        frames_dropped=dropped,
        coverage_percent=percent(looked_at, looked_at + dropped),
        minutes_without_pictures=minutes(sum(each.lost_s for each in counted)),
        minutes_below_floor=minutes(sum(each.below_floor_s for each in counted)),
        losses=losses.total(),
        losses_by_cause=losses_in_words(losses),
    )


def _counted(outcomes: Iterable[Outcome]) -> Outcomes:
    return tuple((way, len(list(same))) for way, same in groupby(sorted(outcomes)))


def _kind_of_authority(given: Sequence[ActRow]) -> str:
    kinds = [act.act for act in given]
    if Act.DEPLOYMENT_AUTHORISE_URGENTLY not in kinds:
        return "full" if kinds else "none"
    confirmed = kinds[-1] == Act.DEPLOYMENT_AUTHORISE
    return "urgent and confirmed" if confirmed else "urgent"


def _pack_named(deployment_text: str) -> str:
    """Return which pack a deployment file names; where it names none, it is the standard one."""
    models = tomllib.loads(deployment_text).get("models", {})
    return str(models.get("pack", "standard"))


def _tied(office: Office) -> Tied:
    """Return the log's latest signed checkpoint, or nothing where there is none of its key's."""
    notes = office.record.journal.checkpoints()
    try:
        latest = read_note(notes[-1][1], office.log.verifier) if notes else None
    except AuditError:
        latest = None
    if latest is None:
        return Tied(log_size=0, log_root="", log_key=office.log.verifier)
    return Tied(log_size=latest.size, log_root=latest.root.hex(), log_key=office.log.verifier)


def _seconds(run: Run) -> float:
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at else 0.0


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
