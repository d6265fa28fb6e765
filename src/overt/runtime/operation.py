"""An authorised deployment in operation: from its authority to the end of its searching.

What has to hold before that is in `overt.runtime.starting`, and how it may be handed over to
another one in `overt.runtime.handover`.
"""

from collections.abc import Callable
from contextlib import suppress

from overt.deployment.handing_over import ask_to_hand_over
from overt.deployment.lifecycle import end, request_stop
from overt.deployment.recorded import thing_of
from overt.errors import LifecycleError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.runtime.handover import OneScreen, Screens, Succession
from overt.runtime.run import Running, RunOptions, RunResult
from overt.runtime.starting import alone, demand_startable, is_run
from overt.runtime.views import RunView
from overt.storage import DeploymentRow, HandOverRow
from overt.vocabulary import Act


def operate(
    office: Office,
    person: Person,
    row: DeploymentRow,
    view: RunView | Screens,
    options: RunOptions,
    should_stop: Callable[[], bool],
) -> RunResult:
    """Start an authorised deployment and run it until it is stopped or its window ends.

    Its cameras may be handed over to another deployment meanwhile, which then runs here in its
    place: in the same view, or with `Screens` in one of its own.

    Raises:
        PermissionDenied: the person may not start it.
        AuthorityError: its window is not now, or something is not as it was authorised.
        LifecycleError: it is not authorised, another process runs it, or its list is stale.
        MasterKeyError: it is live, and the master key lies beside the record.
        StorageError, AuditError: the record cannot be written; nothing is searched then.
    """
    demand_startable(office, person, row)
    screens = view if isinstance(view, Screens) else OneScreen(view)
    with Succession(office, screens) as succession:
        ledger = succession.first(person, row)
        result = Running(office, ledger, options, should_stop, succession).carry_out()
        succession.reason = result.reason or str(result.ending)
    return result


def stop(office: Office, person: Person, row: DeploymentRow, reason: str) -> None:
    """Tell a live deployment to stop; where no process runs it any more, end it here.

    Raises:
        PermissionDenied: the person may not.
        LifecycleError: it is not live.
    """
    request_stop(office, person, row, reason)
    with suppress(LifecycleError), alone(office, row):
        end(office, row.deployment_id, reason or "stopped")


def hand_over(
    office: Office, person: Person, row: DeploymentRow, successor: DeploymentRow, reason: str
) -> HandOverRow:
    """Have whoever runs a live deployment hand its cameras over to another one, which is authorised.

    What became of it is on record soon after: `Record.hand_overs`.

    Raises:
        PermissionDenied: the person may not hand this one over, or not start that one.
        AuthorityError: the window of the other one is not now.
        LifecycleError: the two do not go together as they stand, or no process runs this one.
        MasterKeyError: it is live, and the master key lies beside the record.
    """
    office.demand(person, Act.DEPLOYMENT_HAND_OVER, thing_of(row))
    demand_startable(office, person, successor)
    if not is_run(office, row):
        raise LifecycleError(
            "No process runs the deployment at this moment.",
            remedy="Start it, or stop it and start the other one.",
        )
    return ask_to_hand_over(office, person, row, successor, reason)
