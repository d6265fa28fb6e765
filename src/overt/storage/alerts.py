"""Alerts in the record: each stored once, with exactly the scores that were computed.

The crop, and who the candidates are, are sealed under a key of the alert's own, so that one
alert can be erased, backups included, and the others stay.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, delete, func, insert, select, update

from overt.errors import StorageError
from overt.keys.sealing import DataKey
from overt.storage import blobs
from overt.storage.access import Access
from overt.storage.keystore import KeyStore
from overt.storage.outbox import Outbox
from overt.storage.prefixes import unique_id
from overt.storage.qualities import quality_from_json, quality_to_json
from overt.storage.tables import alert_counts, alerts, runs
from overt.values import Alert, Candidate
from overt.vocabulary import Delivery

_SCORES = ("rank", "comparison_score", "normalised_score")
_NAMES = ("subject_id", "reference_id")


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as the record holds it: with its run, its deployment and its number.

    `number` counts the alerts of one run from 1, in the order they were stored, erased ones
    included. `entry` stands for the candidate's subject, the same on every list;
    `erase_after` is the alert's deadline.
    """

    alert: Alert
    run_id: str
    deployment: str
    number: int
    entry: str
    erase_after: datetime


@dataclass(frozen=True, slots=True)
class AlertPlace:
    """Where an alert stands, without opening it: enough to erase it or to send it on."""

    alert_id: str
    run_id: str
    deployment_id: str | None
    number: int
    entry: str
    key_id: str
    raised_at: datetime
    erase_after: datetime


@dataclass(frozen=True, slots=True)
class Filing:
    """How an alert is filed: its sealing key, its subject's pseudonym, and its deadline.

    `to_officers` says whether officers are told of it before anybody has decided on it.
    """

    key_id: str
    entry: str
    erase_after: datetime
    to_officers: bool = False


class Alerts:
    """The alerts of a record. Changes belong in `Record.together`."""

    def __init__(self, access: Access, keys: KeyStore) -> None:
        self._access = access
        self._keys = keys
        self._outbox = Outbox(access)

    def add(self, run_id: str, alert: Alert, filing: Filing) -> AlertRecord:
        """Store an alert of a run, and its row of the outbox; once however often it is given.

        Raises:
            StorageError: there is no such run, its kind is not the alert's, or the alert's id
                belongs to a different alert.
        """
        with self._access.writing() as connection:
            # Locking the run's row keeps the numbers without gaps where writers do not queue.
            of = select(runs.c.kind, runs.c.deployment_id).where(runs.c.run_id == run_id)
            query = of.with_for_update()
            run = connection.execute(query).one_or_none()
            if run is None or run.kind != alert.kind:
                raise StorageError(
                    f"There is no {alert.kind} run that this alert could belong to.",
                    remedy="Begin the run before its alerts are stored.",
                )
            if self.standing(alert.alert_id) is not None:
                return self._the_same(run_id, alert)
            key = self._keys.key(filing.key_id)
            row = {"run_id": run_id, "number": self._next_number(run_id), **_row(alert, key)}
            filed = {
                "key_id": filing.key_id,
                "entry": filing.entry,
                "erase_after": filing.erase_after,
            }
            connection.execute(insert(alerts), row | filed)
            self._outbox.add(
                Delivery.ALERT_RAISED,
                deployment_id=run.deployment_id,
                alert_id=alert.alert_id,
                at=alert.raised_at,
                to_officers=filing.to_officers,
            )
        return self._load(alert.alert_id)

    def of_run(self, run_id: str | None = None) -> list[AlertRecord]:
        """Return the alerts of one run, or of every run, in the order they were stored."""
        query = _select().order_by(runs.c.started_at, runs.c.run_id, alerts.c.number)
        if run_id is not None:
            query = query.where(alerts.c.run_id == run_id)
        with self._access.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [self._record(row) for row in rows]

    def find(self, prefix: str) -> AlertRecord:
        """Return the one alert whose id is or begins with `prefix`.

        Raises:
            StorageError: there is none, or more than one.
        """
        return self._load(self.place(prefix).alert_id)

    def place(self, prefix: str) -> AlertPlace:
        """Return where the one alert stands whose id is or begins with `prefix`.

        Raises:
            StorageError: there is none, or more than one.
        """
        with self._access.reading() as connection:
            alert_id = unique_id(connection, alerts.c.alert_id, prefix)
            query = _select_places().where(alerts.c.alert_id == alert_id)
            return AlertPlace(**connection.execute(query).mappings().one())

    def due(self, now: datetime) -> list[AlertPlace]:
        """Return the alerts whose deadline has passed."""
        query = _select_places().where(alerts.c.erase_after <= now).order_by(alerts.c.raised_at)
        with self._access.reading() as connection:
            return [AlertPlace(**row) for row in connection.execute(query).mappings()]

    def all_places(self) -> list[AlertPlace]:
        """Return where every alert stands, in the order they were raised."""
        with self._access.reading() as connection:
            rows = connection.execute(_select_places().order_by(alerts.c.raised_at)).mappings()
            return [AlertPlace(**row) for row in rows]

    def places_of(self, deployment_id: str) -> list[AlertPlace]:
        """Return where a deployment's alerts stand, in the order they were raised."""
        query = _select_places().where(runs.c.deployment_id == deployment_id)
        with self._access.reading() as connection:
            rows = connection.execute(query.order_by(alerts.c.raised_at)).mappings()
            return [AlertPlace(**row) for row in rows]

    def set_deadline(self, alert_id: str, erase_after: datetime) -> None:
        """Change when an alert is erased."""
        at = alerts.c.alert_id == alert_id
        with self._access.writing() as connection:
            connection.execute(update(alerts).where(at).values(erase_after=erase_after))

    def erase(self, place: AlertPlace, *, true_alert: bool | None, at: datetime) -> None:
        """Delete an alert's rows; what is left are the run's counts, and a row that says so."""
        self._outbox.say_gone(place.alert_id, place.deployment_id, at)
        with self._access.writing() as connection:
            connection.execute(delete(alerts).where(alerts.c.alert_id == place.alert_id))
            of_run = alert_counts.c.run_id == place.run_id
            if connection.execute(select(alert_counts.c.run_id).where(of_run)).first() is None:
                row = {"run_id": place.run_id, "raised": 0}
                connection.execute(
                    insert(alert_counts), {**row, "erased": 0, "erased_true": 0, "erased_false": 0}
                )
            of = alert_counts.c
            connection.execute(
                update(alert_counts)
                .where(of_run)
                .values(
                    erased=of.erased + 1,
                    erased_true=of.erased_true + int(true_alert is True),
                    erased_false=of.erased_false + int(true_alert is False),
                )
            )

    def count(self, run_id: str) -> int:
        """Return how many alerts a run has raised, those erased since included."""
        with self._access.reading() as connection:
            kept = select(func.count()).select_from(alerts).where(alerts.c.run_id == run_id)
            erased = select(alert_counts.c.erased).where(alert_counts.c.run_id == run_id)
            return (connection.execute(kept).scalar() or 0) + (
                connection.execute(erased).scalar() or 0
            )

    def _next_number(self, run_id: str) -> int:
        with self._access.reading() as connection:
            last = select(func.max(alerts.c.number)).where(alerts.c.run_id == run_id)
            return max(connection.execute(last).scalar() or 0, self.count(run_id)) + 1

    def standing(self, alert_id: str) -> AlertPlace | None:
        """Return where an alert stands, or None where it is erased or was never there."""
        query = _select_places().where(alerts.c.alert_id == alert_id)
        with self._access.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return AlertPlace(**row) if row else None

    def _load(self, alert_id: str) -> AlertRecord:
        query = _select().where(alerts.c.alert_id == alert_id)
        with self._access.reading() as connection:
            row = connection.execute(query).mappings().one()
        return self._record(row)

    def _the_same(self, run_id: str, alert: Alert) -> AlertRecord:
        stored = self._load(alert.alert_id)
        if stored.run_id != run_id or stored.alert != alert:
            raise StorageError(
                "Two different alerts carry the same id; the first one was kept.",
                remedy="Please report this as a fault in Overt.",
            )
        return stored

    def _record(self, row: RowMapping) -> AlertRecord:
        return AlertRecord(
            alert=_alert(row, self._keys.key(row["key_id"])),
            **{name: row[name] for name in AlertRecord.__slots__ if name != "alert"},
        )


def _select() -> Select[Any]:
    return select(alerts, runs.c.deployment).join(runs, alerts.c.run_id == runs.c.run_id)


def _select_places() -> Select[Any]:
    of = {**{column.name: column for column in alerts.c}, "deployment_id": runs.c.deployment_id}
    columns = [of[name] for name in AlertPlace.__slots__]
    return select(*columns).join(runs, alerts.c.run_id == runs.c.run_id)


def _row(alert: Alert, key: DataKey) -> dict[str, Any]:
    plain = {field.name: getattr(alert, field.name) for field in fields(Alert)}
    candidate, runner_up = plain.pop("candidate"), plain.pop("runner_up")
    crop = plain.pop("crop_jpeg")
    names = {"candidate": _names(candidate), "runner_up": _names(runner_up)}
    # `float` makes NumPy's numbers Python's; a float64 keeps each bit of a float32.
    return plain | {
        **_scores_row("candidate", candidate),
        **_scores_row("runner_up", runner_up),
        "latency_s": float(alert.latency_s),
        "presentation_s": float(alert.presentation_s),
        "threshold": float(alert.threshold),
        "zone_px": [[float(x), float(y)] for x, y in alert.zone_px],
        "box_px": [float(side) for side in alert.box_px],
        "quality": quality_to_json(alert.quality),
        "sealed_candidates": blobs.seal_facts(key, names, _place("candidates", alert.alert_id)),
        "sealed_crop": blobs.seal_picture(key, crop, _place("crop", alert.alert_id)),
    }


def _place(what: str, alert_id: str) -> blobs.Place:
    return blobs.place(what, alert=alert_id)


def _names(candidate: Candidate | None) -> dict[str, str] | None:
    return None if candidate is None else {name: getattr(candidate, name) for name in _NAMES}


def _scores_row(prefix: str, candidate: Candidate | None) -> dict[str, Any]:
    if candidate is None:
        return {f"{prefix}_{name}": None for name in _SCORES}
    return {
        f"{prefix}_rank": candidate.rank,
        f"{prefix}_comparison_score": float(candidate.comparison_score),
        f"{prefix}_normalised_score": float(candidate.normalised_score),
    }


def _alert(row: RowMapping, key: DataKey) -> Alert:
    alert_id = row["alert_id"]
    names = blobs.open_facts(key, row["sealed_candidates"], _place("candidates", alert_id))
    candidate = _candidate(row, "candidate", names)
    if candidate is None:
        raise ValueError("an alert without its candidate")
    plain = {field.name: row[field.name] for field in fields(Alert) if field.name in row}
    return Alert(
        **plain
        | {
            "candidate": candidate,
            "runner_up": _candidate(row, "runner_up", names),
            "zone_px": tuple((x, y) for x, y in row["zone_px"]),
            "box_px": tuple(row["box_px"]),
            "quality": quality_from_json(row["quality"]),
            "crop_jpeg": blobs.open_picture(key, row["sealed_crop"], _place("crop", alert_id)),
        }
    )


def _candidate(row: RowMapping, prefix: str, names: dict[str, Any]) -> Candidate | None:
    if row[f"{prefix}_rank"] is None:
        return None
    scores = {name: row[f"{prefix}_{name}"] for name in _SCORES}
    return Candidate(**scores, **names[prefix])
