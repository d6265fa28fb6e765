"""Seeded subjects: people who consented to be listed and to walk past, to measure what is missed.

Nobody else tells how many listed people passed without an alert: a miss shows nowhere (R-53;
the Metropolitan Police's blue list). Whoever watches the street notes each passage of theirs;
the log holds passages and alerts alike, and says so for as long as it is kept.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from overt.audit.events import PassageNoted
from overt.deployment.recorded import policy_of, thing_of
from overt.errors import LifecycleError, NotFoundError, WatchlistError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.rates import Rate
from overt.storage import DeploymentRow
from overt.vocabulary import Act, DeploymentState

WITHIN = timedelta(seconds=60)
"""An alert is of a passage if the two are no further apart: whoever notes one looks at a watch."""

_OPEN = frozenset({DeploymentState.LIVE, DeploymentState.ENDED})


@dataclass(frozen=True, slots=True)
class SeededResult:
    """How many noted passages of seeded subjects raised an alert, by camera and in all.

    `found` is the true-positive identification rate per passage (ISO/IEC 19795-1), with `camera`
    giving it by camera. `alerts_apart` are seeded alerts of no noted passage: more happened than
    was noted, and they are in no rate.
    """

    found: Rate
    camera: Mapping[str, Rate]
    subjects: int
    alerts_apart: int


def note_passage(
    office: Office,
    person: Person,
    row: DeploymentRow,
    subject_id: str,
    camera: str,
    at: datetime | None = None,
) -> datetime:
    """Put on the log that a seeded subject passed a camera; return when. It is now unless told.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: nothing is or was being searched at that time, or no longer open.
        WatchlistError: the list has no such subject, or one who consented to nothing of the sort.
        NotFoundError: the deployment has no such camera.
    """
    with office.acting(person, Act.PASSAGE_NOTE, thing_of(row)):
        row = office.record.deployments.find(row.deployment_id)
        passed_at = at or office.now()
        _demand_searched(office, row, passed_at)
        _demand_camera(row, camera)
        _demand_seeded(office, row, subject_id)
        event = PassageNoted(
            row.deployment_id, row.watchlist_id, subject_id, camera, passed_at.isoformat()
        )
        office.log.write(event, by=person.account_id)
    return passed_at


def seeded_result(office: Office, person: Person, row: DeploymentRow) -> SeededResult:
    """Return what the log holds of a deployment's seeded subjects.

    Raises:
        PermissionDenied: the person may not see the deployment.
    """
    office.demand(person, Act.DEPLOYMENT_SEE, thing_of(row))
    passages, alerts = _noted(_entries(office, row.watchlist_id))
    found: list[tuple[str, bool]] = []
    apart = 0
    for subject in passages.keys() | alerts.keys():
        of_subject, left = _paired(passages.get(subject, []), alerts.get(subject, []))
        found += of_subject
        apart += left
    by_camera: defaultdict[str, list[bool]] = defaultdict(list)
    for camera, raised in found:
        by_camera[camera].append(raised)
    return SeededResult(
        found=_rate([raised for _, raised in found]),
        camera={camera: _rate(each) for camera, each in sorted(by_camera.items())},
        subjects=len(passages),
        alerts_apart=apart,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """A passage that was noted, or an alert that was raised: where, and when."""

    camera: str
    at: datetime


def _entries(office: Office, watchlist_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield event and data of each passage and seeded alert of one list."""
    for _, leaf in office.record.journal.entries():
        if b'"passage.noted"' in leaf or b'"seeded":true' in leaf:
            fields = json.loads(leaf)
            if fields["data"].get("watchlist") == watchlist_id:
                yield fields["event"], fields["data"]


def _noted(
    entries: Iterable[tuple[str, Mapping[str, Any]]],
) -> tuple[Mapping[str, list[_Seen]], Mapping[str, list[_Seen]]]:
    """Return passages and alerts, each by what stands for the subject."""
    passages: defaultdict[str, list[_Seen]] = defaultdict(list)
    alerts: defaultdict[str, list[_Seen]] = defaultdict(list)
    for event, data in entries:
        if event == "passage.noted":
            seen = _Seen(data["camera"], datetime.fromisoformat(data["passed_at"]))
            passages[data["subject"]].append(seen)
        elif event == "alert.raised":
            seen = _Seen(data["camera"], datetime.fromisoformat(data["captured_at"]))
            alerts[data["subject"]].append(seen)
    return passages, alerts


def _paired(
    passages: Sequence[_Seen], alerts: Sequence[_Seen]
) -> tuple[list[tuple[str, bool]], int]:
    """Give each passage at most one alert, the nearest pairs first; count the alerts left over."""
    near = sorted(
        (abs(alert.at - passage.at), number, which)
        for number, passage in enumerate(passages)
        for which, alert in enumerate(alerts)
        if alert.camera == passage.camera and abs(alert.at - passage.at) <= WITHIN
    )
    found: dict[int, int] = {}
    for _, number, which in near:
        if number not in found and which not in found.values():
            found[number] = which
    told = [(passage.camera, number in found) for number, passage in enumerate(passages)]
    return told, len(alerts) - len(found)


def _rate(raised: Sequence[bool]) -> Rate:
    return Rate(sum(raised), len(raised))


def _demand_searched(office: Office, row: DeploymentRow, at: datetime) -> None:
    if row.state not in _OPEN:
        raise LifecycleError(
            f"Passages are noted while a deployment is live, or before it is closed; it is "
            f"{row.state}.",
            remedy="Note them on the day.",
        )
    runs = [each for each in office.record.runs.all() if each.deployment_id == row.deployment_id]
    if not any(each.started_at <= at <= (each.ended_at or office.now()) for each in runs):
        raise LifecycleError(
            f"Nothing was being searched at {at:%H:%M:%S} UTC.",
            remedy="Give the time of a passage while the deployment ran, with its zone.",
        )


def _demand_camera(row: DeploymentRow, camera: str) -> None:
    cameras = [each[0] for each in row.terms["cameras"]]
    if camera not in cameras:
        raise NotFoundError(
            "The deployment has no camera of that name.",
            remedy=f"Name one of its cameras: {', '.join(cameras)}.",
        )


def _demand_seeded(office: Office, row: DeploymentRow, subject_id: str) -> None:
    subject = office.record.watchlists.subject(row.watchlist_id, subject_id)
    if subject is None:
        raise WatchlistError(
            "There is no such entry on the list, or it was withdrawn, or the list is gone.",
            remedy="Check the id against the list that was imported.",
        )
    if subject.category not in policy_of(row).seeded:
        raise WatchlistError(
            "That entry is not a test subject's, and only theirs are noted: nobody else agreed.",
            remedy="Note passages of people in the policy's seeded categories.",
        )
