"""What somebody may do to a deployment where it stands: which forms its page offers them.

It says before the attempt what `lifecycle` would refuse afterwards. Whatever is offered here is
asked again there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from overt.deployment.demands import demand_covered
from overt.deployment.handing_over import may_follow
from overt.deployment.moves import MOVES, ONLY_UNCONFIRMED
from overt.deployment.policy import Policy
from overt.deployment.recorded import thing_of
from overt.errors import AuthorityError
from overt.people.office import Office
from overt.people.permissions import Person, Thing, why_not
from overt.storage import DeploymentRow, ListFacts
from overt.vocabulary import Act, DeploymentState
from overt.web.pages import deployment_offers as say
from overt.web.pages.deployment_offers import Offer
from overt.web.pages.refusals import without_commands

_S = DeploymentState
UNDECIDED = frozenset({_S.DRAFT, _S.SUBMITTED})
"""States of a deployment that nobody has authorised yet."""

COMING = frozenset({_S.DRAFT, _S.SUBMITTED, _S.URGENT, _S.AUTHORISED, _S.LIVE})
"""States of a deployment that is not over."""


@dataclass(frozen=True, slots=True)
class Case:
    """A deployment in front of somebody: all that decides what they may do to it."""

    office: Office
    person: Person
    row: DeploymentRow
    policy: Policy
    facts: ListFacts | None
    runs_here: bool = False

    def may(self, act: Act) -> bool:
        """Tell whether the person may do an act to the deployment at all, and its state allows."""
        if act in MOVES and self.row.state not in MOVES[act]:
            return False
        return not why_not(self.person, act, thing_of(self.row))

    def may_of_list(self, act: Act) -> bool:
        """Tell whether the person may do an act to the deployment's list, if it is still there."""
        if self.facts is None:
            return False
        by = self.facts.imported_by
        about = Thing("watchlist", self.facts.watchlist_id, self.row.unit, by)
        return not why_not(self.person, act, about)

    @property
    def successors(self) -> list[DeploymentRow]:
        """The deployments to which this one's cameras might be handed over."""
        every = self.office.record.deployments.all()
        return [each for each in every if may_follow(self.row, each)]

    @property
    def approved(self) -> bool:
        """Whether a second person has approved the list."""
        return self.facts is not None and self.facts.approved_by is not None


def offers(case: Case) -> list[Offer]:
    """Return the acts that somebody may do to a deployment where it stands."""
    return [offer for kind in say.OFFERS for offer in _RULES[kind.word](case)]


def _plainly(offer: Offer) -> Callable[[Case], Iterator[Offer]]:
    def rule(case: Case) -> Iterator[Offer]:
        if case.may(offer.act):
            yield offer

    return rule


def _approve(case: Case) -> Iterator[Offer]:
    open_still = case.row.state in UNDECIDED and not case.approved
    if open_still and case.may_of_list(Act.WATCHLIST_APPROVE):
        yield say.APPROVE


def _authorise(case: Case) -> Iterator[Offer]:
    confirming = case.row.urgent_deadline is not None
    if not case.may(Act.DEPLOYMENT_AUTHORISE):
        return
    if case.row.state in ONLY_UNCONFIRMED and not confirming:
        return
    offer = say.CONFIRM if confirming else say.AUTHORISE
    yield _waiting(offer, _why_not_authorise(case))


def _why_not_authorise(case: Case) -> str:
    if not case.policy.may_authorise(case.person.rank, sensitive=bool(case.row.flags)):
        return f"The policy does not let the rank “{case.person.rank}” authorise it."
    if not case.approved and case.row.state is not DeploymentState.ENDED:
        return "Somebody other than who imported it approves the list first."
    acts = case.office.record.deployments.acts(case.row.deployment_id)
    done = [each for each in acts if each.act == Act.DEPLOYMENT_AUTHORISE]
    if any(each.by == case.person.account_id for each in done) and len(done) == 1:
        return "You have agreed; a second authorising officer decides next."
    return ""


def _urgently(case: Case) -> Iterator[Offer]:
    rank, sensitive = case.person.rank, bool(case.row.flags)
    may_fully = case.may(Act.DEPLOYMENT_AUTHORISE) and case.policy.may_authorise(
        rank, sensitive=sensitive
    )
    may = case.policy.may_authorise(rank, urgent=True, sensitive=sensitive)
    if case.may(Act.DEPLOYMENT_AUTHORISE_URGENTLY) and may and not may_fully:
        waits = "" if case.approved else "Somebody other than who imported it approves the list."
        yield _waiting(say.URGENT, waits)


def _refuse(case: Case) -> Iterator[Offer]:
    settled = case.row.state in ONLY_UNCONFIRMED and case.row.urgent_deadline is None
    if case.may(Act.DEPLOYMENT_REFUSE) and not settled:
        yield say.REFUSE


def _start(case: Case) -> Iterator[Offer]:
    """Starting again is for after a machine died; while it runs there is nothing to start."""
    stopping = case.row.stop_requested_at is not None
    if not case.may(Act.DEPLOYMENT_START) or case.runs_here or stopping:
        return
    try:
        demand_covered(case.office, case.row)
    except AuthorityError as error:
        yield _waiting(say.START, f"{error.message} {without_commands(error.remedy)}")
    else:
        yield say.START


def _stop(case: Case) -> Iterator[Offer]:
    if case.row.state is DeploymentState.LIVE and case.may(Act.DEPLOYMENT_STOP):
        yield say.STOP


def _hand_over(case: Case) -> Iterator[Offer]:
    running = case.row.state is DeploymentState.LIVE and case.row.stop_requested_at is None
    if running and case.may(Act.DEPLOYMENT_HAND_OVER) and case.successors:
        yield say.HAND_OVER


def _close(case: Case) -> Iterator[Offer]:
    if case.may(Act.DEPLOYMENT_CLOSE):
        places = case.office.record.alerts.places_of(case.row.deployment_id)
        reviews = case.office.record.reviews
        still = sum(reviews.outcome(each.alert_id) is None for each in places)
        waits = f"{still} of {len(places)} alerts have no outcome yet." if still else ""
        if case.row.urgent_deadline is not None:
            waits = "An authorising officer confirms or refuses the urgent authority first."
        yield _waiting(say.CLOSE, waits)


def _revalidate(case: Case) -> Iterator[Offer]:
    may = case.may_of_list(Act.WATCHLIST_REVALIDATE)
    if may and case.row.state in COMING - {DeploymentState.LIVE}:
        yield say.REVALIDATE


def _withdraw(case: Case) -> Iterator[Offer]:
    if case.row.state in COMING and case.may_of_list(Act.WATCHLIST_WITHDRAW):
        yield say.WITHDRAW


def _waiting(offer: Offer, waits: str) -> Offer:
    return replace(offer, waits=waits)


_RULES: dict[str, Callable[[Case], Iterator[Offer]]] = {
    "submit": _plainly(say.SUBMIT),
    "approve": _approve,
    "authorise": _authorise,
    "authorise-urgently": _urgently,
    "refuse": _refuse,
    "start": _start,
    "stop": _stop,
    "hand-over": _hand_over,
    "cancel": _plainly(say.CANCEL),
    "close": _close,
    "review": _plainly(say.REVIEW),
    "revalidate": _revalidate,
    "withdraw": _withdraw,
}
