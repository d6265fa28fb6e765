"""Alerts: without faces for those who count them, with faces for those who decide.

Each look at a face is on the log before the face is sent. Officers are shown what was sent to
them, and nothing else.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from overt.deployment.recorded import thing_of as deployment_thing
from overt.errors import NotFoundError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.review import adjudication
from overt.review.queue import is_kept_from, may_decide, standing
from overt.review.things import thing_of
from overt.storage import AlertPlace, Outcome
from overt.vocabulary import Act, AdjudicationDecision, AdjudicationFactor, Disposal
from overt.web.api import engagements
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.api.deployments import name_of
from overt.web.api.texts import Body

router = APIRouter(tags=["alerts"])
router.include_router(engagements.router)

_PICTURE = {200: {"content": {"image/jpeg": {}}, "description": "The picture."}}


class Brief(BaseModel):
    """An alert without faces or names."""

    alert_id: str
    number: int
    raised_at: datetime
    erase_after: datetime
    decisions: int
    closed: bool


class Decision(BaseModel):
    """What one operator decided; `by` is an account's name.

    Whoever is still to decide is told that somebody has, and not what.
    """

    by: str
    at: datetime
    decision: AdjudicationDecision | None
    factors: list[AdjudicationFactor]


class Closed(BaseModel):
    """How an alert closed; `by` is an account's name."""

    by: str
    at: datetime
    true_alert: bool
    confirmed: bool
    engaged: bool
    disposal: Disposal


class Whole(Brief):
    """An alert with what was measured and decided; a score is no probability."""

    camera: str
    captured_at: datetime
    comparison_score: float
    normalised_score: float
    threshold: float
    shots: int
    agreeing: int
    pack_id: str
    policy_version: str
    earlier_false_alerts: int
    adjudications: list[Decision]
    outcome: Closed | None


class Adjudication(Body):
    """An operator's decision, and at least one factor that it takes into account."""

    decision: AdjudicationDecision
    factors: Annotated[list[AdjudicationFactor], Field(max_length=len(AdjudicationFactor))]


class Adjudicated(BaseModel):
    """The number of a decision: 2 is a second person's."""

    number: int


class Close(Body):
    """An alert's outcome, as whoever closes it reports it."""

    true_alert: bool
    confirmed: bool
    engaged: bool
    disposal: Disposal


@router.get("/deployments/{deployment_id}/alerts", **does(Act.ALERT_LIST))
def listed(office: Here, person: SignedIn, deployment_id: Id) -> list[Brief]:
    """List a deployment's alerts, in the order they were raised."""
    row = office.record.deployments.find(deployment_id)
    office.demand(person, Act.ALERT_LIST, deployment_thing(row))
    return [
        _brief(office, each)
        for each in office.record.alerts.places_of(row.deployment_id)
        if not is_kept_from(office, person, Act.ALERT_LIST, each)
    ]


@router.get("/alerts/{alert_id}", **does(Act.ALERT_LIST))
def one(office: Here, person: SignedIn, alert_id: Id) -> Whole:
    """Return an alert with its scores and decisions."""
    place = office.record.alerts.place(alert_id)
    office.demand(person, Act.ALERT_LIST, thing_of(office, place))
    if is_kept_from(office, person, Act.ALERT_LIST, place):
        about = thing_of(office, place)
        office.refuse(person, Act.ALERT_LIST, about, "it was not sent to officers")
    alert = office.record.alerts.find(place.alert_id).alert
    made = office.record.reviews.adjudications(place.alert_id)
    blind = may_decide(person, standing(office, place))
    return Whole(
        **dict(_brief(office, place)),
        camera=alert.camera,
        captured_at=alert.captured_at,
        comparison_score=alert.candidate.comparison_score,
        normalised_score=alert.candidate.normalised_score,
        threshold=alert.threshold,
        shots=alert.shots,
        agreeing=alert.agreeing,
        pack_id=alert.pack_id,
        policy_version=alert.policy_version,
        earlier_false_alerts=office.record.reviews.false_alerts_against(place.entry),
        adjudications=[
            Decision(
                by=name_of(office, each.by),
                at=each.at,
                decision=None if blind else each.decision,
                factors=[] if blind else list(each.factors),
            )
            for each in made
        ],
        outcome=_closed(office, place),
    )


@router.get(
    "/alerts/{alert_id}/crop",
    **does(Act.ALERT_SEE_FACE, response_class=Response, responses=_PICTURE),
)
def crop(office: Here, person: SignedIn, alert_id: Id) -> Response:
    """Return the face that was captured, to whom the policy lets see it; the look is logged."""
    place = office.record.alerts.place(alert_id)
    record, _ = adjudication.see(office, person, place)
    return _picture(record.alert.crop_jpeg)


@router.get(
    "/alerts/{alert_id}/reference",
    **does(Act.ALERT_SEE_FACE, response_class=Response, responses=_PICTURE),
)
def reference(office: Here, person: SignedIn, alert_id: Id) -> Response:
    """Return the list's picture that was compared; the look is logged."""
    place = office.record.alerts.place(alert_id)
    _, enrolled = adjudication.see(office, person, place)
    if enrolled is None:
        raise NotFoundError(
            "The list that the alert was raised with has been destroyed.",
            remedy="Its receipt says when.",
        )
    return _picture(enrolled.reference.picture_jpeg)


@router.post("/alerts/{alert_id}/adjudicate", status_code=201, **does(Act.ALERT_ADJUDICATE))
def adjudicate(office: Here, person: SignedIn, alert_id: Id, made: Adjudication) -> Adjudicated:
    """Record an operator's decision on an alert, which ends their claim."""
    place = office.record.alerts.place(alert_id)
    number = adjudication.adjudicate(office, person, place, made.decision, made.factors)
    return Adjudicated(number=number)


@router.post("/alerts/{alert_id}/close", **does(Act.ALERT_CLOSE))
def close(office: Here, person: SignedIn, alert_id: Id, given: Close) -> Closed:
    """Close an alert with its one outcome; a false one is deleted earliest.

    An operator closes what was decided on and sent to no officer; all else is the officers'.
    """
    place = office.record.alerts.place(alert_id)
    adjudication.close(office, person, _outcome(office, person, place, given))
    closed = _closed(office, place)
    if closed is None:
        raise NotFoundError("The outcome is gone.", remedy="See the receipts.")
    return closed


def _outcome(office: Office, person: Person, place: AlertPlace, given: Close) -> Outcome:
    return Outcome(
        alert_id=place.alert_id,
        entry=place.entry,
        by=person.account_id,
        at=office.now(),
        true_alert=given.true_alert,
        confirmed=given.confirmed,
        engaged=given.engaged,
        disposal=given.disposal,
    )


def _brief(office: Office, place: AlertPlace) -> Brief:
    reviews = office.record.reviews
    return Brief(
        alert_id=place.alert_id,
        number=place.number,
        raised_at=place.raised_at,
        erase_after=place.erase_after,
        decisions=len(reviews.adjudications(place.alert_id)),
        closed=reviews.outcome(place.alert_id) is not None,
    )


def _closed(office: Office, place: AlertPlace) -> Closed | None:
    outcome = office.record.reviews.outcome(place.alert_id)
    if outcome is None:
        return None
    return Closed(
        by=name_of(office, outcome.by),
        at=outcome.at,
        true_alert=outcome.true_alert,
        confirmed=outcome.confirmed,
        engaged=outcome.engaged,
        disposal=outcome.disposal,
    )


def _picture(jpeg: bytes) -> Response:
    return Response(jpeg, media_type="image/jpeg")
