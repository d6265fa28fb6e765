"""`overt seeded`: passages are noted, and the result is said with its interval."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk import Desk, a_desk

from acts import an_alert_of, seeded_list
from overt.storage import DeploymentRow
from overt.vocabulary import DeploymentState, Role


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as made:
        yield made


@pytest.fixture
def live(desk: Desk) -> DeploymentRow:
    """A live deployment that has been searching for an hour."""
    now = datetime.now(UTC)
    around = {
        "start": (now - timedelta(hours=2)).isoformat(),
        "end": (now + timedelta(hours=2)).isoformat(),
    }
    row = desk.drafted(watchlist=seeded_list(), **around)
    desk.scene.clock.now = now - timedelta(hours=1)
    an_alert_of(desk.scene, row)
    desk.scene.clock.now = now
    with desk.scene.changing():
        desk.scene.office.record.deployments.change(row.deployment_id, state=DeploymentState.LIVE)
    return desk.scene.row(row)


def test_a_passage_is_noted_and_counted(desk: Desk, live: DeploymentRow) -> None:
    """R-53: with the interval, in words and for programs."""
    operator, auditor = desk.scene.person(Role.OPERATOR), desk.scene.person(Role.AUDITOR)
    empty = desk.run(auditor, "seeded", "result", live.deployment_id)
    assert "No passage has been noted" in empty.out

    noted = desk.run(operator, "seeded", "note", live.deployment_id, "S-1", "--camera", "north-end")

    assert "S-1 passed north-end" in noted.out, noted
    shown = desk.run(auditor, "seeded", "result", live.deployment_id)
    assert "0.000 (0.000 to 0.793)" in shown.out, shown
    told = desk.run(auditor, "seeded", "result", live.deployment_id, "--json")
    assert '"of": 1' in told.out


def test_a_time_without_a_zone_is_refused(desk: Desk, live: DeploymentRow) -> None:
    words = ("seeded", "note", live.deployment_id, "S-1", "--camera", "north-end", "--at", "14:05")
    refused = desk.run(desk.scene.person(Role.OPERATOR), *words)
    assert refused.status == 1
    assert "does not say where it holds" in refused.err
    assert not desk.scene.events("passage.noted")
