"""The queue, claims on alerts, and what engagement officers do: each act may be sent twice.

A device that lost its network sends an act again, with `at`, the time at which it happened: the
same again changes nothing.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from overt.people.office import Office
from overt.review import claims, engagement
from overt.review.queue import Priority, Queued, queue
from overt.storage import Engagement
from overt.vocabulary import Act, AlertStage, IdentityCheck, OfficerDecision
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.api.deployments import name_of
from overt.web.api.texts import Body

router = APIRouter()


class Waiting(BaseModel):
    """An alert as people work on it, without a face or a name; who acts is an account's name."""

    alert_id: str
    number: int
    stage: AlertStage
    late: bool
    unanswered: bool
    camera: str
    captured_at: datetime
    category: str
    priority: Priority
    expected_response: str
    claimed_by: str
    claimed_until: datetime | None
    decisions: int
    needed: int
    sent_at: datetime | None
    acknowledged_by: str
    engaged_at: datetime | None
    released_at: datetime | None
    earlier_false_alerts: int


class Claimed(BaseModel):
    """Until when an alert is the claimant's to decide on; claim it again to keep it for longer."""

    until: datetime


class When(Body):
    """When it happened, from a device that could not say so at once; left out, now."""

    at: AwareDatetime | None = None


class Decided(When):
    """What the officer on the street decided; to engage begins a stop."""

    decision: OfficerDecision


class Ended(When):
    """The end of a stop, and which identity checks were tried; none is a possible answer."""

    checks: Annotated[list[IdentityCheck], Field(max_length=len(IdentityCheck))]


class Handled(BaseModel):
    """What officers have done about an alert; who acted is an account's name."""

    acknowledged_by: str
    acknowledged_at: datetime
    decision: OfficerDecision | None
    decided_by: str
    decided_at: datetime | None
    released_at: datetime | None
    minutes_held: float | None
    checks: list[IdentityCheck]


@router.get("/deployments/{deployment_id}/queue", **does(Act.ALERT_LIST))
def queued(office: Here, person: SignedIn, deployment_id: Id) -> list[Waiting]:
    """List a deployment's alerts as they are worked on: open ones first, by priority and age."""
    return [_waiting(office, each) for each in queue(office, person, deployment_id)]


@router.post("/alerts/{alert_id}/claim", **does(Act.ALERT_CLAIM))
def claim(office: Here, person: SignedIn, alert_id: Id) -> Claimed:
    """Take an alert to decide on; nobody else can decide on it until the claim lapses."""
    place = office.record.alerts.place(alert_id)
    return Claimed(until=claims.claim(office, person, place).until)


@router.post("/alerts/{alert_id}/give-back", status_code=204, **does(Act.ALERT_CLAIM))
def give_back(office: Here, person: SignedIn, alert_id: Id) -> None:
    """Give an alert back without a decision, for another operator to take."""
    claims.release(office, person, office.record.alerts.place(alert_id))


@router.post("/alerts/{alert_id}/acknowledge", **does(Act.ALERT_ACKNOWLEDGE))
def acknowledge(office: Here, person: SignedIn, alert_id: Id, given: When) -> Handled:
    """Acknowledge an alert that was sent to officers, before it expires."""
    place = office.record.alerts.place(alert_id)
    return _handled(office, engagement.acknowledge(office, person, place, given.at))


@router.post("/alerts/{alert_id}/engage", **does(Act.ALERT_ENGAGE))
def engage(office: Here, person: SignedIn, alert_id: Id, given: Decided) -> Handled:
    """Record the officer's own decision; to engage begins a stop, and its timer."""
    place = office.record.alerts.place(alert_id)
    made = engagement.decide(office, person, place, given.decision, given.at)
    return _handled(office, made)


@router.post("/alerts/{alert_id}/end-stop", **does(Act.ALERT_ENGAGE))
def end_stop(office: Here, person: SignedIn, alert_id: Id, given: Ended) -> Handled:
    """Record that a stop has ended, and which identity checks were tried."""
    place = office.record.alerts.place(alert_id)
    return _handled(office, engagement.end_stop(office, person, place, given.checks, given.at))


def _waiting(office: Office, queued: Queued) -> Waiting:
    return Waiting(
        alert_id=queued.place.alert_id,
        number=queued.place.number,
        stage=queued.stage,
        late=queued.late,
        unanswered=queued.unanswered,
        camera=queued.camera,
        captured_at=queued.captured_at,
        category=queued.category_wording,
        priority=queued.priority,
        expected_response=queued.expected_response,
        claimed_by=_name(office, queued.claimed_by),
        claimed_until=queued.claimed_until,
        decisions=queued.decisions,
        needed=queued.needed,
        sent_at=queued.sent_at,
        acknowledged_by=_name(office, queued.acknowledged_by),
        engaged_at=queued.engaged_at,
        released_at=queued.released_at,
        earlier_false_alerts=queued.earlier_false_alerts,
    )


def _handled(office: Office, made: Engagement) -> Handled:
    return Handled(
        acknowledged_by=_name(office, made.acknowledged_by),
        acknowledged_at=made.acknowledged_at,
        decision=made.decision,
        decided_by=_name(office, made.decided_by),
        decided_at=made.decided_at,
        released_at=made.released_at,
        minutes_held=made.minutes_held,
        checks=list(made.checks),
    )


def _name(office: Office, account_id: str | None) -> str:
    return name_of(office, account_id) if account_id else ""
