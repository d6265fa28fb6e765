"""Keeping an enrolled list: sealed under a key of its own, for one deployment, until a deadline."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from overt.audit.events import WatchlistImported
from overt.people.office import Office
from overt.storage import ListFacts
from overt.values import Watchlist
from overt.vision.store import Pack
from overt.watchlist.enrolment import EnrolmentReport, demand_usable, watchlist_id
from overt.watchlist.entries import CheckedList


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a list is kept for: the deployment (None for a rehearsal), by whom, until when."""

    deployment_id: str | None
    deployment: str
    by: str
    destroy_after: datetime


def bound_id(manifest_sha256: str, deployment_id: str | None) -> str:
    """Return a list's id: its manifest's hash, bound to the one deployment it is for (R-13)."""
    if deployment_id is None:
        return manifest_sha256
    return sha256(f"{manifest_sha256}/{deployment_id}".encode()).hexdigest()


def keep(office: Office, report: EnrolmentReport, keeping: Keeping) -> Watchlist:
    """Seal an enrolled list into the record, and return it under its bound id.

    Raises:
        WatchlistError: not one row could be enrolled.
        AuditError, StorageError: it cannot be written; nothing is kept.
    """
    demand_usable(report)
    manifest = report.watchlist.watchlist_id
    watchlist = replace(report.watchlist, watchlist_id=bound_id(manifest, keeping.deployment_id))
    now = office.now()
    facts = ListFacts(
        watchlist_id=watchlist.watchlist_id,
        pack_id=watchlist.pack_id,
        manifest_sha256=manifest,
        key_id=office.keys.new("watchlist"),
        deployment_id=keeping.deployment_id,
        imported_by=keeping.by,
        imported_at=now,
        validated_at=now,
        destroy_after=keeping.destroy_after,
        size_subjects=len(watchlist.subjects),
        size_references=len(watchlist.references),
    )
    with office.record.together():
        office.record.watchlists.save(watchlist, facts, keeping.deployment)
        office.log.write(_imported(facts, keeping, report), by=keeping.by)
    return watchlist


def load_or_keep(
    office: Office,
    checked: CheckedList,
    pack: Pack,
    enrol: Callable[[], EnrolmentReport],
    keeping: Keeping,
) -> tuple[Watchlist, EnrolmentReport | None]:
    """Return a rehearsal's list from the record if it is there; else enrol it and keep it there.

    The report is None where nothing had to be enrolled. References come without pictures.

    Raises:
        WatchlistError: not one row could be enrolled.
        AuditError, StorageError: the record cannot be read or written.
    """
    manifest = watchlist_id(checked, pack.id)
    at = bound_id(manifest, keeping.deployment_id)
    facts = office.record.watchlists.facts(at)
    if facts is not None and office.keys.destroyed_at(facts.key_id) is None:
        known = office.record.watchlists.load(at, pictures=False)
        if known is not None:
            return known, None
    report = enrol()
    return keep(office, report, keeping), report


def _imported(facts: ListFacts, keeping: Keeping, report: EnrolmentReport) -> WatchlistImported:
    return WatchlistImported(
        watchlist=facts.watchlist_id,
        deployment=keeping.deployment_id or "",
        manifest_sha256=facts.manifest_sha256,
        subjects=facts.size_subjects,
        references=facts.size_references,
        refused=len(report.results) - facts.size_references,
        pack=facts.pack_id,
    )
