"""How much memory a camera's process may have.

It decodes what comes over a network, and a stream can ask for any amount: pictures of 64 megapixels,
sixteen of which H.264 lets a sender keep for later ones. What is asked for beyond the limit is
refused by the kernel, and the process is the only thing that fails: it is started again, and the
other cameras and their parent keep their memory.
"""

import resource
from contextlib import suppress

MOST_BYTES = 4 * 2**30


def limit_memory(most_bytes: int = MOST_BYTES) -> None:
    """Let this process have no more private memory than this, in bytes; never raises.

    It is data that is limited (RLIMIT_DATA, getrlimit(2)), since the address space that libraries
    reserve without using it says nothing.
    """
    with suppress(OSError, ValueError):  # a lower limit stands already
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))
