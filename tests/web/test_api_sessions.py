"""Nobody is answered who is not signed in, or no longer."""

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from api_world import World

from acts import HERE
from overt.people import accounts
from overt.people.permissions import Person
from overt.vocabulary import Role
from overt.web.app import described
from overt.web.paths import ROOT, is_api

_OPEN = {("GET", f"{ROOT}/health"), ("GET", f"{ROOT}/ready"), ("POST", f"{ROOT}/session")}


def _hired(world: World, name: str = "ada") -> accounts.Credentials:
    wanted = accounts.NewAccount(
        name=name,
        full_name="Example Operator",
        unit=HERE,
        rank="constable",
        roles=frozenset({Role.OPERATOR}),
        trained_until=(world.scene.clock.now + timedelta(days=30)).date(),
    )
    return accounts.add(world.scene.office, world.scene.person(Role.ADMINISTRATOR), wanted)


def _code(world: World, made: accounts.Credentials) -> str:
    return pyotp.TOTP(made.totp_secret).at(world.scene.clock.now)


def test_a_name_a_password_and_a_code_open_a_session_that_signing_out_ends(world: World) -> None:
    made = _hired(world)
    given = {"name": "ada", "password": made.password, "code": _code(world, made)}

    opened = world.anybody.call("POST", f"{ROOT}/session", given)
    ada = replace(world.anybody, token=opened.json()["token"])

    assert opened.status == 201
    assert ada.call("GET", f"{ROOT}/me").json() == {
        "name": "ada",
        "full_name": "Example Operator",
        "unit": HERE,
        "rank": "constable",
        "roles": ["operator"],
    }
    assert ada.call("DELETE", f"{ROOT}/session").status == 204
    assert ada.call("GET", f"{ROOT}/me").status == 401


def test_a_wrong_sign_in_says_the_same_of_every_mistake(world: World) -> None:
    made = _hired(world)
    right = {"name": "ada", "password": made.password, "code": _code(world, made)}
    wrong = [
        right | {"name": "nobody"},
        right | {"password": "not this one at all"},
        right | {"code": "000000"},
    ]

    answers = [world.anybody.call("POST", f"{ROOT}/session", each) for each in wrong]

    assert {each.status for each in answers} == {401}
    assert len({each.body for each in answers}) == 1


def test_every_route_and_every_other_path_is_closed_to_who_is_not_signed_in(world: World) -> None:
    """R-62: nothing is said to anybody who is not signed in."""
    document = described().openapi()
    routes = {
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, operations in document["paths"].items()
        for method in operations
    } - _OPEN
    others = {("GET", f"{ROOT}/openapi.json"), ("GET", "/"), ("GET", "/docs"), ("PUT", ROOT)}

    for method, path in sorted(routes | others):
        answer = world.anybody.call(method, path, b"{" if method != "GET" else None)
        assert answer.status == 401, (method, path)
        if is_api(path):
            assert answer.headers["www-authenticate"] == "Bearer"


def _revoked(world: World, person: Person) -> None:
    accounts.revoke(world.scene.office, world.scene.person(Role.ADMINISTRATOR), person.name)


def _disabled(world: World, person: Person) -> None:
    accounts.disable(world.scene.office, world.scene.person(Role.ADMINISTRATOR), person.name)


def _changed(world: World, person: Person) -> None:
    by = world.scene.person(Role.ADMINISTRATOR)
    accounts.change(world.scene.office, by, person.name, roles=frozenset({Role.COMMANDER}))


def _untrained(world: World, person: Person) -> None:
    with world.changing():
        yesterday = (world.scene.clock.now - timedelta(days=1)).date()
        world.scene.office.record.accounts.change(person.account_id, trained_until=yesterday)


def _shift_over(world: World, _person: Person) -> None:
    world.scene.clock.forward(hours=12)


@pytest.mark.parametrize("ending", [_revoked, _disabled, _changed, _untrained, _shift_over])
def test_a_session_ends_at_once(world: World, ending: object) -> None:
    """R-62: sessions can be revoked, and training that is out of date closes them."""
    operator = world.scene.person(Role.OPERATOR)
    caller = world.as_(operator)
    assert caller.call("GET", f"{ROOT}/me").status == 200

    ending(world, operator)  # type: ignore[operator]

    assert caller.call("GET", f"{ROOT}/me").status == 401


@pytest.mark.parametrize(
    "headers",
    [
        [(b"authorization", b"Basic YWRhOmFkYQ==")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer \xff\xfe")],
        [(b"authorization", b"Bearer " + b"a" * 10_000)],
        [(b"cookie", b"token=TOKEN")],
        [(b"authorization", b"Bearer TOKEN"), (b"authorization", b"Bearer other")],
    ],
)
def test_a_token_counts_as_the_one_bearer_only(
    world: World, headers: list[tuple[bytes, bytes]]
) -> None:
    token = world.as_(world.scene.person(Role.OPERATOR)).token.encode()
    given = [(name, value.replace(b"TOKEN", token)) for name, value in headers]

    answer = world.anybody.raw("GET", f"{ROOT}/me".encode(), b"", given, [b""])

    assert answer.status == 401


def test_a_new_account_can_be_made_and_signed_in_with(world: World) -> None:
    administrator = world.as_(world.scene.person(Role.ADMINISTRATOR))
    wanted = {
        "name": "grace",
        "full_name": "Example Commander",
        "unit": HERE,
        "rank": "inspector",
        "roles": ["commander"],
        "trained_until": "2027-01-01",
    }

    made = administrator.call("POST", f"{ROOT}/accounts", wanted).json()
    code = pyotp.TOTP(made["totp_secret"]).at(world.scene.clock.now)
    given = {"name": "grace", "password": made["password"], "code": code}

    assert world.anybody.call("POST", f"{ROOT}/session", given).status == 201
    assert world.anybody.call("POST", f"{ROOT}/session", given).status == 401, "no code twice"
    assert made["password"] not in administrator.call("GET", f"{ROOT}/accounts").body.decode()
