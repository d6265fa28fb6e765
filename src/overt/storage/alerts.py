"""Alerts in the record: each stored once, with exactly the scores that were computed."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select

from overt.errors import StorageError
from overt.storage.blobs import picture_from_blob, picture_to_blob
from overt.storage.prefixes import unique_id
from overt.storage.qualities import quality_from_json, quality_to_json
from overt.storage.tables import alerts, runs
from overt.values import Alert, Candidate

_CANDIDATE = tuple(field.name for field in fields(Candidate))


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as the record holds it: with its run, its deployment and its number.

    `number` counts the alerts of one run from 1, in the order they were stored.
    """

    alert: Alert
    run_id: str
    deployment: str
    number: int


def add(connection: Connection, run_id: str, alert: Alert) -> AlertRecord:
    """Store an alert of a run; one that is stored already is returned as it is.

    Raises:
        StorageError: there is no such run, its kind is not the alert's, or the alert's id
            belongs to a different alert.
    """
    # Locking the run's row keeps the numbers without gaps where writers are not queued anyway.
    query = select(runs.c.kind).where(runs.c.run_id == run_id).with_for_update()
    run = connection.execute(query).one_or_none()
    if run is None or run.kind != alert.kind:
        raise StorageError(
            f"There is no {alert.kind} run that this alert could belong to.",
            remedy="Begin the run before its alerts are stored.",
        )
    if _is_stored(connection, alert.alert_id):
        return _the_same(_load(connection, alert.alert_id), run_id, alert)
    last = select(func.max(alerts.c.number)).where(alerts.c.run_id == run_id)
    number = (connection.execute(last).scalar() or 0) + 1
    connection.execute(insert(alerts), {"run_id": run_id, "number": number, **_row(alert)})
    return _load(connection, alert.alert_id)


def load_all(connection: Connection, run_id: str | None = None) -> list[AlertRecord]:
    """Return the alerts of one run, or of every run, in the order they were stored."""
    query = _select().order_by(runs.c.started_at, runs.c.run_id, alerts.c.number)
    if run_id is not None:
        query = query.where(alerts.c.run_id == run_id)
    return [_record(row) for row in connection.execute(query).mappings()]


def find(connection: Connection, prefix: str) -> AlertRecord:
    """Return the one alert whose id is or begins with `prefix`.

    Raises:
        StorageError: there is none, or more than one.
    """
    return _load(connection, unique_id(connection, alerts.c.alert_id, prefix))


def _select() -> Select[Any]:
    return select(alerts, runs.c.deployment).join(runs, alerts.c.run_id == runs.c.run_id)


def _load(connection: Connection, alert_id: str) -> AlertRecord:
    query = _select().where(alerts.c.alert_id == alert_id)
    return _record(connection.execute(query).mappings().one())


def _is_stored(connection: Connection, alert_id: str) -> bool:
    query = select(alerts.c.alert_id).where(alerts.c.alert_id == alert_id)
    return connection.execute(query).first() is not None


def _the_same(stored: AlertRecord, run_id: str, alert: Alert) -> AlertRecord:
    if stored.run_id != run_id or stored.alert != alert:
        raise StorageError(
            "Two different alerts carry the same id; the first one was kept.",
            remedy="Please report this as a fault in Overt.",
        )
    return stored


def _row(alert: Alert) -> dict[str, Any]:
    plain = {field.name: getattr(alert, field.name) for field in fields(Alert)}
    candidate, runner_up = plain.pop("candidate"), plain.pop("runner_up")
    # `float` makes NumPy's numbers Python's; a float64 keeps each bit of a float32.
    return plain | {
        **_candidate_row("candidate", candidate),
        **_candidate_row("runner_up", runner_up),
        "latency_s": float(alert.latency_s),
        "presentation_s": float(alert.presentation_s),
        "threshold": float(alert.threshold),
        "zone_px": [[float(x), float(y)] for x, y in alert.zone_px],
        "box_px": [float(side) for side in alert.box_px],
        "quality": quality_to_json(alert.quality),
        "crop_jpeg": picture_to_blob(alert.crop_jpeg),
    }


def _candidate_row(prefix: str, candidate: Candidate | None) -> dict[str, Any]:
    if candidate is None:
        return {f"{prefix}_{name}": None for name in _CANDIDATE}
    row = {f"{prefix}_{name}": getattr(candidate, name) for name in _CANDIDATE}
    for score in ("comparison_score", "normalised_score"):
        row[f"{prefix}_{score}"] = float(row[f"{prefix}_{score}"])
    return row


def _record(row: RowMapping) -> AlertRecord:
    candidate = _candidate(row, "candidate")
    if candidate is None:
        raise ValueError("an alert without its candidate")
    plain = {field.name: row[field.name] for field in fields(Alert) if field.name in row}
    alert = Alert(
        **plain
        | {
            "candidate": candidate,
            "runner_up": _candidate(row, "runner_up"),
            "zone_px": tuple((x, y) for x, y in row["zone_px"]),
            "box_px": tuple(row["box_px"]),
            "quality": quality_from_json(row["quality"]),
            "crop_jpeg": picture_from_blob(row["crop_jpeg"]),
        }
    )
    return AlertRecord(
        alert=alert, run_id=row["run_id"], deployment=row["deployment"], number=row["number"]
    )


def _candidate(row: RowMapping, prefix: str) -> Candidate | None:
    if row[f"{prefix}_rank"] is None:
        return None
    return Candidate(**{name: row[f"{prefix}_{name}"] for name in _CANDIDATE})
