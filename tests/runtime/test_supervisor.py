"""One process a camera: whatever befalls one, the others go on and nothing hangs or is left."""

import multiprocessing
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from threading import Event, Timer
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest
from camera_jobs import a_gallery, a_job

from overt.runtime.messages import Beat, Ended, Message, Order, Spare
from overt.runtime.pace import Sparing
from overt.runtime.supervised import SupervisedCamera
from overt.runtime.supervisor import Patience, Supervisor
from overt.vision.store import ModelStore, Pack
from rehearsals import write_clip

pytestmark = pytest.mark.models
PATIENCE = Patience(starting_s=120.0, silence_s=5.0, grace_s=30.0)


def _street(path: Path, *, seconds: int) -> Path:
    """Write a recording of nobody."""
    return write_clip(path, [np.full((120, 160, 3), 90, np.uint8)] * (5 * seconds))


@pytest.fixture(scope="module")
def models(store: ModelStore, pack: Pack) -> Path:
    """The store that cameras load the standard pack from."""
    return store.folder


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that outlasts any test."""
    return _street(tmp_path_factory.mktemp("long") / "long.mp4", seconds=600)


@pytest.fixture
def silent_camera() -> Iterator[str]:
    """The address of a server that accepts connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"rtsp://operator:s3cr3t@127.0.0.1:{server.getsockname()[1]}/street"


def _watch(
    supervisor: Supervisor, acts: Mapping[str, Callable[[], None]]
) -> tuple[list[Message], dict[str, Ended]]:
    """Listen to the end; do each act once its camera has looked at a frame."""
    waiting, messages = dict(acts), []
    for message in supervisor.listen(lambda: False):
        if message is None:
            continue
        messages.append(message)
        if isinstance(message, Beat) and message.state.counts.frames:
            waiting.pop(message.state.camera, lambda: None)()
    return messages, {
        message.state.camera: message for message in messages if isinstance(message, Ended)
    }


def _pid_of(camera: str) -> int:
    (process,) = (p for p in multiprocessing.active_children() if p.name == f"camera {camera}")
    assert process.pid is not None
    return process.pid


def test_each_camera_fails_alone_and_the_others_go_on_to_their_end(
    models: Path, long_clip: Path, silent_camera: str, tmp_path: Path
) -> None:
    sources: dict[str, str | Path] = {
        "whole": _street(tmp_path / "whole.mp4", seconds=2),
        "killed": long_clip,
        "stopped": long_clip,
        "missing": tmp_path / "nowhere.mp4",
        "silent": silent_camera,
    }
    jobs = [a_job(name, sources[name], models, paced="ed" in name) for name in sources]
    supervisor = Supervisor(jobs, a_gallery(), PATIENCE)
    try:
        _, ended = _watch(
            supervisor,
            {
                "killed": lambda: os.kill(_pid_of("killed"), signal.SIGKILL),
                "stopped": lambda: os.kill(_pid_of("stopped"), signal.SIGSTOP),
            },
        )
    finally:
        supervisor.close()

    assert ended.keys() == sources.keys()
    assert ended["whole"].error is None
    assert ended["whole"].state.counts.frames == 10
    said = {name: str(end.error) for name, end in ended.items() if end.error}
    assert "Camera killed was ended: its process died." in said["killed"]
    assert "Camera stopped was ended: its process no longer answers." in said["stopped"]
    assert "nowhere.mp4" in said["missing"]
    assert "127.0.0.1" in said["silent"]
    assert "s3cr3t" not in said["silent"]
    assert not multiprocessing.active_children()


def test_only_the_parent_stops_a_camera_and_then_it_ends_without_an_error(
    models: Path, long_clip: Path
) -> None:
    stop = Event()
    supervisor = Supervisor([a_job("gate", long_clip, models, paced=True)], a_gallery(), PATIENCE)
    try:
        beats: list[int] = []
        for message in supervisor.listen(stop.is_set):
            if isinstance(message, Beat) and message.state.counts.frames:
                beats.append(message.state.counts.frames)
                os.kill(_pid_of("gate"), signal.SIGINT)  # as Ctrl-C in a terminal does
            if len(set(beats)) > 2:
                stop.set()
    finally:
        supervisor.close()

    assert isinstance(message, Ended)
    assert message.error is None
    assert beats[0] < message.state.counts.frames < 100
    assert not multiprocessing.active_children()


def test_a_camera_that_delivers_no_picture_is_given_up(models: Path, long_clip: Path) -> None:
    patience = Patience(starting_s=120.0, silence_s=60.0, picture_s=0.0)
    supervisor = Supervisor([a_job("gate", long_clip, models, paced=True)], a_gallery(), patience)
    try:
        _, ended = _watch(supervisor, {})
    finally:
        supervisor.close()

    assert "Camera gate was ended: no picture came for" in str(ended["gate"].error)


def test_a_parent_that_was_away_itself_blames_no_camera(models: Path, long_clip: Path) -> None:
    stop, patience = Event(), Patience(starting_s=120.0, silence_s=6.0)
    supervisor = Supervisor([a_job("gate", long_clip, models, paced=True)], a_gallery(), patience)
    frames = 0
    try:
        for message in supervisor.listen(stop.is_set):
            if isinstance(message, Beat) and message.state.counts.frames:
                if not frames:  # as when the machine is paused: neither is up
                    os.kill(_pid_of("gate"), signal.SIGSTOP)
                    sleep(7.0)
                    Timer(1.0, os.kill, [_pid_of("gate"), signal.SIGCONT]).start()
                elif message.state.counts.frames > frames + 5:
                    stop.set()
                frames = frames or message.state.counts.frames
    finally:
        supervisor.close()

    assert isinstance(message, Ended)
    assert message.error is None


def test_a_recording_is_not_given_up_for_a_pause(models: Path, long_clip: Path) -> None:
    """A live camera's process that is stopped is replaced within a second; this one is the only one."""
    stop, patience = Event(), Patience(starting_s=120.0, silence_s=60.0, still_s=0.5, stopped_s=0.1)
    supervisor = Supervisor([a_job("gate", long_clip, models, paced=True)], a_gallery(), patience)
    stopped_at = 0
    try:
        for message in supervisor.listen(stop.is_set):
            if isinstance(message, Beat) and (frames := message.state.counts.frames):
                if not stopped_at:
                    stopped_at = frames
                    os.kill(_pid_of("gate"), signal.SIGSTOP)
                    Timer(3.0, os.kill, [_pid_of("gate"), signal.SIGCONT]).start()
                elif frames > stopped_at + 5:
                    stop.set()
    finally:
        supervisor.close()

    assert isinstance(message, Ended)
    assert message.error is None


def test_a_camera_ends_by_itself_when_its_parent_is_killed(models: Path, long_clip: Path) -> None:
    program = [sys.executable, str(Path(__file__).with_name("camera_jobs.py"))]
    with subprocess.Popen(
        [*program, str(models), str(long_clip)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert select.select([parent.stdout], [], [], 120)[0]
        camera = int(parent.stdout.readline())
        assert _runs(camera)
        parent.kill()

    patience_ends = monotonic() + 60
    while _runs(camera) and monotonic() < patience_ends:
        sleep(0.1)
    assert not _runs(camera)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # its new parent may take its time to bury it


def _environment_of(pid: int) -> bytes:
    """Return the environment a process was begun with; there is none until it has begun."""
    deadline = monotonic() + 30
    while not (given := Path(f"/proc/{pid}/environ").read_bytes()) and monotonic() < deadline:
        sleep(0.01)
    return given


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
def test_a_camera_is_given_no_key_and_no_session(
    models: Path, long_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVERT_MASTER_KEY", "environment:TEST_KEY")
    monkeypatch.setenv("TEST_KEY", "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=")
    monkeypatch.setenv("OVERT_SESSION", "a-token")

    supervisor = Supervisor([a_job("gate", long_clip, models, paced=True)], a_gallery(), PATIENCE)
    try:
        given = _environment_of(_pid_of("gate"))
    finally:
        supervisor.close()

    assert b"PATH=" in given
    for name in (b"OVERT_MASTER_KEY", b"TEST_KEY", b"OVERT_SESSION", b"a-token"):
        assert name not in given
    assert os.environ["OVERT_SESSION"] == "a-token"


def test_cameras_begin_one_after_another_where_there_is_one_core(
    models: Path, long_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["one", "two", "three"]
    history: list[str] = []
    start = SupervisedCamera.start

    def noted(self: SupervisedCamera, *given: Any) -> None:
        history.append(f"{self.name} begins")
        start(self, *given)

    monkeypatch.setattr(SupervisedCamera, "start", noted)
    monkeypatch.setattr("overt.runtime.supervisor.cores", lambda: 1)
    monkeypatch.setattr("overt.runtime.supervised._LOADING_S", 120.0)  # on a busy machine
    stop = Event()
    jobs = [a_job(name, long_clip, models, paced=True) for name in names]
    supervisor = Supervisor(jobs, a_gallery(), PATIENCE)
    try:
        for message in supervisor.listen(stop.is_set):
            if isinstance(message, Beat):
                history.append(f"{message.state.camera} is ready")
            if len(set(history)) == 6:
                stop.set()
    finally:
        supervisor.close()

    assert list(dict.fromkeys(history)) == [
        f"{name} {what}" for name in names for what in ("begins", "is ready")
    ]


def test_a_camera_whose_turn_did_not_come_ends_with_the_others(
    models: Path, long_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overt.runtime.supervisor.cores", lambda: 1)
    names = [f"camera {number}" for number in range(4)]
    jobs = [a_job(name, long_clip, models, paced=True) for name in names]
    supervisor = Supervisor(jobs, a_gallery(), PATIENCE)
    try:
        messages = [each for each in supervisor.listen(lambda: True) if each is not None]
    finally:
        supervisor.close()

    ended = {each.state.camera: each.error for each in messages if isinstance(each, Ended)}
    assert ended == dict.fromkeys(names)
    assert not multiprocessing.active_children()


def test_cameras_spare_the_machine_where_one_is_held_up(
    models: Path, long_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, Sparing]] = []
    tell = SupervisedCamera.tell

    def noted(self: SupervisedCamera, order: Order) -> None:
        if isinstance(order, Spare):
            told.append((self.name, order.what))
        tell(self, order)

    monkeypatch.setattr(SupervisedCamera, "tell", noted)
    monkeypatch.setattr(SupervisedCamera, "is_held_up", property(lambda self: self.name == "crowd"))
    stop = Event()
    jobs = [a_job(name, long_clip, models, paced=True) for name in ("crowd", "empty")]
    supervisor = Supervisor(jobs, a_gallery(), PATIENCE)
    looked = set()
    try:
        for message in supervisor.listen(stop.is_set):
            if isinstance(message, Beat) and message.state.counts.frames > 5:
                looked.add(message.state.camera)
            if len(looked) == 2:
                stop.set()
    finally:
        supervisor.close()

    assert {("crowd", Sparing.OFTEN), ("empty", Sparing.OFTEN)} <= set(told)
