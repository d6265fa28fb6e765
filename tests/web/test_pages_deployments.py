"""A deployment's page: who is offered which act, what each form refuses, and what is never shown."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from applications import put_incoming
from desk_world import Desk
from pages_world import Browser, Shown

from acts import START, THERE, Scene, a_policy, a_scene, an_alert_of, drafted
from overt.deployment import lifecycle
from overt.people.permissions import Person
from overt.runtime.starting import alone
from overt.storage import DeploymentRow
from overt.values import Subject
from overt.vocabulary import DeploymentState, Role
from overt.watchlist import governance
from overt.web.pages.deployment_doing import DOINGS
from overt.web.pages.deployment_offers import OFFERS

REASON = "necessary and proportionate"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path) as made:
        put_incoming(made.office.home)
        yield made


@pytest.fixture
def desk(scene: Scene) -> Desk:
    return Desk(scene)


def at(row: DeploymentRow, after: str = "") -> str:
    return f"/deployments/{row.deployment_id}{after}"


def offered(shown: Shown) -> set[str]:
    """The acts that a page has a form for."""
    return set(re.findall(r'action="/deployments/[0-9a-f]{32}/([a-z-]+)"', shown.text))


def put(scene: Scene, row: DeploymentRow, state: DeploymentState) -> DeploymentRow:
    """Bring a deployment to a state as its people do."""
    office, person = scene.office, scene.person
    row = lifecycle.submit(office, person(Role.APPLICANT), row)
    governance.approve(office, person(Role.COMMANDER), row)
    if state is DeploymentState.SUBMITTED:
        return scene.row(row)
    row = lifecycle.authorise(office, person(Role.AUTHORISING_OFFICER), row, REASON)
    if state is DeploymentState.AUTHORISED:
        return row
    scene.clock.now = row.window_start + timedelta(minutes=5)
    row = lifecycle.start(office, person(Role.COMMANDER), row)
    if state is DeploymentState.LIVE:
        return row
    row = lifecycle.end(office, row.deployment_id, "stopped")
    if state is DeploymentState.ENDED:
        return row
    return lifecycle.close(office, person(Role.COMMANDER), row, "")


_S = DeploymentState
_EVERY_STATE = (_S.DRAFT, _S.SUBMITTED, _S.AUTHORISED, _S.LIVE, _S.ENDED, _S.CLOSED)

_OFFERED = {
    Role.APPLICANT: {
        _S.DRAFT: {"submit", "cancel", "revalidate", "withdraw"},
        _S.SUBMITTED: {"cancel", "revalidate", "withdraw"},
        _S.AUTHORISED: {"cancel", "revalidate", "withdraw"},
        _S.LIVE: {"stop", "withdraw"},
        _S.ENDED: set(),
        _S.CLOSED: set(),
    },
    Role.AUTHORISING_OFFICER: {
        _S.DRAFT: {"approve", "cancel", "withdraw"},
        _S.SUBMITTED: {"authorise", "refuse", "cancel", "withdraw"},
        _S.AUTHORISED: {"cancel", "withdraw"},
        _S.LIVE: {"stop", "withdraw"},
        _S.ENDED: set(),
        _S.CLOSED: {"review"},
    },
    Role.COMMANDER: {
        _S.DRAFT: {"approve", "cancel", "withdraw"},
        _S.SUBMITTED: {"authorise-urgently", "cancel", "withdraw"},
        _S.AUTHORISED: {"cancel", "withdraw"},  # its window has not begun
        _S.LIVE: {"start", "stop", "withdraw"},  # again, after a machine died
        _S.ENDED: {"close"},
        _S.CLOSED: set(),
    },
    Role.OPERATOR: {
        _S.DRAFT: {"withdraw"},
        _S.SUBMITTED: {"withdraw"},
        _S.AUTHORISED: {"withdraw"},
        _S.LIVE: {"start", "stop", "withdraw"},
        _S.ENDED: set(),
        _S.CLOSED: set(),
    },
    Role.ENGAGEMENT_OFFICER: {_S.LIVE: {"stop"}},
    Role.AUDITOR: {},
    Role.ADMINISTRATOR: {},
}


@pytest.mark.parametrize("state", _EVERY_STATE)
def test_each_person_is_offered_what_they_may_do_in_each_state_and_nothing_else(
    scene: Scene, desk: Desk, state: DeploymentState
) -> None:
    """R-2, R-62: who asks does not authorise, and administrators and auditors do nothing."""
    row = drafted(scene)
    if state is not DeploymentState.DRAFT:
        row = put(scene, row, state)
    for role, by_state in _OFFERED.items():
        shown = desk.as_(role).get(at(row))
        assert shown.status == 200
        assert offered(shown) - {"list"} == by_state.get(state, set()), (role, state)


def test_a_running_one_is_handed_over_from_its_page_and_what_became_of_it_is_told(
    scene: Scene, desk: Desk
) -> None:
    row = put(scene, drafted(scene), DeploymentState.LIVE)
    other = put(scene, drafted(scene, name="The new list"), DeploymentState.AUTHORISED)
    browser, fields = desk.as_(Role.COMMANDER), {"hand-over-reason": "three names were added"}
    hand_overs = scene.office.record.hand_overs

    assert "hand-over" in offered(browser.get(at(row)))
    assert "hand-over" not in offered(desk.as_(Role.APPLICANT).get(at(row)))
    assert browser.post(at(row, "/hand-over"), fields).status == 422
    chosen = fields | {"hand-over-successor": other.deployment_id}
    refused = browser.post(at(row, "/hand-over"), chosen)
    assert refused.status == 422
    assert "No process runs the deployment at this moment." in refused.text
    with alone(scene.office, row):
        sent = browser.post(at(row, "/hand-over"), chosen)
        assert (sent.status, sent.headers["location"]) == (303, at(row))
        assert "being handed over to" in browser.get(at(row)).text

    asked = hand_overs.asked(row.deployment_id)
    assert asked is not None
    assert (asked.successor_id, asked.reason) == (other.deployment_id, "three names were added")
    lifecycle.refuse_hand_over(scene.office, asked, "Its list is stale.", "it was refused")
    page = browser.get(at(row)).text
    assert "were not handed over to" in page
    assert "Its list is stale." in page
    assert at(other) in page


def test_every_act_that_is_offered_is_done_by_something() -> None:
    assert {each.word for each in OFFERS} == set(DOINGS) | {"start"}


def test_a_window_that_ends_another_day_says_so(scene: Scene, desk: Desk) -> None:
    late = START.replace(hour=22)
    drafted(scene, start=late.isoformat(), end=(late + timedelta(hours=6)).isoformat())

    shown = " ".join(desk.as_(Role.APPLICANT).get("/").text.split())

    days = [f"{each.day} {each:%B %Y}, {each:%H:%M}" for each in (late, late + timedelta(hours=6))]
    assert f"{days[0]} UTC to {days[1]} UTC" in shown


def test_another_unit_sees_nothing(scene: Scene, desk: Desk) -> None:
    row = drafted(scene)
    for role in (Role.APPLICANT, Role.AUTHORISING_OFFICER, Role.COMMANDER, Role.OPERATOR):
        browser = desk.as_(scene.person(role, THERE))
        assert browser.get(at(row)).status == 403
        assert browser.get(at(row, "/list")).status == 403
        assert browser.post(at(row, "/cancel"), {"cancel-reason": "not ours"}).status == 403
    assert scene.row(row).state is DeploymentState.DRAFT


def test_an_act_of_another_role_is_refused_and_on_the_log(scene: Scene, desk: Desk) -> None:
    row = put(scene, drafted(scene), DeploymentState.SUBMITTED)
    for role in (Role.APPLICANT, Role.COMMANDER, Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR):
        sent = desk.as_(role).post(at(row, "/authorise"), {"authorise-reason": REASON})
        assert sent.status == 403
    assert scene.row(row).state is DeploymentState.SUBMITTED
    assert len(scene.events("act.refused")) == 5


def test_the_whole_life_goes_through_the_pages(scene: Scene, desk: Desk) -> None:
    row, browser = drafted(scene), {role: desk.as_(role) for role in Role}

    def done(role: Role, word: str, **fields: str) -> DeploymentState:
        sent = browser[role].post(
            at(row, f"/{word}"), {f"{word}-{name}": value for name, value in fields.items()}
        )
        assert sent.status == 303, sent.text
        assert sent.headers["location"].startswith(at(row))
        return scene.row(row).state

    facts = scene.office.record.watchlists.facts(row.watchlist_id)
    assert facts is not None
    assert done(Role.APPLICANT, "submit") is DeploymentState.SUBMITTED
    done(Role.COMMANDER, "approve", manifest=facts.manifest_sha256)
    assert done(Role.AUTHORISING_OFFICER, "authorise", reason=REASON) is DeploymentState.AUTHORISED
    scene.clock.now = row.window_start
    lifecycle.start(scene.office, scene.person(Role.COMMANDER), scene.row(row))
    assert done(Role.ENGAGEMENT_OFFICER, "stop") is DeploymentState.ENDED
    assert done(Role.COMMANDER, "close", sure="yes") is DeploymentState.CLOSED
    assert done(Role.AUTHORISING_OFFICER, "review", reason="Nothing went wrong.") is (
        DeploymentState.REVIEWED
    )
    page = browser[Role.AUDITOR].get(at(row))
    for what in ("submit", "authorise", "close", "review", REASON, "Nothing went wrong."):
        assert what in page.text  # who, when and why
    assert "It has been deleted." in page.text


@pytest.mark.parametrize(
    ("word", "state", "role", "fields", "wrong"),
    [
        ("authorise", _S.SUBMITTED, Role.AUTHORISING_OFFICER, {"reason": "yes"}, "reason"),
        ("refuse", _S.SUBMITTED, Role.AUTHORISING_OFFICER, {"sure": "yes"}, "reason"),
        ("refuse", _S.SUBMITTED, Role.AUTHORISING_OFFICER, {"reason": "too wide"}, "sure"),
        ("authorise-urgently", _S.SUBMITTED, Role.COMMANDER, {"reason": ""}, "reason"),
        ("cancel", _S.AUTHORISED, Role.APPLICANT, {"reason": "rained off"}, "sure"),
        ("cancel", _S.AUTHORISED, Role.APPLICANT, {"reason": "\x00 \x07", "sure": "y"}, "reason"),
        ("close", _S.ENDED, Role.COMMANDER, {"reason": "a note"}, "sure"),
        ("review", _S.CLOSED, Role.AUTHORISING_OFFICER, {"reason": " fine "}, "reason"),
        ("withdraw", _S.LIVE, Role.OPERATOR, {"subject": "", "reason": "found dead"}, "subject"),
        ("withdraw", _S.LIVE, Role.OPERATOR, {"subject": "S-1", "reason": ""}, "reason"),
        ("revalidate", _S.DRAFT, Role.APPLICANT, {"list": "../../etc/passwd"}, "list"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_changes_nothing(
    desk: Desk,
    word: str,
    state: DeploymentState,
    role: Role,
    fields: dict[str, str],
    wrong: str,
) -> None:
    """R-3, R-8, R-10: no act of consequence without its reason."""
    scene = desk.scene
    row = drafted(scene)
    row = row if state is DeploymentState.DRAFT else put(scene, row, state)
    before = len(scene.office.record.deployments.acts(row.deployment_id))
    sent = desk.as_(role).post(
        at(row, f"/{word}"), {f"{word}-{name}": value for name, value in fields.items()}
    )
    assert sent.status == 422
    assert f'id="{word}-{wrong}-wrong"' in sent.text
    assert "Nothing has been changed" in sent.text
    for name, value in fields.items():
        if name == "reason" and value.isprintable():
            assert value in sent.text
    assert scene.row(row).state is state
    assert len(scene.office.record.deployments.acts(row.deployment_id)) == before


def test_what_the_rooms_refuse_is_said_on_the_page_without_commands(
    scene: Scene, desk: Desk
) -> None:
    row = put(scene, drafted(scene), DeploymentState.LIVE)
    an_alert_of(scene, row)
    row = lifecycle.end(scene.office, row.deployment_id, "stopped")
    browser = desk.as_(Role.COMMANDER)
    assert "1 of 1 alerts have no outcome yet." in browser.get(at(row)).text
    sent = browser.post(at(row, "/close"), {"close-sure": "yes", "close-reason": "over and out"})
    assert sent.status == 422
    assert "1 of 1 alerts have no outcome yet." in sent.text
    assert "overt alerts" not in sent.text
    assert scene.row(row).state is DeploymentState.ENDED


def test_a_start_that_comes_to_nothing_is_said_in_plain_words(scene: Scene, desk: Desk) -> None:
    """R-1: outside its window nothing starts."""
    row = put(scene, drafted(scene), DeploymentState.AUTHORISED)
    browser = desk.as_(Role.COMMANDER)
    early = browser.post(at(row, "/start"))
    assert early.status == 422
    assert "The authority begins on" in early.text
    scene.clock.now = row.window_start
    assert "start" in offered(browser.get(at(row)))
    started = browser.post(at(row, "/start"))
    assert (started.status, started.headers["location"]) == (303, at(row, "/command"))
    assert "overt models" not in until_over(browser, row).text


def until_over(browser: Browser, row: DeploymentRow) -> Shown:
    """The page once a start has come to nothing: there are no models in this office."""
    until_s = monotonic() + 60
    while "Its last start came to nothing" not in (page := browser.get(at(row))).text:
        assert monotonic() < until_s
        sleep(0.05)
    return page


def test_operators_are_led_from_the_start_to_their_console(scene: Scene, desk: Desk) -> None:
    row = put(scene, drafted(scene), DeploymentState.AUTHORISED)
    scene.clock.now = row.window_start
    browser = desk.as_(Role.OPERATOR)
    assert browser.post(at(row, "/start")).headers["location"] == at(row, "/console")
    until_over(browser, row)


def test_names_are_shown_for_a_decision_only_and_that_is_on_the_log(
    scene: Scene, desk: Desk
) -> None:
    """R-20: look-alikes stand beside the sign-off; others see how many there are."""
    row = drafted(scene)
    submitted = lifecycle.submit(scene.office, scene.person(Role.APPLICANT), row)
    for role in Role:
        looked = len(scene.events("watchlist.seen"))
        shown = desk.as_(role).get(at(submitted))
        signs = role is Role.COMMANDER  # the authorising officer's waits for its approval
        approves = role is Role.AUTHORISING_OFFICER
        assert ("By name, for your decision" in shown.text) == (signs or approves), role
        assert len(scene.events("watchlist.seen")) == looked + (signs or approves)


def test_the_sign_off_says_what_false_alerts_depend_on(scene: Scene, desk: Desk) -> None:
    """R-20: the prediction is beside the sign-off, with its list, threshold and footfall."""
    row = drafted(scene)
    prediction = {
        "expected": 1.25,
        "low": 0,
        "high": 5,
        "fpir": 0.0005,
        "fpir_low": 0.0001,
        "fpir_high": 0.002,
        "threshold": 0.0312,
        "subjects": 1200,
        "expected_faces": 2500,
        "searches": 1405,
        "measured_on": "somewhere else",
        "extrapolated": False,
        "caveats": ["It was measured somewhere else."],
    }
    with scene.changing():
        scene.office.record.deployments.change(
            row.deployment_id, appraisal={"prediction": prediction, "lookalikes": 3, "hubs": 1}
        )
    shown = desk.as_(Role.AUDITOR).get(at(row))
    for words in ("1.2 false alerts", "1,200", "0.0312", "2,500", "measured somewhere else"):
        assert words in shown.text
    assert "3 pairs" in shown.text


def test_look_alikes_stand_by_name_beside_the_sign_off_and_nowhere_else(
    scene: Scene, desk: Desk
) -> None:
    """R-20: who signs sees who looks like whom; whoever only looks sees how many do."""
    row = drafted(scene)
    found = {
        "lookalikes": [{"subjects": ["S-1", "S-2"], "would_alert": True}],
        "hubs": [{"subject_id": "S-2", "reference_id": "R-3"}],
    }
    with scene.changing():
        scene.office.record.deployments.change(row.deployment_id, appraisal=found)
    pair = "Example Person 1 (S-1) and Example Person 2 (S-2)"
    signs = desk.as_(Role.COMMANDER).get(at(row))
    assert pair in signs.text
    assert "one could raise the other" in signs.text
    assert "Example Person 2 (S-2), picture R-3" in signs.text
    for role in (Role.APPLICANT, Role.OPERATOR, Role.AUDITOR, Role.ADMINISTRATOR):
        shown = desk.as_(role).get(at(row))
        assert "1 pair " in shown.text
        assert "Example Person" not in shown.text, role
    assert pair in desk.as_(Role.APPLICANT).get(at(row, "/list")).text


def test_a_list_is_seen_by_whom_the_policy_lets_and_each_look_is_logged(
    scene: Scene, desk: Desk
) -> None:
    row = drafted(scene, policy=a_policy(watchlist_names='["applicant"]'))
    shown = desk.as_(Role.APPLICANT).get(at(row, "/list"))
    assert shown.status == 200
    names = [each.name for each in _subjects(scene, row)]
    assert all(name in shown.text for name in names)
    assert len(scene.events("watchlist.seen")) == 1
    for role in set(Role) - {Role.APPLICANT}:
        refused = desk.as_(role).get(at(row, "/list"))
        assert refused.status == 403
        assert not any(name in refused.text for name in names)
        page = desk.as_(role).get(at(row))
        assert not any(name in page.text for name in names)
    assert len(scene.events("watchlist.seen")) == 1


def test_an_entry_is_found_by_a_form_and_never_by_an_address(scene: Scene, desk: Desk) -> None:
    row = drafted(scene)
    browser = desk.as_(Role.APPLICANT)
    one, other = _subjects(scene, row)
    found = browser.post(at(row, "/list"), {"find": one.subject_id})
    assert found.status == 200
    assert one.subject_id in found.text
    assert f"<td>{other.subject_id}</td>" not in found.text
    assert 'method="get"' not in browser.get(at(row, "/list")).text


def test_an_entry_is_withdrawn_from_its_own_row(scene: Scene, desk: Desk) -> None:
    """R-15: withdrawn, it raises no further alert."""
    row = drafted(scene)
    browser = desk.as_(Role.APPLICANT)
    one, other = _subjects(scene, row)
    fields = {"onward": "list", "withdraw-subject": one.subject_id}
    unsaid = browser.post(at(row, "/withdraw"), fields)
    assert unsaid.status == 422
    assert "withdraw-wrong" in unsaid.text
    sent = browser.post(at(row, "/withdraw"), {**fields, "withdraw-reason": "no longer wanted"})
    assert (sent.status, sent.headers["location"]) == (303, at(row, "/list"))
    assert [each.subject_id for each in _subjects(scene, row)] == [other.subject_id]
    again = browser.post(at(row, "/withdraw"), {**fields, "withdraw-reason": "no longer wanted"})
    assert again.status == 422


def test_a_list_is_held_against_a_file_that_lies_in_incoming(scene: Scene, desk: Desk) -> None:
    """R-14: whoever the sources no longer name is withdrawn."""
    row = drafted(scene)
    one, _ = _subjects(scene, row)
    folder = scene.office.home.path / "incoming" / "north-end"
    columns = "reference_id,subject_id,name,picture,category,reason,lawful_basis,picture_source"
    rows = f"{columns},picture_date,added_by\nR-1,{one.subject_id},,a.jpg,x,y,z,custody,2024-01-01,me\n"
    (folder / "now.csv").write_text(rows)
    scene.clock.forward(hours=1)
    browser = desk.as_(Role.APPLICANT)
    sent = browser.post(at(row, "/revalidate"), {"revalidate-list": "north-end/now.csv"})
    assert sent.status == 303
    assert [each.subject_id for each in _subjects(scene, row)] == [one.subject_id]


def test_a_list_that_is_another_one_by_now_is_not_approved(scene: Scene, desk: Desk) -> None:
    row = lifecycle.submit(scene.office, scene.person(Role.APPLICANT), drafted(scene))
    sent = desk.as_(Role.COMMANDER).post(at(row, "/approve"), {"approve-manifest": "0" * 64})
    assert sent.status == 422
    assert "not the one that was looked at" in sent.text


def test_two_officers_agree_at_a_protest(scene: Scene, desk: Desk) -> None:
    """R-9: the first of two has to wait for the second, and is told so."""
    first = scene.somebody(Role.AUTHORISING_OFFICER, rank="commander")
    second = scene.somebody(Role.AUTHORISING_OFFICER, rank="commander")
    row = lifecycle.submit(
        scene.office, scene.person(Role.APPLICANT), drafted(scene, flags='"protest"')
    )
    governance.approve(scene.office, scene.person(Role.COMMANDER), row)
    low = desk.as_(Role.AUTHORISING_OFFICER).get(at(row))
    assert "does not let the rank" in low.text
    assert _authorise(scene, desk, row, first).status == 303
    assert scene.row(row).state is DeploymentState.SUBMITTED
    waiting = desk.as_(first).get(at(row))
    assert "a second authorising officer decides next" in waiting.text
    assert "authorise" not in offered(waiting)
    assert _authorise(scene, desk, row, second).status == 303
    assert scene.row(row).state is DeploymentState.AUTHORISED


def test_an_urgent_authority_is_confirmed_or_refused_on_its_page(scene: Scene, desk: Desk) -> None:
    """R-8: a deadline stands on the page until somebody confirms it."""
    row = put(scene, drafted(scene), DeploymentState.SUBMITTED)
    commander = desk.as_(Role.COMMANDER)
    assert (
        commander.post(
            at(row, "/authorise-urgently"),
            {"authorise-urgently-reason": "a threat to life, now"},
        ).status
        == 303
    )
    officer = desk.as_(Role.AUTHORISING_OFFICER)
    page = officer.get(at(row))
    assert "Authorised urgently." in page.text
    assert {"authorise", "refuse"} <= offered(page)
    sent = officer.post(
        at(row, "/refuse"), {"refuse-reason": "there was no threat", "refuse-sure": "yes"}
    )
    assert sent.status == 303
    assert scene.row(row).state is DeploymentState.REFUSED
    assert "It has been deleted." in officer.get(at(row)).text


def test_no_password_of_a_camera_stands_on_any_page(scene: Scene, desk: Desk) -> None:
    row = drafted(scene)
    for role in Role:
        assert "hunter2" not in desk.as_(role).get(at(row)).text


def test_zones_are_drawn_and_said(scene: Scene, desk: Desk) -> None:
    """R-27: the zone of recognition that is authorised is on the page."""
    shown = desk.as_(Role.AUDITOR).get(at(drafted(scene)))
    assert 'points="16,18 144,18 144,90 16,90"' in shown.text
    assert "Zone of recognition of north-end: 4 corners" in shown.text


def _authorise(scene: Scene, desk: Desk, row: DeploymentRow, person: Person) -> Shown:
    return desk.as_(person).post(at(row, "/authorise"), {"authorise-reason": REASON})


def _subjects(scene: Scene, row: DeploymentRow) -> list[Subject]:
    found = scene.office.record.watchlists.load(row.watchlist_id, pictures=False)
    assert found is not None
    return list(found.subjects)
