"""Who may do what to what: one table, enforced everywhere an act begins.

A cell is a role, an act and how the person stands to the thing: whether it is their own, and
whether it is their unit's. Whatever the table does not allow is refused. The separation follows
the College of Policing's APP and the forces' own practice: whoever asks does not authorise,
administrators decide nothing about anybody, and auditors never see a face (requirements R-2,
R-61, R-62).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from overt.vocabulary import Act, Role

_APPLICANT, _AUTHORISER = Role.APPLICANT, Role.AUTHORISING_OFFICER
_COMMANDER, _OPERATOR = Role.COMMANDER, Role.OPERATOR
_OFFICER, _AUDITOR, _ADMIN = Role.ENGAGEMENT_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR

EVERYWHERE = frozenset({_AUDITOR, _ADMIN})
"""Roles that are not bound to a unit."""


class Own(StrEnum):
    """Whether it matters that a thing is the person's own: that they asked for it or made it."""

    EITHER = "either way"
    ONLY = "only their own"
    NEVER = "never their own"


@dataclass(frozen=True, slots=True)
class Rule:
    """Which roles may do an act; people of units act on their own unit's things only."""

    roles: frozenset[Role]
    own: Own = Own.EITHER


@dataclass(frozen=True, slots=True)
class Thing:
    """What an act is about: its kind, id, unit, and the account whose own it is.

    An empty `unit` stands for what belongs to no unit; `owner` is empty where nobody's.
    """

    kind: str
    thing_id: str = ""
    unit: str = ""
    owner: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.thing_id}".rstrip()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in."""

    account_id: str
    name: str
    full_name: str
    unit: str
    rank: str
    roles: frozenset[Role]


def _rule(*roles: Role, own: Own = Own.EITHER) -> Rule:
    return Rule(frozenset(roles), own)


MATRIX: Mapping[Act, Rule] = {
    Act.ACCOUNT_ADD: _rule(_ADMIN),
    Act.ACCOUNT_CHANGE: _rule(_ADMIN, own=Own.NEVER),
    Act.ACCOUNT_DISABLE: _rule(_ADMIN, own=Own.NEVER),
    Act.ACCOUNT_LIST: _rule(_ADMIN, _AUDITOR),
    Act.SESSION_REVOKE: _rule(_ADMIN),
    Act.DEPLOYMENT_DRAFT: _rule(_APPLICANT),
    Act.DEPLOYMENT_SUBMIT: _rule(_APPLICANT, own=Own.ONLY),
    Act.DEPLOYMENT_AUTHORISE: _rule(_AUTHORISER, own=Own.NEVER),
    Act.DEPLOYMENT_REFUSE: _rule(_AUTHORISER, own=Own.NEVER),
    Act.DEPLOYMENT_AUTHORISE_URGENTLY: _rule(_COMMANDER, _AUTHORISER, own=Own.NEVER),
    Act.DEPLOYMENT_START: _rule(_COMMANDER, _OPERATOR),
    Act.DEPLOYMENT_STOP: _rule(_APPLICANT, _AUTHORISER, _COMMANDER, _OPERATOR, _OFFICER),
    Act.DEPLOYMENT_HAND_OVER: _rule(_COMMANDER, _OPERATOR),  # who may stop one and start another
    Act.DEPLOYMENT_CANCEL: _rule(_APPLICANT, _AUTHORISER, _COMMANDER),
    Act.DEPLOYMENT_CLOSE: _rule(_COMMANDER),
    Act.DEPLOYMENT_REVIEW: _rule(_AUTHORISER, own=Own.NEVER),
    Act.DEPLOYMENT_SEE: _rule(*Role),
    Act.DEPLOYMENT_WATCH: _rule(_COMMANDER, _OPERATOR),
    Act.WATCHLIST_APPROVE: _rule(_AUTHORISER, _COMMANDER, own=Own.NEVER),
    Act.WATCHLIST_REVALIDATE: _rule(_APPLICANT),
    Act.WATCHLIST_WITHDRAW: _rule(_APPLICANT, _AUTHORISER, _COMMANDER, _OPERATOR),
    Act.WATCHLIST_SEE: _rule(_APPLICANT, _AUTHORISER, _COMMANDER, _OPERATOR),
    Act.WATCHLIST_SEE_FACE: _rule(_APPLICANT, _AUTHORISER, _COMMANDER, _OPERATOR),
    Act.INCLUSION_ANSWER: _rule(_AUDITOR),
    Act.PASSAGE_NOTE: _rule(_COMMANDER, _OPERATOR, _OFFICER),
    Act.ALERT_LIST: _rule(_AUTHORISER, _COMMANDER, _OPERATOR, _OFFICER, _AUDITOR),
    Act.ALERT_SEE_FACE: _rule(_COMMANDER, _OPERATOR, _OFFICER),
    Act.ALERT_CLAIM: _rule(_OPERATOR),
    Act.ALERT_ADJUDICATE: _rule(_OPERATOR),
    Act.ALERT_ACKNOWLEDGE: _rule(_OFFICER),
    Act.ALERT_ENGAGE: _rule(_OFFICER),
    Act.ALERT_CLOSE: _rule(_OPERATOR, _OFFICER),  # an operator, what was sent to no officer
    Act.HOLD_PLACE: _rule(_AUTHORISER),
    Act.HOLD_RELEASE: _rule(_AUTHORISER),
    Act.RETENTION_SEE: _rule(_AUTHORISER, _COMMANDER, _AUDITOR, _ADMIN),
    Act.RETENTION_APPLY: _rule(_COMMANDER, _ADMIN),
    Act.AUDIT_SEE: _rule(_AUDITOR, _ADMIN),
    Act.AUDIT_EXPORT: _rule(_AUDITOR, _ADMIN),
    Act.RECORD_BACK_UP: _rule(_ADMIN),
    Act.RECORD_PUBLISH: _rule(_AUTHORISER, _COMMANDER, _AUDITOR),
}
"""Every act, and who may do it."""

_ALONE = frozenset({_AUDITOR, _ADMIN})
"""Roles that go with no other: who checks or maintains a deployment takes no part in it."""


def why_not(person: Person, act: Act, about: Thing) -> str:
    """Return why a person may not do an act to a thing, in words of ours; empty if they may."""
    rule = MATRIX[act]
    held = person.roles & rule.roles
    if not held:
        return "the role does not allow it"
    if about.unit and about.unit != person.unit and not held & EVERYWHERE:
        return "it is another unit's"
    own = bool(about.owner) and about.owner == person.account_id
    if own and rule.own is Own.NEVER:
        return "it is their own"
    if not own and rule.own is Own.ONLY:
        return "it is somebody else's"
    return ""


def why_not_together(roles: Iterable[Role]) -> str:
    """Return why one person may not hold these roles, in words of ours; empty if they may."""
    held = set(roles)
    if not held:
        return "an account needs at least one role"
    alone = sorted(held & _ALONE)
    if alone and len(held) > 1:
        return f"{alone[0]} goes with no other role"
    return ""
