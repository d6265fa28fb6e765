"""A list's governance: a second person's approval, revalidation, withdrawal, and who was on it.

None of it opens a list without saying so on the log.
"""

from collections.abc import Collection

from overt.audit.events import (
    EntryWithdrawn,
    InclusionAnswered,
    WatchlistApproved,
    WatchlistRevalidated,
    WatchlistSeen,
)
from overt.errors import WatchlistError
from overt.people.office import Office
from overt.people.permissions import Person, Thing
from overt.storage import DeploymentRow, Inclusion, ListFacts
from overt.values import Watchlist
from overt.vocabulary import Act, DeploymentState, Role

_OPEN = frozenset({DeploymentState.DRAFT, DeploymentState.SUBMITTED})


def approve(
    office: Office, person: Person, row: DeploymentRow, manifest_sha256: str = ""
) -> ListFacts:
    """Approve a deployment's list as it is sealed; never by who imported it.

    With `manifest_sha256` it is approved only if that is its hash still.

    Raises:
        PermissionDenied: the person imported it, or may not.
        WatchlistError: it is gone or another one, approved already, or no longer to be decided.
    """
    facts = _facts(office, row)
    about = Thing("watchlist", facts.watchlist_id, row.unit, facts.imported_by)
    with office.acting(person, Act.WATCHLIST_APPROVE, about):
        facts = _facts(office, row)  # with the record locked: two may approve at once
        row = office.record.deployments.find(row.deployment_id)
        if manifest_sha256 and not facts.manifest_sha256.startswith(manifest_sha256):
            raise WatchlistError(
                "The list is not the one that was looked at.",
                remedy="Look at it again: overt watchlist show.",
            )
        if facts.approved_by is not None or row.state not in _OPEN:
            raise WatchlistError(
                "The list has been approved, or can no longer be.",
                remedy="See where the deployment stands: overt deployment show.",
            )
        changes = {"approved_by": person.account_id, "approved_at": office.now()}
        office.record.watchlists.update(facts.watchlist_id, **changes)
        event = WatchlistApproved(facts.watchlist_id, facts.manifest_sha256)
        office.log.write(event, by=person.account_id)
    return _facts(office, row)


def see(office: Office, person: Person, row: DeploymentRow, only: frozenset[Role]) -> Watchlist:
    """Return a deployment's list without pictures, for who may see names; the look is logged.

    `only` are the roles that the deployment's policy lets see names.

    Raises:
        PermissionDenied: the person may not.
        WatchlistError: the list is gone.
    """
    facts = _looked_at(office, person, row, only)
    watchlist = office.record.watchlists.load(facts.watchlist_id, pictures=False)
    if watchlist is None:
        raise gone()
    return watchlist


def names_of(
    office: Office,
    person: Person,
    row: DeploymentRow,
    only: frozenset[Role],
    subject_ids: Collection[str],
) -> dict[str, str]:
    """Return the names of some of a list's people, as `see` does of all, without opening it all.

    Whoever was withdrawn, or has no name on the list, is left out.

    Raises:
        PermissionDenied: the person may not.
        WatchlistError: the list is gone.
    """
    facts = _looked_at(office, person, row, only)
    found = (office.record.watchlists.subject(facts.watchlist_id, each) for each in subject_ids)
    return {each.subject_id: each.name for each in found if each is not None and each.name}


def withdraw(
    office: Office, person: Person, row: DeploymentRow, subject_id: str, reason: str
) -> None:
    """Withdraw an entry: it raises no further alert, on any camera, within a minute (R-15).

    Raises:
        PermissionDenied: the person may not.
        WatchlistError: there is no such entry, or the list is gone.
    """
    facts = _facts(office, row)
    about = Thing("watchlist", facts.watchlist_id, row.unit)
    with office.acting(person, Act.WATCHLIST_WITHDRAW, about):
        if not office.record.watchlists.withdraw(facts.watchlist_id, subject_id, office.now()):
            raise WatchlistError(
                "There is no entry of that subject id that has not been withdrawn.",
                remedy="Check the id against the list that was imported.",
            )
        event = EntryWithdrawn(facts.watchlist_id, subject_id, reason or "no reason given")
        office.log.write(event, by=person.account_id)


def revalidate(
    office: Office, person: Person, row: DeploymentRow, still_listed: Collection[str]
) -> int:
    """Hold a list against its sources as they are now; return how many entries went (R-14).

    `still_listed` are the subject ids that the sources still name. Others are withdrawn. A list
    never grows this way: whoever is new needs a new list, and a new authority.

    Raises:
        PermissionDenied: the person may not.
        WatchlistError: the sources name nobody of it, or the list is gone.
    """
    facts = _facts(office, row)
    about = Thing("watchlist", facts.watchlist_id, row.unit)
    with office.acting(person, Act.WATCHLIST_REVALIDATE, about):
        watchlist = office.record.watchlists.load(facts.watchlist_id, pictures=False)
        listed = {each.subject_id for each in watchlist.subjects} if watchlist else set()
        gone = sorted(listed.difference(still_listed))
        if len(gone) == len(listed):
            raise WatchlistError(
                "The sources name nobody who is on the list.",
                remedy="Check that it is the right file; to end it all, cancel the deployment.",
            )
        now = office.now()
        for subject_id in gone:
            office.record.watchlists.withdraw(facts.watchlist_id, subject_id, now)
            event = EntryWithdrawn(facts.watchlist_id, subject_id, "no longer at its source")
            office.log.write(event, by=person.account_id)
        office.record.watchlists.update(facts.watchlist_id, validated_at=now)
        office.log.write(WatchlistRevalidated(facts.watchlist_id, len(gone)), by=person.account_id)
    return len(gone)


def answer(office: Office, person: Person, subject_id: str) -> list[Inclusion]:
    """Return on which lists a subject has been, from when to when: an access request (R-23).

    Raises:
        PermissionDenied: the person may not.
    """
    with office.acting(person, Act.INCLUSION_ANSWER, Thing("inclusion")):
        found = office.record.watchlists.inclusions_of(subject_id)
        office.log.write(InclusionAnswered(subject_id, len(found)), by=person.account_id)
    return found


def _looked_at(
    office: Office, person: Person, row: DeploymentRow, only: frozenset[Role]
) -> ListFacts:
    facts = _facts(office, row)
    about = Thing("watchlist", facts.watchlist_id, row.unit)
    office.demand(person, Act.WATCHLIST_SEE, about, only)
    office.note(WatchlistSeen(facts.watchlist_id), by=person)
    return facts


def _facts(office: Office, row: DeploymentRow) -> ListFacts:
    facts = office.record.watchlists.facts(row.watchlist_id)
    if facts is None:
        raise gone()
    return facts


def gone() -> WatchlistError:
    """Return the error of a list that no longer exists."""
    return WatchlistError(
        "The deployment's list has been destroyed.",
        remedy="Its receipt says when: overt retention receipts.",
    )
