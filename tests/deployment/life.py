"""A model of a deployment's life, written from the requirements and not from the code."""

# ruff: noqa: D102 - named after the acts and states they judge

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from overt.people.permissions import Person
from overt.vocabulary import Role

# every move there may be: which act leads from where to where. "system" acts by time.
MOVES = {
    ("deployment.submit", "draft", "submitted"),
    ("deployment.authorise", "submitted", "submitted"),  # the first of two officers
    ("deployment.authorise", "submitted", "authorised"),
    ("deployment.authorise", "urgent", "urgent"),  # the first of two
    ("deployment.authorise", "urgent", "authorised"),
    ("deployment.authorise", "live", "live"),
    ("deployment.authorise", "ended", "ended"),
    ("deployment.authorise-urgently", "submitted", "urgent"),
    ("deployment.refuse", "submitted", "refused"),
    ("deployment.refuse", "urgent", "refused"),
    ("deployment.refuse", "live", "refused"),
    ("deployment.refuse", "ended", "refused"),
    ("deployment.start", "authorised", "live"),
    ("deployment.start", "urgent", "live"),
    ("deployment.start", "live", "live"),
    ("deployment.hand-over", "live", "live"),
    ("deployment.end", "live", "ended"),
    ("deployment.cancel", "draft", "cancelled"),
    ("deployment.cancel", "submitted", "cancelled"),
    ("deployment.cancel", "urgent", "cancelled"),
    ("deployment.cancel", "authorised", "cancelled"),
    ("deployment.expire", "draft", "expired"),
    ("deployment.expire", "submitted", "expired"),
    ("deployment.expire", "urgent", "expired"),
    ("deployment.expire", "authorised", "expired"),
    ("deployment.close", "ended", "closed"),
    ("deployment.review", "closed", "reviewed"),
}

URGENT_FOR = timedelta(hours=2)
REVIEWED_WITHIN = timedelta(days=14)
ORDINARY_RANKS = {"superintendent", "commander"}
URGENT_RANKS = ORDINARY_RANKS | {"chief inspector"}
SENSITIVE_RANKS = {"commander"}


@dataclass(slots=True)
class Life:
    """What must be true of one deployment."""

    unit: str
    applicant: Person
    start: datetime
    end: datetime
    flagged: bool
    state: str = "draft"
    approved: bool = False
    listed: bool = True
    firsts: set[str] = field(default_factory=set)
    deadline: datetime | None = None
    due: datetime | None = None
    open_alerts: int = 0
    alerts: int = 0
    acts: int = 0

    def over(self) -> datetime:
        return min(self.end, self.deadline or self.end)

    def moved(self, state: str) -> None:
        self.state = state
        self.acts += 1
        if state in {"cancelled", "refused", "expired"}:
            self.listed, self.alerts, self.open_alerts = False, 0, 0
        if state == "closed":
            self.listed = False

    def ended(self, now: datetime) -> None:
        self.moved("ended")
        self.due = now + REVIEWED_WITHIN

    def is_overdue(self, now: datetime) -> bool:
        return self.state in {"ended", "closed"} and self.due is not None and self.due < now

    def is_in(self, person: Person, *roles: Role) -> bool:
        return bool(person.roles & set(roles)) and person.unit == self.unit

    def is_decidable_by(self, person: Person, *roles: Role) -> bool:
        return self.is_in(person, *roles) and person != self.applicant

    def awaits_authority(self) -> bool:
        unconfirmed = self.state in {"live", "ended"} and self.deadline is not None
        return self.state in {"submitted", "urgent"} or unconfirmed

    def may_authorise(self, person: Person, now: datetime, reason: str) -> bool:
        ranks = SENSITIVE_RANKS if self.flagged else ORDINARY_RANKS
        in_time = self.deadline is None or now < self.deadline
        return (
            self.is_decidable_by(person, Role.AUTHORISING_OFFICER)
            and person.rank in ranks
            and self.awaits_authority()
            and in_time
            and self.approved
            and len(reason.split()) > 1
        )

    def authorise(self, person: Person) -> None:
        if self.flagged and not self.firsts - {person.account_id}:
            self.moved(self.state)
        else:
            self.moved("authorised" if self.state in {"submitted", "urgent"} else self.state)
            self.deadline = None
        self.firsts.add(person.account_id)

    def may_authorise_urgently(self, person: Person, reason: str) -> bool:
        return (
            self.is_decidable_by(person, Role.AUTHORISING_OFFICER, Role.COMMANDER)
            and person.rank in (SENSITIVE_RANKS if self.flagged else URGENT_RANKS)
            and self.state == "submitted"
            and self.approved
            and len(reason.split()) > 1
        )

    def may_refuse(self, person: Person, reason: str) -> bool:
        return (
            self.is_decidable_by(person, Role.AUTHORISING_OFFICER)
            and self.awaits_authority()
            and len(reason.split()) > 1
        )

    def may_cancel(self, person: Person, reason: str) -> bool:
        return (
            self.is_in(person, Role.APPLICANT, Role.AUTHORISING_OFFICER, Role.COMMANDER)
            and self.state in {"draft", "submitted", "urgent", "authorised"}
            and len(reason.split()) > 1
        )

    def may_start(self, person: Person, now: datetime) -> bool:
        return (
            self.is_in(person, Role.COMMANDER, Role.OPERATOR)
            and self.state in {"authorised", "urgent", "live"}
            and self.start <= now < self.over()
        )

    def may_close(self, person: Person) -> bool:
        return (
            self.is_in(person, Role.COMMANDER)
            and self.state == "ended"
            and self.deadline is None
            and not self.open_alerts
        )

    def may_review(self, person: Person, findings: str) -> bool:
        return (
            self.is_decidable_by(person, Role.AUTHORISING_OFFICER)
            and self.state == "closed"
            and len(findings.split()) > 1
        )

    def pass_time(self, now: datetime) -> None:
        """R-6, R-8: what time alone does."""
        if self.deadline is not None and now >= self.deadline and self.state in {"live", "ended"}:
            if self.state == "live":
                self.ended(now)
            self.deadline = None
            self.moved("refused")
        elif self.state == "live" and now >= self.end:
            self.ended(now)
        elif self.state in {"draft", "submitted", "urgent", "authorised"} and now >= self.over():
            self.moved("expired")
