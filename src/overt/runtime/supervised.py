"""One camera as its parent sees it: one process after another, and what they add up to."""

import socket
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess
from time import monotonic

from overt.capture import BackOff
from overt.runtime.camera_sums import added, state_since
from overt.runtime.message_codec import NoMessageError, next_message
from overt.runtime.messages import (
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
)
from overt.runtime.own_alerts import is_of
from overt.runtime.passages import AlertedBefore
from overt.runtime.patience import Fault, Patience
from overt.runtime.shared_gallery import SharedGallery
from overt.runtime.spawning import kill_process, start_process
from overt.runtime.stillness import Stillness
from overt.runtime.stop_sign import StopSign
from overt.runtime.worker import CameraJob, work
from overt.values import Template
from overt.vocabulary import LinkState, LossCause

_STEADY_S = 5.0
"""A process that looked for so long was no flash in the pan; the next one need not wait long."""

_FIRST_WAIT_S = 0.1
_AT_ONCE = 5
"""So many processes in a row that were not steady are replaced at once: whatever ends processes
now and then is no reason to leave a street unwatched. One that goes on dying waits ever longer.
"""
_LOADING_S = 10.0
"""After so long the next camera begins as well, whatever holds this one up."""

_LATE_S = 0.5  # two beats
_CAMERAS_FAULT = frozenset({LossCause.NOT_OPENED, LossCause.STALLED})

NO_ANSWER = "its process no longer answers"
NONSENSE = "what its process said is no message"

_WORD_S = 5
"""A word that does not go on for so long is never finished: its writer hangs, or its reader."""

_MOST_LEFT = 1000
"""So many words at most are still heard of a process that was ended: a pipe holds some hundred."""

UNHEARD = (EOFError, OSError, NoMessageError)
"""What reading a pipe raises whose writer has died, hangs in the middle of a word, or talks nonsense."""


class SupervisedCamera:
    """One camera as its parent sees it: one process after another, and what they add up to."""

    def __init__(self, job: CameraJob, context: SpawnContext) -> None:
        """`leaves` says that it has been told to stop for good."""
        self.name = job.settings.camera
        self.job = job
        self._next: CameraJob | None = None
        self._stop = StopSign(context)
        self._leaving_s: float | None = None
        self.leaves = False
        self.process: SpawnProcess | None = None
        self.pipe: Connection | None = None
        self.heard_s = monotonic()
        self.again_s: float | None = None
        self.ended = False
        self._back_off = BackOff(_FIRST_WAIT_S, job.longest_wait_s, at_once=_AT_ONCE)
        self._tries = 0
        self._looks_since_s: float | None = None
        self._blind_since_s: float | None = None
        self._is_lost = False
        self._stillness = Stillness()
        self._now: CameraState | None = None
        self._before = CameraState(job.settings.camera)
        self._split: CameraState | None = None
        self._alerted: dict[str, tuple[Template, float]] = {}

    @property
    def is_new(self) -> bool:
        """Whether it never had a process, and none is planned for it."""
        return self.process is None and self.again_s is None and not self.ended

    @property
    def is_loading(self) -> bool:
        """Whether its process has not said a word yet, and began a short while ago."""
        silent = self.pipe is not None and self._now is None
        return silent and monotonic() - self.heard_s < _LOADING_S

    @property
    def has_looked(self) -> bool:
        """Whether it has looked at a picture, in any of its processes."""
        return self._counted().counts.frames > 0

    @property
    def is_held_up(self) -> bool:
        """Whether it looks more rarely than it has to, for want of the machine."""
        return self._now is not None and self._now.kept.held_up and not self.ended

    @property
    def is_to_change(self) -> bool:
        """Whether it has been given another job, has not begun with it, and is to go on."""
        return self._next is not None and not self.leaves

    def start(self, context: SpawnContext, gallery: SharedGallery) -> None:
        """Start a process.

        Raises:
            OSError: the system has no room for one now; nothing has changed.
        """
        if self._stop.is_set():
            self._stop, self._leaving_s = StopSign(context), None
        ours, theirs = context.Pipe(duplex=True)
        _wait_no_longer(ours, _WORD_S)
        process = context.Process(
            target=work,
            args=(
                replace(
                    self.job,
                    alerted=self._lately(),
                    alerted_at_s=monotonic(),
                    tries=self._tries,
                ),
                theirs,
                self._stop,
            ),
            name=f"camera {self.name}",
            daemon=True,
        )
        start_process(process)
        theirs.close()
        self.process, self.pipe, self.again_s = process, ours, None
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

        Raises one of `UNHEARD` where its process has died, and of these `BlockingIOError` where it
        hangs.
        """
        assert self.pipe is not None
        try:
            message = next_message(self.pipe, self.name, _WORD_S)
        except BlockingIOError:
            self._hang_up()  # whatever came next would begin in the middle of a word
            raise
        self._check(message)
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

    def _check(self, message: Message) -> None:
        """Refuse what this camera could not say now, whatever it consists of.

        Raises:
            NoMessageError: it is that.
        """
        if isinstance(message, Changed) and self._next is None:
            raise NoMessageError("no change that it was asked for")
        if isinstance(message, Raised) and not is_of(message.alert, self.job.settings):
            raise NoMessageError("no alert of this run")

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
        # A process that lost its camera as well, before it looked, has counted its return.
        returns = self._is_lost and not state.link.reconnects
        reconnects = self._before.link.reconnects + returns
        link = replace(self._before.link, lost_s=lost_s, reconnects=reconnects)
        self._before = replace(self._before, link=link)
        self._blind_since_s, self._is_lost = None, False

    def tell(self, order: Order) -> None:
        """Tell its process something, if there is one; end one that does not listen."""
        if self.pipe is None or self.process is None or self.ended:
            return
        try:
            self.pipe.send(order)
        except BlockingIOError:  # it would take what comes next for the rest of this
            kill_process(self.process)
        except OSError:
            pass  # its process has died, which reading it will tell

    def forget(self, subject_ids: frozenset[str]) -> None:
        """Take it, here and in its process, that nobody has alerted as these subjects."""
        for each in subject_ids:
            self._alerted.pop(each, None)
        self.tell(NotRaised(subject_ids))

    def told(self) -> CameraState:
        """Return how it is doing in its job, earlier processes included."""
        return state_since(self._whole(), self._split) if self._split else self._whole()

    def _whole(self) -> CameraState:
        """Return how it is doing, earlier jobs and the time without a process included."""
        state = self._counted()
        if self._blind_since_s is None:
            return state
        blind_s = monotonic() - self._blind_since_s
        return replace(state, link=replace(state.link, lost_s=self._before.link.lost_s + blind_s))

    def _counted(self) -> CameraState:
        """Return what its processes have counted."""
        return added(self._before, self._now) if self._now else self._before

    def fault(self, patience: Patience) -> Fault | None:
        """Return what is wrong with its process, or None."""
        if self.pipe is None:
            return None
        if self._leaving_s is not None and monotonic() - self._leaving_s > patience.grace_s:
            return Fault(LossCause.SILENT, "it did not stop when told to")
        if self._is_silent(self.pipe, patience):
            return Fault(LossCause.SILENT, NO_ANSWER)
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
        if not self.job.lasting:
            return False
        assert self.process is not None
        stopped, still_s = self._stillness.look(self.process.pid or 0)
        # One that has not said a word yet may wait for its files, or for other processes.
        still = state is not None and still_s > patience.still_s
        return still or (stopped and still_s > patience.stopped_s)

    def _stall(self, state: CameraState, patience: Patience) -> Fault | None:
        silent = f"no picture came for {state.waiting_s:.0f} seconds"
        link = state.link
        if not self.job.lasting:
            return (
                Fault(LossCause.STALLED, silent) if state.waiting_s > patience.picture_s else None
            )
        if link.state is LinkState.OPENING and link.for_s > patience.opening_s:
            return Fault(LossCause.NOT_OPENED, f"it was not opened within {link.for_s:.0f} seconds")
        # A machine that cannot keep up has late pictures, and would not be helped by a new process.
        if link.state is LinkState.PLAYING and state.silent_s > patience.stall_s:
            return Fault(LossCause.STALLED, f"no picture came for {state.silent_s:.0f} seconds")
        return None

    def kill(self) -> list[Message]:
        """End its process, and return what it had said before."""
        if self.process is not None:
            kill_process(self.process)
        left = list(self._left_in_the_pipe())
        self._hang_up()
        return left

    def _hang_up(self) -> None:
        if self.pipe is not None:
            self.pipe.close()
            self.pipe = None

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
            why=why,
        )
        kept = replace(before.kept, frames_per_second=0.0, below_floor=False)
        self._before = replace(before, link=lost, kept=kept, alerted_ago_s={})
        self._now, self._is_lost = None, True
        # A camera that costs one process after another is waited for by the next process, which
        # has its models loaded by then and knocks at the camera's door meanwhile.
        wait_s = self._back_off.next_s()
        if cause in _CAMERAS_FAULT:
            self._tries += 1
            wait_s = 0.0
        self.again_s = monotonic() + wait_s
        return self.told()

    def put_off(self) -> None:
        """Plan a process after a while, since none can be started now."""
        self.again_s = monotonic() + self._back_off.next_s()

    def _left_in_the_pipe(self) -> Iterator[Message]:
        with suppress(*UNHEARD):
            for _ in range(_MOST_LEFT):
                if self.pipe is None or not self.pipe.poll():
                    return
                message = self.receive()
                if isinstance(message, Changed):
                    yield self.turn()
                elif not isinstance(message, Ended):
                    yield message

    def _see_again(self, state: CameraState) -> None:
        """Take over when faces that alerted were last seen; forget those of passages that are over."""
        now_s, known, ago = monotonic(), self._alerted, state.alerted_ago_s
        if not state.counts.frames:  # it has not looked yet, and knows no more than we do
            passed = {each: now_s - seen_s for each, (_, seen_s) in known.items()}
            over_s = self.job.settings.repeat_s
            ago = {each: ago_s for each, ago_s in passed.items() if ago_s < over_s}
        self._alerted = {
            each: (known[each][0], now_s - ago_s) for each, ago_s in ago.items() if each in known
        }

    def _lately(self) -> tuple[AlertedBefore, ...]:
        now_s = monotonic()
        return tuple(
            AlertedBefore(each, template, now_s - seen_s)
            for each, (template, seen_s) in self._alerted.items()
        )


def _wait_no_longer(pipe: Connection, most_s: int) -> None:
    """Wait no longer than so many seconds until what is said is taken; hearing has a time limit."""
    with socket.fromfd(pipe.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", most_s, 0))


def _is_done_in_place(before: CameraJob, job: CameraJob) -> bool:
    """Tell whether a camera's process can take another job over between two frames.

    Where the picture comes from, and what looks at it, is fixed while a process lives.
    """
    settings = before.settings
    same_models = job.settings.pack_id == settings.pack_id
    return same_models and replace(job, settings=settings) == replace(before, alerted=())
