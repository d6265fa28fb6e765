"""An authorised deployment in operation: real models and processes, and everything that stops it."""

import multiprocessing
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authorised import Team, authorised
from overt.audit.canonical import parse_leaf
from overt.deployment import lifecycle, recorded
from overt.errors import (
    AuthorityError,
    LifecycleError,
    MasterKeyError,
    PermissionDenied,
    StorageError,
)
from overt.people.office import Office
from overt.runtime.operation import operate, stop
from overt.runtime.run import RunOptions, RunResult
from overt.runtime.starting import alone, demand_terms
from overt.storage import DeploymentRow
from overt.vision.store import ModelStore
from overt.vocabulary import DeploymentKind, DeploymentState
from overt.watchlist import governance
from rehearsals import Watching, write_deployment, write_drawn_list, write_portrait_clip

pytestmark = pytest.mark.models
LISTED, OTHERS = 14, (3, 15)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of somebody listed who faces the camera."""
    return write_portrait_clip(tmp_path_factory.mktemp("clip") / "long.mp4", LISTED, seconds=60)


@pytest.fixture
def row(office: Office, team: Team, clip: Path, tmp_path: Path) -> DeploymentRow:
    write_drawn_list(tmp_path, (LISTED, *OTHERS))
    more = '[policy]\nname = "uk-policing"\n'
    path = write_deployment(tmp_path, {"gate": clip, "exit": clip}, more=more)
    return authorised(office, team, path)


def _operate(
    office: Office, team: Team, row: DeploymentRow, view: Watching, at_end: Callable[[], bool]
) -> RunResult:
    options = RunOptions(paced=True, threads=1)
    return operate(office, team.commander, row, view, options, at_end)


def test_a_stop_from_elsewhere_ends_every_camera_and_the_clocks_begin(
    office: Office, team: Team, row: DeploymentRow
) -> None:
    """R-52: one command, from another process of the same record, stops all cameras."""

    def stop_it() -> None:
        with Office.open(office.home) as another:
            lifecycle.request_stop(another, team.authoriser, row, "the square is empty")

    result = _operate(office, team, row, Watching(at_first_frame=stop_it), lambda: False)

    after = office.record.deployments.find(row.deployment_id)
    assert result.reason == "somebody told it to stop"
    assert after.state is DeploymentState.ENDED
    assert after.review_due_at is not None
    facts = office.record.watchlists.facts(row.watchlist_id)
    assert facts is not None
    assert facts.destroy_after <= datetime.now(UTC) + timedelta(hours=24)
    assert not multiprocessing.active_children()


def test_searching_stops_by_itself_at_the_authorised_end(
    office: Office, team: Team, row: DeploymentRow
) -> None:
    """R-6: matching stops automatically, and can start again only under new authority."""
    ahead = timedelta()

    def pass_the_end() -> None:
        nonlocal ahead
        ahead = timedelta(hours=2)

    view = Watching(at_first_frame=pass_the_end)
    clock, office.clock = office.clock, lambda: datetime.now(UTC) + ahead
    try:
        result = _operate(office, team, row, view, lambda: False)
        with pytest.raises(AuthorityError, match="ended"):
            _operate(office, team, row, Watching(), lambda: False)
    finally:
        office.clock = clock

    assert result.reason == "the authority's window ended"
    entries = [parse_leaf(leaf) for _, leaf in office.record.journal.entries()]
    (moved,) = (each for each in entries if each.event == "clock.moved")
    assert moved.data["seconds"] == pytest.approx(7200, abs=5)
    assert "moved forward by 7200 s" in view.notes[0]


def test_an_entry_withdrawn_while_it_runs_raises_no_alert(
    office: Office, team: Team, row: DeploymentRow
) -> None:
    """R-15: withdrawal reaches every camera; a match already on its way is not raised either."""
    view, stopped = Watching(), threading.Event()

    def withdraw() -> None:
        governance.withdraw(office, team.commander, row, f"drawn-{LISTED}", "found already")
        threading.Timer(4.0, stopped.set).start()

    view = Watching(at_first_frame=withdraw)
    _operate(office, team, row, view, stopped.is_set)

    assert view.alerts == []
    assert office.record.alerts.places_of(row.deployment_id) == []


def test_its_alerts_are_kept_until_their_own_deadline_and_seen_by_nobody_unlogged(
    office: Office, team: Team, row: DeploymentRow
) -> None:
    """R-36: alerts of a deployment have a deadline of their own, from the policy."""
    view = Watching()
    result = _operate(office, team, row, view, lambda: bool(view.alerts))

    (place, *_) = office.record.alerts.places_of(row.deployment_id)
    assert place.erase_after - row.window_end == timedelta(days=31)
    assert result.statistics.alerts == len(view.alerts)
    current = office.record.deployments.find(row.deployment_id)
    with pytest.raises(LifecycleError, match="no outcome"):
        lifecycle.close(office, team.commander, current, "done")


def test_nobody_starts_it_but_who_may_and_nobody_twice(
    office: Office, team: Team, row: DeploymentRow
) -> None:
    with pytest.raises(PermissionDenied):
        operate(office, team.authoriser, row, Watching(), RunOptions(), lambda: True)

    refused: list[str] = []

    def start_again() -> None:
        with pytest.raises(LifecycleError) as error:
            _operate(office, team, row, Watching(), lambda: True)
        refused.append(error.value.message)

    view = Watching(at_first_frame=start_again)
    _operate(office, team, row, view, lambda: bool(refused))

    assert refused == ["The deployment is running already."]


def test_what_was_changed_after_the_authority_is_refused_by_name(
    office: Office, team: Team, row: DeploymentRow
) -> None:
    """R-1: an authority covers its own models and list and no others."""
    deployment = recorded.opened(office, row)
    pack = ModelStore(office.home.models).load(deployment.pack)

    demand_terms(office, row, deployment, pack)
    for changed, name in (
        (replace(deployment, location="Elsewhere"), "location"),
        (replace(deployment, cameras=deployment.cameras[:1]), "cameras"),
        (replace(deployment, end=deployment.end + timedelta(hours=1)), "window"),
    ):
        with pytest.raises(AuthorityError, match=f"has changed: {name}"):
            demand_terms(office, row, changed, pack)


def test_a_live_deployment_needs_a_master_key_kept_apart(
    office: Office, team: Team, row: DeploymentRow
) -> None:
    """R-39: keys that lie beside what they open protect nothing."""
    live = replace(row, kind=DeploymentKind.LIVE)

    with pytest.raises(MasterKeyError, match="does not lie beside the record"):
        operate(office, team.commander, live, Watching(), RunOptions(), lambda: True)


def test_a_deployment_whose_process_died_is_ended_by_a_stop(
    office: Office, team: Team, row: DeploymentRow
) -> None:
    lifecycle.start(office, team.commander, row)

    stop(office, team.commander, row, "the machine was switched off")

    assert office.record.deployments.find(row.deployment_id).state is DeploymentState.ENDED


def test_what_cannot_be_begun_is_not_left_live_and_may_be_started_elsewhere(
    office: Office, team: Team, row: DeploymentRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("The disk is full.", remedy="Make room.")

    monkeypatch.setattr("overt.runtime.handover.Ledger", full)
    with pytest.raises(StorageError, match="full"):
        _operate(office, team, row, Watching(), lambda: False)

    assert office.record.deployments.find(row.deployment_id).state is DeploymentState.ENDED
    with alone(office, row):
        pass
