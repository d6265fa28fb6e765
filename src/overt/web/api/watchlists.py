"""A deployment's list: seen by names, approved, withdrawn from, held against its sources."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from overt.deployment.recorded import policy_of
from overt.people.office import Office
from overt.people.permissions import Person, Thing
from overt.storage import DeploymentRow
from overt.vocabulary import Act, Role
from overt.watchlist import governance
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.api.texts import Body, SubjectId, Words

router = APIRouter(tags=["watchlists"])

_LIST = "/deployments/{deployment_id}/watchlist"


class Entry(BaseModel):
    """Somebody on a list, without pictures."""

    subject_id: str
    name: str
    category: str
    reason: str
    lawful_basis: str
    expected_response: str
    added_by: str
    pictures: list[date]


class Listed(BaseModel):
    """A list as it stands; `manifest_sha256` is what an approval and an authority bind."""

    watchlist_id: str
    manifest_sha256: str
    imported_at: datetime
    validated_at: datetime
    destroy_after: datetime
    approved_at: datetime | None
    entries: list[Entry]


class Approval(Body):
    """An approval; with `manifest_sha256` it is given only to the list of that hash."""

    manifest_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""


class Approved(BaseModel):
    """A list that was approved."""

    manifest_sha256: str
    approved_at: datetime | None


class Withdrawal(Body):
    """Who is withdrawn from a list, and why."""

    subject_id: SubjectId
    reason: Words = ""


class Sources(Body):
    """The ids of everybody whom the list's sources still name."""

    subject_ids: Annotated[list[SubjectId], Field(max_length=10_000)]


class Revalidated(BaseModel):
    """How many entries the sources no longer name; they were withdrawn."""

    withdrawn: int


class Question(Body):
    """Whose inclusion is asked about."""

    subject_id: SubjectId


class Inclusion(BaseModel):
    """That somebody was on a list, and from when to when."""

    watchlist_id: str
    deployment: str
    pictures: int
    listed_from: datetime
    listed_until: datetime | None


@router.get(_LIST, **does(Act.WATCHLIST_SEE))
def seen(office: Here, person: SignedIn, deployment_id: Id) -> Listed:
    """Return who is on a list, to whom the policy lets see names; the look is logged."""
    row = office.record.deployments.find(deployment_id)
    only = frozenset[Role](policy_of(row).access.watchlist_names)
    _demand(office, person, Act.WATCHLIST_SEE, row, only)
    watchlist = governance.see(office, person, row, only)
    facts = office.record.watchlists.facts(watchlist.watchlist_id)
    dates: dict[str, list[date]] = {}
    for each in watchlist.references:
        dates.setdefault(each.subject_id, []).append(each.picture_date)
    entries = [
        Entry(
            subject_id=each.subject_id,
            name=each.name,
            category=each.category,
            reason=each.reason,
            lawful_basis=each.lawful_basis,
            expected_response=each.expected_response,
            added_by=each.added_by,
            pictures=sorted(dates.get(each.subject_id, [])),
        )
        for each in watchlist.subjects
    ]
    if facts is None:
        raise governance.gone()
    return Listed(
        watchlist_id=facts.watchlist_id,
        manifest_sha256=facts.manifest_sha256,
        imported_at=facts.imported_at,
        validated_at=facts.validated_at,
        destroy_after=facts.destroy_after,
        approved_at=facts.approved_at,
        entries=entries,
    )


@router.post(f"{_LIST}/approve", **does(Act.WATCHLIST_APPROVE))
def approve(office: Here, person: SignedIn, deployment_id: Id, given: Approval) -> Approved:
    """Approve a list as it is sealed; never by who imported it."""
    row = _found(office, person, Act.WATCHLIST_APPROVE, deployment_id)
    facts = governance.approve(office, person, row, given.manifest_sha256)
    return Approved(manifest_sha256=facts.manifest_sha256, approved_at=facts.approved_at)


@router.post(f"{_LIST}/withdraw", status_code=204, **does(Act.WATCHLIST_WITHDRAW))
def withdraw(office: Here, person: SignedIn, deployment_id: Id, given: Withdrawal) -> None:
    """Withdraw an entry: it raises no further alert, on any camera, within a minute."""
    row = _found(office, person, Act.WATCHLIST_WITHDRAW, deployment_id)
    governance.withdraw(office, person, row, given.subject_id, given.reason)


@router.post(f"{_LIST}/revalidate", **does(Act.WATCHLIST_REVALIDATE))
def revalidate(office: Here, person: SignedIn, deployment_id: Id, given: Sources) -> Revalidated:
    """Hold a list against its sources: whoever they no longer name is withdrawn."""
    row = _found(office, person, Act.WATCHLIST_REVALIDATE, deployment_id)
    return Revalidated(withdrawn=governance.revalidate(office, person, row, given.subject_ids))


@router.post("/inclusions", **does(Act.INCLUSION_ANSWER))
def answer(office: Here, person: SignedIn, question: Question) -> list[Inclusion]:
    """Say on which lists somebody has been, for an access request; the question is logged."""
    found = governance.answer(office, person, question.subject_id)
    return [
        Inclusion(
            watchlist_id=each.watchlist_id,
            deployment=each.deployment,
            pictures=each.pictures,
            listed_from=each.listed_from,
            listed_until=each.listed_until,
        )
        for each in found
    ]


def _found(office: Office, person: Person, act: Act, deployment_id: str) -> DeploymentRow:
    row = office.record.deployments.find(deployment_id)
    _demand(office, person, act, row)
    return row


def _demand(
    office: Office,
    person: Person,
    act: Act,
    row: DeploymentRow,
    only: frozenset[Role] | None = None,
) -> None:
    """Ask about the unit first: whether its list still exists is the unit's own business."""
    office.demand(person, act, Thing("watchlist", row.watchlist_id, row.unit), only)
