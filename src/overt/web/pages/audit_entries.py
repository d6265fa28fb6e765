"""The log's entries, as they are read: what happened when, with references for whoever it names."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from starlette.responses import Response

from overt.audit.canonical import Entry, parse_leaf
from overt.audit.figures import page_of
from overt.errors import AuditError, NotFoundError
from overt.people.office import Office
from overt.people.permissions import Thing
from overt.vocabulary import Act
from overt.web.api.asking import Here, SignedIn, does
from overt.web.pages.forms import Form, checked
from overt.web.pages.frame import page
from overt.web.pages.running import Counted

router = APIRouter(prefix="/audit/entries", include_in_schema=False)

_A_PAGE = 50
_LOG = Thing("log")

_WORDS = {
    "event": "Choose one of the events.",
    "start": "Give a day and a time.",
    "end": "Give a day and a time.",
    "before": "Go back to the latest entries.",
    "after": "Go back to the latest entries.",
}


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


_Empty = BeforeValidator(lambda given: given or None)
Moment = Annotated[datetime | None, _Empty, AfterValidator(_in_utc)]
Position = Annotated[int, Field(ge=0, le=2**53)]


class Wanted(BaseModel):
    """Which entries are to be shown: of an event, of a time, beside a position."""

    event: Annotated[str, Field(max_length=100)] = ""
    start: Moment = None
    end: Moment = None
    before: Annotated[Position | None, _Empty] = None
    after: Annotated[Position | None, _Empty] = None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is listed; `entry` is None where it is not as it was written."""

    position: int
    entry: Entry | None
    data: tuple[tuple[str, str], ...] = ()


@router.get("", **does(Act.AUDIT_SEE))
def entries(request: Request, office: Here, person: SignedIn, counted: Counted) -> Response:
    """Show entries of the log, the latest first."""
    office.demand(person, Act.AUDIT_SEE, _LOG)
    asked = Form({name: [value] for name, value in request.query_params.items()})
    wanted, form = checked(Wanted, asked, _WORDS)
    events = counted.events()
    if wanted is not None and wanted.event and wanted.event not in events:
        wanted, form = None, form.with_errors({"event": _WORDS["event"]})
    chosen = wanted or Wanted()
    found = counted.find(chosen.event, chosen.start, chosen.end) if wanted else []
    shown = page_of(found, _A_PAGE, before=chosen.before, after=chosen.after)
    return page(
        request,
        "audit_entries.html",
        form.status,
        form=form,
        events=[(name, f"{name} ({count:,})") for name, count in events.items()],
        lines=[_line(office, each) for each in shown],
        found=len(found),
        older=shown[-1] if shown and found[0] < shown[-1] else None,
        newer=shown[0] if shown and found[-1] > shown[0] else None,
        chosen=asked,
    )


@router.get("/{position}", **does(Act.AUDIT_SEE))
def entry(request: Request, office: Here, person: SignedIn, position: int) -> Response:
    """Show one entry, with the bytes that were hashed."""
    office.demand(person, Act.AUDIT_SEE, _LOG)
    size = office.record.journal.tree().size
    found = list(office.record.journal.entries(position, position + 1)) if position < size else []
    if position < 0 or not found:
        raise NotFoundError("There is no entry of that number.", remedy="Go back to the log.")
    hashed, leaf = found[0]
    return page(
        request,
        "audit_entry.html",
        line=_line(office, position),
        leaf=leaf.decode("utf-8", "replace"),
        leaf_hash=hashed.hex(),
        size=size,
    )


def _line(office: Office, position: int) -> Line:
    found = list(office.record.journal.entries(position, position + 1))
    try:
        read = parse_leaf(found[0][1])
    except (AuditError, IndexError):
        return Line(position, None)
    return Line(position, read, tuple(_plain(read.data)))


def _plain(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        if isinstance(value, bool):
            said = "yes" if value else "no"
        elif isinstance(value, list):
            said = ", ".join(map(str, value))
        else:
            said = value if isinstance(value, str) else json.dumps(value)
        yield name.replace("_", " "), said
