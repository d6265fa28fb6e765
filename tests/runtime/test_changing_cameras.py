"""Cameras that are given another job while they look: by their own process, or by another one."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from camera_jobs import a_gallery, a_job

from overt.capture import Zone
from overt.runtime.messages import Beat, CameraState, Changed, Ended
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.supervisor import Patience, Supervisor
from overt.vision.store import ModelStore, Pack
from rehearsals import write_clip

pytestmark = pytest.mark.models
PATIENCE = Patience(starting_s=120.0, silence_s=30.0, grace_s=30.0)
ZONE = Zone(((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)))


@pytest.fixture(scope="module")
def models(store: ModelStore, pack: Pack) -> Path:
    """The store that cameras load the standard pack from."""
    return store.folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of nobody, which outlast any test.

    A picture a second, so that each is looked at before the next one comes on any machine.
    """
    image = np.full((120, 160, 3), 90, np.uint8)
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    return write_clip(path, [image] * 600, frames_per_second=1)


class _Watch:
    """Listens, and remembers what each camera said last and whose process it was."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.states: dict[str, CameraState] = {}
        self._messages = supervisor.listen(lambda: False)

    def close(self) -> None:
        """End what is left."""
        self.supervisor.close()

    def until_all_look(self, *cameras: str) -> dict[str, int | None]:
        """Listen until each of these has looked at a frame; return their processes."""
        self.states.clear()
        while any(each not in self.states for each in cameras):
            message = next(self._messages)
            if isinstance(message, Beat) and message.state.counts.frames:
                self.states[message.camera] = message.state
        return {each: _pid_of(each) for each in cameras}

    def answers(self, cameras: frozenset[str]) -> dict[str, Changed | Ended]:
        """Listen until each of these has answered, and return what they said."""
        answered: dict[str, Changed | Ended] = {}
        while answered.keys() != cameras:
            message = next(self._messages)
            if isinstance(message, Changed | Ended):
                assert message.camera not in answered
                answered[message.camera] = message
        return answered


def _pid_of(camera: str) -> int | None:
    (process,) = (p for p in multiprocessing.active_children() if p.name == f"camera {camera}")
    return process.pid


@pytest.fixture
def watch(models: Path, clip: Path) -> Iterator[_Watch]:
    jobs = [a_job(name, clip, models, paced=True) for name in ("stays", "moves", "goes")]
    with closing(_Watch(Supervisor(jobs, a_gallery(), PATIENCE))) as watch:
        yield watch
    assert not multiprocessing.active_children()


def test_only_whose_source_is_another_begins_anew(watch: _Watch, models: Path, clip: Path) -> None:
    before = watch.until_all_look("stays", "moves", "goes")
    stays, moves, comes = (
        a_job(name, clip, models, paced=True) for name in ("stays", "moves", "comes")
    )
    settings = replace(stays.settings, zone=ZONE)
    other = clip.with_name("other.mp4")
    other.write_bytes(clip.read_bytes())

    awaited = watch.supervisor.change(
        [replace(stays, settings=settings), replace(moves, source=str(other)), comes],
        SharedGallery.of(a_gallery()),
    )
    answered = watch.answers(awaited)

    assert awaited == {"stays", "moves", "goes"}
    assert isinstance(answered["stays"], Changed)
    assert isinstance(answered["moves"], Changed)
    assert isinstance(answered["goes"], Ended)
    assert answered["goes"].error is None
    after = watch.until_all_look("stays", "moves", "comes")
    assert after["stays"] == before["stays"]
    assert after["moves"] != before["moves"]
    assert len(multiprocessing.active_children()) == 3
    first = answered["stays"].state
    assert first.counts.frames > 0
    assert watch.states["stays"].film_s > first.film_s
    left_out = round(watch.states["stays"].film_s - first.film_s)
    counted = watch.states["stays"].counts.frames + watch.states["stays"].dropped.total()
    assert counted == left_out


def test_one_that_dies_before_it_answers_begins_with_the_new_job(
    watch: _Watch, models: Path, clip: Path
) -> None:
    before = watch.until_all_look("stays", "moves", "goes")
    pid = before["stays"]
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # so that it has not answered
    jobs = [a_job(name, clip, models, paced=True) for name in ("stays", "moves", "goes")]

    awaited = watch.supervisor.change(jobs, SharedGallery.of(a_gallery()))
    os.kill(pid, signal.SIGKILL)
    answered = watch.answers(awaited)

    assert {type(each) for each in answered.values()} == {Changed}
    assert answered["stays"].state.counts.frames > 0
    assert watch.until_all_look("stays", "moves", "goes")["stays"] != pid
