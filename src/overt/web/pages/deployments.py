"""One deployment: its application, its authority, and every act of its life.

Names of listed people stand on a page only for whoever signs for them, or asks for the list, and
each such look is on the log; everybody else sees how many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from overt.deployment.appraised import appraisal_of
from overt.deployment.policy import Policy
from overt.deployment.recorded import policy_of, seen
from overt.errors import NotFoundError, OvertError, PermissionDenied
from overt.people.office import Office
from overt.people.permissions import MATRIX, Person
from overt.runtime.operations import Operations
from overt.storage import DeploymentRow
from overt.vocabulary import Act, DeploymentState, Role
from overt.watchlist import governance
from overt.web.api.asking import Here, Id, SignedIn, does
from overt.web.pages.command import ANSWERABLE
from overt.web.pages.deployment_acts import COMING, UNDECIDED, Case, offers
from overt.web.pages.deployment_doing import DOINGS, mistakes
from overt.web.pages.deployment_offers import OFFERS, Offer
from overt.web.pages.deployment_shown import acts_of, handed_over, next_steps, terms_of, who
from overt.web.pages.forms import EMPTY, Form, Sent
from overt.web.pages.frame import away, page
from overt.web.pages.incoming import Incoming
from overt.web.pages.list_shown import Findings, Foremost, counted, entries, findings
from overt.web.pages.refusals import without_commands
from overt.web.pages.running import Running
from overt.web.wire import snapshot_position

router = APIRouter(include_in_schema=False)

_SIGNS = frozenset(
    {Act.WATCHLIST_APPROVE, Act.DEPLOYMENT_AUTHORISE, Act.DEPLOYMENT_AUTHORISE_URGENTLY}
)
_SHOWN_HERE = 8
_ENTRIES_A_PAGE = 200


@router.get("/deployments/{deployment_id}", **does(Act.DEPLOYMENT_SEE))
def show(
    request: Request, office: Here, person: SignedIn, operations: Running, deployment_id: Id
) -> Response:
    """Show a deployment, and what the person may do to it."""
    position = snapshot_position(office)
    case = _case(office, person, operations, deployment_id)
    return _page(request, case, operations, EMPTY, position)


@router.get("/deployments/{deployment_id}/list", **does(Act.WATCHLIST_SEE))
def show_list(
    request: Request,
    office: Here,
    person: SignedIn,
    deployment_id: Id,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """Show who is on a list and why, to whom the policy lets see names; the look is logged."""
    return _list_page(request, office, person, deployment_id, Sought(page=number))


@router.post("/deployments/{deployment_id}/list", **does(Act.WATCHLIST_SEE))
def search_list(
    request: Request, office: Here, person: SignedIn, deployment_id: Id, sent: Sent
) -> Response:
    """Show the entries of a list that hold some words; names never stand in an address."""
    sought = Sought(words=sent.value("find").strip()[:200], form=sent)
    return _list_page(request, office, person, deployment_id, sought)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries of a list are shown, and what stands in the page's form."""

    page: int = 1
    words: str = ""
    form: Form = EMPTY


def _case(office: Office, person: Person, operations: Operations, deployment_id: str) -> Case:
    row = seen(office, person, deployment_id)
    facts = office.record.watchlists.facts(row.watchlist_id)
    runs = row.deployment_id in operations.running()
    return Case(office, person, row, policy_of(row), facts, runs)


def _page(
    request: Request, case: Case, operations: Operations, form: Form, position: int
) -> Response:
    office, row, offered = case.office, case.row, offers(case)
    over = row.state not in COMING
    return page(
        request,
        "deployment.html",
        form.status,
        row=row,
        form=form,
        position=position,
        terms=terms_of(row),
        policy=case.policy,
        facts=case.facts,
        applicant=who(office, row.applicant),
        imported_by=who(office, case.facts.imported_by) if case.facts else "",
        approved_by=who(office, case.facts.approved_by)
        if case.facts and case.facts.approved_by
        else "",
        acts=acts_of(case),
        steps=next_steps(case),
        offers=offered,
        handed=handed_over(case),
        successors=[(each.deployment_id, each.name) for each in case.successors],
        failure=without_commands(operations.failure(row.deployment_id)),
        ends_at=None if over else row.authority_ends_at,
        begun=office.now() >= row.window_start,
        given=row.state not in UNDECIDED,
        alerts=len(office.record.alerts.places_of(row.deployment_id)),
        appraisal=row.appraisal,
        counts={name: counted(row.appraisal, name) for name in _FOUND},
        found=_found_for_signing(case, offered),
        sees_names=_sees_names(case),
        commands=bool(case.person.roles & ANSWERABLE),
        operates=bool(case.person.roles & MATRIX[Act.ALERT_ADJUDICATE].roles),
        applies=bool(case.person.roles & MATRIX[Act.DEPLOYMENT_DRAFT].roles),
        lists=[(name, name) for name in Incoming.of(office.home).lists],
    )


_FOUND = ("lookalikes", "hubs", "same_pictures", "old_pictures")


def _found_for_signing(case: Case, offered: Sequence[Offer]) -> Findings | None:
    """Return by name what was found about a list, to whoever signs for it; the look is logged."""
    signs = any(each.act in _SIGNS and not each.waits for each in offered)
    if not signs or not _sees_names(case):
        return None
    foremost = Foremost.of(appraisal_of(case.office, case.row), _SHOWN_HERE)
    only, whom = _names_for(case.policy), foremost.subject_ids
    return foremost.by_name(governance.names_of(case.office, case.person, case.row, only, whom))


def _sees_names(case: Case) -> bool:
    """Tell whether the policy lets somebody see who is listed; `governance.see` asks again."""
    allowed = _names_for(case.policy) & MATRIX[Act.WATCHLIST_SEE].roles
    return bool(case.person.roles & allowed) and case.may_of_list(Act.WATCHLIST_SEE)


def _names_for(policy: Policy) -> frozenset[Role]:
    return frozenset[Role](policy.access.watchlist_names)


def _list_page(
    request: Request, office: Office, person: Person, deployment_id: str, sought: Sought
) -> Response:
    row = seen(office, person, deployment_id)
    policy = policy_of(row)
    watchlist = governance.see(office, person, row, _names_for(policy))
    listed = [each for each in entries(watchlist, policy) if each.holds(sought.words)]
    pages = max(1, -(-len(listed) // _ENTRIES_A_PAGE))
    number = min(sought.page, pages)
    case = Case(office, person, row, policy, office.record.watchlists.facts(row.watchlist_id))
    return page(
        request,
        "watchlist.html",
        sought.form.status,
        row=row,
        facts=case.facts,
        form=sought.form,
        total=len(watchlist.subjects),
        listed=len(listed),
        entries=listed[(number - 1) * _ENTRIES_A_PAGE : number * _ENTRIES_A_PAGE],
        number=number,
        pages=pages,
        words=sought.words,
        found=findings(watchlist, appraisal_of(office, row)),
        withdraws=any(each.act is Act.WATCHLIST_WITHDRAW for each in offers(case)),
    )


# --- acts ---------------------------------------------------------------------------------------


def _add(offer: Offer) -> None:
    def done(
        request: Request,
        office: Here,
        person: SignedIn,
        operations: Running,
        deployment_id: Id,
        sent: Sent,
    ) -> Response:
        case = _case(office, person, operations, deployment_id)
        wrong = mistakes(offer, sent, Incoming.of(office.home))
        if wrong:
            return _again(request, case, operations, sent.with_errors(wrong))
        try:
            if offer.word == "start":
                operations.start(person, case.row.deployment_id)
            else:
                DOINGS[offer.word](office, person, case.row, sent)
        except (PermissionDenied, NotFoundError):
            raise
        except OvertError as error:
            if offer.word == "stop" and _is_over(office, case.row):
                return away(_onward(offer, case, sent))
            return _again(request, case, operations, sent.refused(error))
        return away(_onward(offer, case, sent))

    router.add_api_route(
        f"/deployments/{{deployment_id}}/{offer.word}", done, methods=["POST"], **does(offer.act)
    )


def _again(request: Request, case: Case, operations: Operations, form: Form) -> Response:
    """Show the page again with what is wrong, as things stand now."""
    position = snapshot_position(case.office)
    if form.value("onward") == "list":
        sought = Sought(words=form.value("withdraw-subject"), form=form)
        return _list_page(request, case.office, case.person, case.row.deployment_id, sought)
    now = _case(case.office, case.person, operations, case.row.deployment_id)
    return _page(request, now, operations, form, position)


def _is_over(office: Office, row: DeploymentRow) -> bool:
    """Tell whether somebody who pressed stop has what they wanted, whoever was first."""
    state, _, _ = office.record.deployments.standing(row.deployment_id)
    return state is DeploymentState.ENDED


def _onward(offer: Offer, case: Case, sent: Form) -> str:
    """Return where an act leads: to where the work goes on."""
    here = f"/deployments/{case.row.deployment_id}"
    if offer.word == "start":
        return f"{here}/command" if Role.COMMANDER in case.person.roles else f"{here}/console"
    onward = sent.value("onward")
    return f"{here}/{onward}" if onward in {"command", "list"} else here


for _offer in OFFERS:
    _add(_offer)
