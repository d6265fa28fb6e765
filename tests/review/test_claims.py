"""Claims: one operator decides at a time, and whoever is called away keeps nobody waiting."""

import pytest

from acts import THERE, Scene, a_policy, an_alert_of, drafted, found, found_viable, place_of
from overt.errors import LifecycleError, PermissionDenied
from overt.people.permissions import Person
from overt.review import adjudication, claims
from overt.review.claims import CLAIM_LIFE
from overt.review.queue import standing
from overt.storage import AlertPlace
from overt.vocabulary import AdjudicationDecision, AdjudicationFactor, AlertStage, Role

VIABLE, NOT_VIABLE, UNSURE = AdjudicationDecision
ALMOST = CLAIM_LIFE.total_seconds() - 1


@pytest.fixture
def place(scene: Scene) -> AlertPlace:
    """An alert on which two people decide."""
    return place_of(scene, an_alert_of(scene, drafted(scene)))


def _decide(scene: Scene, person: Person, place: AlertPlace) -> int:
    factors = [AdjudicationFactor.SYSTEM]
    return adjudication.adjudicate(scene.office, person, place, VIABLE, factors)


def test_while_one_operator_has_an_alert_nobody_else_takes_it_or_decides(
    scene: Scene, place: AlertPlace
) -> None:
    """R-44: nobody's decision is written over unseen; whoever is refused learns who has it."""
    first, second = scene.somebody(Role.OPERATOR), scene.somebody(Role.OPERATOR)
    taken = claims.claim(scene.office, first, place)

    assert taken.until == scene.clock.now + CLAIM_LIFE
    at = standing(scene.office, place)
    assert (at.stage, at.claimed_by, at.claimed_until) == (
        AlertStage.CLAIMED,
        first.account_id,
        taken.until,
    )
    for act in (
        lambda: claims.claim(scene.office, second, place),
        lambda: claims.release(scene.office, second, place),
        lambda: _decide(scene, second, place),
    ):
        with pytest.raises(LifecycleError, match=first.full_name):
            act()
    assert standing(scene.office, place) == at
    assert scene.office.record.reviews.adjudications(place.alert_id) == []


def test_a_claim_lapses_unless_it_is_renewed(scene: Scene, place: AlertPlace) -> None:
    first, second = scene.somebody(Role.OPERATOR), scene.somebody(Role.OPERATOR)
    claims.claim(scene.office, first, place)
    scene.clock.forward(seconds=ALMOST)
    claims.claim(scene.office, first, place)
    scene.clock.forward(seconds=ALMOST)
    with pytest.raises(LifecycleError):
        claims.claim(scene.office, second, place)
    scene.clock.forward(seconds=1)

    assert standing(scene.office, place).stage is AlertStage.NEW
    assert standing(scene.office, place).claimed_by == ""
    assert claims.claim(scene.office, second, place).by == second.account_id
    with pytest.raises(LifecycleError):
        _decide(scene, first, place)
    assert [each["event"] for each in scene.events()][-3:] == ["alert.claimed"] * 3


def test_a_claim_sent_twice_is_one(scene: Scene, place: AlertPlace) -> None:
    operator = scene.person(Role.OPERATOR)
    before = scene.office.record.outbox.latest()

    assert claims.claim(scene.office, operator, place) == claims.claim(
        scene.office, operator, place
    )
    assert len(scene.events("alert.claimed")) == 1
    assert scene.office.record.outbox.latest() == before + 1


def test_a_claim_is_given_back_once(scene: Scene, place: AlertPlace) -> None:
    first, second = scene.somebody(Role.OPERATOR), scene.somebody(Role.OPERATOR)
    claims.claim(scene.office, first, place)
    for _ in range(2):
        claims.release(scene.office, first, place)

    assert len(scene.events("alert.claim-released")) == 1
    assert standing(scene.office, place).stage is AlertStage.NEW
    assert claims.claim(scene.office, second, place)


def test_a_decision_ends_the_claim_and_its_maker_takes_no_other(
    scene: Scene, place: AlertPlace
) -> None:
    """R-45: the second person is another one, from the claim on."""
    first, second = scene.somebody(Role.OPERATOR), scene.somebody(Role.OPERATOR)
    claims.claim(scene.office, first, place)
    assert _decide(scene, first, place) == 1
    at = standing(scene.office, place)
    assert (at.stage, at.claimed_by, at.decided_by) == (
        AlertStage.WAITING,
        "",
        (first.account_id,),
    )
    with pytest.raises(LifecycleError, match="decided on the alert already"):
        claims.claim(scene.office, first, place)
    claims.claim(scene.office, second, place)
    at = standing(scene.office, place)
    assert (at.stage, at.claimed_by) == (AlertStage.WAITING, second.account_id)
    assert _decide(scene, second, place) == 2
    assert standing(scene.office, place).claimed_by == ""


def test_without_a_claim_a_decision_counts_as_one(scene: Scene, place: AlertPlace) -> None:
    first, second = scene.somebody(Role.OPERATOR), scene.somebody(Role.OPERATOR)
    claims.claim(scene.office, first, place)
    scene.clock.forward(seconds=ALMOST + 1)

    assert _decide(scene, second, place) == 1
    assert scene.office.record.handling.claim(place.alert_id) is None


def test_what_is_decided_or_closed_is_not_claimed(scene: Scene, place: AlertPlace) -> None:
    operator = scene.person(Role.OPERATOR)
    found_viable(scene, place)
    with pytest.raises(LifecycleError, match="has been decided on"):
        claims.claim(scene.office, operator, place)
    alone = place_of(scene, an_alert_of(scene, drafted(scene, policy=a_policy(two_person="false"))))
    found(scene, alone, UNSURE)
    with pytest.raises(LifecycleError, match="has been decided on"):
        claims.claim(scene.office, operator, alone)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OPERATOR}))
def test_only_operators_of_the_unit_claim(scene: Scene, place: AlertPlace, role: Role) -> None:
    """R-62: whoever cannot decide cannot keep others from it."""
    for person in (scene.somebody(role), scene.person(Role.OPERATOR, THERE)):
        with pytest.raises(PermissionDenied):
            claims.claim(scene.office, person, place)
        with pytest.raises(PermissionDenied):
            claims.release(scene.office, person, place)
    assert standing(scene.office, place).claimed_by == ""
