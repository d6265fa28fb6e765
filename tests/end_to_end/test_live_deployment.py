"""A live deployment from application to review: a real RTSP camera, real models, a real log."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from authorised import Team, a_team, authorised, person
from overt.deployment import lifecycle
from overt.deployment.recorded import opened
from overt.home import Home
from overt.people.office import Office
from overt.retention import clocks
from overt.review import adjudication, engagement
from overt.runtime.operation import operate
from overt.runtime.run import RunOptions, RunResult
from overt.storage import Outcome
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    DeploymentState,
    Disposal,
    IdentityCheck,
    OfficerDecision,
    Role,
)
from rehearsals import Watching, write_deployment, write_drawn_list, write_portrait_clip
from rtsp import SECRET, serving

pytestmark = pytest.mark.models
LISTED, OTHERS = 14, (3, 15)

_TOP = 'unit = "croydon"\nexpected_faces = 100\n'
_MORE = """
[intelligence]
reference = "INT/2026/1"
assessed_on = 2024-01-01
recorded_by = "DS Hedy Lamarr 7"

""" + "".join(
    f'[[assessment]]\nid = "{name}"\nfile = "watchlist.csv"\nversion = "1"\n'
    "review_date = 2099-01-01\n\n"
    for name in ("data-protection", "equality", "community")
)


@pytest.fixture
def office(new_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An installation whose master key is a passphrase that lies elsewhere, with a witness."""
    home = new_home()
    passphrase = home / "elsewhere" / "passphrase"
    passphrase.parent.mkdir()
    passphrase.touch(0o600)
    passphrase.write_text("several unrelated words, for a test")
    (home / "witness").mkdir()
    monkeypatch.setenv("OVERT_MASTER_KEY", f"passphrase-file:{passphrase}")
    monkeypatch.setenv("OVERT_WITNESS", str(home / "witness"))
    with closing(Office.open(Home(home))) as opened_office:
        yield opened_office


def _run(office: Office, team: Team, tmp_path: Path) -> tuple[str, RunResult]:
    write_drawn_list(tmp_path, (LISTED, *OTHERS))
    clip = write_portrait_clip(tmp_path / "camera.mp4", LISTED, seconds=60)
    with serving(clip) as address:
        cameras = {"gate": address}
        path = write_deployment(tmp_path, cameras, kind="live", top=_TOP, more=_MORE)
        row = authorised(office, team, path)
        view = Watching(at_first_frame=_demand_no_secret_in_processes)
        options = RunOptions(threads=1, videos=True)
        result = operate(office, team.commander, row, view, options, lambda: bool(view.alerts))
    return row.deployment_id, result


def test_a_live_deployment_runs_from_its_authority_to_its_review(
    office: Office, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """R-1, R-49, R-52, R-57: the whole chain on a camera, and a log that outsiders find intact."""
    team = a_team(office)
    deployment_id, result = _run(office, team, tmp_path)
    (place,) = office.record.alerts.places_of(deployment_id)
    row = office.record.deployments.find(deployment_id)

    assert row.state is DeploymentState.ENDED
    assert opened(office, row).cameras[0].source.address.count(SECRET) == 1
    assert result.videos == ()
    page = result.summary.read_text()
    assert "data:image" not in page
    assert f"drawn-{LISTED}" not in page
    _demand_no_secret_in_files(office)
    assert SECRET not in "".join(capfd.readouterr()) + repr(result) + repr(row)

    _decide(office, place.alert_id)
    row = lifecycle.close(office, team.commander, row, "all alerts closed")
    row = lifecycle.review(office, team.authoriser, row, "one alert, one arrest, none false")
    receipts = clocks.receipts(office, person(office, "auditor", Role.AUDITOR))

    assert row.state is DeploymentState.REVIEWED
    assert [receipt.what for receipt in receipts if receipt.finished_at] == ["watchlist"]
    assert office.record.watchlists.facts(row.watchlist_id) is None
    _demand_intact(office, tmp_path)


def _demand_no_secret_in_processes() -> None:
    """No process that runs was told the camera's password where others can read it."""
    here = Path(f"/proc/{os.getpid()}/task")
    children = " ".join(each.read_text() for each in here.glob("*/children")).split()
    told = [Path("/proc") / each / name for each in children for name in ("cmdline", "environ")]
    assert len(told) >= 4, "the camera and its server"
    for each in told:
        with suppress(PermissionError):  # nor may anybody read what a hardened process was told
            assert SECRET.encode() not in each.read_bytes(), each


def _demand_no_secret_in_files(office: Office) -> None:
    """Nothing that is written holds the camera's password: the record, the log, pages, all of it."""
    files = [each for each in office.home.path.rglob("*") if each.is_file()]
    assert {office.home.database, office.home.keys} <= set(files)
    for file in files:
        if office.home.models not in file.parents:
            assert SECRET.encode() not in file.read_bytes(), file


def _decide(office: Office, alert_id: str) -> None:
    place = office.record.alerts.place(alert_id)
    for name in ("operator-1", "operator-2"):
        operator = person(office, name, Role.OPERATOR)
        adjudication.see(office, operator, place)
        adjudication.adjudicate(
            office, operator, place, AdjudicationDecision.VIABLE, [AdjudicationFactor.SUBJECT]
        )
    officer = person(office, "officer", Role.ENGAGEMENT_OFFICER)
    engagement.acknowledge(office, officer, place)
    engagement.decide(office, officer, place, OfficerDecision.ENGAGE)
    engagement.end_stop(office, officer, place, [IdentityCheck.ASKED, IdentityCheck.DATABASE])
    outcome = Outcome(
        alert_id=place.alert_id,
        entry=place.entry,
        by=officer.account_id,
        at=office.now(),
        true_alert=True,
        confirmed=True,
        engaged=True,
        disposal=Disposal.ARREST,
    )
    adjudication.close(office, officer, outcome)


def _demand_intact(office: Office, folder: Path) -> None:
    office.log.export(folder / "log")
    witness = office.home.path / "witness"
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "overt_verify", str(folder / "log"), "--json"),
            *("--key", str(witness / "log.key"), "--retained", str(witness)),
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert json.loads(checked.stdout)
    tags = [json.loads(leaf)["event"] for _, leaf in office.record.journal.entries()]
    for tag in (
        *("deployment.drafted", "watchlist.imported", "watchlist.approved", "run.began"),
        *("alert.raised", "alert.face-seen", "alert.adjudicated", "alert.acknowledged"),
        *("alert.officer-decided", "stop.ended", "alert.closed", "run.ended"),
        *("deletion.begun", "deletion.finished"),
    ):
        assert tag in tags, tag
    assert tags.count("deployment.moved") == 6
