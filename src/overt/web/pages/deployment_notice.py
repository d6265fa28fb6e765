"""A deployment's public notice: what it says, and its files to be printed and published.

Everybody who may see the deployment may read its notice and take it along: it says nothing that
whoever passes should not know. What may not be put up is marked, here as on every file.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from overt.deployment.recorded import seen
from overt.people.office import Office
from overt.people.permissions import Person
from overt.publication.notice import Notice, notice_of
from overt.publication.notice_pages import Kind, Paper, for_programs, rendered
from overt.publication.notice_words import words_of
from overt.vocabulary import Act
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.pages.frame import page

router = APIRouter(include_in_schema=False)

_FILES = (
    ("kind=poster&paper=a4", "Poster, A4"),
    ("kind=poster&paper=a3", "Poster, A3"),
    ("kind=poster&paper=a2", "Poster, A2"),
    ("kind=leaflet", "Leaflet, A5"),
    ("kind=web", "Page for a website"),
    ("kind=text", "Text for social media"),
)

_NAMES = {
    Kind.POSTER: "notice-poster-{}.html",
    Kind.LEAFLET: "notice-leaflet.html",
    Kind.WEB: "notice-web.html",
    Kind.TEXT: "notice.txt",
}


@router.get("/deployments/{deployment_id}/notice", **does(Act.DEPLOYMENT_SEE))
def show(request: Request, office: Here, person: SignedIn, deployment_id: Id) -> Response:
    """Show what the public is told of a deployment."""
    row = seen(office, person, deployment_id)
    return page(
        request,
        "deployment_notice.html",
        row=row,
        words=words_of(),
        told=for_programs(_notice(office, person, deployment_id)),
        files=_FILES,
    )


@router.get("/deployments/{deployment_id}/notice/file", **does(Act.DEPLOYMENT_SEE))
def give(
    office: Here,
    person: SignedIn,
    deployment_id: Id,
    kind: Kind = Kind.POSTER,
    paper: Paper = Paper.A4,
) -> Response:
    """Give the notice as a file, to be printed or published."""
    text = rendered(_notice(office, person, deployment_id), kind, paper=paper)
    headers = {"content-disposition": f'attachment; filename="{_NAMES[kind].format(paper)}"'}
    # A page with a style of its own is no page of this service: browsers save it as it is.
    return Response(text, media_type="application/octet-stream", headers=headers)


def _notice(office: Office, person: Person, deployment_id: str) -> Notice:
    row = seen(office, person, deployment_id)
    return notice_of(row, office.record.deployments.acts(row.deployment_id))
