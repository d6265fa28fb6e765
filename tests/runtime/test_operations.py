"""Deployments and drafts that a service runs in threads: real models, processes and recordings."""

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import pytest

from acts import entries
from authorised import Team, authorised, person
from overt.deployment.file import Deployment
from overt.deployment.recorded import opened
from overt.errors import AuthorityError, LifecycleError, NotFoundError, PermissionDenied
from overt.people.office import Office
from overt.runtime import operation
from overt.runtime.live import Health
from overt.runtime.operations import DraftJob, DraftState, Operations
from overt.runtime.starting import alone
from overt.storage import DeploymentRow
from overt.vocabulary import Delivery, DeploymentState, Role
from rehearsals import write_deployment, write_drawn_list, write_list, write_portrait_clip

pytestmark = pytest.mark.models
LISTED, OTHERS = 14, (3, 15)
_SOON_S = 60.0  # on a busy machine


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes of somebody listed who faces the camera."""
    return write_portrait_clip(tmp_path_factory.mktemp("clip") / "long.mp4", LISTED, seconds=120)


@pytest.fixture
def operations(office: Office) -> Iterator[Operations]:
    with closing(_Closed(office)) as closed:
        yield closed.operations
    assert not multiprocessing.active_children()


class _Closed:
    """Operations that end with the test."""

    def __init__(self, office: Office) -> None:
        self.operations = Operations(office, threads=1)

    def close(self) -> None:
        """End what is left."""
        self.operations.stop_all()


@pytest.fixture
def file(clip: Path, tmp_path: Path) -> Path:
    write_drawn_list(tmp_path, (LISTED, *OTHERS))
    more = '[policy]\nname = "uk-policing"\n'
    return write_deployment(tmp_path, {"gate": clip, "exit": clip}, more=more)


@pytest.fixture
def row(office: Office, team: Team, file: Path) -> DeploymentRow:
    return authorised(office, team, file)


def no_thread(_thread: threading.Thread) -> None:
    """Do as Python does where the system has no room for another one."""
    raise RuntimeError("can't start new thread")


def wait_until(so: Callable[[], object]) -> None:
    """Wait until something is so."""
    until_s = monotonic() + _SOON_S
    while not so():
        assert monotonic() < until_s
        sleep(0.02)


def looks(operations: Operations, row: DeploymentRow) -> bool:
    cameras = operations.hub.cameras(row.deployment_id)
    assert operations.failure(row.deployment_id) == ""
    return all(each.state is Health.RUNNING for each in cameras)


def test_a_deployment_runs_is_watched_and_is_stopped_by_its_record(
    office: Office, team: Team, row: DeploymentRow, operations: Operations
) -> None:
    """R-52: a stop that is put on record ends every camera of a run in this process too."""
    operations.start(team.commander, row.deployment_id)

    cameras = operations.hub.cameras(row.deployment_id)
    assert [each.camera for each in cameras] == ["gate", "exit"]
    assert operations.running() == {row.deployment_id}
    with operations.hub.watch(row.deployment_id):
        wait_until(lambda: looks(operations, row))
        picture = operations.hub.picture(row.deployment_id, "gate", wait_s=_SOON_S)
        assert picture is not None
        assert picture.jpeg.startswith(b"\xff\xd8")
        assert picture.age_s < 10
        wait_until(lambda: sum(each.alerts for each in operations.hub.cameras(row.deployment_id)))
    current = office.record.deployments.find(row.deployment_id)
    operation.stop(office, team.commander, current, "the square is empty")
    stopped_s = monotonic()
    wait_until(lambda: not operations.running())

    print(f"over {monotonic() - stopped_s:.2f} s after the stop's commit")
    after = office.record.deployments.find(row.deployment_id)
    assert after.state is DeploymentState.ENDED
    assert operations.failure(row.deployment_id) == ""
    assert [each.state for each in operations.hub.cameras(row.deployment_id)] == ["ended"] * 2
    minutes = operations.hub.minutes(row.deployment_id)
    (run,) = (each for each in office.record.runs.all() if each.deployment_id == row.deployment_id)
    assert run.ending_reason == "somebody told it to stop"
    assert run.statistics is not None
    assert sum(each.alerts for each in minutes) == run.statistics.alerts
    assert sum(each.faces_seen for each in minutes) == run.statistics.faces_seen


def test_a_deployment_that_takes_over_is_the_one_that_runs_here_and_is_watched(
    office: Office, team: Team, row: DeploymentRow, clip: Path, operations: Operations
) -> None:
    folder = clip.parent / row.deployment_id
    folder.mkdir()
    write_drawn_list(folder, OTHERS)
    more = '[policy]\nname = "uk-policing"\n'
    successor = authorised(office, team, write_deployment(folder, {"gate": clip}, more=more))
    operations.start(team.commander, row.deployment_id)
    wait_until(lambda: looks(operations, row))

    operation.hand_over(office, team.commander, row, successor, "another list")
    wait_until(lambda: operations.running() == {successor.deployment_id})
    wait_until(lambda: looks(operations, successor))

    assert [each.state for each in operations.hub.cameras(row.deployment_id)] == ["ended"] * 2
    assert [each.camera for each in operations.hub.cameras(successor.deployment_id)] == ["gate"]
    with operations.hub.watch(successor.deployment_id):
        assert operations.hub.picture(successor.deployment_id, "gate", wait_s=_SOON_S)
    assert office.record.deployments.find(row.deployment_id).state is DeploymentState.ENDED
    current = office.record.deployments.find(successor.deployment_id)
    assert current.state is DeploymentState.LIVE
    operation.stop(office, team.commander, current, "the square is empty")
    wait_until(lambda: not operations.running())
    assert operations.failure(row.deployment_id) == operations.failure(current.deployment_id) == ""


def test_the_end_of_the_service_ends_its_runs_and_says_so(
    office: Office, team: Team, row: DeploymentRow, operations: Operations
) -> None:
    operations.start(team.commander, row.deployment_id)
    wait_until(lambda: looks(operations, row))

    operations.stop_all()

    assert operations.running() == set()
    after = office.record.deployments.find(row.deployment_id)
    assert after.state is DeploymentState.ENDED
    (run,) = (each for each in office.record.runs.all() if each.deployment_id == row.deployment_id)
    assert run.ending_reason == "the service was shut down"
    with pytest.raises(LifecycleError, match="service is ending"):
        operations.start(team.commander, row.deployment_id)


def test_nobody_starts_it_but_who_may_and_when_they_may(
    office: Office, team: Team, row: DeploymentRow, operations: Operations
) -> None:
    """R-1: what is refused at once is told at once, and begins nothing."""
    with pytest.raises(PermissionDenied):
        operations.start(team.applicant, row.deployment_id)
    with pytest.raises(NotFoundError):
        operations.start(team.commander, "0" * 32)
    clock, office.clock = office.clock, lambda: row.window_end
    try:
        with pytest.raises(AuthorityError, match="ended"):
            operations.start(team.commander, row.deployment_id)
    finally:
        office.clock = clock

    assert operations.running() == set()
    assert operations.hub.cameras(row.deployment_id) == []


def test_a_deployment_runs_once(team: Team, row: DeploymentRow, operations: Operations) -> None:
    operations.start(team.commander, row.deployment_id)

    with pytest.raises(LifecycleError, match="running already"):
        operations.start(team.commander, row.deployment_id)


def test_why_a_start_came_to_nothing_is_told_and_on_the_log(
    office: Office, team: Team, row: DeploymentRow, operations: Operations
) -> None:
    with alone(office, row):
        operations.start(team.commander, row.deployment_id)
        wait_until(lambda: not operations.running())

    told = "The deployment is running already. Look for the other window or machine."
    assert operations.failure(row.deployment_id) == told
    assert [each.error for each in operations.hub.cameras(row.deployment_id)] == [told, told]
    noted = [each["data"] for each in entries(office) if each["event"] == "act.refused"][-1]
    assert noted["why"] == "its start failed (LifecycleError)"
    assert row.deployment_id in noted["about"]
    (told_of,) = office.record.outbox.after(office.record.outbox.latest() - 1, 10)
    assert (told_of.kind, told_of.deployment_id) == (
        Delivery.DEPLOYMENT_CHANGED,
        row.deployment_id,
    )

    operations.start(team.commander, row.deployment_id)
    assert operations.failure(row.deployment_id) == ""


def test_a_start_that_fails_leaves_alone_what_another_thread_has_taken_over_meanwhile(
    office: Office,
    team: Team,
    row: DeploymentRow,
    operations: Operations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where somebody starts a deployment in the moment in which cameras are handed to it."""
    asked, taken, over = (threading.Event() for _ in range(3))

    def refused(*_: object) -> None:
        asked.set()
        assert taken.wait(_SOON_S)
        raise LifecycleError("Another process runs it.", remedy="See there.")

    def take_over() -> None:
        operations.takes_over(row, opened(office, row))
        taken.set()
        assert over.wait(_SOON_S)
        operations.is_left(row)

    monkeypatch.setattr("overt.runtime.operations.operate", refused)
    operations.start(team.commander, row.deployment_id)
    assert asked.wait(_SOON_S)
    starting = operations._runs[row.deployment_id]
    taking_over = threading.Thread(target=take_over)
    taking_over.start()
    starting.join(_SOON_S)

    assert operations.running() == {row.deployment_id}
    assert operations.failure(row.deployment_id) == ""
    assert {each.state for each in operations.hub.cameras(row.deployment_id)} == {Health.STARTING}
    over.set()
    taking_over.join(_SOON_S)
    assert operations.running() == set()


def test_why_no_camera_opens_is_told(
    office: Office, team: Team, clip: Path, tmp_path: Path, operations: Operations
) -> None:
    write_drawn_list(tmp_path, (LISTED, *OTHERS))
    gone = tmp_path / "gone.mp4"
    gone.write_bytes(clip.read_bytes())
    more = '[policy]\nname = "uk-policing"\n'
    row = authorised(office, team, write_deployment(tmp_path, {"gate": gone}, more=more))
    gone.unlink()

    operations.start(team.commander, row.deployment_id)
    wait_until(lambda: not operations.running())

    (camera,) = operations.hub.cameras(row.deployment_id)
    assert (camera.state, camera.last_frame_age_s) == ("ended", None)
    assert "There is no file or folder" in camera.error
    assert "Check the name" in camera.error
    assert operations.failure(row.deployment_id) == camera.error


def drafted(operations: Operations, team: Team, job_id: str) -> DraftJob:
    """How a draft ended."""
    wait_until(
        lambda: operations.draft_state(job_id, team.applicant).state is not DraftState.RUNNING
    )
    return operations.draft_state(job_id, team.applicant)


def test_a_draft_is_made_meanwhile_and_is_its_applicant_s_alone(
    office: Office, team: Team, file: Path, operations: Operations
) -> None:
    job_id = operations.draft(team.applicant, Deployment.load(file))
    with pytest.raises(LifecycleError, match="being enrolled already"):
        operations.draft(team.applicant, Deployment.load(file))
    with pytest.raises(NotFoundError):
        operations.draft_state(job_id, team.commander)
    with pytest.raises(PermissionDenied):
        operations.draft(team.commander, Deployment.load(file))

    job = drafted(operations, team, job_id)

    assert job == replace(
        DraftJob(), done=3, entries=3, state=DraftState.DONE, deployment_id=job.deployment_id
    )
    made = office.record.deployments.find(job.deployment_id)
    assert (made.state, made.applicant) == (DeploymentState.DRAFT, team.applicant.account_id)
    again = operations.draft(team.applicant, Deployment.load(file))
    with pytest.raises(NotFoundError):
        operations.draft_state(job_id, team.applicant)
    assert drafted(operations, team, again).state == "done"


def test_why_a_draft_failed_is_told(team: Team, file: Path, operations: Operations) -> None:
    deployment = Deployment.load(file)
    (file.parent / "watchlist.csv").unlink()

    job = drafted(operations, team, operations.draft(team.applicant, deployment))

    assert (job.state, job.deployment_id) == ("failed", "")
    assert "watchlist.csv" in job.error


def test_a_draft_that_found_no_thread_keeps_nobody_from_the_next(
    team: Team, file: Path, operations: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = Deployment.load(file)
    (file.parent / "watchlist.csv").unlink()
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(RuntimeError):
            operations.draft(team.applicant, deployment)

    assert drafted(operations, team, operations.draft(team.applicant, deployment)).error


def test_the_end_of_the_service_cuts_a_draft_short(
    office: Office, file: Path, operations: Operations
) -> None:
    write_list(file.parent, {f"S-{n}": Path(f"drawn-{LISTED}.png") for n in range(300)})
    somebody = person(office, f"somebody-{threading.get_ident()}", Role.APPLICANT)
    before = len(office.record.deployments.all())
    job_id = operations.draft(somebody, Deployment.load(file))
    wait_until(lambda: operations.draft_state(job_id, somebody).done)

    operations.stop_all()

    job = operations.draft_state(job_id, somebody)
    assert (job.state, job.deployment_id) == ("failed", "")
    assert "Stopped while the list was being enrolled." in job.error
    assert len(office.record.deployments.all()) == before
