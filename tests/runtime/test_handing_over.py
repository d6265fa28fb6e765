"""A running deployment hands its cameras over to another one: real models, processes and records."""

import multiprocessing
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from acts import entries
from authorised import Team, authorised
from overt.audit.events import LiveViewOpened
from overt.people.office import Office
from overt.runtime.messages import CameraState
from overt.runtime.operation import hand_over, operate
from overt.runtime.run import RunOptions, RunResult
from overt.storage import DeploymentRow, HandOverRow
from overt.vocabulary import DeploymentState, DropCause, HandOverState
from rehearsals import Watching, write_deployment, write_drawn_list, write_portrait_clip

pytestmark = pytest.mark.models
LISTED, OTHERS = 14, (3, 15)
SECONDS, RATE = 300, 5
ZONE = "[[0.1, 0.05], [0.9, 0.05], [0.9, 0.98], [0.1, 0.98]]"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody who faces the camera all the time: one passage."""
    folder = tmp_path_factory.mktemp("clip")
    return write_portrait_clip(folder / "long.mp4", LISTED, seconds=SECONDS)


@pytest.fixture
def drafted(office: Office, team: Team, clip: Path, tmp_path: Path) -> Callable[..., DeploymentRow]:
    """Make authorised deployments of one camera, which differ in their lists and zones."""

    def made(name: str, seeds: tuple[int, ...], more: str = "") -> DeploymentRow:
        folder = tmp_path / name
        folder.mkdir()
        write_drawn_list(folder, seeds)
        policy = '[policy]\nname = "uk-policing"\n'
        path = write_deployment(folder, {"gate": clip}, name=name, more=policy)
        path.write_text(path.read_text() + more)
        return authorised(office, team, path)

    return made


def _operate(
    office: Office, team: Team, row: DeploymentRow, view: Watching, **options: Any
) -> RunResult:
    stop: Callable[[], bool] = options.pop("should_stop", lambda: False)
    return operate(office, team.commander, row, view, RunOptions(**options), stop)


class _Seeing(Watching):
    """A view that knows how far into the recording the cameras are, and by which processes."""

    def __init__(self, at_first_search: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.film_s = 0.0
        self._at_first_search, self._searched = at_first_search, False
        self.processes: set[int | None] = set()

    def state(self, state: CameraState) -> None:
        """Remember it."""
        self.film_s = state.film_s
        self.processes.update(each.pid for each in multiprocessing.active_children())
        if state.counts.faces_searched and not self._searched:
            self._searched = True
            self._at_first_search()


def _logged(office: Office, event: str, deployment: DeploymentRow) -> list[dict[str, Any]]:
    return [
        each["data"]
        for each in entries(office)
        if each["event"] == event and each["data"].get("deployment") == deployment.deployment_id
    ]


def test_a_new_list_and_zone_take_over_between_two_frames_of_the_same_process(
    office: Office, team: Team, drafted: Callable[..., DeploymentRow]
) -> None:
    old, new = drafted("old", OTHERS), drafted("new", (LISTED, *OTHERS), f"zone = {ZONE}\n")
    asked: list[HandOverRow] = []

    def ask() -> None:
        asked.append(hand_over(office, team.commander, old, new, "the new list"))

    view = _Seeing(ask)
    result = _operate(office, team, old, view, should_stop=lambda: view.alerts, threads=2)

    (before,) = result.before
    assert before.reason == f"handed over to {new.deployment_id[:8]}"
    assert len(view.processes) == 1
    frames = before.statistics.frames + result.statistics.frames
    assert frames == round(view.film_s * RATE) + 1  # each that there was, once
    assert not before.statistics.frames_dropped
    assert set(result.statistics.frames_dropped) <= {DropCause.LEFT}  # it was told to stop
    (alert,) = view.alerts  # of the passage that had begun under the list without them
    assert alert.run_id == result.run_id
    assert alert.alert.candidate.subject_id == f"drawn-{LISTED}"
    assert len(alert.alert.zone_px) == 4
    assert alert.alert.zone_px[0] == pytest.approx((48, 18))
    for each in (before, result):  # one passage, in the books of both
        assert (each.statistics.faces_seen, each.statistics.faces_searched) == (1, 1)
    states = [office.record.deployments.find(each.deployment_id).state for each in (old, new)]
    assert states == [DeploymentState.ENDED] * 2
    answered = office.record.hand_overs.find(asked[0].hand_over_id)
    assert (answered.state, answered.answer) == (HandOverState.DONE, "")
    (handed,) = _logged(office, "deployment.handed-over", old)
    assert handed == {
        "deployment": old.deployment_id,
        "to": new.deployment_id,
        "run": before.run_id,
        "to_run": result.run_id,
    }
    assert (before.statistics.carried, result.statistics.carried) == (0, 1)
    acts = [(act.act, act.reason) for act in office.record.deployments.acts(old.deployment_id)]
    assert acts[-2:] == [
        ("deployment.hand-over", f"to {new.deployment_id[:8]}: the new list"),
        ("deployment.end", f"handed over to {new.deployment_id[:8]}"),
    ]


def test_what_is_refused_leaves_it_running_and_who_alerted_before_does_not_again(
    office: Office, team: Team, drafted: Callable[..., DeploymentRow]
) -> None:
    """R-1: what differs from what was authorised takes nothing over."""
    old = drafted("old", (LISTED, *OTHERS))
    stale, new = drafted("stale", OTHERS), drafted("new", (LISTED, OTHERS[0]))
    long_ago = office.now() - timedelta(days=9)
    with office.record.together():
        office.record.watchlists.update(stale.watchlist_id, validated_at=long_ago)
        office.log.write(LiveViewOpened("nobody's"))
    asked: list[HandOverRow] = []

    def ask() -> bool:
        last = office.record.hand_overs.find(asked[-1].hand_over_id) if asked else None
        if view.alerts and not asked:
            asked.append(hand_over(office, team.commander, old, stale, ""))
        elif last and last.state is HandOverState.REFUSED:
            asked.append(hand_over(office, team.commander, old, new, "once more"))
        return last is not None and last.state is HandOverState.DONE

    view = _Seeing()
    result = _operate(office, team, old, view, should_stop=ask, threads=1)

    (before,) = result.before
    refused, done = (office.record.hand_overs.find(each.hand_over_id) for each in asked)
    assert (refused.state, done.state) == (HandOverState.REFUSED, HandOverState.DONE)
    assert "last held against its sources" in refused.answer
    (on_the_log,) = _logged(office, "deployment.hand-over-refused", old)
    assert on_the_log["why"] == "it was refused (LifecycleError)"
    assert office.record.deployments.find(stale.deployment_id).state is DeploymentState.AUTHORISED
    assert [each.run_id for each in view.alerts] == [before.run_id]
    frames = before.statistics.frames + result.statistics.frames
    assert frames == round(view.film_s * RATE) + 1
    assert result.statistics.alerts == 0
    assert not multiprocessing.active_children()
