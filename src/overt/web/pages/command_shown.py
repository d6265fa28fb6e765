"""What a commander sees of a deployment that runs: numbers, clocks and cameras, and nobody's face."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from overt.deployment.policy import Policy
from overt.deployment.recorded import policy_of
from overt.people.office import Office
from overt.review.engagement import overruns
from overt.review.standing import is_decided, is_late, is_unanswered, stage_of
from overt.runtime.live import CameraLive, Health, Minute
from overt.runtime.operations import Operations
from overt.storage import DeploymentRow, Docket
from overt.vocabulary import UNDECIDED, AdjudicationDecision, AlertStage, DeploymentState, Disposal
from overt.web.pages.charts import Chart, chart
from overt.web.pages.deployment_shown import who
from overt.web.pages.refusals import without_commands

_WITH_OFFICERS = frozenset({AlertStage.SENT, AlertStage.ACKNOWLEDGED, AlertStage.ENGAGED})

_MINUTES_SHOWN = 60
_ALERTS_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long alerts wait for people; `oldest` is when the longest undecided was captured."""

    undecided: int
    late: int
    oldest: datetime | None
    median_s: float | None
    with_officers: int
    unanswered: int
    to_close: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody who is stopped now; nobody's name is in it but the officer's."""

    number: int
    officer: str
    since: datetime
    overrun: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of the alerts on record so far."""

    raised: int
    decisions: list[tuple[str, int]]
    disposals: list[tuple[str, int]]
    true_alerts: int
    false_alerts: int
    still_open: int


@dataclass(frozen=True, slots=True)
class Commanded:
    """A deployment as its commander sees it."""

    row: DeploymentRow
    ends_at: datetime
    begun: bool
    here: bool
    failure: str
    note: str
    cameras: list[CameraLive]
    searching: int
    waiting: Waiting
    totals: Totals
    stops: list[Stop]
    longest_stop_min: int
    faces: Chart
    alerts: Chart
    deciding: Chart
    late_after_s: int

    @property
    def live(self) -> bool:
        """Whether it may be stopped."""
        return self.row.state is DeploymentState.LIVE


def commanded(office: Office, operations: Operations, row: DeploymentRow) -> Commanded:
    """Return how a deployment stands at this moment."""
    policy, now = policy_of(row), office.now()
    dockets = office.record.dockets.of_deployment(row.deployment_id)
    cameras = operations.hub.cameras(row.deployment_id)
    minutes = operations.hub.minutes(row.deployment_id)[-_MINUTES_SHOWN:]
    return Commanded(
        row=row,
        ends_at=row.authority_ends_at,
        begun=now >= row.window_start,
        here=row.deployment_id in operations.running(),
        failure=without_commands(operations.failure(row.deployment_id)),
        note=operations.hub.note(row.deployment_id),
        cameras=cameras,
        searching=sum(each.state is not Health.ENDED for each in cameras),
        waiting=_waiting(dockets, policy, now),
        totals=_totals(dockets),
        stops=[_stop(office, each, policy, now) for each in dockets if _is_stopped(each)],
        longest_stop_min=policy.review.longest_stop_min,
        faces=chart([(_clock(each), each.faces_seen) for each in minutes]),
        alerts=chart([(_clock(each), each.alerts) for each in minutes]),
        deciding=_deciding(dockets, policy),
        late_after_s=policy.review.late_after_s,
    )


def _waiting(dockets: Sequence[Docket], policy: Policy, now: datetime) -> Waiting:
    stages = [(each, stage_of(each, policy, now)) for each in dockets]
    undecided = [each for each, stage in stages if stage in UNDECIDED]
    took_s = [_took_s(each) for each in dockets if is_decided(each, policy)]
    return Waiting(
        undecided=len(undecided),
        late=sum(is_late(each, policy, now) for each in undecided),
        oldest=min((each.captured_at for each in undecided), default=None),
        median_s=median(took_s) if took_s else None,
        with_officers=sum(stage in _WITH_OFFICERS for _, stage in stages),
        unanswered=sum(is_unanswered(each, policy, now) for each in dockets),
        to_close=sum(stage is AlertStage.DECIDED for _, stage in stages),
    )


def _took_s(docket: Docket) -> float:
    return (docket.decisions[-1].at - docket.captured_at).total_seconds()


def _totals(dockets: Sequence[Docket]) -> Totals:
    decisions = Counter(each.decision for docket in dockets for each in docket.decisions)
    outcomes = [each.outcome for each in dockets if each.outcome is not None]
    disposals = Counter(each.disposal for each in outcomes)
    return Totals(
        raised=len(dockets),
        decisions=[(each.value, decisions[each]) for each in AdjudicationDecision],
        disposals=[(each.value, disposals[each]) for each in Disposal],
        true_alerts=sum(each.true_alert for each in outcomes),
        false_alerts=sum(not each.true_alert for each in outcomes),
        still_open=len(dockets) - len(outcomes),
    )


def _is_stopped(docket: Docket) -> bool:
    stop = docket.engagement
    return stop is not None and stop.engaged_at is not None and stop.released_at is None


def _stop(office: Office, docket: Docket, policy: Policy, now: datetime) -> Stop:
    assert docket.engagement is not None
    assert docket.engagement.engaged_at is not None
    since = docket.engagement.engaged_at
    officer = who(office, docket.engagement.decided_by or "")
    overrun = overruns(docket.engagement, policy, now)
    return Stop(docket.place.number, officer, since, overrun)


def _deciding(dockets: Sequence[Docket], policy: Policy) -> Chart:
    decided = [each for each in dockets if is_decided(each, policy)][-_ALERTS_SHOWN:]
    took = [(f"Alert {each.place.number}", _took_s(each)) for each in decided]
    return chart(took, limit=policy.review.late_after_s)


def _clock(minute: Minute) -> str:
    return f"{minute.at.astimezone(UTC):%H:%M}"
