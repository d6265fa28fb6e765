"""The officer's phone, over HTTP: what reaches it, one step at a time, and what never does."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest
from pages_world import Browser, Shown, a_browser

from acts import HERE, ONE_PERSON, THERE, Scene, a_policy, a_scene, an_alert_of, drafted
from overt.deployment.policy import Policy
from overt.people.permissions import Person
from overt.review import adjudication, engagement
from overt.review.queue import standing
from overt.storage import AlertPlace, DeploymentRow
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    AlertStage,
    DeploymentState,
    Disposal,
    IdentityCheck,
    OfficerDecision,
    Role,
)

JSON = {"accept": "application/json"}
ENGAGE = {"decision": OfficerDecision.ENGAGE.value}
ARRESTED = {"code": "true-confirmed", "disposal": Disposal.ARREST.value}
NAME = "Example Person"
"""Who is on the list of every test: a name that is shown when it is asked for, and not else."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path) as made:
        yield made


@pytest.fixture
def officer(scene: Scene) -> Browser:
    return a_browser(scene, scene.person(Role.ENGAGEMENT_OFFICER))


def _row(scene: Scene, policy: Policy | None = None, unit: str = HERE) -> DeploymentRow:
    applicant = scene.person(Role.APPLICANT, unit)
    row = drafted(scene, applicant, policy=policy or a_policy(**ONE_PERSON))
    return _in_state(scene, row, DeploymentState.LIVE)


def _in_state(scene: Scene, row: DeploymentRow, state: DeploymentState) -> DeploymentRow:
    with scene.changing():
        scene.office.record.deployments.change(row.deployment_id, state=state)
    return scene.row(row)


def _raised(scene: Scene, row: DeploymentRow) -> AlertPlace:
    made = an_alert_of(scene, row, captured_at=scene.clock.now)
    return scene.office.record.alerts.place(made.alert.alert_id)


def _sent(scene: Scene, row: DeploymentRow | None = None) -> AlertPlace:
    """An alert that an operator has just found viable."""
    row = row or _row(scene)
    place = _raised(scene, row)
    operator = scene.person(Role.OPERATOR, row.unit)
    factors = [AdjudicationFactor.SUBJECT]
    adjudication.adjudicate(scene.office, operator, place, AdjudicationDecision.VIABLE, factors)
    return place


def _at(place: AlertPlace, act: str = "") -> str:
    return f"/officer/alerts/{place.alert_id}" + (f"/{act}" if act else "")


def _step(shown: Shown) -> str:
    found = re.search(r'<article class="alert[^>]* data-step="([a-z]+)"', shown.text)
    assert found, shown.text
    return found[1]


def _visible(shown: Shown) -> list[str]:
    """The steps that a page shows."""
    sections = re.findall(r'<section class="step"[^>]*>', shown.text)
    return [
        re.search(r'data-step="([a-z]+)"', each)[1]  # type: ignore[index]
        for each in sections
        if not each.endswith(" hidden>")
    ]


def _through(officer: Browser, place: AlertPlace, *acts: tuple[str, dict[str, str]]) -> None:
    for act, fields in acts:
        assert officer.post(_at(place, act), fields).status == 303, act


def _engaged(scene: Scene, place: AlertPlace) -> None:
    person = scene.person(Role.ENGAGEMENT_OFFICER)
    engagement.acknowledge(scene.office, person, place)
    engagement.decide(scene.office, person, place, OfficerDecision.ENGAGE)


def _stage(scene: Scene, place: AlertPlace) -> AlertStage:
    return standing(scene.office, place).stage


def test_a_phone_shows_only_what_was_adjudicated_and_sent(scene: Scene, officer: Browser) -> None:
    """R-46: an alert that nobody, or only one of two, has found viable never reaches a phone."""
    row = _row(scene)
    raised, sent = _raised(scene, row), _sent(scene, row)
    elsewhere = _sent(scene, _row(scene, unit=THERE))

    listed = officer.get("/officer")
    assert listed.status == 200
    assert sent.alert_id in listed.text
    assert raised.alert_id not in listed.text
    assert elsewhere.alert_id not in listed.text
    assert officer.get(_at(sent)).status == 200
    for place in (raised, elsewhere):
        assert officer.get(_at(place)).status in {403, 404}
        assert officer.post(_at(place, "acknowledge")).status != 303
        assert scene.office.record.handling.engagement(place.alert_id) is None


def test_open_alerts_come_first_and_the_rest_are_marked(scene: Scene, officer: Browser) -> None:
    row = _row(scene)
    closed, old = _sent(scene, row), _sent(scene, row)
    _through(
        officer,
        closed,
        ("acknowledge", {}),
        ("decide", {"decision": "person not found"}),
        ("outcome", {"code": "true-unconfirmed"}),
    )
    scene.clock.forward(seconds=121)
    fresh = _sent(scene, row)
    text = officer.get("/officer").text
    assert text.index(fresh.alert_id) < text.index(closed.alert_id)
    card = text[text.index(f'data-alert="{old.alert_id}"') :].partition("</li>")[0]
    assert "Expired, not live" in card
    assert "New" not in card


def test_an_alert_expires_and_is_then_recorded_only(scene: Scene, officer: Browser) -> None:
    """R-47, R-48: what nobody answered in time is not shown as live, and asks for no picture."""
    place = _sent(scene)
    scene.clock.forward(seconds=121)
    shown = officer.get(_at(place))
    assert _step(shown) == "expired"
    assert _visible(shown) == ["outcome"]
    assert "Expired, not live" in shown.text
    assert "/crop" not in shown.text
    refused = officer.post(_at(place, "acknowledge"))
    assert refused.status == 422
    assert "expired" in refused.text
    assert "/crop" in officer.get(f"{_at(place)}?pictures=1").text

    _through(officer, place, ("outcome", {"code": "true-unconfirmed"}))
    (outcome,) = [scene.office.record.reviews.outcome(place.alert_id)]
    assert outcome is not None
    assert (outcome.engaged, outcome.disposal) == (False, Disposal.NOT_ENGAGED)


def test_the_page_shows_what_an_officer_acts_on_and_nobodys_name(
    scene: Scene, officer: Browser
) -> None:
    """R-41, R-42, R-43: a possible match, two pictures of one size, and no score at all."""
    place = _sent(scene)
    text = officer.get(_at(place)).text
    main = text.partition("<main")[2]
    assert "Possible match. You decide again." in main
    assert "North End, Croydon" in main
    assert "Amber: as soon as it is safe" in main
    assert "arrest" in main
    assert "No earlier false alert" in main
    sizes = re.findall(r'<img src="([^"]+)"[^>]*width="(\d+)" height="(\d+)"', main)
    assert [each[0] for each in sizes] == [
        f"/alerts/{place.alert_id}/crop",
        f"/alerts/{place.alert_id}/reference",
    ]
    assert len({each[1:] for each in sizes}) == 1
    assert main.count('draggable="false"') == 2
    assert NAME not in text
    assert "%" not in unescape(re.sub(r"<[^>]+>", "", main))
    for word in ("score", "confidence", "identified", "suspect", "hit "):
        assert word not in main.lower()


def test_one_step_follows_another_in_the_order_of_the_street(
    scene: Scene, officer: Browser
) -> None:
    """R-45, R-49, R-50: acknowledge, decide, end the stop, record the outcome."""
    place = _sent(scene)
    assert _visible(officer.get(_at(place))) == ["acknowledge"]
    _through(officer, place, ("acknowledge", {}))
    shown = officer.get(_at(place))
    assert _visible(shown) == ["decide"]
    assert '" checked' not in shown.text  # nothing is preselected
    _through(officer, place, ("decide", ENGAGE))
    scene.clock.forward(minutes=4)
    shown = officer.get(_at(place))
    assert _visible(shown) == ["stop"]
    began = (scene.clock.now - timedelta(minutes=4)).isoformat(timespec="milliseconds")
    assert f'data-since="{began}"' in shown.text
    checks = [IdentityCheck.ASKED.value, IdentityCheck.DATABASE.value]
    assert officer.post(_at(place, "end-stop"), {"checks": checks}).status == 303
    assert _visible(officer.get(_at(place))) == ["outcome"]
    _through(officer, place, ("outcome", ARRESTED))
    shown = officer.get(_at(place))
    assert _visible(shown) == ["closed"]
    assert "/crop" not in shown.text

    done = scene.office.record.handling.engagement(place.alert_id)
    assert done is not None
    assert done.minutes_held == 4
    assert set(done.checks) == {IdentityCheck.ASKED, IdentityCheck.DATABASE}
    outcome = scene.office.record.reviews.outcome(place.alert_id)
    assert outcome is not None
    assert outcome.true_alert
    assert outcome.confirmed
    assert outcome.disposal is Disposal.ARREST


@pytest.mark.parametrize("decision", ["do not engage", "person not found"])
def test_who_does_not_engage_records_an_outcome_without_a_stop(
    scene: Scene, officer: Browser, decision: str
) -> None:
    place = _sent(scene)
    _through(officer, place, ("acknowledge", {}), ("decide", {"decision": decision}))
    shown = officer.get(_at(place))
    assert _visible(shown) == ["outcome"]
    assert "not engaged" in shown.text
    _through(officer, place, ("outcome", {"code": "false-unconfirmed"}))
    outcome = scene.office.record.reviews.outcome(place.alert_id)
    assert outcome is not None
    assert (outcome.engaged, outcome.disposal) == (False, Disposal.NOT_ENGAGED)


def test_a_stop_over_its_time_says_so_in_words(scene: Scene, officer: Browser) -> None:
    """R-50: the officer sees that the time is over, and that the commander was told."""
    place = _sent(scene)
    _engaged(scene, place)
    note = r'<div class="note bad" role="alert" data-overrun( hidden)?>'
    before = re.search(note, officer.get(_at(place)).text)
    assert before
    assert before[1]
    scene.clock.forward(minutes=16)
    text = officer.get(_at(place)).text
    after = re.search(note, text)
    assert after
    assert not after[1]
    assert "The commander has been told" in text


class Bad(NamedTuple):
    """A form that cannot be used: when it is sent, what it says, and what is said beside what."""

    when: str
    act: str
    fields: dict[str, str]
    field: str
    words: str


BAD = [
    Bad("acknowledged", "decide", {}, "decision", "Choose what you do."),
    Bad("acknowledged", "decide", {"decision": "arrest them"}, "decision", "Choose what you do."),
    Bad("engaged", "end-stop", {"checks": "their shoes"}, "checks", "Choose from the list."),
    Bad("released", "outcome", {"disposal": "arrest"}, "code", "Choose what the alert turned out"),
    Bad(
        "released", "outcome", {"code": "true-confirmed"}, "disposal", "Choose how the stop ended."
    ),
    Bad(
        "released",
        "outcome",
        {"code": "true-confirmed", "disposal": "not engaged"},
        "disposal",
        "Choose how the stop ended.",
    ),
    Bad(
        "released",
        "outcome",
        {"code": "false-confirmed", "disposal": "arrest"},
        "disposal",
        "A false alert closes with no action.",
    ),
    Bad(
        "passed",
        "outcome",
        {"code": "true-confirmed"},
        "code",
        "confirmed by speaking to the person only",
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda each: f"{each.when}-{each.field}")
def test_what_is_wrong_stands_beside_its_field_and_changes_nothing(
    scene: Scene, officer: Browser, bad: Bad
) -> None:
    """R-49: impossible combinations are refused, and what was chosen is kept."""
    place, person = _sent(scene), scene.person(Role.ENGAGEMENT_OFFICER)
    office = scene.office
    engagement.acknowledge(office, person, place)
    if bad.when == "passed":
        engagement.decide(office, person, place, OfficerDecision.NOT_FOUND)
    elif bad.when != "acknowledged":
        engagement.decide(office, person, place, OfficerDecision.ENGAGE)
    if bad.when == "released":
        engagement.end_stop(office, person, place, [])
    before = (office.record.handling.engagement(place.alert_id), _stage(scene, place))

    shown = officer.post(_at(place, bad.act), bad.fields)
    assert shown.status == 422
    said = re.search(rf'id="{bad.field}-wrong">(.*?)</span>\s*<label', shown.text, re.DOTALL)
    assert said, shown.text
    assert bad.words in unescape(re.sub(r"<[^>]+>", "", said[1]))
    assert (office.record.handling.engagement(place.alert_id), _stage(scene, place)) == before
    assert office.record.reviews.outcome(place.alert_id) is None
    for name, value in bad.fields.items():
        if f'name="{name}" value="{value}"' in shown.text:
            assert re.search(rf'name="{name}" value="{value}"[^>]* checked', shown.text)

    officer.more |= JSON
    asked = officer.post(_at(place, bad.act), bad.fields)
    assert asked.status == 422
    assert bad.words in json.loads(asked.text)["message"]


def test_a_script_is_answered_without_a_page_and_may_ask_twice(
    scene: Scene, officer: Browser
) -> None:
    """R-47: a phone that lost its network sends again what it had sent, and it counts once."""
    place = _sent(scene)
    officer.more |= JSON
    happened: dict[str, str] = {}
    acts: list[tuple[str, dict[str, str]]] = [
        ("acknowledge", {}),
        ("decide", ENGAGE),
        ("end-stop", {"checks": IdentityCheck.DOCUMENT.value}),
        ("outcome", ARRESTED),
    ]
    for act, _ in acts:
        scene.clock.forward(seconds=20)
        happened[act] = scene.clock.now.isoformat()
    scene.clock.forward(minutes=5)  # the network was dead meanwhile
    for act, fields in acts:
        for _ in range(2):
            answer = officer.post(_at(place, act), {**fields, "at": happened[act]})
            assert (answer.status, answer.body) == (204, b""), act
    done = scene.office.record.handling.engagement(place.alert_id)
    assert done is not None
    assert done.acknowledged_at.isoformat() == happened["acknowledge"]
    assert done.minutes_held == pytest.approx(20 / 60)
    for tag in ("alert.acknowledged", "alert.officer-decided", "alert.closed"):
        assert len(scene.events(tag)) <= 1


def test_a_script_is_told_why_it_was_refused(scene: Scene, officer: Browser) -> None:
    place = _sent(scene)
    colleague = scene.somebody(Role.ENGAGEMENT_OFFICER)
    engagement.acknowledge(scene.office, colleague, place)
    officer.more |= JSON
    answer = officer.post(_at(place, "acknowledge"))
    assert answer.status == 409
    assert "has acknowledged" in json.loads(answer.text)["message"]
    gone = officer.post(f"/officer/alerts/{'0' * 32}/acknowledge")
    assert gone.status == 404
    assert json.loads(gone.text)["message"]
    assert officer.post(_at(place, "decide"), {**ENGAGE, "at": "soon"}).status == 422


def test_what_a_colleague_has_is_shown_as_theirs(scene: Scene, officer: Browser) -> None:
    place = _sent(scene)
    colleague = scene.somebody(Role.ENGAGEMENT_OFFICER)
    engagement.acknowledge(scene.office, colleague, place)
    shown = officer.get(_at(place))
    assert _step(shown) == "taken"
    assert colleague.full_name in shown.text
    assert "/crop" not in shown.text
    assert _visible(officer.get(f"{_at(place)}?instead=1")) == ["decide"]


def test_a_name_is_shown_when_it_is_asked_for_during_a_stop_and_the_look_is_logged(
    scene: Scene, officer: Browser
) -> None:
    place = _sent(scene)
    assert NAME not in officer.get(f"{_at(place)}?name=1").text
    _engaged(scene, place)
    looks = len(scene.events("alert.name-seen"))
    assert NAME not in officer.get(_at(place)).text
    assert len(scene.events("alert.name-seen")) == looks
    assert NAME in officer.get(f"{_at(place)}?name=1").text
    assert len(scene.events("alert.name-seen")) == looks + 1


def test_no_name_is_offered_where_the_policy_lets_officers_see_none(scene: Scene) -> None:
    policy = a_policy(**ONE_PERSON, watchlist_names='["commander"]')
    place = _sent(scene, _row(scene, policy))
    _engaged(scene, place)
    officer = a_browser(scene, scene.person(Role.ENGAGEMENT_OFFICER))
    shown = officer.get(f"{_at(place)}?name=1")
    assert NAME not in shown.text
    assert "name on the list" not in shown.text


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENGAGEMENT_OFFICER}))
def test_nobody_else_has_the_officers_pages(scene: Scene, role: Role) -> None:
    place = _sent(scene)
    other = a_browser(scene, scene.person(role))
    assert other.get("/officer").status == 403
    assert other.get(_at(place)).status == 403
    for act in ("acknowledge", "decide", "end-stop"):
        assert other.post(_at(place, act), {**ENGAGE}).status == 403
    assert other.post(_at(place, "outcome"), {"code": "true-unconfirmed"}).status == 403
    assert _stage(scene, place) is AlertStage.SENT


def test_who_has_another_role_as_well_still_has_a_phone(scene: Scene) -> None:
    both: Person = scene.somebody(Role.OPERATOR, Role.ENGAGEMENT_OFFICER)
    row = _row(scene)
    raised, sent = _raised(scene, row), _sent(scene, row)
    phone = a_browser(scene, both)
    listed = phone.get("/officer").text
    assert sent.alert_id in listed
    assert raised.alert_id not in listed
    assert phone.get(_at(raised)).status == 404
    _through(phone, sent, ("acknowledge", {}), ("decide", ENGAGE))


def test_nothing_is_shown_of_a_deployment_that_is_over(scene: Scene, officer: Browser) -> None:
    """R-47: after close nothing of it stands on a phone's page."""
    row = _row(scene)
    place = _sent(scene, row)
    assert row.deployment_id in officer.get("/officer").text
    _in_state(scene, row, DeploymentState.CLOSED)
    listed = officer.get("/officer").text
    assert row.deployment_id not in listed
    assert place.alert_id not in listed
    assert officer.get(_at(place)).status == 404


def test_release_guidance_and_the_slip_are_offered_where_it_was_somebody_else(
    scene: Scene, officer: Browser
) -> None:
    """R-51: apologise, say that the system was wrong, say what is kept, offer the slip."""
    place = _sent(scene)
    _through(
        officer,
        place,
        ("acknowledge", {}),
        ("decide", ENGAGE),
        ("end-stop", {}),
        ("outcome", {"code": "false-confirmed", "disposal": "no action"}),
    )
    text = unescape(officer.get(_at(place)).text)
    shown = text[text.index("Recorded and closed") :]
    guidance = re.search(r'data-when="was-false"( hidden)?>(.*?)</div>', shown, re.DOTALL)
    assert guidance
    assert not guidance[1]
    for words in (
        "sorry",
        "possible match",
        "the system that was wrong",
        "24 hours",
        "/officer/slip/",
    ):
        assert words in guidance[2]


def test_the_slip_says_what_the_controller_filled_in(scene: Scene, officer: Browser) -> None:
    """R-51: place, day, purpose with its paragraph, what is kept, rights, and how to complain."""
    row = _row(scene)
    _sent(scene, row)
    slip = officer.get(f"/officer/slip/{row.deployment_id}")
    assert slip.status == 200
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", slip.text)).split())
    for words in (
        "North End, Croydon, 4 July 2026",
        "crime hotspot",
        "MPS LFR policy, paragraph 2.3(a)",
        "at most 24 hours",
        "at most 31 days",
        "not at all",
        "complain",
    ):
        assert words in text, words
    assert NAME not in text
    assert "The chief officer of the police force" in text
    assert "Independent Office for Police Conduct" in text


def test_the_slip_says_plainly_what_the_controller_has_not_filled_in(
    scene: Scene, officer: Browser
) -> None:
    left_out = ("controller = ", "contact = ", "complaints = ")
    lines = a_policy(**ONE_PERSON).data.decode().splitlines()
    data = "\n".join(each for each in lines if not each.startswith(left_out))
    row = _row(scene, Policy.recorded(data.encode()))
    text = unescape(officer.get(f"/officer/slip/{row.deployment_id}").text)
    assert text.count("The controller has not filled in") == 3


def test_a_slip_of_another_unit_is_not_shown(scene: Scene, officer: Browser) -> None:
    elsewhere = _row(scene, unit=THERE)
    assert officer.get(f"/officer/slip/{elsewhere.deployment_id}").status == 403


def test_the_shell_is_the_same_for_everybody_and_holds_nothing_of_anybody(scene: Scene) -> None:
    """R-47: what a phone keeps are static files and a page that shows nobody."""
    place = _sent(scene)
    nobody = a_browser(scene)
    signed_in = a_browser(scene, scene.person(Role.ENGAGEMENT_OFFICER))
    manifest = nobody.get("/manifest.webmanifest")
    assert manifest.status == 200
    assert json.loads(manifest.text)["start_url"] == "/officer"
    worker = nobody.get("/service-worker.js")
    assert worker.status == 200
    assert worker.headers["cache-control"] == "no-store"
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.body == signed_in.get("/service-worker.js").body
    assert nobody.ask("HEAD", "/service-worker.js").status == 200
    constants = dict(re.findall(r"^const ([A-Z]+) = (.*);$", worker.text, re.MULTILINE))
    kept = json.loads(constants["FILES"])
    assert all(each.startswith("/static/") for each in kept)
    assert all(nobody.get(each).status == 200 for each in kept)
    scripts = {each.rpartition("/")[2]: nobody.get(each).text for each in kept if ".js" in each}
    imported = re.findall(r'from "\./(.+)"', "".join(scripts.values()))
    assert set(imported) <= set(scripts)
    offline = json.loads(constants["OFFLINE"])
    assert "<img" not in offline
    assert "csrf" not in offline
    assert place.alert_id not in worker.text
    assert "What happens now is not shown here" in offline
