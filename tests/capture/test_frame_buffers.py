"""Frames pass between threads: newest only, or all of them with a bound."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from example_clips import make_frame
from hypothesis import given, settings
from hypothesis import strategies as st

from overt.capture import BoundedQueue, FrameBuffer, NewestFrame
from overt.errors import SourceError
from overt.vocabulary import DropCause

LONG_S = 30.0
KINDS: list[Callable[[], FrameBuffer]] = [NewestFrame, BoundedQueue]


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[threading.Thread]:
    """Run `work` in a thread, and see that it has ended when the block has."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield thread
    thread.join(LONG_S)
    assert not thread.is_alive()


def take_all(buffer: FrameBuffer) -> list[int]:
    taken = []
    while not buffer.finished:
        frame = buffer.take(LONG_S)
        if frame is not None:
            taken.append(frame.sequence)
    return taken


def put_all(buffer: FrameBuffer, count: int) -> None:
    for number in range(count):
        assert buffer.put(make_frame(number))
    buffer.finish()


def test_only_the_newest_frame_is_held_and_the_overtaken_are_counted() -> None:
    buffer = NewestFrame()
    put_all(buffer, 5)

    assert take_all(buffer) == [4]
    assert buffer.dropped == {DropCause.OVERTAKEN: 4}


def test_every_frame_put_is_either_taken_or_counted() -> None:
    buffer = NewestFrame()
    with beside(lambda: put_all(buffer, 2000)):
        taken = take_all(buffer)

    assert taken == sorted(taken)
    assert taken[-1] == 1999
    assert len(taken) + buffer.dropped[DropCause.OVERTAKEN] == 2000


def test_a_bounded_queue_hands_on_everything_in_order() -> None:
    buffer = BoundedQueue(3)
    with beside(lambda: put_all(buffer, 2000)):
        taken = take_all(buffer)

    assert list(range(2000)) == taken
    assert not buffer.dropped


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5), st.integers(0, 12))
def test_a_bounded_queue_never_holds_more_than_its_size(size: int, count: int) -> None:
    buffer = BoundedQueue(size)
    with beside(lambda: put_all(buffer, count)) as producer:
        if count > size:
            producer.join(0.001)
            assert producer.is_alive()
        assert list(range(count)) == take_all(buffer)


@pytest.mark.parametrize("kind", KINDS)
def test_a_taker_waits_for_a_frame_and_gives_up_in_time(kind: Callable[[], FrameBuffer]) -> None:
    buffer = kind()
    assert buffer.take(0) is None
    assert not buffer.finished

    with beside(lambda: buffer.put(make_frame(7))):
        frame = buffer.take(LONG_S)

    assert frame is not None
    assert frame.sequence == 7


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_held_can_be_taken_after_a_failure(kind: Callable[[], FrameBuffer]) -> None:
    buffer = kind()
    failure = SourceError("The camera stopped.", remedy="Look at it.")
    buffer.put(make_frame(0))

    buffer.finish(failure)

    assert take_all(buffer) == [0]
    assert buffer.error is failure
    assert buffer.take(LONG_S) is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_held_or_comes_when_it_is_stopped_is_counted(
    kind: Callable[[], FrameBuffer],
) -> None:
    buffer = kind()
    buffer.put(make_frame(0))

    buffer.stop()

    assert not buffer.put(make_frame(1))
    assert buffer.dropped == {DropCause.LEFT: 2}


@pytest.mark.parametrize("kind", KINDS)
def test_stopping_releases_a_taker_that_waits(kind: Callable[[], FrameBuffer]) -> None:
    buffer = kind()
    with beside(lambda: take_all(buffer)):
        buffer.stop()

    assert buffer.finished


@pytest.mark.parametrize("kind", KINDS)
def test_stopping_releases_the_producer_and_wants_no_more(
    kind: Callable[[], FrameBuffer],
) -> None:
    buffer = kind()
    answers: list[bool] = []

    def produce() -> None:
        while buffer.put(make_frame(len(answers))):
            answers.append(True)

    with beside(produce):
        assert buffer.take(LONG_S) is not None
        buffer.stop()

    assert buffer.finished
    assert buffer.take(0) is None
    assert not buffer.put(make_frame(0))
