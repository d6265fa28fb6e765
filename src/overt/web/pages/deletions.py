"""What is deleted when, the receipts of what was, and holds on evidence.

Whoever is bound to a unit sees what is their unit's; auditors and administrators see everything.
Nobody is named here and no face is shown: an alert is its number, a list its deployment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from overt.deployment.recorded import policy_of
from overt.errors import RetentionError
from overt.people.office import Office
from overt.people.permissions import EVERYWHERE, MATRIX, Person
from overt.retention import clocks
from overt.review import holds
from overt.storage import AlertPlace, DeploymentRow, Hold, Receipt
from overt.vocabulary import Act
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.api.texts import Line
from overt.web.pages.forms import EMPTY, Form, Sent, checked
from overt.web.pages.frame import away, page

router = APIRouter(prefix="/deletions", include_in_schema=False)

_MOST_RECEIPTS = 200
"""As many of the latest ones are shown; the log has every deletion."""

_WORDS = {
    "alert_id": "Choose the alert that is to be kept.",
    "case_number": "Give the number of the case it is evidence in.",
    "asked_by": "Say who asks for it: name and number.",
    "until": "Give a day and a time.",
}


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


class Wanted(BaseModel):
    """A hold to be placed."""

    alert_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    case_number: Line
    asked_by: Line
    until: Annotated[datetime, AfterValidator(_in_utc)]


@dataclass(frozen=True, slots=True)
class DueLine:
    """Something with a deadline: in words, and whether it has passed or is suspended."""

    what: str
    unit: str
    due_at: datetime
    past: bool
    held: bool


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A hold, with the alert it is on in words, and who authorised it."""

    hold: Hold
    what: str
    authorised_by: str
    stands: bool


class Things:
    """What alerts and lists of the record are, in words, for one person."""

    def __init__(self, office: Office, person: Person) -> None:
        self._rows = {each.deployment_id: each for each in office.record.deployments.all()}
        self._lists = {each.watchlist_id: each for each in self._rows.values()}
        self._places = {each.alert_id: each for each in office.record.alerts.all_places()}
        self._unit = "" if person.roles & EVERYWHERE else person.unit

    def alert(self, alert_id: str) -> tuple[str, str]:
        """Return an alert in words, and its unit; that is empty where nobody's."""
        place = self._places.get(alert_id)
        if place is None:
            return "an alert that is gone", ""
        row = self._rows.get(place.deployment_id or "")
        of = row.name if row else "a rehearsal"
        words = f"Alert {place.number} of {of}, raised at {place.raised_at:%H:%M}"
        return words, row.unit if row else ""

    def watchlist(self, watchlist_id: str) -> tuple[str, str]:
        """Return a list in words, and its unit."""
        row = self._lists.get(watchlist_id)
        return (f"The list of {row.name}", row.unit) if row else ("The list of a rehearsal", "")

    def shows(self, unit: str) -> bool:
        """Tell whether the person may be told of what is this unit's."""
        return not self._unit or unit in ("", self._unit)

    def holdable(self, now: datetime) -> list[AlertPlace]:
        """Return the alerts of the person's unit that a hold can be placed on, the next due first."""
        ours = [
            each
            for each in self._places.values()
            if (row := self._rows.get(each.deployment_id or "")) is not None
            and self.shows(row.unit)
            and each.erase_after > now
        ]
        return sorted(ours, key=lambda each: each.erase_after)

    def row_of(self, place: AlertPlace) -> DeploymentRow | None:
        """Return the deployment that an alert is of."""
        return self._rows.get(place.deployment_id or "")


@router.get("", **does(Act.RETENTION_SEE))
def show(request: Request, office: Here, person: SignedIn) -> Response:
    """Show deadlines, holds and receipts."""
    things, now = Things(office, person), office.now()
    receipts = clocks.receipts(office, person)[::-1]
    return page(
        request,
        "deletions.html",
        due=list(_due(office, person, things, now)),
        holds=_holds(office, things, now),
        receipts=receipts[:_MOST_RECEIPTS],
        all_receipts=len(receipts),
        deleted=_deleted(request),
        may_apply=_may(person, Act.RETENTION_APPLY),
        may_hold=_may(person, Act.HOLD_PLACE),
        soon=now + timedelta(days=1),
    )


@router.post("/apply", **does(Act.RETENTION_APPLY))
def apply(office: Here, person: SignedIn) -> Response:
    """Delete now what is due, as happens by itself every minute."""
    done: list[Receipt] = clocks.apply(office, person)
    return away(f"/deletions?deleted={len(done)}")


@router.get("/holds/new", **does(Act.HOLD_PLACE))
def new(request: Request, office: Here, person: SignedIn) -> Response:
    """Show the form for a hold; `alert` in the address chooses one beforehand."""
    asked = request.query_params.get("alert", "")
    return _hold_page(request, office, person, Form.of(alert_id=asked) if asked else EMPTY)


@router.post("/holds/new", **does(Act.HOLD_PLACE))
def place(request: Request, office: Here, person: SignedIn, sent: Sent) -> Response:
    """Keep an alert as evidence; whoever does so authorises it, and is not who asked."""
    given, form = checked(Wanted, sent, _WORDS)
    if given is None:
        return _hold_page(request, office, person, form)
    alert = office.record.alerts.place(given.alert_id)
    form = form.with_errors(_mistakes(office, alert, given.until))
    if form.errors:
        return _hold_page(request, office, person, form)
    wanted = holds.HoldRequest(alert, given.case_number, given.asked_by, given.until)
    try:
        holds.place_hold(office, person, wanted)
    except RetentionError as error:
        return _hold_page(request, office, person, form.refused(error))
    return away("/deletions#holds")


@router.post("/holds/{hold_id}/release", **does(Act.HOLD_RELEASE))
def release(office: Here, person: SignedIn, hold_id: Id) -> Response:
    """End a hold; its alert is deleted when it is due, at once if that has passed."""
    holds.release_hold(office, person, office.record.retention.find_hold(hold_id))
    clocks.apply_quietly(office)
    return away("/deletions#holds")


def _due(office: Office, person: Person, things: Things, now: datetime) -> Iterable[DueLine]:
    for each in clocks.due(office, person):
        words, unit = (
            things.alert(each.thing_id) if each.what == "alert" else things.watchlist(each.thing_id)
        )
        yield DueLine(words, unit, each.due_at, each.due_at <= now, each.held)


def _holds(office: Office, things: Things, now: datetime) -> list[HoldLine]:
    names = {each.account_id: each for each in office.record.accounts.all()}
    lines = []
    for hold in reversed(office.record.retention.holds()):
        words, unit = things.alert(hold.alert_id)
        by = names.get(hold.authorised_by)
        if things.shows(unit or (by.unit if by else "")):
            lines.append(HoldLine(hold, words, by.name if by else "unknown", hold.stands(now)))
    return sorted(lines, key=lambda each: not each.stands)


def _mistakes(office: Office, alert: AlertPlace, until: datetime) -> Mapping[str, str]:
    now = office.now()
    if alert.deployment_id is None:
        return {"alert_id": "An alert of a rehearsal is no evidence, and cannot be held."}
    days = policy_of(office.record.deployments.find(alert.deployment_id)).retention.hold_max_days
    if until <= now:
        return {"until": "That has passed. A hold ends after now."}
    if until > now + timedelta(days=days):
        return {"until": f"The policy allows {days} days at most; a hold can be renewed."}
    return {}


def _hold_page(request: Request, office: Office, person: Person, form: Form) -> Response:
    things, now = Things(office, person), office.now()
    choices = [
        (
            each.alert_id,
            f"{things.alert(each.alert_id)[0]}, deleted {each.erase_after:%-d %B %H:%M}",
        )
        for each in things.holdable(now)
    ]
    return page(request, "deletions_hold.html", form.status, form=form, alerts=choices)


def _deleted(request: Request) -> int | None:
    given = request.query_params.get("deleted", "")
    return int(given) if given.isdecimal() and len(given) < 7 and given.isascii() else None


def _may(person: Person, act: Act) -> bool:
    return bool(person.roles & MATRIX[act].roles)
