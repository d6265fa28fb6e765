"""Everybody's pages at once, alerts from several processes, and who was told of what in the end."""

from dataclasses import replace
from pathlib import Path

from bench.delivered import Row, due_to, wrong_on
from bench.delivery import Load, deliver
from bench.streams import Event, Page

from overt.people.permissions import Person
from overt.vocabulary import Delivery, Role

_FEW = Load(operators=20, officers=50, alerts=30, per_s=8.0, cuts=50)
"""`python -m bench delivery` does it with a thousand alerts."""


def test_each_event_comes_once_to_whom_it_should_reach_and_to_nobody_else(tmp_path: Path) -> None:
    """R-46: two processes and the service's own thread raise alerts for 70 pages.

    One page is cut off fifty times and comes back; the service is killed once and begun again.
    Whom an event should reach is worked out from the outbox, without the product's own word.
    """
    found = deliver(tmp_path / "home", _FEW)

    print(replace(found, wrong=found.wrong[:5]))
    assert found.wrong == ()
    assert found.received == found.due
    assert found.cuts >= _FEW.cuts
    assert found.rows["alert.raised"] >= _FEW.alerts
    assert found.rows["alert.sent"] > 0


def _row(position: int, kind: Delivery, alert: str, unit: str = "north") -> Row:
    return Row(position, kind, alert, unit, at=0.0)


_ROWS = (
    _row(1, Delivery.ALERT_RAISED, "a"),
    _row(2, Delivery.ALERT_RAISED, "b"),
    _row(3, Delivery.ALERT_SENT, "a"),
    _row(4, Delivery.ALERT_CHANGED, "b"),
    _row(5, Delivery.ALERT_CHANGED, "a"),
    _row(6, Delivery.ALERT_SENT, "c", unit="south"),
)


def _person(role: Role) -> Person:
    return Person("id", "name", "Full Name", "north", "constable", frozenset({role}))


def _page(*positions: int) -> Page:
    page, rows = Page(0, ""), {each.position: each for each in _ROWS}
    for position in positions:
        row = rows[position]
        page.events.append(Event(position, row.kind, {"alert": row.alert_id}, 0.0))
    return page


def test_what_should_come_is_the_units_and_to_officers_what_was_sent_only() -> None:
    assert due_to(_ROWS, _person(Role.OPERATOR)) == [1, 2, 3, 4, 5]
    assert due_to(_ROWS, _person(Role.ENGAGEMENT_OFFICER)) == [3, 5]


def test_what_is_missing_or_comes_twice_or_to_the_wrong_page_is_noticed() -> None:
    rows = {each.position: each for each in _ROWS}

    assert list(wrong_on(_page(3, 5), [3, 5], rows)) == []
    assert "1 missing" in next(wrong_on(_page(3), [3, 5], rows))
    assert "1 not for them" in next(wrong_on(_page(3, 4, 5), [3, 5], rows))
    assert "twice" in next(wrong_on(_page(3, 3, 5), [3, 5], rows))
    assert "twice" in next(wrong_on(_page(5, 3), [3, 5], rows))
    named = _page(3, 5)
    named.events[0].data["reason"] = "Listed Person 7"
    assert "name" in next(wrong_on(named, [3, 5], rows))
