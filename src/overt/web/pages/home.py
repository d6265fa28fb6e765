"""The first page: the deployments that somebody may see, and what they may do next."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from overt.deployment.recorded import thing_of
from overt.people.permissions import why_not
from overt.vocabulary import Act, DeploymentState, Role
from overt.web.api.asking import Here, SignedIn
from overt.web.pages.frame import away, page

router = APIRouter(include_in_schema=False)

_OVER = frozenset(
    {
        DeploymentState.REVIEWED,
        DeploymentState.REFUSED,
        DeploymentState.CANCELLED,
        DeploymentState.EXPIRED,
    }
)


@router.get("/")
def show(request: Request, office: Here, person: SignedIn) -> Response:
    """Show the deployments; an engagement officer is brought to the alerts at once."""
    if person.roles == {Role.ENGAGEMENT_OFFICER}:
        return away("/officer")
    rows = [
        each
        for each in office.record.deployments.all()
        if not why_not(person, Act.DEPLOYMENT_SEE, thing_of(each))
    ]
    rows.sort(key=lambda each: each.window_start, reverse=True)
    return page(
        request,
        "home.html",
        going=[each for each in rows if each.state not in _OVER],
        over=[each for each in rows if each.state in _OVER],
        roles=person.roles,
    )
