"""`overt deployment hand-over`: what it waits for, and what it says of the answer."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep

import pytest
from desk import Desk, a_desk

from overt.deployment import lifecycle
from overt.people.office import Office
from overt.runtime.starting import alone
from overt.storage import DeploymentRow, HandOverRow
from overt.vocabulary import DeploymentKind, DeploymentState, HandOverState, Role

_ANSWER = "The list was last held against its sources too long ago."


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path / "home") as desk:
        yield desk


def _at(desk: Desk, state: DeploymentState) -> DeploymentRow:
    row = desk.drafted()
    with desk.scene.changing():
        desk.scene.office.record.deployments.change(
            row.deployment_id, state=state, kind=DeploymentKind.REHEARSAL
        )
    return desk.scene.row(row)


def _runs(
    desk: Desk, row: DeploymentRow, answer: Callable[[Office, HandOverRow], None]
) -> threading.Thread:
    """Stand for the process that runs a deployment, until it has answered once."""
    begun = threading.Event()

    def run() -> None:
        with Office.open(desk.scene.office.home) as office, alone(office, row):
            begun.set()
            while (asked := office.record.hand_overs.asked(row.deployment_id)) is None:
                sleep(0.02)
            answer(office, asked)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert begun.wait(60)
    return thread


def _done(office: Office, asked: HandOverRow) -> None:
    with office.record.together():
        office.record.hand_overs.answer(asked.hand_over_id, HandOverState.DONE, office.now(), "")
        lifecycle.end(office, asked.deployment_id, "handed over")


def _refused(office: Office, asked: HandOverRow) -> None:
    lifecycle.refuse_hand_over(office, asked, _ANSWER, "it was refused")


def _gone(_office: Office, _asked: HandOverRow) -> None:
    """Die without a word."""


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (_done, 0, "has the cameras now."),
        (_refused, 1, f"It was refused. {_ANSWER}"),
        (_gone, 1, "Whoever ran the deployment is gone"),
    ],
)
def test_it_waits_and_says_what_became_of_it(
    desk: Desk, answer: Callable[[Office, HandOverRow], None], status: int, words: str
) -> None:
    row, successor = _at(desk, DeploymentState.LIVE), _at(desk, DeploymentState.AUTHORISED)
    running = _runs(desk, row, answer)

    ended = desk.run(
        desk.scene.person(Role.COMMANDER),
        *("deployment", "hand-over", row.deployment_id[:8], successor.deployment_id[:8]),
        *("--reason", "three names were added"),
    )
    running.join(60)

    assert ended.status == status, ended
    assert words in ended.out + ended.err
