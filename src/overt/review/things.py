"""What acts of review are about, under which policy, and how everybody is told of them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from overt.deployment.policy import Policy
from overt.deployment.recorded import policy_from
from overt.people.office import Office
from overt.people.permissions import Person, Thing
from overt.storage import AlertPlace
from overt.vocabulary import Act, Delivery


class Unchanged(Exception):  # noqa: N818 - nothing went wrong
    """Says that everything stands already as somebody asked for it."""


def thing_of(office: Office, place: AlertPlace) -> Thing:
    """Return an alert as what an act is about; it belongs to its deployment's unit."""
    unit = ""
    if place.deployment_id:
        unit = office.record.deployments.unit(place.deployment_id) or ""
    return Thing("alert", place.alert_id, unit)


def policy_over(office: Office, place: AlertPlace) -> Policy | None:
    """Return the policy of an alert's deployment, or None of a rehearsal nobody authorised."""
    if place.deployment_id is None:
        return None
    return policy_from(office.record.deployments.policy_text(place.deployment_id))


def reaches_unadjudicated(policy: Policy | None) -> bool:
    """Tell whether officers receive alerts that nobody has decided on: requirement R-46."""
    return policy is not None and not policy.review.adjudicated_only_to_officers


def tell(office: Office, place: AlertPlace, kind: Delivery) -> None:
    """Write the outbox's row of a change of an alert, in the transaction of the change."""
    sent = kind is Delivery.ALERT_SENT or office.record.outbox.was_sent(place.alert_id)
    office.record.outbox.add(
        kind,
        deployment_id=place.deployment_id,
        alert_id=place.alert_id,
        at=office.now(),
        to_officers=sent,
    )


def happened(office: Office, at: datetime | None, earliest: datetime) -> datetime:
    """Return when something happened: a device's clock is believed within what is possible."""
    now = office.now()
    return at if at is not None and earliest <= at <= now else now


@contextmanager
def asked_again(office: Office, person: Person, act: Act, place: AlertPlace) -> Iterator[None]:
    """Do as `Office.acting`, for an act that a device without a network may send twice.

    Raise `Unchanged` inside where it was done already: then nothing is changed, and all is well.

    Raises:
        PermissionDenied: they may not; that is put on the log.
        AuditError, StorageError: it cannot be written; nothing was done.
    """
    with suppress(Unchanged), office.acting(person, act, thing_of(office, place)):
        yield
