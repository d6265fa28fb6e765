"""What an engagement officer is shown of alerts: where each stands for them, and no face or name.

Only what reached officers is shown, of deployments that go on. An alert that nobody answered in
time has expired: it is marked so, and is never shown as live again (R-46, R-47).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from overt.deployment.policy import Policy
from overt.deployment.recorded import policy_of, thing_of
from overt.errors import NotFoundError
from overt.people.office import Office
from overt.people.permissions import Person, why_not
from overt.review.known import known_against
from overt.review.queue import Queued, queue, standing
from overt.review.things import thing_of as alert_thing
from overt.storage import AlertPlace, DeploymentRow, Engagement
from overt.vocabulary import Act, AlertStage, DeploymentState, OfficerDecision, Role
from overt.web.pages.following import PHONE, Successor, successor_of
from overt.web.pages.officer_words import STANDS, Step
from overt.web.pages.queued import PRIORITIES, names

_GOES_ON = frozenset({DeploymentState.LIVE, DeploymentState.ENDED})
"""States in which alerts are or may still be open; before there is none, and after they are gone."""

_DONE = frozenset({Step.CLOSED})
_YEAR = timedelta(days=365.25)


@dataclass(frozen=True, slots=True)
class Card:
    """One alert in an officer's list. `expires_at` is None once somebody has answered."""

    alert_id: str = ""
    step: Step = Step.ACKNOWLEDGE
    stands: str = ""
    priority: str = "green"
    expected_response: str = ""
    category: str = ""
    camera: str = ""
    captured_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether there is anybody to look for."""
        return self.step not in {Step.EXPIRED, Step.CLOSED}

    @property
    def priority_words(self) -> str:
        """How soon officers act."""
        return PRIORITIES[self.priority]


@dataclass(frozen=True, slots=True)
class Duty:
    """A deployment that goes on, and its alerts that reached officers: open ones, and the rest.

    `after` is the one that its cameras were handed over to, if they were.
    """

    deployment_id: str
    name: str
    location: str
    open: tuple[Card, ...]
    done: tuple[Card, ...]
    after: Successor | None


@dataclass(frozen=True, slots=True)
class Reached:
    """One alert that reached officers, with what was done about it."""

    row: DeploymentRow
    policy: Policy
    queued: Queued
    engagement: Engagement | None
    step: Step
    holder: str

    @property
    def card(self) -> Card:
        """The alert as a list shows it."""
        return _card(self.queued, self.step, self.holder, self.policy)


def duties(office: Office, person: Person) -> list[Duty]:
    """Return the deployments of somebody's unit that go on, those with open alerts first."""
    found = [_duty(office, person, row) for row in going_on(office, person)]
    return sorted(found, key=lambda each: not each.open)


def going_on(office: Office, person: Person) -> list[DeploymentRow]:
    """Return the deployments of somebody's unit whose alerts are or may be open."""
    return [
        row
        for row in office.record.deployments.all()
        if row.state in _GOES_ON and not why_not(person, Act.ALERT_ACKNOWLEDGE, thing_of(row))
    ]


def reached(office: Office, person: Person, place: AlertPlace, *, instead: bool = False) -> Reached:
    """Return an alert that reached officers; `instead` of a colleague who has it, if so wished.

    Raises:
        PermissionDenied: it is another unit's.
        NotFoundError: it did not, or its deployment is over.
    """
    office.demand(person, Act.ALERT_ACKNOWLEDGE, alert_thing(office, place))
    row = office.record.deployments.find(place.deployment_id) if place.deployment_id else None
    queued = standing(office, place)
    if row is None or row.state not in _GOES_ON or not _is_sent(queued):
        raise NotFoundError(
            "This alert is not for officers, or no longer.",
            remedy="Go back to your alerts; they show what there is.",
        )
    engagement = office.record.handling.engagement(place.alert_id)
    step = _step(queued, engagement, person, instead=instead)
    holder = names(office)(_holder(engagement))
    return Reached(row, policy_of(row), queued, engagement, step, holder)


def facts(office: Office, found: Reached) -> dict[str, Any]:
    """Return what a page says of an alert besides its card: nothing of it is a face or a name."""
    alert = office.record.alerts.find(found.queued.place.alert_id).alert
    run = office.record.runs.find(found.queued.place.run_id)
    candidate = alert.candidate
    enrolled = office.record.watchlists.enrolled(run.watchlist_id, candidate.reference_id)
    taken = enrolled.reference.picture_date if enrolled else None
    known = known_against(office, found.queued.place, candidate.subject_id)
    return {
        "location": found.row.location,
        "picture_date": taken,
        "picture_years": _years(taken, alert.captured_at.date()) if taken else 0,
        "earlier_false_alerts": known.false_alerts,
        "lookalikes": len(known.lookalikes),
    }


def may_see(person: Person, policy: Policy) -> bool:
    """Tell whether the policy lets officers see faces; each look is then logged."""
    return Role.ENGAGEMENT_OFFICER in person.roles and (
        Role.ENGAGEMENT_OFFICER in policy.access.faces
    )


def _duty(office: Office, person: Person, row: DeploymentRow) -> Duty:
    policy, name = policy_of(row), names(office)
    cards = []
    for queued in queue(office, person, row.deployment_id):
        if not _is_sent(queued):
            continue
        engagement = None
        if queued.acknowledged_by:
            engagement = office.record.handling.engagement(queued.place.alert_id)
        step = _step(queued, engagement, person)
        cards.append(_card(queued, step, name(_holder(engagement)), policy))
    mine = (Step.STOP, Step.OUTCOME, Step.DECIDE)  # what an officer is in the middle of comes first
    cards.sort(key=lambda each: each.step not in mine)
    return Duty(
        row.deployment_id,
        row.name,
        row.location,
        tuple(each for each in cards if each.step not in _DONE),
        tuple(each for each in cards if each.step in _DONE),
        successor_of(office, person, row, PHONE),
    )


def _is_sent(queued: Queued) -> bool:
    """Tell whether an alert reached officers; others may be in the queue of who has more roles."""
    return queued.sent_at is not None


def _holder(engagement: Engagement | None) -> str | None:
    """Return who has an alert: whoever decided, and before that whoever acknowledged it."""
    return (engagement.decided_by or engagement.acknowledged_by) if engagement else None


def _step(
    queued: Queued, engagement: Engagement | None, person: Person, *, instead: bool = False
) -> Step:
    if queued.stage is AlertStage.CLOSED:
        return Step.CLOSED
    if engagement is None:
        return Step.EXPIRED if queued.unanswered else Step.ACKNOWLEDGE
    if not instead and _holder(engagement) != person.account_id:
        return Step.TAKEN
    if engagement.decision is None:
        return Step.DECIDE
    stopped = engagement.decision is OfficerDecision.ENGAGE
    return Step.STOP if stopped and engagement.released_at is None else Step.OUTCOME


def _card(queued: Queued, step: Step, holder: str, policy: Policy) -> Card:
    expires_at = None
    if step is Step.ACKNOWLEDGE and queued.sent_at:
        expires_at = queued.sent_at + timedelta(seconds=policy.review.unanswered_after_s)
    return Card(
        alert_id=queued.place.alert_id,
        step=step,
        stands=STANDS[step].replace("NAME", holder),
        priority=queued.priority,
        expected_response=queued.expected_response,
        category=queued.category_wording,
        camera=queued.camera,
        captured_at=queued.captured_at,
        expires_at=expires_at,
    )


def _years(taken: date, seen: date) -> int:
    return int((seen - taken) / _YEAR)
