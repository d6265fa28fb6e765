"""The outbox: a row for each change of an alert or a deployment, in the order of commits.

Screens are told of changes from it, each from where it had come, so that one that was away
misses nothing. A row is written in the transaction of its change, and holds ids only. Positions
grow and are never given twice; rows of an erased alert go with it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from overt.storage.access import Access
from overt.storage.tables import outbox
from overt.vocabulary import Delivery


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """That something changed: what kind of change, of which deployment and alert, and when.

    `to_officers` says whether the alert had been sent to engagement officers by then.
    """

    position: int
    kind: Delivery
    deployment_id: str | None
    alert_id: str | None
    at: datetime
    to_officers: bool = False


class Outbox:
    """The outbox of a record. Changes belong in `Record.together`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def add(
        self,
        kind: Delivery,
        *,
        deployment_id: str | None,
        alert_id: str | None,
        at: datetime,
        to_officers: bool = False,
    ) -> None:
        """Add a row to the open transaction, after all that there are."""
        row = {
            "kind": kind,
            "deployment_id": deployment_id,
            "alert_id": alert_id,
            "at": at,
            "to_officers": to_officers,
        }
        with self._access.writing() as connection:
            connection.execute(insert(outbox), row)

    def after(self, position: int, limit: int) -> list[OutboxRow]:
        """Return the next rows after a position, at most so many."""
        query = select(outbox).where(outbox.c.position > position)
        with self._access.reading() as connection:
            rows = connection.execute(query.order_by(outbox.c.position).limit(limit)).mappings()
            return [OutboxRow(**row) for row in rows]

    def latest(self) -> int:
        """Return the position of the latest row, 0 where there is none yet."""
        with self._access.reading() as connection:
            return connection.execute(select(func.max(outbox.c.position))).scalar() or 0

    def was_sent(self, alert_id: str) -> bool:
        """Tell whether engagement officers were told of an alert."""
        at = (outbox.c.alert_id == alert_id) & outbox.c.to_officers
        with self._access.reading() as connection:
            return (
                connection.execute(select(outbox.c.position).where(at).limit(1)).first() is not None
            )

    def say_gone(self, alert_id: str, deployment_id: str | None, at: datetime) -> None:
        """Delete the rows of an alert that is erased, and add one that says it is gone."""
        told = self.was_sent(alert_id)
        with self._access.writing() as connection:
            connection.execute(delete(outbox).where(outbox.c.alert_id == alert_id))
        self.add(
            Delivery.ALERT_GONE,
            deployment_id=deployment_id,
            alert_id=alert_id,
            at=at,
            to_officers=told,
        )
