"""A process that asks for more memory than it may have fails, and nothing beside it."""

import subprocess
import sys

_GREEDY = """
import numpy as np
from overt.runtime.memory_limit import limit_memory
limit_memory(600 * 2**20)
small = np.ones(50 * 2**20, np.uint8)
try:
    np.ones(600 * 2**20, np.uint8)
except MemoryError:
    print("refused")
limit_memory(900 * 2**20)
try:
    np.ones(600 * 2**20, np.uint8)
except MemoryError:
    print("refused again")
"""


def test_what_is_beyond_the_limit_is_refused_and_the_limit_is_never_raised() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _GREEDY], capture_output=True, check=True, text=True
    )

    assert ended.stdout.split("\n") == ["refused", "refused again", ""]


_IN_PIECES = """
from pathlib import Path
from overt.runtime.memory_limit import give_memory_back

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

blocks = [bytearray(100_000) for _ in range(2000)]
kept = blocks[9::10]
del blocks
before_mb = resident_mb()
give_memory_back()
print(before_mb - resident_mb())
"""


def test_what_lies_free_between_what_is_in_use_is_given_back() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _IN_PIECES], capture_output=True, check=True, text=True
    )

    assert float(ended.stdout) > 100


_MANY_TUPLES = """
import sys
from overt.runtime.memory_limit import Tidying

now_s = 0.0
tidying = Tidying(lambda: now_s)
tuples = [(each,) * 7 for each in range(2000)]
del tuples
before = sys.getallocatedblocks()
tidying.tidy_if_due()
print(before - sys.getallocatedblocks())
now_s = 301.0
tidying.tidy_if_due()
print(before - sys.getallocatedblocks())
"""


def test_what_python_keeps_of_what_was_freed_is_given_back_now_and_then() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _MANY_TUPLES], capture_output=True, check=True, text=True
    )
    too_soon, in_time = map(int, ended.stdout.split())

    assert too_soon < 100
    assert in_time >= 2000


_MANY_THREADS = """
import ctypes
from threading import Barrier, Thread
from overt.runtime.memory_limit import keep_memory_together

if {together}:
    keep_memory_together()
all_have = Barrier(8)

def take():
    kept = [bytearray(2000) for _ in range(100)]
    all_have.wait()

threads = [Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
library = ctypes.CDLL(None)
library.fdopen.restype = ctypes.c_void_p
library.malloc_info(0, ctypes.c_void_p(library.fdopen(1, b"w")))
library.fflush(None)
"""


def _heaps(*, together: bool) -> int:
    program = _MANY_THREADS.format(together=together)
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    return ended.stdout.count("<heap nr=")


def test_threads_take_their_memory_from_one_heap() -> None:
    assert _heaps(together=False) > 1
    assert _heaps(together=True) == 1
