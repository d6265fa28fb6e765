"""Seeded subjects: who agreed to be noted, and what share of their passages raised an alert."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from acts import THERE, Scene, a_live_run, a_scene, drafted, seeded_list
from example_records import an_alert
from overt.deployment import lifecycle
from overt.errors import LifecycleError, NotFoundError, PermissionDenied, WatchlistError
from overt.rates import Rate
from overt.review.seeded import note_passage, seeded_result
from overt.runtime.filing import AlertFiling, FiledUnder
from overt.runtime.standing import Rehearsed
from overt.storage import DeploymentRow, End
from overt.vocabulary import DeploymentKind, DeploymentState, Role, RunEnding

CAMERA = "north-end"


@dataclass(slots=True)
class Day:
    """A deployment with a test subject `S-1` on its list, searched since it began."""

    scene: Scene
    row: DeploymentRow
    filing: AlertFiling
    run_id: str

    def alert(self, subject: str = "S-1", camera: str = CAMERA, after_s: float = 0.0) -> None:
        """An alert, so long after the day's beginning."""
        alert = an_alert(kind=DeploymentKind.LIVE, camera=camera)
        candidate = replace(alert.candidate, subject_id=subject)
        at = self.row.window_start + timedelta(seconds=after_s)
        self.filing.commit(replace(alert, candidate=candidate, captured_at=at))

    def passage(self, after_s: float = 0.0, camera: str = CAMERA, subject: str = "S-1") -> datetime:
        """A passage, noted."""
        at = self.row.window_start + timedelta(seconds=after_s)
        person = self.scene.person(Role.OPERATOR)
        return note_passage(self.scene.office, person, self.row, subject, camera, at)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with a_scene(tmp_path) as scene:
        row = drafted(scene, watchlist=seeded_list())
        run = a_live_run(row)
        with scene.changing():
            scene.office.record.deployments.change(row.deployment_id, state=DeploymentState.LIVE)
            scene.office.record.runs.begin(run)
        scene.clock.now = row.window_start + timedelta(hours=1)
        under = FiledUnder(
            run.run_id, row.watchlist_id, lambda: scene.clock.now, seeded=frozenset({"S-1"})
        )
        filing = AlertFiling(scene.office, Rehearsed(), under)
        yield Day(scene, scene.row(row), filing, run.run_id)
        filing.close()


def test_each_passage_has_one_alert_at_most_and_each_alert_one_passage(day: Day) -> None:
    """R-53: TPIR per passage, with its interval, from passages that somebody saw."""
    for after_s in (0, 100, 200, 300):
        day.passage(after_s)
    day.alert(after_s=10)
    day.alert(after_s=20)  # of no second passage
    day.alert(after_s=170)  # 30 s before the third, 70 s after the second
    day.alert(after_s=361)  # too late for the last one
    day.alert(after_s=300, camera="mast")  # elsewhere
    day.alert(after_s=300, subject="S-2")  # nobody agreed to be measured by it

    found = seeded_result(day.scene.office, day.scene.person(Role.AUDITOR, THERE), day.row)

    assert found.found == Rate(2, 4)
    assert found.camera == {CAMERA: Rate(2, 4)}
    assert (found.subjects, found.alerts_apart) == (1, 3)
    assert found.found.interval() == pytest.approx((0.150, 0.850), abs=1e-3)


def test_alerts_of_test_subjects_are_marked_on_the_log_and_no_others(day: Day) -> None:
    """R-53: what public counts leave out can be told from the log, when all else is erased."""
    day.alert(subject="S-1")
    day.alert(subject="S-2")

    assert [each["data"]["seeded"] for each in day.scene.events("alert.raised")] == [True, False]


def test_the_result_outlives_alerts_and_list(day: Day) -> None:
    day.passage()
    day.alert()
    office, now = day.scene.office, day.scene.clock.now
    with day.scene.changing():
        office.record.runs.end(day.run_id, End(now, RunEnding.STOPPED))
    lifecycle.end(office, day.row.deployment_id, "stopped")
    day.scene.clock.forward(days=400)

    found = seeded_result(office, day.scene.person(Role.AUDITOR), day.row)

    assert found.found == Rate(1, 1)


def test_a_passage_is_now_unless_somebody_says_when(day: Day) -> None:
    officer = day.scene.person(Role.ENGAGEMENT_OFFICER)
    at = note_passage(day.scene.office, officer, day.row, "S-1", CAMERA)
    (entry,) = day.scene.events("passage.noted")
    assert at == day.scene.clock.now
    assert "S-1" not in str(entry)


def test_nobody_is_noted_who_did_not_agree(day: Day) -> None:
    """R-35, R-53: nobody else's way past cameras is ever kept."""
    with pytest.raises(WatchlistError, match="not a test subject"):
        day.passage(subject="S-2")
    with pytest.raises(WatchlistError, match="no such entry"):
        day.passage(subject="somebody")
    assert not day.scene.events("passage.noted")


def test_what_cannot_have_been_is_refused_with_the_remedy(day: Day) -> None:
    with pytest.raises(NotFoundError, match="no camera") as refused:
        day.passage(camera="nowhere")
    assert CAMERA in refused.value.remedy
    for off_s in (-1, 3601):
        with pytest.raises(LifecycleError, match="Nothing was being searched"):
            day.passage(off_s)
    with day.scene.changing():
        day.scene.office.record.deployments.change(
            day.row.deployment_id, state=DeploymentState.CLOSED
        )
    with pytest.raises(LifecycleError, match="before it is closed"):
        day.passage()
    with pytest.raises(PermissionDenied):
        note_passage(day.scene.office, day.scene.person(Role.AUDITOR), day.row, "S-1", CAMERA)
