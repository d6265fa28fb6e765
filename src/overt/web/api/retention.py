"""What is deleted when, the receipts, and evidence holds."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from overt.retention import clocks
from overt.review import holds
from overt.storage import Receipt
from overt.vocabulary import Act
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.api.texts import Body, Line

router = APIRouter(prefix="/retention", tags=["retention"])


class Due(BaseModel):
    """Something with a deadline, and whether a hold suspends it."""

    what: str
    thing_id: str
    due_at: datetime
    held: bool


class Deleted(BaseModel):
    """The receipt of a deletion; it is still going on while `finished_at` is empty."""

    receipt_id: str
    what: str
    thing_id: str
    count: int
    reason: str
    due_at: datetime
    begun_at: datetime
    finished_at: datetime | None


class HoldRequest(Body):
    """An alert to be kept as evidence: for which case, asked for by whom, until when."""

    alert_id: str = Field(pattern="^[0-9a-f]{32}$")
    case_number: Line
    asked_by: Line
    until: AwareDatetime


class Hold(BaseModel):
    """A hold that stands until it expires or is released."""

    hold_id: str
    alert_id: str
    case_number: str
    expires_at: datetime


@router.get("/due", **does(Act.RETENTION_SEE))
def due(office: Here, person: SignedIn) -> list[Due]:
    """List everything with a deadline, the next one first."""
    return [
        Due(what=each.what, thing_id=each.thing_id, due_at=each.due_at, held=each.held)
        for each in clocks.due(office, person)
    ]


@router.get("/receipts", **does(Act.RETENTION_SEE))
def receipts(office: Here, person: SignedIn) -> list[Deleted]:
    """List the receipt of every deletion."""
    return [_deleted(each) for each in clocks.receipts(office, person)]


@router.post("/apply", **does(Act.RETENTION_APPLY))
def apply(office: Here, person: SignedIn) -> list[Deleted]:
    """Delete now all that is due, as happens by itself every minute."""
    return [_deleted(each) for each in clocks.apply(office, person)]


@router.post("/holds", status_code=201, **does(Act.HOLD_PLACE))
def place_hold(office: Here, person: SignedIn, given: HoldRequest) -> Hold:
    """Keep an alert as evidence; whoever does so authorises it, and is not who asked."""
    place = office.record.alerts.place(given.alert_id)
    wanted = holds.HoldRequest(place, given.case_number, given.asked_by, given.until)
    hold = holds.place_hold(office, person, wanted)
    return Hold(
        hold_id=hold.hold_id,
        alert_id=hold.alert_id,
        case_number=hold.case_number,
        expires_at=hold.expires_at,
    )


@router.post("/holds/{hold_id}/release", status_code=204, **does(Act.HOLD_RELEASE))
def release_hold(office: Here, person: SignedIn, hold_id: Id) -> None:
    """End a hold; its alert is deleted when it is due, at once if that has passed."""
    holds.release_hold(office, person, office.record.retention.find_hold(hold_id))


def _deleted(receipt: Receipt) -> Deleted:
    names = Deleted.model_fields
    return Deleted(**{name: getattr(receipt, name) for name in names})
