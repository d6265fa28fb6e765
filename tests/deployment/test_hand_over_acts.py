"""Asking for a deployment's cameras to be handed over: who may, to which, and what is on record."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from acts import HERE, THERE, Scene, a_scene, drafted
from overt.deployment import lifecycle
from overt.deployment.handing_over import ask_to_hand_over
from overt.errors import AuthorityError, LifecycleError, PermissionDenied
from overt.people.permissions import Person
from overt.runtime.operation import hand_over
from overt.runtime.starting import alone, is_run
from overt.storage import DeploymentRow, HandOverRow
from overt.vocabulary import DeploymentKind, DeploymentState, HandOverState, Role
from overt.watchlist import governance

WHY = "three names were added this morning"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path / "home") as opened:
        yield opened


def _authorised(scene: Scene, unit: str = HERE) -> DeploymentRow:
    applicant = scene.person(Role.APPLICANT, unit)
    row = drafted(scene, applicant, unit=unit)
    governance.approve(scene.office, scene.person(Role.COMMANDER, unit), row)
    row = lifecycle.submit(scene.office, applicant, row)
    return lifecycle.authorise(scene.office, scene.person(Role.AUTHORISING_OFFICER, unit), row, WHY)


def _live(scene: Scene) -> DeploymentRow:
    row = _authorised(scene)
    scene.clock.now = row.window_start + timedelta(minutes=5)
    return lifecycle.start(scene.office, scene.person(Role.COMMANDER), row)


def _ask(
    scene: Scene, row: DeploymentRow, successor: DeploymentRow, person: Person | None = None
) -> HandOverRow:
    person = person or scene.person(Role.COMMANDER)
    return ask_to_hand_over(scene.office, person, row, successor, WHY)


def test_a_request_is_on_record_and_on_the_log_and_changes_nothing_else(scene: Scene) -> None:
    """R-1, R-10: who asked, when, and for which; what runs goes on under its own authority."""
    row, successor = _live(scene), _authorised(scene)

    asked = _ask(scene, row, successor)

    assert scene.office.record.hand_overs.asked(row.deployment_id) == asked
    assert asked.by == scene.person(Role.COMMANDER).account_id
    after = scene.row(row)
    assert (after.state, after.stop_requested_at) == (DeploymentState.LIVE, None)
    assert scene.row(successor).state is DeploymentState.AUTHORISED
    act = scene.office.record.deployments.acts(row.deployment_id)[-1]
    assert act.act == "deployment.hand-over"
    assert act.reason == f"to {successor.deployment_id[:8]}: {WHY}"
    (entry,) = scene.events("deployment.hand-over-asked")
    assert entry["data"]["to"] == successor.deployment_id
    assert WHY not in str(entry)


def test_only_who_may_end_the_one_and_start_the_other_asks(scene: Scene) -> None:
    """R-2, R-62: a unit's own commanders and operators."""
    row, successor, foreign = _live(scene), _authorised(scene), _authorised(scene, THERE)

    for role in set(Role) - {Role.COMMANDER, Role.OPERATOR}:
        with pytest.raises(PermissionDenied):
            _ask(scene, row, successor, scene.person(role))
    for person in (scene.person(Role.COMMANDER), scene.person(Role.COMMANDER, THERE)):
        with pytest.raises(PermissionDenied, match="another unit's"):
            _ask(scene, row, foreign, person)

    assert scene.office.record.hand_overs.last(row.deployment_id) is None
    _ask(scene, row, successor, scene.person(Role.OPERATOR))


def test_what_does_not_go_together_is_refused_at_once_in_plain_words(scene: Scene) -> None:
    """R-1: what was not authorised, or not for now, takes nothing over."""
    row, successor = _live(scene), _authorised(scene)
    draft, later = drafted(scene), _authorised(scene)
    rehearsed, over = _authorised(scene), _authorised(scene)
    record = scene.office.record.deployments
    with scene.changing():
        record.change(later.deployment_id, window_start=row.window_end)
        record.change(rehearsed.deployment_id, kind=DeploymentKind.REHEARSAL)
        record.change(over.deployment_id, window_end=scene.clock.now)
    refused: list[tuple[DeploymentRow, DeploymentRow, str]] = [
        (successor, row, "is authorised, and cannot be handed over now"),
        (row, row, "to another one, not to itself"),
        (row, draft, "is draft, and cannot take over now"),
        (row, rehearsed, "A live deployment is not handed over to a rehearsal one"),
    ]
    for one, other, words in refused:
        with pytest.raises(LifecycleError, match=words):
            _ask(scene, one, other)
    for other, words in ((later, "authority begins on"), (over, "authority ended on")):
        with pytest.raises(AuthorityError, match=words):
            _ask(scene, row, other)

    assert scene.office.record.hand_overs.last(row.deployment_id) is None
    _ask(scene, row, successor)
    with pytest.raises(LifecycleError, match="being handed over already"):
        _ask(scene, row, successor)
    lifecycle.request_stop(scene.office, scene.person(Role.COMMANDER), row, "")
    with pytest.raises(LifecycleError, match="told the deployment to stop"):
        _ask(scene, row, successor)


def test_one_that_ends_first_has_answered(scene: Scene) -> None:
    row, successor = _live(scene), _authorised(scene)
    asked = _ask(scene, row, successor)

    lifecycle.end(scene.office, row.deployment_id, "somebody told it to stop")

    answered = scene.office.record.hand_overs.find(asked.hand_over_id)
    assert (answered.state, answered.answer) == (
        HandOverState.REFUSED,
        "The deployment ended before.",
    )
    (entry,) = scene.events("deployment.hand-over-refused")
    assert entry["data"]["why"] == "it ended before"
    assert scene.row(successor).state is DeploymentState.AUTHORISED


def test_nothing_is_asked_where_no_process_runs_it(scene: Scene) -> None:
    row, successor = _live(scene), _authorised(scene)
    commander = scene.person(Role.COMMANDER)

    assert not is_run(scene.office, row)
    with pytest.raises(LifecycleError, match="No process runs the deployment"):
        hand_over(scene.office, commander, row, successor, WHY)
    with alone(scene.office, row):
        assert is_run(scene.office, row)
        hand_over(scene.office, commander, row, successor, WHY)

    assert not is_run(scene.office, row)
