"""People decide on alerts: unprompted, each for themselves, and each alert closes once."""

from contextlib import nullcontext
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acts import (
    THERE,
    Scene,
    a_policy,
    an_alert_of,
    an_outcome,
    drafted,
    found_viable,
    place_of,
    stopped,
)
from example_records import NOON, begun, raised
from overt.deployment.policy import Policy
from overt.errors import LifecycleError, PermissionDenied
from overt.people.office import Office
from overt.retention import clocks
from overt.review import adjudication, standing
from overt.review.things import policy_over
from overt.storage import AlertPlace, Outcome
from overt.vocabulary import AdjudicationDecision, AdjudicationFactor, Disposal, Role

VIABLE, NOT_VIABLE, UNSURE = AdjudicationDecision
FACTORS = [AdjudicationFactor.SYSTEM, AdjudicationFactor.SUBJECT]
ONE = a_policy(two_person="false")


@pytest.fixture
def place(scene: Scene) -> AlertPlace:
    """An alert on which two people decide."""
    return _alert(scene)


def _alert(scene: Scene, policy: Policy | None = None) -> AlertPlace:
    row = drafted(scene, policy=policy)
    return place_of(scene, an_alert_of(scene, row))


def _decide(scene: Scene, place: AlertPlace, *decisions: AdjudicationDecision) -> None:
    for decision in decisions:
        operator = scene.somebody(Role.OPERATOR)
        adjudication.adjudicate(scene.office, operator, place, decision, FACTORS)


def _close(scene: Scene, place: AlertPlace, **outcome: object) -> Outcome:
    officer = scene.person(Role.ENGAGEMENT_OFFICER)
    if outcome.get("engaged", True) and _is_viable(scene.office, place):
        stopped(scene.office, officer, place)
    return adjudication.close(scene.office, officer, an_outcome(place, **outcome))


def test_a_decision_needs_its_factors(scene: Scene, place: AlertPlace) -> None:
    """R-44: nothing is preselected; who decides says what they took into account."""
    operator = scene.person(Role.OPERATOR)
    with pytest.raises(LifecycleError, match="factors"):
        adjudication.adjudicate(scene.office, operator, place, VIABLE, [])
    assert scene.office.record.reviews.adjudications(place.alert_id) == []
    assert not _is_viable(scene.office, place)


@pytest.mark.parametrize("decision", AdjudicationDecision)
def test_a_decision_is_kept_as_it_was_made(
    scene: Scene, place: AlertPlace, decision: AdjudicationDecision
) -> None:
    """R-44: viable, not viable or unsure, with subject, system and environment factors."""
    operator = scene.person(Role.OPERATOR)
    factors = [*FACTORS, *FACTORS, AdjudicationFactor.ENVIRONMENT]
    assert adjudication.adjudicate(scene.office, operator, place, decision, factors) == 1
    (made,) = scene.office.record.reviews.adjudications(place.alert_id)
    assert (made.by, made.at, made.decision) == (operator.account_id, scene.clock.now, decision)
    assert set(made.factors) == set(AdjudicationFactor)
    assert len(made.factors) == 3
    entry = scene.events("alert.adjudicated")[0]
    assert entry["data"]["decision"] == decision
    assert entry["data"]["number"] == 1


def test_two_people_decide_and_not_one_twice(scene: Scene, place: AlertPlace) -> None:
    """R-45: the second person is another one, and there is no third."""
    first, second, third = (scene.somebody(Role.OPERATOR) for _ in range(3))
    office = scene.office
    assert adjudication.adjudicate(office, first, place, VIABLE, FACTORS) == 1
    assert not _is_viable(office, place)
    with pytest.raises(PermissionDenied, match="already"):
        adjudication.adjudicate(office, first, place, NOT_VIABLE, FACTORS)
    assert adjudication.adjudicate(office, second, place, VIABLE, FACTORS) == 2
    assert _is_viable(office, place)
    with pytest.raises(LifecycleError, match="decided"):
        adjudication.adjudicate(office, third, place, NOT_VIABLE, FACTORS)
    made = office.record.reviews.adjudications(place.alert_id)
    assert [(each.by, each.decision) for each in made] == [
        (first.account_id, VIABLE),
        (second.account_id, VIABLE),
    ]


def test_a_decision_that_a_screen_sends_twice_counts_once(scene: Scene, place: AlertPlace) -> None:
    """R-45: an answer that was lost makes nobody two people, and nobody an offender."""
    office, operator = scene.office, scene.person(Role.OPERATOR)
    first = adjudication.adjudicate(office, operator, place, VIABLE, FACTORS)
    assert adjudication.adjudicate(office, operator, place, VIABLE, FACTORS) == first
    assert len(office.record.reviews.adjudications(place.alert_id)) == 1
    assert not scene.events("act.refused")
    with pytest.raises(PermissionDenied):
        adjudication.adjudicate(office, operator, place, NOT_VIABLE, FACTORS)


def test_one_person_is_enough_where_the_policy_says_so(scene: Scene) -> None:
    """R-45: whether two are needed is the policy's."""
    place = _alert(scene, ONE)
    _decide(scene, place, VIABLE)
    assert _is_viable(scene.office, place)
    with pytest.raises(LifecycleError, match="decided"):
        _decide(scene, place, NOT_VIABLE)


@pytest.mark.parametrize("decisions", [(VIABLE, UNSURE), (NOT_VIABLE, VIABLE), (UNSURE, UNSURE)])
def test_an_alert_is_viable_when_everybody_found_it_so(
    scene: Scene, place: AlertPlace, decisions: tuple[AdjudicationDecision, ...]
) -> None:
    """R-45, R-46: officers are not sent on one person's doubt."""
    _decide(scene, place, *decisions)
    assert not _is_viable(scene.office, place)
    with pytest.raises(LifecycleError, match="viable"):
        _close(scene, place)
    _close(scene, place, confirmed=False, engaged=False, disposal=Disposal.NOT_ENGAGED)


def test_an_alert_nobody_decided_on_does_not_close(scene: Scene, place: AlertPlace) -> None:
    """R-44: an outcome follows a decision."""
    with pytest.raises(LifecycleError, match="has decided"):
        _close(scene, place, confirmed=False, engaged=False, disposal=Disposal.NOT_ENGAGED)
    assert scene.office.record.reviews.outcome(place.alert_id) is None


def test_the_officers_outcome_stands_beside_the_operators_decision(
    scene: Scene, place: AlertPlace
) -> None:
    """R-45: the officer on the street may find otherwise, and changes no decision."""
    _decide(scene, place, VIABLE, VIABLE)
    before = scene.office.record.reviews.adjudications(place.alert_id)
    closed = _close(scene, place, true_alert=False, disposal=Disposal.NO_ACTION)
    officer = scene.person(Role.ENGAGEMENT_OFFICER)
    assert scene.office.record.reviews.adjudications(place.alert_id) == before
    assert scene.office.record.reviews.outcome(place.alert_id) == closed
    assert (closed.by, closed.at) == (officer.account_id, scene.clock.now)
    assert scene.events()[-1]["event"] == "alert.closed"


def test_an_alert_closes_once(scene: Scene, place: AlertPlace) -> None:
    """R-49: exactly one outcome, and nobody decides on what is closed."""
    _decide(scene, place, VIABLE, VIABLE)
    first = _close(scene, place)
    with pytest.raises(LifecycleError, match="outcome already"):
        _close(scene, place, disposal=Disposal.SAFEGUARDED)
    other = scene.somebody(Role.ENGAGEMENT_OFFICER)
    with pytest.raises(LifecycleError, match="outcome already"):
        adjudication.close(scene.office, other, an_outcome(place))
    scene.clock.forward(minutes=1)
    assert _close(scene, place) == first, "the same again from the same person is no error"
    assert scene.office.record.reviews.outcome(place.alert_id) == first
    with pytest.raises(LifecycleError, match="outcome already"):
        _decide(scene, place, NOT_VIABLE)
    assert len(scene.events("alert.closed")) == 1


def test_an_outcome_is_its_alerts_and_its_officers_whatever_was_given(
    scene: Scene, place: AlertPlace
) -> None:
    """R-49, R-19: a false alert counts against the entry that it was raised for."""
    _decide(scene, place, VIABLE, VIABLE)
    officer = scene.person(Role.ENGAGEMENT_OFFICER)
    stopped(scene.office, officer, place)
    given = replace(an_outcome(place), alert_id=place.alert_id[:8], entry="another", by="another")
    closed = adjudication.close(scene.office, officer, given)
    assert (closed.alert_id, closed.entry) == (place.alert_id, place.entry)
    assert scene.office.record.reviews.outcome(place.alert_id) == closed


# R-49 in full: what an officer may report. Everything else contradicts itself.
_TAKEN = [
    Disposal.ARREST,
    Disposal.CONDITIONS_CHECKED,
    Disposal.SAFEGUARDED,
    Disposal.REFUSED_ENTRY,
    Disposal.OTHER_ACTION,
]
CONSISTENT = {
    # (true alert, confirmed, engaged, disposal)
    *((True, confirmed, True, each) for confirmed in (True, False) for each in _TAKEN),
    (True, True, True, Disposal.NO_ACTION),
    (True, False, True, Disposal.NO_ACTION),
    (True, False, False, Disposal.NOT_ENGAGED),  # nobody spoke to them: it stays unconfirmed
    (False, True, True, Disposal.NO_ACTION),
    (False, False, True, Disposal.NO_ACTION),
    (False, True, False, Disposal.NOT_ENGAGED),
    (False, False, False, Disposal.NOT_ENGAGED),
}


@settings(max_examples=500)  # there are 56: Hypothesis stops when it has tried them all
@given(st.booleans(), st.booleans(), st.booleans(), st.sampled_from(Disposal))
def test_exactly_the_consistent_outcomes_are_accepted(
    true_alert: bool,  # noqa: FBT001
    confirmed: bool,  # noqa: FBT001
    engaged: bool,  # noqa: FBT001
    disposal: Disposal,
) -> None:
    """R-49: true or false, confirmed or not, engaged or not, with one disposal that fits."""
    outcome = Outcome("a", "e", "b", NOON, true_alert, confirmed, engaged, disposal)
    consistent = (true_alert, confirmed, engaged, disposal) in CONSISTENT
    with nullcontext() if consistent else pytest.raises(LifecycleError):
        adjudication._demand_consistent(outcome)


def test_a_contradiction_is_refused_where_it_is_given(scene: Scene, place: AlertPlace) -> None:
    """R-49: the Westminster row of January 2024 cannot be written."""
    _decide(scene, place, VIABLE, VIABLE)
    for wrong in (
        {"disposal": Disposal.NOT_ENGAGED},
        {"engaged": False, "confirmed": False, "disposal": Disposal.NOT_ENGAGED},
        {"engaged": False},
        {"engaged": False, "disposal": Disposal.NOT_ENGAGED},
        {"true_alert": False},
    ):
        with pytest.raises(LifecycleError):
            _close(scene, place, **wrong)
    assert scene.office.record.reviews.outcome(place.alert_id) is None
    assert not scene.events("alert.closed")


def test_false_alerts_against_an_entry_are_counted_over_lists_and_deletions(
    scene: Scene,
) -> None:
    """R-19: the count grows with each false alert, and outlives the alert and its list."""
    reviews, count = scene.office.record.reviews, 0
    for number in range(3):
        place = _alert(scene, ONE)
        _decide(scene, place, VIABLE)
        _close(scene, place, true_alert=False, disposal=Disposal.NO_ACTION)
        count += 1
        assert reviews.false_alerts_against(place.entry) == count
        if number == 1:
            scene.clock.forward(days=32)
            assert clocks.apply(scene.office)
            assert scene.office.record.alerts.standing(place.alert_id) is None
            assert reviews.false_alerts_against(place.entry) == count
    true = _alert(scene, ONE)
    _decide(scene, true, VIABLE)
    _close(scene, true)
    assert reviews.false_alerts_against(true.entry) == count
    assert reviews.false_alerts_against(scene.office.record.watchlists.pseudonym("S-2")) == 0


def test_a_look_at_two_faces_is_on_the_log_before_they_are_shown(
    scene: Scene, place: AlertPlace
) -> None:
    """R-57: who saw whose face is on record."""
    operator = scene.person(Role.OPERATOR)
    record, enrolled = adjudication.see(scene.office, operator, place)
    assert record.alert.crop_jpeg
    assert enrolled is not None
    assert enrolled.reference.reference_id == record.alert.candidate.reference_id
    (entry,) = scene.events("alert.face-seen")
    assert entry["data"] == {"alert": place.alert_id}
    assert scene.office.record.journal.resolve(entry["by"]) == ("person", operator.account_id)


@pytest.mark.parametrize("role", Role, ids=str)
def test_faces_are_for_whom_the_table_and_the_policy_allow(
    scene: Scene, place: AlertPlace, role: Role
) -> None:
    """R-61, R-62: no auditor, administrator or applicant sees an alert's faces."""
    found_viable(scene, place)
    may = role in {Role.OPERATOR, Role.ENGAGEMENT_OFFICER, Role.COMMANDER}
    person, from_elsewhere = scene.somebody(role), scene.somebody(role, unit=THERE)
    with pytest.raises(PermissionDenied):
        adjudication.see(scene.office, from_elsewhere, place)
    if may:
        assert adjudication.see(scene.office, person, place)
    else:
        with pytest.raises(PermissionDenied):
            adjudication.see(scene.office, person, place)
    assert len(scene.events("alert.face-seen")) == int(may)


def test_a_policy_can_keep_faces_from_a_role(scene: Scene) -> None:
    """R-34: seeing a face is a privilege that the policy gives."""
    place = _alert(scene, a_policy(faces='["operator"]', watchlist_names="[]"))
    assert adjudication.see(scene.office, scene.person(Role.OPERATOR), place)
    with pytest.raises(PermissionDenied, match="policy"):
        adjudication.see(scene.office, scene.person(Role.COMMANDER), place)


@pytest.mark.parametrize("role", set(Role) - {Role.OPERATOR}, ids=str)
def test_only_operators_decide(scene: Scene, place: AlertPlace, role: Role) -> None:
    """R-62: administrators cannot adjudicate, nor can anybody else."""
    with pytest.raises(PermissionDenied):
        adjudication.adjudicate(scene.office, scene.somebody(role), place, VIABLE, FACTORS)
    elsewhere = scene.person(Role.OPERATOR, THERE)
    with pytest.raises(PermissionDenied):
        adjudication.adjudicate(scene.office, elsewhere, place, VIABLE, FACTORS)


@pytest.mark.parametrize("role", set(Role) - {Role.ENGAGEMENT_OFFICER}, ids=str)
def test_only_engagement_officers_close(scene: Scene, place: AlertPlace, role: Role) -> None:
    """R-45: the outcome is the officer's who was there."""
    _decide(scene, place, VIABLE, VIABLE)
    with pytest.raises(PermissionDenied):
        adjudication.close(scene.office, scene.somebody(role), an_outcome(place))


def test_an_alert_of_a_rehearsal_is_decided_by_one_person_of_any_unit(scene: Scene) -> None:
    """What nobody had to authorise belongs to no unit and has no policy on record."""
    office, operator = scene.office, scene.person(Role.OPERATOR, THERE)
    record = office.record
    place = record.alerts.place(raised(record, begun(record)).alert.alert_id)
    assert place.deployment_id is None
    assert adjudication.adjudicate(office, operator, place, VIABLE, FACTORS) == 1
    assert _is_viable(office, place)


def test_every_combination_of_decisions_is_judged_alike(scene: Scene) -> None:
    """R-45: viable means twice viable, in whichever order."""
    for first, second in [*combinations(AdjudicationDecision, 2), (VIABLE, VIABLE)]:
        place = _alert(scene)
        _decide(scene, place, second, first)
        both = {first, second} == {VIABLE}
        assert _is_viable(scene.office, place) is both


def _is_viable(office: Office, place: AlertPlace) -> bool:
    return standing.is_viable(standing.docket_of(office, place), policy_over(office, place))
