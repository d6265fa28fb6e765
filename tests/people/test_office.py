"""The office: acts and their entries together, and refusals that are on the log."""

import pytest

from acts import HERE, MORNING, THERE, Scene
from overt.audit.events import FaceSeen
from overt.errors import AuditError, PermissionDenied
from overt.people.permissions import Thing
from overt.vocabulary import Act, Role


def test_a_refusal_is_on_the_log_and_nothing_was_done(scene: Scene) -> None:
    """R-62: who asks for what they may not do is refused, and that is on record."""
    person = scene.person(Role.ADMINISTRATOR)
    about = Thing("alert", "an alert", HERE)
    with (
        pytest.raises(PermissionDenied) as refused,
        scene.office.acting(person, Act.ALERT_ADJUDICATE, about),
    ):
        pytest.fail("the act began")
    assert refused.value.remedy
    entry = scene.events()[-1]
    assert entry["event"] == "act.refused"
    assert entry["data"] == {
        "act": "alert.adjudicate",
        "about": "alert an alert",
        "why": "the role does not allow it",
    }
    assert scene.office.record.journal.resolve(entry["by"]) == ("person", person.account_id)


def test_another_units_things_are_refused(scene: Scene) -> None:
    officer = scene.person(Role.AUTHORISING_OFFICER)
    with pytest.raises(PermissionDenied, match="another unit's"):
        scene.office.demand(officer, Act.DEPLOYMENT_AUTHORISE, Thing("deployment", "d", THERE))
    assert scene.events("act.refused")


def test_the_policy_can_narrow_a_role_down_and_that_is_logged(scene: Scene) -> None:
    operator, about = scene.person(Role.OPERATOR), Thing("alert", "a", HERE)
    scene.office.demand(operator, Act.ALERT_SEE_FACE, about, frozenset({Role.OPERATOR}))
    assert not scene.events("act.refused")
    with pytest.raises(PermissionDenied, match="the policy"):
        scene.office.demand(operator, Act.ALERT_SEE_FACE, about, frozenset({Role.COMMANDER}))
    assert len(scene.events("act.refused")) == 1


def test_an_act_without_an_entry_of_the_log_is_undone(scene: Scene) -> None:
    """R-58: nothing changes unless it is on the log."""
    administrator, somebody = scene.person(Role.ADMINISTRATOR), scene.person(Role.OPERATOR)
    before = scene.events()
    with (
        pytest.raises(AuditError),
        scene.office.acting(administrator, Act.ACCOUNT_DISABLE, Thing("account")),
    ):
        scene.office.record.accounts.change(somebody.account_id, disabled_at=MORNING)
    account = scene.office.record.accounts.of_id(somebody.account_id)
    assert account is not None
    assert account.disabled_at is None
    assert scene.events() == before


def test_an_entry_without_an_open_transaction_is_refused(scene: Scene) -> None:
    with pytest.raises(AuditError):
        scene.office.log.write(FaceSeen("an alert"))


def test_a_look_is_noted_with_who_looked(scene: Scene) -> None:
    operator = scene.person(Role.OPERATOR)
    scene.office.note(FaceSeen("an alert"), by=operator)
    entry = scene.events()[-1]
    assert (entry["event"], entry["data"]) == ("alert.face-seen", {"alert": "an alert"})
    assert scene.office.record.journal.resolve(entry["by"]) == ("person", operator.account_id)
    assert operator.account_id not in str(scene.events())
