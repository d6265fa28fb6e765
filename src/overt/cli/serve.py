"""`overt serve`: the pages for people, and the HTTP API for programs."""

import ipaddress
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from overt.cli.log_options import Format, Level, of_service
from overt.errors import ConfigurationError

if TYPE_CHECKING:
    from socket import socket

    from starlette.types import ASGIApp

_HERE = "127.0.0.1"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = _HERE,
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 for any that is free.", min=0, max=65535)
    ] = 8420,
    behind_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-proxy",
            help="Allow an address that other machines reach: a proxy there adds TLS.",
        ),
    ] = False,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            help="A port of this machine alone where monitoring reads /metrics, and nothing else.",
            min=1,
            max=65535,
        ),
    ] = None,
    log_format: Format = None,
    log_level: Level = None,
) -> None:
    """Serve the pages and the HTTP API until Ctrl-C.

    It listens on this machine alone unless told otherwise.

    It speaks plain HTTP: passwords and faces pass through it. Other machines reach it through a
    proxy that adds TLS.

    What happens is written on standard error: as words on a terminal, and elsewhere as JSON.
    """
    _demand_here(host, behind_proxy=behind_proxy)

    from overt.cli.serving import (
        address_of,
        listening,
        serve_until_stopped,
        stopped_as_by_ctrl_c,
    )
    from overt.home import Home
    from overt.people.office import Office
    from overt.web.app import make_app
    from overt.web.guard import Guard
    from overt.web.metrics import MetricsPort

    with ExitStack() as stack:
        stack.enter_context(of_service(log_format, log_level))
        stack.enter_context(stopped_as_by_ctrl_c())
        listener = stack.enter_context(listening(host, port))
        office = stack.enter_context(Office.open(Home.current()))
        app, address = make_app(office), address_of(listener)
        service: ASGIApp = Guard(app, office)
        more: list[socket] = []
        if metrics_port is not None:
            more = [stack.enter_context(listening(_HERE, metrics_port))]
            service = MetricsPort(service, app.state.metrics, metrics_port)
        serve_until_stopped(app, service, listener, lambda: _say_where(address), more)


def _say_where(address: str) -> None:
    from overt.cli.screen import say

    say(f"The pages are at {address}, the API at {address}/api/v1. Stop with Ctrl-C.")


def _demand_here(host: str, *, behind_proxy: bool) -> None:
    if behind_proxy or host == "localhost":
        return
    try:
        here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        raise ConfigurationError(
            "Other machines would reach that address without encryption.",
            remedy="Leave --host out, or put a proxy with TLS before it and add --behind-proxy.",
        )
