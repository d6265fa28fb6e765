"""Where an alert stands: read off its decisions, its claim, what officers did, and its outcome.

Nothing here is stored: a stage is always what the record says at this moment, so that no screen
and no device can disagree about it.
"""

from datetime import datetime, timedelta

from overt.deployment.policy import Policy
from overt.errors import LifecycleError, NotFoundError
from overt.people.office import Office
from overt.review.things import reaches_unadjudicated
from overt.storage import AlertPlace, Docket
from overt.vocabulary import AdjudicationDecision, AlertStage, OfficerDecision


def docket_of(office: Office, place: AlertPlace) -> Docket:
    """Return everything that is known of an alert without a face.

    Raises:
        NotFoundError: it has been erased.
    """
    docket = office.record.dockets.of(place.alert_id)
    if docket is None:
        raise NotFoundError("The alert has been erased.", remedy="Its receipt says when.")
    return docket


def needed_by(policy: Policy | None) -> int:
    """Return how many people must decide on an alert: requirement R-45."""
    return 2 if policy and policy.review.two_person else 1


def is_decided(docket: Docket, policy: Policy | None) -> bool:
    """Tell whether everybody who must decide on an alert has."""
    return len(docket.decisions) >= needed_by(policy)


def is_viable(docket: Docket, policy: Policy | None) -> bool:
    """Tell whether everybody who must decide on an alert has found it viable."""
    viable = [each.decision is AdjudicationDecision.VIABLE for each in docket.decisions]
    return is_decided(docket, policy) and all(viable)


def sent_at(docket: Docket, policy: Policy | None) -> datetime | None:
    """Return when officers were first told of an alert, or None where they were not.

    Where the policy tells them before anybody has decided, an alert that was then not found viable
    is taken away from them again, unless an officer had begun on it.
    """
    if docket.engagement is None and is_decided(docket, policy) and not is_viable(docket, policy):
        return None
    if reaches_unadjudicated(policy):
        return docket.place.raised_at
    return docket.decisions[-1].at if is_viable(docket, policy) else None


def last_done_at(docket: Docket) -> datetime:
    """Return when somebody last did something about an alert, or else when it was raised."""
    times = [docket.place.raised_at, *(each.at for each in docket.decisions)]
    if docket.engagement is not None:
        done = docket.engagement
        times += [done.acknowledged_at, *filter(None, (done.decided_at, done.released_at))]
    return max(times)


def stage_of(docket: Docket, policy: Policy | None, now: datetime) -> AlertStage:
    """Return how far people are with an alert."""
    if docket.outcome is not None:
        return AlertStage.CLOSED
    if docket.engagement is not None:
        engaged = docket.engagement.decision is OfficerDecision.ENGAGE
        return AlertStage.ENGAGED if engaged else AlertStage.ACKNOWLEDGED
    if is_decided(docket, policy):
        return AlertStage.SENT if is_viable(docket, policy) else AlertStage.DECIDED
    if docket.decisions:
        return AlertStage.WAITING
    claimed = docket.claim is not None and docket.claim.stands(now)
    return AlertStage.CLAIMED if claimed else AlertStage.NEW


def is_late(docket: Docket, policy: Policy | None, now: datetime) -> bool:
    """Tell whether the person has probably passed before everybody has decided (R-48)."""
    if policy is None or docket.outcome is not None or is_decided(docket, policy):
        return False
    return now - docket.captured_at > timedelta(seconds=policy.review.late_after_s)


def is_unanswered(docket: Docket, policy: Policy | None, now: datetime) -> bool:
    """Tell whether no officer has answered in time: it has expired (R-47, R-48)."""
    if policy is None or docket.outcome is not None or docket.engagement is not None:
        return False
    sent = sent_at(docket, policy)
    return sent is not None and has_expired(sent, policy, now)


def has_expired(sent: datetime, policy: Policy | None, at: datetime) -> bool:
    """Tell whether an alert that was sent then is no longer to be answered at this moment."""
    return policy is not None and at - sent > timedelta(seconds=policy.review.unanswered_after_s)


def demand_open(docket: Docket) -> None:
    """Hold that an alert has no outcome yet.

    Raises:
        LifecycleError: it has.
    """
    if docket.outcome is not None:
        raise LifecycleError(
            "The alert has its outcome already.",
            remedy="An alert closes once; nothing was changed.",
        )


def demand_undecided(docket: Docket, policy: Policy | None) -> None:
    """Hold that somebody is still to decide on an alert.

    Raises:
        LifecycleError: everybody has.
    """
    if is_decided(docket, policy):
        raise LifecycleError(
            "The alert has been decided on.", remedy="Nobody's decision is written over."
        )
