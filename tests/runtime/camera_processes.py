"""What stands in for a camera's process: each fails in a way that no real one can be made to.

They load no models and look at nothing. `overt.runtime.supervised.work` is replaced by one of them.
"""

import os
import signal
import struct
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from time import sleep

from overt.errors import ModelError
from overt.runtime.counts import Counts
from overt.runtime.message_codec import send_message
from overt.runtime.messages import Beat, CameraState, Ended
from overt.runtime.shared_gallery import received
from overt.runtime.stop_sign import StopSign
from overt.runtime.worker import CameraJob


def a_state(job: CameraJob, frames: int) -> CameraState:
    return CameraState(job.settings.camera, counts=Counts(frames=frames))


def beats(job: CameraJob, pipe: Connection, stop: StopSign) -> None:
    """Do as a camera does that looks at a frame with each beat."""
    received(pipe)
    frames = 0
    while not stop.is_set():
        frames += 1
        send_message(pipe, Beat(a_state(job, frames)))
        sleep(0.05)
    send_message(pipe, Ended(a_state(job, frames)))


def only_looks_whether_to_stop(job: CameraJob, pipe: Connection, stop: StopSign) -> None:
    """Do nothing else, and never stop."""
    received(pipe)
    send_message(pipe, Beat(a_state(job, 1)))
    while True:
        stop.is_set()


def stops_in_the_middle_of_a_word(job: CameraJob, pipe: Connection, _stop: StopSign) -> None:
    """Say how long a word is, as `Connection` does of a long one, and no more than its beginning."""
    received(pipe)
    send_message(pipe, Beat(a_state(job, 1)))
    os.write(pipe.fileno(), struct.pack("!i", 100_000) + b"and")
    os.kill(os.getpid(), signal.SIGSTOP)


def does_not_listen(job: CameraJob, pipe: Connection, _stop: StopSign) -> None:
    """Say a word, and read none."""
    received(pipe)
    send_message(pipe, Beat(a_state(job, 1)))
    while True:
        signal.pause()


def says_its_last_word_and_stays(job: CameraJob, pipe: Connection, _stop: StopSign) -> None:
    """Come to an end, and hang on the way out, as a library's threads may have it."""
    received(pipe)
    send_message(pipe, Ended(a_state(job, 1)))
    while True:
        signal.pause()


def has_no_models(job: CameraJob, pipe: Connection, _stop: StopSign) -> None:
    """Find that the models cannot be loaded: after a look at the gate, and anywhere else before."""
    received(pipe)
    state = a_state(job, int(job.settings.camera == "gate"))
    send_message(pipe, Beat(state))
    send_message(pipe, Ended(state, error=ModelError("the model cannot be loaded.")))


def has_its_parent_call(job: CameraJob, pipe: Connection, _stop: StopSign) -> None:
    """Say what a pickle can say: what its reader should call, here to make a folder."""
    received(pipe)
    send_message(pipe, Beat(a_state(job, 1)))
    pipe.send(_Calling(job.store / "called"))
    while True:
        signal.pause()


def says_words_for_a_number(job: CameraJob, pipe: Connection, _stop: StopSign) -> None:
    """Say something that nobody could add up."""
    received(pipe)
    send_message(pipe, Beat(a_state(job, 1)))
    with warnings.catch_warnings(action="ignore"):
        send_message(pipe, Beat(a_state(job, "many")))  # type: ignore[arg-type]
    while True:
        signal.pause()


class _Calling:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self._folder),)
