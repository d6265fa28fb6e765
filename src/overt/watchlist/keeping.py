"""Keeping an enrolled list: sealed under a key of its own, for one deployment, until a deadline."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from overt.audit.events import WatchlistImported
from overt.people.office import Office
from overt.storage import ListFacts, SealedList
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


@dataclass(frozen=True, slots=True, eq=False)
class Sealed:
    """An enrolled list under its bound id, the same sealed, and the log's entry of its import."""

    watchlist: Watchlist
    rows: SealedList
    imported: WatchlistImported
    by: str


def sealed(office: Office, report: EnrolmentReport, keeping: Keeping) -> Sealed:
    """Seal an enrolled list under a new key. It is on no record yet, and nobody waits for it.

    Raises:
        WatchlistError: not one row could be enrolled.
        StorageError: the key store cannot be written.
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
    rows = office.record.watchlists.sealed(watchlist, facts, keeping.deployment)
    return Sealed(watchlist, rows, _imported(facts, keeping, report), keeping.by)


def keep(office: Office, one: Sealed) -> Watchlist:
    """Put a sealed list on record, and return it as it is there.

    Raises:
        AuditError, StorageError: it cannot be written; nothing is kept.
    """
    with office.record.together():
        office.record.watchlists.save(one.rows)
        office.log.write(one.imported, by=one.by)
    return one.watchlist


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
    return keep(office, sealed(office, report, keeping)), report


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
