"""Live sources that come back: counted, timed, and never behind."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Self

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from overt.capture import BackOff, Lasting
from overt.capture.backlog import BehindError
from overt.capture.source import NothingUsableError
from overt.errors import SourceError
from overt.values import Frame, RGBImage, SourceInfo
from overt.vocabulary import DropCause, LinkState, LossCause

PICTURE = np.zeros((4, 4, 3), np.uint8)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SETTLING = 3
"""So many pictures of a `steady` stream come before it is known that none had piled up."""


@dataclass(slots=True)
class Clock:
    """A monotonic clock that goes on when somebody sleeps, or a frame takes its time."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds


@dataclass(slots=True)
class Stream:
    """A stream of frames: each by its own stamp, and when it arrives after the one before."""

    clock: Clock
    frames: list[tuple[float, float]]
    fails: bool = True
    shown: Callable[[int], RGBImage] = lambda _number: PICTURE
    info: SourceInfo = field(
        default_factory=lambda: SourceInfo("a camera", 4, 4, 25.0, None, None, live=True)
    )
    dropped: Counter[DropCause] = field(default_factory=Counter)
    note: str | None = None
    closed: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.closed = True

    def close(self) -> None:
        """Let go of it."""
        self.closed = True

    def __iter__(self) -> Iterator[Frame]:
        for number, (stamp_s, after_s) in enumerate(self.frames):
            self.clock.now_s += after_s
            yield Frame("gate", number, stamp_s, NOON, self.clock.now_s, self.shown(number))
        if self.fails:
            raise SourceError("a camera stopped sending.", remedy="Check it.")


def steady(clock: Clock, seconds: float, every_s: float = 0.1) -> Stream:
    """A stream that delivers promptly."""
    return Stream(clock, [(k * every_s, every_s) for k in range(round(seconds / every_s))])


def wanting(clock: Clock, streams: list[Stream | SourceError]) -> Lasting:
    """A source of these streams, wanted until the last one is over."""
    left = list(streams)

    def opened() -> Stream:
        stream = left.pop(0)
        if isinstance(stream, SourceError):
            raise stream
        return stream

    source = Lasting(
        "a camera",
        opened,
        lambda: bool(left) or source.link().state is not LinkState.OPENING,
        back_off=BackOff(chance=lambda: 1.0),
        clock=clock,
        sleep=clock.sleep,
    )
    return source


REFUSED = SourceError("a camera refuses the connection.", remedy="Check the port.")


def test_a_stream_that_breaks_is_opened_again_and_time_runs_on() -> None:
    clock = Clock()
    source = wanting(clock, [steady(clock, 1.0), REFUSED, steady(clock, 1.0)])

    frames = list(source)

    assert [frame.sequence for frame in frames] == [*range(SETTLING, 10), *range(10 + SETTLING, 20)]
    gap_s = frames[7].presentation_s - frames[6].presentation_s
    # Two waits, the first frame's, and those that are not known to be live yet.
    assert gap_s == pytest.approx(0.5 + 1.0 + 0.1 + SETTLING * 0.1, abs=0.1)
    link = source.link()
    assert link.losses[LossCause.NOT_OPENED] == 1
    assert link.losses[LossCause.BROKEN] >= 1
    assert link.reconnects == 1
    assert "stopped sending" in link.why


def test_time_without_a_stream_is_added_up() -> None:
    clock = Clock()
    source = wanting(clock, [REFUSED, REFUSED, steady(clock, 1.0)])

    list(source)

    # Waits of 0.5 and 1 s before the first picture, the 0.1 s until it came, and 2 s after it.
    assert source.link().lost_s == pytest.approx(0.5 + 1.0 + 0.1 + 2.0, abs=0.2)


def test_what_comes_too_late_is_dropped_and_counted_as_late() -> None:
    """R-31 and promise R4: nobody is alerted about whoever was there a while ago."""
    clock = Clock()
    prompt = [(k * 0.1, 0.1) for k in range(20)]
    held_up = [(2.0, 4.0)]  # for four seconds nothing, then all of it at once
    burst = [(2.1 + k * 0.1, 0.001) for k in range(39)]
    stream = Stream(clock, prompt + held_up + burst)
    source = wanting(clock, [stream])

    frames = list(source)

    late = source.dropped[DropCause.LATE]
    assert len(frames) + late + source.dropped[DropCause.UNSETTLED] == 60
    assert late == pytest.approx(10, abs=2)
    assert all(clock.now_s - frame.monotonic_s < 60 for frame in frames)
    ages = [NOON - frame.captured_at for frame in frames]
    assert max(age.total_seconds() for age in ages) <= 3.0


@given(
    kept_s=st.floats(0.0, 20.0),
    times=st.floats(1.5, 60.0),
    jitter=st.lists(st.floats(0, 0.04), min_size=20, max_size=20),
)
def test_what_a_relay_had_kept_is_never_taken_for_live(
    kept_s: float, times: float, jitter: list[float]
) -> None:
    """Promise R4: it begins with all since its last key picture, so many times as fast as filmed."""
    assume(kept_s / (times - 1) < 8.0)  # or else nobody could wait until it is through
    clock, began_s = Clock(), Clock().now_s
    arrives = [
        max(k * 0.04 / times, k * 0.04 - kept_s) + jitter[k % 20]
        for k in range(round(kept_s * 25 + 500))
    ]
    waits = [max(0.0, b - a) for a, b in pairwise([0.0, *accumulate(arrives, max)])]
    source = wanting(clock, [Stream(clock, [(k * 0.04, wait) for k, wait in enumerate(waits)])])

    ages = [(clock() - began_s) - (frame.sequence * 0.04 - kept_s) for frame in source]

    assert max(ages) < 0.5
    assert len(ages) > 25 * (20.0 - kept_s / (times - 1) - 1.0), "and all after that"


def test_a_clock_that_runs_twice_as_fast_is_waited_for_no_longer_than_a_relay() -> None:
    clock = Clock()
    stream = Stream(clock, [(k * 0.08, 0.04) for k in range(1000)])
    source = wanting(clock, [stream])

    assert len(list(source)) == pytest.approx(750, abs=5)


@pytest.mark.parametrize("rate", [0.98, 1.0, 1.02], ids=str)
def test_a_gap_is_as_long_as_it_was_whatever_the_camera_s_clock_does(rate: float) -> None:
    """Or a track would go on across it, with somebody else's face."""
    clock = Clock()
    streams = [
        Stream(clock, [(k * 0.1 * rate + (9.0 if k > 50 else 0.0), 0.1) for k in range(3000)])
        for _ in range(2)
    ]
    source = wanting(clock, [streams[0], REFUSED, streams[1]])
    came = [(frame.presentation_s, clock()) for frame in source]

    (gap,) = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(came) if b[1] - a[1] > 1.0]
    assert gap[0] == pytest.approx(gap[1], abs=0.1)


def test_lost_is_a_source_since_its_last_picture() -> None:
    """What is told of a silent stream comes seconds later; nobody saw anything meanwhile."""
    clock = Clock()

    class Silent(Stream):
        def __iter__(self) -> Iterator[Frame]:
            yield from steady(clock, 5.0)
            clock.sleep(3.5)
            raise SourceError("a camera fell silent.", remedy="Check it.")

    short = Stream(clock, [(0.0, 0.1)])  # lost again before it is known whether it is live
    source = wanting(clock, [Silent(clock, []), short, Silent(clock, [])])
    came_s = [clock() for _ in source]

    unseen_s = max(b - a for a, b in pairwise(came_s)) + (clock() - came_s[-1])
    assert source.link().lost_s == pytest.approx(unseen_s, abs=0.1 + 2 * SETTLING * 0.1 + 0.2)


def test_what_a_failed_try_delivered_is_counted() -> None:
    clock, damaged = Clock(), Counter({DropCause.DAMAGED: 60})
    useless = NothingUsableError("Not one picture.", dropped=damaged)
    source = wanting(clock, [useless, useless, steady(clock, 1.0)])

    frames = list(source)

    assert source.dropped[DropCause.DAMAGED] == 120
    assert frames[0].sequence == 120 + SETTLING


def test_a_picture_that_stays_the_same_is_noticed_over_all_streams_and_goes_on() -> None:
    clock = Clock()
    other = PICTURE.copy()
    other[0, 0, 0] = 1
    first, second = steady(clock, 20.0, 0.5), steady(clock, 60.0, 0.5)
    second.shown = lambda number: other if number >= 60 else PICTURE  # somebody walks past
    source = wanting(clock, [first, second])

    still_s = [source.link().still_s for _ in source]

    assert len(still_s) == 39 + 119
    assert still_s[38] == pytest.approx(19.0, abs=1.0)
    assert still_s[97] == pytest.approx(49.0, abs=2.0)
    assert still_s[98:100] == [0.0, 0.0]
    assert still_s[-1] == pytest.approx(29.0, abs=1.0)
    assert source.link().losses.total() == 2


def test_while_no_picture_comes_none_stays_the_same() -> None:
    """A camera that sends its first picture again and again is lost, and not frozen."""
    clock = Clock()
    source = wanting(clock, [steady(clock, 1.0), *[REFUSED] * 6, steady(clock, 1.0)])
    began_s = clock()

    still_s = [source.link().still_s for _ in source]

    assert clock() - began_s > 60.0
    assert max(still_s) < 5.0


def test_what_the_last_stream_dropped_is_counted_after_it_is_closed() -> None:
    clock = Clock()
    stream = steady(clock, 1.0)
    source = Lasting("a camera", lambda: stream, lambda: True, clock=clock, sleep=clock.sleep)
    frames = iter(source)
    next(frames)
    stream.dropped[DropCause.DAMAGED] = 7

    source.close()

    assert source.dropped == {DropCause.DAMAGED: 7, DropCause.UNSETTLED: SETTLING}


def test_what_is_dropped_can_be_asked_for_while_a_stream_counts_in_another_thread() -> None:
    """A cause that is counted for the first time makes the counter larger."""
    clock = Clock()
    stream, over = steady(clock, 1.0), threading.Event()
    source = Lasting("a camera", lambda: stream, lambda: True, clock=clock, sleep=clock.sleep)
    frames = iter(source)
    next(frames)

    def count() -> None:
        while not over.is_set():
            stream.dropped.clear()
            for cause in DropCause:
                stream.dropped[cause] += 1

    counting, interval_s = threading.Thread(target=count), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    counting.start()
    try:
        told = [source.dropped for _ in range(20_000)]
    finally:
        sys.setswitchinterval(interval_s)
        over.set()
        counting.join()
    settling = Counter({DropCause.UNSETTLED: SETTLING})
    assert all(set((each - settling).values()) <= {1} for each in told)


def test_what_a_stream_dropped_after_its_last_picture_is_numbered_as_well() -> None:
    clock = Clock()
    streams = [steady(clock, 0.5), steady(clock, 0.6)]
    streams[0].dropped[DropCause.PASSED_OVER] = 40

    frames = list(wanting(clock, [*streams]))

    assert [frame.sequence for frame in frames] == [3, 4, 48, 49, 50]


def test_a_stream_that_stays_behind_is_opened_anew() -> None:
    clock = Clock()
    behind = [(k * 0.1, 0.1) for k in range(10)] + [(1.0, 6.0)]
    behind += [(1.1 + k * 0.1, 0.1) for k in range(100)]
    source = wanting(clock, [Stream(clock, behind), steady(clock, 1.0)])

    frames = list(source)

    assert source.link().losses[LossCause.BEHIND] == 1
    assert len(frames) == 20 - 2 * SETTLING
    assert source.dropped[DropCause.LATE] > 40


def test_who_is_behind_again_and_again_does_not_wait_longer_each_time() -> None:
    """A machine that is too busy would else see next to nothing of its cameras."""
    clock = Clock()
    behind = [BehindError("a camera", 1.5) for _ in range(6)]
    source = wanting(clock, [*behind, steady(clock, 1.0)])
    began_s = clock()

    assert list(source)
    assert clock() - began_s < 8.0, "and not half a minute"


@given(drift=st.floats(-0.02, 0.02), jitter=st.lists(st.floats(0, 0.2), min_size=50, max_size=50))
def test_a_clock_that_runs_wrong_makes_nothing_late(drift: float, jitter: list[float]) -> None:
    clock = Clock()
    stamps = [(k * 0.1 * (1 + drift), 0.1 + each) for k, each in enumerate(jitter * 10)]
    arrivals = 0.0
    prompt = []
    for number, (stamp_s, _) in enumerate(stamps):
        due = number * 0.1 + jitter[number % 50]
        prompt.append((stamp_s, max(0.0, due - arrivals)))
        arrivals = max(arrivals, due)
    source = wanting(clock, [Stream(clock, prompt)])

    frames = list(source)
    assert len(frames) + source.dropped[DropCause.UNSETTLED] == len(stamps)
    assert len(frames) > len(stamps) - 25, "which ends, though the jitter is large"


@given(st.lists(st.sampled_from(["refused", "short", "long"]), min_size=1, max_size=8))
def test_whatever_happens_presentation_and_sequence_rise(history: list[str]) -> None:
    clock = Clock()
    made: dict[str, Callable[[], Stream | SourceError]] = {
        "refused": lambda: REFUSED,
        "short": lambda: steady(clock, 0.3),
        "long": lambda: steady(clock, 15.0, 0.5),
    }
    source = wanting(clock, [made[each]() for each in history])

    frames = list(source)

    assert all(a.presentation_s < b.presentation_s for a, b in pairwise(frames))
    assert all(a.sequence < b.sequence for a, b in pairwise(frames))
    assert source.link().losses.total() == len(history)


def test_waits_double_to_half_a_minute_and_begin_anew_after_a_steady_stream() -> None:
    back_off = BackOff(chance=lambda: 1.0)
    waits = [back_off.next_s() for _ in range(9)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    back_off.reset()
    assert back_off.next_s() == 0.5


def test_the_first_few_tries_need_not_wait_longer() -> None:
    back_off = BackOff(0.1, chance=lambda: 1.0, at_once=3)
    assert [back_off.next_s() for _ in range(6)] == pytest.approx([0.1, 0.1, 0.1, 0.2, 0.4, 0.8])


@given(st.floats(0, 1), st.integers(1, 50))
def test_each_wait_is_shortened_by_half_at_most(chance: float, tries: int) -> None:
    back_off, longest = BackOff(chance=lambda: chance), BackOff(chance=lambda: 1.0)
    for _ in range(tries):
        wait_s, most_s = back_off.next_s(), longest.next_s()
        assert most_s / 2 <= wait_s <= most_s <= 30


@dataclass(slots=True)
class Booting:
    """A camera that is away, then answers at its door, and delivers a while after that."""

    clock: Clock
    answers_s: float
    delivers_s: float
    flaps: bool = False
    tries: list[float] = field(default_factory=list)

    says: Callable[[], str] = lambda: "401"

    def word(self) -> str:
        """What its door says."""
        away = self.clock() < self.answers_s or (self.flaps and int(self.clock() / 5) % 2)
        return "" if away else self.says()

    def open_stream(self) -> Stream:
        """Try it in full."""
        self.tries.append(self.clock())
        if self.clock() < self.delivers_s:
            raise REFUSED
        return steady(self.clock, 1.0)

    def first_picture_s(self, *, tries: int = 0) -> float:
        """Try until it delivers, and return when its first picture was there."""
        source = Lasting(
            "a camera",
            self.open_stream,
            lambda: True,
            back_off=BackOff(chance=lambda: 1.0, tries=tries),
            ask=self.word,
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        next(iter(source))
        return self.clock()


@given(st.floats(1.0, 600.0))
def test_a_camera_that_answers_again_is_tried_at_once_however_long_it_was_away(
    away_s: float,
) -> None:
    clock = Clock()
    back_s = clock() + away_s
    booting = Booting(clock, back_s, back_s)

    assert booting.first_picture_s() - back_s <= 3.0
    assert len(booting.tries) <= 8 + away_s / 15, "waits have grown meanwhile"


@given(st.floats(60.0, 300.0), st.floats(0.0, 7.0))
def test_a_camera_that_answers_before_it_delivers_is_tried_again_soon(
    away_s: float, boots_s: float
) -> None:
    clock = Clock()
    back_s = clock() + away_s
    booting = Booting(clock, back_s, back_s + boots_s)

    assert booting.first_picture_s() - (back_s + boots_s) <= 3.0 + boots_s


def test_a_door_that_answers_for_ever_does_not_keep_waits_from_growing() -> None:
    clock = Clock()
    booting = Booting(clock, 0.0, clock() + 600.0)

    booting.first_picture_s()

    waits = [after - before for before, after in pairwise(booting.tries)]
    assert max(waits) == pytest.approx(30.0, abs=0.2)
    assert len(waits) <= 40


def test_a_door_that_comes_and_goes_is_tried_seldom_all_the_same() -> None:
    clock = Clock()
    booting = Booting(clock, 0.0, clock() + 600.0, flaps=True)

    booting.first_picture_s()

    assert len(booting.tries) <= 600 / 4


def test_a_door_that_answers_in_two_ways_in_turn_is_tried_seldom() -> None:
    """As of a relay that knows its camera, and then does not; every try gives the password away."""
    clock = Clock()
    booting = Booting(clock, 0.0, clock() + 600.0)
    booting.says = lambda: ("404", "503")[int(clock() / 2) % 2]

    booting.first_picture_s()

    assert len(booting.tries) <= 40


def test_a_source_that_has_failed_before_begins_with_a_wait() -> None:
    clock = Clock()
    booting = Booting(clock, clock() + 3600.0, 0.0)

    first_s = 1000.0 + 4.0 + 0.1 * (1 + SETTLING)
    assert booting.first_picture_s(tries=3) == pytest.approx(first_s, abs=0.2)


def test_nothing_is_opened_that_nobody_wants() -> None:
    source = Lasting("a camera", lambda: pytest.fail("opened"), lambda: False)
    assert list(source) == []
    source.close()
