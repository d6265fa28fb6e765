"""Deadlines, holds and receipts through the pages."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from desk_world import LISTED, Desk, a_desk

from acts import THERE
from overt.review import holds
from overt.storage import AlertPlace, Hold
from overt.vocabulary import Role

_SEE = {Role.AUTHORISING_OFFICER, Role.COMMANDER, Role.AUDITOR, Role.ADMINISTRATOR}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as made:
        yield made


def _wanted(desk: Desk, place: AlertPlace, **changes: str) -> dict[str, str]:
    until = desk.scene.clock.now + timedelta(days=20)
    return {
        "alert_id": place.alert_id,
        "case_number": "CR/17/26",
        "asked_by": "DC Alan Kay 789",
        "until": f"{until:%Y-%m-%dT%H:%M}",
        **changes,
    }


def _held(desk: Desk, place: AlertPlace, unit: str = "croydon-north") -> Hold:
    request = holds.HoldRequest(
        place, "CR/17/26", "DC Alan Kay 789", desk.scene.clock.now + timedelta(days=20)
    )
    officer = desk.scene.person(Role.AUTHORISING_OFFICER, unit)
    return holds.place_hold(desk.scene.office, officer, request)


@pytest.mark.parametrize("role", sorted(set(Role)))
def test_who_may_see_deadlines_sees_them_without_anybodys_name(desk: Desk, role: Role) -> None:
    """R-36: clocks run by themselves; R-61: auditors see deletions, without a face."""
    desk.alert(desk.live())

    shown = desk.as_(role).get("/deletions")

    assert shown.status == (200 if role in _SEE else 403)
    if role in _SEE:
        assert "Alert 1 of North End, Saturday" in shown.text
        assert "The list of North End, Saturday" in shown.text
    assert ("Delete now what is due" in shown.text) == (
        role in {Role.COMMANDER, Role.ADMINISTRATOR}
    )
    assert ("/deletions/holds/new" in shown.text) == (role is Role.AUTHORISING_OFFICER)
    for each in LISTED:
        assert each not in shown.text


def test_another_units_things_are_for_those_bound_to_none(desk: Desk) -> None:
    """R-62: by object as well."""
    theirs = desk.alert(desk.live(desk.scene.person(Role.APPLICANT, THERE), name="Far away"))
    _held(desk, theirs, THERE)

    ours = desk.as_(Role.AUTHORISING_OFFICER).get("/deletions").text
    auditors = desk.as_(Role.AUDITOR).get("/deletions").text
    form = desk.as_(Role.AUTHORISING_OFFICER).get("/deletions/holds/new").text

    assert "Far away" not in ours + form
    assert "CR/17/26" not in ours
    assert theirs.alert_id not in ours + form
    assert "Far away" in auditors
    assert "CR/17/26" in auditors


def test_how_a_deadline_stands_is_said_in_words(desk: Desk) -> None:
    place = desk.alert(desk.live())
    officer = desk.scene.person(Role.AUTHORISING_OFFICER)

    def standing() -> str:
        text = desk.as_(officer).get("/deletions").text
        row = re.search(r"Alert 1 of North End.*?</tr>", text, re.DOTALL)
        assert row is not None
        return row[0]

    assert ">later<" in standing()
    desk.scene.clock.now = place.erase_after - timedelta(hours=3)
    assert ">within a day<" in standing()
    hold = _held(desk, place)
    assert ">held as evidence<" in standing()
    desk.scene.clock.now = place.erase_after + timedelta(hours=1)
    assert ">held as evidence<" in standing()
    holds.release_hold(desk.scene.office, officer, hold)
    assert ">due<" in standing()


def test_a_hold_is_placed_and_released(desk: Desk) -> None:
    """R-38: case number, who asks, who authorises, and an end."""
    place = desk.alert(desk.live())
    officer = desk.as_(Role.AUTHORISING_OFFICER)
    form = officer.get("/deletions/holds/new")
    assert f'<option value="{place.alert_id}">Alert 1 of North End, Saturday' in form.text

    placed = officer.post("/deletions/holds/new", _wanted(desk, place))

    assert (placed.status, placed.headers["location"]) == (303, "/deletions#holds")
    held = desk.scene.office.record.retention.holds(place.alert_id)
    assert [each.case_number for each in held] == ["CR/17/26"]
    assert held[0].expires_at.isoformat() == "2026-07-24T08:00:00+00:00"
    assert "CR/17/26" in officer.get("/deletions").text
    assert "/release" not in desk.as_(Role.COMMANDER).get("/deletions").text
    assert officer.post(f"/deletions/holds/{held[0].hold_id}/release").status == 303
    assert ">released 4 July 2026" in officer.get("/deletions").text
    assert desk.scene.office.record.alerts.standing(place.alert_id) is not None


def test_a_released_alert_whose_deadline_has_passed_goes_at_once(desk: Desk) -> None:
    """R-36, R-38."""
    place = desk.alert(desk.live())
    desk.scene.clock.now = place.erase_after - timedelta(hours=3)
    hold = _held(desk, place)
    desk.scene.clock.forward(hours=6)

    desk.as_(Role.AUTHORISING_OFFICER).post(f"/deletions/holds/{hold.hold_id}/release")

    assert desk.scene.office.record.alerts.standing(place.alert_id) is None
    assert "an alert that is gone" in desk.as_(Role.AUTHORISING_OFFICER).get("/deletions").text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("alert_id", "", "Choose the alert"),
        ("alert_id", "all of them", "Choose the alert"),
        ("case_number", "", "Give the number of the case"),
        ("case_number", "CR\x00", "Give the number of the case"),
        ("asked_by", "", "Say who asks for it"),
        ("until", "", "Give a day and a time"),
        ("until", "soon", "Give a day and a time"),
        ("until", "2026-07-04T08:00", "That has passed"),
        ("until", "2027-07-04T08:01", "The policy allows 365 days"),
        ("until", "9999-12-31T23:59", "The policy allows 365 days"),
    ],
)
def test_what_is_wrong_with_a_hold_is_said_beside_it(
    desk: Desk, field: str, value: str, words: str
) -> None:
    """R-38: an expiry that the policy allows."""
    place = desk.alert(desk.live())
    officer = desk.as_(Role.AUTHORISING_OFFICER)
    size = desk.size()
    sent = {**_wanted(desk, place), field: value}

    shown = officer.post("/deletions/holds/new", sent)

    assert shown.status == 422
    told = re.search(rf'id="{field}-wrong">.*?</span> (.*?)</span>', shown.text)
    assert told is not None
    assert words in told[1]
    for name in {"case_number", "asked_by", "until"} - {field}:
        assert f'value="{sent[name]}"' in shown.text
    if field != "alert_id":
        assert f'<option value="{place.alert_id}" selected>' in shown.text
    assert desk.size() == size
    assert desk.scene.office.record.retention.holds() == []


def test_whoever_asks_does_not_authorise(desk: Desk) -> None:
    """R-38."""
    place = desk.alert(desk.live())
    officer = desk.scene.person(Role.AUTHORISING_OFFICER)

    shown = desk.as_(officer).post(
        "/deletions/holds/new", _wanted(desk, place, asked_by=officer.full_name)
    )

    assert shown.status == 403
    assert "who asks for a hold does not authorise it" in shown.text
    assert desk.scene.office.record.retention.holds() == []


def test_holds_are_the_authorising_officers_of_the_unit(desk: Desk) -> None:
    """R-38, R-62."""
    place = desk.alert(desk.live())
    hold = _held(desk, place)
    others = [desk.scene.person(role) for role in Role if role is not Role.AUTHORISING_OFFICER]

    for person in [*others, desk.scene.person(Role.AUTHORISING_OFFICER, THERE)]:
        browser = desk.as_(person)
        assert browser.post("/deletions/holds/new", _wanted(desk, place)).status == 403
        assert browser.post(f"/deletions/holds/{hold.hold_id}/release").status == 403
    assert desk.scene.office.record.retention.holds() == [hold]


def test_what_is_due_is_deleted_now_with_a_receipt(desk: Desk) -> None:
    """R-36: automatic and receipted; R-22 for the list."""
    place = desk.alert(desk.live())
    desk.scene.clock.now = place.erase_after + timedelta(hours=1)
    commander = desk.as_(Role.COMMANDER)

    done = commander.post("/deletions/apply")

    assert done.status == 303
    count = int(done.headers["location"].rpartition("=")[2])
    shown = commander.get(done.headers["location"]).text
    assert count == 2
    assert "2 things were deleted." in shown
    assert "deadline of the alert" in shown
    assert "deadline of the list" in shown
    assert "Nothing is kept that has a deadline." in shown
    again = commander.post("/deletions/apply")
    assert "Nothing was due." in commander.get(again.headers["location"]).text


@pytest.mark.parametrize("deleted", ["x", "-1", "²", "9" * 50, "%00", "<b>"])
def test_an_address_cannot_make_the_page_say_what_it_likes(desk: Desk, deleted: str) -> None:
    shown = desk.as_(Role.COMMANDER).get(f"/deletions?deleted={deleted}")

    assert shown.status == 200
    assert 'role="status"' not in shown.text


def test_a_hold_or_an_alert_that_is_not_there_is_a_page_that_says_so(desk: Desk) -> None:
    officer, place = desk.as_(Role.AUTHORISING_OFFICER), desk.alert(desk.live())

    assert officer.post(f"/deletions/holds/{'0' * 32}/release").status == 404
    gone = _wanted(desk, place, alert_id="0" * 32)
    assert officer.post("/deletions/holds/new", gone).status == 404


def test_a_hold_ends_once(desk: Desk) -> None:
    hold = _held(desk, desk.alert(desk.live()))
    officer = desk.as_(Role.AUTHORISING_OFFICER)

    assert officer.post(f"/deletions/holds/{hold.hold_id}/release").status == 303
    again = officer.post(f"/deletions/holds/{hold.hold_id}/release")
    assert again.status == 409
    assert "The hold has ended already." in again.text
