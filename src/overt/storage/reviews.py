"""What people decided about alerts: adjudications, and the one outcome of each."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select

from overt.storage.access import Access
from overt.storage.tables import adjudications, outcomes
from overt.vocabulary import AdjudicationDecision, AdjudicationFactor, Disposal


@dataclass(frozen=True, slots=True)
class Adjudication:
    """One person's decision on one alert; `by` is an account id."""

    alert_id: str
    by: str
    at: datetime
    decision: AdjudicationDecision
    factors: tuple[AdjudicationFactor, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an alert closed: true or false, confirmed or not, engaged or not, and one disposal.

    `entry` stands for the candidate's subject, so that false alerts against somebody can be
    counted when alert and list are gone.
    """

    alert_id: str
    entry: str
    by: str
    at: datetime
    true_alert: bool
    confirmed: bool
    engaged: bool
    disposal: Disposal


class Reviews:
    """The decisions of a record. Changes belong in `Record.together`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def add_adjudication(self, made: Adjudication) -> int:
        """Store a decision after those on the same alert, and return its number from 1."""
        of = adjudications.c
        with self._access.writing() as connection:
            query = select(func.count()).where(of.alert_id == made.alert_id)
            sequence = (connection.execute(query).scalar() or 0) + 1
            row = {**asdict(made), "sequence": sequence, "factors": list(made.factors)}
            connection.execute(insert(adjudications), row)
        return sequence

    def adjudications(self, alert_id: str) -> list[Adjudication]:
        """Return the decisions on an alert, in order."""
        of = adjudications.c
        query = select(adjudications).where(of.alert_id == alert_id).order_by(of.sequence)
        with self._access.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [adjudication_of(row) for row in rows]

    def set_outcome(self, outcome: Outcome) -> None:
        """Store how an alert closed; it must not have closed before."""
        with self._access.writing() as connection:
            connection.execute(insert(outcomes), asdict(outcome))

    def outcome(self, alert_id: str) -> Outcome | None:
        """Return how an alert closed, or None while it is open."""
        query = select(outcomes).where(outcomes.c.alert_id == alert_id)
        with self._access.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return Outcome(**row) if row else None

    def false_alerts_against(self, entry: str) -> int:
        """Return how many alerts against a subject closed as false: R-19."""
        at = (outcomes.c.entry == entry) & outcomes.c.true_alert.is_(False)
        with self._access.reading() as connection:
            return connection.execute(select(func.count()).where(at)).scalar() or 0

    def erase(self, alert_id: str) -> None:
        """Delete the decisions on an alert; its outcome, which shows nobody, stays counted."""
        with self._access.writing() as connection:
            connection.execute(delete(adjudications).where(adjudications.c.alert_id == alert_id))


def adjudication_of(row: Mapping[Any, Any]) -> Adjudication:
    """Return the decision that a row stores."""
    return Adjudication(
        alert_id=row["alert_id"],
        by=row["by"],
        at=row["at"],
        decision=row["decision"],
        factors=tuple(map(AdjudicationFactor, row["factors"])),
    )
