"""The clocks: what is due is gone by itself, for good, and its receipt says so."""

import base64
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from acts import (
    END,
    START,
    THERE,
    Scene,
    a_policy,
    an_alert_of,
    an_outcome,
    drafted,
    open_office,
    place_of,
)
from example_records import a_run, a_watchlist, jpeg
from overt.deployment import lifecycle
from overt.errors import PermissionDenied, RetentionError, SealingError, StorageError
from overt.retention import clocks
from overt.review import adjudication, holds
from overt.review.holds import HoldRequest
from overt.storage import AlertPlace, DeploymentRow
from overt.storage.alerts import Alerts
from overt.storage.keystore import KeyStore
from overt.storage.record import Record
from overt.storage.watchlists import Watchlists
from overt.vocabulary import AdjudicationDecision, AdjudicationFactor, Disposal, Role
from overt.watchlist import governance

ONE_PERSON = a_policy(two_person="false")


@pytest.fixture
def live(scene: Scene) -> DeploymentRow:
    """A live deployment, at the beginning of its window."""
    row = drafted(scene, policy=ONE_PERSON)
    governance.approve(scene.office, scene.person(Role.COMMANDER), row)
    row = lifecycle.submit(scene.office, scene.person(Role.APPLICANT), row)
    officer = scene.person(Role.AUTHORISING_OFFICER)
    row = lifecycle.authorise(scene.office, officer, row, "patrols have failed")
    scene.clock.now = START
    return lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)


def _found_false(scene: Scene, place: AlertPlace) -> None:
    operator, officer = scene.person(Role.OPERATOR), scene.person(Role.ENGAGEMENT_OFFICER)
    factors = [AdjudicationFactor.SUBJECT]
    adjudication.adjudicate(scene.office, operator, place, AdjudicationDecision.NOT_VIABLE, factors)
    outcome = an_outcome(place, true_alert=False, engaged=False, disposal=Disposal.NOT_ENGAGED)
    adjudication.close(scene.office, officer, outcome)


def _hold(scene: Scene, place: AlertPlace, days: float = 90) -> str:
    officer = scene.person(Role.AUTHORISING_OFFICER)
    wanted = HoldRequest(place, "C-0117/26", "DC Kay", scene.clock.now + timedelta(days=days))
    return holds.place_hold(scene.office, officer, wanted).hold_id


def _key_is_gone(scene: Scene, key_id: str) -> bool:
    try:
        scene.office.keys.key(key_id)
    except SealingError:
        return True
    return False


def test_a_list_is_destroyed_a_day_after_the_end(scene: Scene, live: DeploymentRow) -> None:
    """R-22: not a second early, at its deadline by itself, and with a receipt."""
    scene.clock.now = END
    lifecycle.end(scene.office, live.deployment_id, "done")
    facts = scene.office.record.watchlists.facts(live.watchlist_id)
    assert facts is not None
    scene.clock.forward(hours=24, seconds=-1)
    assert clocks.apply(scene.office) == []
    scene.clock.forward(seconds=1)
    (receipt,) = clocks.apply(scene.office)
    assert (receipt.what, receipt.thing_id, receipt.count) == ("watchlist", live.watchlist_id, 3)
    assert receipt.due_at == receipt.begun_at == receipt.finished_at == scene.clock.now
    assert receipt.key_ids == (facts.key_id,)
    assert scene.office.record.retention.receipts() == [receipt]
    assert _key_is_gone(scene, facts.key_id)
    assert scene.office.record.watchlists.load(live.watchlist_id) is None
    assert clocks.apply(scene.office) == []


def test_alerts_have_a_clock_of_their_own(scene: Scene, live: DeploymentRow) -> None:
    """R-36: each alert goes at its own deadline, long after the list, and the others stay."""
    first = place_of(scene, an_alert_of(scene, live))
    scene.clock.forward(hours=3)
    second = place_of(scene, an_alert_of(scene, live))
    lifecycle.end(scene.office, live.deployment_id, "done")
    scene.clock.forward(hours=25)
    assert [each.what for each in clocks.apply(scene.office)] == ["watchlist"]
    scene.clock.now = first.erase_after
    (receipt,) = clocks.apply(scene.office)
    assert (receipt.what, receipt.thing_id, receipt.key_ids) == (
        "alert",
        first.alert_id,
        (first.key_id,),
    )
    assert receipt.finished_at == scene.clock.now
    assert _key_is_gone(scene, first.key_id)
    assert scene.office.record.alerts.find(second.alert_id).alert.crop_jpeg
    assert scene.office.record.alerts.count(first.run_id) == 1  # it stays counted


def test_a_false_alert_goes_first_and_leaves_its_figures(scene: Scene, live: DeploymentRow) -> None:
    """R-37: a day after it was found false, while other alerts have a month."""
    false, kept = (place_of(scene, an_alert_of(scene, live)) for _ in range(2))
    _found_false(scene, false)
    scene.clock.forward(hours=24, seconds=-1)
    assert clocks.apply(scene.office) == []
    scene.clock.forward(seconds=1)
    assert [each.thing_id for each in clocks.apply(scene.office)] == [false.alert_id]
    assert scene.office.record.alerts.standing(kept.alert_id) == kept
    outcome = scene.office.record.reviews.outcome(false.alert_id)
    assert outcome is not None
    assert not outcome.true_alert
    assert scene.office.record.reviews.adjudications(false.alert_id) == []


def test_a_policy_can_have_false_alerts_go_at_once(scene: Scene) -> None:
    """R-37: the policy's hours count, and none is none."""
    row = drafted(scene, policy=a_policy(false_alerts_hours="0", two_person="false"))
    place = place_of(scene, an_alert_of(scene, row))
    _found_false(scene, place)
    assert [each.thing_id for each in clocks.apply(scene.office)] == [place.alert_id]


def test_a_hold_suspends_a_deadline_until_it_expires(scene: Scene, live: DeploymentRow) -> None:
    """R-38: a hold names case, authoriser and expiry, and the deadline counts again after it."""
    held, free = (place_of(scene, an_alert_of(scene, live)) for _ in range(2))
    hold_id = _hold(scene, held, days=90)
    hold = scene.office.record.retention.find_hold(hold_id)
    officer = scene.person(Role.AUTHORISING_OFFICER)
    assert (hold.case_number, hold.asked_by, hold.authorised_by) == (
        "C-0117/26",
        "DC Kay",
        officer.account_id,
    )
    assert hold.expires_at == scene.clock.now + timedelta(days=90)
    scene.clock.now = held.erase_after
    erased = {each.thing_id for each in clocks.apply(scene.office)}
    assert free.alert_id in erased
    assert held.alert_id not in erased
    scene.clock.now = hold.expires_at - timedelta(seconds=1)
    assert clocks.apply(scene.office) == []
    scene.clock.now = hold.expires_at
    assert [each.thing_id for each in clocks.apply(scene.office)] == [held.alert_id]
    assert _key_is_gone(scene, held.key_id)


def test_a_released_hold_lets_its_alert_go(scene: Scene, live: DeploymentRow) -> None:
    """R-38: who ends a hold is on the log, and ends it once."""
    place = place_of(scene, an_alert_of(scene, live))
    hold = scene.office.record.retention.find_hold(_hold(scene, place))
    scene.clock.now = place.erase_after
    clocks.apply(scene.office)
    for person in (scene.person(Role.AUTHORISING_OFFICER, THERE), scene.person(Role.COMMANDER)):
        with pytest.raises(PermissionDenied):
            holds.release_hold(scene.office, person, hold)
    holds.release_hold(scene.office, scene.person(Role.AUTHORISING_OFFICER), hold)
    assert scene.events()[-1]["event"] == "hold.released"
    with pytest.raises(RetentionError):
        holds.release_hold(scene.office, scene.person(Role.AUTHORISING_OFFICER), hold)
    assert [each.thing_id for each in clocks.apply(scene.office)] == [place.alert_id]


def test_who_asks_for_a_hold_does_not_authorise_it(scene: Scene, live: DeploymentRow) -> None:
    """R-38: however they write themselves."""
    place = place_of(scene, an_alert_of(scene, live))
    officer = scene.somebody(Role.AUTHORISING_OFFICER)
    until = scene.clock.now + timedelta(days=30)
    for name in (officer.name, officer.full_name, f"  {officer.full_name.upper()} "):
        with pytest.raises(PermissionDenied, match="asks"):
            holds.place_hold(scene.office, officer, HoldRequest(place, "C-1", name, until))
    assert scene.office.record.retention.holds() == []
    assert len(scene.events("act.refused")) == 3


@pytest.mark.parametrize(
    ("case", "asked_by", "days"),
    [
        ("", "DC Kay", 30),
        (" ", "DC Kay", 30),
        ("C-1", "", 30),
        ("C-1", "DC Kay", 0),
        ("C-1", "DC Kay", -1),
        ("C-1", "DC Kay", 366),
    ],
)
def test_a_hold_without_case_asker_or_expiry_is_refused(
    scene: Scene, live: DeploymentRow, case: str, asked_by: str, days: int
) -> None:
    """R-38: all three, and no longer than the policy's limit."""
    place = place_of(scene, an_alert_of(scene, live))
    wanted = HoldRequest(place, case, asked_by, scene.clock.now + timedelta(days=days))
    with pytest.raises(RetentionError):
        holds.place_hold(scene.office, scene.person(Role.AUTHORISING_OFFICER), wanted)
    assert scene.office.record.retention.holds() == []


@pytest.mark.parametrize("role", set(Role) - {Role.AUTHORISING_OFFICER}, ids=str)
def test_only_an_authorising_officer_holds(scene: Scene, live: DeploymentRow, role: Role) -> None:
    """R-38: nobody else keeps a face longer."""
    place = place_of(scene, an_alert_of(scene, live))
    wanted = HoldRequest(place, "C-1", "DC Kay", scene.clock.now + timedelta(days=30))
    with pytest.raises(PermissionDenied):
        holds.place_hold(scene.office, scene.somebody(role), wanted)


def test_a_hold_on_the_log_names_case_and_asker_by_reference(
    scene: Scene, live: DeploymentRow
) -> None:
    """R-38, R-58: free words are not in the log as they are."""
    place = place_of(scene, an_alert_of(scene, live))
    _hold(scene, place)
    entry = scene.events("hold.placed")[0]
    assert entry["data"]["alert"] == place.alert_id
    assert "C-0117" not in str(entry)
    assert "DC Kay" not in str(entry)


def test_who_may_see_deadlines_sees_them_in_order(scene: Scene, live: DeploymentRow) -> None:
    """R-61: an auditor sees what is due and what was deleted, and no face."""
    place = place_of(scene, an_alert_of(scene, live))
    _hold(scene, place)
    auditor = scene.person(Role.AUDITOR, THERE)
    found = clocks.due(scene.office, auditor)
    assert [(each.what, each.held) for each in found] == [("watchlist", False), ("alert", True)]
    assert found[0].due_at < found[1].due_at
    assert clocks.receipts(scene.office, auditor) == []
    commander = scene.person(Role.COMMANDER)
    assert clocks.due(scene.office, commander) == found
    assert clocks.due(scene.office, scene.person(Role.COMMANDER, THERE)) == []
    with pytest.raises(PermissionDenied):
        clocks.due(scene.office, scene.person(Role.OPERATOR))
    with pytest.raises(PermissionDenied):
        clocks.apply(scene.office, scene.person(Role.OPERATOR))


# --- deletions that are cut short -----------------------------------------------------------

STEPS = [
    (KeyStore, "destroy"),
    (Watchlists, "remove"),
    (Alerts, "erase"),
    (Record, "erase_traces"),
]


def _due_list_and_alert(scene: Scene, live: DeploymentRow) -> tuple[str, AlertPlace]:
    facts = scene.office.record.watchlists.facts(live.watchlist_id)
    assert facts is not None
    place = place_of(scene, an_alert_of(scene, live))
    scene.clock.forward(days=32)
    return facts.key_id, place


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("room", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_deletion_cut_short_is_finished_by_the_next(
    scene: Scene,
    live: DeploymentRow,
    monkeypatch: pytest.MonkeyPatch,
    room: type,
    step: str,
    after: bool,  # noqa: FBT001
) -> None:
    """R-22, R-36: whatever fails in the middle, nothing half deleted stays."""
    key_id, place = _due_list_and_alert(scene, live)
    whole = getattr(room, step)

    def cut_short(*values: object, **named: object) -> None:
        if after:
            whole(*values, **named)
        raise RuntimeError("the machine failed")

    with monkeypatch.context() as broken:
        broken.setattr(room, step, cut_short)
        with pytest.raises(RuntimeError, match="failed"):
            clocks.apply(scene.office)
    clocks.apply(scene.office)
    office = scene.office
    assert _key_is_gone(scene, key_id)
    assert _key_is_gone(scene, place.key_id)
    assert office.record.watchlists.facts(live.watchlist_id) is None
    assert office.record.alerts.standing(place.alert_id) is None
    receipts = office.record.retention.receipts()
    assert {each.thing_id for each in receipts} == {live.watchlist_id, place.alert_id}
    assert len(receipts) == 2
    assert all(each.finished_at is not None for each in receipts)
    finished = {each["data"]["receipt"] for each in scene.events("deletion.finished")}
    assert finished == {each.receipt_id for each in receipts}
    assert _wal(office.home.database) == _wal(office.home.keys) == 0
    assert clocks.apply(office) == []


def _wal(database: Path) -> int:
    """How long a database's write-ahead log is: 0 where its traces have been erased."""
    log = database.with_name(database.name + "-wal")
    return log.stat().st_size if log.exists() else 0


def test_an_output_that_cannot_be_deleted_keeps_its_one_receipt_open(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-36: no receipt says that pictures are gone which are not, and the rest goes on."""
    office, run = scene.office, a_run(started_at=scene.clock.now)
    with scene.changing():
        office.record.runs.begin(run)
    folder = office.home.output / f"run-{run.run_id[:8]}"
    folder.mkdir(parents=True)
    scene.clock.forward(days=2)
    with monkeypatch.context() as broken:
        broken.setattr(shutil, "rmtree", lambda *_, **__: None)
        clocks.apply(office)
        clocks.apply(office)
        assert [each.finished_at for each in office.record.retention.receipts()] == [None]
    clocks.apply(office)
    assert not folder.exists()
    assert all(each.finished_at for each in office.record.retention.receipts())
    assert len(scene.events("deletion.finished")) == 1


def test_traces_that_a_reader_holds_up_are_erased_the_next_time(
    scene: Scene, live: DeploymentRow
) -> None:
    """R-22: what was deleted but not wiped is remembered until it is wiped."""
    _due_list_and_alert(scene, live)
    with (
        Record.open(scene.office.home.database, read_only=True) as other,
        other.access.reading() as reading,
    ):
        reading.exec_driver_sql("SELECT count(*) FROM runs").fetchall()
        assert clocks.apply_quietly(scene.office) == []
        with pytest.raises(StorageError, match="traces"):
            clocks.apply(scene.office)
    assert clocks.apply(scene.office) == []
    assert _wal(scene.office.home.database) == 0


def test_a_receipt_stands_before_anything_is_destroyed(
    scene: Scene, live: DeploymentRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-22: no deletion is without a trace of itself, even one that failed."""
    _due_list_and_alert(scene, live)

    def look(keys: KeyStore, key_ids: tuple[str, ...]) -> None:
        begun = scene.office.record.retention.receipts(unfinished=True)
        assert begun[-1].key_ids == key_ids
        assert scene.events()[-1]["event"] == "deletion.begun"
        raise RuntimeError("the machine failed")

    with monkeypatch.context() as broken:
        broken.setattr(KeyStore, "destroy", look)
        with pytest.raises(RuntimeError, match="failed"):
            clocks.apply(scene.office)


# --- what is left on the disk ---------------------------------------------------------------


def _known() -> dict[str, bytes]:
    """What of a list and an alert would show somebody, however it might be written."""
    watchlist = a_watchlist()
    known = {"an alert's crop": jpeg()}
    for reference in watchlist.references:
        template = reference.template
        known[f"{reference.reference_id}'s portrait"] = reference.picture_jpeg
        known[f"{reference.reference_id}'s template"] = template.tobytes()
        known[f"{reference.reference_id}'s half"] = template.astype(np.float16).tobytes()
        known[f"{reference.reference_id}'s double"] = template.astype(np.float64).tobytes()
        known[f"{reference.reference_id}"] = f'"{reference.reference_id}"'.encode()
    for subject in watchlist.subjects:
        known[subject.subject_id] = f'"{subject.subject_id}"'.encode()
        known[subject.name] = subject.name.encode()
    known["a reason"] = b"Failed to appear at court"
    return known


def _pieces(content: bytes) -> Iterator[bytes]:
    """Parts that a copy of the content would hold: as it is, and in base64 at any offset."""
    if len(content) < 40:
        yield content
        return
    for start in range(0, len(content) - 48, 96):
        yield content[start : start + 48]
    for offset in range(3):
        yield base64.b64encode(content[40 + offset : 82 + offset])


def _demand_nothing_of(folder: Path) -> None:
    files = {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    assert files
    for name, content in _known().items():
        for piece in _pieces(content):
            for path, data in files.items():
                assert piece not in data, f"{path.name} holds some of {name}"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files would be."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    for variable in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(variable, str(folder))
    return folder


def test_nothing_deleted_is_left_in_the_files_or_in_a_backup_made_before(
    scene: Scene, live: DeploymentRow, tmp_path: Path, temporary: Path
) -> None:
    """R-22, R-36, R-39: no known byte of template, picture or name, and no backup opens it."""
    place = place_of(scene, an_alert_of(scene, live))
    office, backup = scene.office, tmp_path / "backup" / "overt.sqlite3"
    facts = office.record.watchlists.facts(live.watchlist_id)
    assert facts is not None
    ciphertext = _sealed_template(office.home.database)
    office.record.back_up(backup)
    assert ciphertext in backup.read_bytes()
    scene.clock.forward(days=32)
    assert len(clocks.apply(office)) == 2
    for folder in (office.home.path, backup.parent):
        _demand_nothing_of(folder)
    assert list(temporary.iterdir()) == []
    for path in office.home.path.rglob("*"):
        assert not path.is_file() or ciphertext not in path.read_bytes()
    _demand_unopenable(scene, backup, live, place)


def _sealed_template(database: Path) -> bytes:
    """Some ciphertext of a template, to be sure that the search finds what is there."""
    with Record.open(database, read_only=True) as record, record.access.reading() as reading:
        query = "SELECT sealed_template FROM watchlist_references"
        sealed: bytes = reading.exec_driver_sql(query).scalars().all()[0]
    return sealed[20:68]


def _demand_unopenable(scene: Scene, backup: Path, row: DeploymentRow, place: AlertPlace) -> None:
    """Put the backup beside the keys as they are now, and open all that it holds."""
    scene.office.close()
    home = backup.parent.parent / "restored"
    home.mkdir()
    shutil.copy(backup, home / "overt.sqlite3")
    shutil.copy(scene.office.home.keys, home / "keys.sqlite3")
    with open_office(home, scene.clock) as restored:
        assert restored.record.watchlists.facts(row.watchlist_id) is not None
        with pytest.raises(SealingError):
            restored.record.watchlists.load(row.watchlist_id)
        with pytest.raises(SealingError):
            restored.record.alerts.find(place.alert_id)
        assert restored.record.watchlists.enrolled(row.watchlist_id, "R-1") is None
        assert len(clocks.apply(restored)) == 2  # and its own clocks finish it
        assert restored.record.watchlists.facts(row.watchlist_id) is None


def test_the_search_finds_what_is_not_sealed(tmp_path: Path) -> None:
    for name, content in _known().items():
        folder = tmp_path / name.replace("'", "")
        folder.mkdir()
        (folder / "plain").write_bytes(b"before" + content + b"after")
        with pytest.raises(AssertionError, match="holds some of"):
            _demand_nothing_of(folder)
        (folder / "plain").write_bytes(b"x" + base64.b64encode(b"ab" + content) + b"y")
        if len(content) >= 150:
            with pytest.raises(AssertionError, match="holds some of"):
                _demand_nothing_of(folder)
