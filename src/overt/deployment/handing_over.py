"""Asking for a live deployment's cameras to be handed over to another one.

An authority binds exact terms, so that nothing of a running deployment is changed. What changes
while cameras look is which authorised deployment they look for: the new list, zone, threshold or
camera is another deployment's, drafted, approved and authorised like any other, and the one that
runs is handed over to it. Whoever runs it does so, or says why not
(`overt.runtime.handover`).
"""

import uuid

from overt.audit.events import HandOverAsked
from overt.deployment.demands import demand_covered, demand_reviewed, wrong_state
from overt.deployment.lifecycle import written
from overt.deployment.moves import MOVES
from overt.deployment.recorded import thing_of
from overt.errors import LifecycleError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.storage import DeploymentRow, HandOverRow
from overt.vocabulary import Act, DeploymentState


def ask_to_hand_over(
    office: Office, person: Person, row: DeploymentRow, successor: DeploymentRow, reason: str
) -> HandOverRow:
    """Put on record that a live deployment's cameras are to be handed over to another one.

    Raises:
        PermissionDenied: the person may not hand this one over, or not start that one.
        AuthorityError: the window of the other one is not now.
        LifecycleError: this one does not run, that one is not authorised, the two do not go
            together, or it is being handed over already.
    """
    find = office.record.deployments.find
    row, successor = find(row.deployment_id), find(successor.deployment_id)
    demand_may_follow(office, person, row, successor)
    asked = HandOverRow(
        hand_over_id=uuid.uuid4().hex,
        deployment_id=row.deployment_id,
        successor_id=successor.deployment_id,
        by=person.account_id,
        at=office.now(),
        reason=reason,
    )
    with office.record.together():
        current = find(row.deployment_id)
        _demand_live(current)  # somebody else may have acted since
        if office.record.hand_overs.asked(row.deployment_id) is not None:
            raise LifecycleError(
                "The deployment is being handed over already.",
                remedy="Wait a moment, and see what became of it.",
            )
        office.record.hand_overs.ask(asked)
        words = f"to {successor.deployment_id[:8]}" + (f": {reason}" if reason else "")
        written(office, person, Act.DEPLOYMENT_HAND_OVER, current, current.state, words)
        event = HandOverAsked(
            row.deployment_id, successor.deployment_id, reason or "no reason given"
        )
        office.log.write(event, by=person.account_id)
    return asked


def demand_may_follow(
    office: Office, person: Person, row: DeploymentRow, successor: DeploymentRow
) -> None:
    """Check that a person may hand a deployment over to another one, as both stand now.

    Raises:
        PermissionDenied, AuthorityError, LifecycleError: as `ask_to_hand_over` does.
    """
    office.demand(person, Act.DEPLOYMENT_HAND_OVER, thing_of(row))
    office.demand(person, Act.DEPLOYMENT_START, thing_of(successor))
    _demand_live(row)
    _demand_another(row, successor)
    if successor.state not in MOVES[Act.DEPLOYMENT_START] or successor.stop_requested_at:
        raise LifecycleError(
            f"The other deployment is {successor.state}, and cannot take over now.",
            remedy="Have it authorised, or see what was done to it: overt deployment show.",
        )
    demand_covered(office, successor)
    demand_reviewed(office, successor)


def _demand_live(row: DeploymentRow) -> None:
    if row.state is not DeploymentState.LIVE:
        raise wrong_state(row.state, "be handed over")
    if row.stop_requested_at is not None:
        raise LifecycleError(
            "Somebody has told the deployment to stop.", remedy="Start the other one by itself."
        )


def _demand_another(row: DeploymentRow, successor: DeploymentRow) -> None:
    if row.deployment_id == successor.deployment_id:
        raise LifecycleError(
            "A deployment is handed over to another one, not to itself.",
            remedy="Draft one with what is to change, and have it authorised.",
        )
    if row.kind is not successor.kind:
        raise LifecycleError(
            f"A {row.kind} deployment is not handed over to a {successor.kind} one.",
            remedy="Stop this one, and start the other.",
        )


def may_follow(row: DeploymentRow, other: DeploymentRow) -> bool:
    """Tell whether a deployment is one that another might be handed over to, as far as is seen."""
    ready = other.state in {DeploymentState.AUTHORISED, DeploymentState.URGENT}
    return ready and other.unit == row.unit and other.kind is row.kind
