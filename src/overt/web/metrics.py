"""What monitoring reads, at the address where Prometheus looks for it.

There are two ways to it. On the service's own address an auditor or an administrator reads it,
signed in as for everything else. A program that watches day and night cannot sign in with a
one-time code; for it there is, where somebody asked for one, a port of this machine alone that
answers this and nothing else. The address of who asks is not gone by: behind a proxy on the same
machine everybody has this machine's.
"""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from overt.errors import OvertError
from overt.people.permissions import Thing
from overt.runtime.metrics import CONTENT_TYPE, Metrics
from overt.vocabulary import Act
from overt.web.api.asking import Here, SignedIn, does
from overt.web.failures import Failure, told_of_failure
from overt.web.paths import METRICS

router = APIRouter(include_in_schema=False)


@router.get(METRICS, **does(Act.AUDIT_SEE))
def metrics(request: Request, office: Here, person: SignedIn) -> Response:
    """Return the service's numbers, to auditors and administrators."""
    office.demand(person, Act.AUDIT_SEE, Thing("service"))
    return _exposition(request.app.state.metrics)


class MetricsPort:
    """An ASGI application around the service: what comes in at one port gets numbers only."""

    def __init__(self, service: ASGIApp, metrics: Metrics, port: int) -> None:
        self._service = service
        self._metrics = metrics
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what came in at the port; hand everything else to the service."""
        # The port is the socket's own and not what a request says of itself.
        if scope["type"] != "http" or scope["server"][1] != self._port:
            await self._service(scope, receive, send)
            return
        await (await self._answer(scope["method"], scope["path"]))(scope, receive, send)

    async def _answer(self, method: str, path: str) -> Response:
        if (method, path) != ("GET", METRICS):
            return PlainTextResponse(f"There is only GET {METRICS} here.\n", 404)
        try:
            return await run_in_threadpool(_exposition, self._metrics)
        except OvertError as error:
            failure = Failure(503, error.message, error.remedy)
            told = told_of_failure({"method": method}, failure, error)
            return PlainTextResponse(f"{error.message}\n", 503, told)


def _exposition(metrics: Metrics) -> Response:
    return Response(metrics.exposition(), headers={"content-type": CONTENT_TYPE})
