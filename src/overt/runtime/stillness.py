"""Tells a process that has stopped from one that is only slow: whether it uses the processor.

On a busy machine a camera's process may be late with its word, and must not be ended for that.
One that hangs or was stopped uses no processor time at all, and does not wait for any either.
Only what was seen counts: whoever looks may be kept from looking, by the same busy machine.
"""

from dataclasses import dataclass
from pathlib import Path
from time import monotonic

_PROC = Path("/proc")
_STOPPED, _ASLEEP = "T", "S"
_BUSY = frozenset("RD")  # runs or would run, or waits for the disk
_SEEN_S = 0.5
"""A look tells of no longer than this before it: two looks that are minutes apart saw two moments."""


@dataclass(frozen=True, slots=True)
class _Sample:
    state: str
    ticks: int


class Stillness:
    """Watches one process from the moment it is late. Where the system does not tell, it is never still."""

    def __init__(self) -> None:
        self._last: _Sample | None = None
        self._looked_s = 0.0
        self._still_s = 0.0

    def reset(self) -> None:
        """The process has said something."""
        self._last = None

    def look(self, process_id: int) -> tuple[bool, float]:
        """Return whether it has been stopped by a signal, and for how long it was seen to do nothing.

        The seconds count from the first look after `reset`.
        """
        now_s, sample = monotonic(), _sample(process_id)
        seen_s, self._looked_s = min(now_s - self._looked_s, _SEEN_S), now_s
        if sample is None or sample != self._last or sample.state not in {_STOPPED, _ASLEEP}:
            self._last, self._still_s = sample, 0.0
            return False, 0.0
        self._still_s += seen_s
        return sample.state == _STOPPED, self._still_s


def _sample(process_id: int) -> _Sample | None:
    """Return its main thread's state, or that of one that is busy, and all threads' processor time."""
    folder = _PROC / str(process_id)
    try:
        state, ticks = _stat(folder)
        threads = [_stat(each)[0] for each in (folder / "task").iterdir()]
    except (OSError, IndexError, ValueError):  # it ends, or one of its threads does
        return None
    return _Sample(next(filter(_BUSY.__contains__, threads), state), ticks)


def _stat(folder: Path) -> tuple[str, int]:
    """Return the state, and the ticks of processor time, that the kernel tells in a folder."""
    stat = (folder / "stat").read_text("ascii", "replace")
    after_name = stat.rpartition(")")[2].split()  # the name may hold anything
    return after_name[0], int(after_name[11]) + int(after_name[12])
