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
