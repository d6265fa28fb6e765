"""The commander's page: what is authorised, what goes on, and the one press that stops it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from overt.deployment.recorded import seen, thing_of
from overt.people.office import Office
from overt.people.permissions import MATRIX, Person, why_not
from overt.runtime.operations import Operations
from overt.storage import DeploymentRow
from overt.vocabulary import Act, Role
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.pages.command_shown import commanded
from overt.web.pages.following import COMMAND, successor_of
from overt.web.pages.frame import page
from overt.web.pages.running import Running
from overt.web.wire import snapshot_position

router = APIRouter(include_in_schema=False)

ANSWERABLE = frozenset({Role.COMMANDER, Role.AUTHORISING_OFFICER})
"""Who answers for a deployment while it runs; authorising officers look, commanders command."""


@router.get("/deployments/{deployment_id}/command", **does(Act.ALERT_LIST))
def show(
    request: Request, office: Here, person: SignedIn, operations: Running, deployment_id: Id
) -> Response:
    """Show a deployment to whoever commands it."""
    return _page(request, office, person, operations, deployment_id, "command.html")


@router.get("/deployments/{deployment_id}/command/state", **does(Act.ALERT_LIST))
def state(
    request: Request, office: Here, person: SignedIn, operations: Running, deployment_id: Id
) -> Response:
    """Return the parts of the page that change, for its script, which asks every second."""
    return _page(request, office, person, operations, deployment_id, "command_state.html")


def _page(
    request: Request,
    office: Office,
    person: Person,
    operations: Operations,
    deployment_id: str,
    template: str,
) -> Response:
    position = snapshot_position(office)
    row = seen(office, person, deployment_id)
    _demand_command(office, person, row)
    return page(
        request,
        template,
        position=position,
        now_shown=commanded(office, operations, row),
        after=successor_of(office, person, row, COMMAND),
        stops=not why_not(person, Act.DEPLOYMENT_STOP, thing_of(row)),
        applies=bool(person.roles & MATRIX[Act.DEPLOYMENT_DRAFT].roles),
        withdraws=not why_not(person, Act.WATCHLIST_WITHDRAW, thing_of(row)),
        watches=not why_not(person, Act.DEPLOYMENT_WATCH, thing_of(row)),
    )


def _demand_command(office: Office, person: Person, row: DeploymentRow) -> None:
    about = thing_of(row)
    office.demand(person, Act.ALERT_LIST, about)
    if not person.roles & ANSWERABLE:
        office.refuse(person, Act.ALERT_LIST, about, "the page is for who answers for it")
