"""A service with the wire and the guard, and no pages: what is measured and tested of delivery.

    python -m bench.wired HOME PORT UNIT ALERTS PER_SECOND

It serves on this machine alone, and once a line comes in, a thread of its own raises alerts, as a
deployment that runs in the service does; it says so when they are all on record.
"""

import argparse
import random
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from bench.duty import UNITS, Shift
from bench.office import open_office
from overt.people.office import Office
from overt.web import events
from overt.web.failures import Failure, as_json, handle
from overt.web.guard import Guard
from overt.web.wire import Wire

_STARTS_S = 30.0


class Service(uvicorn.Server):
    """A server whose streams end first when it stops; it would wait for them otherwise."""

    def __init__(self, office: Office) -> None:
        self.wire = Wire(office)
        self.sockets: list[socket.socket] = []
        super().__init__(
            uvicorn.Config(
                application(office, self.wire),
                http="h11",
                ws="none",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=400,
                timeout_graceful_shutdown=5,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, and then everything else."""
        self.wire.end()
        await super().shutdown(sockets)


def application(office: Office, wire: Wire) -> ASGIApp:
    """Return an application that has nothing but the wire, behind the guard."""

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        async with wire.running():
            yield

    app = FastAPI(lifespan=running, openapi_url=None)
    app.state.office, app.state.wire = office, wire
    app.include_router(events.router)
    handle(app, _say)
    return Guard(app, office)


@contextmanager
def serving(office: Office, listening: socket.socket) -> Iterator[Service]:
    """Serve on a socket in a thread until the block is left."""
    service = Service(office)
    thread = Thread(target=service.run, args=([listening],), name="service")
    thread.start()
    begun_s = monotonic()
    try:
        while not service.started and thread.is_alive() and monotonic() - begun_s < _STARTS_S:
            sleep(0.01)
        yield service
    finally:
        service.should_exit = True
        thread.join()


def _say(_request: Request, failure: Failure) -> Response:
    return as_json(failure)


def _work(office: Office, wire: Wire, given: argparse.Namespace) -> None:
    if sys.stdin.readline():
        Shift(office, given.unit, random.Random(), wire.wake).work(given.alerts, given.per_s)
        print("done", flush=True)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("unit", choices=UNITS)
    parser.add_argument("alerts", type=int)
    parser.add_argument("per_s", type=float)
    given = parser.parse_args()
    with (
        open_office(given.home) as office,
        socket.create_server(("127.0.0.1", given.port), backlog=200) as listening,
    ):
        service = Service(office)
        Thread(target=_work, args=(office, service.wire, given), daemon=True).start()
        service.run([listening])


if __name__ == "__main__":
    _main()
