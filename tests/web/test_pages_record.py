"""A deployment's public record as a page and by the API: numbers only, and handed out by an act."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

import pytest
from bench.drawn_day import CROYDON, UNIT, Day
from desk_world import LISTED
from every_route import Visitor
from pages_world import Browser, a_browser, signed_in
from starlette.types import ASGIApp

from acts import Scene, a_scene, change_behind, entries
from overt.publication.exported import read
from overt.storage import DeploymentRow
from overt.vocabulary import Role
from overt.web.app import guarded

_SHORT = replace(CROYDON[1], arrests=1, other=0, false=1)
_DRAWN = ("Drawn Person", "Drawn Superintendent", "Drawn Inspector", *LISTED)


@dataclass(frozen=True, slots=True)
class Held:
    """A service with a deployment that was held and closed, and one that has been searched."""

    scene: Scene
    app: ASGIApp
    closed: DeploymentRow
    live: DeploymentRow

    def as_(self, role: Role, unit: str = UNIT) -> Browser:
        """The browser of whoever has a role in a unit."""
        return a_browser(self.scene, self.scene.person(role, unit), self.app)

    @property
    def path(self) -> str:
        """Where the record of the closed one is."""
        return f"/deployments/{self.closed.deployment_id}/record"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    with a_scene(tmp_path_factory.mktemp("office")) as scene:
        day = Day(scene.office, scene.clock, 2)
        closed, live = day.hold(_SHORT), day.begin(_SHORT)
        scene.office.log.checkpoint()
        yield Held(scene, guarded(scene.office), closed, live)


@pytest.mark.parametrize("role", Role)
def test_whoever_may_see_a_deployment_sees_its_record_without_anybody(
    held: Held, role: Role
) -> None:
    """R-61."""
    shown = held.as_(role).get(held.path)

    assert shown.status == 200
    assert "0.089047" in shown.text
    assert "Its totals add up" in shown.text
    assert [word for word in _DRAWN if word in shown.text] == []


def test_another_units_people_do_not(held: Held) -> None:
    assert held.as_(Role.COMMANDER, "brixton").get(held.path).status == 403
    assert held.as_(Role.COMMANDER, "brixton").post(held.path, {"layout": "csv"}).status == 403


def test_what_goes_on_is_marked_as_provisional(held: Held) -> None:
    shown = held.as_(Role.AUDITOR).get(f"/deployments/{held.live.deployment_id}/record")

    assert "<strong>Provisional.</strong>" in shown.text
    assert shown.text.count("(provisional)") == 8


@pytest.mark.parametrize("layout", ["csv", "json", "html", "met-csv"])
def test_it_is_handed_out_with_its_hash_on_the_log(held: Held, layout: str) -> None:
    shown = held.as_(Role.AUDITOR).post(held.path, {"layout": layout})

    last = entries(held.scene.office)[-1]
    assert shown.status == 200
    assert "attachment" in shown.headers["content-disposition"]
    assert last["event"] == "record.published"
    assert last["data"]["sha256"] == sha256(shown.body).hexdigest()
    assert layout == "met-csv" or len(read(shown.body).rows) == 1


def test_looking_is_not_handing_out(held: Held) -> None:
    reader = held.as_(Role.OPERATOR)
    size = held.scene.office.record.journal.tree().size

    assert "Hand it out" not in reader.get(held.path).text
    assert held.scene.office.record.journal.tree().size == size
    assert reader.post(held.path, {"layout": "csv"}).status == 403
    assert entries(held.scene.office)[-1]["event"] == "act.refused"


def test_without_a_layout_nothing_is_handed_out(held: Held) -> None:
    shown = held.as_(Role.AUDITOR).post(held.path)

    assert shown.status == 422
    assert "Choose how it is to be written." in shown.text


def test_what_was_never_searched_says_so(held: Held) -> None:
    draft = Day(held.scene.office, held.scene.clock, 2).draft(_SHORT)

    shown = held.as_(Role.AUDITOR).get(f"/deployments/{draft.deployment_id}/record")

    assert shown.status == 200
    assert "nothing has been searched under it" in shown.text


def test_a_contradiction_is_shown_and_nothing_handed_out(held: Held) -> None:
    """R-59."""
    statement = "UPDATE runs SET watchlist_subjects = ?"
    change_behind(held.scene.office, statement, 19199)

    shown, refused = (
        held.as_(Role.AUDITOR).get(held.path),
        held.as_(Role.AUDITOR).post(held.path, {"layout": "csv"}),
    )
    change_behind(held.scene.office, statement, 2)

    assert "1 contradiction: this record cannot be handed out." in shown.text
    assert "19,199 people were listed, but 2 were approved" in shown.text
    assert "Hand it out" not in shown.text
    assert refused.status == 422
    assert "content-disposition" not in refused.headers


def test_the_api_gives_the_same_rows(held: Held) -> None:
    person = held.scene.person(Role.AUDITOR)
    visitor = Visitor(held.app, signed_in(held.scene, person))
    page = held.as_(Role.AUDITOR).post(held.path, {"layout": "json"})

    answer = json.loads(visitor.get(f"/api/v1{held.path}").body)

    written = json.loads(page.body)["rows"]
    assert (answer["standing"], answer["contradictions"]) == ("final", [])
    for given, row in zip(answer["rows"], written, strict=True):
        assert {**given, "written_at": ""} == {**row, "written_at": ""}
