"""Holds and receipts in the record: what may not be deleted yet, and what was."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from overt.storage.access import Access
from overt.storage.prefixes import unique_id
from overt.storage.tables import holds, receipts


@dataclass(frozen=True, slots=True)
class Hold:
    """That an alert is kept as evidence: for which case, on whose authority, until when."""

    hold_id: str
    alert_id: str
    case_number: str
    asked_by: str
    authorised_by: str
    placed_at: datetime
    expires_at: datetime
    released_at: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Tell whether it still keeps its alert from being erased."""
        return self.released_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Receipt:
    """That something was deleted: what, how much, why, when it was due, and which keys died.

    `finished_at` is None while a deletion is going on, or was cut short and must be finished.
    """

    receipt_id: str
    what: str
    thing_id: str
    count: int
    reason: str
    due_at: datetime
    begun_at: datetime
    key_ids: tuple[str, ...]
    finished_at: datetime | None = None


class Retention:
    """The holds and receipts of a record. Changes belong in `Record.together`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def place_hold(self, hold: Hold) -> None:
        """Store a hold."""
        with self._access.writing() as connection:
            connection.execute(insert(holds), asdict(hold))

    def release_hold(self, hold_id: str, at: datetime) -> bool:
        """End a hold, and say whether it stood until now."""
        open_one = (holds.c.hold_id == hold_id) & holds.c.released_at.is_(None)
        with self._access.writing() as connection:
            done = connection.execute(update(holds).where(open_one).values(released_at=at))
        return done.rowcount == 1

    def find_hold(self, prefix: str) -> Hold:
        """Return the one hold whose id is or begins with `prefix`.

        Raises:
            StorageError: there is none, or more than one.
        """
        with self._access.reading() as connection:
            hold_id = unique_id(connection, holds.c.hold_id, prefix)
            query = select(holds).where(holds.c.hold_id == hold_id)
            return Hold(**connection.execute(query).mappings().one())

    def holds(self, alert_id: str | None = None) -> list[Hold]:
        """Return every hold, or those on one alert, the earliest first."""
        query = select(holds).order_by(holds.c.placed_at)
        if alert_id is not None:
            query = query.where(holds.c.alert_id == alert_id)
        with self._access.reading() as connection:
            return [Hold(**row) for row in connection.execute(query).mappings()]

    def begin_receipt(self, receipt: Receipt) -> None:
        """Store that a deletion begins."""
        with self._access.writing() as connection:
            row = {**asdict(receipt), "key_ids": list(receipt.key_ids)}
            connection.execute(insert(receipts), row)

    def finish_receipt(self, receipt_id: str, at: datetime) -> None:
        """Store that a deletion is done."""
        query = update(receipts).where(receipts.c.receipt_id == receipt_id)
        with self._access.writing() as connection:
            connection.execute(query.values(finished_at=at))

    def receipts(self, *, unfinished: bool = False) -> list[Receipt]:
        """Return the receipts, the earliest first; only of deletions cut short if asked."""
        query = select(receipts).order_by(receipts.c.begun_at)
        if unfinished:
            query = query.where(receipts.c.finished_at.is_(None))
        with self._access.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [Receipt(**{**row, "key_ids": tuple(row["key_ids"])}) for row in rows]
