"""How often a camera came back, over processes that are replaced."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from camera_jobs import a_job

from overt.capture import Link
from overt.runtime.counts import Counts
from overt.runtime.message_codec import send_message
from overt.runtime.messages import Beat, CameraState
from overt.runtime.supervised import SupervisedCamera
from overt.vocabulary import LinkState, LossCause


@contextmanager
def _process_of(camera: SupervisedCamera, state: CameraState) -> Iterator[None]:
    """A process that says how it is doing."""
    camera.pipe, theirs = get_context("spawn").Pipe()
    send_message(theirs, Beat(state))
    camera.receive()
    yield
    theirs.close()
    camera.kill()


def _camera(folder: Path) -> SupervisedCamera:
    return SupervisedCamera(replace(a_job("gate", "", folder), lasting=True), get_context("spawn"))


def test_a_camera_that_never_delivers_has_not_come_back(tmp_path: Path) -> None:
    camera = _camera(tmp_path)
    for _ in range(5):
        with _process_of(camera, CameraState("gate", link=Link(LinkState.OPENING))):
            camera.wait_for_another(LossCause.NOT_OPENED, "it was not opened")

    assert camera.told().link.losses == {LossCause.NOT_OPENED: 5}
    assert camera.told().link.reconnects == 0


@pytest.mark.parametrize("own", [0, 1])
def test_a_return_is_counted_once_though_the_next_process_needed_two_tries(
    own: int, tmp_path: Path
) -> None:
    camera, looks = _camera(tmp_path), Counts(frames=3)
    with _process_of(camera, CameraState("gate", counts=looks)):
        camera.wait_for_another(LossCause.DIED, "its process died")
    with _process_of(camera, CameraState("gate", counts=looks, link=Link(reconnects=own))):
        assert camera.told().link.reconnects == 1
