"""The clocks: whatever is past its deadline and not held is deleted, by itself, with a receipt.

Deadlines stand with each thing, set from its deployment's policy when it was made, ended or
adjudicated (requirements R-22, R-36, R-37). Nobody can move one back; a hold, which needs a case
number, an authorising officer and an expiry of its own, only suspends it (R-38).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from overt.errors import StorageError
from overt.logs import tell
from overt.logs.events import RetentionRan, RetentionWaits
from overt.people.office import Office
from overt.people.permissions import EVERYWHERE, Person, Thing
from overt.retention.erasure import (
    ALERT,
    LIST,
    OUTPUT,
    REHEARSAL_KEPT,
    destroy_list,
    discard_output,
    erase_alert,
    finish_cut_short,
    is_due,
    sweep,
)
from overt.storage import Receipt
from overt.vocabulary import Act, DeploymentKind, DeploymentState

_QUICKLY_SWEPT = 64 * 2**20
"""A record of this many bytes is rewritten in well under a second."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something with a deadline: what it is, when it is due, and whether a hold suspends it."""

    what: str
    thing_id: str
    due_at: datetime
    held: bool


def apply(office: Office, by: Person | None = None) -> list[Receipt]:
    """Delete all that is due, finish what was cut short, and return the receipts.

    Without `by` it is the clock that acts, as at the end of every run and start of a program.

    Raises:
        PermissionDenied: the person may not.
        StorageError: traces remain because another program reads the record; ask again.
    """
    if by is not None:
        office.demand(by, Act.RETENTION_APPLY, Thing("retention"))
    now = office.now()
    done = finish_cut_short(office)
    for facts in office.record.watchlists.all_facts():
        if is_due(facts.destroy_after, now):
            receipt = destroy_list(office, facts.watchlist_id, "deadline of the list")
            done += [receipt] if receipt else []
    for place in office.record.alerts.due(now):
        if not _held(office, place.alert_id, now):
            done.append(erase_alert(office, place, "deadline of the alert"))
    done += _outputs_due(office, now)
    if by_kind := Counter(receipt.what for receipt in done if receipt.finished_at):
        tell(RetentionRan(by_kind[LIST], by_kind[ALERT], by_kind[OUTPUT]))
    if not _would_keep_alerts_waiting(office):
        sweep(office)
    return done


def apply_quietly(office: Office) -> list[Receipt]:
    """Do as `apply` does by the clock; traces that a reader holds up wait for the next time."""
    try:
        return apply(office)
    except StorageError as error:
        tell(RetentionWaits(type(error).__name__))
        return []


def due(office: Office, person: Person) -> list[Due]:
    """Return what has a deadline, the next one first: all of it, or the unit's of who has one.

    What nobody authorised, such as a rehearsal's, is of no unit and shown to everybody.

    Raises:
        PermissionDenied: the person may not see it.
    """
    office.demand(person, Act.RETENTION_SEE, Thing("retention"))
    now, kept_from = office.now(), _of_other_units(office, person)
    lists = [
        Due("watchlist", each.watchlist_id, each.destroy_after, held=False)
        for each in office.record.watchlists.all_facts()
        if each.deployment_id not in kept_from
    ]
    alerts = [
        Due("alert", each.alert_id, each.erase_after, held=_held(office, each.alert_id, now))
        for each in office.record.alerts.all_places()
        if each.deployment_id not in kept_from
    ]
    return sorted([*lists, *alerts], key=lambda each: each.due_at)


def receipts(office: Office, person: Person) -> list[Receipt]:
    """Return the receipt of every deletion, whosever it was: receipts name nobody.

    Raises:
        PermissionDenied: the person may not see them.
    """
    office.demand(person, Act.RETENTION_SEE, Thing("retention"))
    return office.record.retention.receipts()


def _of_other_units(office: Office, person: Person) -> frozenset[str]:
    if person.roles & EVERYWHERE:
        return frozenset()
    every = office.record.deployments.all()
    return frozenset(each.deployment_id for each in every if each.unit != person.unit)


def _would_keep_alerts_waiting(office: Office) -> bool:
    """Tell whether rewriting the record now would hold up a live deployment's alerts.

    What waits is ciphertext whose key is gone; the sweep follows once nothing is live.
    """
    every = office.record.deployments.all()
    live = any(row.state is DeploymentState.LIVE for row in every)
    return live and office.record.path.stat().st_size > _QUICKLY_SWEPT


def _outputs_due(office: Office, now: datetime) -> list[Receipt]:
    """Delete what old rehearsals wrote beside the record: pages and videos show faces."""
    old = [
        run
        for run in office.record.runs.all()
        if run.kind is DeploymentKind.REHEARSAL and is_due(run.started_at + REHEARSAL_KEPT, now)
    ]
    deleted = [discard_output(office, run) for run in old]
    return [receipt for receipt in deleted if receipt is not None]


def _held(office: Office, alert_id: str, now: datetime) -> bool:
    return any(hold.stands(now) for hold in office.record.retention.holds(alert_id))
