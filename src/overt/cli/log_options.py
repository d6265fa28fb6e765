"""How a command that serves or runs is told to write its log, and what it does if it is not."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from overt.logs.settings import LogFormat, LogLevel

Format = Annotated[
    LogFormat | None,
    typer.Option(
        "--log-format",
        envvar="OVERT_LOG",
        help="Write what happens on standard error as words for people or as JSON for programs.",
    ),
]
Level = Annotated[
    LogLevel | None,
    typer.Option(
        "--log-level", envvar="OVERT_LOG_LEVEL", help="From which level on it is written."
    ),
]


@contextmanager
def of_service(form: LogFormat | None, level: LogLevel | None) -> Iterator[None]:
    """Write a service's log: for people on a terminal, for programs elsewhere."""
    if form is None:
        terminal = sys.stderr is not None and sys.stderr.isatty()
        form = LogFormat.TEXT if terminal else LogFormat.JSON
    with _written(form, level or LogLevel.INFO):
        yield


@contextmanager
def of_run(form: LogFormat | None, level: LogLevel | None) -> Iterator[None]:
    """Write a run's log; unless asked for one, no more than what its view does not show."""
    usual = LogLevel.WARNING if form is None else LogLevel.INFO
    with _written(form or LogFormat.TEXT, level or usual):
        yield


@contextmanager
def _written(form: LogFormat, level: LogLevel) -> Iterator[None]:
    from overt.errors import OvertError
    from overt.logs import fault
    from overt.logs.events import Part
    from overt.logs.pipe import written

    with written(form, level):
        try:
            yield
        except OvertError:
            raise
        except Exception as error:
            fault(Part.COMMAND, error)
            raise
