"""Claims: who decides on an alert just now, so that nobody's decision is overwritten unseen.

A claim lapses by itself when its holder is called away: another operator may take the alert then.
A decision ends it.
"""

from datetime import timedelta

from overt.audit.events import AlertClaimed, AlertClaimReleased
from overt.errors import LifecycleError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.review.standing import demand_open, demand_undecided, docket_of
from overt.review.things import Unchanged, asked_again, policy_over, tell
from overt.storage import AlertPlace, Claim, Docket
from overt.vocabulary import Act, Delivery

CLAIM_LIFE = timedelta(seconds=120)
"""How long a claim stands unless its holder renews it: the time of a careful comparison, twice."""


def claim(office: Office, person: Person, place: AlertPlace) -> Claim:
    """Take an alert to decide on, or keep it for longer.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: somebody else has it, the person has decided on it, all have, or it is
            closed.
    """
    now = office.now()
    made = Claim(place.alert_id, person.account_id, now, now + CLAIM_LIFE)
    with asked_again(office, person, Act.ALERT_CLAIM, place):
        docket = docket_of(office, place)
        demand_open(docket)
        demand_undecided(docket, policy_over(office, place))
        demand_another(docket, person)
        demand_unclaimed(office, person, docket)
        before = docket.claim
        if before is not None and before.by == made.by and before.until >= made.until:
            made = before
            raise Unchanged
        office.record.handling.set_claim(made)
        tell(office, place, Delivery.ALERT_CHANGED)
        office.log.write(AlertClaimed(place.alert_id), by=person.account_id)
    return made


def release(office: Office, person: Person, place: AlertPlace) -> None:
    """Give an alert back without a decision; where nobody has it, nothing happens.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: somebody else has it.
    """
    with asked_again(office, person, Act.ALERT_CLAIM, place):
        docket = docket_of(office, place)
        demand_unclaimed(office, person, docket)
        if docket.claim is None or not docket.claim.stands(office.now()):
            raise Unchanged
        office.record.handling.end_claim(place.alert_id)
        tell(office, place, Delivery.ALERT_CHANGED)
        office.log.write(AlertClaimReleased(place.alert_id), by=person.account_id)


def demand_unclaimed(office: Office, person: Person, docket: Docket) -> None:
    """Hold that nobody else decides on an alert just now.

    Raises:
        LifecycleError: somebody does; it says who.
    """
    held = docket.claim
    if held is None or held.by == person.account_id or not held.stands(office.now()):
        return
    account = office.record.accounts.of_id(held.by)
    holder = account.full_name if account else "Somebody"
    raise LifecycleError(
        f"{holder} is deciding on the alert.",
        remedy=f"Wait until they have, or until {held.until:%H:%M:%S} UTC, when it is free again.",
    )


def demand_another(docket: Docket, person: Person) -> None:
    """Hold that nobody counts as two people.

    Raises:
        LifecycleError: the person has decided on it already.
    """
    if any(each.by == person.account_id for each in docket.decisions):
        raise LifecycleError(
            "You have decided on the alert already.", remedy="Another operator decides next."
        )
