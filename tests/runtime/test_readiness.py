"""Whether the service is ready: each reason, both ways, and nothing more than that."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from acts import Scene, a_scene
from overt.audit.events import RunEnded
from overt.errors import MasterKeyError
from overt.keys.sealing import DataKey
from overt.runtime import readiness as readiness_module
from overt.runtime.readiness import DISK_FLOOR_BYTES, LATEST_CHECKPOINT, Readiness, unsigned_for

_ROOM = 10 * DISK_FLOOR_BYTES


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path) as made:
        yield made


def _reasons(scene: Scene, free: int = _ROOM) -> tuple[str, ...]:
    return Readiness(scene.office, lambda: free).reasons()


def test_an_office_that_stands_is_ready(scene: Scene) -> None:
    assert _reasons(scene) == ()


def test_a_full_disk_is_not(scene: Scene) -> None:
    assert _reasons(scene, DISK_FLOOR_BYTES) == ()
    assert _reasons(scene, DISK_FLOOR_BYTES - 1) == (
        "The disk that holds the record is nearly full.",
    )


def test_a_disk_that_is_gone_is_not(scene: Scene) -> None:
    def gone() -> int:
        raise FileNotFoundError

    assert Readiness(scene.office, gone).reasons() == (
        "The disk that holds the record cannot be looked at.",
    )


def test_a_record_that_another_program_holds_is_not(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.office.home.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert _reasons(scene) == ("The record cannot be written.",)
        other.execute("ROLLBACK")
    assert _reasons(scene) == ()


def test_keys_that_cannot_be_had_are_not(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(key_id: str) -> DataKey:
        raise MasterKeyError("The master key is not there.", remedy="Put it back.")

    monkeypatch.setattr(scene.office.keys, "key", away)

    assert _reasons(scene) == ("The key store cannot be opened.",)


def test_a_log_that_nobody_signs_is_not(scene: Scene) -> None:
    scene.office.log.checkpoint()
    scene.clock.forward(hours=30)
    assert _reasons(scene) == (), "nothing is waiting to be signed"
    assert unsigned_for(scene.office) == timedelta()

    scene.office.note(RunEnded("", "completed", 0, 0, 0))
    scene.clock.now += LATEST_CHECKPOINT
    assert _reasons(scene) == ()
    scene.clock.forward(seconds=1)
    assert _reasons(scene) == ("The log has not been signed for too long.",)

    scene.office.log.checkpoint()
    assert _reasons(scene) == ()


def test_an_answer_is_kept_for_a_moment(scene: Scene) -> None:
    asked = []

    def free() -> int:
        asked.append(1)
        return _ROOM

    readiness = Readiness(scene.office, free)
    for _ in range(20):
        assert readiness.reasons() == ()

    assert len(asked) == 1


def test_nobody_waits_for_somebody_elses_answer(scene: Scene) -> None:
    waiting, go_on = Event(), Event()

    def free() -> int:
        waiting.set()
        go_on.wait(60)
        return _ROOM

    readiness = Readiness(scene.office, free)
    first = Thread(target=readiness.reasons)
    first.start()
    assert waiting.wait(60)

    assert readiness.reasons() == ("The service has just begun.",)
    go_on.set()
    first.join()
    assert readiness.reasons() == ()


def test_every_reason_is_on_its_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text("utf-8")
    said = re.findall(r'"(The [a-z ]+\.)"', Path(readiness_module.__file__).read_text("utf-8"))

    assert len(said) == 7
    for each in said:
        assert f"| {each} |" in page
