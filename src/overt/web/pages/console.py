"""The operator's console: the cameras, the alert queue, and what happens meanwhile.

Commanders of the unit look on. No face is on the page but those in the live pictures that raised
an alert, and each opening of the live pictures is on the log. How the cameras do is asked for
beside the pictures and not sent with them: whoever's pictures have stopped is to learn why.
"""

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from overt.deployment.recorded import policy_of, thing_of, watched
from overt.errors import SignInError
from overt.people.office import Office
from overt.people.permissions import MATRIX, why_not
from overt.people.signing_in import person_of
from overt.review.queue import queue
from overt.runtime.live import CameraLive, Health
from overt.storage import DeploymentRow
from overt.vocabulary import Act, DeploymentState
from overt.web.api.asking import Here, Id, SignedIn, Token, does
from overt.web.pages.following import CONSOLE, successor_of
from overt.web.pages.frame import page
from overt.web.pages.queued import BLANK, CLOSED, PRIORITIES, grouped
from overt.web.pages.running import Running
from overt.web.pages.watching import LiveStream, Over, Watched
from overt.web.wire import snapshot_position

router = APIRouter(include_in_schema=False)


class CameraHealth(BaseModel):
    """How a camera does: numbers and words of ours, about nobody."""

    camera: str
    state: Health
    frames_per_second: float = 0.0
    width_px: int = 0
    finds_px: int = 0
    floor_per_second: float = 0.0
    below_floor: bool = False
    below_floor_s: float = 0.0
    dropped: dict[str, int] = {}
    last_frame_age_s: float | None = None
    reconnects: int = 0
    error: str = ""
    faces_seen: int = 0
    searched: int = 0
    alerts: int = 0


class DeploymentHealth(BaseModel):
    """How a deployment's cameras do; `here` says whether they run in this service."""

    state: DeploymentState
    here: bool
    failure: str
    cameras: list[CameraHealth]


@router.get("/deployments/{deployment_id}/console", **does(Act.DEPLOYMENT_WATCH))
def show(
    request: Request, office: Here, person: SignedIn, running: Running, deployment_id: Id
) -> Response:
    """Show the console of a deployment."""
    position = snapshot_position(office)
    row = office.record.deployments.find(deployment_id)
    office.demand(person, Act.DEPLOYMENT_WATCH, thing_of(row))
    groups = grouped(office, person, queue(office, person, row.deployment_id))
    return page(
        request,
        "console.html",
        position=position,
        row=row,
        health=_health(running, row),
        after=successor_of(office, person, row, CONSOLE),
        groups=groups,
        still_open=sum(len(cards) for group, cards in groups if group.name != CLOSED),
        blank=BLANK,
        priorities=PRIORITIES,
        decides=bool(person.roles & MATRIX[Act.ALERT_ADJUDICATE].roles),
        review=policy_of(row).review,
    )


@router.get("/deployments/{deployment_id}/console/handed-over", **does(Act.DEPLOYMENT_WATCH))
def handed_over(request: Request, office: Here, person: SignedIn, deployment_id: Id) -> Response:
    """Return what a console says of a hand-over, for its script; nothing where there was none."""
    row = office.record.deployments.find(deployment_id)
    office.demand(person, Act.DEPLOYMENT_WATCH, thing_of(row))
    return page(request, "handed_over.html", after=successor_of(office, person, row, CONSOLE))


@router.get("/deployments/{deployment_id}/health", **does(Act.DEPLOYMENT_SEE))
def health(office: Here, person: SignedIn, running: Running, deployment_id: Id) -> DeploymentHealth:
    """Say how the cameras of a deployment do; the console asks every second."""
    row = office.record.deployments.find(deployment_id)
    office.demand(person, Act.DEPLOYMENT_SEE, thing_of(row))
    return _health(running, row)


@router.get("/deployments/{deployment_id}/live", **does(Act.DEPLOYMENT_WATCH))
def live(
    office: Here, person: SignedIn, token: Token, running: Running, deployment_id: Id
) -> Response:
    """Send the live pictures of every camera, until the deployment or the session ends."""
    row = watched(office, person, deployment_id)
    wanted = Watched(
        row.deployment_id, _cameras(row), lambda: _why_over(office, token, row.deployment_id)
    )
    return LiveStream(running.hub, wanted)


def _health(running: Running, row: DeploymentRow) -> DeploymentHealth:
    here = row.deployment_id in running.running()
    known = [_camera(each) for each in running.hub.cameras(row.deployment_id)]
    return DeploymentHealth(
        state=row.state,
        here=here,
        failure=running.failure(row.deployment_id),
        cameras=known or [CameraHealth(camera=each, state=Health.ENDED) for each in _cameras(row)],
    )


def _camera(live: CameraLive) -> CameraHealth:
    return CameraHealth(
        camera=live.camera,
        state=live.state,
        frames_per_second=round(live.frames_per_second, 1),
        width_px=live.width_px,
        finds_px=live.finds_px,
        floor_per_second=live.floor_per_second,
        below_floor=live.below_floor,
        below_floor_s=round(live.below_floor_s, 1),
        dropped=live.dropped,
        last_frame_age_s=live.last_frame_age_s,
        reconnects=live.reconnects,
        error=live.error,
        faces_seen=live.faces_seen,
        searched=live.searched,
        alerts=live.alerts,
    )


def _cameras(row: DeploymentRow) -> list[str]:
    return [str(name) for name, *_ in row.terms["cameras"]]


def _why_over(office: Office, token: str, deployment_id: str) -> Over:
    try:
        person = person_of(office, token)
    except SignInError:
        return Over.SESSION
    row = office.record.deployments.find(deployment_id)
    if why_not(person, Act.DEPLOYMENT_WATCH, thing_of(row)):
        return Over.SESSION
    return Over.NOT if row.state is DeploymentState.LIVE else Over.DEPLOYMENT
