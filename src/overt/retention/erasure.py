"""Erasing: a key first, then the rows it sealed, then their traces, and a receipt for it all.

A deletion that is cut short at any point is finished by the next one: its receipt was written
before anything was destroyed. Once the key is gone nothing can be opened again, whatever copies
there are.
"""

import shutil
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from overt.audit.events import DeletionBegun, DeletionFinished
from overt.people.office import Office
from overt.storage import AlertPlace, Receipt, Run
from overt.storage.failures import told_plainly

LIST = "watchlist"
ALERT = "alert"
OUTPUT = "rehearsal's output"

REHEARSAL_KEPT = timedelta(hours=24)
"""How long the list, the alerts and the output of a rehearsal nobody authorised are kept."""


def destroy_list(office: Office, watchlist_id: str, reason: str) -> Receipt | None:
    """Destroy a list: its key, and with it every reference, template and name; None if gone.

    Raises:
        AuditError, StorageError: it cannot be put on the log; nothing was destroyed.
    """
    facts = office.record.watchlists.facts(watchlist_id)
    if facts is None:
        return None
    receipt = Receipt(
        receipt_id=uuid.uuid4().hex,
        what=LIST,
        thing_id=watchlist_id,
        count=facts.size_references,
        reason=reason,
        due_at=min(facts.destroy_after, office.now()),
        begun_at=office.now(),
        key_ids=(facts.key_id,),
    )
    return _carry_out(office, receipt)


def erase_alerts_of(office: Office, deployment_id: str, reason: str) -> list[Receipt]:
    """Erase every alert of a deployment, held or not: its authority was refused.

    Raises:
        AuditError, StorageError: it cannot be put on the log.
    """
    places = office.record.alerts.places_of(deployment_id)
    return [erase_alert(office, place, reason) for place in places]


def erase_alert(office: Office, place: AlertPlace, reason: str) -> Receipt:
    """Erase one alert: its key, crop, candidates and decisions. Its outcome stays counted.

    Raises:
        AuditError, StorageError: it cannot be put on the log; nothing was erased.
    """
    receipt = Receipt(
        receipt_id=uuid.uuid4().hex,
        what=ALERT,
        thing_id=place.alert_id,
        count=1,
        reason=reason,
        due_at=min(place.erase_after, office.now()),
        begun_at=office.now(),
        key_ids=(place.key_id,),
    )
    return _carry_out(office, receipt)


def discard_output(office: Office, run: Run) -> Receipt | None:
    """Delete what a rehearsal wrote beside the record: its page and its videos; None if gone.

    Raises:
        AuditError, StorageError: it cannot be put on the log; nothing was deleted.
    """
    if not _outputs(office, run.run_id):
        return None
    now = office.now()
    receipt = Receipt(
        receipt_id=uuid.uuid4().hex,
        what=OUTPUT,
        thing_id=run.run_id,
        count=1,
        reason="deadline of a rehearsal",
        due_at=min(run.started_at + REHEARSAL_KEPT, now),
        begun_at=now,
        key_ids=(),
    )
    return _carry_out(office, receipt)


def finish_cut_short(office: Office) -> list[Receipt]:
    """Finish the deletions that were begun and cut short."""
    return [finish(office, each) for each in office.record.retention.receipts(unfinished=True)]


def finish(office: Office, receipt: Receipt) -> Receipt:
    """Do what a begun receipt says: again, if need be; and say in it that it is done.

    A rehearsal's output that cannot be deleted keeps its receipt open, and is tried again.
    """
    if receipt.what == OUTPUT and not _remove_outputs(office, receipt.thing_id):
        return receipt
    office.keys.destroy(receipt.key_ids)
    with told_plainly():
        _to_sweep(office).touch(mode=0o600)
    now = office.now()
    with office.record.together():
        if receipt.what == LIST:
            office.record.watchlists.remove(receipt.thing_id, now)
        elif receipt.what == ALERT:
            _remove_alert(office, receipt.thing_id, now)
        office.record.retention.finish_receipt(receipt.receipt_id, now)
        office.log.write(DeletionFinished(receipt.receipt_id))
    return replace(receipt, finished_at=now)


def sweep(office: Office) -> None:
    """Leave no trace of what was deleted since the last time in the record's files.

    Raises:
        StorageError: another program is reading the record, so that traces stay for now. They
            are ciphertext whose key is gone.
    """
    if _to_sweep(office).exists():
        office.record.erase_traces()
        _to_sweep(office).unlink(missing_ok=True)


def is_due(moment: datetime, now: datetime) -> bool:
    """Tell whether a deadline has come."""
    return moment <= now


def _to_sweep(office: Office) -> Path:
    """Return the empty file that says, through crashes too, that traces are still to be erased."""
    return office.home.path / "traces-to-erase"


def _carry_out(office: Office, receipt: Receipt) -> Receipt:
    for begun in office.record.retention.receipts(unfinished=True):
        if (begun.what, begun.thing_id) == (receipt.what, receipt.thing_id):
            return finish(office, begun)  # cut short: one deletion has one receipt
    with office.record.together():
        office.record.retention.begin_receipt(receipt)
        event = DeletionBegun(
            receipt.receipt_id, receipt.what, receipt.thing_id, receipt.count, receipt.reason
        )
        office.log.write(event)
    return finish(office, receipt)


def _remove_alert(office: Office, alert_id: str, now: datetime) -> None:
    place = office.record.alerts.standing(alert_id)
    if place is None:
        return
    outcome = office.record.reviews.outcome(alert_id)
    office.record.alerts.erase(place, true_alert=outcome.true_alert if outcome else None, at=now)
    office.record.reviews.erase(alert_id)
    office.record.handling.erase(alert_id)


def _outputs(office: Office, run_id: str) -> list[Path]:
    """Return the folders that a run wrote beside the record."""
    return list(office.home.output.glob(f"*-{run_id[:8]}"))


def _remove_outputs(office: Office, run_id: str) -> bool:
    """Delete the folders that a run wrote, and say whether they are gone."""
    for folder in _outputs(office, run_id):
        shutil.rmtree(folder, ignore_errors=True)
    return not _outputs(office, run_id)
