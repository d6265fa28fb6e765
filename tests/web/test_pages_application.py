"""The application's form: one check with the command line's, nothing lost, nothing changed."""

import html
import re
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from applications import an_application, put_incoming
from hypothesis import given
from hypothesis import strategies as st
from pages_world import Browser, Shown, a_browser

from acts import THERE, Scene, a_scene, drafted
from overt.deployment.file import Deployment, examine_text
from overt.deployment.policy import Policy
from overt.vocabulary import Role
from overt.web.pages.application_file import MOST_CAMERAS, written
from overt.web.pages.forms import Form
from overt.web.pages.incoming import Incoming

NEW = "/deployments/new"
CLEAN = "Nothing is wrong with it"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One office for all: nothing here changes it, which is what most of these tests hold."""
    with a_scene(tmp_path_factory.mktemp("office")) as made:
        put_incoming(made.office.home)
        yield made


@pytest.fixture
def own_scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path) as made:
        put_incoming(made.office.home)
        yield made


@pytest.fixture(scope="module")
def applicant(scene: Scene) -> Browser:
    return a_browser(scene, scene.person(Role.APPLICANT))


def wrong(shown: Shown, field: str) -> str:
    """What stands beside a field as wrong with it."""
    found = re.search(
        rf'id="{re.escape(field)}-wrong">(.*?)</span>\s*<(?!/span)', shown.text, re.DOTALL
    )
    return html.unescape(re.sub(r"<[^>]*>", "", found[1])).strip("✕ ") if found else ""


def made_from(scene: Scene, **changes: str) -> Deployment:
    """The deployment that a form makes, with nothing wrong in it."""
    incoming = Incoming.of(scene.office.home)
    values = {name: [value] for name, value in an_application(**changes).items()}
    file = written(Form(values), "croydon-north", Policy.shipped(), incoming)  # type: ignore[arg-type]
    found = examine_text(incoming.folder / "application.toml", file.text)
    assert not file.errors, file.errors
    assert found.deployment is not None, found.problems
    return found.deployment


def test_a_form_with_nothing_wrong_says_what_will_happen_and_changes_nothing(
    scene: Scene, applicant: Browser
) -> None:
    """R-3, R-4, R-5, R-7: the form asks for what the file asks for."""
    before = len(scene.events())
    shown = applicant.post(NEW, an_application())
    assert shown.status == 200
    assert CLEAN in shown.text
    assert "crime hotspot" in shown.text
    assert scene.office.record.deployments.all() == []
    assert len(scene.events()) == before


def test_the_form_makes_the_deployment_that_a_file_would(scene: Scene) -> None:
    made = made_from(scene)
    assert made.start.isoformat() == "2026-07-04T10:00:00+00:00"  # London is an hour ahead
    assert made.expected_faces == 2500
    assert made.unit == "croydon-north"
    assert made.cameras[0].zone == ((0.1, 0.2), (0.9, 0.2), (0.9, 1.0), (0.1, 1.0))
    assert made.cameras[0].source.address.startswith("rtsps://viewer:hunter2@")
    assert made.authority.proportionality.splitlines()[0] == 'The offences are "grave";'
    assert made.watchlist == scene.office.home.path / "incoming/north-end/watchlist.csv"
    assert [each.id for each in made.assessments] == ["data-protection", "equality", "community"]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "TBC", "only holds the place of an answer"),
        ("name", "", "This is missing"),
        ("kind", "", "Choose one."),
        ("use_case", "", "Choose one use case."),
        ("use_case", "fishing", "not a use case of the policy"),
        ("location", " ", "This is empty"),
        ("start", "soon", "Write day and time like"),
        ("start", "", "Say when the authority begins"),
        ("end", "2026-07-04T09:00", "not after start"),
        ("end", "2026-07-06T12:00", "more than 24 hours after start"),
        ("end", "0001-01-01T00:00", "Check the year"),
        ("expected_faces", "lots", "Write a whole number"),
        ("expected_faces", "", "missing"),
        ("authority-applicant", "", "missing"),
        ("authority-authorising_officer", "Byron, Insp Ada 123", "is the applicant"),
        ("authority-rank", "", "Choose the rank"),
        ("authority-rank", "sergeant", "not a rank that the policy lets authorise"),
        ("authority-why", "n/a", "only holds the place"),
        ("authority-necessity", "", "missing"),
        ("authority-less_intrusive_alternatives", "", "missing"),
        ("authority-why", "x " * 4001, "longer than 8,000"),
        ("intelligence-reference", "", "missing"),
        ("intelligence-assessed_on", "2026-07-05", "after start"),
        ("intelligence-assessed_on", "yesterday", "Write the day like"),
        ("assessment-equality-version", "", "missing"),
        ("assessment-equality-review_date", "2026-07-01", "past at the start"),
        ("assessment-equality-file", "north-end/other.pdf", "not there any more"),
        ("list", "", "Choose the list."),
        ("list", "../../etc/passwd", "not there any more"),
        ("list", "/etc/passwd", "not there any more"),
        ("pictures", "", "Choose the folder"),
        ("pictures", "north-end/../../..", "not there any more"),
        ("camera-1-name", "North End", 'Write "north-end"'),
        ("camera-1-source", "", "missing"),
        ("camera-1-source", "/etc/passwd", "Write an address"),
        ("camera-1-source", "north-end/street.mp4", "Write an address"),
        ("camera-1-source", "drawn:street", "is a drawn street"),
        ("camera-1-source", "http://10.0.0.5/", "is nothing Overt can open"),
        ("camera-1-zone", "0.1,0.2 0.9", "Write each corner"),
        ("camera-1-zone", "here", "Write each corner"),
        ("camera-1-zone", "1,2 3,4 5,6", "outside the picture"),
        ("camera-1-zone", "0.5,0.5 0.5,0.5 0.5,0.5", "next to nothing"),
        ("camera-1-smallest_face_px", "4", "at least 12"),
        ("camera-1-smallest_face_px", "40 px", "Write a whole number"),
        ("decision-threshold", "very", "Write a number"),
        ("decision-threshold", "0.5", "cannot be compared"),
        ("decision-min_agreeing_shots", "1", "asks for less"),
        ("policy", "name:none-such", "no policy of that name"),
        ("policy", "file:../policy.toml", "Choose one of those"),
        ("pack", "A Pack", "small letters"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(
    scene: Scene, applicant: Browser, field: str, typed: str, said: str
) -> None:
    shown = applicant.post(NEW, an_application(**{field: typed}))
    assert shown.status == 422
    assert said in wrong(shown, field)
    assert "rtsps://viewer:hunter2@10.0.0.5:554/north" in shown.text or "source" in field
    assert "House visits, tried twice each." in shown.text or "less" in field
    if typed.strip() and field not in {"policy", "list", "pictures", "kind", "use_case", "pack"}:
        assert "rank" in field or "-file" in field or html.escape(typed) in shown.text
    assert scene.office.record.deployments.all() == []


def test_no_problem_speaks_of_the_file_that_nobody_sees(applicant: Browser) -> None:
    shown = applicant.post(NEW, {"do": "draft", "kind": "live"})
    banner = shown.text.split('role="alert"')[1].split("</div>")[0]
    assert "things need correcting" in banner
    for word in ("quotation mark", "section", "[[", "toml", "Paths begin"):
        assert word not in re.sub(r"<[^>]*>", "", banner)


def test_an_assessment_that_the_policy_asks_for_is_asked_for_beside_its_own_field(
    applicant: Browser,
) -> None:
    """R-7: what is missing blocks the application."""
    nothing = dict.fromkeys(
        (f"assessment-community-{key}" for key in ("file", "version", "review_date")), ""
    )
    shown = applicant.post(NEW, an_application(**nothing))
    assert "not attached" in wrong(shown, "assessment-community-file")


def test_a_flag_asks_for_a_rank_that_may(applicant: Browser) -> None:
    """R-9: a protest needs more authority."""
    shown = applicant.post(NEW, an_application(flags=["protest"]))
    assert "protest or a sensitive site" in wrong(shown, "authority-rank")
    assert re.search(r'value="protest" checked', shown.text)


def test_one_more_camera_loses_nothing_and_finds_nothing_wrong_yet(applicant: Browser) -> None:
    shown = applicant.post(NEW, an_application(do="camera", name=""))
    assert shown.status == 200
    assert 'id="camera-2-name"' in shown.text
    assert "rtsps://viewer:hunter2@" in shown.text
    assert "correcting" not in shown.text
    full = applicant.post(NEW, an_application(do="camera", cameras=str(MOST_CAMERAS)))
    assert f'id="camera-{MOST_CAMERAS}-name"' in full.text
    assert "One more camera" not in full.text
    assert f'id="camera-{MOST_CAMERAS + 1}-name"' not in full.text


def test_a_mistake_in_the_third_camera_stands_beside_it_though_the_second_is_empty(
    applicant: Browser,
) -> None:
    third = {"camera-3-name": "church-street", "camera-3-source": "webcam:/dev/video0"}
    shown = applicant.post(
        NEW, an_application(cameras="3", **third, **{"camera-3-smallest_face_px": "3"})
    )
    assert "at least 12" in wrong(shown, "camera-3-smallest_face_px")
    assert not wrong(shown, "camera-2-name")
    assert applicant.post(NEW, an_application(cameras="3", **third)).status == 200


def test_another_policy_shows_its_own_choices(applicant: Browser) -> None:
    shown = applicant.post(NEW, an_application(do="policy", policy="name:self-exclusion"))
    assert shown.status == 200
    assert "crime-hotspot" not in shown.text
    assert "North End, Saturday" in shown.text


def test_only_what_lies_in_folders_of_incoming_is_offered(own_scene: Scene) -> None:
    applicant = a_browser(own_scene, own_scene.person(Role.APPLICANT))
    folder = own_scene.office.home.path / "incoming" / "north-end"
    (folder / "out.csv").symlink_to(own_scene.office.home.database)
    (folder.parent / "elsewhere").symlink_to("/etc")
    (folder.parent / "loose.csv").write_bytes(b"")
    (folder / ".hidden.csv").write_bytes(b"")
    (folder / "gr\u202eup.csv").write_bytes(b"")
    shown = applicant.get(NEW)
    assert "north-end/watchlist.csv" in shown.text
    for name in ("out.csv", "elsewhere", "loose.csv", ".hidden", "up.csv", "overt.sqlite3"):
        assert name not in shown.text
    assert applicant.post(NEW, an_application(list="north-end/out.csv")).status == 422


def test_a_recording_is_chosen_and_never_typed(applicant: Browser) -> None:
    rehearsal = {"kind": "rehearsal", "camera-1-recording": "north-end/street.mp4"}
    both = applicant.post(NEW, an_application(**rehearsal))
    assert "not both" in wrong(both, "camera-1-source")
    assert applicant.post(NEW, an_application(**rehearsal, **{"camera-1-source": ""})).status == 200


def test_a_policy_of_ones_own_is_chosen_from_incoming(own_scene: Scene) -> None:
    applicant = a_browser(own_scene, own_scene.person(Role.APPLICANT))
    own = own_scene.office.home.path / "incoming" / "north-end" / "policy.toml"
    own.write_bytes(Policy.shipped().data.replace(b"2026-11", b"2026-11, Anytown"))
    shown = applicant.post(NEW, an_application(policy="file:north-end/policy.toml"))
    assert shown.status == 200
    assert "Anytown" in shown.text
    own.write_bytes(b"version = 3")
    broken = applicant.post(NEW, an_application(policy="file:north-end/policy.toml"))
    assert wrong(broken, "policy")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.APPLICANT}))
def test_only_applicants_apply(scene: Scene, role: Role) -> None:
    """R-62: roles are separate."""
    browser = a_browser(scene, scene.person(role))
    assert browser.get(NEW).status == 403
    assert browser.post(NEW, an_application()).status == 403
    assert browser.get(f"/deployments/drafting/{'0' * 32}").status == 403


def test_drafting_that_fails_leads_back_to_what_was_typed(scene: Scene, applicant: Browser) -> None:
    """The pack is not there in this office, which only drafting finds out."""
    sent = applicant.post(NEW, an_application(do="draft"))
    assert sent.status == 303
    path = sent.headers["location"]
    _until_over(applicant, path)
    shown = applicant.get(path)
    assert shown.status == 422
    assert "was not drafted" in shown.text
    assert "overt models" not in shown.text
    again = applicant.get(f"{NEW}?again={path.rsplit('/', 1)[1]}")
    assert "rtsps://viewer:hunter2@10.0.0.5:554/north" in again.text
    assert scene.office.record.deployments.all() == []
    other = a_browser(scene, scene.somebody(Role.APPLICANT), applicant.app)
    assert other.get(path).status == 404
    assert "hunter2" not in other.get(f"{NEW}?again={path.rsplit('/', 1)[1]}").text


def _until_over(browser: Browser, path: str) -> None:
    until = datetime.now().astimezone() + timedelta(seconds=30)
    while '"running"' in browser.get(f"{path}/state").text:
        assert datetime.now().astimezone() < until


def test_a_new_application_is_filled_in_from_an_earlier_one(own_scene: Scene) -> None:
    """Whoever typed a password is given it again, and nobody else."""
    scene = own_scene
    row = drafted(scene)
    mine = a_browser(scene, scene.person(Role.APPLICANT)).get(f"{NEW}?from={row.deployment_id}")
    assert 'value="North End, Saturday"' in mine.text
    assert "rtsps://viewer:hunter2@10.0.0.5:554/north" in mine.text
    assert 'value="0.1,0.2 0.9,0.2 0.9,1 0.1,1"' in mine.text
    colleague = a_browser(scene, scene.somebody(Role.APPLICANT))
    theirs = colleague.get(f"{NEW}?from={row.deployment_id}")
    assert "Patrols looking for them have failed." in theirs.text
    assert "hunter2" not in theirs.text
    assert (
        'id="camera-1-source" name="camera-1-source" type="text" autocomplete="off" value=""'
        in (theirs.text)
    )
    stranger = a_browser(scene, scene.person(Role.APPLICANT, THERE))
    assert stranger.get(f"{NEW}?from={row.deployment_id}").status == 403


@given(st.text(max_size=300), st.text(max_size=60))
def test_whatever_is_typed_becomes_a_file_that_says_it(words: str, line: str) -> None:
    """No text can end a string early and write settings of its own."""
    form = Form.of(**{"authority-why": words, "name": line, "kind": "live"})
    file = written(form, "croydon", Policy.shipped(), Incoming(Path("/nowhere")))
    values = tomllib.loads(file.text)
    assert set(values) <= {"name", "kind", "unit", "authority", "intelligence", *_SECTIONS}
    assert values.get("name", "") == line.strip()
    assert values.get("authority", {}).get("why", "") == words.strip()


_SECTIONS = ("watchlist", "policy", "camera", "models", "decision")
