"""One alert, as operators decide on it and as commanders look at it.

The page itself shows no face: the two pictures are fetched beside it, and each fetch is a look
that is on the log. Nobody's decision is written over unseen: whoever opens an alert from the
queue claims it, and what others did meanwhile is said on the page.
"""

from contextlib import suppress
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from overt.errors import LifecycleError, NotFoundError
from overt.review import adjudication, claims
from overt.review.queue import standing
from overt.review.things import thing_of
from overt.storage import AlertPlace, Outcome
from overt.vocabulary import Act, AdjudicationDecision, AdjudicationFactor, Disposal
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.pages.alert_view import content_of
from overt.web.pages.following import CONSOLE, successor_of
from overt.web.pages.forms import EMPTY, Form, Sent, checked
from overt.web.pages.frame import away, page
from overt.web.wire import snapshot_position

router = APIRouter(include_in_schema=False)

_WORDS = {
    "decision": "Choose viable, not viable or unsure.",
    "factors": "Tick at least one of subject, system and environment.",
    "verdict": "Say whether it was a true or a false alert.",
}

_PICTURE = {"response_class": Response}


class Decision(BaseModel):
    """What an operator decides, and what they took into account."""

    decision: AdjudicationDecision
    factors: Annotated[
        list[AdjudicationFactor], Field(min_length=1, max_length=len(AdjudicationFactor))
    ]


class Verdict(StrEnum):
    """What an alert was that never went to officers; unconfirmed, since nobody was spoken to."""

    TRUE = "true"
    FALSE = "false"


class Unsent(BaseModel):
    """How an alert closes that never went to officers."""

    verdict: Verdict


@router.get("/alerts/{alert_id}", **does(Act.DEPLOYMENT_WATCH))
def show(request: Request, office: Here, person: SignedIn, alert_id: Id) -> Response:
    """Show an alert to the operators and commanders of its unit."""
    return _shown(request, office, person, alert_id, EMPTY)


@router.post("/alerts/{alert_id}/claim", **does(Act.ALERT_CLAIM))
def claim(request: Request, office: Here, person: SignedIn, alert_id: Id) -> Response:
    """Claim an alert, or hold a claim of one's own for longer, and show it."""
    place = office.record.alerts.place(alert_id)
    try:
        claims.claim(office, person, place)
    except LifecycleError as error:
        return _shown(request, office, person, alert_id, EMPTY.refused(error))
    return away(f"/alerts/{place.alert_id}")


@router.post("/alerts/{alert_id}/release", **does(Act.ALERT_CLAIM))
def release(office: Here, person: SignedIn, alert_id: Id) -> Response:
    """Let an alert go for somebody else to take, and go back to the queue."""
    place = office.record.alerts.place(alert_id)
    with suppress(LifecycleError):  # it has lapsed: the queue shows whose it is now
        claims.release(office, person, place)
    return _to_queue(place)


@router.post("/alerts/{alert_id}/decide", **does(Act.ALERT_ADJUDICATE))
def decide(request: Request, office: Here, person: SignedIn, alert_id: Id, sent: Sent) -> Response:
    """Record what an operator decided, and go back to the queue."""
    place = office.record.alerts.place(alert_id)
    given, form = checked(Decision, sent, _WORDS, several=("factors",))
    if given is None:
        return _shown(request, office, person, alert_id, form)
    if person.account_id in standing(office, place).decided_by:
        return away(f"/alerts/{place.alert_id}")  # sent twice: it shows what was decided
    try:
        adjudication.adjudicate(office, person, place, given.decision, given.factors)
    except LifecycleError as error:
        return _shown(request, office, person, alert_id, form.refused(error))
    return _to_queue(place)


@router.post("/alerts/{alert_id}/close-unsent", **does(Act.ALERT_ADJUDICATE))
def close_unsent(
    request: Request, office: Here, person: SignedIn, alert_id: Id, sent: Sent
) -> Response:
    """Close an alert that never went to officers, as not engaged and unconfirmed."""
    place = office.record.alerts.place(alert_id)
    given, form = checked(Unsent, sent, _WORDS)
    if given is None:
        return _shown(request, office, person, alert_id, form)
    outcome = Outcome(
        alert_id=place.alert_id,
        entry=place.entry,
        by=person.account_id,
        at=office.now(),
        true_alert=given.verdict is Verdict.TRUE,
        confirmed=False,
        engaged=False,
        disposal=Disposal.NOT_ENGAGED,
    )
    try:
        adjudication.close(office, person, outcome)
    except LifecycleError as error:
        return _shown(request, office, person, alert_id, form.refused(error))
    return _to_queue(place)


@router.get("/alerts/{alert_id}/crop", **does(Act.ALERT_SEE_FACE, **_PICTURE))
def crop(office: Here, person: SignedIn, alert_id: Id) -> Response:
    """Return the face that was captured; the look is on the log before it is sent."""
    record, _ = adjudication.see(office, person, office.record.alerts.place(alert_id))
    return Response(record.alert.crop_jpeg, media_type="image/jpeg")


@router.get("/alerts/{alert_id}/reference", **does(Act.ALERT_SEE_FACE, **_PICTURE))
def reference(office: Here, person: SignedIn, alert_id: Id) -> Response:
    """Return the list's picture that was compared; the look is on the log before it is sent."""
    _, enrolled = adjudication.see(office, person, office.record.alerts.place(alert_id))
    if enrolled is None:
        raise NotFoundError(
            "The list that the alert was raised with has been destroyed.",
            remedy="Its receipt says when.",
        )
    return Response(enrolled.reference.picture_jpeg, media_type="image/jpeg")


def _shown(request: Request, office: Here, person: SignedIn, alert_id: str, form: Form) -> Response:
    position = snapshot_position(office)
    place = office.record.alerts.place(alert_id)
    office.demand(person, Act.DEPLOYMENT_WATCH, thing_of(office, place))
    if place.deployment_id is None:
        raise NotFoundError(
            "It is an alert of a rehearsal that nobody authorised.",
            remedy="See it with: overt alerts show.",
        )
    content = content_of(office, person, place)
    after = successor_of(office, person, content["row"], CONSOLE)
    return page(
        request, "alert.html", form.status, form=form, position=position, after=after, **content
    )


def _to_queue(place: AlertPlace) -> Response:
    return away(f"/deployments/{place.deployment_id}/console" if place.deployment_id else "/")
