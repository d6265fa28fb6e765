"""The acts in a deployment's life: each by whom it may be done, in its state, and on the log."""

from datetime import datetime, timedelta

from overt.audit.events import DeploymentMoved, HandOverRefused, StopRequested
from overt.audit.log import SYSTEM
from overt.deployment.demands import (
    demand_approved,
    demand_covered,
    demand_in_time,
    demand_rank,
    demand_reason,
    demand_reviewed,
    demand_state,
    wrong_state,
)
from overt.deployment.moves import END, MOVES
from overt.deployment.policy import Policy
from overt.deployment.recorded import policy_of, thing_of
from overt.errors import LifecycleError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.retention.erasure import destroy_list, erase_alerts_of
from overt.storage import ActRow, DeploymentRow, HandOverRow
from overt.vocabulary import Act, DeploymentState, HandOverState


def submit(office: Office, person: Person, row: DeploymentRow) -> DeploymentRow:
    """Ask for authority: the application is complete, and its list governed.

    Raises:
        PermissionDenied: it is not the person's own.
        LifecycleError: it is no draft, or the unit has a review overdue.
    """
    office.demand(person, Act.DEPLOYMENT_SUBMIT, thing_of(row))
    demand_reviewed(office, row)
    return move(office, person, Act.DEPLOYMENT_SUBMIT, row, "application")


def authorise(office: Office, person: Person, row: DeploymentRow, reason: str) -> DeploymentRow:
    """Give authority to a deployment's terms, or confirm one that was given urgently.

    At a protest or a sensitive site the policy may ask for two authorising officers: the first
    one's act is kept, and the second's makes the authority.

    Raises:
        PermissionDenied: the person asked for it, or their rank or role does not allow it.
        LifecycleError: it is not submitted, its list is not approved, a review is overdue, no
            reason is given, or it is too late to confirm it.
    """
    policy = policy_of(row)
    office.demand(person, Act.DEPLOYMENT_AUTHORISE, thing_of(row))
    demand_rank(office, person, row, policy, Act.DEPLOYMENT_AUTHORISE)
    demand_state(row, Act.DEPLOYMENT_AUTHORISE)
    demand_in_time(office, row)
    demand_reason(reason, "an authority")
    if row.state is not DeploymentState.ENDED:  # then its list may be gone, as it should
        demand_approved(office, row)
    demand_reviewed(office, row)
    if _needs_another(office, person, row, policy):
        return _first_of_two(office, person, row, reason)
    changes = {"authorised_terms_sha256": row.terms_sha256, "urgent_deadline": None}
    return move(office, person, Act.DEPLOYMENT_AUTHORISE, row, reason, **changes)


def authorise_urgently(
    office: Office, person: Person, row: DeploymentRow, reason: str
) -> DeploymentRow:
    """Give an authority that must be confirmed within the policy's hours: requirement R-8.

    Raises:
        PermissionDenied: the person asked for it, or the policy names no such rank as urgent.
        LifecycleError: it is not submitted, no reason is given, or its list is not approved.
    """
    policy = policy_of(row)
    office.demand(person, Act.DEPLOYMENT_AUTHORISE_URGENTLY, thing_of(row))
    demand_rank(office, person, row, policy, Act.DEPLOYMENT_AUTHORISE_URGENTLY)
    demand_state(row, Act.DEPLOYMENT_AUTHORISE_URGENTLY)
    demand_reason(reason, "an urgent authority")
    demand_approved(office, row)
    demand_reviewed(office, row)
    deadline = office.now() + timedelta(hours=policy.authority.urgent_max_hours)
    changes = {"authorised_terms_sha256": row.terms_sha256, "urgent_deadline": deadline}
    return move(office, person, Act.DEPLOYMENT_AUTHORISE_URGENTLY, row, reason, **changes)


def refuse(office: Office, person: Person, row: DeploymentRow, reason: str) -> DeploymentRow:
    """Refuse authority. What an urgent deployment has gathered is deleted: requirement R-8.

    Raises:
        PermissionDenied: the person asked for it, or may not.
        LifecycleError: there is nothing to refuse, or no reason is given.
    """
    office.demand(person, Act.DEPLOYMENT_REFUSE, thing_of(row))
    demand_state(row, Act.DEPLOYMENT_REFUSE)
    demand_reason(reason, "a refusal")
    now = office.now()
    changes = {"stop_requested_at": row.stop_requested_at or now, "sealed_file": None}
    moved = move(office, person, Act.DEPLOYMENT_REFUSE, row, reason, **changes)
    delete_gathered(office, moved, "authority refused")
    return moved


def request_stop(office: Office, person: Person, row: DeploymentRow, reason: str) -> None:
    """Tell a live deployment to stop; its cameras stop within a second: requirement R-52.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: it is not live.
    """
    with office.acting(person, Act.DEPLOYMENT_STOP, thing_of(row)):
        state, _, _ = office.record.deployments.standing(row.deployment_id)
        if state is not DeploymentState.LIVE:
            raise wrong_state(state, "be stopped")
        office.record.deployments.change(row.deployment_id, stop_requested_at=office.now())
        office.record.deployments.tell(row.deployment_id, office.now())
        event = StopRequested(row.deployment_id, reason or "no reason given")
        office.log.write(event, by=person.account_id)


def refuse_hand_over(office: Office, asked: HandOverRow, words: str, why: str) -> None:
    """Put on record that a live deployment's cameras are not handed over; it goes on as it was.

    `words` are told to whoever asked, and `why`, a word of ours, is for the log.
    """
    with office.record.together():
        office.record.hand_overs.answer(
            asked.hand_over_id, HandOverState.REFUSED, office.now(), words
        )
        office.record.deployments.tell(asked.deployment_id, office.now())
        office.log.write(HandOverRefused(asked.deployment_id, asked.successor_id, why))


def cancel(office: Office, person: Person, row: DeploymentRow, reason: str) -> DeploymentRow:
    """Call a deployment off before it starts: requirement R-10. Its list is destroyed.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: it has started or is over, or no reason is given.
    """
    office.demand(person, Act.DEPLOYMENT_CANCEL, thing_of(row))
    demand_reason(reason, "a cancellation")
    moved = move(office, person, Act.DEPLOYMENT_CANCEL, row, reason, sealed_file=None)
    delete_gathered(office, moved, "deployment cancelled")
    return moved


def start(
    office: Office, person: Person, row: DeploymentRow, reason: str = "started"
) -> DeploymentRow:
    """Begin: from now on its cameras may be searched. Whoever calls this has held its terms.

    Raises:
        PermissionDenied: the person may not.
        AuthorityError: its window is not now.
        LifecycleError: it is not authorised, was told to stop, or a review is overdue.
    """
    office.demand(person, Act.DEPLOYMENT_START, thing_of(row))
    demand_state(row, Act.DEPLOYMENT_START)
    if row.stop_requested_at is not None:  # and its process died before it had ended
        raise LifecycleError(
            "Somebody has told the deployment to stop.",
            remedy="Stop it once more, which ends it: overt deployment stop.",
        )
    demand_covered(office, row)
    demand_reviewed(office, row)
    return move(office, person, Act.DEPLOYMENT_START, row, reason)


def end(office: Office, deployment_id: str, reason: str) -> DeploymentRow:
    """Record that a live deployment has stopped searching; its clocks begin to run."""
    row = office.record.deployments.find(deployment_id)
    if row.state is not DeploymentState.LIVE:
        return row  # refused or ended meanwhile
    policy, now = policy_of(row), office.now()
    due = now + timedelta(days=policy.authority.review_due_days)
    with office.record.together():
        _bring_forward(office, row, now + timedelta(hours=policy.retention.list_hours))
        if asked := office.record.hand_overs.asked(deployment_id):
            refuse_hand_over(office, asked, "The deployment ended before.", "it ended before")
        return move(office, None, END, row, reason, ended_at=now, review_due_at=due)


def _bring_forward(office: Office, row: DeploymentRow, deadline: datetime) -> None:
    facts = office.record.watchlists.facts(row.watchlist_id)
    if facts is not None and deadline < facts.destroy_after:  # a deadline never moves back
        office.record.watchlists.update(row.watchlist_id, destroy_after=deadline)


def close(office: Office, person: Person, row: DeploymentRow, note: str) -> DeploymentRow:
    """Close a deployment that has ended: every alert has its outcome; the list is destroyed.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: it has not ended, its urgent authority is unconfirmed, or alerts are open.
    """
    office.demand(person, Act.DEPLOYMENT_CLOSE, thing_of(row))
    demand_state(row, Act.DEPLOYMENT_CLOSE)
    if row.urgent_deadline is not None:
        raise LifecycleError(
            "The urgent authority has not been confirmed or refused yet.",
            remedy="An authorising officer does so: overt deployment authorise, or refuse.",
        )
    places = office.record.alerts.places_of(row.deployment_id)
    still_open = sum(office.record.reviews.outcome(each.alert_id) is None for each in places)
    if still_open:
        raise LifecycleError(
            f"{still_open} of {len(places)} alerts have no outcome yet.",
            remedy="An engagement officer closes each: overt alerts close.",
        )
    moved = move(office, person, Act.DEPLOYMENT_CLOSE, row, note or "closed", sealed_file=None)
    destroy_list(office, moved.watchlist_id, "deployment closed")
    return moved


def review(office: Office, person: Person, row: DeploymentRow, findings: str) -> DeploymentRow:
    """Record the review of a closed deployment: requirement R-63.

    Raises:
        PermissionDenied: the person asked for the deployment, or may not.
        LifecycleError: it is not closed, or nothing is said.
    """
    office.demand(person, Act.DEPLOYMENT_REVIEW, thing_of(row))
    demand_reason(findings, "a review", option="--findings")
    return move(office, person, Act.DEPLOYMENT_REVIEW, row, findings)


def delete_gathered(office: Office, row: DeploymentRow, reason: str) -> None:
    """Delete a deployment's alerts and list, held or not: it should not have been, or never was."""
    erase_alerts_of(office, row.deployment_id, reason)
    destroy_list(office, row.watchlist_id, reason)


def move(
    office: Office,
    person: Person | None,
    act: str,
    row: DeploymentRow,
    reason: str,
    **changes: object,
) -> DeploymentRow:
    """Do an act of the table in one transaction with its entry of the log."""
    if person is not None:
        office.demand(person, Act(act), thing_of(row))
    with office.record.together():
        current = office.record.deployments.find(row.deployment_id)
        demand_state(current, act)  # somebody else may have acted since
        if changes:
            office.record.deployments.change(row.deployment_id, **changes)
        return written(office, person, act, current, MOVES[act][current.state], reason)


def written(
    office: Office,
    person: Person | None,
    act: str,
    row: DeploymentRow,
    after: DeploymentState,
    reason: str,
) -> DeploymentRow:
    """Write down an act: the state it leads to, the act itself, its entry and the outbox's row."""
    by, rank = (person.account_id, person.rank) if person else (SYSTEM, "")
    office.record.deployments.change(row.deployment_id, state=after)
    office.record.deployments.add_act(
        ActRow(row.deployment_id, act, by, rank, office.now(), after, reason, row.terms_sha256)
    )
    office.record.deployments.tell(row.deployment_id, office.now())
    event = DeploymentMoved(row.deployment_id, act, row.state, after, row.terms_sha256, reason)
    office.log.write(event, by=by)
    return office.record.deployments.find(row.deployment_id)


def _first_of_two(office: Office, person: Person, row: DeploymentRow, reason: str) -> DeploymentRow:
    with office.record.together():
        current = office.record.deployments.find(row.deployment_id)
        demand_state(current, Act.DEPLOYMENT_AUTHORISE)  # somebody else may have acted since
        return written(office, person, Act.DEPLOYMENT_AUTHORISE, current, current.state, reason)


def _needs_another(office: Office, person: Person, row: DeploymentRow, policy: Policy) -> bool:
    if not row.flags or not policy.authority.sensitive_second_authoriser:
        return False
    others = [
        each
        for each in office.record.deployments.acts(row.deployment_id)
        if each.act == Act.DEPLOYMENT_AUTHORISE and each.by != person.account_id
    ]
    return not others
