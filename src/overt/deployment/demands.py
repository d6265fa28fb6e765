"""What must hold before an act in a deployment's life: each check refuses in plain words."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from overt.deployment.moves import MOVES, ONLY_UNCONFIRMED, UNREVIEWED
from overt.deployment.policy import Policy
from overt.deployment.recorded import thing_of
from overt.deployment.window import spell_time
from overt.errors import AuthorityError, LifecycleError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.storage import DeploymentRow
from overt.vocabulary import Act, DeploymentState

_SURELY_WRONG = timedelta(days=1)
"""An entry from later than this was written by a clock that was wrong, and has been set right."""


def demand_covered(office: Office, row: DeploymentRow) -> None:
    """Check that now lies within a deployment's authority: its window and any urgent deadline.

    A clock that was moved back opens no window again that was over when the log was last written.

    Raises:
        AuthorityError: it does not.
    """
    now, end = office.now(), row.authority_ends_at
    if now < row.window_start:
        raise AuthorityError(
            f"The authority begins on {spell_time(row.window_start)}.",
            remedy="Start it then; nothing may be searched before.",
        )
    if now >= end:
        raise AuthorityError(
            f"The authority ended on {spell_time(end)}.",
            remedy="Going on needs a new authority.",
        )
    last = office.log.last_at()
    if last is not None and end <= last < now + _SURELY_WRONG:
        raise AuthorityError(
            f"The authority ended on {spell_time(end)}, and the log was written after that.",
            remedy="This machine's clock was moved back; set it right. Going on needs a new "
            "authority.",
        )


def demand_rank(
    office: Office, person: Person, row: DeploymentRow, policy: Policy, act: Act
) -> None:
    """Check that the policy lets a person's rank do an act of authority.

    Raises:
        PermissionDenied: it does not; the attempt is on the log.
    """
    urgent = act is Act.DEPLOYMENT_AUTHORISE_URGENTLY
    if not policy.may_authorise(person.rank, urgent=urgent, sensitive=bool(row.flags)):
        office.refuse(person, act, thing_of(row), "the policy does not let that rank authorise it")


def demand_state(row: DeploymentRow, act: str) -> None:
    """Check that the table of moves lets an act be done where the deployment stands.

    Raises:
        LifecycleError: it does not.
    """
    if row.state not in MOVES[act]:
        raise wrong_state(row.state, act.partition(".")[2].replace("-", " "))
    confirming = act in {Act.DEPLOYMENT_AUTHORISE, Act.DEPLOYMENT_REFUSE}
    if confirming and row.state in ONLY_UNCONFIRMED and row.urgent_deadline is None:
        raise LifecycleError(
            "The deployment has its authority already.",
            remedy="To end it, stop it; other terms need a new application.",
        )


def wrong_state(state: DeploymentState, what: str) -> LifecycleError:
    """Return the error of an act that a state does not allow."""
    return LifecycleError(
        f"The deployment is {state}, and cannot {what} now.",
        remedy="See what was done to it: overt deployment show.",
    )


def demand_in_time(office: Office, row: DeploymentRow) -> None:
    """R-8: an urgent authority that was not confirmed by its deadline is as good as refused.

    Raises:
        LifecycleError: the deadline has passed.
    """
    if row.urgent_deadline is not None and office.now() >= row.urgent_deadline:
        raise LifecycleError(
            "The urgent authority was not confirmed in time.",
            remedy="What it gathered is deleted; going on needs a new application.",
        )


def demand_approved(office: Office, row: DeploymentRow) -> None:
    """Check that a second person has approved the list.

    Raises:
        LifecycleError: nobody has.
    """
    facts = office.record.watchlists.facts(row.watchlist_id)
    if facts is None or facts.approved_by is None:
        raise LifecycleError(
            "Nobody has approved the watchlist yet.",
            remedy="Somebody other than who imported it does so: overt watchlist approve.",
        )


def demand_reviewed(office: Office, row: DeploymentRow) -> None:
    """R-63: a review that is overdue blocks the unit's next deployment.

    Raises:
        LifecycleError: one is overdue.
    """
    now = office.now()
    late = [
        each
        for each in office.record.deployments.all()
        if each.unit == row.unit
        and each.deployment_id != row.deployment_id
        and review_overdue(each, now)
    ]
    if late:
        raise LifecycleError(
            f"The unit has {len(late)} deployment{'s' if len(late) > 1 else ''} overdue for review.",
            remedy=f"Close and review it first: {_ids(late)}.",
        )


def demand_reason(reason: str, of_what: str, option: str = "--reason") -> None:
    """Check that somebody said in words why.

    Raises:
        LifecycleError: they did not.
    """
    if len(reason.split()) < 2:
        raise LifecycleError(
            f"Say in words why: {of_what} is not recorded without its reason.",
            remedy=f'Add {option} "...".',
        )


def _ids(rows: Sequence[DeploymentRow]) -> str:
    return ", ".join(row.deployment_id[:8] for row in rows[:5])


def review_overdue(row: DeploymentRow, now: datetime) -> bool:
    """Tell whether a deployment's review is overdue."""
    return row.state in UNREVIEWED and row.review_due_at is not None and row.review_due_at < now
