"""The engagement officer's phone: alerts that were sent, the stop, the outcome, the slip.

One step at a time, in the order of the street: acknowledge, decide for oneself, end the stop,
record the outcome. Every step is a plain form. The page's script sends the same forms, also
later, when a network that was dead is back: it asks for JSON, and says when each thing happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from overt.deployment.recorded import policy_of, thing_of
from overt.deployment.recorded import seen as deployment_seen
from overt.errors import NotFoundError, OvertError, PermissionDenied
from overt.people.office import Office
from overt.people.permissions import Person
from overt.review import adjudication, engagement
from overt.storage import AlertPlace
from overt.vocabulary import Act, OfficerDecision, Role
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.failures import PlainJSON, as_json, failure_of
from overt.web.pages.following import PHONE, successor_of
from overt.web.pages.forms import EMPTY, Form, Sent, checked
from overt.web.pages.frame import away, page
from overt.web.pages.officer_forms import (
    Closing,
    Decided,
    Ended,
    MistakesError,
    Timed,
    outcome_of,
)
from overt.web.pages.officer_shown import Card, Reached, duties, facts, going_on, may_see, reached
from overt.web.pages.officer_words import (
    MISSING,
    STANDS,
    Step,
    choices,
)
from overt.web.pages.queued import PRIORITIES
from overt.web.pages.refusals import without_commands
from overt.web.pages.slip import slip_of
from overt.web.wire import snapshot_position

router = APIRouter(include_in_schema=False)

_ALERT = "/officer/alerts/{alert_id}"
_WITH_PICTURES = frozenset({Step.ACKNOWLEDGE, Step.DECIDE, Step.STOP, Step.OUTCOME})

Model = TypeVar("Model", bound=Timed)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is about an alert."""

    request: Request
    office: Office
    person: Person
    alert_id: str

    @property
    def place(self) -> AlertPlace:
        """Where the alert stands.

        Raises:
            NotFoundError: it was deleted, or never was.
        """
        return self.office.record.alerts.place(self.alert_id)

    @property
    def by_script(self) -> bool:
        """Whether the page's script asks."""
        return "application/json" in self.request.headers.get("accept", "")


@router.get("/officer", **does(Act.ALERT_ACKNOWLEDGE))
def listed(request: Request, office: Here, person: SignedIn) -> Response:
    """Show the alerts that reached this officer, the open ones first."""
    position = snapshot_position(office)
    return page(
        request,
        "officer.html",
        deployments=duties(office, person),
        blank=Card(),
        **_phone(office, person, position),
    )


@router.get(_ALERT, **does(Act.ALERT_ACKNOWLEDGE))
def one(request: Request, office: Here, person: SignedIn, alert_id: Id) -> Response:
    """Show one alert, and the step that is next."""
    return _shown(Asked(request, office, person, alert_id), EMPTY)


@router.post(f"{_ALERT}/acknowledge", **does(Act.ALERT_ACKNOWLEDGE))
def acknowledge(
    request: Request, office: Here, person: SignedIn, alert_id: Id, sent: Sent
) -> Response:
    """Take an alert: it is this officer's from now on."""

    def act(place: AlertPlace, given: Timed) -> None:
        engagement.acknowledge(office, person, place, at=given.at)

    return _acted(Asked(request, office, person, alert_id), Timed, sent, act)


@router.post(f"{_ALERT}/decide", **does(Act.ALERT_ENGAGE))
def decide(request: Request, office: Here, person: SignedIn, alert_id: Id, sent: Sent) -> Response:
    """Record the officer's own decision; to engage starts the stop timer."""

    def act(place: AlertPlace, given: Decided) -> None:
        engagement.decide(office, person, place, given.decision, at=given.at)

    return _acted(Asked(request, office, person, alert_id), Decided, sent, act)


@router.post(f"{_ALERT}/end-stop", **does(Act.ALERT_ENGAGE))
def end_stop(
    request: Request, office: Here, person: SignedIn, alert_id: Id, sent: Sent
) -> Response:
    """End the stop, with the identity checks that were tried."""

    def act(place: AlertPlace, given: Ended) -> None:
        engagement.end_stop(office, person, place, given.checks, at=given.at)

    return _acted(Asked(request, office, person, alert_id), Ended, sent, act)


@router.post(f"{_ALERT}/outcome", **does(Act.ALERT_CLOSE))
def close(request: Request, office: Here, person: SignedIn, alert_id: Id, sent: Sent) -> Response:
    """Close the alert with its one outcome."""

    def act(place: AlertPlace, given: Closing) -> None:
        adjudication.close(office, person, outcome_of(office, person, place, given), at=given.at)

    return _acted(Asked(request, office, person, alert_id), Closing, sent, act)


@router.get("/officer/handed-over/{deployment_id}", **does(Act.ALERT_ACKNOWLEDGE))
def handed_over(request: Request, office: Here, person: SignedIn, deployment_id: Id) -> Response:
    """Return what the page says of a hand-over, for its script; nothing where there was none."""
    row = office.record.deployments.find(deployment_id)
    office.demand(person, Act.ALERT_ACKNOWLEDGE, thing_of(row))
    return page(request, "handed_over.html", after=successor_of(office, person, row, PHONE))


@router.get("/officer/slip/{deployment_id}", **does(Act.DEPLOYMENT_SEE))
def slip(request: Request, office: Here, person: SignedIn, deployment_id: Id) -> Response:
    """Show the slip for whoever was spoken to: what this was, and how to complain."""
    row = deployment_seen(office, person, deployment_id)
    return page(request, "slip.html", slip=slip_of(row))


def _acted(
    asked: Asked, model: type[Model], sent: Form, act: Callable[[AlertPlace, Model], None]
) -> Response:
    """Do what a form says, or show what is wrong with it: to a person a page, to a script JSON."""
    given, form = checked(model, sent, MISSING, several=("checks",))
    try:
        if given is not None:
            act(asked.place, given)
            return Response(status_code=204) if asked.by_script else away(_path(asked))
    except MistakesError as mistakes:
        form = form.with_errors(mistakes.errors)
    except OvertError as error:
        if asked.by_script:
            failure = failure_of(error)
            return as_json(replace(failure, remedy=without_commands(failure.remedy)))
        if isinstance(error, PermissionDenied | NotFoundError):
            raise
        form = form.refused(error)
    if asked.by_script:
        return PlainJSON({"message": " ".join(form.errors.values()), "remedy": ""}, 422)
    return _shown(asked, form)


def _shown(asked: Asked, form: Form) -> Response:
    office, person = asked.office, asked.person
    position = snapshot_position(office)
    query = asked.request.query_params
    instead = asked.request.method == "POST" or "instead" in query
    found = reached(office, person, asked.place, instead=instead)
    asked_for = "pictures" in query
    pictures = found.step in _WITH_PICTURES or (found.step is Step.EXPIRED and asked_for)
    return page(
        asked.request,
        "officer_alert.html",
        form.status,
        form=form,
        shown=found.card,
        facts=facts(office, found),
        pictures=pictures and may_see(person, found.policy),
        asked_for=asked_for,
        holder=found.holder,
        alert_id=asked.alert_id,
        deployment_id=found.row.deployment_id,
        after=successor_of(office, person, found.row, PHONE),
        **_steps(asked, found),
        **_phone(office, person, position),
    )


def _steps(asked: Asked, found: Reached) -> dict[str, Any]:
    """Return what the steps are shown with."""
    office, policy, done = asked.office, found.policy, found.engagement
    decided = done.decision if done else None
    outcome = office.record.reviews.outcome(asked.alert_id)
    return {
        **choices(),
        "step": found.step.value,
        "engaged": None if decided is None else decided is OfficerDecision.ENGAGE,
        "decided": decided.value if decided else "",
        "engaged_at": done.engaged_at if done else None,
        "longest_stop_min": policy.review.longest_stop_min,
        "overrun": found.step is Step.STOP and engagement.overruns(done, policy, office.now()),
        "deleted_after_hours": policy.retention.false_alerts_hours,
        "was_false": outcome is not None and not outcome.true_alert,
        "named": _named(asked, found),
    }


def _named(asked: Asked, found: Reached) -> str | None:
    """Return the name on the list, where it is asked for during a stop; None where none may be.

    It is nothing, where it may be asked for and was not. The look is logged.
    """
    may = Role.ENGAGEMENT_OFFICER in found.policy.access.watchlist_names
    own = found.engagement is not None and found.engagement.decided_by == asked.person.account_id
    if found.step is not Step.STOP or not (may and own):
        return None
    if "name" not in asked.request.query_params:
        return ""
    return adjudication.see_name(asked.office, asked.person, found.queued.place) or None


def _phone(office: Office, person: Person, position: int) -> dict[str, Any]:
    """Return what the phone's script knows from the page."""
    rows = going_on(office, person)
    limits = {each.deployment_id: policy_of(each).review.unanswered_after_s for each in rows}
    stands = {step.value: words for step, words in STANDS.items()}
    words = {"priorities": dict(PRIORITIES), "stands": stands, "unanswered_after_s": limits}
    return {"position": position, "open_ids": list(limits), "words": words}


def _path(asked: Asked) -> str:
    return f"/officer/alerts/{asked.alert_id}"
