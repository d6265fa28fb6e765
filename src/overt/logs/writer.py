"""Writing lines on standard error, from a thread of its own, so that nobody waits for a reader.

A full disk, a closed pipe or one whose reader has stopped costs lines of the log, which are
counted, and nothing else.
"""

import os
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TextIO

_MOST_WAITING = 1000
_LONGEST_BYTES = 4000
"""Less than what a pipe takes whole (PIPE_BUF): lines of several processes are never mixed."""

_LAST_WORDS_S = 1.0


class LineWriter:
    """Takes lines for a stream; a `structlog` logger, whose methods all do the same."""

    def __init__(self, told_lost: Callable[[int], str], descriptor: int | None = None) -> None:
        """`told_lost` returns the line that says how many were lost.

        Lines go to a `descriptor`, or to what is standard error at the time.
        """
        self._told_lost = told_lost
        self._descriptor = descriptor
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._room = threading.BoundedSemaphore(_MOST_WAITING)
        self._lost = 0
        self._counting = threading.Lock()
        self._over = False
        self._thread = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    def msg(self, line: str) -> None:
        """Take a line, or count it as lost where too many wait."""
        if self._room.acquire(blocking=False):
            self._lines.put(line)
        else:
            self.count_lost()

    debug = info = warning = error = critical = msg

    def count_lost(self) -> None:
        """Count a line that there is not."""
        with self._counting:
            self._lost += 1

    def close(self, wait_s: float = _LAST_WORDS_S) -> None:
        """Write what is left, for so long at most; a descriptor is not to be closed after that."""
        self._lines.put(None)
        self._thread.join(wait_s)
        self._over = True

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None and not self._over:
            self._room.release()
            self._say_lost()
            if not self._write(line):
                self.count_lost()
        self._say_lost()

    def _say_lost(self) -> None:
        with self._counting:
            lost = self._lost
        if lost and self._write(self._told_lost(lost)):
            with self._counting:
                self._lost -= lost

    def _write(self, line: str) -> bool:
        data = line.encode("utf-8", "backslashreplace")[:_LONGEST_BYTES] + b"\n"
        try:
            if self._descriptor is not None:
                _write_whole(self._descriptor, data)
            else:
                _write_on(sys.stderr, data)
        except (OSError, ValueError):  # full, gone, or closed
            return False
        return True


def _write_on(stream: TextIO | None, data: bytes) -> None:
    """Write past the stream's own buffer where it is the process's: a full one would stay locked."""
    usual = sys.__stderr__
    if stream is None:
        raise OSError
    if usual is not None and stream is usual:
        _write_whole(usual.fileno(), data)
    else:
        stream.write(data.decode("utf-8", "replace"))
        stream.flush()


def _write_whole(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
