"""The outbox: in the order of commits, whole or not at all, and never a position twice."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from example_rows import a_claim, a_deployment, an_engagement, filled

from example_records import NOON, a_record, begun, raised, recorded
from overt.storage import Record
from overt.vocabulary import Delivery, IdentityCheck, OfficerDecision


def _add(record: Record, alert_id: str, kind: Delivery = Delivery.ALERT_CHANGED) -> None:
    record.outbox.add(kind, deployment_id="a deployment", alert_id=alert_id, at=NOON)


def test_rows_are_read_back_in_pages_from_where_somebody_had_come(own_record: Record) -> None:
    assert (own_record.outbox.latest(), own_record.outbox.after(0, 10)) == (0, [])
    with recorded(own_record):
        for number in range(5):
            _add(own_record, f"alert {number}")
    rows = own_record.outbox.after(0, 100)
    assert [each.alert_id for each in rows] == [f"alert {number}" for number in range(5)]
    assert own_record.outbox.after(0, 2) == rows[:2]
    assert own_record.outbox.after(rows[1].position, 2) == rows[2:4]
    assert own_record.outbox.after(rows[-1].position, 2) == []
    assert own_record.outbox.latest() == rows[-1].position
    assert (rows[0].at, rows[0].deployment_id) == (NOON, "a deployment")
    assert rows[0].to_officers is False


def test_what_is_taken_back_leaves_no_row_and_no_gap(own_record: Record) -> None:
    def fail() -> None:
        with recorded(own_record):
            _add(own_record, "never")
            raise RuntimeError("midway")

    with recorded(own_record):
        _add(own_record, "first")
    with pytest.raises(RuntimeError):
        fail()
    with recorded(own_record):
        _add(own_record, "second")
    rows = own_record.outbox.after(0, 10)
    assert [each.alert_id for each in rows] == ["first", "second"]
    assert rows[1].position == rows[0].position + 1


def test_positions_are_never_given_twice_even_where_the_latest_rows_are_erased(
    own_record: Record,
) -> None:
    """A screen that had come as far as an erased row misses nothing that comes after it."""
    with recorded(own_record):
        _add(own_record, "kept")
        _add(own_record, "erased", Delivery.ALERT_SENT)
        _add(own_record, "erased")
    seen = own_record.outbox.latest()
    with recorded(own_record):
        own_record.outbox.say_gone("erased", "a deployment", NOON)
    (gone,) = own_record.outbox.after(seen, 10)
    assert (gone.kind, gone.alert_id) == (Delivery.ALERT_GONE, "erased")
    every = own_record.outbox.after(0, 10)
    assert [each.alert_id for each in every] == ["kept", "erased"]


def test_an_erased_alert_takes_all_that_people_did_with_it(own_record: Record) -> None:
    """R-36: nothing of an alert can be had once it is erased."""
    full = filled(own_record)
    alert_id = full.alert.alert.alert_id
    assert own_record.handling.claim(alert_id) == a_claim(alert_id)
    assert own_record.handling.engagement(alert_id) == an_engagement(alert_id)
    assert own_record.dockets.of(alert_id) is not None
    with recorded(own_record):
        place = own_record.alerts.place(alert_id)
        own_record.alerts.erase(place, true_alert=None, at=NOON)
        own_record.handling.erase(alert_id)
    assert own_record.handling.claim(alert_id) is None
    assert own_record.handling.engagement(alert_id) is None
    assert own_record.dockets.of(alert_id) is None
    rows = [each for each in own_record.outbox.after(0, 100) if each.alert_id == alert_id]
    assert [each.kind for each in rows] == [Delivery.ALERT_GONE]


def test_writers_at_once_are_told_of_in_the_order_of_their_commits(home: Path) -> None:
    """Whoever reads up to a position has read every change that was committed by then."""
    writers, each = 4, 25
    with a_record(home) as record:

        def write(name: int) -> None:
            for number in range(each):
                with recorded(record):
                    _add(record, f"{name}-{number}")

        threads = [threading.Thread(target=write, args=(name,)) for name in range(writers)]
        seen: list[int] = []
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            seen += [row.position for row in record.outbox.after(seen[-1] if seen else 0, 7)]
        for thread in threads:
            thread.join()
        while more := record.outbox.after(seen[-1] if seen else 0, 7):
            seen += [row.position for row in more]
        rows = record.outbox.after(0, 1000)
    assert seen == [row.position for row in rows]
    assert seen == list(range(1, writers * each + 1))
    for name in range(writers):
        mine = [row.alert_id for row in rows if str(row.alert_id).startswith(f"{name}-")]
        assert mine == [f"{name}-{number}" for number in range(each)]


def test_raising_an_alert_and_drafting_a_deployment_write_their_rows(own_record: Record) -> None:
    deployment = a_deployment()
    with recorded(own_record):
        own_record.deployments.add(deployment)
    run = begun(own_record, deployment_id=deployment.deployment_id)
    stored = raised(own_record, run)
    first, second = own_record.outbox.after(0, 10)
    assert (first.kind, first.deployment_id, first.alert_id) == (
        Delivery.DEPLOYMENT_CHANGED,
        deployment.deployment_id,
        None,
    )
    assert (second.kind, second.deployment_id, second.alert_id) == (
        Delivery.ALERT_RAISED,
        deployment.deployment_id,
        stored.alert.alert_id,
    )


def test_claims_and_engagements_are_kept_in_place_of_those_before(own_record: Record) -> None:
    claim, engagement = a_claim("an alert"), an_engagement("an alert", decision=None)
    other = a_claim("an alert", by="another", until=NOON + timedelta(minutes=5))
    ended = an_engagement("an alert", released_by="b", released_at=NOON + timedelta(minutes=8.5))
    assert own_record.handling.claim("an alert") is None
    assert own_record.handling.engagement("an alert") is None
    with recorded(own_record):
        own_record.handling.set_claim(claim)
        own_record.handling.set_engagement(engagement)
    assert own_record.handling.claim("an alert") == claim
    assert own_record.handling.engagement("an alert") == engagement
    assert (engagement.engaged_at, engagement.minutes_held) == (None, None)
    with recorded(own_record):
        own_record.handling.set_claim(other)
        own_record.handling.set_engagement(ended)
    assert own_record.handling.claim("an alert") == other
    assert own_record.handling.engagement("an alert") == ended
    assert ended.minutes_held == 7.5
    assert ended.checks == (IdentityCheck.ASKED, IdentityCheck.KNOWN)
    with recorded(own_record):
        own_record.handling.end_claim("an alert")
    assert own_record.handling.claim("an alert") is None


def test_stops_that_go_on_are_found_until_somebody_was_told(own_record: Record) -> None:
    going_on = an_engagement("a", decided_at=NOON)
    with recorded(own_record):
        own_record.handling.set_engagement(going_on)
        own_record.handling.set_engagement(an_engagement("b", released_at=NOON, released_by="x"))
        own_record.handling.set_engagement(an_engagement("c", overran_at=NOON))
        own_record.handling.set_engagement(an_engagement("d", decision=OfficerDecision.NOT_FOUND))
    assert own_record.handling.stops() == [going_on]
