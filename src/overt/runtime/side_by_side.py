"""Work that needs nothing of its neighbours, done in several processes at once.

Drawing and looking hold Python's lock for much of their time, so threads would wait for each
other; an evaluation's scenes have nothing to do with one another, so each gets a process.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

_Job = TypeVar("_Job")
_Done = TypeVar("_Done")


def side_by_side(
    work: Callable[[_Job], _Done], jobs: Sequence[_Job], *, processes: int
) -> Iterator[_Done]:
    """Do `work`, a module's own function, on every job, and give what comes of it, in order.

    What `work` raises is raised here, and no further job is begun. With one process, or one job,
    it is done in this one.
    """
    if min(processes, len(jobs)) <= 1:
        yield from map(work, jobs)
        return
    # Spawned, since a forked child would inherit threads' locks in whatever state they are in.
    with ProcessPoolExecutor(min(processes, len(jobs)), get_context("spawn")) as pool:
        try:
            yield from pool.map(work, jobs)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
