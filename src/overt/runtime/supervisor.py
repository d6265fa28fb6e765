"""Starts one process a camera, listens to all of them, and ends any that no longer answers.

A decoder can block for ever inside a library call, so no limit set inside the process is sure;
the parent's is. What a camera's process holds in memory dies with it.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from time import monotonic

from overt.errors import SourceError
from overt.matching.gallery import Gallery
from overt.runtime.messages import CameraState, Ended, Message, Raised
from overt.runtime.worker import STOP_SIGNALS, CameraJob, work

_LISTEN_S = 0.2

_ASLEEP_S = 2.0
"""A parent that was not up for so long itself, as when a machine is paused, heard nobody."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a camera may keep its parent waiting, in seconds.

    `starting_s` is the silence allowed until a first frame was looked at: a process loads its
    libraries and models, and fits these to the picture's size, without a word. `silence_s` is
    that allowed later, when a beat comes four times a second.
    `picture_s` is how long a source may deliver no picture, opening included, and `grace_s` how
    long a camera may take to stop by itself, its video finished, when it is told to.
    """

    starting_s: float = 60.0
    silence_s: float = 10.0
    picture_s: float = 30.0
    grace_s: float = 10.0


@dataclass(slots=True, eq=False)
class _Camera:
    """One camera's process as its parent sees it."""

    name: str
    process: SpawnProcess
    pipe: Connection
    heard_s: float = field(default_factory=monotonic)
    state: CameraState | None = None
    ended: bool = False

    def fault(self, patience: Patience) -> str:
        """Return what is wrong with the process, or nothing."""
        silent_s = monotonic() - self.heard_s
        looks = self.state is not None and self.state.counts.frames > 0
        if silent_s > (patience.silence_s if looks else patience.starting_s):
            return "its process no longer answers"
        if self.state and self.state.waiting_s > patience.picture_s:
            return f"no picture came for {self.state.waiting_s:.0f} seconds"
        return ""  # the pipe of a process that died ends, which reading it tells


class Supervisor:
    """Runs cameras and hands on what they say. Used by one thread, once."""

    def __init__(
        self, jobs: Sequence[CameraJob], gallery: Gallery, patience: Patience | None = None
    ) -> None:
        # Spawned, not forked: the engines' threads do not survive a fork, and a child should
        # inherit nothing that it is not given.
        context = get_context("spawn")
        self._stop = context.Event()
        self._patience = patience or Patience()
        self._awake_s = monotonic()
        self._cameras: list[_Camera] = []
        for job in jobs:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=work,
                args=(job, gallery, theirs, self._stop),
                name=f"camera {job.settings.camera}",
                daemon=True,
            )
            _start(process)
            theirs.close()
            self._cameras.append(_Camera(job.settings.camera, process, ours))

    def listen(self, should_stop: Callable[[], bool]) -> Iterator[Message | None]:
        """Yield every message until all cameras have ended; None when a moment passed silently.

        When `should_stop` says so, the cameras are told to stop and given a few seconds to.
        """
        stopping_s: float | None = None
        while any(not camera.ended for camera in self._cameras):
            if stopping_s is None and should_stop():
                self._stop.set()
                stopping_s = monotonic()
            heard = [message for camera in self._ready() for message in self._hear(camera)]
            yield from heard
            if not heard:
                yield None
            late = stopping_s is not None and monotonic() - stopping_s > self._patience.grace_s
            yield from self._end_faulty(late=late)

    def close(self) -> None:
        """End every process that is left."""
        self._stop.set()
        for camera in self._cameras:
            if camera.ended:  # it has said its last word and only has to leave
                camera.process.join(self._patience.grace_s)
            _kill(camera)

    def _ready(self) -> list[_Camera]:
        by_pipe = {camera.pipe: camera for camera in self._cameras if not camera.ended}
        return [by_pipe[pipe] for pipe in wait(list(by_pipe), _LISTEN_S) if pipe in by_pipe]

    def _hear(self, camera: _Camera) -> Iterator[Message]:
        try:
            message: Message = camera.pipe.recv()
        except (EOFError, OSError):
            yield self._give_up(camera, "its process died")
            return
        camera.heard_s = monotonic()
        if not isinstance(message, Raised):
            camera.state = message.state
        camera.ended = isinstance(message, Ended)
        yield message

    def _end_faulty(self, *, late: bool) -> Iterator[Message]:
        self._forgive_own_absence()
        for camera in self._cameras:
            fault = "" if camera.ended else camera.fault(self._patience)
            if late and not camera.ended:
                fault = "it did not stop when told to"
            if fault:
                yield self._give_up(camera, fault)

    def _forgive_own_absence(self) -> None:
        now = monotonic()
        away_s, self._awake_s = now - self._awake_s, now
        if away_s > _ASLEEP_S:
            for camera in self._cameras:
                camera.heard_s += away_s

    def _give_up(self, camera: _Camera, why: str) -> Ended:
        _kill(camera)
        camera.ended = True
        error = SourceError(
            f"Camera {camera.name} was ended: {why}.",
            remedy="Check the camera, its network and its cable; the other cameras go on.",
        )
        return Ended(camera.state or CameraState(camera.name), error=error)


def _start(process: SpawnProcess) -> None:
    # One thread for a search's matrix product: two that wait for each other beside inference
    # and decoding took ten times as long as one (docs/performance.md).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # The terminal sends Ctrl-C to every process; only the parent acts on it. Python would report
    # it with a traceback while a child is still importing, so it starts out blocked.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _kill(camera: _Camera) -> None:
    if camera.process.is_alive():
        camera.process.kill()
        camera.process.join()
    camera.pipe.close()
