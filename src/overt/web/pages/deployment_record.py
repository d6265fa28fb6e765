"""A deployment's public record as a page to print, and to be handed out from.

Whoever may see the deployment sees its record, which holds numbers only. Handing it out as a file
is an act of its own, and is on the log with the file's hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from overt.deployment.recorded import seen, thing_of
from overt.errors import NotFoundError, OvertError, PermissionDenied
from overt.people.office import Office
from overt.people.permissions import Person, why_not
from overt.publication.columns import Row
from overt.publication.exported_page import page_parts
from overt.publication.layouts import Layout
from overt.publication.logged import LogSoFar
from overt.publication.publishing import publish, steady
from overt.publication.reconcile import Contradiction, tied_to_the_log
from overt.storage import DeploymentRow
from overt.vocabulary import Act
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.pages.forms import EMPTY, Form, Sent
from overt.web.pages.frame import page
from overt.web.pages.running import ReadSoFar

router = APIRouter(include_in_schema=False)

_LAYOUTS = (
    (Layout.CSV, "CSV, for spreadsheets"),
    (Layout.JSON, "JSON, for programs"),
    (Layout.HTML, "A page of its own"),
    (Layout.MET_CSV, "CSV in the columns of the Metropolitan Police"),
)
_TYPES = {
    Layout.CSV: ("text/csv; charset=utf-8", "csv"),
    Layout.JSON: ("application/json", "json"),
    Layout.HTML: ("text/html; charset=utf-8", "html"),
    Layout.MET_CSV: ("text/csv; charset=utf-8", "csv"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as it is shown: its rows, and what contradicts; or why there is none."""

    rows: tuple[Row, ...] = ()
    contradictions: Sequence[Contradiction] = ()
    none: OvertError | None = None


@router.get("/deployments/{deployment_id}/record", **does(Act.DEPLOYMENT_SEE))
def show(
    request: Request, office: Here, person: SignedIn, log: ReadSoFar, deployment_id: Id
) -> Response:
    """Show a deployment's record as it stands now; nothing is handed out by that."""
    return _page(request, office, person, log, seen(office, person, deployment_id), EMPTY)


@router.post("/deployments/{deployment_id}/record", **does(Act.RECORD_PUBLISH))
def hand_out(
    request: Request,
    office: Here,
    person: SignedIn,
    log: ReadSoFar,
    deployment_id: Id,
    sent: Sent,
) -> Response:
    """Hand a deployment's record out as a file; that is on the log."""
    row = seen(office, person, deployment_id)
    if sent.value("layout") not in set(Layout):
        wrong = sent.with_errors({"layout": "Choose how it is to be written."})
        return _page(request, office, person, log, row, wrong)
    try:
        issued = publish(office, person, [row], Layout(sent.value("layout")))
    except (PermissionDenied, NotFoundError):
        raise
    except OvertError as error:
        return _page(request, office, person, log, row, sent.refused(error))
    kind, ending = _TYPES[issued.layout]
    name = f"overt-record-{row.deployment_id[:8]}-{issued.standing}.{ending}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(issued.data, 200, headers, kind)


def shown(office: Office, row: DeploymentRow, log: LogSoFar) -> Shown:
    """Return what is shown of a deployment's record."""
    try:
        record, found = steady(office, row, log)
    except (PermissionDenied, NotFoundError):
        raise
    except OvertError as error:
        return Shown(none=error)
    # A checkpoint is signed when the record is handed out; until then the last one is shown.
    untied = tied_to_the_log.__name__.replace("_", "-")
    return Shown(record.rows, [each for each in found if each.check != untied])


def _page(
    request: Request,
    office: Office,
    person: Person,
    log: LogSoFar,
    row: DeploymentRow,
    form: Form,
) -> Response:
    found = shown(office, row, log)
    return page(
        request,
        "deployment_record.html",
        form.status,
        row=row,
        form=form,
        found=found,
        parts=page_parts(found.rows) if found.rows else [],
        provisional=any(each.which.standing != "final" for each in found.rows),
        hands_out=not why_not(person, Act.RECORD_PUBLISH, thing_of(row)),
        layouts=_LAYOUTS,
    )
