"""The log, for auditors and administrators: its entries, its latest checkpoint, its key."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from overt.audit.canonical import parse_leaf
from overt.errors import NotFoundError
from overt.people.permissions import Thing
from overt.vocabulary import Act
from overt.web.api.asking import Here, SignedIn, does

router = APIRouter(prefix="/audit", tags=["audit"])

_MOST_ENTRIES = 500
_LARGEST = 2**53 - 1  # JSON's largest exact number

Start = Annotated[int, Query(ge=0, le=_LARGEST)]
Limit = Annotated[int, Query(ge=1, le=_MOST_ENTRIES)]


class Entry(BaseModel):
    """One entry; persons and free words stand in it as salted references only."""

    index: int
    leaf_hash: str
    at: str
    by: str
    event: str
    data: dict[str, Any]


class Entries(BaseModel):
    """Some entries, and how many the log has."""

    size: int
    entries: list[Entry]


@router.get("/entries", **does(Act.AUDIT_SEE))
def entries(office: Here, person: SignedIn, start: Start = 0, limit: Limit = 100) -> Entries:
    """Return entries from `start` on."""
    office.demand(person, Act.AUDIT_SEE, Thing("audit"))
    journal = office.record.journal
    return Entries(
        size=journal.tree().size,
        entries=[_entry(*each) for each in list(journal.entries(start, start + limit))],
    )


@router.get("/checkpoint", **does(Act.AUDIT_SEE, response_class=PlainTextResponse))
def checkpoint(office: Here, person: SignedIn) -> str:
    """Return the latest signed checkpoint, as a signed note."""
    office.demand(person, Act.AUDIT_SEE, Thing("audit"))
    notes = office.record.journal.checkpoints()
    if not notes:
        raise NotFoundError("No checkpoint has been signed yet.", remedy="Wait for a minute.")
    return notes[-1][1]


@router.get("/key", **does(Act.AUDIT_SEE, response_class=PlainTextResponse))
def key(office: Here, person: SignedIn) -> str:
    """Return the text by which outsiders verify checkpoints."""
    office.demand(person, Act.AUDIT_SEE, Thing("audit"))
    return office.log.verifier + "\n"


def _entry(leaf_hash: bytes, leaf: bytes) -> Entry:
    read = parse_leaf(leaf)
    return Entry(
        index=read.index,
        leaf_hash=leaf_hash.hex(),
        at=read.at.isoformat(),
        by=read.by,
        event=read.event,
        data=dict(read.data),
    )
