"""Whatever a camera's process was doing when it failed, its parent is not held up by it."""

import errno
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import camera_processes
import numpy as np
import pytest
from camera_jobs import a_gallery, a_job

from example_records import an_alert
from overt.matching.decision import DecisionPolicy
from overt.runtime import supervised
from overt.runtime.message_codec import NoMessageError, send_message
from overt.runtime.messages import Beat, CameraState, Changed, Ended, Message, Raised, Withdrawn
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.spawning import start_process
from overt.runtime.supervised import SupervisedCamera
from overt.runtime.supervisor import Supervisor
from overt.runtime.worker import CameraJob
from overt.values import Candidate
from overt.vocabulary import DeploymentKind, LossCause

_SOON_S = 20.0
"""What takes longer than this, on a machine that does much else, takes for ever."""


def _is_done_soon(what: Callable[[], object]) -> bool:
    """Do something in a thread, and tell whether it comes to an end."""
    doing = Thread(target=what, daemon=True)
    doing.start()
    doing.join(_SOON_S)
    return not doing.is_alive()


@contextmanager
def _camera(tmp_path: Path) -> Iterator[SupervisedCamera]:
    """A camera whose process has said a word."""
    context, gallery = get_context("spawn"), SharedGallery.of(a_gallery())
    camera = SupervisedCamera(a_job("gate", "", tmp_path), context)
    camera.start(context, gallery)
    try:
        assert camera.pipe is not None
        assert camera.pipe.poll(3 * _SOON_S)  # it loads libraries first
        camera.receive()
        yield camera
    finally:
        camera.kill()
        gallery.close()


class _Watch:
    """Listens until something is so, and keeps what each camera said last."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.states: dict[str, CameraState] = {}
        self._heard = supervisor.listen(lambda: False)

    def until(self, what: Callable[[], bool]) -> None:
        """Listen until it is so."""
        until_s = monotonic() + 3 * _SOON_S  # processes load libraries first
        while not what():
            assert monotonic() < until_s, self.states
            if isinstance(message := next(self._heard), Beat):
                self.states[message.camera] = message.state

    def frames(self, camera: str) -> int:
        """How many frames a camera has looked at, in all its processes."""
        return self.states[camera].counts.frames if camera in self.states else 0


def _process_of(camera: str) -> int:
    (process,) = (p for p in multiprocessing.active_children() if p.name == f"camera {camera}")
    assert process.pid is not None
    return process.pid


def test_one_that_is_stopped_while_it_looks_whether_to_stop_locks_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks many times a second, so that one of many that are killed is doing just that."""
    monkeypatch.setattr(supervised, "work", camera_processes.only_looks_whether_to_stop)
    with _camera(tmp_path) as camera:
        assert camera.process is not None
        assert camera.process.pid is not None
        for _ in range(20):
            os.kill(camera.process.pid, signal.SIGSTOP)
            sleep(0.01)
            assert _is_done_soon(camera.leave)
            os.kill(camera.process.pid, signal.SIGCONT)
            sleep(0.01)


def test_one_that_is_stopped_in_the_middle_of_a_word_is_waited_for_no_longer_than_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "work", camera_processes.stops_in_the_middle_of_a_word)
    job = replace(a_job("gate", "", tmp_path), lasting=True)
    with closing(Supervisor([job], a_gallery())) as supervisor:
        states = (each.state for each in supervisor.listen(lambda: False) if isinstance(each, Beat))
        lost: list[CameraState] = []
        assert next(states).counts.frames == 1  # it has loaded its libraries

        assert _is_done_soon(lambda: lost.append(next(s for s in states if s.link.losses)))
        assert lost[0].link.losses == {LossCause.SILENT: 1}
        assert lost[0].counts.frames == 1


def test_one_that_does_not_listen_is_ended_and_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "work", camera_processes.does_not_listen)
    many = frozenset(f"subject {number}" for number in range(100_000))
    with _camera(tmp_path) as camera:
        assert camera.process is not None

        assert _is_done_soon(lambda: camera.tell(Withdrawn(many)))
        assert not camera.process.is_alive()


@pytest.mark.parametrize(
    "work", [camera_processes.has_its_parent_call, camera_processes.says_words_for_a_number]
)
def test_one_that_was_taken_over_has_its_parent_do_nothing_and_is_lost(
    work: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "work", work)
    job = replace(a_job("gate", "", tmp_path), lasting=True)
    with closing(Supervisor([job], a_gallery())) as supervisor:
        watch = _Watch(supervisor)
        watch.until(lambda: "gate" in watch.states and bool(watch.states["gate"].link.losses))

        assert watch.states["gate"].link.losses == {LossCause.DIED: 1}
        assert "no message" in watch.states["gate"].link.why
        assert watch.frames("gate") == 1
        assert not (job.store / "called").exists()


def test_models_that_worked_are_tried_again_and_others_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory that was short when a process was replaced may be there for the next."""
    monkeypatch.setattr(supervised, "work", camera_processes.has_no_models)
    jobs = [replace(a_job(name, "", tmp_path), lasting=True) for name in ("gate", "mast")]
    with closing(Supervisor(jobs, a_gallery())) as supervisor:
        until_s = monotonic() + 6 * _SOON_S
        ended: list[str] = []
        died = 0
        for message in supervisor.listen(lambda: False):
            assert monotonic() < until_s
            if isinstance(message, Ended):
                ended.append(message.camera)
            if isinstance(message, Beat) and message.camera == "gate":
                died = message.state.link.losses[LossCause.DIED]
            if ended and died >= 2:
                break

    assert ended == ["mast"]


@pytest.mark.parametrize("refused", [{1}, {3, 4}])
def test_a_camera_for_whose_process_there_is_no_room_gets_one_later_and_the_others_go_on(
    refused: set[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise R3, where the system refuses the first process, or those after one that died."""
    asked: list[str] = []

    def started(process: SpawnProcess) -> None:
        asked.append(process.name)
        if len(asked) in refused:
            raise BlockingIOError(errno.EAGAIN, "no room for another process")
        start_process(process)

    monkeypatch.setattr(supervised, "work", camera_processes.beats)
    monkeypatch.setattr(supervised, "start_process", started)
    jobs = [replace(a_job(name, "", tmp_path), lasting=True) for name in ("gate", "mast")]
    with closing(Supervisor(jobs, a_gallery())) as supervisor:
        watch = _Watch(supervisor)
        watch.until(lambda: min(watch.frames("gate"), watch.frames("mast")) > 0)
        mast = _process_of("mast")
        os.kill(_process_of("gate"), signal.SIGKILL)
        watch.until(lambda: bool(watch.states["gate"].link.losses))
        before = watch.frames("gate")
        watch.until(lambda: watch.frames("gate") > before)

        assert _process_of("mast") == mast
        assert len(asked) == 3 + len(refused)
        assert watch.states["gate"].link.losses == {LossCause.DIED: 1}


def test_one_that_hangs_after_its_last_word_is_not_left_behind_by_a_change_of_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "work", camera_processes.says_its_last_word_and_stays)
    with closing(Supervisor([a_job("gate", "", tmp_path)], a_gallery())) as supervisor:
        assert any(isinstance(each, Ended) for each in supervisor.listen(lambda: False))
        supervisor.change([], SharedGallery.of(a_gallery()))
    left = multiprocessing.active_children()
    for process in left:
        process.kill()

    assert not left


def _raised(subject_id: str, **changes: object) -> Raised:
    """What a camera says when somebody alerts."""
    alert = an_alert(
        camera="gate",
        candidate=Candidate(1, subject_id, "R-1", 0.95, 0.04),
        threshold=0.95,
        policy_version="test 1",
        pack_id="none",
    )
    return Raised(replace(alert, **changes), 0.0, np.zeros(128, np.float32))  # type: ignore[arg-type]


@contextmanager
def _heard(*messages: Message, folder: Path) -> Iterator[SupervisedCamera]:
    """A camera that was heard to say so."""
    context = get_context("spawn")
    camera = SupervisedCamera(a_job("gate", "", folder), context)
    camera.pipe, theirs = context.Pipe()
    for message in messages:
        send_message(theirs, message)
        camera.receive()
    theirs.close()
    yield camera
    camera.kill()


def _told_of(camera: SupervisedCamera, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return who alerted lately, as the camera's next process is told."""
    jobs: list[CameraJob] = []
    monkeypatch.setattr(supervised, "start_process", lambda process: jobs.append(process._args[0]))
    with closing(SharedGallery.of(a_gallery())) as gallery:
        camera.start(get_context("spawn"), gallery)
    return [each.subject_id for each in jobs[0].alerted]


def test_who_alerted_is_known_to_the_next_process_though_this_one_never_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-29: as where it was ended since its camera could not be opened."""
    with _heard(_raised("S-1"), Beat(CameraState("gate")), folder=tmp_path) as camera:
        assert _told_of(camera, monkeypatch) == ["S-1"]


def test_whose_alert_was_not_put_on_record_may_alert_in_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that raised it may have died before it could be told so."""
    with (
        _heard(_raised("S-1"), _raised("S-2"), folder=tmp_path) as camera,
        closing(Supervisor([], a_gallery())) as supervisor,
    ):
        supervisor._cameras.append(camera)
        supervisor.forget("gate", frozenset({"S-1"}))
        assert _told_of(camera, monkeypatch) == ["S-2"]


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": DeploymentKind.LIVE},
        {"threshold": 0.5},
        {"policy_version": "another"},
        {"pack_id": "another"},
        {"alert_id": ""},
        {"alert_id": "0" * 31 + "\0"},
        {"crop_jpeg": b"<svg>"},
    ],
    ids=str,
)
def test_an_alert_that_no_camera_of_this_run_can_raise_is_none(
    changes: dict[str, object], tmp_path: Path
) -> None:
    with (
        pytest.raises(NoMessageError),
        _heard(_raised("S-1", **changes), folder=tmp_path),
    ):
        pass


def test_a_change_that_nobody_asked_for_is_none(tmp_path: Path) -> None:
    with (
        pytest.raises(NoMessageError),
        _heard(Changed(CameraState("gate")), folder=tmp_path),
    ):
        pass


def test_a_camera_that_never_began_begins_with_the_job_that_it_was_given_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place to begin in may come free in the very moment in which the job changes."""
    begun: list[tuple[str, str]] = []

    def started(process: SpawnProcess) -> None:
        settings = process._args[0].settings  # type: ignore[attr-defined]
        begun.append((settings.camera, settings.policy.version))
        start_process(process)

    monkeypatch.setattr(supervised, "work", camera_processes.beats)
    monkeypatch.setattr(supervised, "start_process", started)
    monkeypatch.setattr("overt.runtime.supervisor.cores", lambda: 1)
    jobs = [replace(a_job(name, "", tmp_path), lasting=True) for name in ("gate", "mast")]
    others = [
        replace(job, settings=replace(job.settings, policy=DecisionPolicy(0.9, version="test 2")))
        for job in jobs
    ]
    with closing(Supervisor(jobs, a_gallery())) as supervisor:
        heard = supervisor.listen(lambda: False)
        assert next(each for each in heard if each is not None).camera == "gate"
        supervisor.change(others, SharedGallery.of(a_gallery()))
        changed = next(each for each in heard if isinstance(each, Changed))
        next(heard)

    assert changed.camera == "mast"
    assert begun[:2] == [("gate", "test 1"), ("mast", "test 2")]
