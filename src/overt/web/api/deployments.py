"""Deployments: seeing them, and the acts in their lives.

Drafting and starting are the command line's: the one reads files and the other owns cameras,
and neither belongs in a service that only speaks HTTP.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from overt.deployment import lifecycle, recorded
from overt.people.office import Office
from overt.people.permissions import Person, why_not
from overt.runtime.operation import hand_over, stop
from overt.storage import DeploymentRow, HandOverRow
from overt.vocabulary import Act, DeploymentKind, DeploymentState, HandOverState
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.api.texts import Reason

router = APIRouter(prefix="/deployments", tags=["deployments"])


class Deployment(BaseModel):
    """Where a deployment stands."""

    deployment_id: str
    name: str
    unit: str
    kind: DeploymentKind
    state: DeploymentState
    use_case: str
    location: str
    window_start: datetime
    window_end: datetime
    created_at: datetime
    urgent_deadline: datetime | None
    stop_requested_at: datetime | None
    ended_at: datetime | None
    review_due_at: datetime | None


class Done(BaseModel):
    """One act in a deployment's life; `by` is an account's name, or `system` for the clock."""

    act: str
    by: str
    rank: str
    at: datetime
    state: DeploymentState
    reason: str
    terms_sha256: str | None


class HandOver(BaseModel):
    """The last request to hand a deployment's cameras over; `answer` says why it was refused."""

    hand_over_id: str
    successor_id: str
    by: str
    at: datetime
    reason: str
    state: HandOverState
    answered_at: datetime | None
    answer: str


class Successor(Reason):
    """To which deployment cameras are handed over, and why."""

    successor_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Whole(Deployment):
    """A deployment with what its authority binds and everything that was done to it."""

    applicant: str
    policy_version: str
    policy_sha256: str
    watchlist_id: str
    flags: list[str]
    terms: dict[str, Any]
    terms_sha256: str
    authorised_terms_sha256: str | None
    appraisal: dict[str, Any]
    hand_over: HandOver | None
    acts: list[Done]


_MADE = ("acts", "applicant", "flags", "hand_over")
"""What of a deployment is put together from more than its row."""


@router.get("", **does(Act.DEPLOYMENT_SEE))
def listed(office: Here, person: SignedIn) -> list[Deployment]:
    """List the deployments of one's unit; auditors and administrators see every unit's."""
    rows = office.record.deployments.all()
    return [
        _brief(row)
        for row in rows
        if not why_not(person, Act.DEPLOYMENT_SEE, recorded.thing_of(row))
    ]


@router.get("/{deployment_id}", **does(Act.DEPLOYMENT_SEE))
def one(office: Here, person: SignedIn, deployment_id: Id) -> Whole:
    """Return a deployment, its terms, and every act of its life."""
    row = recorded.seen(office, person, deployment_id)
    acts = office.record.deployments.acts(row.deployment_id)
    return Whole(
        **_fields(row, Deployment),
        **_fields(row, Whole, without={*Deployment.model_fields, *_MADE}),
        applicant=name_of(office, row.applicant),
        flags=list(row.flags),
        hand_over=_told(office, office.record.hand_overs.last(row.deployment_id)),
        acts=[
            Done(**_fields(each, Done, without={"by"}), by=name_of(office, each.by))
            for each in acts
        ],
    )


@router.post("/{deployment_id}/hand-over", **does(Act.DEPLOYMENT_HAND_OVER))
def hand_over_deployment(
    office: Here, person: SignedIn, deployment_id: Id, given: Successor
) -> HandOver:
    """Ask for a live deployment's cameras to be handed over to another one, which is authorised.

    Whoever runs it answers soon: `hand_over` of the deployment says what became of it.
    """
    find = office.record.deployments.find
    row = find(deployment_id)
    office.demand(person, Act.DEPLOYMENT_HAND_OVER, recorded.thing_of(row))
    asked = hand_over(office, person, row, find(given.successor_id), given.reason)
    return _told_of(office, asked)


def _told(office: Office, asked: HandOverRow | None) -> HandOver | None:
    return _told_of(office, asked) if asked else None


def _told_of(office: Office, asked: HandOverRow) -> HandOver:
    return HandOver(**_fields(asked, HandOver, without={"by"}), by=name_of(office, asked.by))


def name_of(office: Office, account_id: str) -> str:
    """Return how an account signs in; `system` is the clock."""
    account = office.record.accounts.of_id(account_id)
    return account.name if account else account_id


_Move = Callable[[Office, Person, DeploymentRow, str], DeploymentRow | None]


def _submitted(office: Office, person: Person, row: DeploymentRow, _reason: str) -> DeploymentRow:
    return lifecycle.submit(office, person, row)


_MOVES: tuple[tuple[str, Act, _Move, str], ...] = (
    ("submit", Act.DEPLOYMENT_SUBMIT, _submitted, "Ask for authority."),
    (
        "authorise",
        Act.DEPLOYMENT_AUTHORISE,
        lifecycle.authorise,
        "Give authority to a deployment's terms, or confirm one that was given urgently.",
    ),
    (
        "authorise-urgently",
        Act.DEPLOYMENT_AUTHORISE_URGENTLY,
        lifecycle.authorise_urgently,
        "Give an authority that must be confirmed by a deadline; the reason is needed.",
    ),
    (
        "refuse",
        Act.DEPLOYMENT_REFUSE,
        lifecycle.refuse,
        "Refuse authority; what was gathered is deleted. The reason is needed.",
    ),
    ("stop", Act.DEPLOYMENT_STOP, stop, "Stop searching, on every camera, within a second."),
    (
        "cancel",
        Act.DEPLOYMENT_CANCEL,
        lifecycle.cancel,
        "Call a deployment off before it starts; its list is destroyed. The reason is needed.",
    ),
    (
        "close",
        Act.DEPLOYMENT_CLOSE,
        lifecycle.close,
        "Close a deployment whose alerts all have their outcome; its list is destroyed.",
    ),
    (
        "review",
        Act.DEPLOYMENT_REVIEW,
        lifecycle.review,
        "Record the review of a closed deployment; the reason holds its findings.",
    ),
)


def _add(word: str, act: Act, move: _Move, summary: str) -> None:
    def moved(office: Here, person: SignedIn, deployment_id: Id, given: Reason) -> Deployment:
        row = office.record.deployments.find(deployment_id)
        move(office, person, row, given.reason)
        return _brief(office.record.deployments.find(deployment_id))

    name = f"{word.replace('-', '_')}_deployment"
    router.add_api_route(
        f"/{{deployment_id}}/{word}",
        moved,
        methods=["POST"],
        name=name,
        description=summary,
        response_model=Deployment,
        **does(act),
    )


for _word, _act, _move, _summary in _MOVES:
    _add(_word, _act, _move, _summary)


def _brief(row: DeploymentRow) -> Deployment:
    return Deployment(**_fields(row, Deployment))


def _fields(
    value: object, model: type[BaseModel], without: set[str] | None = None
) -> dict[str, Any]:
    names = set(model.model_fields) - (without or set())
    return {name: getattr(value, name) for name in names}
