"""What pages ask for besides the office: what runs in this service, and its live pictures."""

from typing import Annotated

from fastapi import Depends, Request

from overt.audit.figures import LogFigures
from overt.publication.logged import LogSoFar
from overt.runtime.live import LiveHub
from overt.runtime.operations import Operations
from overt.runtime.verification import Verifications


def _operations(request: Request) -> Operations:
    operations = request.app.state.operations
    if not isinstance(operations, Operations):
        raise TypeError("an application without its operations")
    return operations


def _figures(request: Request) -> LogFigures:
    figures = request.app.state.figures
    if not isinstance(figures, LogFigures):
        raise TypeError("an application without its figures")
    return figures


def _log_so_far(request: Request) -> LogSoFar:
    log = request.app.state.log_so_far
    if not isinstance(log, LogSoFar):
        raise TypeError("an application without its log")
    return log


def _verifications(request: Request) -> Verifications:
    found = request.app.state.verifications
    if not isinstance(found, Verifications):
        raise TypeError("an application without its verifications")
    return found


def _hub(request: Request) -> LiveHub:
    return _operations(request).hub


Running = Annotated[Operations, Depends(_operations)]
"""The deployments that run in this service."""

Live = Annotated[LiveHub, Depends(_hub)]
"""What their cameras show and how they are."""

Counted = Annotated[LogFigures, Depends(_figures)]
"""What the log counts."""

ReadSoFar = Annotated[LogSoFar, Depends(_log_so_far)]
"""The log, of which only what is new is read."""

Verifying = Annotated[Verifications, Depends(_verifications)]
"""The verifications of the log that people asked for."""
