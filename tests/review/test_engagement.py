"""Officers acknowledge, decide for themselves, and stop somebody for a time that is measured."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from acts import (
    ONE_PERSON,
    THERE,
    Scene,
    a_policy,
    an_alert_of,
    an_outcome,
    drafted,
    found,
    found_viable,
    place_of,
)
from overt.deployment.policy import Policy
from overt.errors import LifecycleError, PermissionDenied
from overt.people.permissions import Person
from overt.review import adjudication, engagement
from overt.review.queue import standing
from overt.storage import AlertPlace
from overt.vocabulary import (
    AdjudicationDecision,
    AlertStage,
    Delivery,
    Disposal,
    IdentityCheck,
    OfficerDecision,
    Role,
)

ENGAGE, DO_NOT_ENGAGE, NOT_FOUND = OfficerDecision
NOT_ENGAGED = {"confirmed": False, "engaged": False, "disposal": Disposal.NOT_ENGAGED}
EXPIRES_S = Policy.shipped().review.unanswered_after_s
CHECKS = [IdentityCheck.DOCUMENT, IdentityCheck.ASKED]


def _alert(scene: Scene, policy: Policy | None = None) -> AlertPlace:
    return place_of(scene, an_alert_of(scene, drafted(scene, policy=policy)))


@pytest.fixture
def sent(scene: Scene) -> AlertPlace:
    """An alert that two people have found viable."""
    place = _alert(scene)
    found_viable(scene, place)
    return place


@pytest.fixture
def officer(scene: Scene) -> Person:
    return scene.person(Role.ENGAGEMENT_OFFICER)


def test_the_chain_goes_from_the_sending_to_the_outcome(
    scene: Scene, sent: AlertPlace, officer: Person
) -> None:
    """R-45, R-50: a decision of the officer's own, minutes held, and the checks that were tried."""
    office, at = scene.office, scene.clock.now
    assert standing(office, sent).stage is AlertStage.SENT
    assert standing(office, sent).sent_at == at
    scene.clock.forward(seconds=20)
    engagement.acknowledge(office, officer, sent)
    assert standing(office, sent).stage is AlertStage.ACKNOWLEDGED
    scene.clock.forward(seconds=40)
    engagement.decide(office, officer, sent, ENGAGE)
    assert standing(office, sent).stage is AlertStage.ENGAGED
    assert standing(office, sent).engaged_at == at + timedelta(minutes=1)
    scene.clock.forward(minutes=7, seconds=30)
    made = engagement.end_stop(office, officer, sent, CHECKS)
    assert made.minutes_held == 7.5
    assert set(made.checks) == set(CHECKS)
    adjudication.close(office, officer, an_outcome(sent))
    assert standing(office, sent).stage is AlertStage.CLOSED
    (ended,) = scene.events("stop.ended")
    assert ended["data"]["minutes_held"] == 7.5
    assert set(ended["data"]["checks"]) == set(CHECKS)


def test_what_a_phone_sends_twice_counts_once(
    scene: Scene, sent: AlertPlace, officer: Person
) -> None:
    """R-45: nothing is lost and nothing doubled by a network that died in the middle."""
    office = scene.office
    acts: list[Callable[[], object]] = [
        lambda: engagement.acknowledge(office, officer, sent),
        lambda: engagement.decide(office, officer, sent, ENGAGE),
        lambda: engagement.end_stop(office, officer, sent, CHECKS),
        lambda: adjudication.close(office, officer, an_outcome(sent)),
    ]
    for number, act in enumerate(acts):
        first, entries = act(), len(scene.events())
        rows = office.record.outbox.latest()
        for earlier in acts[: number + 1]:
            scene.clock.forward(seconds=300)
            earlier()
        assert act() == first
        assert len(scene.events()) == entries
        assert office.record.outbox.latest() == rows


def test_nobody_s_decision_is_written_over(scene: Scene, sent: AlertPlace, officer: Person) -> None:
    """R-45: another value, or another person, changes nothing and is told why."""
    office, other = scene.office, scene.somebody(Role.ENGAGEMENT_OFFICER)
    engagement.acknowledge(office, officer, sent)
    with pytest.raises(LifecycleError, match=officer.full_name):
        engagement.acknowledge(office, other, sent)
    engagement.decide(office, officer, sent, ENGAGE)
    for person, decision in ((officer, NOT_FOUND), (other, ENGAGE), (other, DO_NOT_ENGAGE)):
        with pytest.raises(LifecycleError):
            engagement.decide(office, person, sent, decision)
    made = engagement.end_stop(office, officer, sent, CHECKS)
    for person, checks in ((officer, []), (other, CHECKS)):
        with pytest.raises(LifecycleError):
            engagement.end_stop(office, person, sent, checks)
    assert office.record.handling.engagement(sent.alert_id) == made


def test_whoever_meets_the_person_decides_and_a_colleague_can_end_the_stop(
    scene: Scene, sent: AlertPlace, officer: Person
) -> None:
    """R-50: a dead telephone lets no stop go on for ever."""
    office, other = scene.office, scene.somebody(Role.ENGAGEMENT_OFFICER)
    engagement.acknowledge(office, officer, sent)
    made = engagement.decide(office, other, sent, ENGAGE)
    assert (made.acknowledged_by, made.decided_by) == (officer.account_id, other.account_id)
    made = engagement.end_stop(office, officer, sent, [])
    assert (made.decided_by, made.released_by) == (other.account_id, officer.account_id)


@pytest.mark.parametrize("decision", [DO_NOT_ENGAGE, NOT_FOUND])
def test_who_was_not_stopped_is_not_held(
    scene: Scene, sent: AlertPlace, officer: Person, decision: OfficerDecision
) -> None:
    """R-45, R-49: the outcome says of the stop what the officer decided."""
    made = engagement.decide(scene.office, officer, sent, decision)
    assert (made.engaged_at, made.minutes_held) == (None, None)
    assert standing(scene.office, sent).stage is AlertStage.ACKNOWLEDGED
    with pytest.raises(LifecycleError, match="Nobody has been stopped"):
        engagement.end_stop(scene.office, officer, sent, [])
    with pytest.raises(LifecycleError, match="No officer has decided to engage"):
        adjudication.close(scene.office, officer, an_outcome(sent))
    adjudication.close(scene.office, officer, an_outcome(sent, **NOT_ENGAGED))


def test_an_outcome_waits_for_the_end_of_the_stop(
    scene: Scene, sent: AlertPlace, officer: Person
) -> None:
    """R-49, R-50: nobody is recorded as let go who still is held, or as not stopped who was."""
    with pytest.raises(LifecycleError, match="No officer has decided to engage"):
        adjudication.close(scene.office, officer, an_outcome(sent))
    engagement.decide(scene.office, officer, sent, ENGAGE)
    with pytest.raises(LifecycleError, match="not ended"):
        adjudication.close(scene.office, officer, an_outcome(sent))
    with pytest.raises(LifecycleError, match="has engaged"):
        adjudication.close(scene.office, officer, an_outcome(sent, **NOT_ENGAGED))
    engagement.end_stop(scene.office, officer, sent, [])
    with pytest.raises(LifecycleError, match="has engaged"):
        adjudication.close(scene.office, officer, an_outcome(sent, **NOT_ENGAGED))
    adjudication.close(scene.office, officer, an_outcome(sent))


def test_an_alert_that_nobody_answered_in_time_expires(
    scene: Scene, sent: AlertPlace, officer: Person
) -> None:
    """R-47, R-48: nobody is stopped on an alert whose person has long passed."""
    scene.clock.forward(seconds=EXPIRES_S)
    assert not standing(scene.office, sent).unanswered
    scene.clock.forward(seconds=1)
    at = standing(scene.office, sent)
    assert (at.stage, at.unanswered) == (AlertStage.SENT, True)
    with pytest.raises(LifecycleError, match="expired"):
        engagement.acknowledge(scene.office, officer, sent)
    with pytest.raises(LifecycleError, match="expired"):
        engagement.decide(scene.office, officer, sent, ENGAGE)
    engagement.decide(scene.office, officer, sent, NOT_FOUND)
    assert not standing(scene.office, sent).unanswered
    adjudication.close(scene.office, officer, an_outcome(sent, **NOT_ENGAGED))


def test_a_phone_without_a_network_says_later_when_it_happened(
    scene: Scene, sent: AlertPlace, officer: Person
) -> None:
    """R-47, R-50: the time is believed between the sending and now, and no further."""
    office, begun = scene.office, scene.clock.now
    seen, met, gone = (begun + timedelta(seconds=each) for each in (30, 60, 660))
    scene.clock.forward(hours=1)
    assert engagement.acknowledge(office, officer, sent, seen).acknowledged_at == seen
    assert engagement.decide(office, officer, sent, ENGAGE, met).decided_at == met
    assert engagement.end_stop(office, officer, sent, [], gone).minutes_held == 10
    told = gone + timedelta(seconds=30)
    assert adjudication.close(office, officer, an_outcome(sent), told).at == told
    for off in (-1, 1):
        place = _alert(scene)
        found_viable(scene, place)
        impossible = scene.clock.now + timedelta(seconds=off)
        made = engagement.acknowledge(office, officer, place, impossible)
        assert made.acknowledged_at == scene.clock.now
        engagement.decide(office, officer, place, ENGAGE)
        assert engagement.end_stop(office, officer, place, [], impossible).minutes_held == 0


def test_officers_act_on_nothing_that_was_not_sent(scene: Scene, officer: Person) -> None:
    """R-46: neither a new alert, nor a doubted one, nor one that waits for a second person."""
    new, waiting, doubted = (_alert(scene) for _ in range(3))
    found_viable(scene, waiting, 1)
    found(scene, doubted, AdjudicationDecision.VIABLE, AdjudicationDecision.UNSURE)
    for place in (new, waiting, doubted):
        with pytest.raises(LifecycleError, match="not sent"):
            engagement.acknowledge(scene.office, officer, place)
        with pytest.raises(LifecycleError, match="not sent"):
            engagement.decide(scene.office, officer, place, ENGAGE)
        with pytest.raises(PermissionDenied, match="not sent"):
            adjudication.see(scene.office, officer, place)
    assert not scene.events("alert.face-seen")


def test_a_policy_can_have_officers_told_before_anybody_decides(
    scene: Scene, officer: Person
) -> None:
    """R-46: unless the policy says otherwise, which stands on the log by its hash."""
    place = _alert(scene, a_policy(adjudicated_only_to_officers="false"))
    assert standing(scene.office, place).stage is AlertStage.NEW
    assert standing(scene.office, place).sent_at == place.raised_at
    adjudication.see(scene.office, officer, place)
    engagement.acknowledge(scene.office, officer, place)
    engagement.decide(scene.office, officer, place, ENGAGE)
    engagement.end_stop(scene.office, officer, place, [])
    with pytest.raises(LifecycleError, match="has decided"):
        adjudication.close(scene.office, officer, an_outcome(place))
    found(scene, place, AdjudicationDecision.UNSURE, AdjudicationDecision.UNSURE)
    adjudication.close(scene.office, officer, an_outcome(place))


def test_what_officers_were_told_at_once_expires_and_is_taken_back(
    scene: Scene, officer: Person
) -> None:
    """R-46, R-48: told before anybody decided, it is no longer theirs once it was doubted."""
    early = a_policy(adjudicated_only_to_officers="false")
    forgotten, doubted = _alert(scene, early), _alert(scene, early)
    found(scene, doubted, AdjudicationDecision.VIABLE, AdjudicationDecision.NOT_VIABLE)
    assert standing(scene.office, doubted).sent_at is None
    with pytest.raises(PermissionDenied, match="not sent"):
        adjudication.see(scene.office, officer, doubted)
    with pytest.raises(LifecycleError, match="not sent"):
        engagement.acknowledge(scene.office, officer, doubted)
    outcome = an_outcome(doubted, **NOT_ENGAGED)
    adjudication.close(scene.office, scene.person(Role.OPERATOR), outcome)

    scene.clock.forward(hours=1)
    assert standing(scene.office, forgotten).unanswered
    with pytest.raises(LifecycleError, match="expired"):
        engagement.acknowledge(scene.office, officer, forgotten)


def test_an_operator_closes_what_was_sent_to_nobody(scene: Scene) -> None:
    """R-49: what operators doubted is closed without an officer, as not engaged."""
    operator, place = scene.person(Role.OPERATOR), _alert(scene)
    outcome = an_outcome(place, **NOT_ENGAGED)
    found(scene, place, AdjudicationDecision.NOT_VIABLE)
    with pytest.raises(PermissionDenied):
        adjudication.close(scene.office, operator, outcome)  # a second person is to decide
    found(scene, place, AdjudicationDecision.VIABLE)
    assert standing(scene.office, place).stage is AlertStage.DECIDED
    with pytest.raises(LifecycleError):
        adjudication.close(scene.office, operator, an_outcome(place))
    closed = adjudication.close(scene.office, operator, outcome)
    assert closed.by == operator.account_id
    assert adjudication.close(scene.office, operator, outcome) == closed
    assert len(scene.events("alert.closed")) == 1


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENGAGEMENT_OFFICER}))
def test_only_officers_of_the_unit_act_on_the_street(
    scene: Scene, sent: AlertPlace, role: Role
) -> None:
    """R-62: nobody at a screen decides to stop somebody."""
    for person in (scene.somebody(role), scene.person(Role.ENGAGEMENT_OFFICER, THERE)):
        with pytest.raises(PermissionDenied):
            engagement.acknowledge(scene.office, person, sent)
        with pytest.raises(PermissionDenied):
            engagement.decide(scene.office, person, sent, ENGAGE)
        with pytest.raises(PermissionDenied):
            engagement.end_stop(scene.office, person, sent, [])
    assert standing(scene.office, sent).stage is AlertStage.SENT


def test_supervisors_are_told_once_of_a_stop_that_lasts_too_long(
    scene: Scene, officer: Person
) -> None:
    """R-50: an overrun prompts a supervisor, and stands on the log."""
    office, policy = scene.office, a_policy(**ONE_PERSON, longest_stop_min="5")
    place, quick = _alert(scene, policy), _alert(scene, policy)
    for each in (place, quick):
        found_viable(scene, each, 1)
        engagement.decide(office, officer, each, ENGAGE)
    scene.clock.forward(minutes=5)
    assert engagement.prompt_overruns(office) == []
    engagement.end_stop(office, officer, quick, [])
    scene.clock.forward(seconds=1)
    before = office.record.outbox.latest()
    assert engagement.prompt_overruns(office) == [place]
    assert engagement.prompt_overruns(office) == []
    (row,) = office.record.outbox.after(before, 9)
    assert (row.kind, row.alert_id) == (Delivery.STOP_OVERRAN, place.alert_id)
    (entry,) = scene.events("stop.overran")
    assert entry["by"] == "system"
    assert entry["data"] == {"alert": place.alert_id, "longest_stop_min": 5}
    scene.clock.forward(minutes=1)
    made = engagement.end_stop(office, officer, place, [])
    assert made.minutes_held is not None
    assert made.minutes_held > 5
    assert engagement.prompt_overruns(office) == []
