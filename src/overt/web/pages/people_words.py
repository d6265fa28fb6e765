"""Accounts in words: what each role does, how an account stands, and how its training does."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from overt.people.permissions import Person
from overt.storage import Account
from overt.vocabulary import Role

_SOON_DAYS = 30
"""From here on the list says in how many days training ends: time to book a course."""

ROLES = (
    (Role.APPLICANT, "Applicant: asks for deployments"),
    (Role.AUTHORISING_OFFICER, "Authorising officer: allows or refuses them"),
    (Role.COMMANDER, "Commander: runs them on the day"),
    (Role.OPERATOR, "Operator: decides on possible matches"),
    (Role.ENGAGEMENT_OFFICER, "Engagement officer: speaks to people on the street"),
    (Role.AUDITOR, "Auditor: sees what was done, and never a face; alone"),
    (Role.ADMINISTRATOR, "Administrator: keeps accounts and the system; alone"),
)
"""The roles as forms name them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An account as it is listed: `state` and `training` in words, with a mark for their colour."""

    account: Account
    state: str
    training: str
    training_mark: str
    own: bool


def shown(account: Account, now: datetime, person: Person) -> Shown:
    """Return an account as it is listed."""
    words, mark = _training(account.trained_until, now.astimezone(UTC).date())
    own = account.account_id == person.account_id
    return Shown(account, _state(account, now), words, mark, own)


def _state(account: Account, now: datetime) -> str:
    if account.disabled_at is not None:
        return "closed"
    locked = account.locked_until is not None and now < account.locked_until
    return "locked" if locked else "open"


def _training(until: date | None, today: date) -> tuple[str, str]:
    if until is None:
        return "none on record", "bad"
    left = (until - today).days
    day = f"{until:%-d %B %Y}"
    if left < 0:
        return f"{day}: out of date", "bad"
    if left > _SOON_DAYS:
        return day, ""
    words = "ends today" if left == 0 else f"ends in {left} {'day' if left == 1 else 'days'}"
    return f"{day}: {words}", "warn"
