"""What should have come to whom, worked out from the outbox alone, and what is wrong if it has not.

It asks the product nothing: whom a row reaches is said here a second time, in other words.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.office import SUBJECT_NAME
from bench.streams import Event, Page
from overt.people.permissions import Person
from overt.vocabulary import Delivery, Role

_SECRETS = (SUBJECT_NAME, "S-1", "R-1")  # names and ids of people who are listed


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the outbox; `at` is in seconds of the system's clock."""

    position: int
    kind: Delivery
    alert_id: str
    unit: str
    at: float


def rows_of(home: Path, after: int) -> list[Row]:
    """Read the outbox as it is in the file, from where pages were opened."""
    query = (
        "SELECT position, outbox.kind, alert_id, unit, at FROM outbox"
        " JOIN deployments USING (deployment_id) WHERE position > ? ORDER BY position"
    )
    with closing(sqlite3.connect(home / "overt.sqlite3")) as connection:
        return [
            Row(position, Delivery[kind], alert_id or "", unit, _seconds(at))
            for position, kind, alert_id, unit, at in connection.execute(query, (after,))
        ]


def due_to(rows: Sequence[Row], person: Person) -> list[int]:
    """Return what somebody should be told: their unit's, and officers of what was sent only."""
    theirs = [each for each in rows if each.unit == person.unit]
    if Role.OPERATOR in person.roles:
        return [each.position for each in theirs]
    sent: dict[str, int] = {}
    for each in theirs:
        if each.kind is Delivery.ALERT_SENT:
            sent.setdefault(each.alert_id, each.position)
    return [
        each.position
        for each in theirs
        if not each.alert_id or (each.alert_id in sent and each.position >= sent[each.alert_id])
    ]


def wrong_on(page: Page, due: Sequence[int], of: Mapping[int, Row]) -> Iterator[str]:
    """Say what is wrong on a page that was due these positions; `of` holds every row."""
    got = page.positions
    if missing := set(due) - set(got):
        yield f"{len(missing)} missing, such as {min(missing)}"
    if stray := set(got) - set(due):
        yield f"{len(stray)} not for them, such as {min(stray)}"
    if got != sorted(set(got)):
        yield "some came twice, or not in order"
    if any(_kind(of, each.position) != (each.kind, each.data.get("alert")) for each in page.events):
        yield "some say another thing than their row"
    if any(map(_tells_too_much, page.events)):
        yield "somebody's name or a score was told"


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()


def _kind(of: Mapping[int, Row], position: int) -> tuple[str, str | None] | None:
    row = of.get(position)
    return (row.kind, row.alert_id or None) if row else None


def _tells_too_much(event: Event) -> bool:
    """Tell whether a name, an id or a number that could be a score is told; times are texts."""
    text = json.dumps(event.data)
    scored = any(isinstance(each, float) for each in event.data.values())
    return scored or any(each in text for each in _SECRETS)
