"""A deployment's public notice as a page, and its files to be printed and published."""

from collections.abc import Iterator
from html import unescape

import pytest
from desk_world import LISTED, Desk

from acts import THERE, Scene, a_scene, drafted
from overt.storage import DeploymentRow
from overt.vocabulary import Role


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with a_scene(tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture(scope="module")
def row(scene: Scene) -> DeploymentRow:
    return drafted(scene)


@pytest.fixture(scope="module")
def desk(scene: Scene) -> Desk:
    return Desk(scene)


def at(row: DeploymentRow, after: str = "") -> str:
    return f"/deployments/{row.deployment_id}{after}"


@pytest.mark.parametrize("role", Role)
def test_whoever_may_see_a_deployment_may_read_its_notice(
    scene: Scene, desk: Desk, row: DeploymentRow, role: Role
) -> None:
    """R-60."""
    shown = desk.as_(scene.person(role)).get(at(row, "/notice"))

    text = unescape(shown.text)
    assert shown.status == 200
    for said in ("North End, Croydon", "paragraph 2.3(a)", "deleted at once", "DRAFT."):
        assert said in text
    assert [name for name in LISTED if name in text] == []


def test_nobody_of_another_unit_and_nobody_unknown_may(
    scene: Scene, desk: Desk, row: DeploymentRow
) -> None:
    stranger = desk.as_(scene.person(Role.COMMANDER, THERE))

    for path in ("/notice", "/notice/file?kind=text"):
        assert stranger.get(at(row, path)).status == 403
        assert desk.as_(None).get(at(row, path)).status == 401


@pytest.mark.parametrize(
    ("query", "name", "said"),
    [
        ("", "notice-poster-a4.html", "size: 210mm 297mm"),
        ("?kind=poster&paper=a2", "notice-poster-a2.html", "size: 420mm 594mm"),
        ("?kind=leaflet", "notice-leaflet.html", "size: 148mm 210mm"),
        ("?kind=web", "notice-web.html", "prefers-color-scheme"),
        ("?kind=text", "notice.txt", "Live facial recognition: North End"),
    ],
)
def test_each_file_is_given_to_be_kept(
    scene: Scene, desk: Desk, row: DeploymentRow, query: str, name: str, said: str
) -> None:
    given = desk.as_(scene.person(Role.APPLICANT)).get(at(row, f"/notice/file{query}"))

    assert given.status == 200
    assert given.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert said in given.text
    assert "DRAFT." in given.text


def test_a_kind_there_is_none_of_is_refused(scene: Scene, desk: Desk, row: DeploymentRow) -> None:
    browser = desk.as_(scene.person(Role.APPLICANT))

    assert browser.get(at(row, "/notice/file?kind=banner")).status == 404


def test_the_deployments_page_leads_to_its_notice(
    scene: Scene, desk: Desk, row: DeploymentRow
) -> None:
    shown = desk.as_(scene.person(Role.APPLICANT)).get(at(row))

    assert f'href="{at(row, "/notice")}"' in shown.text
