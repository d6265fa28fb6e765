"""The queue: every alert of a deployment as people work on it, without a face or a name.

Late and unanswered are flags beside the stage. What has become unanswered has expired, and is
never shown as live again: the person has long passed (requirements R-46, R-48).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from overt.deployment.policy import Policy
from overt.deployment.recorded import policy_of, thing_of
from overt.people.office import Office
from overt.people.permissions import MATRIX, Person
from overt.review.standing import (
    docket_of,
    is_late,
    is_unanswered,
    needed_by,
    sent_at,
    stage_of,
)
from overt.review.things import policy_over
from overt.storage import AlertPlace, Docket
from overt.values import Subject
from overt.vocabulary import UNDECIDED, Act, AlertStage, Role

Priority: TypeAlias = Literal["red", "amber", "green"]

_ORDER: dict[Priority, int] = {"red": 0, "amber": 1, "green": 2}

NO_LIST = "no longer known: the list has been destroyed"
"""What stands for the category of an alert whose list is gone."""


@dataclass(frozen=True, slots=True)
class Queued:
    """An alert as it is worked on. Accounts are ids, empty for nobody; times are aware UTC.

    `decisions` have been made of those `needed`. `priority` and `expected_response` are the
    list's own; once that is gone nobody is expected to do anything, and it is green.
    `stopped_by` is the officer whose stop it is, from `engaged_at` until `released_at`.
    """

    place: AlertPlace
    deployment_id: str | None
    stage: AlertStage
    late: bool
    unanswered: bool
    camera: str
    captured_at: datetime
    category: str
    category_wording: str
    priority: Priority
    expected_response: str
    claimed_by: str
    claimed_until: datetime | None
    decisions: int
    needed: int
    sent_at: datetime | None
    acknowledged_by: str
    engaged_at: datetime | None
    released_at: datetime | None
    earlier_false_alerts: int
    decided_by: tuple[str, ...] = ()
    stopped_by: str = ""


def queue(office: Office, person: Person, deployment_id: str) -> list[Queued]:
    """Return a deployment's alerts: open before closed, by priority, and the oldest first.

    Whoever is there as an engagement officer only is given those that were sent to officers.

    Raises:
        PermissionDenied: the person may not see them.
    """
    row = office.record.deployments.find(deployment_id)
    office.demand(person, Act.ALERT_LIST, thing_of(row))
    policy, now = policy_of(row), office.now()
    dockets = office.record.dockets.of_deployment(row.deployment_id)
    if only_as_officer(person, Act.ALERT_LIST):
        dockets = [each for each in dockets if sent_at(each, policy) is not None]
    listed = _Listed(office)
    queued = [_queued(listed, each, policy, now) for each in dockets]
    return sorted(queued, key=_first)


def standing(office: Office, place: AlertPlace) -> Queued:
    """Return how one alert stands now.

    Raises:
        NotFoundError: it has been erased.
    """
    docket = docket_of(office, place)
    return _queued(_Listed(office), docket, policy_over(office, place), office.now())


def only_as_officer(person: Person, act: Act) -> bool:
    """Tell whether a person may do an act as an engagement officer and as nobody else."""
    return person.roles & MATRIX[act].roles == {Role.ENGAGEMENT_OFFICER}


def is_kept_from(office: Office, person: Person, act: Act, place: AlertPlace) -> bool:
    """Tell whether an alert is kept from an officer, since it was not sent: requirement R-46.

    Whoever may do the act in another role as well is not kept from it.
    """
    if not only_as_officer(person, act):
        return False
    return sent_at(docket_of(office, place), policy_over(office, place)) is None


def may_decide(person: Person, queued: Queued) -> bool:
    """Tell whether somebody is an operator who is still to decide on an alert.

    They are not told what others chose until they have decided themselves.
    """
    operator = bool(person.roles & MATRIX[Act.ALERT_ADJUDICATE].roles)
    return operator and person.account_id not in queued.decided_by and queued.stage in UNDECIDED


class _Listed:
    """Looks up who alerts are against, each subject once; for one call, and then forgotten."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._known: dict[tuple[str, str], Subject | None] = {}

    def of(self, docket: Docket) -> Subject | None:
        """Return the subject, or None once the list is gone."""
        at = (docket.watchlist_id, self._office.record.dockets.subject_of(docket))
        if at not in self._known:
            self._known[at] = self._office.record.watchlists.subject(*at)
        return self._known[at]


def _queued(listed: _Listed, docket: Docket, policy: Policy | None, now: datetime) -> Queued:
    subject, held, engagement = listed.of(docket), docket.claim, docket.engagement
    if held is not None and (not held.stands(now) or docket.outcome is not None):
        held = None
    category = policy.category(subject.category) if policy and subject else None
    return Queued(
        place=docket.place,
        deployment_id=docket.place.deployment_id,
        stage=stage_of(docket, policy, now),
        late=is_late(docket, policy, now),
        unanswered=is_unanswered(docket, policy, now),
        camera=docket.camera,
        captured_at=docket.captured_at,
        category=subject.category if subject else "",
        category_wording=category.wording if category else _wording(subject),
        priority=category.priority if category else "green",
        expected_response=subject.expected_response if subject else "",
        claimed_by=held.by if held else "",
        claimed_until=held.until if held else None,
        decisions=len(docket.decisions),
        needed=needed_by(policy),
        sent_at=sent_at(docket, policy),
        acknowledged_by=engagement.acknowledged_by if engagement else "",
        engaged_at=engagement.engaged_at if engagement else None,
        released_at=engagement.released_at if engagement else None,
        earlier_false_alerts=docket.false_alerts,
        decided_by=tuple(each.by for each in docket.decisions),
        stopped_by=(engagement.decided_by or "") if engagement else "",
    )


def _wording(subject: Subject | None) -> str:
    return subject.category if subject else NO_LIST


def _first(queued: Queued) -> tuple[bool, int, datetime]:
    closed = queued.stage is AlertStage.CLOSED
    return closed, _ORDER[queued.priority], queued.captured_at
