"""Workers that share out a long job: one thread each, and nobody's tools in two hands at once.

The networks that each worker holds use one thread, let go of Python's lock while they run, and
are not safe for several threads; so cores are filled by as many workers.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

_Worker = TypeVar("_Worker")
_Item = TypeVar("_Item")
_Done = TypeVar("_Done")


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0))


class Crew(Generic[_Worker]):
    """A few workers and as many threads. Use it in a `with` statement, from one thread."""

    def __init__(self, workers: Sequence[_Worker]) -> None:
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in workers:
            self._idle.put(worker)
        self._most_pending = 2 * len(workers)
        self._threads = ThreadPoolExecutor(len(workers), thread_name_prefix="crew")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def each(
        self, work: Callable[[_Worker, _Item], _Done], items: Iterable[_Item]
    ) -> Iterator[_Done]:
        """Do `work` on every item and give what comes of it, in order.

        Only a few items are taken ahead. What `work` raises is raised here.
        """
        pending: deque[Future[_Done]] = deque()
        for item in items:
            pending.append(self._threads.submit(self._do, work, item))
            if len(pending) >= self._most_pending:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

    def _do(self, work: Callable[[_Worker, _Item], _Done], item: _Item) -> _Done:
        worker = self._idle.get()
        try:
            return work(worker, item)
        finally:
            self._idle.put(worker)
