"""A run from its deployment file to its record: real processes, models, recordings and SQLite."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from overt.deployment.file import Deployment
from overt.errors import AuthorityError
from overt.home import Home
from overt.runtime.messages import CameraState, Ended
from overt.runtime.run import RunOptions, RunResult, run_deployment
from overt.runtime.views import Listed
from overt.storage import AlertRecord, Record
from overt.vocabulary import DeploymentKind, RunEnding
from rehearsals import (
    start_overt,
    write_deployment,
    write_drawn_list,
    write_list,
    write_portrait_clip,
)

pytestmark = pytest.mark.models
LISTED, OTHERS = 14, (3, 15)


class Watching:
    """A view that remembers what it was told, and does something at a camera's first frame."""

    def __init__(
        self,
        at_first_frame: Callable[[], None] = lambda: None,
        at_alert: Callable[[AlertRecord], None] = lambda _record: None,
    ) -> None:
        self.alerts: list[AlertRecord] = []
        self.endings: list[Ended] = []
        self._at_first_frame, self._at_alert = at_first_frame, at_alert
        self._seen = False

    def enrolling(self, done: int, entries: int) -> None:
        """Pass over it."""

    def listed(self, listed: Listed) -> None:
        """Pass over it."""

    def alert(self, record: AlertRecord) -> None:
        """Remember an alert."""
        self._at_alert(record)
        self.alerts.append(record)

    def state(self, state: CameraState) -> None:
        """Do what is to be done at the first frame."""
        if state.counts.frames and not self._seen:
            self._seen = True
            self._at_first_frame()

    def ended(self, ended: Ended) -> None:
        """Remember how a camera ended."""
        self.endings.append(ended)


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
    home = Home(deployment.path.parent)
    options = RunOptions(paced=True, videos=videos, threads=1)
    return run_deployment(deployment, home, view, options, should_stop)


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


def test_a_live_run_stops_by_itself_when_its_window_ends_and_leaves_no_video(
    rehearsal: Deployment,
) -> None:
    live = replace(rehearsal, kind=DeploymentKind.LIVE)
    view = Watching(at_first_frame=lambda: object.__setattr__(live, "end", datetime.now(UTC)))

    result = _run(live, view)

    assert result.ending is RunEnding.STOPPED
    assert "window ended" in result.reason
    assert result.videos == ()
    assert sorted(path.name for path in result.summary.parent.iterdir()) == ["summary.html"]
    with Record.open(Home(rehearsal.path.parent).database) as record:
        (run,) = record.runs()
    assert run.ending is RunEnding.STOPPED
    assert run.statistics == result.statistics


def test_a_live_run_outside_its_window_begins_nothing(rehearsal: Deployment) -> None:
    over = replace(rehearsal, kind=DeploymentKind.LIVE, end=datetime.now(UTC))

    with pytest.raises(AuthorityError):
        _run(over, Watching())

    assert not Home(rehearsal.path.parent).database.exists()


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
    assert "1 alerts. stopped by the operator" in out
    assert "Traceback" not in complaints
    with Record.open(home / "overt.sqlite3") as record:
        (run,) = record.runs()
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
        assert not record.runs()
