"""Who is told what: decided by unit and role, and by whether an alert had been sent to officers.

An auditor and an administrator learn that a deployment changed, and of no alert. An engagement
officer learns of an alert from the moment on which it was sent (requirement R-46).
"""

from overt.people.office import Office
from overt.people.permissions import EVERYWHERE, Person
from overt.storage import OutboxRow
from overt.vocabulary import Delivery, Role

_OF_EVERY_ALERT = frozenset({Role.OPERATOR, Role.COMMANDER})


def reaches(office: Office, person: Person, row: OutboxRow) -> bool:
    """Tell whether somebody may be told of a change."""
    if row.deployment_id is None:
        return False  # a rehearsal that nobody authorised is nobody's business but its owner's
    if row.kind is Delivery.DEPLOYMENT_CHANGED and person.roles & EVERYWHERE:
        return True
    if office.record.deployments.unit(row.deployment_id) != person.unit:
        return False
    if row.kind is Delivery.DEPLOYMENT_CHANGED or person.roles & _OF_EVERY_ALERT:
        return True
    return row.to_officers and Role.ENGAGEMENT_OFFICER in person.roles
