"""Evidence holds: an alert kept beyond its deadline, for a case, on an officer's authority (R-38).

Whoever asks does not authorise; a hold has an end of its own, within the policy's limit.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from overt.audit.events import HoldPlaced, HoldReleased
from overt.deployment.policy import Policy
from overt.errors import RetentionError
from overt.people.office import Office
from overt.people.permissions import Person, Thing
from overt.review.things import thing_of
from overt.storage import AlertPlace, Hold
from overt.vocabulary import Act


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """A hold to be placed: on which alert, for which case, asked for by whom, and until when."""

    alert: AlertPlace
    case_number: str
    asked_by: str
    until: datetime


def place_hold(office: Office, person: Person, wanted: HoldRequest) -> Hold:
    """Keep an alert as evidence; whoever does so authorises it, and is not who asked.

    Raises:
        PermissionDenied: the person may not, or asked for it.
        RetentionError: no case number, or the expiry is past or beyond the policy's limit.
    """
    about = thing_of(office, wanted.alert)
    office.demand(person, Act.HOLD_PLACE, about)
    if _plain(wanted.asked_by) in {_plain(person.name), _plain(person.full_name)}:
        office.refuse(person, Act.HOLD_PLACE, about, "who asks for a hold does not authorise it")
    _demand_possible(office, wanted)
    hold = Hold(
        hold_id=uuid.uuid4().hex,
        alert_id=wanted.alert.alert_id,
        case_number=wanted.case_number,
        asked_by=wanted.asked_by,
        authorised_by=person.account_id,
        placed_at=office.now(),
        expires_at=wanted.until,
    )
    with office.record.together():
        if office.record.alerts.standing(hold.alert_id) is None:
            raise RetentionError("The alert has been erased.", remedy="Nothing is left to hold.")
        office.record.retention.place_hold(hold)
        event = HoldPlaced(
            hold.hold_id, hold.alert_id, hold.case_number, hold.asked_by, wanted.until.isoformat()
        )
        office.log.write(event, by=person.account_id)
    return hold


def release_hold(office: Office, person: Person, hold: Hold) -> None:
    """End a hold; its alert is then deleted when it is due, at once if that has passed.

    Raises:
        PermissionDenied: the person may not.
        RetentionError: it had ended already.
    """
    place = office.record.alerts.standing(hold.alert_id)
    unit = thing_of(office, place).unit if place else ""
    with office.acting(person, Act.HOLD_RELEASE, Thing("hold", hold.hold_id, unit)):
        if not office.record.retention.release_hold(hold.hold_id, office.now()):
            raise RetentionError("The hold has ended already.", remedy="There is nothing to do.")
        office.log.write(HoldReleased(hold.hold_id, hold.alert_id), by=person.account_id)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _demand_possible(office: Office, wanted: HoldRequest) -> None:
    now, policy = office.now(), _policy(office, wanted.alert)
    longest = timedelta(days=policy.retention.hold_max_days)
    if not wanted.case_number.strip() or not wanted.asked_by.strip():
        raise RetentionError(
            "A hold needs a case number and who asks for it.",
            remedy="Add --case and --asked-by.",
        )
    if not now < wanted.until <= now + longest:
        raise RetentionError(
            f"A hold ends after now and within the policy's {policy.retention.hold_max_days} days.",
            remedy="Choose another --until; a hold can be renewed.",
        )


def _policy(office: Office, place: AlertPlace) -> Policy:
    if place.deployment_id is None:
        raise RetentionError(
            "An alert of a rehearsal is no evidence, and cannot be held.",
            remedy="Nothing needs to be done; it is deleted when it is due.",
        )
    row = office.record.deployments.find(place.deployment_id)
    return Policy.recorded(row.policy_text.encode())
