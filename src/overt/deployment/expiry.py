"""What time does to deployments by itself: windows that passed, urgent deadlines nobody kept."""

from contextlib import suppress

from overt.deployment.demands import demand_state
from overt.deployment.lifecycle import delete_gathered, end, move, written
from overt.deployment.moves import EXPIRE, MOVES
from overt.errors import LifecycleError
from overt.people.office import Office
from overt.storage import DeploymentRow
from overt.vocabulary import Act, DeploymentState

_CALLED_OFF = frozenset(
    {DeploymentState.REFUSED, DeploymentState.CANCELLED, DeploymentState.EXPIRED}
)


def expire(office: Office) -> list[DeploymentRow]:
    """Move on what time has moved on: windows that passed, urgent deadlines nobody confirmed.

    What an unconfirmed urgent deployment has gathered is deleted, as if it had been refused.
    """
    done = []
    for row in office.record.deployments.all():
        with suppress(LifecycleError):  # somebody else, or another clock, has acted since
            done.append(_expired(office, row))
    return [moved for moved in done if moved is not None]


def _expired(office: Office, row: DeploymentRow) -> DeploymentRow | None:
    now = office.now()
    if row.urgent_deadline is not None and now >= row.urgent_deadline:
        if row.state is DeploymentState.LIVE:
            row = end(office, row.deployment_id, "the urgent authority was not confirmed in time")
        if row.state is DeploymentState.ENDED:
            return _unconfirmed(office, row)
    over = row.authority_ends_at
    if row.state is DeploymentState.LIVE and now >= over:
        return end(office, row.deployment_id, "the authority's window ended")
    if row.state in _CALLED_OFF:
        delete_gathered(office, row, f"deployment {row.state}")  # where that was cut short
    if row.state in MOVES[EXPIRE] and now >= over:
        moved = move(office, None, EXPIRE, row, "its time passed", sealed_file=None)
        delete_gathered(office, moved, "deployment expired")
        return moved
    return None


def _unconfirmed(office: Office, row: DeploymentRow) -> DeploymentRow:
    reason, refused = "urgent authority not confirmed in time", DeploymentState.REFUSED
    with office.record.together():
        row = office.record.deployments.find(row.deployment_id)
        demand_state(row, Act.DEPLOYMENT_REFUSE)  # it may have been confirmed at the last moment
        changes = {"urgent_deadline": None, "sealed_file": None}
        office.record.deployments.change(row.deployment_id, **changes)
        row = written(office, None, Act.DEPLOYMENT_REFUSE, row, refused, reason)
    delete_gathered(office, row, reason)
    return row
