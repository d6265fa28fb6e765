"""The parent's side of decoding pictures: it starts the process that does it, and trusts it little.

Nothing that comes back is believed before it is checked: each answer's kind, its sizes, the
number of its bytes and the time it takes. A process that fails in any of these, or dies, is
killed, and the picture it had in hand is refused. See `overt.watchlist.decoding` for the other
side, and docs/decisions/0014-pictures-decoded-apart.md for the reasons.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

import numpy as np

from overt.errors import ImageError, OvertError
from overt.values import RGBImage
from overt.watchlist.decoding import (
    ANSWER,
    OPENED,
    PICTURE,
    READY,
    REFUSED,
    REQUEST,
)
from overt.watchlist.pictures import MAX_BYTES, MAX_PIXELS, REMEDY, WORKING_SIDE_PX

LIMIT_S = 0.9
"""What a picture may take, so that its refusal is out within a second.

Where nothing lets its process run, on a busy machine or one that stood still, that is no fault of
the picture: it may then take so much processor time, and ten times as long by the clock.
"""

PIXELS_A_SECOND = 10_000_000
"""What a larger picture may take beyond that: five times longer than a large JPEG was seen to."""

_BUSY_TIMES = 10
"""How many times its limit a picture may take by the clock, where its process is kept from running."""

_START_S = 30.0  # 0.2 s on a quiet machine
_LONGEST_TEXT = 400
_COMMAND = (sys.executable, "-I", "-m", "overt.watchlist.decoding")


class Decoder:
    """Decodes reference pictures in a limited process, one at a time; for one thread.

    The process starts with the first picture, serves many, and is replaced when it fails. Use
    as a context manager: leaving it ends the process.
    """

    def __init__(self, *, limit_s: float = LIMIT_S, command: Sequence[str] = _COMMAND) -> None:
        self._limit_s = limit_s
        self._command = tuple(command)
        self._process: _Process | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def decode(self, data: bytes) -> RGBImage:
        """Return the picture in `data`, as `overt.watchlist.pictures.decode_picture` does.

        Raises:
            ImageError: it was refused, took too long, or ended the process that decoded it.
            OvertError: no such process can be started here.
        """
        if len(data) > MAX_BYTES:
            raise ImageError(f"The picture is larger than {MAX_BYTES >> 20} MB.", remedy=REMEDY)
        process = self._ready()
        try:
            answer = process.ask(data, self._limit_s)
        except BaseException:
            self.close()  # what it is doing by now is unknown
            raise
        if isinstance(answer, str):
            raise ImageError(answer, remedy=REMEDY)
        return answer

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def _ready(self) -> "_Process":
        """Return a process that waits for a picture: the same as before, unless it is at fault."""
        if self._process is not None and not self._process.waits():
            self.close()
        if self._process is None:
            try:
                self._process = _Process(self._command)
                self._process.await_start()
            except OSError as error:  # there is no such program, or no room for a process
                self.close()
                raise _no_start() from error
            except BaseException:
                self.close()
                raise
        return self._process


class _Process:
    """One process, from its start to its end."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._pipes = (self._process.stdin, self._process.stdout)
        self._to, self._from = (pipe.fileno() for pipe in self._pipes)
        for pipe in (self._to, self._from):
            os.set_blocking(pipe, False)
        self._begun_s = monotonic()
        self._until_s = self._begun_s + _START_S
        self._limit_s = self._used_s = 0.0

    def await_start(self) -> None:
        """Wait until it has shut itself in.

        Raises:
            OvertError: it ends, or takes too long, before.
        """
        try:
            kind, _, _ = self._answer()
        except ImageError as error:
            raise _no_start() from error
        if kind != READY:
            raise _no_start()

    def waits(self) -> bool:
        """Tell whether it is alive and silent, as it must be before it is asked."""
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        return not poll.poll(0)

    def ask(self, data: bytes, limit_s: float) -> RGBImage | str:
        """Return the picture in `data`, or why it is refused.

        Raises:
            ImageError: the process failed at it.
        """
        self._begun_s = monotonic()
        self._used_s, _ = self._processor()
        self._allow(limit_s)
        self._send(REQUEST.pack(len(data)))
        self._send(data)
        kind, first, second = self._answer()
        if kind == OPENED and 0 < first <= MAX_PIXELS:
            self._allow(max(limit_s, first / PIXELS_A_SECOND))
            kind, first, second = self._answer()
        if kind == REFUSED and first <= _LONGEST_TEXT:
            return self._text(first)
        if kind == PICTURE and all(0 < side <= WORKING_SIDE_PX for side in (first, second)):
            return self._picture(first, second)
        raise _nonsense()

    def end(self) -> None:
        """Kill it and all that it may have started, and leave nothing of it behind."""
        os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in self._pipes:
            pipe.close()
        self._process.wait()

    def _answer(self) -> tuple[bytes, int, int]:
        header = bytearray(ANSWER.size)
        self._fill(memoryview(header))
        kind, first, second = ANSWER.unpack(header)
        return kind, first, second

    def _text(self, length: int) -> str:
        text = bytearray(length)
        self._fill(memoryview(text))
        try:
            message = text.decode()
        except UnicodeDecodeError:
            raise _nonsense() from None
        if not message or not message.isprintable():  # it will be shown on a terminal
            raise _nonsense()
        return message

    def _picture(self, width: int, height: int) -> RGBImage:
        image = np.empty((height, width, 3), np.uint8)
        self._fill(image.data.cast("B"))
        return image

    def _send(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            self._await(self._to, select.POLLOUT)
            try:
                left = left[os.write(self._to, left) :]
            except BrokenPipeError:
                raise _ended() from None

    def _fill(self, left: memoryview) -> None:
        while left:
            self._await(self._from, select.POLLIN)
            count = os.readv(self._from, [left])
            if not count:
                raise _ended()
            left = left[count:]

    def _allow(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._until_s = self._begun_s + limit_s

    def _await(self, pipe: int, event: int) -> None:
        """Wait until a pipe is ready, or its other end closed, or time is up."""
        poll = select.poll()
        poll.register(pipe, event)
        while not poll.poll(max(0.0, self._until_s - monotonic()) * 1_000):
            more_s = self._kept_from_s()
            if poll.poll(0):  # it was done while it was looked at
                return
            if more_s <= 0:
                raise ImageError("The picture takes too long to decode.", remedy=REMEDY)
            self._until_s = monotonic() + more_s

    def _kept_from_s(self) -> float:
        """Return the processor time that it would use and was not given, or 0 if it waits."""
        used_s, runs = self._processor()
        if not runs:
            return 0.0
        left_s = self._begun_s + _BUSY_TIMES * self._limit_s - monotonic()
        return min(left_s, self._limit_s - (used_s - self._used_s))

    def _processor(self) -> tuple[float, bool]:
        """Return the processor time it has used, in seconds, and whether it runs or would (R, D).

        As /proc/pid/stat has it (proc(5)); where there is none, nothing is made up for.
        """
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return 0.0, False
        state, *figures = stat.rpartition(")")[2].split()
        ticks = int(figures[10]) + int(figures[11])  # utime and stime
        return ticks / os.sysconf("SC_CLK_TCK"), state in "RD"


def _environment() -> dict[str, str]:
    """Return what an interpreter needs to start, and nothing that could be a secret."""
    needed = {"OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}  # each thread takes address space
    libraries = os.environ.get("LD_LIBRARY_PATH")
    return needed if libraries is None else {**needed, "LD_LIBRARY_PATH": libraries}


def _ended() -> ImageError:
    return ImageError("The picture ends the program that decodes it.", remedy=REMEDY)


def _nonsense() -> ImageError:
    return ImageError("Decoding the picture gave no sensible answer.", remedy=REMEDY)


def _no_start() -> OvertError:
    return OvertError(
        "The process that decodes pictures does not start.",
        remedy=f"See what it says: {' '.join(_COMMAND)} < /dev/null.",
    )
