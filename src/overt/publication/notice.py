"""What the public is told of a deployment: requirement R-60, generated from its authority.

Every fact is one of the terms that were authorised, of the policy that these bind, or of the act
that gave the authority. Nothing comes from anywhere else, so that a notice cannot say what was
not allowed. Of the people listed it says which groups the policy knows, and nothing more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from hashlib import sha256
from typing import Any

from overt.deployment.policy import Policy
from overt.deployment.policy_safeguards import RetentionSettings
from overt.deployment.recorded import policy_of
from overt.deployment.terms import terms_hash
from overt.errors import AuthorityError
from overt.publication.notice_words import Words, words_of
from overt.storage import ActRow, DeploymentRow
from overt.vocabulary import Act, DeploymentKind, DeploymentState

_NEVER = frozenset({DeploymentState.REFUSED, DeploymentState.CANCELLED, DeploymentState.EXPIRED})
_AUTHORITIES = frozenset({Act.DEPLOYMENT_AUTHORISE, Act.DEPLOYMENT_AUTHORISE_URGENTLY})
_REFERENCE = 12  # letters of the deployment's id, as every list of deployments begins it


class Standing(StrEnum):
    """Whether a notice may be put up; what may not is marked so on every page."""

    IN_FORCE = "in force"
    DRAFT = "draft"
    OVER = "over"
    REHEARSAL = "rehearsal"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Group:
    """Who may be listed, in the policy's words, and whether each needs an authority of their own."""

    wording: str
    individually: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says; what nobody filled in is empty, and named in `missing`.

    Times are in the time zone in which the notice is to be read.
    """

    standing: Standing
    location: str
    start: datetime
    end: datetime
    use_case: str
    paragraph: str
    controller: str
    contact: str
    complaints: str
    privacy_notice: str
    rank: str
    urgent: bool
    reference: str
    two_person: bool
    checked_first: bool
    groups: tuple[Group, ...]
    retention: RetentionSettings

    @property
    def missing(self) -> tuple[str, ...]:
        """What the policy does not say, and a notice must."""
        needed = ("controller", "contact", "complaints", "privacy_notice")
        return tuple(each for each in needed if not getattr(self, each))


def notice_of(row: DeploymentRow, acts: Sequence[ActRow], zone: tzinfo | None = None) -> Notice:
    """Return the notice of a deployment, from its terms; times in `zone`, or this machine's own.

    Raises:
        AuthorityError: the record's terms are not those that were authorised, or its policy is
            not the one they bind.
        ConfigurationError: this version of Overt cannot use its policy.
    """
    _demand_bound(row)
    policy, terms = policy_of(row), row.terms
    authority = _authority(acts) if row.authorised_terms_sha256 else None
    start, end = (datetime.fromisoformat(each) for each in terms["window"])
    use_case_id, _, paragraph = str(terms["use case"]).partition(", ")
    use_case = policy.use_case(use_case_id)
    return Notice(
        standing=_standing(row, policy),
        location=str(terms["location"]),
        start=start.astimezone(zone),
        end=min(end, row.urgent_deadline or end).astimezone(zone),
        use_case=use_case.wording if use_case else row.use_case,
        paragraph=paragraph,
        controller=policy.notices.controller,
        contact=policy.notices.contact,
        complaints=policy.notices.complaints,
        privacy_notice=policy.notices.privacy_notice,
        rank=authority.rank if authority else "",
        urgent=row.urgent_deadline is not None,
        reference=row.deployment_id[:_REFERENCE],
        two_person=policy.review.two_person,
        checked_first=policy.review.adjudicated_only_to_officers,
        groups=tuple(
            Group(each.wording, each.needs_individual_authority) for each in policy.categories
        ),
        retention=policy.retention,
    )


def kept(retention: RetentionSettings, words: Words | None = None) -> Iterator[str]:
    """Say how long each thing is kept, the nearest to the reader first."""
    words = words or words_of()
    yield words("kept.no_alert")
    if retention.false_alerts_hours:
        hours = words.counted(retention.false_alerts_hours, "hour")
        yield words("kept.false_later", hours=hours)
    else:
        yield words("kept.false_at_once")
    yield words("kept.alerts", days=words.counted(retention.alerts_days, "day"))
    yield words("kept.evidence", days=words.counted(retention.hold_max_days, "day"))
    yield words("kept.list", hours=words.counted(retention.list_hours, "hour"))
    yield words("kept.log", months=words.counted(retention.log_months, "month"))


def _demand_bound(row: DeploymentRow) -> None:
    """Demand that what the notice is made from is what was authorised, and nothing since."""
    terms: Mapping[str, Any] = row.terms
    authorised = row.authorised_terms_sha256 or row.terms_sha256
    if terms_hash(terms) != authorised:
        raise AuthorityError(
            "The deployment's terms are not those that were authorised.",
            remedy="Verify the record: overt audit verify. Draft the deployment anew.",
        )
    if sha256(row.policy_text.encode()).hexdigest() != terms["policy"]:
        raise AuthorityError(
            "The deployment's policy is not the one that its terms bind.",
            remedy="Verify the record: overt audit verify. Draft the deployment anew.",
        )


def _authority(acts: Sequence[ActRow]) -> ActRow | None:
    """Return the act that gave the authority: the last one, which confirms those before it."""
    return next((act for act in reversed(acts) if act.act in _AUTHORITIES), None)


def _standing(row: DeploymentRow, policy: Policy) -> Standing:
    notices = policy.notices
    if row.kind is DeploymentKind.REHEARSAL:
        return Standing.REHEARSAL
    if row.state in _NEVER:
        return Standing.OVER
    if row.authorised_terms_sha256 is None:
        return Standing.DRAFT
    said = (notices.controller, notices.contact, notices.complaints, notices.privacy_notice)
    return Standing.IN_FORCE if all(said) else Standing.INCOMPLETE
