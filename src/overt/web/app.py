"""The application put together: its routes, its guard, and the clock that runs beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.types import ASGIApp

from overt import __version__
from overt.audit.figures import LogFigures
from overt.deployment.expiry import expire
from overt.errors import OvertError
from overt.logs import fault
from overt.logs.events import Part
from overt.people.office import Office
from overt.publication.logged import LogSoFar
from overt.retention.clocks import apply_quietly
from overt.review.engagement import prompt_overruns
from overt.runtime.live import LiveHub
from overt.runtime.metrics import Metrics
from overt.runtime.operations import Operations
from overt.runtime.readiness import Readiness
from overt.runtime.verification import Verifications
from overt.web import events, metrics
from overt.web.answers import say
from overt.web.api import (
    accounts,
    alerts,
    audit,
    deployments,
    readiness,
    records,
    retention,
    seeded,
    sessions,
    watchlists,
)
from overt.web.api.asking import Here
from overt.web.failures import PROBLEMS, PlainJSON, handle
from overt.web.guard import Guard
from overt.web.pages import (
    alerts as alert_pages,
)
from overt.web.pages import (
    application,
    audit_entries,
    audit_verification,
    command,
    console,
    deletions,
    deployment_notice,
    deployment_record,
    home,
    officer,
    people,
    session,
    settings,
    shell,
    static_files,
)
from overt.web.pages import audit as audit_pages
from overt.web.pages import deployments as deployment_pages
from overt.web.paths import ROOT
from overt.web.wire import Wire

_THREADS = 12  # well below the record's connections, so that none waits for another
_BETWEEN_S = 60.0
_BETWEEN_PROMPTS_S = 5.0  # whom a stop that lasts too long waits for should not wait for a minute

_ROOMS = (sessions, accounts, deployments, records, watchlists, alerts, retention, seeded, audit)


_PAGES = (
    session,
    static_files,
    events,
    home,
    application,  # before a deployment's own pages: its path reads like one of an id
    deployment_pages,
    deployment_notice,
    deployment_record,
    command,
    console,
    alert_pages,
    officer,
    shell,
    people,
    settings,
    audit_pages,
    audit_entries,
    audit_verification,
    deletions,
)


class Health(BaseModel):
    """Whether the record can be read."""

    state: str


def make_app(office: Office) -> FastAPI:
    """Return the API of an office, without its guard; `guarded` is what is served."""
    app = described()
    app.state.office = office
    app.state.wire = Wire(office)
    app.state.operations = Operations(office, LiveHub(at_alert=app.state.wire.wake))
    app.state.figures = LogFigures(office.record.journal)
    app.state.log_so_far = LogSoFar(office.record.journal, app.state.figures)
    app.state.verifications = Verifications(office)
    app.state.applications = application.Kept()
    app.state.readiness = Readiness(office)
    app.state.metrics = Metrics(
        office, app.state.operations, app.state.readiness, lambda: app.state.wire.streams
    )
    return app


def described() -> FastAPI:
    """Return the API of no office yet: what documents it."""
    app = FastAPI(
        title="Overt",
        version=__version__,
        description="Authorised live facial recognition deployments: the acts of people, over "
        "HTTP. Alerts are possible ones, for people to decide.",
        openapi_url=f"{ROOT}/openapi.json",
        docs_url=None,  # those pages load scripts from other hosts
        redoc_url=None,
        default_response_class=PlainJSON,
        responses=PROBLEMS,
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    handle(app, say)
    api = APIRouter(prefix=ROOT)
    api.add_api_route("/health", _health, methods=["GET"], tags=["health"])
    for room in _ROOMS:
        api.include_router(room.router)
    api.include_router(readiness.router)
    app.include_router(api)
    app.include_router(metrics.router)
    for pages in _PAGES:
        app.include_router(pages.router)
    return app


def guarded(office: Office) -> ASGIApp:
    """Return the API of an office as it is served."""
    return Guard(make_app(office), office)


def let_time_act(office: Office) -> None:
    """Move on what time has moved on, delete what is due, and sign the log where that is due."""
    try:
        expire(office)
    finally:  # what is due is deleted even where a deployment cannot be moved on
        apply_quietly(office)
    office.log.checkpoint_if_due()


def _health(office: Here) -> Health:
    """Say whether the service can read its record, and nothing else."""
    office.record.journal.tree()
    return Health(state="ready")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = _THREADS
    office = app.state.office
    clocks = [
        asyncio.create_task(_again_and_again(let_time_act, office, _BETWEEN_S)),
        asyncio.create_task(_again_and_again(_prompt, office, _BETWEEN_PROMPTS_S)),
        asyncio.create_task(
            _again_and_again(lambda _: app.state.readiness.reasons(), office, _BETWEEN_S)
        ),
    ]
    try:
        async with app.state.wire.running():
            yield
    finally:
        for clock in clocks:
            clock.cancel()
        await asyncio.gather(*clocks, return_exceptions=True)
        await run_in_threadpool(app.state.operations.stop_all)


def _prompt(office: Office) -> None:
    prompt_overruns(office)


async def _again_and_again(
    act: Callable[[Office], object], office: Office, between_s: float
) -> None:
    while True:
        try:
            await run_in_threadpool(act, office)
        except OvertError:  # a locked record or a witness out of reach: the next time
            pass
        except Exception as error:  # noqa: BLE001  a clock that stopped would delete nothing more
            fault(Part.CLOCK, error)
        await asyncio.sleep(between_s)
