"""The demonstration's one click: only where `overt demo` serves, and only for its own cast."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pages_world import Browser, a_browser

from acts import Scene, a_scene
from overt.errors import ConfigurationError
from overt.people.accounts import NewAccount, add
from overt.vocabulary import Role
from overt.web.app import guarded
from overt.web.cookies import COOKIE, form_token
from overt.web.pages.demonstration import PATH, UNIT, Demonstration, demonstrated, guard_of


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path) as made:
        yield made


def _visitor(scene: Scene, demonstration: Demonstration) -> Browser:
    app = demonstrated(scene.office, demonstration)
    return a_browser(scene, None, guard_of(app, scene.office))


def _cookie_of(cookies: tuple[str, ...]) -> str:
    (line,) = cookies
    assert "HttpOnly" in line
    return line.partition(";")[0].removeprefix(f"{COOKIE}=")


def test_one_click_begins_a_session_which_is_on_the_log(scene: Scene) -> None:
    visitor = _visitor(scene, Demonstration.begin(scene.office))
    shown = visitor.get("/")
    assert shown.status == 401
    assert "Drawn Superintendent 3" in shown.text

    entered = visitor.post(PATH, {"name": "applicant"})
    visitor.token = _cookie_of(entered.cookies)

    assert (entered.status, entered.headers["location"]) == (303, "/")
    assert "Drawn Sergeant 1" in visitor.get("/").text
    assert len(scene.events("session.opened")) == 1


def test_choosing_somebody_else_ends_the_session_before(scene: Scene) -> None:
    visitor = _visitor(scene, Demonstration.begin(scene.office))
    first = _cookie_of(visitor.post(PATH, {"name": "operator"}).cookies)
    visitor.token = first
    second = _cookie_of(visitor.post(PATH, {"name": "officer"}).cookies)

    assert visitor.get("/").status == 401
    visitor.token = second
    assert visitor.get("/officer").status == 200
    assert form_token(first) != form_token(second)


def test_every_role_but_none_twice_over_is_in_the_cast(scene: Scene) -> None:
    """Two operators, because the policy asks for two people's decisions."""
    cast = Demonstration.begin(scene.office).cast
    roles = [role for actor in cast for role in actor.person.roles]

    assert set(roles) == set(Role)
    assert sorted(each for each in set(roles) if roles.count(each) > 1) == [Role.OPERATOR]
    assert {actor.person.unit for actor in cast} == {UNIT}


def test_nobody_but_the_cast_can_be_chosen_and_no_other_site_can_choose(scene: Scene) -> None:
    demonstration = Demonstration.begin(scene.office)
    head = demonstration.actor("administrator").person
    add(scene.office, head, NewAccount("later", "L", UNIT, "", frozenset({Role.AUDITOR}), None))
    visitor = _visitor(scene, demonstration)

    for name in ("", "nobody", "later"):
        refused = visitor.post(PATH, {"name": name})
        assert (refused.status, refused.cookies) == (401, ())
    visitor.from_site = "cross-site"
    refused = visitor.post(PATH, {"name": "applicant"})
    assert (refused.status, refused.cookies) == (403, ())


def test_it_does_not_begin_where_somebody_has_an_account(scene: Scene) -> None:
    scene.person(Role.OPERATOR)

    with pytest.raises(ConfigurationError, match="record of its own"):
        Demonstration.begin(scene.office)


def test_elsewhere_there_is_no_such_door(scene: Scene) -> None:
    Demonstration.begin(scene.office)
    visitor = a_browser(scene, None, guarded(scene.office))

    assert visitor.post(PATH, {"name": "applicant"}).status == 401
    assert "Drawn Superintendent" not in visitor.get("/sign-in").text
    signed_in = a_browser(scene, scene.person(Role.OPERATOR))
    assert signed_in.post(PATH, {"name": "applicant"}).status == 404
