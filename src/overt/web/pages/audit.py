"""The auditor's desk: deployments and their figures, the log, and whether it is intact.

No page here shows a face or the name of anybody listed, whoever looks (R-61). What the log holds
as a salted reference stays one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from overt.audit.checkpoint import Checkpoint, read_note
from overt.audit.events import LogExported
from overt.audit.figures import Figures, LogFigures
from overt.deployment.recorded import thing_of
from overt.errors import AuditError, NotFoundError
from overt.people.office import Office
from overt.people.permissions import Person, Thing, why_not
from overt.storage import ActRow, DeploymentRow
from overt.vocabulary import Act
from overt.web.api.asking import Here, SignedIn, does
from overt.web.pages.frame import page
from overt.web.pages.running import Counted

router = APIRouter(prefix="/audit", include_in_schema=False)

_PIECE = 1 << 16
_LOG = Thing("log")
_GIVE_AUTHORITY = {Act.DEPLOYMENT_AUTHORISE, Act.DEPLOYMENT_AUTHORISE_URGENTLY}


@dataclass(frozen=True, slots=True)
class Overseen:
    """A deployment as an auditor sees it: on whose authority, under which settings, in numbers."""

    row: DeploymentRow
    authority: tuple[tuple[str, ActRow], ...]
    figures: Figures


@router.get("", **does(Act.AUDIT_SEE))
def overview(request: Request, office: Here, person: SignedIn, counted: Counted) -> Response:
    """Show deployments in numbers, and how the log stands."""
    return _overview_page(request, office, person, counted)


@router.post("/export", **does(Act.AUDIT_EXPORT))
def export(office: Here, person: SignedIn) -> Response:
    """Hand the log over, as overt-verify reads it; that is on the log itself."""
    office.demand(person, Act.AUDIT_EXPORT, _LOG)
    office.note(LogExported(office.record.journal.tree().size + 1), by=person)
    packed: IO[bytes] = TemporaryFile()  # noqa: SIM115  it is closed when it has been sent
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "overt-log"
        size = office.log.export(whole)
        with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
            for each in sorted(whole.rglob("*")):
                archive.write(each, each.relative_to(folder))
    headers = {"content-disposition": f'attachment; filename="overt-log-{size}.zip"'}
    return StreamingResponse(_pieces(packed), 200, headers, "application/zip")


@router.get("/log.key", **does(Act.AUDIT_SEE))
def key(office: Here, person: SignedIn) -> Response:
    """Hand over the text by which outsiders verify checkpoints."""
    office.demand(person, Act.AUDIT_SEE, _LOG)
    return _text(office.log.verifier + "\n", "log.key")


@router.get("/checkpoint.txt", **does(Act.AUDIT_SEE))
def checkpoint(office: Here, person: SignedIn) -> Response:
    """Hand over the latest checkpoint, to be kept outside."""
    office.demand(person, Act.AUDIT_SEE, _LOG)
    notes = office.record.journal.checkpoints()
    if not notes:
        raise NotFoundError("No checkpoint has been signed yet.", remedy="Wait for a minute.")
    size, note = notes[-1]
    return _text(note, f"{size:012d}.txt")


def _overview_page(
    request: Request, office: Office, person: Person, counted: LogFigures
) -> Response:
    office.demand(person, Act.AUDIT_SEE, _LOG)
    rows = [
        each
        for each in reversed(office.record.deployments.all())
        if not why_not(person, Act.DEPLOYMENT_SEE, thing_of(each))
    ]
    notes = office.record.journal.checkpoints()
    receipts = office.record.retention.receipts()
    return page(
        request,
        "audit.html",
        deployments=[_overseen(office, each, counted) for each in rows],
        events=counted.events(),
        size=office.record.journal.tree().size,
        checkpoints=len(notes),
        latest=_checkpoint(office, notes),
        witness=office.log.witness_folder is not None,
        deleted=sum(each.count for each in receipts if each.finished_at),
        receipts=len(receipts),
        unfinished=sum(each.finished_at is None for each in receipts),
    )


def _overseen(office: Office, row: DeploymentRow, counted: LogFigures) -> Overseen:
    acts = office.record.deployments.acts(row.deployment_id)
    given = [each for each in acts if each.act in _GIVE_AUTHORITY]
    names = [office.record.accounts.of_id(each.by) for each in given]
    who = [account.name if account else "unknown" for account in names]
    return Overseen(
        row, tuple(zip(who, given, strict=True)), counted.of_deployment(row.deployment_id)
    )


def _checkpoint(office: Office, notes: list[tuple[int, str]]) -> Checkpoint | None:
    """Return the latest checkpoint, or None where there is none, or none that the key signed."""
    try:
        return read_note(notes[-1][1], office.log.verifier) if notes else None
    except AuditError:
        return None


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _text(text: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return PlainTextResponse(text, headers=headers)
