"""A run from its deployment file to its record: real processes, models, recordings and SQLite."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from authorised import a_team
from overt.audit.canonical import parse_leaf
from overt.deployment.file import Deployment
from overt.errors import AuthorityError, PermissionDenied, SignInError
from overt.home import Home
from overt.people.office import Office
from overt.retention import clocks
from overt.runtime.run import RunOptions, RunResult, rehearse
from overt.storage import AlertRecord, Record
from overt.vocabulary import DeploymentKind, RunEnding
from rehearsals import (
    Watching,
    start_overt,
    write_deployment,
    write_drawn_list,
    write_list,
    write_portrait_clip,
)

pytestmark = pytest.mark.models
LISTED, OTHERS = 14, (3, 15)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Minutes of somebody listed who faces the camera."""
    return write_portrait_clip(tmp_path_factory.mktemp("clip") / "long.mp4", LISTED, seconds=200)


@pytest.fixture
def rehearsal(scratch_home: Path, long_clip: Path) -> Deployment:
    """A rehearsal that outlasts any test."""
    write_drawn_list(scratch_home, (LISTED, *OTHERS))
    return Deployment.load(write_deployment(scratch_home, {"gate": long_clip}))


def _run(
    deployment: Deployment,
    view: Watching,
    should_stop: Callable[[], bool] = lambda: False,
    *,
    videos: bool = True,
) -> RunResult:
    options = RunOptions(paced=True, videos=videos, threads=1)
    with Office.open(Home(deployment.path.parent)) as office:
        return rehearse(deployment, office, view, options, should_stop)


def test_an_alert_is_on_record_before_anybody_is_told(rehearsal: Deployment) -> None:
    database = Home(rehearsal.path.parent).database
    found: list[tuple[object, ...]] = []

    def look_it_up(record: AlertRecord) -> None:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as another:
            query = "select alert_id from alerts where alert_id = ?"
            found.extend(another.execute(query, [record.alert.alert_id]))

    view = Watching(at_alert=look_it_up)
    result = _run(rehearsal, view, should_stop=lambda: bool(view.alerts))

    (told,) = view.alerts
    assert found == [(told.alert.alert_id,)]
    assert told.alert.candidate.subject_id == f"drawn-{LISTED}"
    assert result.ending is RunEnding.STOPPED
    assert result.statistics.alerts == 1
    assert {"frame to committed alert", "commit of an alert"} <= {
        stage.stage for stage in result.statistics.stage_times
    }


def test_a_live_deployment_does_not_start_from_its_file(rehearsal: Deployment) -> None:
    """R-1: without an authority nothing begins."""
    with pytest.raises(AuthorityError, match="starts from its authority"):
        _run(replace(rehearsal, kind=DeploymentKind.LIVE), Watching())

    with Record.open(Home(rehearsal.path.parent).database) as record:
        assert record.runs.all() == []


def test_a_camera_that_is_killed_leaves_no_half_written_video(rehearsal: Deployment) -> None:
    def kill() -> None:
        (process,) = multiprocessing.active_children()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)

    result = _run(rehearsal, Watching(at_first_frame=kill))

    assert result.ending is RunEnding.FAILED
    assert "Camera gate was ended: its process died." in result.reason
    assert [error.message for error in result.errors] == [result.reason]
    assert [path.name for path in result.summary.parent.iterdir()] == ["summary.html"]


def _read_until(process: subprocess.Popen[str], words: str) -> str:
    """Read what a process complains until it says this."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if words in line:
            return said
    pytest.fail(f"It ended without saying {words!r}: {said}")


def _press_ctrl_c(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Interrupt a process and all its children, as a terminal does; return what they say."""
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=60)


def test_ctrl_c_ends_a_run_in_order(rehearsal: Deployment) -> None:
    home = rehearsal.path.parent
    with start_overt("run", rehearsal.path, "--pace", home=home) as process:
        _read_until(process, "Possible match")
        out, complaints = _press_ctrl_c(process)

    assert process.returncode == 0
    assert out.startswith("Stopped after")
    assert "(stopped by the operator)" in out
    assert "1 alert." in out
    assert "Traceback" not in complaints
    with Record.open(home / "overt.sqlite3") as record:
        (run,) = record.runs.all()
    assert run.ending is RunEnding.STOPPED
    assert run.statistics is not None
    assert run.statistics.alerts == 1
    (video,) = home.glob("runs/*/gate.mp4")
    with av.open(str(video)) as container:
        assert sum(1 for _ in container.decode(video=0)) == run.statistics.frames
    assert not list(home.glob("runs/*/.*"))


def test_ctrl_c_while_a_long_list_is_enrolled_begins_no_run(rehearsal: Deployment) -> None:
    home = rehearsal.path.parent
    write_list(home, {f"S-{number}": Path(f"drawn-{LISTED}.png") for number in range(300)})
    with start_overt("run", rehearsal.path, home=home) as process:
        _read_until(process, "enrolling: ")
        _, complaints = _press_ctrl_c(process)

    assert process.returncode == 1
    assert "overt: Stopped while the watchlist was being enrolled." in complaints
    assert "Traceback" not in complaints
    with Record.open(home / "overt.sqlite3") as record:
        assert not record.runs.all()


def test_what_a_rehearsal_wrote_is_deleted_after_a_day_with_a_receipt(
    rehearsal: Deployment,
) -> None:
    """R-22, R-36: the list, the alerts, and the page and video that show them."""
    view = Watching()
    result = _run(rehearsal, view, should_stop=lambda: bool(view.alerts))
    written = result.summary.parent
    later = datetime.now(UTC) + timedelta(hours=25)

    with Office.open(Home(rehearsal.path.parent), lambda: later) as office:
        receipts = clocks.apply(office)

        assert {receipt.what for receipt in receipts} == {
            "watchlist",
            "alert",
            "rehearsal's output",
        }
        assert office.record.alerts.of_run() == []
        assert office.record.watchlists.all_facts() == []
    assert not written.exists()


def test_where_people_have_accounts_only_some_of_them_rehearse_on_recordings(
    rehearsal: Deployment,
) -> None:
    """R-1, R-57: no search over recordings by nobody, once an installation has people."""
    view, options = Watching(), RunOptions(paced=True, threads=1)
    with Office.open(Home(rehearsal.path.parent)) as office:
        team = a_team(office)

        with pytest.raises(SignInError, match="needs one of them"):
            rehearse(rehearsal, office, view, options, lambda: True)
        with pytest.raises(PermissionDenied):
            rehearse(rehearsal, office, view, options, lambda: True, team.applicant)
        assert office.record.runs.all() == []
        rehearse(rehearsal, office, view, options, lambda: bool(view.alerts), team.commander)

        leaves = [parse_leaf(leaf) for _, leaf in office.record.journal.entries()]
        (began,) = [each for each in leaves if each.event == "run.began"]
        assert office.record.journal.resolve(began.by) == ("person", team.commander.account_id)
