"""Alerts as the console's queue shows them: where each stands, and nothing of whose face it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from overt.people.office import Office
from overt.people.permissions import Person
from overt.review.queue import Queued
from overt.vocabulary import AlertStage

_S = AlertStage


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the queue: which stages belong there, and what is said where it is empty."""

    name: str
    words: str
    stages: tuple[AlertStage, ...]
    empty: str


CLOSED = "closed"

GROUPS = (
    Group("decide", "To decide", (_S.NEW, _S.CLAIMED), "No alert waits for a decision."),
    Group(
        "second",
        "Waiting for a second person",
        (_S.WAITING,),
        "No alert waits for a second person.",
    ),
    Group("close", "To close", (_S.DECIDED,), "No alert waits to be closed."),
    Group("officers", "With officers", (_S.SENT, _S.ACKNOWLEDGED, _S.ENGAGED), "None just now."),
    Group(CLOSED, "Closed", (_S.CLOSED,), "None yet."),
)
"""Every stage is in one of them, so that no alert is lost, whatever was decided about it."""

PRIORITIES: dict[str, str] = {
    "red": "Red: at once",
    "amber": "Amber: as soon as it is safe",
    "green": "Green: when able",
}
"""South Wales Police's colours (the judgment of 2019 in Bridges, paragraph 33)."""


@dataclass(frozen=True, slots=True)
class Card:
    """One alert of the queue; `holder` is the full name of who has claimed it, if anybody.

    `had_mine` says that whoever looks has decided on it already.
    """

    alert_id: str
    number: int
    stage: str
    priority: str
    category: str
    camera: str
    captured_at: datetime | None
    late: bool
    unanswered: bool
    holder: str
    claimed_until: datetime | None
    decisions: int
    needed: int
    had_mine: bool = False


BLANK = Card("", 0, "", "green", "", "", None, False, False, "", None, 0, 1)
"""What a page's script fills in for an alert that is raised while the page is open."""


def grouped(
    office: Office, person: Person, queued: Iterable[Queued]
) -> list[tuple[Group, list[Card]]]:
    """Return the groups of the queue with their cards, in the order they are given."""
    name = names(office)
    made = [(each.stage, _card(each, name, person)) for each in queued]
    return [(group, [card for stage, card in made if stage in group.stages]) for group in GROUPS]


def names(office: Office) -> Callable[[str | None], str]:
    """Return a function that gives the full names of accounts, each looked up once."""
    known: dict[str, str] = {}

    def name(account_id: str | None) -> str:
        if not account_id:
            return ""
        if account_id not in known:
            account = office.record.accounts.of_id(account_id)
            known[account_id] = account.full_name if account else "somebody whose account is gone"
        return known[account_id]

    return name


def _card(queued: Queued, name: Callable[[str | None], str], person: Person) -> Card:
    return Card(
        alert_id=queued.place.alert_id,
        number=queued.place.number,
        stage=queued.stage,
        priority=queued.priority,
        category=queued.category_wording,
        camera=queued.camera,
        captured_at=queued.captured_at,
        late=queued.late,
        unanswered=queued.unanswered,
        holder=name(queued.claimed_by),
        claimed_until=queued.claimed_until,
        decisions=queued.decisions,
        needed=queued.needed,
        had_mine=person.account_id in queued.decided_by,
    )
