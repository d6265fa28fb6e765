"""A server that runs until it is told to stop: what `overt serve` and `overt demo` have in common."""

import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from overt.cli.service_manager import READY, STOPPING, ServiceManager
from overt.errors import ConfigurationError
from overt.logs import tell
from overt.logs.events import ServiceStarted, ServiceStopped, ServiceStopping

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

_MOST_CONNECTIONS = 400
"""Seventy pages with two streams each, what browsers keep open beside them, and room."""

_WAITING = 128  # connections that the system holds until they are taken


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 stands for any that is free.

    Raises:
        ConfigurationError: nothing can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_WAITING)
    except OSError as error:
        raise ConfigurationError(
            f"Nothing can listen on {host}, port {port}: {error.strerror or 'no such address'}.",
            remedy="Stop whatever listens there, or choose another --port.",
        ) from None


def address_of(listener: socket.socket) -> str:
    """Return what to type into a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_until_stopped(
    app: "FastAPI",
    service: "ASGIApp",
    listener: socket.socket,
    began: Callable[[], None],
    more: Sequence[socket.socket] = (),
) -> None:
    """Serve an application until Ctrl-C or another signal asks to stop; `began` is told when.

    `service` is the application with its guard, and `more` are sockets besides the `listener`.
    A service manager is told when it is ready, that its loop still turns, and when it stops.
    """
    import uvicorn

    manager = ServiceManager.of()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            began()
            manager.tell(READY)
            tell(ServiceStarted(listener.getsockname()[1]))

        async def on_tick(self, counter: int) -> bool:
            manager.beat()  # uvicorn's own notification is late by as much as the clock is set back
            return await super().on_tick(counter)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            manager.tell(STOPPING)
            tell(ServiceStopping())
            app.state.wire.end()  # or it would wait for streams that have no end
            app.state.operations.hub.end()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        service,
        http="h11",  # the one that bounds the size of what comes before a body
        log_config=None,  # what it says goes the way of all we log
        log_level="warning",
        access_log=False,  # addresses hold ids; who did what is on the audit log
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=16 * 1024,
    )
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        sockets = [stack.enter_context(each) for each in (listener, *more)]
        Server(config).run(sockets=sockets)
    tell(ServiceStopped())


@contextmanager
def stopped_as_by_ctrl_c() -> Iterator[None]:
    """Let the signals that end a service do what Ctrl-C does, so that all is put away."""
    told = [signal.SIGTERM, signal.SIGHUP]
    before = {each: signal.signal(each, signal.default_int_handler) for each in told}
    # A server takes care of SIGTERM and SIGINT itself; of a terminal that goes away it knows nothing.
    if before[signal.SIGHUP] is signal.SIG_IGN:  # as nohup asks
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
