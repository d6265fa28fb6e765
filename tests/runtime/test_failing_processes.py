"""Whatever a camera's process was doing when it failed, its parent is not held up by it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from time import sleep

import camera_processes
import pytest
from camera_jobs import a_gallery, a_job

from overt.runtime import supervised
from overt.runtime.messages import Beat, CameraState
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.supervised import SupervisedCamera
from overt.runtime.supervisor import Supervisor
from overt.vocabulary import LossCause

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
        camera.receive()
        yield camera
    finally:
        camera.kill()
        gallery.close()


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

        assert _is_done_soon(lambda: lost.append(next(s for s in states if s.link.losses)))
        assert lost[0].link.losses == {LossCause.SILENT: 1}
        assert lost[0].counts.frames == 1
