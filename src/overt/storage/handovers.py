"""Requests to hand a running deployment over to another one, and what became of each."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from overt.errors import NotFoundError
from overt.storage.access import Access
from overt.storage.tables import hand_overs
from overt.vocabulary import HandOverState


@dataclass(frozen=True, slots=True)
class HandOverRow:
    """That somebody asked for a live deployment's cameras to be handed over to another one.

    `by` is an account id. `answer` says in plain words why it was refused, if it was.
    """

    hand_over_id: str
    deployment_id: str
    successor_id: str
    by: str
    at: datetime
    reason: str
    state: HandOverState = HandOverState.ASKED
    answered_at: datetime | None = None
    answer: str = ""


class HandOvers:
    """The requests of a record. Changes belong in `Record.together`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def ask(self, row: HandOverRow) -> None:
        """Store a request."""
        with self._access.writing() as connection:
            connection.execute(insert(hand_overs), asdict(row))

    def answer(self, hand_over_id: str, state: HandOverState, at: datetime, words: str) -> None:
        """Store what became of a request that nobody has answered yet."""
        of = hand_overs.c
        with self._access.writing() as connection:
            connection.execute(
                update(hand_overs)
                .where(of.hand_over_id == hand_over_id, of.state == HandOverState.ASKED)
                .values(state=state, answered_at=at, answer=words)
            )

    def find(self, hand_over_id: str) -> HandOverRow:
        """Return one request.

        Raises:
            NotFoundError: there is none of this id.
        """
        query = select(hand_overs).where(hand_overs.c.hand_over_id == hand_over_id)
        with self._access.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NotFoundError("There is no such request.", remedy="See what was asked last.")
        return _row(row)

    def asked(self, deployment_id: str) -> HandOverRow | None:
        """Return the request that waits for an answer of whoever runs a deployment, if any."""
        of = hand_overs.c
        query = select(hand_overs).where(
            of.deployment_id == deployment_id, of.state == HandOverState.ASKED
        )
        with self._access.reading() as connection:
            row = connection.execute(query.order_by(of.at).limit(1)).mappings().one_or_none()
        return _row(row) if row else None

    def last(self, deployment_id: str) -> HandOverRow | None:
        """Return the last request about a deployment's cameras, whatever became of it."""
        of = hand_overs.c
        query = select(hand_overs).where(of.deployment_id == deployment_id)
        with self._access.reading() as connection:
            row = connection.execute(query.order_by(of.at.desc()).limit(1)).mappings().first()
        return _row(row) if row else None


def _row(row: Any) -> HandOverRow:
    return HandOverRow(**{name: row[name] for name in HandOverRow.__slots__})
