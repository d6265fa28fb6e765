"""Everything that is known of alerts without a face: read at once, for queues and for the wire.

Neither crop, reference nor template is read, so that a queue costs little and shows nobody. Who
the candidate is stays sealed until it is asked for.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, Table, func, select

from overt.errors import SealingError
from overt.storage import blobs
from overt.storage.access import Access
from overt.storage.alerts import AlertPlace
from overt.storage.handling import Claim, Engagement, engagement_of
from overt.storage.keystore import KeyStore
from overt.storage.reviews import Adjudication, Outcome, adjudication_of
from overt.storage.tables import (
    adjudications,
    alerts,
    claims,
    engagements,
    outcomes,
    runs,
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Docket:
    """An alert without its pictures: where it stands, whom it is against, what people did.

    Whom it is against, on the list `watchlist_id`, is in `sealed_candidates`, for
    `Dockets.subject_of` to open; `false_alerts` counts the earlier alerts against the same entry
    that closed as false (R-19).
    """

    place: AlertPlace
    camera: str
    captured_at: datetime
    watchlist_id: str
    sealed_candidates: bytes = field(repr=False)
    decisions: tuple[Adjudication, ...]
    claim: Claim | None
    engagement: Engagement | None
    outcome: Outcome | None
    false_alerts: int


class Dockets:
    """Reads the alerts of a record without their pictures."""

    def __init__(self, access: Access, keys: KeyStore) -> None:
        self._access = access
        self._keys = keys

    def of_deployment(self, deployment_id: str) -> list[Docket]:
        """Return the alerts of a deployment, in the order they were raised."""
        return self._read(_ids().where(runs.c.deployment_id == deployment_id))

    def of(self, alert_id: str) -> Docket | None:
        """Return one alert, or None where it is erased or was never there."""
        return next(iter(self._read(_ids().where(alerts.c.alert_id == alert_id))), None)

    def subject_of(self, docket: Docket) -> str:
        """Return the id of who an alert is against; nothing, where it is being erased just now.

        Raises:
            SealingError: the row was changed or moved.
        """
        where, key_id = blobs.place("candidates", alert=docket.place.alert_id), docket.place.key_id
        try:
            facts = blobs.open_facts(self._keys.key(key_id), docket.sealed_candidates, where)
        except SealingError:
            if self._keys.destroyed_at(key_id):
                return ""
            raise
        return str(facts["candidate"]["subject_id"])

    def _read(self, ids: Select[Any]) -> list[Docket]:
        with self._access.reading() as connection:
            found = connection.execute(_select_facts(ids)).all()
            decided = _decisions(connection, ids)
            claimed = _each(connection, claims, ids, lambda row: Claim(**row))
            engaged = _each(connection, engagements, ids, engagement_of)
            closed = _each(connection, outcomes, ids, lambda row: Outcome(**row))
            against = _false_alerts(connection, ids)
        return [
            Docket(
                place=_place(row),
                camera=row.camera,
                captured_at=row.captured_at,
                watchlist_id=row.watchlist_id,
                sealed_candidates=row.sealed_candidates,
                decisions=tuple(decided[row.alert_id]),
                claim=claimed.get(row.alert_id),
                engagement=engaged.get(row.alert_id),
                outcome=closed.get(row.alert_id),
                false_alerts=against.get(row.entry, 0),
            )
            for row in found
        ]


def _ids() -> Select[Any]:
    return select(alerts.c.alert_id).join(runs, alerts.c.run_id == runs.c.run_id)


_PLACED = tuple(name for name in AlertPlace.__slots__ if name != "deployment_id")


def _select_facts(ids: Select[Any]) -> Select[Any]:
    of = alerts.c
    columns = [of[name] for name in (*_PLACED, "camera", "captured_at", "sealed_candidates")]
    return (
        select(*columns, runs.c.deployment_id, runs.c.watchlist_id)
        .join(runs, of.run_id == runs.c.run_id)
        .where(of.alert_id.in_(ids))
        .order_by(of.raised_at, of.number)
    )


def _place(row: Row[Any]) -> AlertPlace:
    return AlertPlace(**{name: row._mapping[name] for name in AlertPlace.__slots__})  # noqa: SLF001


def _each(
    connection: Connection,
    table: Table,
    ids: Select[Any],
    value: Callable[[Mapping[Any, Any]], _T],
) -> dict[str, _T]:
    """Return the one row of each alert that a table has, by the alert's id."""
    query = select(table).where(table.c.alert_id.in_(ids))
    return {row["alert_id"]: value(row) for row in connection.execute(query).mappings()}


def _decisions(connection: Connection, ids: Select[Any]) -> defaultdict[str, list[Adjudication]]:
    of = adjudications.c
    query = select(adjudications).where(of.alert_id.in_(ids)).order_by(of.alert_id, of.sequence)
    made: defaultdict[str, list[Adjudication]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        made[row["alert_id"]].append(adjudication_of(row))
    return made


def _false_alerts(connection: Connection, ids: Select[Any]) -> dict[str, int]:
    """Count false alerts by entry; R-19 counts them over every list, erased alerts included."""
    entries = select(alerts.c.entry).where(alerts.c.alert_id.in_(ids))
    query = (
        select(outcomes.c.entry, func.count().label("how_many"))
        .where(outcomes.c.entry.in_(entries), outcomes.c.true_alert.is_(False))
        .group_by(outcomes.c.entry)
    )
    return {row.entry: row.how_many for row in connection.execute(query)}
