"""Accounts: who may make and change them, and what of that is on the log."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyotp
import pytest

import overt_verify
from acts import HERE, Scene
from overt.errors import ConfigurationError, PermissionDenied, SignInError
from overt.people import accounts
from overt.people.accounts import NewAccount
from overt.people.permissions import Person
from overt.people.secrets import provisioning_uri
from overt.people.signing_in import person_of, sign_in
from overt.vocabulary import Role

ADMIN = NewAccount("admin", "A. Admin", "hq", "", frozenset({Role.ADMINISTRATOR}), None)
OPERATOR = NewAccount(
    "op-1", "O. Operator", HERE, "constable", frozenset({Role.OPERATOR}), date(2027, 1, 1)
)


def _admin(scene: Scene) -> Person:
    made = accounts.add(scene.office, None, ADMIN)
    return Person(made.account_id, "admin", "A. Admin", "hq", "", ADMIN.roles)


def _token(scene: Scene, made: accounts.Credentials, name: str) -> str:
    code = pyotp.TOTP(made.totp_secret).at(scene.clock.now)
    return sign_in(scene.office, name, made.password, code)


@pytest.mark.parametrize("role", set(Role) - {Role.ADMINISTRATOR})
def test_the_first_account_is_an_administrators(scene: Scene, role: Role) -> None:
    """R-62: an installation begins with somebody who takes no part in deployments."""
    with pytest.raises(ConfigurationError, match="administrator"):
        accounts.add(scene.office, None, replace(ADMIN, roles=frozenset({role})))
    assert scene.office.record.accounts.count() == 0
    assert accounts.add(scene.office, None, ADMIN).password


def test_only_the_first_account_needs_nobody(scene: Scene) -> None:
    _admin(scene)
    with pytest.raises(SignInError):
        accounts.add(scene.office, None, replace(ADMIN, name="second"))
    assert scene.office.record.accounts.count() == 1


def test_a_new_account_can_sign_in_with_what_it_was_handed(scene: Scene) -> None:
    """R-62: what an administrator adds is what signs in, with its role and no other."""
    made = accounts.add(scene.office, _admin(scene), OPERATOR)
    person = person_of(scene.office, _token(scene, made, "op-1"))
    assert (set(person.roles), person.unit, person.rank) == ({Role.OPERATOR}, HERE, "constable")
    assert made.totp_uri == provisioning_uri(made.totp_secret, "op-1")
    assert made.totp_secret in made.totp_uri


@pytest.mark.parametrize("role", set(Role) - {Role.ADMINISTRATOR})
def test_nobody_but_an_administrator_makes_or_sees_accounts(scene: Scene, role: Role) -> None:
    """R-62: roles are separate."""
    _admin(scene)
    person = scene.person(role)
    for act in (
        lambda: accounts.add(scene.office, person, OPERATOR),
        lambda: accounts.change(scene.office, person, "admin", rank="chief"),
        lambda: accounts.disable(scene.office, person, "admin"),
        lambda: accounts.revoke(scene.office, person, "admin"),
    ):
        with pytest.raises(PermissionDenied):
            act()
    refused = scene.events("act.refused")
    assert [each["data"]["about"] for each in refused] == ["account"] * 4  # the log names nobody
    if role is not Role.AUDITOR:
        with pytest.raises(PermissionDenied):
            accounts.listed(scene.office, person)


@pytest.mark.parametrize("alone", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_roles_that_do_not_go_together_are_refused(scene: Scene, alone: Role) -> None:
    """R-62: who audits or maintains has no other role, at first or later."""
    admin, both = _admin(scene), frozenset({alone, Role.OPERATOR})
    with pytest.raises(ConfigurationError):
        accounts.add(scene.office, admin, replace(OPERATOR, roles=both))
    with pytest.raises(ConfigurationError):
        accounts.add(scene.office, admin, replace(OPERATOR, roles=frozenset()))
    accounts.add(scene.office, admin, OPERATOR)
    with pytest.raises(ConfigurationError):
        accounts.change(scene.office, admin, "op-1", roles=both)
    assert accounts.find(scene.office, "op-1").roles == {Role.OPERATOR}


def test_nobody_changes_or_closes_their_own_account(scene: Scene) -> None:
    """R-62: no administrator gives themselves another role or renews their own training."""
    admin = _admin(scene)
    before = accounts.find(scene.office, "admin")
    with pytest.raises(PermissionDenied):
        accounts.change(scene.office, admin, "admin", roles=frozenset({Role.OPERATOR}))
    with pytest.raises(PermissionDenied):
        accounts.change(scene.office, admin, "admin", trained_until=date(2030, 1, 1))
    with pytest.raises(PermissionDenied):
        accounts.disable(scene.office, admin, "admin")
    assert accounts.find(scene.office, "admin") == before


def test_a_change_counts_at_once_and_ends_sessions(scene: Scene) -> None:
    """R-62: a role that is taken away is gone at once."""
    admin = _admin(scene)
    token = _token(scene, accounts.add(scene.office, admin, OPERATOR), "op-1")
    accounts.change(scene.office, admin, "op-1", roles=frozenset({Role.COMMANDER}))
    with pytest.raises(SignInError):
        person_of(scene.office, token)


@pytest.mark.parametrize("end", [accounts.disable, accounts.revoke])
def test_closing_an_account_or_revoking_ends_its_sessions(scene: Scene, end: object) -> None:
    admin = _admin(scene)
    token = _token(scene, accounts.add(scene.office, admin, OPERATOR), "op-1")
    assert callable(end)
    assert end(scene.office, admin, "op-1") == 1
    with pytest.raises(SignInError):
        person_of(scene.office, token)


def test_every_change_is_on_the_log_without_a_name(scene: Scene) -> None:
    """R-57: accounts are made, changed and closed on the record."""
    admin = _admin(scene)
    made = accounts.add(scene.office, admin, OPERATOR)
    accounts.change(scene.office, admin, "op-1", rank="sergeant")
    accounts.revoke(scene.office, admin, "op-1")
    accounts.disable(scene.office, admin, "op-1")
    log = scene.events()
    assert [each["event"] for each in log] == [
        "account.added",
        "account.added",
        "account.changed",
        "session.revoked",
        "account.disabled",
    ]
    assert log[0]["by"] == "system"
    resolve = scene.office.record.journal.resolve
    assert all(resolve(each["by"]) == ("person", admin.account_id) for each in log[1:])
    assert all(resolve(each["data"]["account"]) == ("person", made.account_id) for each in log[1:])
    assert log[1]["data"]["roles"] == ["operator"]
    assert log[2]["data"]["what"] == ["rank"]
    for word in ("op-1", "O. Operator", made.account_id, made.password, made.totp_secret):
        assert word not in str(log)


@pytest.mark.parametrize("name", ["", "a", "Upper", "-begins", "has space", "x" * 41, "näme"])
def test_a_name_that_cannot_be_used_is_refused(scene: Scene, name: str) -> None:
    with pytest.raises(ConfigurationError):
        accounts.add(scene.office, None, replace(ADMIN, name=name))


@pytest.mark.parametrize("unit", ["", "Croydon", "two words", "a--b"])
def test_a_unit_that_no_deployment_could_name_is_refused(scene: Scene, unit: str) -> None:
    admin = _admin(scene)
    with pytest.raises(ConfigurationError):
        accounts.add(scene.office, admin, replace(OPERATOR, unit=unit))
    accounts.add(scene.office, admin, OPERATOR)
    with pytest.raises(ConfigurationError):
        accounts.change(scene.office, admin, "op-1", unit=unit)


def test_a_name_serves_once_even_after_its_account_is_closed(scene: Scene) -> None:
    """R-57: whoever the log speaks of stays one person."""
    admin = _admin(scene)
    accounts.add(scene.office, admin, OPERATOR)
    accounts.disable(scene.office, admin, "op-1")
    with pytest.raises(ConfigurationError, match="taken"):
        accounts.add(scene.office, admin, OPERATOR)


@pytest.mark.parametrize("password", ["", "short", "x" * 13, "x" * 1001])
def test_a_password_too_short_or_too_long_is_refused(scene: Scene, password: str) -> None:
    made = accounts.add(scene.office, _admin(scene), OPERATOR)
    person = person_of(scene.office, _token(scene, made, "op-1"))
    with pytest.raises(SignInError):
        accounts.change_password(scene.office, person, password)


def test_a_changed_password_is_the_one_that_serves(scene: Scene) -> None:
    made = accounts.add(scene.office, _admin(scene), OPERATOR)
    person = person_of(scene.office, _token(scene, made, "op-1"))
    accounts.change_password(scene.office, person, "several unrelated words")
    scene.clock.forward(minutes=5)
    with pytest.raises(SignInError):
        _token(scene, made, "op-1")
    scene.clock.forward(minutes=5)
    assert _token(scene, replace(made, password="several unrelated words"), "op-1")  # noqa: S106


def test_a_closed_account_can_be_forgotten_and_the_log_still_verifies(
    scene: Scene, tmp_path: Path
) -> None:
    """R-58: erasing who somebody was keeps the tree."""
    admin, office = _admin(scene), scene.office
    accounts.add(office, admin, OPERATOR)
    with pytest.raises(ConfigurationError, match="still open"):
        accounts.forget(office, admin, "op-1")
    accounts.disable(office, admin, "op-1")
    (entry,) = scene.events("account.disabled")
    reference = entry["data"]["account"]
    assert office.record.journal.resolve(reference) is not None

    accounts.forget(office, admin, "op-1")

    assert office.record.journal.resolve(reference) is None
    assert office.record.accounts.named("op-1") is None
    assert "O. Operator" not in {each.full_name for each in office.record.accounts.all()}
    office.log.export(tmp_path / "log")
    with pytest.raises(SystemExit) as ended:
        overt_verify.main([str(tmp_path / "log")])
    assert ended.value.code in {0, None}
