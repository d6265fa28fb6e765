"""How much memory a camera's process may have, and giving back what a process does not need.

It decodes what comes over a network, and a stream can ask for any amount: pictures of 64 megapixels,
sixteen of which H.264 lets a sender keep for later ones. What is asked for beyond the limit is
refused by the kernel, and the process is the only thing that fails: it is started again, and the
other cameras and their parent keep their memory.
"""

import ctypes
import gc
import resource
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

MOST_BYTES = 4 * 2**30

_TIDY_EVERY_S = 300.0
_M_ARENA_MAX = -8
"""Of mallopt(3), in the GNU C library's `malloc.h`."""


def limit_memory(most_bytes: int = MOST_BYTES) -> None:
    """Let this process have no more private memory than this, in bytes; never raises.

    It is data that is limited (RLIMIT_DATA, getrlimit(2)), since the address space that libraries
    reserve without using it says nothing.
    """
    with suppress(OSError, ValueError):  # a lower limit stands already
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))


def keep_memory_together() -> None:
    """Let all threads of this process take their memory from one heap; never raises.

    The GNU C library makes a heap for nearly every thread (M_ARENA_MAX, mallopt(3)), and what one
    thread let go of is of no use to another: what lies free in pieces grows over hours. Here few
    threads ask at once, so hardly one waits for another.
    """
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def give_memory_back() -> None:
    """Let go of what nobody refers to any more, and of what lies free between what is in use.

    FFmpeg's objects hang on to each other, and with them the buffers of a stream that was lost: a
    megabyte each time, until Python happens to look for such rings. What the C library had for
    them it keeps in pieces, and takes a megabyte or two more now and then, for ever.
    """
    gc.collect()
    with suppress(AttributeError, OSError):  # a C library that keeps nothing, or does so itself
        ctypes.CDLL(None).malloc_trim(0)


class Tidying:
    """Gives memory back every few minutes, in a process that goes on for hours.

    Python keeps up to 2,000 freed tuples of each length, five megabytes in all, until it happens to
    look at everything for rings; where hardly anything stays, that comes ever more rarely.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._due_s = clock() + _TIDY_EVERY_S

    def tidy_if_due(self) -> None:
        """Give memory back if it is time to; that takes a twentieth of a second."""
        if self._clock() >= self._due_s:
            give_memory_back()
            self._due_s = self._clock() + _TIDY_EVERY_S
