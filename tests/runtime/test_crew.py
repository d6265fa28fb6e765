"""A crew: work done once each and in order, and no worker in two hands."""

import threading
from collections.abc import Iterator

import pytest

from overt.runtime.crew import Crew, cores


class Worker:
    """Notices when two threads use it at once."""

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self.done = 0

    def square(self, number: int) -> int:
        """Return a number's square; refuse negative ones."""
        assert self._busy.acquire(blocking=False), "a worker in two hands"
        self.done += 1
        self._busy.release()
        if number < 0:
            raise ValueError(number)
        return number * number


def test_everything_is_done_once_and_given_in_order() -> None:
    workers = [Worker(), Worker(), Worker()]

    with Crew(workers) as crew:
        assert list(crew.each(Worker.square, range(100))) == [n * n for n in range(100)]

    assert sum(worker.done for worker in workers) == 100


def test_only_a_few_items_are_taken_ahead() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield number

    with Crew([Worker(), Worker()]) as crew:
        next(crew.each(Worker.square, items()))

    assert taken == 4


def test_what_goes_wrong_is_raised_where_it_is_asked_for() -> None:
    with Crew([Worker()]) as crew, pytest.raises(ValueError, match="-1"):
        list(crew.each(Worker.square, [1, -1, 2]))


def test_there_is_a_core() -> None:
    assert cores() >= 1
