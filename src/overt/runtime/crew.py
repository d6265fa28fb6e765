"""Long jobs shared out over the processor's cores, in threads or in processes, and in order.

A `Crew` is threads, each with tools of its own: networks use one thread each, let go of Python's
lock while they run, and are not safe for several threads, so cores are filled by as many workers.
Drawing and looking hold that lock for much of their time; what needs nothing of its neighbours is
done `side_by_side`, in processes.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context, parent_process
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
        self._size = len(workers)
        self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="crew")

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
        begun = (self._threads.submit(self._do, work, item) for item in items)
        return _in_order(begun, ahead=2 * self._size)

    def _do(self, work: Callable[[_Worker, _Item], _Done], item: _Item) -> _Done:
        worker = self._idle.get()
        try:
            return work(worker, item)
        finally:
            self._idle.put(worker)


def side_by_side(
    work: Callable[[_Item], _Done], items: Sequence[_Item], *, processes: int
) -> Iterator[_Done]:
    """Do `work`, a module's own function, on every item, and give what comes of it, in order.

    What `work` raises is raised here, and nothing further is begun. With one process, or one
    item, it is done in this one. The processes end when this one does, however that comes about.
    """
    size = min(processes, len(items))
    if size <= 1:
        yield from map(work, items)
        return
    # Spawned, since a forked child would inherit threads' locks in whatever state they are in.
    pool = ProcessPoolExecutor(size, get_context("spawn"), initializer=_end_with_parent)
    try:
        yield from _in_order((pool.submit(work, item) for item in items), ahead=2 * size)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(begun: Iterable[Future[_Done]], *, ahead: int) -> Iterator[_Done]:
    """Give what comes of each, the first first, with no more than so many begun and not given."""
    pending: deque[Future[_Done]] = deque()
    for future in begun:
        pending.append(future)
        if len(pending) >= ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _end_with_parent() -> None:
    """Have this process end when its parent has died: nobody is left to take what it does.

    By itself it would wait for the next item for ever.
    """
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()
