"""The queue: where each alert stands, in the order in which people should see to them."""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

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
from example_records import a_reference, a_subject, an_alert, begun, raised
from overt.deployment.policy import Policy
from overt.errors import NotFoundError, PermissionDenied
from overt.people.permissions import MATRIX
from overt.retention.erasure import destroy_list, erase_alert
from overt.review import adjudication, claims, engagement
from overt.review.queue import NO_LIST, queue, standing
from overt.storage import AlertPlace, DeploymentRow, blobs
from overt.values import Candidate, Watchlist
from overt.vocabulary import (
    Act,
    AdjudicationDecision,
    AdjudicationFactor,
    AlertStage,
    DeploymentKind,
    Disposal,
    OfficerDecision,
    Role,
)

VIABLE, NOT_VIABLE, UNSURE = AdjudicationDecision
LATE_S = Policy.shipped().review.late_after_s
LISTED = {
    "S-1": ("wanted-by-court", "arrest", "amber"),
    "S-2": ("missing", "safeguard", "red"),
    "S-3": ("court-conditions", "check conditions", "green"),
}


def _list() -> Watchlist:
    subjects = tuple(
        a_subject(number, category=category, expected_response=response)
        for number, (category, response, _) in enumerate(LISTED.values(), 1)
    )
    references = tuple(a_reference(number, number) for number in (1, 2, 3))
    return Watchlist("5a" * 32, "standard@1", subjects, references)


@pytest.fixture
def row(scene: Scene) -> DeploymentRow:
    """A deployment whose list has somebody of each priority."""
    return drafted(scene, watchlist=_list())


def _alert(scene: Scene, row: DeploymentRow, subject: str = "S-1", **changes: Any) -> AlertPlace:
    against = Candidate(1, subject, f"R-{subject[2:]}", 0.947, 0.043)
    changes = {"captured_at": scene.clock.now, "candidate": against} | changes
    return place_of(scene, an_alert_of(scene, row, **changes))


def _order(scene: Scene, row: DeploymentRow, role: Role = Role.OPERATOR) -> list[str]:
    found = queue(scene.office, scene.person(role), row.deployment_id)
    return [each.place.alert_id for each in found]


def test_an_alert_says_how_soon_and_how_officers_are_to_act(
    scene: Scene, row: DeploymentRow
) -> None:
    """R-48: priority and expected response are shown, from the list and the policy."""
    for subject, (category, response, priority) in LISTED.items():
        at = standing(scene.office, _alert(scene, row, subject, camera="south"))
        policy = Policy.shipped().category(category)
        assert policy is not None
        assert (at.category, at.category_wording) == (category, policy.wording)
        assert (at.expected_response, at.priority) == (response, priority)
        assert (at.camera, at.captured_at) == ("south", scene.clock.now)
        assert (at.deployment_id, at.decisions, at.needed) == (row.deployment_id, 0, 2)


def test_open_alerts_come_first_by_priority_and_the_oldest_on_top(
    scene: Scene, row: DeploymentRow
) -> None:
    """R-48: who is to act at once sees first what is to be acted on at once."""
    closed = _alert(scene, row, "S-2")
    found(scene, closed, UNSURE, UNSURE)
    outcome = an_outcome(closed, confirmed=False, engaged=False, disposal=Disposal.NOT_ENGAGED)
    adjudication.close(scene.office, scene.person(Role.OPERATOR), outcome)
    made = []
    for subject in ("S-3", "S-1", "S-2", "S-1", "S-2", "S-3"):
        scene.clock.forward(seconds=1)
        made.append(_alert(scene, row, subject).alert_id)
    expected = [made[2], made[4], made[1], made[3], made[0], made[5]]
    assert _order(scene, row) == [*expected, closed.alert_id]


def test_no_face_no_name_and_no_score_is_in_it(
    scene: Scene, row: DeploymentRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-61: a queue shows nobody, and no picture and no template is opened for it."""

    def refuse(*_args: object) -> bytes:
        raise AssertionError("a queue opened a picture or a template")

    places = {_alert(scene, row).alert_id for _ in range(2)}
    monkeypatch.setattr(blobs, "open_picture", refuse)
    monkeypatch.setattr(blobs, "open_template", refuse)
    queued = queue(scene.office, scene.person(Role.AUDITOR), row.deployment_id)
    assert {each.place.alert_id for each in queued} == places
    text = str([asdict(each) for each in queued])
    for secret in ("Example Person", "S-1", "R-1", "0.947", "0.043", "warrant 0001/26"):
        assert secret not in text


@pytest.mark.parametrize("decision", [NOT_VIABLE, UNSURE, VIABLE])
def test_a_first_decision_leaves_an_alert_waiting_whatever_it_was(
    scene: Scene, row: DeploymentRow, decision: AdjudicationDecision
) -> None:
    """R-45: where the policy asks for two people, one person's doubt is not the end of it."""
    place = _alert(scene, row)
    found(scene, place, decision)
    at = standing(scene.office, place)
    assert (at.stage, at.decisions, at.sent_at) == (AlertStage.WAITING, 1, None)
    found(scene, place, VIABLE)
    viable = decision is VIABLE
    at = standing(scene.office, place)
    assert at.stage is (AlertStage.SENT if viable else AlertStage.DECIDED)
    assert at.sent_at == (scene.clock.now if viable else None)


def test_one_decision_is_all_where_the_policy_asks_for_one(scene: Scene) -> None:
    row = drafted(scene, policy=a_policy(**ONE_PERSON), watchlist=_list())
    viable, doubted = _alert(scene, row), _alert(scene, row)
    found(scene, viable, VIABLE)
    found(scene, doubted, UNSURE)
    assert standing(scene.office, viable).stage is AlertStage.SENT
    assert standing(scene.office, doubted).stage is AlertStage.DECIDED
    assert standing(scene.office, doubted).needed == 1


def test_an_alert_is_late_until_everybody_has_decided(scene: Scene, row: DeploymentRow) -> None:
    """R-48: lateness counts from the picture, and says so beside the stage."""
    place = _alert(scene, row)
    scene.clock.forward(seconds=LATE_S)
    assert not standing(scene.office, place).late
    scene.clock.forward(seconds=1)
    assert standing(scene.office, place).late
    assert standing(scene.office, place).stage is AlertStage.NEW
    claims.claim(scene.office, scene.person(Role.OPERATOR), place)
    assert standing(scene.office, place).late
    operator, factors = scene.person(Role.OPERATOR), list(AdjudicationFactor)
    adjudication.adjudicate(scene.office, operator, place, VIABLE, factors)
    at = standing(scene.office, place)
    assert (at.stage, at.late) == (AlertStage.WAITING, True)
    found(scene, place, VIABLE)
    assert not standing(scene.office, place).late
    assert not standing(scene.office, place).unanswered


def test_officers_are_shown_what_was_sent_and_nothing_else(
    scene: Scene, row: DeploymentRow
) -> None:
    """R-46: neither what is open, nor what was doubted, nor how that was closed."""
    office, officer = scene.office, scene.person(Role.ENGAGEMENT_OFFICER)
    new, waiting, doubted, shut, sent, met = (_alert(scene, row) for _ in range(6))
    found_viable(scene, waiting, 1)
    for place in (doubted, shut):
        found(scene, place, VIABLE, UNSURE)
    outcome = an_outcome(shut, confirmed=False, engaged=False, disposal=Disposal.NOT_ENGAGED)
    adjudication.close(office, scene.person(Role.OPERATOR), outcome)
    for place in (sent, met):
        found_viable(scene, place)
    engagement.decide(office, officer, met, OfficerDecision.ENGAGE)
    engagement.end_stop(office, officer, met, [])
    adjudication.close(office, officer, an_outcome(met))
    every = {each.alert_id for each in (new, waiting, doubted, shut, sent, met)}

    assert set(_order(scene, row, Role.ENGAGEMENT_OFFICER)) == {sent.alert_id, met.alert_id}
    assert set(_order(scene, row)) == every
    both = scene.somebody(Role.ENGAGEMENT_OFFICER, Role.OPERATOR)
    assert len(queue(office, both, row.deployment_id)) == len(every)


def test_a_policy_can_show_officers_everything(scene: Scene) -> None:
    """R-46: unless the policy says otherwise."""
    policy = a_policy(adjudicated_only_to_officers="false")
    row = drafted(scene, policy=policy, watchlist=_list())
    place = _alert(scene, row)
    assert _order(scene, row, Role.ENGAGEMENT_OFFICER) == [place.alert_id]


@pytest.mark.parametrize("role", sorted(Role))
def test_a_queue_is_its_unit_s(scene: Scene, row: DeploymentRow, role: Role) -> None:
    """R-62: by role and unit, as the table of permissions has it."""
    office, may = scene.office, role in MATRIX[Act.ALERT_LIST].roles
    for person, allowed in (
        (scene.somebody(role), may),
        (scene.somebody(role, unit=THERE), may and role is Role.AUDITOR),
    ):
        if allowed:
            assert queue(office, person, row.deployment_id) == []
        else:
            with pytest.raises(PermissionDenied):
                queue(office, person, row.deployment_id)


def test_earlier_false_alerts_stand_beside_the_next(scene: Scene, row: DeploymentRow) -> None:
    """R-19: their count, over erased alerts and other lists too."""
    office = scene.office
    first = _alert(scene, row)
    found(scene, first, NOT_VIABLE, NOT_VIABLE)
    outcome = an_outcome(
        first, true_alert=False, confirmed=False, engaged=False, disposal=Disposal.NOT_ENGAGED
    )
    adjudication.close(office, scene.person(Role.OPERATOR), outcome)
    erase_alert(office, first, "a test")
    again, other = _alert(scene, row, "S-1"), _alert(scene, row, "S-2")
    assert standing(office, again).earlier_false_alerts == 1
    assert standing(office, other).earlier_false_alerts == 0


def test_once_the_list_is_gone_nobody_is_expected_to_act(scene: Scene, row: DeploymentRow) -> None:
    place = _alert(scene, row, "S-2")
    destroy_list(scene.office, row.watchlist_id, "a test")
    at = standing(scene.office, place)
    assert (at.category, at.category_wording, at.expected_response) == ("", NO_LIST, "")
    assert at.priority == "green"
    erase_alert(scene.office, place, "a test")
    with pytest.raises(NotFoundError, match="has been erased"):
        standing(scene.office, place)


def test_an_alert_of_a_rehearsal_that_nobody_authorised_stands_without_a_policy(
    scene: Scene,
) -> None:
    record = scene.office.record
    run = begun(record)
    stored = raised(record, run, replace(an_alert(), kind=DeploymentKind.REHEARSAL))
    place = record.alerts.place(stored.alert.alert_id)
    scene.clock.forward(days=1)
    at = standing(scene.office, place)
    assert (at.deployment_id, at.needed, at.late) == (None, 1, False)
    assert at.captured_at == stored.alert.captured_at
    assert at.captured_at < scene.clock.now + timedelta(days=1)
