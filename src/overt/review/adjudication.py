"""Adjudication: people decide on alerts, and each alert closes with exactly one outcome.

The operator says viable, not viable or unsure, and which factors counted; nothing is chosen
for them. Where the policy asks for two people, the second is another one. The officer's outcome
is separate from the operator's decision (requirements R-44, R-45, R-49).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from overt.audit.events import AlertAdjudicated, AlertClosed, FaceSeen, NameSeen
from overt.deployment.policy import Policy
from overt.errors import LifecycleError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.review import standing
from overt.review.claims import demand_another, demand_unclaimed
from overt.review.queue import is_kept_from
from overt.review.standing import demand_open, demand_undecided, docket_of
from overt.review.things import (
    Unchanged,
    asked_again,
    happened,
    policy_over,
    tell,
    thing_of,
)
from overt.storage import Adjudication, AlertPlace, AlertRecord, Docket, Enrolled, Outcome
from overt.vocabulary import (
    Act,
    AdjudicationDecision,
    AdjudicationFactor,
    Delivery,
    Disposal,
    Role,
)

_UNSEEN = frozenset({Disposal.NOT_ENGAGED, Disposal.NO_ACTION})


def see(office: Office, person: Person, place: AlertPlace) -> tuple[AlertRecord, Enrolled | None]:
    """Return an alert with its crop, and the reference while its list exists; the look is logged.

    Raises:
        PermissionDenied: the role, the unit or the policy does not allow it, or it was not sent
            to officers.
    """
    policy = policy_over(office, place)
    _demand_sight(office, person, place, frozenset(policy.access.faces) if policy else None)
    office.note(FaceSeen(place.alert_id), by=person)
    record = office.record.alerts.find(place.alert_id)
    run = office.record.runs.find(place.run_id)
    candidate = record.alert.candidate
    return record, office.record.watchlists.enrolled(run.watchlist_id, candidate.reference_id)


def see_name(office: Office, person: Person, place: AlertPlace) -> str:
    """Return the listed name an alert is against, nothing once its list is gone; it is logged.

    Raises:
        PermissionDenied: the role, the unit or the policy does not allow it, or it was not sent
            to officers.
    """
    policy = policy_over(office, place)
    names = frozenset(policy.access.watchlist_names) if policy else None
    _demand_sight(office, person, place, names)
    office.note(NameSeen(place.alert_id), by=person)
    docket = docket_of(office, place)
    subject = office.record.watchlists.subject(
        docket.watchlist_id, office.record.dockets.subject_of(docket)
    )
    return subject.name if subject else ""


def _demand_sight(
    office: Office, person: Person, place: AlertPlace, only: frozenset[Role] | None
) -> None:
    about = thing_of(office, place)
    office.demand(person, Act.ALERT_SEE_FACE, about, only)
    if is_kept_from(office, person, Act.ALERT_SEE_FACE, place):
        office.refuse(person, Act.ALERT_SEE_FACE, about, "it was not sent to officers")


def adjudicate(
    office: Office,
    person: Person,
    place: AlertPlace,
    decision: AdjudicationDecision,
    factors: Sequence[AdjudicationFactor],
) -> int:
    """Record a person's decision on an alert, and return its number: 2 is a second person's.

    It ends the person's claim; without one it counts as one. Once everybody has found the alert
    viable, it is sent to officers. The same decision again from the same person changes nothing.

    Raises:
        PermissionDenied: the person may not, or has decided otherwise already.
        LifecycleError: no factor is given, somebody else has claimed it, the alert is closed, or
            all have decided.
    """
    about = thing_of(office, place)
    office.demand(person, Act.ALERT_ADJUDICATE, about)
    if not factors:
        raise LifecycleError(
            "Say which factors the decision takes into account.",
            remedy="Give at least one of: subject, system, environment.",
        )
    counted = tuple(sorted(set(factors)))
    for number, each in enumerate(docket_of(office, place).decisions, 1):
        if each.by == person.account_id:
            if (each.decision, each.factors) == (decision, counted):
                return number  # sent twice, by a screen that had no answer
            office.refuse(person, Act.ALERT_ADJUDICATE, about, "they have decided on it already")
    policy = policy_over(office, place)
    with office.acting(person, Act.ALERT_ADJUDICATE, about):
        docket = docket_of(office, place)
        demand_open(docket)
        demand_undecided(docket, policy)
        demand_another(docket, person)  # who asks twice at once counts as one person
        demand_unclaimed(office, person, docket)
        made = Adjudication(place.alert_id, person.account_id, office.now(), decision, counted)
        number = office.record.reviews.add_adjudication(made)
        office.record.handling.end_claim(place.alert_id)
        decided = replace(docket, decisions=(*docket.decisions, made))
        viable = standing.is_viable(decided, policy)
        tell(office, place, Delivery.ALERT_SENT if viable else Delivery.ALERT_CHANGED)
        event = AlertAdjudicated(place.alert_id, decision, made.factors, number)
        office.log.write(event, by=person.account_id)
    return number


def close(office: Office, person: Person, outcome: Outcome, at: datetime | None = None) -> Outcome:
    """Close an alert with its outcome. A false one is deleted earliest: requirement R-37.

    Whose outcome it is, of which alert and against which entry, is filled in here. An operator
    closes what was decided on and sent to nobody; all else is the officers'. The same outcome
    again from the same person changes nothing. `at` is when, if that lies between what was done
    last and now; otherwise it is now.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: it has another outcome already, nobody has decided on it, the stop goes
            on, or the outcome contradicts itself or the officer's decision.
    """
    place = office.record.alerts.place(outcome.alert_id)
    outcome = replace(outcome, alert_id=place.alert_id, entry=place.entry)
    outcome = replace(outcome, by=person.account_id, at=office.now())
    _demand_theirs(office, person, place)
    _demand_consistent(outcome)
    policy = policy_over(office, place)
    with asked_again(office, person, Act.ALERT_CLOSE, place):
        docket = docket_of(office, place)
        if docket.outcome is not None and replace(docket.outcome, at=outcome.at) == outcome:
            outcome = docket.outcome
            raise Unchanged
        demand_open(docket)
        _demand_decided(docket, policy, engaged=outcome.engaged)
        _demand_as_engaged(docket, engaged=outcome.engaged)
        outcome = replace(outcome, at=happened(office, at, standing.last_done_at(docket)))
        office.record.reviews.set_outcome(outcome)
        office.record.handling.end_claim(place.alert_id)
        if policy and not outcome.true_alert:
            deadline = office.now() + timedelta(hours=policy.retention.false_alerts_hours)
            office.record.alerts.set_deadline(place.alert_id, min(deadline, place.erase_after))
        tell(office, place, Delivery.ALERT_CHANGED)
        event = AlertClosed(
            place.alert_id,
            outcome.true_alert,
            outcome.confirmed,
            outcome.engaged,
            outcome.disposal,
        )
        office.log.write(event, by=person.account_id)
    return outcome


def _demand_theirs(office: Office, person: Person, place: AlertPlace) -> None:
    """Hold that whoever closes an alert that officers know of is an officer: requirement R-45."""
    about = thing_of(office, place)
    office.demand(person, Act.ALERT_CLOSE, about)
    if Role.ENGAGEMENT_OFFICER in person.roles:
        return
    docket, policy = docket_of(office, place), policy_over(office, place)
    told = standing.sent_at(docket, policy) is not None
    if told or not standing.is_decided(docket, policy):
        office.refuse(person, Act.ALERT_CLOSE, about, "its outcome is an engagement officer's")


def _demand_decided(docket: Docket, policy: Policy | None, *, engaged: bool) -> None:
    if not standing.is_decided(docket, policy):
        raise LifecycleError(
            "Not everybody who must has decided on the alert yet.",
            remedy="An operator does so first: overt alerts adjudicate.",
        )
    if engaged and standing.sent_at(docket, policy) is None:
        raise LifecycleError(
            "Officers engage on alerts that were found viable only.",
            remedy="Record it as not engaged, or have it adjudicated.",
        )


def _demand_as_engaged(docket: Docket, *, engaged: bool) -> None:
    """Hold that an outcome says of the stop what the officer's own decision says."""
    stop = docket.engagement if docket.engagement and docket.engagement.engaged_at else None
    if engaged and stop is None:
        raise LifecycleError(
            "No officer has decided to engage on the alert.",
            remedy="Record the officer's decision first: overt alerts engage.",
        )
    if stop is not None and not engaged:
        raise LifecycleError(
            "An officer has engaged on the alert.", remedy="Record the person as engaged."
        )
    if stop is not None and stop.released_at is None:
        raise LifecycleError(
            "The stop has not ended yet.", remedy="Record its end first: overt alerts end-stop."
        )


def _demand_consistent(outcome: Outcome) -> None:
    unseen = outcome.disposal is Disposal.NOT_ENGAGED
    if unseen == outcome.engaged:
        raise LifecycleError(
            "The outcome contradicts itself: who was not engaged has the disposal “not engaged”, "
            "and nobody else has.",
            remedy="Correct the disposal, or whether the person was engaged.",
        )
    if not outcome.engaged and outcome.true_alert and outcome.confirmed:
        raise LifecycleError(
            "A true alert is confirmed by speaking to the person only.",
            remedy="Record it as unconfirmed.",
        )
    if not outcome.true_alert and outcome.disposal not in _UNSEEN:
        raise LifecycleError(
            "A false alert closes with no action.", remedy="Choose “no action” or “not engaged”."
        )
