"""Alerts in people's hands: who has claimed one, and what officers did about it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from overt.storage.access import Access
from overt.storage.tables import claims, engagements
from overt.vocabulary import IdentityCheck, OfficerDecision


@dataclass(frozen=True, slots=True)
class Claim:
    """That somebody decides on an alert, and until when it is theirs; `by` is an account id."""

    alert_id: str
    by: str
    at: datetime
    until: datetime

    def stands(self, now: datetime) -> bool:
        """Tell whether it keeps others from deciding."""
        return now < self.until


@dataclass(frozen=True, slots=True)
class Engagement:
    """What officers did about an alert; whoever acted is an account id, or None not yet.

    A stop runs from `decided_at`, where the decision is to engage, to `released_at`.
    """

    alert_id: str
    acknowledged_by: str
    acknowledged_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision: OfficerDecision | None = None
    released_by: str | None = None
    released_at: datetime | None = None
    checks: tuple[IdentityCheck, ...] = ()
    overran_at: datetime | None = None

    @property
    def engaged_at(self) -> datetime | None:
        """When somebody was stopped; None where nobody was."""
        return self.decided_at if self.decision is OfficerDecision.ENGAGE else None

    @property
    def minutes_held(self) -> float | None:
        """How long somebody was stopped; None where nobody was, or still is."""
        if self.engaged_at is None or self.released_at is None:
            return None
        return (self.released_at - self.engaged_at).total_seconds() / 60


class Handling:
    """The claims and engagements of a record. Changes belong in `Record.together`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def claim(self, alert_id: str) -> Claim | None:
        """Return the last claim on an alert, whether or not it still stands."""
        query = select(claims).where(claims.c.alert_id == alert_id)
        with self._access.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return Claim(**row) if row else None

    def set_claim(self, claim: Claim) -> None:
        """Store a claim in place of the one before, if any."""
        with self._access.writing() as connection:
            connection.execute(delete(claims).where(claims.c.alert_id == claim.alert_id))
            connection.execute(insert(claims), asdict(claim))

    def end_claim(self, alert_id: str) -> None:
        """Delete the claim on an alert, if there is one."""
        with self._access.writing() as connection:
            connection.execute(delete(claims).where(claims.c.alert_id == alert_id))

    def engagement(self, alert_id: str) -> Engagement | None:
        """Return what officers did about an alert, or None where nobody has acknowledged it."""
        query = select(engagements).where(engagements.c.alert_id == alert_id)
        with self._access.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return engagement_of(row) if row else None

    def set_engagement(self, engagement: Engagement) -> None:
        """Store what officers did about an alert, in place of what was stored before."""
        row = {**asdict(engagement), "checks": list(engagement.checks)}
        with self._access.writing() as connection:
            of = engagements.c.alert_id == engagement.alert_id
            if not connection.execute(update(engagements).where(of).values(row)).rowcount:
                connection.execute(insert(engagements), row)

    def stops(self) -> list[Engagement]:
        """Return the stops that go on and of which nobody has been told that they overran."""
        of = engagements.c
        query = select(engagements).where(
            of.decision == OfficerDecision.ENGAGE, of.released_at.is_(None), of.overran_at.is_(None)
        )
        with self._access.reading() as connection:
            rows = connection.execute(query.order_by(of.decided_at)).mappings()
            return [engagement_of(row) for row in rows]

    def erase(self, alert_id: str) -> None:
        """Delete what is known of who handled an alert."""
        with self._access.writing() as connection:
            for table in (claims, engagements):
                connection.execute(delete(table).where(table.c.alert_id == alert_id))


def engagement_of(row: Mapping[Any, Any]) -> Engagement:
    """Return the engagement that a row stores."""
    return Engagement(**{**row, "checks": tuple(map(IdentityCheck, row["checks"]))})
