"""What is known against an alert before anybody decides on it: requirement R-19.

How often an alert against the same entry closed as false, on any list; and whom the entry is
known to resemble on this one. Shaun Thompson was stopped in 2024 as his listed brother.
"""

from dataclasses import dataclass

from overt.deployment.appraised import appraisal_of
from overt.people.office import Office
from overt.storage import AlertPlace


@dataclass(frozen=True, slots=True)
class Known:
    """A count of earlier false alerts, and the subject ids of known look-alikes."""

    false_alerts: int
    lookalikes: tuple[str, ...]


def known_against(office: Office, place: AlertPlace, subject_id: str) -> Known:
    """Return what is known against an alert whose candidate is `subject_id`."""
    false_alerts = office.record.reviews.false_alerts_against(place.entry)
    if place.deployment_id is None:
        return Known(false_alerts, ())
    found = appraisal_of(office, office.record.deployments.find(place.deployment_id))
    pairs = found.get("lookalikes")
    known = pairs if isinstance(pairs, list) else []  # a number, once the list is gone
    alike = [pair["subjects"] for pair in known if subject_id in pair["subjects"]]
    others = {other for subjects in alike for other in subjects if other != subject_id}
    return Known(false_alerts, tuple(sorted(others)))
