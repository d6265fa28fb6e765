"""Every event of the audit log: one small dataclass an act.

A field says in its type what may stand in it: plain ids of ours, numbers, hashes and closed
words are written as they are; a `Person`, a `Listed` subject and free `Words` are written as
salted references only (`overt.storage.journal`), so that the log outlives what it speaks of
without holding it. `docs/reference/audit-events.md` is written from this module.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Salted:
    """Marks a field of which only a salted reference is written; `kind` keeps kinds apart."""

    kind: str


Person = Annotated[str, Salted("person")]
"""An account's id."""

LISTED = "listed"

Listed = Annotated[str, Salted(LISTED)]
"""The id of a subject on a watchlist."""

Words = Annotated[str, Salted("words")]
"""What somebody wrote in their own words, such as a reason."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done, or refused."""

    tag: ClassVar[str] = ""

    def salted(self) -> dict[str, Salted]:
        """Return which fields are written as references, and of which kind."""
        return _salted(type(self))

    def plain(self) -> dict[str, Any]:
        """Return the fields by name, salted ones included."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _salted(kind: type[Event]) -> dict[str, Salted]:
    return {
        name: mark
        for name, hint in get_type_hints(kind, include_extras=True).items()
        if get_origin(hint) is Annotated
        for mark in get_args(hint)[1:]
        if isinstance(mark, Salted)
    }


def every_event() -> Iterator[type[Event]]:
    """Yield every event there is, in the order of this module."""
    # A slotted dataclass replaces the class it is written as, which stays a subclass for a while.
    yield from (kind for kind in Event.__subclasses__() if globals().get(kind.__name__) is kind)


# --- people ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountAdded(Event):
    """Somebody was given an account and its roles."""

    tag: ClassVar[str] = "account.added"
    account: Person
    roles: tuple[str, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class AccountChanged(Event):
    """An account's roles, unit, rank, training, password or second factor were changed."""

    tag: ClassVar[str] = "account.changed"
    account: Person
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountDisabled(Event):
    """An account was closed, and its sessions ended."""

    tag: ClassVar[str] = "account.disabled"
    account: Person
    sessions: int


@dataclass(frozen=True, slots=True)
class SignedIn(Event):
    """Somebody signed in."""

    tag: ClassVar[str] = "session.opened"
    account: Person


@dataclass(frozen=True, slots=True)
class SignInRefused(Event):
    """Somebody could not sign in; `why` is a word of ours, and the name they gave is salted."""

    tag: ClassVar[str] = "session.refused"
    name: Words
    why: str


@dataclass(frozen=True, slots=True)
class SessionsRevoked(Event):
    """Sessions of an account were ended, by signing out or from outside."""

    tag: ClassVar[str] = "session.revoked"
    account: Person
    sessions: int


@dataclass(frozen=True, slots=True)
class ActRefused(Event):
    """Somebody asked for what they may not do; nothing was done."""

    tag: ClassVar[str] = "act.refused"
    act: str
    about: str
    why: str


# --- deployments ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeploymentDrafted(Event):
    """A deployment was drafted: its file, policy and list, each by its hash."""

    tag: ClassVar[str] = "deployment.drafted"
    deployment: str
    file_sha256: str
    policy_sha256: str
    watchlist: str
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class DeploymentMoved(Event):
    """A deployment moved on in its life: submitted, authorised, live, ended, closed and so on."""

    tag: ClassVar[str] = "deployment.moved"
    deployment: str
    act: str
    before: str
    after: str
    terms_sha256: str
    reason: Words


@dataclass(frozen=True, slots=True)
class StopRequested(Event):
    """Somebody told a live deployment to stop."""

    tag: ClassVar[str] = "deployment.stop-requested"
    deployment: str
    reason: Words


@dataclass(frozen=True, slots=True)
class HandOverAsked(Event):
    """Somebody asked for a live deployment's cameras to be handed over to another one."""

    tag: ClassVar[str] = "deployment.hand-over-asked"
    deployment: str
    to: str
    reason: Words


@dataclass(frozen=True, slots=True)
class HandedOver(Event):
    """A live deployment's cameras were handed over to another one, each between two frames."""

    tag: ClassVar[str] = "deployment.handed-over"
    deployment: str
    to: str
    run: str
    to_run: str


@dataclass(frozen=True, slots=True)
class HandOverRefused(Event):
    """A live deployment's cameras were not handed over; `why` is a word of ours."""

    tag: ClassVar[str] = "deployment.hand-over-refused"
    deployment: str
    to: str
    why: str


@dataclass(frozen=True, slots=True)
class LiveViewOpened(Event):
    """Somebody opened the live pictures of a deployment, in which passers-by are blurred."""

    tag: ClassVar[str] = "deployment.live-view-opened"
    deployment: str


@dataclass(frozen=True, slots=True)
class RunBegan(Event):
    """Searching began: the use's start and its reference database (AI Act, Article 12(3))."""

    tag: ClassVar[str] = "run.began"
    run: str
    deployment: str
    kind: str
    watchlist: str
    references: int
    pack: str
    threshold: float
    policy_sha256: str


@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """Searching ended, how, and what was counted.

    `carried` are those of the faces seen that another run counted as well: they were passing when
    it handed its cameras over to this one, so that both lists were searched for them.
    """

    tag: ClassVar[str] = "run.ended"
    run: str
    ending: str
    faces_seen: int
    faces_searched: int
    alerts: int
    carried: int = 0


@dataclass(frozen=True, slots=True)
class ClockMoved(Event):
    """The machine's clock was moved while searching went on: by so many seconds, back if below 0.

    The entries before and after it are in their order, whatever their times say.
    """

    tag: ClassVar[str] = "clock.moved"
    run: str
    seconds: float


# --- watchlists -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WatchlistImported(Event):
    """A list was enrolled and sealed for one deployment."""

    tag: ClassVar[str] = "watchlist.imported"
    watchlist: str
    deployment: str
    manifest_sha256: str
    subjects: int
    references: int
    refused: int
    pack: str


@dataclass(frozen=True, slots=True)
class WatchlistApproved(Event):
    """A second person approved a list as it is, by its manifest's hash."""

    tag: ClassVar[str] = "watchlist.approved"
    watchlist: str
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class WatchlistRevalidated(Event):
    """A list's entries were held against their sources again; those no longer there went."""

    tag: ClassVar[str] = "watchlist.revalidated"
    watchlist: str
    withdrawn: int


@dataclass(frozen=True, slots=True)
class EntryWithdrawn(Event):
    """An entry was withdrawn; it raises no further alert."""

    tag: ClassVar[str] = "watchlist.entry-withdrawn"
    watchlist: str
    subject: Listed
    reason: Words


@dataclass(frozen=True, slots=True)
class PassageNoted(Event):
    """Somebody saw a seeded subject pass a camera at this time, whether or not an alert came."""

    tag: ClassVar[str] = "passage.noted"
    deployment: str
    watchlist: str
    subject: Listed
    camera: str
    passed_at: str


@dataclass(frozen=True, slots=True)
class WatchlistSeen(Event):
    """Somebody looked at who is on a list."""

    tag: ClassVar[str] = "watchlist.seen"
    watchlist: str


@dataclass(frozen=True, slots=True)
class InclusionAnswered(Event):
    """Somebody asked on which lists a subject has been: a subject access request."""

    tag: ClassVar[str] = "inclusion.answered"
    subject: Listed
    lists: int


# --- alerts ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AlertRaised(Event):
    """The policy was met: a possible match, with the scores and the threshold that judged it.

    `seeded` says that the subject is one who consented to be listed as a test.
    """

    tag: ClassVar[str] = "alert.raised"
    alert: str
    run: str
    camera: str
    captured_at: str
    watchlist: str
    subject: Listed
    comparison_score: float
    normalised_score: float
    threshold: float
    pack: str
    crop_sha256: str
    seeded: bool = False


@dataclass(frozen=True, slots=True)
class AlertNotRaised(Event):
    """A camera met the policy, and no alert was raised; `why` is a word of ours."""

    tag: ClassVar[str] = "alert.not-raised"
    run: str
    camera: str
    why: str


@dataclass(frozen=True, slots=True)
class FaceSeen(Event):
    """Somebody looked at the two faces of an alert."""

    tag: ClassVar[str] = "alert.face-seen"
    alert: str


@dataclass(frozen=True, slots=True)
class NameSeen(Event):
    """Somebody was shown whose name stands on the list that an alert was raised with."""

    tag: ClassVar[str] = "alert.name-seen"
    alert: str


@dataclass(frozen=True, slots=True)
class AlertClaimed(Event):
    """Somebody took an alert to decide on, or kept it for longer."""

    tag: ClassVar[str] = "alert.claimed"
    alert: str


@dataclass(frozen=True, slots=True)
class AlertClaimReleased(Event):
    """Somebody gave an alert back without a decision."""

    tag: ClassVar[str] = "alert.claim-released"
    alert: str


@dataclass(frozen=True, slots=True)
class AlertAdjudicated(Event):
    """Somebody decided on an alert."""

    tag: ClassVar[str] = "alert.adjudicated"
    alert: str
    decision: str
    factors: tuple[str, ...]
    number: int


@dataclass(frozen=True, slots=True)
class AlertAcknowledged(Event):
    """An officer acknowledged an alert; `at` is when, which a device may tell later."""

    tag: ClassVar[str] = "alert.acknowledged"
    alert: str
    at: str


@dataclass(frozen=True, slots=True)
class OfficerDecided(Event):
    """An officer decided on the street, independently; with “engage” a stop began."""

    tag: ClassVar[str] = "alert.officer-decided"
    alert: str
    decision: str
    at: str


@dataclass(frozen=True, slots=True)
class StopEnded(Event):
    """A stop ended: the person was released or arrested, and which identity checks were tried."""

    tag: ClassVar[str] = "stop.ended"
    alert: str
    at: str
    minutes_held: float
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopOverran(Event):
    """A stop went on for longer than the policy allows, and a supervisor was prompted."""

    tag: ClassVar[str] = "stop.overran"
    alert: str
    longest_stop_min: int


@dataclass(frozen=True, slots=True)
class AlertClosed(Event):
    """An alert closed with its one outcome."""

    tag: ClassVar[str] = "alert.closed"
    alert: str
    true_alert: bool
    confirmed: bool
    engaged: bool
    disposal: str


# --- retention ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeletionBegun(Event):
    """Something is about to be destroyed, its key first."""

    tag: ClassVar[str] = "deletion.begun"
    receipt: str
    what: str
    thing: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class DeletionFinished(Event):
    """Something was destroyed: its key, and then its rows."""

    tag: ClassVar[str] = "deletion.finished"
    receipt: str


@dataclass(frozen=True, slots=True)
class HoldPlaced(Event):
    """An alert is kept as evidence beyond its deadline."""

    tag: ClassVar[str] = "hold.placed"
    hold: str
    alert: str
    case_number: Words
    asked_by: Words
    expires_at: str


@dataclass(frozen=True, slots=True)
class HoldReleased(Event):
    """An alert is no longer kept as evidence."""

    tag: ClassVar[str] = "hold.released"
    hold: str
    alert: str


@dataclass(frozen=True, slots=True)
class PersonForgotten(Event):
    """The salt of a person, subject or text was erased: its entries are no longer linkable."""

    tag: ClassVar[str] = "reference.erased"
    kind: str


# --- the record and the log -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogExported(Event):
    """The log was written out for outsiders, up to a size."""

    tag: ClassVar[str] = "log.exported"
    size: int


@dataclass(frozen=True, slots=True)
class RecordBackedUp(Event):
    """The record was copied, without its keys."""

    tag: ClassVar[str] = "record.backed-up"
    entries: int


@dataclass(frozen=True, slots=True)
class Exported(Event):
    """Something of the record was written to a file or sent, such as an alert's pictures."""

    tag: ClassVar[str] = "record.exported"
    what: str
    thing: str


@dataclass(frozen=True, slots=True)
class RecordPublished(Event):
    """A deployment's public record was written, in numbers only: the file by its hash.

    `log_size` is the checkpoint's that the record is tied to.
    """

    tag: ClassVar[str] = "record.published"
    deployment: str
    layout: str
    standing: str
    sha256: str
    log_size: int
