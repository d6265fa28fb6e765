"""What the page of one alert shows: where it stands, what is known, and who decided what.

No face is in it. The name of whoever is listed is not either, for anybody: two pictures are
compared without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overt.deployment.policy import Policy
from overt.deployment.recorded import policy_of
from overt.people.office import Office
from overt.people.permissions import MATRIX, Person, why_not
from overt.reporting.wording import (
    PICTURE_GONE,
    age_in_words,
    evidence_in_words,
    in_utc_and_local,
    quality_in_words,
    scores_in_words,
)
from overt.review.claims import CLAIM_LIFE
from overt.review.known import known_against
from overt.review.queue import Queued, may_decide, standing
from overt.review.things import thing_of
from overt.storage import Adjudication, AlertPlace, Enrolled
from overt.values import Alert
from overt.vocabulary import UNDECIDED, Act, AdjudicationDecision, AdjudicationFactor, AlertStage
from overt.web.pages.queued import PRIORITIES, names

DECISIONS = (
    (AdjudicationDecision.VIABLE, "Viable: it may be the same person"),
    (AdjudicationDecision.NOT_VIABLE, "Not viable: it is somebody else"),
    (AdjudicationDecision.UNSURE, "Unsure: it cannot be told from these pictures"),
)

_MEANINGS: Mapping[AdjudicationFactor, str] = {
    AdjudicationFactor.SUBJECT: "what is to be seen of the person, such as features, age, hair, "
    "glasses, something that covers the face, a likeness to somebody else",
    AdjudicationFactor.SYSTEM: "what was compared, such as how old and how good the list's "
    "picture is, how large the face is, earlier false alerts",
    AdjudicationFactor.ENVIRONMENT: "what surrounds it, such as light, weather, distance, a "
    "crowd, movement",
}

FACTORS = tuple(
    (factor, f"{factor.capitalize()}: {meaning}") for factor, meaning in _MEANINGS.items()
)
"""South Wales Police's three kinds of factor, with what each means."""

VERDICTS = (
    ("true", "A true alert: it was probably the listed person"),
    ("false", "A false alert: it was somebody else"),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What is said of the list's picture beside it."""

    age: str
    quality: str


@dataclass(frozen=True, slots=True)
class Said:
    """One person's decision; empty words where it is not shown yet."""

    by: str
    at: datetime
    decision: str
    factors: str


def content_of(office: Office, person: Person, place: AlertPlace) -> dict[str, Any]:
    """Return what the page of an alert shows to somebody who may see it."""
    row = office.record.deployments.find(place.deployment_id or "")
    at, policy = standing(office, place), policy_of(row)
    alert = office.record.alerts.find(place.alert_id).alert
    made = office.record.reviews.adjudications(place.alert_id)
    operator = bool(person.roles & MATRIX[Act.ALERT_ADJUDICATE].roles)
    decided = any(each.by == person.account_id for each in made)
    deciding = may_decide(person, at)
    sees = _sees_faces(office, person, place, policy)
    return {
        "row": row,
        "alert_id": place.alert_id,
        "number": place.number,
        "at": at,
        "priority": PRIORITIES[at.priority],
        "late_s": round((office.now() - at.captured_at).total_seconds()) if at.late else None,
        "late_after_s": policy.review.late_after_s,
        "undecided": at.stage in UNDECIDED,
        "mine": at.claimed_by == person.account_id,
        "holder": names(office)(at.claimed_by),
        "claim_life_s": round(CLAIM_LIFE.total_seconds()),
        "may_decide": deciding,
        "may_close": operator and at.stage is AlertStage.DECIDED,
        "stands": _stands(office, at, decided=decided, operator=operator),
        "said": _said(office, made, blind=deciding),
        "sees_faces": sees,
        "decisions": DECISIONS,
        "factors": FACTORS,
        "verdicts": VERDICTS,
        **_measured(office, place, alert),
        **_listed(office, place, alert, sees=sees),
    }


def _sees_faces(office: Office, person: Person, place: AlertPlace, policy: Policy) -> bool:
    allowed = person.roles & frozenset(policy.access.faces) & MATRIX[Act.ALERT_SEE_FACE].roles
    return bool(allowed) and not why_not(person, Act.ALERT_SEE_FACE, thing_of(office, place))


def _measured(office: Office, place: AlertPlace, alert: Alert) -> dict[str, Any]:
    return {
        "seen_at": in_utc_and_local(alert.captured_at),
        "seen_quality": quality_in_words(alert.quality),
        "known": known_against(office, place, alert.candidate.subject_id),
        "technical": f"{scores_in_words(alert)}; {evidence_in_words(alert)}; {alert.pack_id}",
    }


def _listed(office: Office, place: AlertPlace, alert: Alert, *, sees: bool) -> dict[str, Any]:
    """Return what the list says: nothing of it to whom the policy shows no faces."""
    run = office.record.runs.find(place.run_id)
    enrolled = (
        office.record.watchlists.enrolled(run.watchlist_id, alert.candidate.reference_id)
        if sees
        else None
    )
    return {
        "reference": _compared(enrolled, alert),
        "reason": enrolled.subject.reason if enrolled else "",
        "gone": PICTURE_GONE,
    }


def _compared(enrolled: Enrolled | None, alert: Alert) -> Compared | None:
    if enrolled is None:
        return None
    reference = enrolled.reference
    age = age_in_words(reference.picture_date, alert.captured_at.date())
    return Compared(age.capitalize(), quality_in_words(reference.quality))


def _said(office: Office, made: list[Adjudication], *, blind: bool) -> list[Said]:
    """Return who decided what; whoever is still to decide is not told what others chose."""
    name = names(office)
    return [
        Said(
            by=name(each.by),
            at=each.at,
            decision="" if blind else each.decision,
            factors="" if blind else ", ".join(each.factors),
        )
        for each in made
    ]


def _stands(office: Office, at: Queued, *, decided: bool, operator: bool) -> str:
    """Return in a sentence where an alert stands on which the reader decides nothing now."""
    if at.stage is AlertStage.CLOSED:
        return _closed(office, at)
    if at.stage is AlertStage.WAITING and decided:
        return "You have decided. Another operator decides next, without seeing what you chose."
    if at.stage is AlertStage.DECIDED:
        return "Not everybody found it viable. It was not sent to officers; an operator closes it."
    if at.stage in UNDECIDED:
        held = names(office)(at.claimed_by)
        told = f"{held} has claimed it." if held else "No operator has claimed it."
        return told if operator else f"{told} Operators decide on it; you are looking on."
    if at.unanswered and at.stage is AlertStage.SENT:
        return "It was found viable and sent to officers, and none answered in time."
    return _WITH_OFFICERS[at.stage].format(name=names(office)(at.acknowledged_by) or "an officer")


_WITH_OFFICERS: Mapping[AlertStage, str] = {
    AlertStage.SENT: "It was found viable and sent to officers. None has acknowledged it yet.",
    AlertStage.ACKNOWLEDGED: "It was found viable; {name} has acknowledged it.",
    AlertStage.ENGAGED: "It was found viable; {name} is with the person.",
}


def _closed(office: Office, at: Queued) -> str:
    outcome = office.record.reviews.outcome(at.place.alert_id)
    if outcome is None:
        return "It is closed."
    truth = "true" if outcome.true_alert else "false"
    sure = "confirmed" if outcome.confirmed else "unconfirmed"
    by = names(office)(outcome.by)
    return f"It is closed: a {truth} alert, {sure}; {outcome.disposal}. By {by}."
