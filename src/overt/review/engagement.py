"""What engagement officers do: acknowledge, decide for themselves, and stop somebody for a time.

A phone that lost its network sends again what it had sent, and says when it happened: the same
again changes nothing, and nobody's decision is ever written over (requirements R-45, R-47, R-50).
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from overt.audit.events import AlertAcknowledged, OfficerDecided, StopEnded, StopOverran
from overt.deployment.policy import Policy
from overt.errors import LifecycleError, NotFoundError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.review.standing import demand_open, docket_of, has_expired, sent_at
from overt.review.things import Unchanged, asked_again, happened, policy_over, tell
from overt.storage import AlertPlace, Docket, Engagement
from overt.vocabulary import Act, Delivery, IdentityCheck, OfficerDecision


def acknowledge(
    office: Office, person: Person, place: AlertPlace, at: datetime | None = None
) -> Engagement:
    """Say that an officer has taken notice of an alert that was sent.

    `at` is when, if that lies between the sending and now; otherwise it is now.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: it was not sent, has expired or is closed, or somebody else has.
    """
    with asked_again(office, person, Act.ALERT_ACKNOWLEDGE, place):
        docket, policy = docket_of(office, place), policy_over(office, place)
        before = docket.engagement
        if before is not None:
            _demand_own(office, person, before.acknowledged_by, "has acknowledged the alert")
            raise Unchanged
        demand_open(docket)
        when = happened(office, at, _sent(docket, policy))
        _demand_live(docket, policy, when)
        _keep(office, place, Engagement(place.alert_id, person.account_id, when))
        event = AlertAcknowledged(place.alert_id, when.isoformat())
        office.log.write(event, by=person.account_id)
    return _on_record(office, place)


def decide(
    office: Office,
    person: Person,
    place: AlertPlace,
    decision: OfficerDecision,
    at: datetime | None = None,
) -> Engagement:
    """Record an officer's own decision (R-45). To engage begins a stop, and its timer.

    Whoever meets the person decides, and need not be who acknowledged the alert; where nobody
    has, the decision does so too. `at` is when, if that lies between the sending and now;
    otherwise it is now.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: it was not sent or is closed, it was decided otherwise or by somebody
            else, or it had expired before anybody answered.
    """
    with asked_again(office, person, Act.ALERT_ENGAGE, place):
        docket, policy = docket_of(office, place), policy_over(office, place)
        before = docket.engagement
        if before is not None and before.decided_by is not None:
            _demand_own(office, person, before.decided_by, "has decided on the alert")
            _demand_same(before.decision is decision, "You have decided otherwise already.")
            raise Unchanged
        demand_open(docket)
        sent = _sent(docket, policy)
        when = happened(office, at, before.acknowledged_at if before else sent)
        if before is None:
            if decision is OfficerDecision.ENGAGE:
                _demand_live(docket, policy, when)
            before = Engagement(place.alert_id, person.account_id, when)
        made = replace(before, decided_by=person.account_id, decided_at=when, decision=decision)
        _keep(office, place, made)
        event = OfficerDecided(place.alert_id, decision, when.isoformat())
        office.log.write(event, by=person.account_id)
    return _on_record(office, place)


def end_stop(
    office: Office,
    person: Person,
    place: AlertPlace,
    checks: Iterable[IdentityCheck],
    at: datetime | None = None,
) -> Engagement:
    """Record that a stop has ended, and which identity checks were tried: requirement R-50.

    Another officer of the unit may end it, where the first one's device failed. `at` is when,
    if that lies between the beginning of the stop and now; otherwise it is now.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: nobody is stopped, or its end was recorded otherwise or by somebody else.
    """
    tried = tuple(sorted(set(checks)))
    with asked_again(office, person, Act.ALERT_ENGAGE, place):
        before = docket_of(office, place).engagement
        if before is None or before.engaged_at is None:
            raise LifecycleError(
                "Nobody has been stopped on this alert.",
                remedy="Record the decision to engage first.",
            )
        if before.released_by is not None:
            _demand_own(office, person, before.released_by, "has ended the stop")
            _demand_same(before.checks == tried, "You have recorded other checks already.")
            raise Unchanged
        when = happened(office, at, before.engaged_at)
        made = replace(before, released_by=person.account_id, released_at=when, checks=tried)
        _keep(office, place, made)
        event = StopEnded(place.alert_id, when.isoformat(), made.minutes_held or 0.0, tried)
        office.log.write(event, by=person.account_id)
    return _on_record(office, place)


def prompt_overruns(office: Office) -> list[AlertPlace]:
    """Tell supervisors, once, of each stop that lasts longer than its policy allows (R-50).

    Return the alerts whose stops they were told of just now.

    Raises:
        AuditError, StorageError: it cannot be put on the log; nobody was told.
    """
    found = [
        office.record.alerts.standing(each.alert_id) for each in office.record.handling.stops()
    ]
    return [place for place in found if place is not None and _prompted(office, place)]


def overruns(stop: Engagement | None, policy: Policy, now: datetime) -> bool:
    """Tell whether a stop goes on, and for longer than the policy allows (R-50)."""
    if stop is None or stop.engaged_at is None or stop.released_at is not None:
        return False
    return now - stop.engaged_at > timedelta(minutes=policy.review.longest_stop_min)


def _prompted(office: Office, place: AlertPlace) -> bool:
    policy = policy_over(office, place)
    if policy is None:
        return False
    with suppress(Unchanged), office.record.together():
        stop = office.record.handling.engagement(place.alert_id)
        if stop is None or stop.overran_at or not overruns(stop, policy, office.now()):
            raise Unchanged  # also where it has just ended, or another process has told of it
        office.record.handling.set_engagement(replace(stop, overran_at=office.now()))
        tell(office, place, Delivery.STOP_OVERRAN)
        office.log.write(StopOverran(place.alert_id, policy.review.longest_stop_min))
        return True
    return False


def _keep(office: Office, place: AlertPlace, engagement: Engagement) -> None:
    office.record.handling.set_engagement(engagement)
    tell(office, place, Delivery.ALERT_CHANGED)


def _on_record(office: Office, place: AlertPlace) -> Engagement:
    engagement = office.record.handling.engagement(place.alert_id)
    if engagement is None:
        raise NotFoundError("The alert has been erased.", remedy="Its receipt says when.")
    return engagement


def _sent(docket: Docket, policy: Policy | None) -> datetime:
    sent = sent_at(docket, policy)
    if sent is None:
        raise LifecycleError(
            "The alert was not sent to officers.",
            remedy="Officers act on alerts that everybody has found viable.",
        )
    return sent


def _demand_live(docket: Docket, policy: Policy | None, when: datetime) -> None:
    if has_expired(_sent(docket, policy), policy, when):
        raise LifecycleError(
            "The alert has expired: the person has long passed.",
            remedy="Record that the person was not found, and close it as not engaged.",
        )


def _demand_own(office: Office, person: Person, by: str, did: str) -> None:
    if by == person.account_id:
        return
    account = office.record.accounts.of_id(by)
    raise LifecycleError(
        f"{account.full_name if account else 'Another officer'} {did}.",
        remedy="Nothing was changed; nobody's decision is written over.",
    )


def _demand_same(same: bool, otherwise: str) -> None:  # noqa: FBT001
    if not same:
        raise LifecycleError(otherwise, remedy="Nothing was changed; the first decision stands.")
