"""Who is told of a change: by unit and role, and of an alert by whether it had been sent."""

from itertools import count

import pytest

from acts import (
    HERE,
    ONE_PERSON,
    THERE,
    Scene,
    a_policy,
    an_alert_of,
    drafted,
    found,
    found_viable,
    place_of,
)
from example_records import begun, raised
from overt.deployment import lifecycle
from overt.retention.erasure import erase_alert
from overt.review import claims, engagement
from overt.review.delivery import reaches
from overt.storage import OutboxRow
from overt.vocabulary import AdjudicationDecision, Delivery, OfficerDecision, Role

_ALERTS_ALWAYS = {Role.OPERATOR, Role.COMMANDER}


def _rows(scene: Scene, after: int = 0) -> list[OutboxRow]:
    return scene.office.record.outbox.after(after, 1000)


def _kinds(rows: list[OutboxRow]) -> list[tuple[Delivery, bool]]:
    return [(each.kind, each.to_officers) for each in rows]


def test_each_change_says_whether_officers_may_know(scene: Scene) -> None:
    """R-46: from the sending on, and never before."""
    row = drafted(scene, policy=a_policy(**ONE_PERSON))
    officer, before = scene.person(Role.ENGAGEMENT_OFFICER), scene.office.record.outbox.latest()
    place = place_of(scene, an_alert_of(scene, row))
    claims.claim(scene.office, scene.person(Role.OPERATOR), place)
    claims.release(scene.office, scene.person(Role.OPERATOR), place)
    found_viable(scene, place, 1)
    engagement.acknowledge(scene.office, officer, place)
    engagement.decide(scene.office, officer, place, OfficerDecision.ENGAGE)
    scene.clock.forward(minutes=16)
    engagement.prompt_overruns(scene.office)
    assert _kinds(_rows(scene, before)) == [
        (Delivery.ALERT_RAISED, False),
        (Delivery.ALERT_CHANGED, False),
        (Delivery.ALERT_CHANGED, False),
        (Delivery.ALERT_SENT, True),
        (Delivery.ALERT_CHANGED, True),
        (Delivery.ALERT_CHANGED, True),
        (Delivery.STOP_OVERRAN, True),
    ]


@pytest.mark.parametrize("viable", [True, False])
def test_that_an_alert_is_gone_reaches_whom_the_alert_had_reached(
    scene: Scene,
    viable: bool,  # noqa: FBT001
) -> None:
    """R-47: a device wipes what it was sent, and is told of nothing else."""
    row = drafted(scene, policy=a_policy(**ONE_PERSON))
    place, before = place_of(scene, an_alert_of(scene, row)), scene.office.record.outbox.latest()
    decision = AdjudicationDecision.VIABLE if viable else AdjudicationDecision.UNSURE
    found(scene, place, decision)
    erase_alert(scene.office, place, "a test")
    (gone,) = _rows(scene, before)
    assert (gone.kind, gone.alert_id) == (Delivery.ALERT_GONE, place.alert_id)
    assert reaches(scene.office, scene.person(Role.OPERATOR), gone)
    assert reaches(scene.office, scene.person(Role.ENGAGEMENT_OFFICER), gone) is viable


@pytest.mark.parametrize("role", sorted(Role))
@pytest.mark.parametrize("unit", [HERE, THERE])
def test_the_table_of_who_is_told_holds_cell_by_cell(scene: Scene, role: Role, unit: str) -> None:
    """R-46, R-61, R-62: no alert reaches who checks or maintains, or another unit."""
    row, position, person = drafted(scene), count(1), scene.somebody(role, unit=unit)
    ours, everywhere = unit == HERE, role in {Role.AUDITOR, Role.ADMINISTRATOR}
    for kind in Delivery:
        for sent in (True, False):
            told = OutboxRow(
                next(position), kind, row.deployment_id, "1a" * 16, scene.clock.now, sent
            )
            expected = ours and (
                role in _ALERTS_ALWAYS or (sent and role is Role.ENGAGEMENT_OFFICER)
            )
            if kind is Delivery.DEPLOYMENT_CHANGED:
                expected = ours or everywhere
            assert reaches(scene.office, person, told) is expected, (kind, sent)


def test_several_roles_are_told_what_one_of_them_is(scene: Scene) -> None:
    row, both = drafted(scene), scene.somebody(Role.ENGAGEMENT_OFFICER, Role.OPERATOR)
    told = OutboxRow(1, Delivery.ALERT_RAISED, row.deployment_id, "1a" * 16, scene.clock.now)
    assert reaches(scene.office, both, told)


def test_a_rehearsal_that_nobody_authorised_reaches_nobody(scene: Scene) -> None:
    record, before = scene.office.record, scene.office.record.outbox.latest()
    raised(record, begun(record))
    (told,) = _rows(scene, before)
    assert told.deployment_id is None
    assert not any(reaches(scene.office, scene.somebody(role, unit=""), told) for role in Role)


def test_every_move_of_a_deployment_is_told_once(scene: Scene) -> None:
    """R-52: a stop as well."""
    outbox, applicant = scene.office.record.outbox, scene.person(Role.APPLICANT)
    row = drafted(scene, applicant)
    drafting = _rows(scene)
    assert _kinds(drafting) == [(Delivery.DEPLOYMENT_CHANGED, False)]
    before = outbox.latest()
    row = lifecycle.cancel(scene.office, applicant, row, "it rains")
    (told,) = _rows(scene, before)
    assert (told.kind, told.deployment_id) == (Delivery.DEPLOYMENT_CHANGED, row.deployment_id)
    assert told.alert_id is None
