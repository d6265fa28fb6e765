"""Public records of deployments, in numbers only, as they stand now."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from overt.deployment.recorded import seen
from overt.publication.columns import Standing
from overt.publication.exported import for_programs
from overt.publication.publishing import steady
from overt.vocabulary import Act
from overt.web.api.asking import Here, Id, SignedIn, does

router = APIRouter(prefix="/deployments", tags=["deployments"])


class Contradicted(BaseModel):
    """What does not add up in a record: found by which check, in which row, in words.

    Row 2 is the first, as in the file that would be written; null is the whole of it.
    """

    check: str
    row: int | None
    words: str


class PublicRecord(BaseModel):
    """A deployment's record: a row for each period under one threshold.

    Columns are those of docs/reference/deployment-record.md. With a contradiction it cannot be
    published.
    """

    version: int
    standing: Standing
    rows: list[dict[str, Any]]
    contradictions: list[Contradicted]


@router.get("/{deployment_id}/record", **does(Act.DEPLOYMENT_SEE))
def record(office: Here, person: SignedIn, deployment_id: Id) -> PublicRecord:
    """Return a deployment's public record as it stands now; nothing is published by that."""
    deployment, found = steady(office, seen(office, person, deployment_id))
    written = for_programs(deployment.rows)
    return PublicRecord(
        version=written["version"],
        standing=written["standing"],
        rows=written["rows"],
        contradictions=[
            Contradicted(check=each.check, row=each.row or None, words=each.words) for each in found
        ],
    )
