"""What waited until its picture was no longer live is told of on the log, and not raised (R4)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from acts import Scene, a_live_run, a_scene, drafted
from example_records import an_alert
from overt.runtime.filing import AlertFiling, FiledUnder
from overt.runtime.standing import Rehearsed
from overt.vocabulary import DeploymentKind


@pytest.fixture
def at(tmp_path: Path) -> Iterator[tuple[Scene, AlertFiling]]:
    """A live run's filing, and the office that it files in."""
    with a_scene(tmp_path) as scene:
        row = drafted(scene)
        run = a_live_run(row)
        with scene.changing():
            scene.office.record.runs.begin(run)
        deadline = scene.clock.now + timedelta(days=31)
        under = FiledUnder(run.run_id, row.watchlist_id, lambda: deadline)
        filing = AlertFiling(scene.office, Rehearsed(), under)
        yield scene, filing
        filing.close()


def test_an_alert_is_raised_while_its_picture_is_live_and_not_after(
    at: tuple[Scene, AlertFiling],
) -> None:
    scene, filing = at
    early, late = (an_alert(kind=DeploymentKind.LIVE) for _ in range(2))

    assert filing.commit(early, monotonic() + 60) is not None
    assert filing.commit(late, monotonic() - 0.001) is None

    alerts = scene.office.record.alerts
    assert alerts.standing(early.alert_id) is not None
    assert alerts.standing(late.alert_id) is None
    (told,) = scene.events("alert.not-raised")
    assert "no longer live" in told["data"]["why"]
