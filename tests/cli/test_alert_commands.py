"""Whose alerts they are: a rehearsal's are the record owner's own; and the log is held to itself."""

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import cv2
import pytest
from desk import Desk, a_desk
from rich.console import Console

from acts import an_alert_of, change_behind
from example_records import a_run, an_alert
from overt.audit.events import RunEnded
from overt.cli.run_view import PlainView
from overt.storage import AlertRecord, Filing
from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person as Drawn
from overt.vocabulary import DeploymentKind, Role

_LISTED = ("alerts", "list", "--json")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as desk:
        yield desk


def _crop() -> bytes:
    picture = cv2.cvtColor(portrait(Drawn.from_seed(7)), cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", picture)[1])


def _rehearsed(desk: Desk) -> AlertRecord:
    """An alert of a rehearsal that nobody authorised."""
    office, now = desk.scene.office, desk.scene.clock.now
    run, alert = a_run(started_at=now), an_alert(raised_at=now, crop_jpeg=_crop())
    entry = office.record.watchlists.pseudonym(alert.candidate.subject_id)
    filing = Filing(office.keys.new("alert"), entry, now.replace(year=now.year + 1))
    with office.record.together():
        office.record.runs.begin(run)
        stored = office.record.alerts.add(run.run_id, alert, filing)
        office.log.write(RunEnded(run.run_id, "completed", 1, 1, 1))
    return stored


def test_a_rehearsal_s_alerts_need_nobody_signed_in(desk: Desk) -> None:
    alert = _rehearsed(desk).alert

    listed = desk.run(None, "alerts", "list")
    shown = desk.run(None, "alerts", "show", alert.alert_id[:6])

    assert alert.candidate.subject_id in listed.out
    assert "Each is a possible match, for a person to decide." in listed.out
    assert shown.status == 0, shown
    picture = desk.home / f"alert-{alert.alert_id[:8]}.png"
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    assert desk.scene.events("alert.face-seen") == []


def test_a_deployment_s_alerts_are_listed_beside_them_for_its_own_unit_only(desk: Desk) -> None:
    """R-62: what is another unit's is neither listed nor counted."""
    row = desk.drafted()
    rehearsed, authorised = _rehearsed(desk), an_alert_of(desk.scene, row, alert_id="f" * 32)
    operator = desk.scene.person(Role.OPERATOR)
    stranger = desk.scene.person(Role.OPERATOR, unit="elsewhere")

    own, strange, nobody = (
        {each["alert_id"] for each in json.loads(desk.run(who, "alerts", "list", "--json").out)}
        for who in (operator, stranger, None)
    )
    by_run = desk.run(stranger, "alerts", "list", "--run", authorised.run_id)

    assert own == {rehearsed.alert.alert_id, authorised.alert.alert_id}
    assert strange == nobody == {rehearsed.alert.alert_id}
    assert by_run.refused


def test_who_may_not_see_a_face_is_not_told_against_whom_an_alert_is(desk: Desk) -> None:
    """R-61: a policy that names a role gives it nothing that the table does not."""
    alert = an_alert_of(desk.scene, desk.drafted()).alert
    named = {
        role: alert.candidate.subject_id in desk.run(desk.scene.person(role), *_LISTED).out
        for role in (Role.OPERATOR, Role.AUTHORISING_OFFICER, Role.AUDITOR)
    }
    assert named == {Role.OPERATOR: True, Role.AUTHORISING_OFFICER: False, Role.AUDITOR: False}


@pytest.mark.parametrize("kind", DeploymentKind)
def test_the_lines_of_a_live_run_do_not_say_who_is_listed(desk: Desk, kind: DeploymentKind) -> None:
    """R-39: they are kept in files where nobody watches the terminal."""
    live = an_alert_of(desk.scene, desk.drafted())
    said = StringIO()
    PlainView(Console(file=said)).alert(replace(live, alert=replace(live.alert, kind=kind)))
    named = live.alert.candidate.subject_id in said.getvalue()
    assert named == (kind is DeploymentKind.REHEARSAL)


def test_no_picture_of_a_deployment_s_alert_is_written_unless_it_is_asked_for(desk: Desk) -> None:
    alert = an_alert_of(desk.scene, desk.drafted(), crop_jpeg=_crop()).alert
    operator = desk.scene.person(Role.OPERATOR)

    shown = desk.run(operator, "alerts", "show", alert.alert_id, "--json")

    assert json.loads(shown.out)["picture"] is None
    assert [*desk.home.glob("*.png")] == []
    assert len(desk.scene.events("alert.face-seen")) == 1
    assert desk.scene.events("record.exported") == []


def test_an_altered_log_is_found_in_place(desk: Desk) -> None:
    """R-57: status 1, and the first bad entry is named."""
    auditor = desk.scene.person(Role.AUDITOR)
    desk.scene.person(Role.OPERATOR)
    assert desk.run(auditor, "audit", "verify").status == 0
    change = (
        "UPDATE audit_entries SET leaf = replace(leaf, 'session', 'sessiom') WHERE position = ?"
    )
    change_behind(desk.scene.office, change, 2)

    ended = desk.run(auditor, "audit", "verify")

    assert ended.status == 1
    assert "ALTERED" in ended.out
    assert "The first bad entry is 2." in ended.out


def test_retained_checkpoints_are_held_against_the_log(desk: Desk) -> None:
    auditor = desk.scene.person(Role.AUDITOR)
    assert desk.run(auditor, "audit", "export", "out").status == 0

    kept = desk.home / "out/checkpoints"
    ended = desk.run(auditor, "audit", "verify", "--retained", kept, "--json")

    assert ended.status == 0, ended
    assert json.loads(ended.out)["retained"] >= 1
