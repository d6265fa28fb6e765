"""The pipe that every line goes through: what is allowed of it, its time, its form, its way out.

It is laid by a command for as long as the command runs (`written`), and by a camera's process
(`written_in_child`). Lines of libraries, of Python's warnings and of threads that fail go the
same way (`overt.logs.libraries`).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from overt.logs.allowed import redacted
from overt.logs.events import LinesLost, LineWithheld, LogEvent, every_event
from overt.logs.libraries import libraries_told
from overt.logs.settings import LogFormat, LogLevel
from overt.logs.telling import hear
from overt.logs.writer import LineWriter

_FOR_CHILDREN = "OVERT_LOG_OF_CHILDREN"
"""Tells the processes of cameras how their parent writes its log."""

_EVENTS = {kind.name: kind for kind in every_event()}


@contextmanager
def written(form: LogFormat, level: LogLevel) -> Iterator[None]:
    """Write the log on standard error while the block runs, from this level on.

    Nothing that happens to the log stops or fails whoever tells it something.
    """
    with _laid(form, level, None):
        before = os.environ.get(_FOR_CHILDREN)
        os.environ[_FOR_CHILDREN] = f"{form}:{level}"
        try:
            yield
        finally:
            os.environ.pop(_FOR_CHILDREN)
            if before is not None:
                os.environ[_FOR_CHILDREN] = before


@contextmanager
def written_in_child() -> Iterator[None]:
    """Write a camera process's log as its parent does, and let nothing else it says out.

    What libraries write on standard error by themselves may hold an address with its password,
    and is thrown away, unless `OVERT_DEBUG` is 1. Where the parent writes no log neither does
    the child.
    """
    told, debugged = os.environ.get(_FOR_CHILDREN, ""), os.environ.get("OVERT_DEBUG") == "1"
    with ExitStack() as stack:
        if told and sys.stderr is not None:
            form, _, level = told.partition(":")
            with suppress(OSError):  # standard error is closed; so there is no log
                way_out = os.dup(2)  # to the process's end: a line may still be on its way
                stack.enter_context(_laid(LogFormat(form), LogLevel(level), way_out))
        if not debugged:
            _silence()
        yield


def _silence() -> None:
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            sys.stderr.flush()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


@contextmanager
def _laid(form: LogFormat, level: LogLevel, descriptor: int | None) -> Iterator[None]:
    render = _RENDERERS[form]
    writer = LineWriter(lambda count: _line(render, LinesLost(count)), descriptor)
    log = structlog.wrap_logger(
        writer,
        processors=[only_what_is_allowed, *_AFTER_REDACTION, render],
        wrapper_class=structlog.make_filtering_bound_logger(level.number),
        cache_logger_on_first_use=True,
    )

    def ear(event: LogEvent) -> None:
        try:
            log.log(event.level, event.name, **_fields(event))
        except Exception:  # noqa: BLE001  whoever tells something has more important things to do
            writer.count_lost()

    with libraries_told(), hear(ear):
        try:
            yield
        finally:
            writer.close()


def only_what_is_allowed(_logger: WrappedLogger, _method: str, told: EventDict) -> EventDict:
    """Keep of what was told the declared fields of a known event: the first processor of all."""
    kind = _EVENTS.get(told["event"])
    if kind is None:
        return {"event": LineWithheld.name}
    return {"event": kind.name, **redacted(kind, told)}


def _in_order(_logger: WrappedLogger, _method: str, told: EventDict) -> EventDict:
    first = {name: told.pop(name) for name in ("at", "level", "event")}
    return {**first, **told}


_AFTER_REDACTION: tuple[Processor, ...] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    _in_order,
)


def _as_text(_logger: WrappedLogger, _method: str, told: EventDict) -> str:
    at, level, event = (str(told.pop(name)) for name in ("at", "level", "event"))
    said = "  ".join(f"{name}={_in_words(value)}" for name, value in told.items())
    return f"{at[:10]} {at[11:19]} UTC  {level:<8} {event:<20} {said}".rstrip()


def _in_words(value: Any) -> str:
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    text = str(value).replace('"', r"\"")
    return f'"{text}"' if isinstance(value, str) and not value.isalnum() else text


_RENDERERS: dict[LogFormat, Processor] = {
    LogFormat.JSON: structlog.processors.JSONRenderer(ensure_ascii=True),
    LogFormat.TEXT: _as_text,
}


def _line(render: Processor, event: LogEvent) -> str:
    told: Any = {"event": event.name, **_fields(event)}
    for processor in (only_what_is_allowed, *_AFTER_REDACTION, render):
        told = processor(None, "warning", told)
    return str(told)


def _fields(event: LogEvent) -> dict[str, object]:
    return {field.name: getattr(event, field.name) for field in fields(event)}
