"""A live source that is opened again for as long as it is wanted, and is never behind.

Cameras in the street lose their power, their network and their clock. Whatever ends a stream is
counted, and the stream opened anew after a wait that grows, or as soon as somebody answers at the
camera's door; a picture that comes too late to be acted on is dropped. What blocks for ever inside
a library is not ended here: the supervisor ends the process.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import inf
from typing import Self

from overt.capture.backlog import BehindError
from overt.capture.freshness import Freshness
from overt.capture.knocking import Ask, Door
from overt.capture.source import FrameSource, NothingUsableError
from overt.capture.stillness import Stillness
from overt.errors import SourceError
from overt.values import Frame, SourceInfo
from overt.vocabulary import DropCause, LinkState, LossCause

OLDEST_S = 3.0
"""A picture this old is no longer live: whoever was in it is not there any more (promise R4)."""

_BEHIND_S = 5.0  # of nothing but late pictures; a new stream has no backlog
_STEADY_S = 10.0  # a stream that lasted so long was no flash in the pan
_ANEW_S = 30.0  # news lets waits begin anew no oftener than this
_NAP_S = 0.05
_LEAST_S = 1e-3  # between the frames of two streams


class BackOff:
    """Waits between tries: they double from `first_s` up to `most_s`, each shortened at random.

    Random waits keep the cameras of one switch from coming back all in the same moment. The first
    `at_once` tries wait `first_s` each, before waits double. `tries` says how many have failed
    already.
    """

    def __init__(
        self,
        first_s: float = 0.5,
        most_s: float = 30.0,
        chance: Callable[[], float] = random.random,
        *,
        at_once: int = 1,
        tries: int = 0,
    ) -> None:
        self.tries = tries
        self._at_once = at_once
        self._first_s = first_s
        self._most_s = most_s
        self._chance = chance

    def next_s(self) -> float:
        """Return how long to wait before the next try, in seconds: half to all of the step."""
        doublings = min(max(0, self.tries - self._at_once + 1), 32)
        step_s = min(self._most_s, self._first_s * 2.0**doublings)
        self.tries += 1
        return step_s * (0.5 + 0.5 * self._chance())

    def reset(self) -> None:
        """Begin with the shortest wait again."""
        self.tries = 0


@dataclass(frozen=True, slots=True)
class Link:
    """How a live source is connected: since when, how often it was lost and why, for how long.

    `for_s` is how long `state` has lasted; a source is lost since its last picture. `lost_s` is all
    the time for which it was lost or not open yet. `why` is why it was lost last; it never shows
    credentials.
    `still_s` is for how long its picture has not changed at all.
    """

    state: LinkState = LinkState.PLAYING
    for_s: float = 0.0
    reconnects: int = 0
    losses: Counter[LossCause] = field(default_factory=Counter)
    lost_s: float = 0.0
    why: str = ""
    still_s: float = 0.0


class Lasting:
    """A FrameSource that outlasts its streams: iterated until `wanted` says no.

    Its frames' presentation times run on over a gap by as much as really passed, and their
    sequence runs on as well. `link` may be asked for in any thread. `ask` knocks at the camera's
    door during a wait; an answer that is news ends the wait. With a back-off that has tries behind
    it, it begins with a wait.
    """

    def __init__(  # noqa: PLR0913  clocks are for tests
        self,
        shown: str,
        open_stream: Callable[[], FrameSource],
        wanted: Callable[[], bool],
        *,
        back_off: BackOff | None = None,
        ask: Ask = lambda: "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.info = SourceInfo(shown, 0, 0, None, None, None, live=True)
        self.note: str | None = None
        self._open_stream = open_stream
        self._wanted = wanted
        self._back_off = back_off or BackOff()
        self._door = Door(ask, clock=clock)
        self._anew_s = -inf
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._link = Link(LinkState.LOST if self._back_off.tries else LinkState.OPENING)
        self._since_s = self._seen_s = clock()
        self._came = 0
        self._dropped: Counter[DropCause] = Counter()
        self._stream: FrameSource | None = None
        self._placing = _Placing()
        self._stillness = Stillness()

    @property
    def dropped(self) -> Counter[DropCause]:
        """What was delivered and not handed on, over all streams."""
        with self._lock:
            # Copied first: adding up goes key by key, and the stream may count a new cause meanwhile.
            return self._dropped + Counter(self._stream.dropped if self._stream else {})

    def link(self) -> Link:
        """Return how the source is connected now."""
        with self._lock:
            for_s = self._clock() - self._since_s
            gone = 0.0 if self._link.state is LinkState.PLAYING else for_s
            still_s = self._stillness.still_s
            return replace(
                self._link, for_s=for_s, lost_s=self._link.lost_s + gone, still_s=still_s
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        if self._back_off.tries:
            self._wait()
        while self._wanted():
            try:
                yield from self._one_stream()
            except SourceError as error:
                self._lose(error)
            self._wait()

    def close(self) -> None:
        """Let go of the stream; harmless when repeated."""
        stream = self._let_go()
        if stream is not None:
            stream.close()

    def _accounted(self) -> int:
        """Return how many pictures earlier streams delivered, handed on or not."""
        came_as_well = self._dropped[DropCause.LATE] + self._dropped[DropCause.UNSETTLED]
        return self._came + self._dropped.total() - came_as_well

    def _let_go(self) -> FrameSource | None:
        """Have no stream any more, and keep what it counted."""
        with self._lock:
            stream, self._stream = self._stream, None
            if stream is not None:
                self._dropped += stream.dropped
            return stream

    def _one_stream(self) -> Iterator[Frame]:
        with self._open_stream() as stream:
            self._stream, self.info = stream, stream.info
            self._placing.begin(self._accounted())
            began_s, late_since_s = self._clock(), inf
            for frame in stream:
                self._came += 1
                now_s = self._clock()
                self._turn(LinkState.PLAYING)
                if self._stillness.due(now_s):
                    self._stillness.look(frame.image, now_s)
                if now_s - began_s > _STEADY_S:
                    self._back_off.reset()
                    self._door.forget()
                placed, age_s = self._placing.place(frame, now_s)
                late_since_s = inf if age_s <= OLDEST_S else min(late_since_s, now_s)
                if age_s > OLDEST_S:
                    self._drop(DropCause.LATE)
                elif not self._placing.settled:
                    self._drop(DropCause.UNSETTLED)
                else:
                    self._seen_s = now_s
                    yield placed
                if now_s - late_since_s > _BEHIND_S:
                    raise BehindError(self.info.source, OLDEST_S)
                if not self._wanted():
                    return
        raise SourceError(
            f"{self.info.source} came to its end.", remedy="Check that it is a live camera."
        )

    def _drop(self, cause: DropCause) -> None:
        with self._lock:
            self._dropped[cause] += 1

    def _lose(self, error: SourceError) -> None:
        opened = self._let_go() is not None
        cause = LossCause.BROKEN if opened else LossCause.NOT_OPENED
        if isinstance(error, BehindError):
            cause = LossCause.BEHIND
            self._back_off.reset()  # it delivers: a new stream is all that it needs
        with self._lock:
            if isinstance(error, NothingUsableError):
                self._dropped += error.dropped
            losses = self._link.losses + Counter({cause: 1})
            self._link = replace(self._link, losses=losses, why=error.message)
        self._turn(LinkState.LOST)

    def _turn(self, state: LinkState) -> None:
        with self._lock:
            before = self._link
            if before.state is state:
                return
            now_s = self._clock()
            gone_s = 0.0 if before.state is LinkState.PLAYING else now_s - self._since_s
            again = state is LinkState.PLAYING and bool(before.losses)
            self._since_s = self._seen_s if before.state is LinkState.PLAYING else now_s
            self._seen_s = now_s
            self._link = replace(
                before,
                state=state,
                lost_s=before.lost_s + gone_s,
                reconnects=before.reconnects + again,
            )

    def _wait(self) -> None:
        """Wait until the next try is due, or somebody answers at the door who did not before."""
        until_s = self._clock() + self._back_off.next_s()
        self._door.rest()
        while self._wanted() and self._clock() < until_s:
            if self._door.has_news():
                self._begin_anew()
                break
            self._sleep(_NAP_S)
        self._turn(LinkState.OPENING)

    def _begin_anew(self) -> None:
        """Try soon again if this try fails: a camera that boots may answer before it delivers.

        One that comes and goes for ever gains nothing by it, or hardly anything.
        """
        if self._clock() - self._anew_s > _ANEW_S:
            self._anew_s = self._clock()
            self._back_off.reset()


class _Placing:
    """Puts the frames of all streams on one line of time, and tells how old each is."""

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._placed_s = inf
        self._last_s = -_LEAST_S
        self._base = 0
        self._freshness = Freshness()

    @property
    def settled(self) -> bool:
        """Whether the ages of this stream's pictures can be believed yet."""
        return self._freshness.settled

    def begin(self, sequence: int) -> None:
        """A new stream begins, whose first picture has this number."""
        self._offset_s = None
        self._base = sequence
        self._freshness = Freshness()

    def place(self, frame: Frame, now_s: float) -> tuple[Frame, float]:
        """Return a frame as part of the whole, and how old it is in seconds."""
        if self._offset_s is None:
            gap_s = max(_LEAST_S, now_s - self._placed_s)
            self._offset_s = self._last_s + gap_s - frame.presentation_s
        age_s = self._freshness.age_s(frame.presentation_s, now_s)
        self._last_s = max(self._last_s + 1e-6, self._offset_s + frame.presentation_s)
        self._placed_s = now_s
        placed = replace(
            frame,
            sequence=self._base + frame.sequence,
            presentation_s=self._last_s,
            captured_at=frame.captured_at - timedelta(seconds=age_s),
            monotonic_s=frame.monotonic_s - age_s,
        )
        return placed, age_s
