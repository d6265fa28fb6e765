"""Telling: the one way in, which costs nothing where nobody listens and never fails its caller."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

from overt.logs.events import Fault, LogEvent, Part

Ear: TypeAlias = Callable[[LogEvent], None]

_MOST_FRAMES = 12
_MOST_CAUSES = 4

TOLD = "told"
"""The note on an exception that has been told, so that whatever passes it on does not again."""


class _Ears:
    """Who listens: nobody, unless a command says so. One a process."""

    ear: Ear | None = None


def tell(event: LogEvent) -> None:
    """Say that something happened. Any thread may, at any time."""
    ear = _Ears.ear
    if ear is not None:
        ear(event)


def fault(part: Part, error: BaseException) -> None:
    """Say that something of ours failed in a way that nobody foresaw, and where in the program.

    Neither its words nor the values that were at hand are told: they could hold a name or a key.
    """
    tell(Fault(part, *kinds_and_trace(error)))
    error.add_note(TOLD)


def was_told(error: BaseException | None) -> bool:
    """Tell whether `fault` has said so already."""
    return TOLD in getattr(error, "__notes__", ())


@contextmanager
def hear(ear: Ear) -> Iterator[None]:
    """Have every event handed to `ear` while the block runs; it must not raise."""
    before, _Ears.ear = _Ears.ear, ear
    try:
        yield
    finally:
        _Ears.ear = before


def kinds_and_trace(error: BaseException) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return an exception's class and those of what caused it, and the lines it passed."""
    kinds, below = [], error.__cause__ or error.__context__
    kinds.append(type(error).__name__)
    while below is not None and len(kinds) < _MOST_CAUSES:
        kinds.append(type(below).__name__)
        below = below.__cause__ or below.__context__
    trace, step = [], error.__traceback__
    while step is not None:
        trace.append(_line(step.tb_frame, step.tb_lineno))
        step = step.tb_next
    return tuple(kinds), tuple(trace[-_MOST_FRAMES:])


def _line(frame: FrameType, number: int) -> str:
    return f"{frame.f_globals.get('__name__', '?')}:{number} {frame.f_code.co_name}"
