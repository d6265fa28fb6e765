"""Accounts through the pages: administrators change them, auditors look, nobody else."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pyotp
import pytest
from desk_world import Desk, a_desk

from acts import HERE
from overt.audit.events import AccountChanged
from overt.people.permissions import Person
from overt.vocabulary import Role
from overt.web.pages.qr_code import qr_code

_NEW = {
    "name": "grace",
    "full_name": "Grace Example 456",
    "unit": HERE,
    "rank": "inspector",
    "roles": ["commander", "operator"],
    "trained_until": "2027-01-01",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as made:
        yield made


def _path(person: Person, after: str = "") -> str:
    return f"/people/{person.account_id}{after}"


def _change(desk: Desk, person: Person, **changes: object) -> None:
    with desk.scene.office.record.together():
        desk.scene.office.record.accounts.change(person.account_id, **changes)
        desk.scene.office.log.write(AccountChanged(person.account_id, tuple(changes)))


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (None, "none on record"),
        (-1, "3 July 2026: out of date"),
        (0, "4 July 2026: ends today"),
        (1, "5 July 2026: ends in 1 day"),
        (30, "ends in 30 days"),
        (31, "4 August 2026"),
    ],
)
def test_the_list_says_in_words_how_training_stands(
    desk: Desk, days: int | None, words: str
) -> None:
    """R-62: whose training is out of date is seen before they stand at a door that is shut."""
    operator, today = desk.scene.person(Role.OPERATOR), desk.scene.clock.now.date()
    until = None if days is None else today + timedelta(days=days)
    _change(desk, operator, trained_until=until)

    shown = desk.as_(Role.ADMINISTRATOR).get("/people")

    assert shown.status == 200
    assert f"{words}<" in shown.text


def test_the_list_says_who_is_locked_and_who_is_closed(desk: Desk) -> None:
    locked, closed = desk.scene.person(Role.OPERATOR), desk.scene.person(Role.COMMANDER)
    _change(desk, locked, locked_until=desk.scene.clock.now + timedelta(minutes=5))
    _change(desk, closed, disabled_at=desk.scene.clock.now)

    text = desk.as_(Role.AUDITOR).get("/people").text

    assert '<span class="state locked">locked</span>' in text
    assert '<span class="state closed">closed</span>' in text
    assert text.index(locked.name) < text.index(closed.name), "closed ones come last"


def test_auditors_look_and_change_nothing(desk: Desk) -> None:
    """R-61: a read-only role; R-62: administrators keep the accounts."""
    auditor, operator = desk.as_(Role.AUDITOR), desk.scene.person(Role.OPERATOR)
    listed, one = auditor.get("/people"), auditor.get(_path(operator))

    assert (listed.status, one.status) == (200, 200)
    assert 'action="/people' not in listed.text + one.text
    assert "Add somebody" not in listed.text
    size = desk.size()
    for after in ("", "/unlock", "/end-sessions", "/close", "/forget"):
        assert auditor.post(_path(operator, after), {"sure": "yes", **_NEW}).status == 403
    assert auditor.post("/people/new", _NEW).status == 403
    assert [each["event"] for each in desk.scene.events()[size:]] == ["act.refused"] * 6


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AUDITOR, Role.ADMINISTRATOR}))
def test_nobody_else_sees_accounts(desk: Desk, role: Role) -> None:
    browser, other = desk.as_(role), desk.scene.person(Role.AUDITOR)

    assert browser.get("/people").status == 403
    assert browser.get(_path(other)).status == 403
    assert other.name not in browser.get(_path(other)).text


def test_what_somebody_signs_in_with_is_shown_once(desk: Desk) -> None:
    administrator = desk.as_(Role.ADMINISTRATOR)

    added = administrator.post("/people/new", _NEW)

    password = re.search(r'<code class="secret">([0-9a-f-]{34})</code>', added.text)
    address = re.search(r"otpauth://[^<]+", added.text)
    assert added.status == 200
    assert added.headers["cache-control"] == "no-store"
    assert password is not None
    assert address is not None
    uri = address[0].replace("&amp;", "&")
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    assert " ".join(re.findall("....", totp.secret)) in added.text
    assert qr_code(uri, "The same secret, for an authenticator's camera") in added.text
    code = totp.at(desk.scene.clock.now)
    given = {"name": "grace", "password": password[1], "code": code, "onward": "/"}
    assert desk.as_(None).post("/sign-in", given).status == 303
    grace = desk.scene.office.record.accounts.named("grace")
    assert grace is not None
    for path in ("/people", f"/people/{grace.account_id}", "/people/new"):
        assert password[1] not in administrator.get(path).text
        assert totp.secret not in administrator.get(path).text
    again = administrator.post("/people/new", _NEW)
    assert again.status == 422
    assert "That name is taken." in again.text
    assert "otpauth" not in again.text


def test_a_camera_reads_from_the_code_what_was_put_into_it() -> None:
    """One text: OpenCV's reader, unlike its writer, fails on one in a hundred."""
    text = "otpauth://totp/Overt:grace?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Overt"

    assert _read_code(qr_code(text, "a <code>")) == text
    assert "a &lt;code&gt;" in qr_code(text, "a <code>")


def _read_code(text: str) -> str:
    """What a camera reads of the code on a page."""
    drawn = re.findall(r"M(\d+) (\d+)h1v1h-1z", text)
    side = re.search(r'viewBox="0 0 (\d+) ', text.partition('class="code"')[2])
    assert side is not None
    modules = np.full((int(side[1]), int(side[1])), 255, np.uint8)
    for across, down in drawn:
        modules[int(down), int(across)] = 0
    enlarged = np.kron(modules, np.ones((6, 6), np.uint8))
    return str(cv2.QRCodeDetector().detectAndDecode(enlarged)[0])


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Use 2 to 40 small letters"),
        ("name", "Grace Hopper", "Use 2 to 40 small letters"),
        ("name", "a" * 41, "Use 2 to 40 small letters"),
        ("full_name", "", "Give their name"),
        ("full_name", "Grace\x00", "Give their name"),
        ("unit", "Croydon North", "Use small letters, digits and single hyphens"),
        ("rank", "", "Give their rank"),
        ("roles", [], "an account needs at least one role"),
        ("roles", ["king"], "Choose at least one role"),
        ("roles", ["auditor", "operator"], "auditor goes with no other role"),
        ("roles", ["administrator", "operator"], "administrator goes with no other role"),
        ("roles", ["administrator", "auditor"], "administrator goes with no other role"),
        ("trained_until", "next year", "Give a day"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(
    desk: Desk, field: str, value: str | list[str], words: str
) -> None:
    """R-62: roles that do not go together are refused, and the form says why."""
    administrator = desk.as_(Role.ADMINISTRATOR)
    size = desk.size()

    shown = administrator.post("/people/new", {**_NEW, field: value})

    assert shown.status == 422
    told = re.search(rf'id="{field}-wrong">.*?</span> (.*?)</span>', shown.text)
    assert told is not None
    assert words in told[1]
    for name, typed in _NEW.items():
        if name not in (field, "roles"):
            assert f'name="{name}" type=' in shown.text
            assert f'value="{typed}"' in shown.text
    if field != "roles":
        assert shown.text.count(" checked") == 2, "the roles that were chosen stay chosen"
    assert desk.size() == size
    assert desk.scene.office.record.accounts.named("grace") is None


def test_a_change_ends_sessions_and_is_on_the_log(desk: Desk) -> None:
    operator = desk.scene.person(Role.OPERATOR)
    theirs, administrator = desk.as_(operator), desk.as_(Role.ADMINISTRATOR)
    wanted = {
        "full_name": operator.full_name,
        "unit": operator.unit,
        "rank": "sergeant",
        "roles": ["operator", "commander"],
        "trained_until": "2027-01-01",
    }

    assert theirs.get("/").status == 200
    done = administrator.post(_path(operator), wanted)

    assert (done.status, done.headers["location"]) == (303, _path(operator))
    changed = desk.scene.office.record.accounts.of_id(operator.account_id)
    assert changed is not None
    assert changed.rank == "sergeant"
    assert changed.roles == {Role.OPERATOR, Role.COMMANDER}
    assert theirs.get("/").status == 401
    assert desk.scene.events("account.changed")[-1]["data"]["what"] == ["rank", "roles"]
    again = administrator.post(_path(operator), wanted)
    assert again.status == 422
    assert "Nothing was to be changed." in again.text


def test_training_can_be_taken_off_the_record(desk: Desk) -> None:
    operator = desk.scene.person(Role.OPERATOR)
    same = {
        "full_name": operator.full_name,
        "unit": operator.unit,
        "rank": operator.rank,
        "roles": sorted(operator.roles),
    }

    done = desk.as_(Role.ADMINISTRATOR).post(_path(operator), {**same, "trained_until": ""})

    account = desk.scene.office.record.accounts.of_id(operator.account_id)
    assert done.status == 303
    assert account is not None
    assert account.trained_until is None


def test_nobody_changes_their_own_account(desk: Desk) -> None:
    """R-62: not even an administrator."""
    own = desk.scene.person(Role.ADMINISTRATOR)
    browser = desk.as_(own)
    shown = browser.get(_path(own))

    assert "Nobody changes their own" in shown.text
    assert f'action="{_path(own)}"' not in shown.text
    assert f'action="{_path(own, "/close")}"' not in shown.text
    for after in ("", "/unlock", "/close", "/forget"):
        assert browser.post(_path(own, after), {**_NEW, "sure": "yes"}).status == 403
    account = desk.scene.office.record.accounts.of_id(own.account_id)
    assert account is not None
    assert account.rank == own.rank
    assert account.disabled_at is None


def test_a_locked_account_is_unlocked(desk: Desk) -> None:
    operator = desk.scene.person(Role.OPERATOR)
    _change(desk, operator, locked_until=desk.scene.clock.now + timedelta(minutes=15))
    administrator = desk.as_(Role.ADMINISTRATOR)

    assert "Unlock now" in administrator.get(_path(operator)).text
    assert administrator.post(_path(operator, "/unlock")).status == 303

    assert "Unlock now" not in administrator.get(_path(operator)).text


def test_sessions_are_ended(desk: Desk) -> None:
    operator = desk.scene.person(Role.OPERATOR)
    theirs = desk.as_(operator)

    assert desk.as_(Role.ADMINISTRATOR).post(_path(operator, "/end-sessions")).status == 303

    assert theirs.get("/").status == 401


def test_an_account_is_closed_and_then_forgotten_by_somebody_who_is_sure(desk: Desk) -> None:
    operator = desk.scene.person(Role.OPERATOR)
    theirs, administrator = desk.as_(operator), desk.as_(Role.ADMINISTRATOR)

    for after in ("/close", "/forget"):
        unsure = administrator.post(_path(operator, after))
        assert unsure.status == 422
        assert "Say that you are sure." in unsure.text
    early = administrator.post(_path(operator, "/forget"), {"sure": "yes"})
    assert early.status == 422
    assert "The account is still open." in early.text
    assert theirs.get("/").status == 200

    assert administrator.post(_path(operator, "/close"), {"sure": "yes"}).status == 303
    assert theirs.get("/").status == 401
    assert administrator.post(_path(operator, "/forget"), {"sure": "yes"}).status == 303

    pages = administrator.get("/people").text + administrator.get(_path(operator)).text
    assert operator.name not in pages
    assert operator.full_name not in pages
    assert "forgotten-" in pages


def test_no_account_of_that_id_is_a_page_that_says_so(desk: Desk) -> None:
    shown = desk.as_(Role.ADMINISTRATOR).get(f"/people/{'0' * 32}")

    assert shown.status == 404
    assert "There is no such account." in shown.text


def test_administrators_are_led_to_no_alert(desk: Desk) -> None:
    """R-62: administrators cannot adjudicate."""
    text = desk.as_(Role.ADMINISTRATOR).get("/people").text
    navigation = text.partition('<nav aria-label="Main">')[2].partition("</nav>")[0]

    assert re.findall('href="([^"]+)"', navigation) == [
        "/",
        "/people",
        "/settings",
        "/audit",
        "/deletions",
    ]
