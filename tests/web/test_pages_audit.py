"""The auditor's desk: figures, the log, its verification, and never a face (R-61)."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from desk_world import LISTED, Desk, a_desk, links

import overt_verify
from acts import change_behind
from overt.audit.canonical import parse_leaf
from overt.audit.events import AlertAdjudicated, AlertClosed, FaceSeen
from overt.audit.figures import UNREADABLE, LogFigures, page_of
from overt.audit.witness import FolderWitness
from overt.errors import PermissionDenied
from overt.people.permissions import Thing
from overt.retention import clocks
from overt.vocabulary import Act, Role

_JPEG = b"\xff\xd8\xff"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path / "home") as made:
        yield made


def _numbers(text: str, name: str) -> list[str]:
    """The figures of a deployment, as its row of the second table gives them."""
    row = re.search(rf'<tr>\s*<th scope="row">{re.escape(name)}</th>(.*?)</tr>', text, re.DOTALL)
    assert row is not None
    return re.findall(r"<td[^>]*>(.*?)</td>", row[1])


def test_deployments_stand_there_in_numbers_even_when_all_is_deleted(desk: Desk) -> None:
    """R-61: authority, settings, counts and deletions, without a face."""
    office, row, other = desk.scene.office, desk.live(), desk.live(name="Somewhere else")
    first, second = desk.alert(row), desk.alert(row)
    operator, officer = desk.scene.person(Role.OPERATOR), desk.scene.person(Role.ENGAGEMENT_OFFICER)
    for place in (first, second):
        office.note(FaceSeen(place.alert_id), by=operator)
        office.note(AlertAdjudicated(place.alert_id, "viable", ("subject",), 1), by=operator)
        desk.ended(place, 1300)
    office.note(AlertClosed(first.alert_id, True, True, True, "arrest"), by=officer)
    office.note(AlertClosed(second.alert_id, False, True, True, "no action"), by=officer)
    with pytest.raises(PermissionDenied):
        office.demand(officer, Act.ALERT_ADJUDICATE, Thing("alert", first.alert_id))
    auditor = desk.as_(Role.AUDITOR)
    expected = ["2", "2,600", "2", "2", "2", "1", "2", "arrest 1, no action 1", "2"]

    before = auditor.get("/audit")
    desk.scene.clock.forward(days=400)
    clocks.apply(office)
    after = desk.as_(Role.AUDITOR)

    assert _numbers(before.text, row.name) == [*expected, "0", "1"]
    assert _numbers(before.text, other.name) == ["0"] * 7 + ["\N{EN DASH}", "0", "0", "0"]
    with office.record.together():
        office.record.accounts.change(
            desk.scene.person(Role.AUDITOR).account_id,
            trained_until=(desk.scene.clock.now + timedelta(days=1)).date(),
        )
        office.log.write(FaceSeen(""))
    gone = _numbers(after.get("/audit").text, row.name)
    assert gone[:9] == expected
    assert int(gone[9]) >= 3, "its list and its two alerts"


def test_authority_and_settings_are_beside_it(desk: Desk) -> None:
    """R-61."""
    row = desk.live()

    text = desk.as_(Role.AUDITOR).get("/audit").text

    assert f'<a href="/deployments/{row.deployment_id}">' in text
    assert '<td class="number">0.030</td>' in text
    assert row.policy_sha256[:12] in text
    assert row.use_case in text


def test_only_auditors_and_administrators_open_the_log(desk: Desk) -> None:
    """R-62: by role, on every address of the log."""
    desk.scene.office.note(FaceSeen("x"))
    desk.scene.office.log.checkpoint()
    gets = ("", "/entries", "/entries/0", "/verification", "/log.key", "/checkpoint.txt")
    for role in Role:
        browser = desk.as_(role)
        allowed = role in {Role.AUDITOR, Role.ADMINISTRATOR}
        assert {browser.get(f"/audit{each}").status for each in gets} == {200 if allowed else 403}
        posts = {browser.post(f"/audit{each}").status for each in ("/verification", "/export")}
        assert posts == ({303, 200} if allowed else {403})


# --- entries --------------------------------------------------------------------------------


def test_entries_are_shown_plainly_and_references_stay_references(desk: Desk) -> None:
    """R-57: who did what when; R-61: an auditor is not told who anybody is."""
    row = desk.live()
    desk.alert(row)
    auditor = desk.as_(Role.AUDITOR)

    text = auditor.get("/audit/entries").text
    last = parse_leaf(list(desk.scene.office.record.journal.entries())[-1][1])
    one = auditor.get(f"/audit/entries/{last.index}").text

    assert "alert.raised" in text
    assert "ref:" in text
    assert last.by in one
    assert last.previous.hex() in one
    for each in LISTED:
        assert each not in text + one
    assert desk.scene.person(Role.APPLICANT).name not in text


def test_entries_are_filtered_by_event_and_by_time(desk: Desk) -> None:
    row = desk.live()
    desk.alert(row)
    desk.scene.clock.forward(hours=2)
    late = desk.alert(row)
    auditor = desk.as_(Role.AUDITOR)

    def shown(query: str) -> str:
        return auditor.get(f"/audit/entries?{query}").text

    def count(text: str) -> str:
        found = re.search(r'role="status">([\d,]+) entr', text)
        assert found is not None
        return found[1]

    assert count(shown("event=alert.raised")) == "2"
    assert count(shown("event=alert.raised&start=2026-07-04T09:00")) == "1"
    assert late.alert_id[:24] in shown("event=alert.raised&start=2026-07-04T09:00&end=")
    assert count(shown("event=alert.raised&end=2026-07-04T09:00")) == "1"
    assert count(shown("event=alert.raised&start=2026-07-05T09:00")) == "0"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("event=no.such", "event"),
        ("start=yesterday", "start"),
        ("end=2026-13-01T00:00", "end"),
        ("event=%3Cscript%3E", "event"),
        ("start=%00", "start"),
    ],
)
def test_a_filter_that_cannot_be_is_said_beside_it(desk: Desk, query: str, field: str) -> None:
    shown = desk.as_(Role.AUDITOR).get(f"/audit/entries?{query}")

    assert shown.status == 422
    assert f'id="{field}-wrong"' in shown.text
    assert "<script>" not in shown.text


@pytest.mark.parametrize(
    "query", ["before=-1", "after=x", "before=99999999999999999999", "after=1e9"]
)
def test_a_page_that_is_not_there_is_no_fault(desk: Desk, query: str) -> None:
    assert desk.as_(Role.AUDITOR).get(f"/audit/entries?{query}").status in {200, 422}


@pytest.mark.parametrize("number", ["-1", "99999999", "x", "9" * 40, "1.5"])
def test_an_entry_that_is_not_there_is_a_page_that_says_so(desk: Desk, number: str) -> None:
    assert desk.as_(Role.AUDITOR).get(f"/audit/entries/{number}").status in {404, 422}


def test_pages_lead_through_every_entry_once(desk: Desk) -> None:
    for _ in range(120):
        desk.scene.office.note(FaceSeen("x"))
    auditor = desk.as_(Role.AUDITOR)
    path, seen = "/audit/entries?event=alert.face-seen", []
    for _ in range(10):
        text = auditor.get(path).text
        seen += [int(each) for each in re.findall(r'href="/audit/entries/(\d+)"', text)]
        older = re.search(r'href="([^"]+)" rel="next"', text)
        if older is None:
            break
        path = older[1].replace("&amp;", "&")

    assert len(seen) == 120
    assert seen == sorted(set(seen), reverse=True)
    newer = re.search(r'href="([^"]+)" rel="prev"', text)
    assert newer is not None
    back = auditor.get(newer[1].replace("&amp;", "&")).text
    found = re.findall(r'href="/audit/entries/(\d+)"', back)
    assert [int(each) for each in found] == seen[50:100]


def test_an_entry_that_was_altered_is_shown_as_that(desk: Desk) -> None:
    """R-58."""
    for _ in range(3):
        desk.scene.office.note(FaceSeen("x"))
    change_behind(desk.scene.office, "UPDATE audit_entries SET leaf = ? WHERE position = 1", b"{}")
    auditor = desk.as_(Role.AUDITOR)

    assert "not as it was written" in auditor.get("/audit/entries").text
    assert auditor.get("/audit/entries/1").status == 200
    assert "not as it was written" in auditor.get("/audit/entries/1").text


# --- verification ---------------------------------------------------------------------------


def _verified(desk: Desk, **given: str) -> str:
    auditor = desk.as_(Role.AUDITOR)
    begun = auditor.post("/audit/verification", given)
    assert (begun.status, begun.headers["location"]) == (303, "/audit/verification")
    for _ in range(50):
        text = auditor.get("/audit/verification").text
        if "Under way" not in text:
            break
    return text


def test_a_sound_log_is_found_intact_with_its_size_and_root(desk: Desk) -> None:
    """R-58."""
    desk.alert(desk.live())
    desk.scene.office.log.checkpoint()

    text = _verified(desk)

    journal = desk.scene.office.record.journal
    found = overt_verify.verify(desk.scene.office.record.path, desk.scene.office.log.verifier, [])
    assert "The log is intact." in text
    assert f">{journal.tree().size:,}<" in text
    assert found.root in text
    assert "own, 0 kept outside" in text
    assert "No retained checkpoint was given" in text


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_entries SET leaf = x'7b7d' WHERE position = 2", "first bad entry is 2"),
        ("DELETE FROM audit_entries WHERE position = 2", "first bad entry is 2"),
        (
            "UPDATE audit_checkpoints SET note = replace(note, 'time 2026', 'time 2025')",
            "own check",
        ),
        ("DELETE FROM audit_checkpoints", "No checkpoint vouches for this log"),
    ],
)
def test_an_altered_log_is_found_out(desk: Desk, statement: str, words: str) -> None:
    """R-58: altering any entry is detected."""
    for _ in range(6):
        desk.scene.office.note(FaceSeen("x"))
    desk.scene.office.log.checkpoint()
    auditor = desk.as_(Role.AUDITOR)
    change_behind(desk.scene.office, statement)

    auditor.post("/audit/verification")
    text = auditor.get("/audit/verification").text

    assert "The log has been altered." in text
    assert words in text


def test_the_witness_folder_is_held_against_it(desk: Desk, tmp_path: Path) -> None:
    """R-58: what was cut off the end is seen by what somebody else keeps."""
    folder = tmp_path / "witness"
    folder.mkdir()
    office = desk.scene.office
    office.log._witness = FolderWitness(folder)
    for _ in range(3):
        office.note(FaceSeen("x"))
    office.log.checkpoint()

    sound = _verified(desk)
    assert "The log is intact." in sound
    assert "1 kept outside" in sound
    assert "the witness folder" in sound

    change_behind(office, "DELETE FROM audit_checkpoints")
    office.log.checkpoint()
    rewritten = _verified(desk)
    assert "The log has been altered." in rewritten
    assert "is not among the log&#39;s own checkpoints" in rewritten


def test_a_checkpoint_that_was_kept_is_held_against_it(desk: Desk) -> None:
    """R-58: also where there is no witness."""
    office, auditor = desk.scene.office, desk.as_(Role.AUDITOR)
    office.log.checkpoint()
    kept = auditor.get("/audit/checkpoint.txt")
    assert kept.headers["content-disposition"].startswith('attachment; filename="0000000')

    assert "1 kept outside" in _verified(desk, kept=kept.text.replace("\n", "\r\n"))
    assert "the checkpoint that you gave" in _verified(desk, kept=kept.text.strip())

    change_behind(office, "DELETE FROM audit_checkpoints")
    office.log.checkpoint()
    assert "The log has been altered." in _verified(desk, kept=kept.text)
    assert "is not as this key has signed it" in _verified(desk, kept="<b>no checkpoint</b>")


def test_what_is_too_long_to_be_a_checkpoint_is_said_beside_the_field(desk: Desk) -> None:
    shown = desk.as_(Role.AUDITOR).post("/audit/verification", {"kept": "x" * 20_001})

    assert shown.status == 422
    assert 'id="kept-wrong"' in shown.text
    assert "x" * 20_001 in shown.text


def test_nobody_sees_what_somebody_else_verified(desk: Desk) -> None:
    _verified(desk)

    text = desk.as_(Role.ADMINISTRATOR).get("/audit/verification").text

    assert "You have not verified the log since this service started." in text


# --- for outside ----------------------------------------------------------------------------


def test_an_export_verifies_elsewhere_and_is_on_the_log(desk: Desk, tmp_path: Path) -> None:
    """R-58: somebody outside can hold the log against itself."""
    desk.alert(desk.live())
    auditor = desk.as_(Role.AUDITOR)

    shown = auditor.post("/audit/export")
    key = auditor.get("/audit/log.key")

    assert shown.status == 200
    assert shown.headers["content-type"] == "application/zip"
    assert shown.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(shown.body)) as archive:
        archive.extractall(tmp_path)
    report = overt_verify.verify(tmp_path / "overt-log", key.text.strip(), [])
    assert report.problems == []
    last = desk.scene.events()[-1]
    assert last["event"] == "log.exported"
    assert report.entries == last["data"]["size"] == desk.size()
    for each in LISTED:
        assert each.encode() not in shown.body


# --- never a face ---------------------------------------------------------------------------


def test_no_link_of_an_auditors_leads_to_a_face_or_a_listed_name(desk: Desk) -> None:
    """R-61: every page that can be reached from an auditor's, by whatever link."""
    _met_by(desk, Role.AUDITOR)


def test_no_link_of_an_administrators_leads_to_a_face_or_a_listed_name(desk: Desk) -> None:
    """R-61, R-62: administrators decide nothing about anybody, and see nobody."""
    _met_by(desk, Role.ADMINISTRATOR)


def _met_by(desk: Desk, role: Role) -> None:
    for row in (desk.live(), desk.live(desk.scene.person(Role.APPLICANT, "brixton"))):
        place = desk.alert(row)
    crop = desk.scene.office.record.alerts.find(place.alert_id).alert.crop_jpeg
    browser = desk.as_(role)
    waiting: list[str] = ["/"]
    met: set[str] = set()
    while waiting and len(met) < 400:
        path = waiting.pop()
        if path in met:
            continue
        met.add(path)
        shown = browser.get(path)
        assert shown.status in {200, 303, 405}, (path, shown.status)  # 405: where a form goes
        if path.startswith("/static/") or shown.status != 200:
            continue
        assert _JPEG not in shown.body, path
        assert crop not in shown.body, path
        if shown.headers["content-type"].startswith("text/"):
            assert "<img" not in shown.text, path
            for each in LISTED:
                assert each not in shown.text, (path, each)
            waiting += sorted(links(shown) - met)

    assert {"/audit", "/audit/entries", "/people", "/settings", "/deletions"} <= met
    assert any(each.startswith("/deployments/") for each in met)


# --- the index ------------------------------------------------------------------------------


def test_the_index_follows_the_log_and_begins_anew_where_it_was_replaced(desk: Desk) -> None:
    office = desk.scene.office
    figures = LogFigures(office.record.journal)
    for _ in range(3):
        office.note(FaceSeen("x"))
    assert figures.events() == {"alert.face-seen": 3}
    office.note(FaceSeen("x"))
    assert figures.find("alert.face-seen") == [0, 1, 2, 3]
    change_behind(office, "DELETE FROM audit_entries WHERE position > 0")
    change_behind(office, "UPDATE audit_tree SET size = 1")

    assert figures.find() == [0]


@pytest.mark.parametrize("leaf", [b"", b"{", b"[]", b"\xff", b'{"event": 1, "at": 2, "data": []}'])
def test_the_index_counts_what_cannot_be_read_as_that(desk: Desk, leaf: bytes) -> None:
    office = desk.scene.office
    office.note(FaceSeen("x"))
    change_behind(office, "UPDATE audit_entries SET leaf = ?", leaf)

    figures = LogFigures(office.record.journal)

    assert figures.events() == {UNREADABLE: 1}
    assert figures.find() == [0]


def test_pages_of_positions() -> None:
    positions = [1, 4, 6, 9]

    assert page_of(positions, 2) == [9, 6]
    assert page_of(positions, 2, before=6) == [4, 1]
    assert page_of(positions, 2, after=1) == [6, 4]
    assert page_of(positions, 2, after=9) == []
    assert page_of([], 2) == []
