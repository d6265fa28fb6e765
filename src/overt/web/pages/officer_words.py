"""The words of an officer's steps: what is chosen from, and what each choice means.

The four kinds of outcome and their meaning are the Metropolitan Police's (deployment record of
2020 to 2022, note 1): confirmed needs verification, and who evaded or was not engaged is
unconfirmed. Disposals exclude one another, so that every total adds up (R-49).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from overt.vocabulary import Disposal, IdentityCheck, OfficerDecision
from overt.web.pages.forms import EMPTY


class Step(StrEnum):
    """Where an officer stands with an alert: one step at a time, in the order of the street.

    Expired is what nobody answered in time; taken is what a colleague has.
    """

    ACKNOWLEDGE = "acknowledge"
    DECIDE = "decide"
    STOP = "stop"
    OUTCOME = "outcome"
    CLOSED = "closed"
    EXPIRED = "expired"
    TAKEN = "taken"


class Code(StrEnum):
    """What an alert turned out to be."""

    TRUE_CONFIRMED = "true-confirmed"
    TRUE_UNCONFIRMED = "true-unconfirmed"
    FALSE_CONFIRMED = "false-confirmed"
    FALSE_UNCONFIRMED = "false-unconfirmed"

    @property
    def true_alert(self) -> bool:
        """Whether it was the person on the list."""
        return self in {Code.TRUE_CONFIRMED, Code.TRUE_UNCONFIRMED}

    @property
    def confirmed(self) -> bool:
        """Whether that was verified."""
        return self in {Code.TRUE_CONFIRMED, Code.FALSE_CONFIRMED}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several: its value, its name, what it means, and who may choose it.

    `engaged_only` is for those who spoke to the person. `only` names the one disposal that goes
    with it, where not all do.
    """

    value: str
    name: str
    meaning: str
    engaged_only: bool = False
    only: str = ""


DECISIONS = (
    Choice(OfficerDecision.ENGAGE, "Engage", "You speak to the person. The stop timer starts."),
    Choice(
        OfficerDecision.DO_NOT_ENGAGE,
        "Do not engage",
        "You have looked, and it is not the person, or it should not be done.",
    ),
    Choice(OfficerDecision.NOT_FOUND, "Person not found", "They had gone before you saw them."),
)

CHECKS = (
    Choice(IdentityCheck.ASKED, "Name and date of birth asked", ""),
    Choice(IdentityCheck.DOCUMENT, "Document shown", ""),
    Choice(IdentityCheck.DATABASE, "Database searched", ""),
    Choice(IdentityCheck.FINGERPRINT, "Fingerprint device", ""),
    Choice(IdentityCheck.KNOWN, "Known to you", ""),
)

CODES = (
    Choice(
        Code.TRUE_CONFIRMED,
        "True alert, confirmed",
        "It is the person on the list, and you verified it.",
        engaged_only=True,
    ),
    Choice(
        Code.TRUE_UNCONFIRMED,
        "True alert, unconfirmed",
        "You judge that it is the person on the list. It was not verified: they evaded, or "
        "nobody spoke to them.",
    ),
    Choice(
        Code.FALSE_CONFIRMED,
        "False alert, confirmed",
        "It is somebody else, and you verified it.",
        only=Disposal.NO_ACTION,
    ),
    Choice(
        Code.FALSE_UNCONFIRMED,
        "False alert, unconfirmed",
        "You judge that it is somebody else. It was not verified.",
        only=Disposal.NO_ACTION,
    ),
)

DISPOSALS = (
    Choice(Disposal.ARREST, "Arrest", "You arrested the person."),
    Choice(Disposal.CONDITIONS_CHECKED, "Conditions checked", "A court's order or bail, checked."),
    Choice(Disposal.SAFEGUARDED, "Safeguarded", "Brought or handed to safety."),
    Choice(Disposal.REFUSED_ENTRY, "Refused entry", "Not let in."),
    Choice(Disposal.OTHER_ACTION, "Other action taken", "Something was done, short of these."),
    Choice(Disposal.NO_ACTION, "No action", "Spoken to, and let go."),
)
"""How a stop ends. Who was not engaged has the disposal “not engaged” and no other."""

MISSING = {
    "decision": "Choose what you do.",
    "checks": "Choose from the list.",
    "code": "Choose what the alert turned out to be.",
    "disposal": "Choose how the stop ended.",
    "at": "The time is not one.",
}
"""What is said beside a field that is not filled in."""

ONLY_NO_ACTION = "A false alert closes with no action."
ONLY_ENGAGED = "A true alert is confirmed by speaking to the person only."

STANDS: Mapping[Step, str] = {
    Step.ACKNOWLEDGE: "New",
    Step.DECIDE: "Yours: decide",
    Step.STOP: "Yours: the stop goes on",
    Step.OUTCOME: "Yours: record the outcome",
    Step.CLOSED: "Closed",
    Step.EXPIRED: "Expired, not live",
    Step.TAKEN: "NAME has it",
}
"""How an alert stands for an officer, in words; NAME is a colleague's."""


def choices() -> dict[str, Any]:
    """Return all that is chosen from, for a template."""
    return {
        "decisions": DECISIONS,
        "identity_checks": CHECKS,
        "codes": CODES,
        "disposals": DISPOSALS,
        "missing": MISSING,
        "only_no_action": ONLY_NO_ACTION,
    }


def steps_of_nothing() -> dict[str, Any]:
    """Return what the steps are shown with on a page that is about no alert yet."""
    return {
        **choices(),
        "alert_id": "",
        "deployment_id": "",
        "step": "",
        "engaged": None,
        "engaged_at": None,
        "longest_stop_min": 0,
        "overrun": False,
        "deleted_after_hours": None,
        "named": None,
        "decided": "",
        "was_false": False,
        "form": EMPTY,
    }
