"""What is told of a row of the outbox, and whom it reaches: the part of the wire with a record.

A row is composed once for everybody who listens. It says how its alert stands when it is sent
and not when the row was written, so that a screen that was away is never shown as new what has
become late meanwhile. No face, no score and nobody from a list is in it.
"""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import NamedTuple

from overt.errors import NotFoundError, SealingError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.review.delivery import reaches
from overt.review.queue import standing
from overt.storage.outbox import OutboxRow
from overt.vocabulary import Delivery, Role

FRESH_S = 1.0
"""How long what was composed may be sent; after that it is composed again."""

BATCH = 100
"""Rows that are read at once: some 50 KB for a listener that missed them all."""

_LONGEST_S = 0.25  # of composing at once: what was composed first must not grow old over it
_KNOWN_S = 4.0  # as long as a session is taken for good
_MOST_KEPT = 1000


class Audience(NamedTuple):
    """All that decides whom a row reaches: people of the same unit and roles are told the same."""

    unit: str
    roles: frozenset[Role]

    @classmethod
    def of(cls, person: Person) -> "Audience":
        """Return the audience somebody belongs to."""
        return cls(person.unit, person.roles)


@dataclass(frozen=True, slots=True)
class Told:
    """A row as it is sent: `event` holds its bytes, and is empty where it reaches nobody.

    `reaches` says it of each audience that was asked about; `composed_s` is monotonic.
    """

    position: int
    composed_s: float
    reaches: Mapping[Audience, bool]
    event: bytes

    def is_fresh(self) -> bool:
        """Tell whether it can still be sent."""
        return monotonic() - self.composed_s < FRESH_S


class Teller:
    """Composes what is told. Threads may share it."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._recent: OrderedDict[int, Told] = OrderedDict()
        self._lock = Lock()
        self._reached = _Reached(office)

    def latest(self) -> int:
        """Return the position of the latest row."""
        return self._office.record.outbox.latest()

    def after(self, position: int, people: Iterable[Person]) -> list[Told]:
        """Return the next rows after a position, some at least, as they are told to these people.

        Raises:
            StorageError: the record cannot be read.
        """
        rows = self._office.record.outbox.after(position, BATCH)
        # From here on: what is read of alerts now is no older than any of these rows.
        batch = _Batch(self._office, {Audience.of(each): each for each in people}, self._reached)
        told: list[Told] = []
        for row in rows:
            told.append(self._told(row, batch))
            if monotonic() - batch.begun_s > _LONGEST_S:
                break
        return told

    def _told(self, row: OutboxRow, batch: "_Batch") -> Told:
        """Return a row as it was composed just now for others, or composed anew."""
        with self._lock:
            recent = self._recent.get(row.position)
        if recent is not None and not recent.is_fresh():
            recent = None
        if recent is not None and batch.audiences.keys() <= recent.reaches.keys():
            return recent
        told = batch.compose(row, recent)
        with self._lock:
            self._recent[row.position] = told
            while len(self._recent) > _MOST_KEPT:
                self._recent.popitem(last=False)
        return told


class _Reached:
    """Remembers whom rows of a kind reach: it depends on nothing of the alert but what they say."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._known: dict[tuple[Delivery, str | None, bool, Audience], tuple[float, bool]] = {}

    def by(self, row: OutboxRow, audience: Audience, person: Person) -> bool:
        """Tell whether a row reaches the audience that this person belongs to."""
        at = (row.kind, row.deployment_id, row.to_officers, audience)
        asked_s, reached = self._known.get(at, (-_KNOWN_S, False))
        if monotonic() - asked_s > _KNOWN_S:
            if len(self._known) > _MOST_KEPT:
                self._known = {}
            asked_s, reached = monotonic(), reaches(self._office, person, row)
            self._known[at] = (asked_s, reached)
        return reached


class _Batch:
    """Composes rows at one moment: several of one alert share its standing."""

    def __init__(
        self, office: Office, audiences: Mapping[Audience, Person], reached: "_Reached"
    ) -> None:
        self.audiences = audiences
        self.begun_s = monotonic()
        self._office = office
        self._reached = reached
        self._standings: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def compose(self, row: OutboxRow, recent: Told | None) -> Told:
        """Compose a row, or add these audiences to how it was composed for others just now."""
        composed_s = recent.composed_s if recent else monotonic()
        known = recent.reaches if recent else {}
        added = {
            each: self._reached.by(row, each, person)
            for each, person in self.audiences.items()
            if each not in known
        }
        event = recent.event if recent else b""
        if not event and any(added.values()):
            event = self._event(row)
        return Told(row.position, composed_s, {**known, **added}, event)

    def _event(self, row: OutboxRow) -> bytes:
        data = self._data(row)
        text = f"id: {row.position}\nevent: {row.kind}\ndata: {data}\n\n" if data else ""
        return text.encode("ascii")

    def _data(self, row: OutboxRow) -> str:
        """Return what is said of a row, as JSON, or nothing where its alert was deleted since."""
        if row.deployment_id is not None and row.alert_id is None:
            state, _, _ = self._office.record.deployments.standing(row.deployment_id)
            return _json({"deployment": row.deployment_id, "state": state})
        if row.alert_id is None or row.kind is Delivery.ALERT_GONE:
            return _json({"alert": row.alert_id, "deployment": row.deployment_id})
        if row.alert_id not in self._standings:
            self._standings[row.alert_id] = self._standing(row.alert_id)
        return self._standings[row.alert_id]

    def _standing(self, alert_id: str) -> str:
        """Return how an alert stands now; of one that cannot be opened, only which it is."""
        place = self._office.record.alerts.standing(alert_id)
        if place is None:
            return ""  # the row that says it is gone comes later
        try:
            at = standing(self._office, place)
        except NotFoundError:
            return ""
        except SealingError:  # its own page says so; the other alerts go on being told
            return _json({"alert": alert_id, "deployment": place.deployment_id})
        return _json(
            {
                "alert": alert_id,
                "deployment": at.deployment_id,
                "number": place.number,
                "stage": at.stage,
                "late": at.late,
                "unanswered": at.unanswered,
                "camera": at.camera,
                "captured_at": _moment(at.captured_at),
                "category": at.category_wording,
                "priority": at.priority,
                "expected_response": at.expected_response,
                "claimed_by": self._name(at.claimed_by),
                "claimed_until": _moment(at.claimed_until),
                "decisions": at.decisions,
                "needed": at.needed,
                "sent_at": _moment(at.sent_at),
                "acknowledged_by": self._name(at.acknowledged_by),
                "engaged_at": _moment(at.engaged_at),
                "released_at": _moment(at.released_at),
            }
        )

    def _name(self, account_id: str | None) -> str:
        """Return the full name of an account of ours, or nothing."""
        if not account_id:
            return ""
        if account_id not in self._names:
            account = self._office.record.accounts.of_id(account_id)
            self._names[account_id] = account.full_name if account else ""
        return self._names[account_id]


def _json(data: Mapping[str, object]) -> str:
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None
