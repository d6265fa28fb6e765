"""Starts one process a camera, listens to all of them, and ends any that no longer answers.

A decoder can block for ever inside a library call, so no limit set inside the process is sure;
the parent's is. What a camera's process holds in memory dies with it.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext, SpawnProcess
from pickle import UnpicklingError
from time import monotonic, sleep

from overt.capture import BackOff
from overt.errors import ConfigurationError, ModelError, SourceError
from overt.logs import tell
from overt.logs.events import CameraProcessEnded
from overt.matching.gallery import Gallery
from overt.runtime.counts import since, total
from overt.runtime.messages import (
    Beat,
    CameraState,
    Change,
    Changed,
    Ended,
    Message,
    NotRaised,
    Order,
    Picture,
    Raised,
    Taken,
    Watched,
    Withdrawn,
)
from overt.runtime.passages import AlertedBefore
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.stillness import Stillness
from overt.runtime.timing import Spread
from overt.runtime.worker import STOP_SIGNALS, CameraJob, work
from overt.values import Template
from overt.vocabulary import LinkState, LossCause

_LISTEN_S = 0.2
_STEADY_S = 5.0
"""A process that looked for so long was no flash in the pan; the next one need not wait long."""

_FIRST_WAIT_S = 0.1
_LATE_S = 0.5  # two beats
_CAMERAS_FAULT = frozenset({LossCause.NOT_OPENED, LossCause.STALLED})

_UNHEARD = (EOFError, OSError, UnpicklingError)
"""What reading a pipe raises whose writer has died, perhaps in the middle of a word."""

_STARTING = threading.Lock()
"""Held while a process starts without the secrets of the environment, which threads share."""

_ASLEEP_S = 2.0
"""A parent that was not up for so long itself, as when a machine is paused, heard nobody."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a camera may keep its parent waiting, in seconds.

    `starting_s` is the silence allowed until a first frame was looked at: a process loads its
    libraries and models, and fits these to the picture's size, without a word. `silence_s` is
    that allowed later, when a beat comes four times a second: to one that uses the processor.
    `still_s` is how long one that is late may do nothing at all, and `stopped_s` how long one may
    be stopped by a signal.
    `picture_s` is how long a source may deliver no picture, opening included, and `grace_s` how
    long a camera may take to stop by itself, its video finished, when it is told to. A lasting
    source may take `opening_s` for each try to open it, and deliver nothing for `stall_s`.
    """

    starting_s: float = 60.0
    silence_s: float = 10.0
    still_s: float = 1.5
    stopped_s: float = 0.5
    picture_s: float = 30.0
    grace_s: float = 10.0
    opening_s: float = 15.0
    stall_s: float = 4.5


@dataclass(frozen=True, slots=True)
class _Fault:
    cause: LossCause
    words: str


class Supervisor:
    """Runs cameras and hands on what they say. Used by one thread, once.

    A camera with a lasting source is never given up: its process is started again, after waits
    that grow to half a minute, until the run stops. What its processes counted is added up.
    """

    def __init__(
        self, jobs: Sequence[CameraJob], gallery: Gallery, patience: Patience | None = None
    ) -> None:
        # Spawned, not forked: the engines' threads do not survive a fork, and a child should
        # inherit nothing that it is not given.
        self._context = get_context("spawn")
        self._patience = patience or Patience()
        self._gallery = SharedGallery.of(gallery)
        self._withdrawn: frozenset[str] = frozenset()
        self._awake_s = monotonic()
        self._watched = False
        self._stopping = False
        self._cameras = [_Camera(job, self._context) for job in jobs]
        for camera in self._cameras:
            self._begin(camera)

    def listen(self, should_stop: Callable[[], bool]) -> Iterator[Message | None]:
        """Yield every message until all cameras have ended; None when a moment passed silently.

        When `should_stop` says so, the cameras are told to stop and given a few seconds to.
        """
        while any(not camera.ended for camera in self._cameras):
            if not self._stopping and should_stop():
                self._leave()
            ready = self._ready()
            for camera in ready:  # one by one: whoever listens may change the cameras meanwhile
                yield from self._hear(camera)
            if not ready:
                yield None
            yield from self._end_faulty()
            yield from self._begin_again()

    def change(self, jobs: Sequence[CameraJob], gallery: SharedGallery) -> frozenset[str]:
        """Give the cameras other jobs and another list; return the names of those that answer.

        A camera takes over what it can between two frames; if its source or its models are
        others, another process does. Whatever those named here say belongs to the job before,
        until each says `Changed`, or `Ended` where no job is left for it. What is new begins at
        once. The gallery is this supervisor's from now on.
        """
        before, self._gallery = self._gallery, gallery
        before.close()
        self._withdrawn = frozenset()
        going = [camera for camera in self._cameras if not camera.ended]
        left = {job.settings.camera: job for job in jobs}
        for camera in going:
            job = left.pop(camera.name, None)
            if job is None:
                camera.leave()
            else:
                camera.change(job, gallery)
        added = [_Camera(job, self._context) for job in left.values()]
        self._cameras = [*going, *added]
        for camera in added:
            self._begin(camera)
        return frozenset(camera.name for camera in going)

    def withdraw(self, subject_ids: frozenset[str]) -> None:
        """Tell every camera to search without these subjects from its next frame on."""
        self._withdrawn |= subject_ids
        self._order(Withdrawn(subject_ids))

    def forget(self, camera: str, subject_ids: frozenset[str]) -> None:
        """Tell one camera that its alerts as these subjects were not put on record."""
        for each in self._cameras:
            if each.name == camera:
                each.tell(NotRaised(subject_ids))

    def watch(self, *, on: bool) -> None:
        """Have every camera make pictures from now on, or none; the same again costs nothing."""
        if on is not self._watched:
            self._watched = on
            self._order(Watched(on))

    def close(self) -> None:
        """End every process that is left."""
        self._leave()
        until_s = monotonic() + self._patience.grace_s
        for camera in self._cameras:
            if camera.ended and camera.process:  # it has said its last word, and has to leave
                camera.process.join(max(0.0, until_s - monotonic()))
            camera.kill()
        self._gallery.close()

    def _leave(self) -> None:
        self._stopping = True
        for camera in self._cameras:
            camera.leave()

    def _begin(self, camera: "_Camera") -> None:
        """Start a camera's process, with what it has to know of the time before."""
        camera.start(self._context, self._gallery)
        if self._withdrawn:
            camera.tell(Withdrawn(self._withdrawn))
        if self._watched:
            camera.tell(Watched(on=True))

    def _order(self, order: Order) -> None:
        for camera in self._cameras:
            camera.tell(order)

    def _ready(self) -> list["_Camera"]:
        by_pipe = {each.pipe: each for each in self._cameras if each.pipe and not each.ended}
        if not by_pipe:
            sleep(_LISTEN_S)
        return [by_pipe[pipe] for pipe in wait(list(by_pipe), _LISTEN_S) if pipe in by_pipe]

    def _hear(self, camera: "_Camera") -> Iterator[Message]:
        try:
            message = camera.receive()
        except _UNHEARD:
            yield from self._lose(camera, _Fault(LossCause.DIED, "its process died"))
            return
        if isinstance(message, Changed):
            yield camera.turn()
            return
        if isinstance(message, Ended) and camera.is_to_change:
            yield from self._turn(camera)
            return
        if isinstance(message, Ended) and self._comes_back(camera, message):
            words = str(message.error) if message.error else "it ended by itself"
            yield from self._lose(camera, _Fault(LossCause.DIED, words))
            return
        camera.ended = isinstance(message, Ended)
        yield message

    def _comes_back(self, camera: "_Camera", ended: Ended) -> bool:
        """Tell whether a process ended that is to be started again, and may fare better then."""
        hopeless = isinstance(ended.error, ModelError | ConfigurationError)
        return camera.job.lasting and not camera.leaves and not hopeless

    def _turn(self, camera: "_Camera") -> Iterator[Message]:
        """Have another process take over, whose job is the one that the camera was given last."""
        yield from camera.kill()
        while camera.is_to_change:
            yield camera.turn()
        self._begin(camera)

    def _end_faulty(self) -> Iterator[Message]:
        self._forgive_own_absence()
        for camera in self._cameras:
            if camera.ended:
                continue
            if fault := camera.fault(self._patience):
                yield from self._lose(camera, fault)

    def _forgive_own_absence(self) -> None:
        now = monotonic()
        away_s, self._awake_s = now - self._awake_s, now
        if away_s > _ASLEEP_S:
            for camera in self._cameras:
                camera.heard_s += away_s

    def _lose(self, camera: "_Camera", fault: _Fault) -> Iterator[Message]:
        """End a camera's process, hand on what it still said, and see whether it comes back."""
        yield from camera.kill()
        tell(CameraProcessEnded(camera.job.settings.camera, fault.cause))
        error = SourceError(
            f"Camera {camera.job.settings.camera} was ended: {fault.words}.",
            remedy="Check the camera, its network and its cable; the other cameras go on.",
        )
        if camera.is_to_change:
            if camera.job.lasting and not camera.leaves:
                camera.wait_for_another(fault.cause, error.message)
            yield from self._turn(camera)
        elif camera.job.lasting and not camera.leaves:
            yield Beat(camera.wait_for_another(fault.cause, error.message))
        else:
            camera.ended = True
            yield Ended(camera.told(), error=error)

    def _begin_again(self) -> Iterator[Message]:
        for camera in self._cameras:
            if camera.ended or camera.again_s is None:
                continue
            if camera.is_to_change:
                yield from self._turn(camera)
            elif camera.leaves:
                camera.ended = True
                yield Ended(camera.told())
            elif monotonic() >= camera.again_s:
                self._begin(camera)


class _Camera:
    """One camera as its parent sees it: one process after another, and what they add up to."""

    def __init__(self, job: CameraJob, context: SpawnContext) -> None:
        """`leaves` says that it has been told to stop for good."""
        self.name = job.settings.camera
        self.job = job
        self._next: CameraJob | None = None
        self._stop = context.Event()
        self._leaving_s: float | None = None
        self.leaves = False
        self.process: SpawnProcess | None = None
        self.pipe: Connection | None = None
        self.heard_s = monotonic()
        self.again_s: float | None = None
        self.ended = False
        self._back_off = BackOff(_FIRST_WAIT_S, job.longest_wait_s)
        self._tries = 0
        self._looks_since_s: float | None = None
        self._blind_since_s: float | None = None
        self._stillness = Stillness()
        self._now: CameraState | None = None
        self._before = CameraState(job.settings.camera)
        self._split: CameraState | None = None
        self._alerted: dict[str, tuple[Template, float]] = {}

    @property
    def is_to_change(self) -> bool:
        """Whether it has been given another job, has not begun with it, and is to go on."""
        return self._next is not None and not self.leaves

    def start(self, context: SpawnContext, gallery: SharedGallery) -> None:
        """Start a process."""
        if self._stop.is_set():
            self._stop, self._leaving_s = context.Event(), None
        ours, theirs = context.Pipe(duplex=True)
        self.process = context.Process(
            target=work,
            args=(
                replace(self.job, alerted=self._lately(), tries=self._tries),
                theirs,
                self._stop,
            ),
            name=f"camera {self.name}",
            daemon=True,
        )
        _start(self.process)
        theirs.close()
        self.pipe, self.again_s = ours, None
        if self._now is not None and self._blind_since_s is None:  # it makes way for another job
            self._blind_since_s = self.heard_s
        self._before, self._now = self._counted(), None
        if self._split is not None:  # the stages of another process are counted from nothing
            self._split = replace(self._split, stages={})
        self.heard_s, self._looks_since_s = monotonic(), None
        self._give(gallery)

    def change(self, job: CameraJob, gallery: SharedGallery) -> None:
        """Give it another job, in this process if it can be done there or else in the next."""
        self._next = job
        if self.pipe is None:
            return
        if _is_done_in_place(self.job, job):
            self.tell(Change(job.settings))
            self._give(gallery)
        else:
            self._stop.set()
            self._leaving_s = monotonic()

    def turn(self) -> Changed:
        """Begin with the job that it was given, and return what it had come to in the one before."""
        assert self._next is not None
        changed = Changed(self.told())
        if self._next.settings.pack_id != self.job.settings.pack_id:
            self._alerted.clear()  # no template is comparable with another pack's
        self.job, self._next = self._next, None
        self._split = self._whole()
        return changed

    def leave(self) -> None:
        """Tell it to stop for good."""
        self.leaves = True
        self._stop.set()
        if self._leaving_s is None:
            self._leaving_s = monotonic()

    def _give(self, gallery: SharedGallery) -> None:
        if self.pipe is not None and self.process is not None:
            with suppress(OSError):  # its process has died, which reading it will tell
                gallery.send(self.pipe, self.process.pid or 0)

    def receive(self) -> Message:
        """Return its next message, the states of which add up over all its processes.

        Raises one of `_UNHEARD` where its process has died.
        """
        assert self.pipe is not None
        message: Message = self.pipe.recv()
        self.heard_s = monotonic()
        if isinstance(message, Picture):
            self.tell(Taken())
            return message
        if isinstance(message, Raised):
            seen_s = monotonic()
            self._alerted[message.alert.candidate.subject_id] = (message.template, seen_s)
            return message
        self._now = message.state
        self._see_again(message.state)
        self._note_steady(message.state)
        self._note_sight(message.state)
        return replace(message, state=self.told())

    def _note_steady(self, state: CameraState) -> None:
        if self._looks_since_s is None and state.counts.frames:
            self._looks_since_s = self.heard_s
        if self._looks_since_s is not None and self.heard_s - self._looks_since_s > _STEADY_S:
            self._back_off.reset()
            self._tries = 0

    def _note_sight(self, state: CameraState) -> None:
        """Count the time from one process's last look to the next one's first as lost."""
        if self._blind_since_s is None or not state.counts.frames:
            return
        blind_s = self.heard_s - state.waiting_s - self._blind_since_s
        # What the process itself has counted meanwhile is in its own word.
        lost_s = self._before.link.lost_s + max(0.0, blind_s - state.link.lost_s)
        self._before = replace(self._before, link=replace(self._before.link, lost_s=lost_s))
        self._blind_since_s = None

    def tell(self, order: Order) -> None:
        """Tell its process something, if there is one that listens."""
        if self.pipe is not None and not self.ended:
            with suppress(OSError):  # its process has died, which reading it will tell
                self.pipe.send(order)

    def told(self) -> CameraState:
        """Return how it is doing in its job, earlier processes included."""
        return _since(self._whole(), self._split) if self._split else self._whole()

    def _whole(self) -> CameraState:
        """Return how it is doing, earlier jobs and the time without a process included."""
        state = self._counted()
        if self._blind_since_s is None:
            return state
        blind_s = monotonic() - self._blind_since_s
        return replace(state, link=replace(state.link, lost_s=self._before.link.lost_s + blind_s))

    def _counted(self) -> CameraState:
        """Return what its processes have counted."""
        return _added(self._before, self._now) if self._now else self._before

    def fault(self, patience: Patience) -> _Fault | None:
        """Return what is wrong with its process, or None."""
        if self.pipe is None:
            return None
        if self._leaving_s is not None and monotonic() - self._leaving_s > patience.grace_s:
            return _Fault(LossCause.SILENT, "it did not stop when told to")
        if self._is_silent(self.pipe, patience):
            return _Fault(LossCause.SILENT, "its process no longer answers")
        if self._now is None:
            return None  # the pipe of a process that died ends, which reading it tells
        return self._stall(self._now, patience)

    def _is_silent(self, pipe: Connection, patience: Patience) -> bool:
        state, silent_s = self._now, monotonic() - self.heard_s
        if silent_s < _LATE_S or pipe.poll():  # or what it said waits for us
            self._stillness.reset()
            return False
        looks = state is not None and state.counts.frames > 0
        if silent_s > (patience.silence_s if looks else patience.starting_s):
            return True
        assert self.process is not None
        stopped, still_s = self._stillness.look(self.process.pid or 0)
        # One that has not said a word yet may wait for its files, or for other processes.
        still = state is not None and still_s > patience.still_s
        return still or (stopped and still_s > patience.stopped_s)

    def _stall(self, state: CameraState, patience: Patience) -> _Fault | None:
        silent = f"no picture came for {state.waiting_s:.0f} seconds"
        link = state.link
        if not self.job.lasting:
            return (
                _Fault(LossCause.STALLED, silent) if state.waiting_s > patience.picture_s else None
            )
        if link.state is LinkState.OPENING and link.for_s > patience.opening_s:
            return _Fault(
                LossCause.NOT_OPENED, f"it was not opened within {link.for_s:.0f} seconds"
            )
        # A machine that cannot keep up has late pictures, and would not be helped by a new process.
        if link.state is LinkState.PLAYING and state.silent_s > patience.stall_s:
            return _Fault(LossCause.STALLED, f"no picture came for {state.silent_s:.0f} seconds")
        return None

    def kill(self) -> list[Message]:
        """End its process, and return what it had said before."""
        if self.process is not None:
            _kill(self.process)
        left = list(self._left_in_the_pipe())
        if self.pipe is not None:
            self.pipe.close()
            self.pipe = None
        return left

    def wait_for_another(self, cause: LossCause, why: str) -> CameraState:
        """Plan another process after a while, and return how the camera is until then."""
        before = self._counted()
        lost_s = before.link.lost_s
        if self._blind_since_s is None:
            plays = self._now is not None and self._now.link.state is LinkState.PLAYING
            self._blind_since_s = self.heard_s - (before.waiting_s if plays else 0.0)
        else:  # nobody has looked since the process before it was lost
            lost_s = self._before.link.lost_s
        lost = replace(
            before.link,
            lost_s=lost_s,
            state=LinkState.LOST,
            losses=before.link.losses + Counter({cause: 1}),
            reconnects=before.link.reconnects + 1,
            why=why,
        )
        kept = replace(before.kept, frames_per_second=0.0, below_floor=False)
        self._before = replace(before, link=lost, kept=kept, alerted_ago_s={})
        self._now = None
        # A camera that costs one process after another is waited for by the next process, which
        # has its models loaded by then and knocks at the camera's door meanwhile.
        wait_s = self._back_off.next_s()
        if cause in _CAMERAS_FAULT:
            self._tries += 1
            wait_s = 0.0
        self.again_s = monotonic() + wait_s
        return self.told()

    def _left_in_the_pipe(self) -> Iterator[Message]:
        with suppress(*_UNHEARD):
            while self.pipe is not None and self.pipe.poll():
                message = self.receive()
                if isinstance(message, Changed):
                    yield self.turn()
                elif not isinstance(message, Ended):
                    yield message

    def _see_again(self, state: CameraState) -> None:
        """Take over when faces that alerted were last seen; forget those of passages that are over."""
        now_s = monotonic()
        known = self._alerted
        self._alerted = {
            each: (known[each][0], now_s - ago_s)
            for each, ago_s in state.alerted_ago_s.items()
            if each in known
        }

    def _lately(self) -> tuple[AlertedBefore, ...]:
        now_s = monotonic()
        return tuple(
            AlertedBefore(each, template, now_s - seen_s)
            for each, (template, seen_s) in self._alerted.items()
        )


def _added(before: CameraState, now: CameraState) -> CameraState:
    """Return the state of a camera whose earlier processes had come to `before`."""
    link = replace(
        now.link,
        reconnects=before.link.reconnects + now.link.reconnects,
        losses=before.link.losses + now.link.losses,
        lost_s=before.link.lost_s + now.link.lost_s,
        why=now.link.why or before.link.why,
    )
    return replace(
        now,
        counts=total([before.counts, now.counts]),
        dropped=before.dropped + now.dropped,
        link=link,
        kept=replace(now.kept, below_floor_s=before.kept.below_floor_s + now.kept.below_floor_s),
        film_s=before.film_s + now.film_s,
        ages=before.ages + now.ages,
        peak_memory_mb=max(before.peak_memory_mb, now.peak_memory_mb),
    )


def _since(whole: CameraState, before: CameraState) -> CameraState:
    """Return the state of a camera in its present job, which began when it had come to `before`."""
    link = replace(
        whole.link,
        reconnects=whole.link.reconnects - before.link.reconnects,
        losses=whole.link.losses - before.link.losses,
        lost_s=whole.link.lost_s - before.link.lost_s,
    )
    return replace(
        whole,
        counts=since(whole.counts, before.counts),
        dropped=whole.dropped - before.dropped,
        link=link,
        kept=replace(
            whole.kept, below_floor_s=whole.kept.below_floor_s - before.kept.below_floor_s
        ),
        ages=whole.ages.since(before.ages),
        stages={
            name: spread.since(before.stages.get(name, Spread()))
            for name, spread in whole.stages.items()
        },
    )


def _is_done_in_place(before: CameraJob, job: CameraJob) -> bool:
    """Tell whether a camera's process can take another job over between two frames.

    Where the picture comes from, and what looks at it, is fixed while a process lives.
    """
    settings = before.settings
    same_models = job.settings.pack_id == settings.pack_id
    return same_models and replace(job, settings=settings) == replace(before, alerted=())


def _start(process: SpawnProcess) -> None:
    # One thread for a search's matrix product: two that wait for each other beside inference
    # and decoding took ten times as long as one (docs/performance.md).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # The terminal sends Ctrl-C to every process; only the parent acts on it. Python would report
    # it with a traceback while a child is still importing, so it starts out blocked.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    # A camera's process decodes what strangers send: it is given no key and no session.
    with _STARTING:
        hidden = {name: os.environ.pop(name) for name in _secret_variables() if name in os.environ}
        try:
            process.start()
        finally:
            os.environ.update(hidden)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _secret_variables() -> list[str]:
    """Return the environment's variables that hold a secret or say where one is."""
    word, _, named = os.environ.get("OVERT_MASTER_KEY", "").partition(":")
    key = [named] if word == "environment" else []
    return [*key, "OVERT_MASTER_KEY", "OVERT_SESSION"]


def _kill(process: SpawnProcess) -> None:
    if process.is_alive():
        process.kill()
        process.join()
