"""What rooms tell the log of the program: each thing where it happens, and nothing of anybody."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import httpx
import pytest

from acts import Scene, a_scene, an_alert_of, drafted
from overt.audit.events import RunEnded
from overt.audit.log import Log, Signer
from overt.audit.witness import FolderWitness
from overt.errors import AuditError, SignInError, StorageError
from overt.logs import hear
from overt.logs.events import (
    CheckpointSigned,
    DiskLow,
    LogEvent,
    RequestFailed,
    RetentionRan,
    RetentionWaits,
    ServiceNotReady,
    ServiceReady,
    SignInRefused,
    WitnessAway,
    WitnessBack,
)
from overt.logs.telling import was_told
from overt.people.signing_in import sign_in
from overt.retention import clocks
from overt.runtime import readiness as readiness_module
from overt.runtime.readiness import DISK_FLOOR_BYTES, Readiness
from overt.storage.journal import Journal
from overt.web.app import guarded
from overt.web.failures import FAILED
from overt.web.paths import ROOT

SECRET = "s3cr3t"  # noqa: S105  what no line may hold


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path) as made:
        yield made


@pytest.fixture
def told() -> Iterator[list[LogEvent]]:
    events: list[LogEvent] = []
    with hear(events.append):
        yield events


def _asked(scene: Scene, path: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(guarded(scene.office), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://overt") as client:
            return await client.get(path)

    return asyncio.run(asked())


def test_a_fault_in_a_request_is_told_under_the_id_that_is_answered(
    scene: Scene, told: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = RuntimeError(SECRET)

    def fail(_journal: Journal) -> None:
        raise fault

    monkeypatch.setattr(Journal, "tree", fail)

    answer = _asked(scene, f"{ROOT}/health")

    (failed,) = told
    assert isinstance(failed, RequestFailed)
    assert (answer.status_code, failed.status) == (500, 500)
    assert answer.headers[FAILED] == failed.request
    assert (failed.method, failed.route) == ("GET", f"{ROOT}/health")
    assert failed.error == ("RuntimeError",)
    assert any(line.endswith(" fail") for line in failed.trace)
    assert SECRET not in str(failed) + answer.text
    assert was_told(fault)


def test_a_record_that_cannot_be_read_is_told_without_a_trace(
    scene: Scene, told: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_journal: Journal) -> None:
        raise StorageError("The record cannot be read.")

    monkeypatch.setattr(Journal, "tree", fail)

    answer = _asked(scene, f"{ROOT}/health")

    (failed,) = told
    assert isinstance(failed, RequestFailed)
    assert (answer.status_code, failed.error, failed.trace) == (503, ("StorageError",), ())
    assert answer.headers[FAILED] == failed.request


def test_a_refusal_is_no_failure_of_the_service(scene: Scene, told: list[LogEvent]) -> None:
    answer = _asked(scene, f"{ROOT}/accounts")

    assert (answer.status_code, told) == (401, [])
    assert FAILED not in answer.headers


def test_a_refused_sign_in_is_told_without_the_name(scene: Scene, told: list[LogEvent]) -> None:
    with pytest.raises(SignInError):
        sign_in(scene.office, "Ada Byron", SECRET, "123456")

    assert told == [SignInRefused("wrong")]


def test_readiness_is_told_as_it_changes(
    scene: Scene, told: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness_module, "_KEPT_S", 0.0)
    free = [2 * DISK_FLOOR_BYTES]
    readiness = Readiness(scene.office, lambda: free[0])

    for free[0] in (2 * DISK_FLOOR_BYTES, 7_000_000, 7_000_000, 2 * DISK_FLOOR_BYTES):
        readiness.reasons()

    full = ServiceNotReady(("The disk that holds the record is nearly full.",))
    assert told == [ServiceReady(), full, DiskLow(7), ServiceReady()]


def test_a_witness_is_told_of_as_it_goes_and_comes(
    scene: Scene, told: list[LogEvent], tmp_path: Path
) -> None:
    office, folder = scene.office, tmp_path / "witness"
    folder.mkdir()
    log = Log(office.record, Signer.of(office.keys), FolderWitness(folder), office.now)
    with office.record.together():
        log.write(RunEnded("0" * 32, "completed", 0, 0, 0))

    log.checkpoint()
    rmtree(folder)
    for _ in range(2):
        with pytest.raises(AuditError):
            log.checkpoint()
    folder.mkdir()
    log.checkpoint()

    size = office.record.journal.tree().size
    assert told == [CheckpointSigned(size), WitnessAway(), WitnessBack()]


def test_deletion_is_told_by_count(scene: Scene, told: list[LogEvent]) -> None:
    row = drafted(scene)
    an_alert_of(scene, row)
    scene.clock.forward(days=400)

    clocks.apply_quietly(scene.office)
    clocks.apply_quietly(scene.office)

    assert told == [RetentionRan(lists=1, alerts=1, outputs=0)]


def test_deletion_that_is_held_up_is_told(
    scene: Scene, told: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hold_up(_office: object) -> None:
        raise StorageError("Another program reads the record.")

    monkeypatch.setattr(clocks, "sweep", hold_up)

    assert clocks.apply_quietly(scene.office) == []
    assert told == [RetentionWaits("StorageError")]
