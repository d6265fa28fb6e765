"""An officer's phone in a real browser: a dead network, a page that is killed, and what stays."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from inspection import not_by_keyboard, too_small, too_wide, violations
from playwright.sync_api import Error, Page, expect
from screens import Screens, a_team, served_here

from acts import Clock, Scene, a_policy, an_alert_of, drafted
from overt.deployment import lifecycle
from overt.people.office import Office
from overt.people.permissions import Person
from overt.review import adjudication, engagement
from overt.storage import AlertPlace, DeploymentRow
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    DeploymentState,
    IdentityCheck,
    OfficerDecision,
)
from overt.web.app import guarded

TO_COME = (
    "ERR_INTERNET_DISCONNECTED",
    "ERR_FAILED",
    "status of 503",  # the page without a network says so
    "status of 409",
    "AudioContext",
)

KEPT = """async () => ({
  local: {...localStorage}, session: {...sessionStorage},
  databases: (await indexedDB.databases()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  cached: (await Promise.all((await caches.keys()).map(async (name) =>
    (await (await caches.open(name)).keys()).map((each) => new URL(each.url).pathname)))).flat(),
})"""
NOTHING = {"local": {}, "session": {}, "databases": 0, "workers": 0, "cached": []}

RUNNING = re.compile(r"^0:(0[1-9]|[1-5]\d)$")
"""A stop's timer in its first minute."""


@dataclass(slots=True)
class Street:
    """A deployment that goes on, and the people at it."""

    scene: Scene
    screens: Screens
    row: DeploymentRow

    def who(self, name: str) -> Person:
        """Somebody of the team."""
        return self.screens.team[name].person

    def sent(self) -> AlertPlace:
        """An alert that an operator has just found viable."""
        office = self.scene.office
        self.scene.clock.now = office.now()
        made = an_alert_of(self.scene, self.row, captured_at=office.now())
        place = office.record.alerts.place(made.alert.alert_id)
        viable, factors = AdjudicationDecision.VIABLE, [AdjudicationFactor.SUBJECT]
        adjudication.adjudicate(office, self.who("operator"), place, viable, factors)
        return place

    def phone(self, **settings: Any) -> Page:
        """The officer's phone, installed: with its service worker and what that keeps."""
        page = self.screens.phone_of("officer", **settings)
        page.wait_for_url("**/officer")
        if settings.get("service_workers") != "block":
            _until(page, "caches.keys().then((names) => names.length === 1)")
            page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        return page

    def in_state(self, state: DeploymentState) -> DeploymentRow:
        """The deployment, as if it had come to this state."""
        with self.scene.changing():
            self.scene.office.record.deployments.change(self.row.deployment_id, state=state)
        return self.scene.row(self.row)

    def tags(self, place: AlertPlace) -> list[str]:
        """What the log says was done about an alert by officers, in order."""
        mine = [each for each in self.scene.events() if each["data"].get("alert") == place.alert_id]
        acts = ("alert.acknowledged", "alert.officer-decided", "stop.ended", "alert.closed")
        return [each["event"] for each in mine if each["event"] in acts]


@pytest.fixture
def street(
    screens: Screens, tmp_path: Path, open_office: Callable[[Path], Office]
) -> Iterator[Callable[..., Street]]:
    """A street whose policy has some lines changed; its service runs until the test ends."""
    office = open_office(tmp_path)
    team, now = a_team(office), datetime.now(UTC)
    scene = Scene(office, Clock(now))
    screens.expect(*TO_COME)

    def made(**settings: str) -> Street:
        row = drafted(
            scene,
            team["applicant"].person,
            policy=a_policy(two_person="false", **settings),
            start=(now - timedelta(hours=1)).isoformat(),
            end=(now + timedelta(hours=5)).isoformat(),
        )
        made = Street(scene, screens, row)
        made.row = made.in_state(DeploymentState.LIVE)
        return made

    with served_here(guarded(office)) as address:
        screens.at(address, team)
        yield made
        screens.close()  # before the service, which would break their streams off


def _until(page: Page, expression: str) -> Any:
    """Wait until a script's expression holds; Playwright's own way needs `eval` in the page."""
    deadline = monotonic() + 30
    while monotonic() < deadline:
        try:
            if held := page.evaluate(expression):
                return held
        except Error:
            pass  # the page was just going to another one
        page.wait_for_timeout(100)
    raise AssertionError(f"it never held: {expression}")


def _alert(page: Page, place: AlertPlace) -> None:
    page.goto(f"/officer/alerts/{place.alert_id}")


def _load_again(phone: Page) -> None:
    """Load the page anew, also where it is doing so itself, as when a colleague has its alert."""
    try:
        phone.reload()
    except Error as error:
        if "ERR_ABORTED" not in error.message:
            raise
        phone.wait_for_load_state()
        phone.reload()


def _press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def _choose(page: Page, *choices: str) -> None:
    for each in choices:
        page.locator(f'.step:not([hidden]) input[value="{each}"]').check()


def _sent_off(page: Page) -> None:
    _until(page, "localStorage.getItem('overt.pending') === null")


def _heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=2, name=words)).to_be_visible()


def _waiting(page: Page) -> list[dict[str, Any]]:
    return list(json.loads(_until(page, "localStorage.getItem('overt.pending') ?? '[]'")))


def _killed(page: Page) -> Page:
    """The phone after its system has killed the page, and the officer has opened it again."""
    context, address = page.context, page.url
    page.close()
    again = context.new_page()
    again.goto(address)
    return again


def test_a_dead_network_and_a_page_killed_in_the_middle_lose_nothing_and_double_nothing(
    street: Callable[..., Street],
) -> None:
    """R-45, R-47, R-49, R-50: every act counts once, with the time at which it happened."""
    at = street()
    phone, place = at.phone(), at.sent()
    expect(phone.locator(f'.card[data-alert="{place.alert_id}"]')).to_be_visible()
    _alert(phone, place)
    expect(phone.locator("[data-faces] img")).to_have_count(2)

    phone.context.set_offline(True)
    _press(phone, "Acknowledge")
    _heading(phone, "Look for yourself. What do you decide?")
    _choose(phone, "engage")
    _press(phone, "Record my decision")
    _heading(phone, "The stop")
    expect(phone.get_by_role("heading", name="Waiting to be sent")).to_be_visible()

    phone = _killed(phone)  # no network: the page that is there without one
    expect(phone.get_by_role("heading", level=1)).to_have_text("No network")
    expect(phone.locator("img")).to_have_count(0)
    _heading(phone, "The stop")
    expect(phone.get_by_role("timer")).to_have_text(RUNNING)
    _choose(phone, "document shown")
    at.screens.shot(phone, "stop-without-a-network", whole=True)
    phone = _killed(phone)
    expect(phone.get_by_label("Document shown")).to_be_checked()
    _press(phone, "End of stop")
    _choose(phone, "true-confirmed", "arrest")
    _press(phone, "Record and close")
    _heading(phone, "Recorded and closed")

    waiting = _waiting(phone)
    assert [each["act"] for each in waiting] == ["acknowledge", "decide", "end-stop", "outcome"]
    assert {name for each in waiting for name in each} == {
        *("id", "account", "deployment", "alert", "act", "given", "at")
    }
    assert at.tags(place) == []

    phone.context.set_offline(False)
    _until(phone, "localStorage.length === 0")
    assert at.tags(place) == [
        "alert.acknowledged",
        "alert.officer-decided",
        "stop.ended",
        "alert.closed",
    ]
    done = at.scene.office.record.handling.engagement(place.alert_id)
    assert done is not None
    assert done.decided_at is not None
    assert done.checks == (IdentityCheck.DOCUMENT,)
    happened = [datetime.fromisoformat(each["at"]) for each in waiting]
    assert [done.acknowledged_at, done.decided_at, done.released_at] == happened[:3]
    kept = phone.evaluate(KEPT)
    assert (kept["local"], kept["session"], kept["databases"]) == ({}, {}, 0)
    assert all(each.startswith("/static/") for each in kept["cached"])


def test_what_another_page_has_sent_is_not_asked_for_again(street: Callable[..., Street]) -> None:
    """R-45, R-49: a page without a network goes on after what the service has by now."""
    at = street()
    phone, place = at.phone(), at.sent()
    _alert(phone, place)
    phone.context.set_offline(True)
    _press(phone, "Acknowledge")
    _choose(phone, "engage")
    _press(phone, "Record my decision")
    _heading(phone, "The stop")
    phone.goto("/officer")
    expect(phone.get_by_role("heading", level=1)).to_have_text("No network")

    phone.context.set_offline(False)  # the list comes back, and sends what waits
    expect(phone.get_by_role("heading", level=1)).to_have_text("My alerts", timeout=30_000)
    _sent_off(phone)
    phone.context.set_offline(True)
    phone.reload()
    expect(phone.get_by_role("heading", level=1)).to_have_text("No network")
    _heading(phone, "The stop")
    expect(phone.get_by_role("timer")).to_have_text(RUNNING)
    _press(phone, "End of stop")
    assert [each["act"] for each in _waiting(phone)] == ["end-stop"]

    phone.context.set_offline(False)
    _sent_off(phone)
    assert at.tags(place) == ["alert.acknowledged", "alert.officer-decided", "stop.ended"]


def test_a_page_of_a_session_before_drops_nothing(street: Callable[..., Street]) -> None:
    """Whoever has signed in anew elsewhere is told so, and what waited is sent then."""
    at = street()
    phone, place = at.phone(), at.sent()
    at.screens.expect("status of 403", "status of 401")
    _alert(phone, place)
    phone.route("**/events?*", lambda route: route.abort())  # or the page would be loaded anew
    other = phone.context.new_page()
    at.screens.sign_in(other, "officer")
    _press(phone, "Acknowledge")
    expect(phone.locator("[data-news]")).to_contain_text("Sign in again")
    assert [each.get("status") for each in _waiting(phone)] == [None]
    phone.locator("[data-news]").get_by_role("link").click()
    _sent_off(phone)
    assert at.tags(place) == ["alert.acknowledged"]


def test_what_a_colleague_has_left_on_the_phone_is_no_step_of_this_officer(
    street: Callable[..., Street],
) -> None:
    at = street()
    phone, place = at.phone(), at.sent()
    left: dict[str, Any] = {
        "id": "1",
        "account": "a colleague's",
        "deployment": place.deployment_id,
        "alert": place.alert_id,
        "act": "acknowledge",
        "given": {},
        "at": at.scene.office.now().isoformat(),
    }
    phone.evaluate("(it) => localStorage.setItem('overt.pending', JSON.stringify([it]))", left)
    _alert(phone, place)
    expect(phone.get_by_text("Of a colleague")).to_be_visible()
    _press(phone, "Acknowledge")
    _heading(phone, "Look for yourself. What do you decide?")
    _until(phone, "JSON.parse(localStorage.getItem('overt.pending')).length === 1")
    assert _waiting(phone) == [left]
    assert at.tags(place) == ["alert.acknowledged"]


def test_an_answer_that_is_lost_on_its_way_makes_nothing_double(
    street: Callable[..., Street],
) -> None:
    at = street()
    at.screens.expect("Service Worker registration blocked")
    phone, place = at.phone(service_workers="block"), at.sent()
    _alert(phone, place)
    lost: list[int] = []

    def lose(route: Any) -> None:
        lost.append(route.fetch().status)  # the service has done it
        route.abort()

    phone.route("**/acknowledge", lose, times=2)
    _press(phone, "Acknowledge")
    _heading(phone, "Look for yourself. What do you decide?")
    _sent_off(phone)
    assert lost == [204, 204]
    assert at.tags(place) == ["alert.acknowledged"]
    assert at.scene.office.record.handling.engagement(place.alert_id) is not None


def test_what_the_service_refuses_is_shown_until_it_was_read(
    street: Callable[..., Street],
) -> None:
    at = street()
    phone, place = at.phone(), at.sent()
    _alert(phone, place)
    phone.context.set_offline(True)
    _press(phone, "Acknowledge")
    colleague = at.scene.somebody(*at.who("officer").roles, unit=at.row.unit)
    engagement.decide(at.scene.office, colleague, place, OfficerDecision.NOT_FOUND)
    phone.context.set_offline(False)

    refused = phone.get_by_role("region", name="Waiting to be sent")
    # In the service's words, or in ours where its answer was lost with the page.
    expect(refused).to_contain_text(re.compile("has acknowledged|Refused"))
    assert [each["status"] for each in _waiting(phone)] == [409]
    _load_again(phone)
    expect(refused).to_contain_text("Refused")
    _press(phone, "I have read this")
    expect(refused).to_be_hidden()
    assert _waiting(phone) == []


def test_nothing_stays_when_somebody_signs_out(street: Callable[..., Street]) -> None:
    """R-47: whoever signs out with something unsent is asked once more, and then it is deleted."""
    at = street()
    phone, place = at.phone(), at.sent()
    _alert(phone, place)
    _press(phone, "Acknowledge")
    _heading(phone, "Look for yourself. What do you decide?")
    _sent_off(phone)
    phone.context.set_offline(True)
    _choose(phone, "do not engage")
    _press(phone, "Record my decision")
    _press(phone, "Sign out")
    expect(phone.locator("[data-news]")).to_contain_text("1 not sent yet")
    _press(phone, "Sign out")
    expect(phone.locator("[data-news]")).to_contain_text("no network")
    assert phone.evaluate(KEPT) == NOTHING
    expect(phone.locator("[data-faces]")).to_have_count(0)

    phone.context.set_offline(False)
    _press(phone, "Sign out")
    phone.wait_for_url("**/sign-in")
    assert phone.evaluate(KEPT) == NOTHING
    assert phone.context.cookies() == []


def test_nothing_stays_when_the_deployment_closes(street: Callable[..., Street]) -> None:
    """R-47: devices are wiped at close."""
    at = street()
    phone, place = at.phone(), at.sent()
    officer, office = at.who("officer"), at.scene.office
    engagement.decide(office, officer, place, OfficerDecision.NOT_FOUND)
    _alert(phone, place)
    expect(phone.locator("[data-faces] img")).to_have_count(2)
    _choose(phone, "true-unconfirmed")
    _press(phone, "Record and close")
    _heading(phone, "Recorded and closed")
    expect(phone.locator("[data-faces]")).to_have_count(0)
    _until(phone, "localStorage.length === 0")

    lifecycle.close(office, at.who("commander"), at.in_state(DeploymentState.ENDED), "over")
    phone.wait_for_url("**/officer")
    expect(phone.get_by_text("No deployment of your unit is under way.")).to_be_visible()
    _until(phone, "caches.keys().then((names) => names.length === 0)")
    assert phone.evaluate(KEPT) == NOTHING


def test_a_new_alert_shakes_the_phone_and_expires_before_its_eyes(
    street: Callable[..., Street],
) -> None:
    """R-47, R-48: seen and felt at once; not shown as live when nobody answered."""
    at = street(unanswered_after_s="20", late_after_s="15")
    phone = at.phone()
    phone.add_init_script("window.shaken = []; navigator.vibrate = (each) => shaken.push(each);")
    phone.reload()
    expect(phone.locator('[data-connection="on"]')).to_be_visible()
    place = at.sent()
    card = phone.locator(f'.card[data-alert="{place.alert_id}"]')
    expect(card).to_be_visible()
    expect(phone).to_have_title("(1) My alerts · Overt")
    expect(phone.locator("[data-news]")).to_contain_text("New alert")
    assert phone.evaluate("shaken.length") == 1
    card.get_by_role("link").click()
    expect(phone.locator("[data-faces] img")).to_have_count(2)
    expect(phone.get_by_text("Expired, not live.")).to_be_visible(timeout=40_000)
    expect(phone.get_by_role("button", name="Acknowledge")).to_be_hidden()
    expect(phone.locator("[data-faces]")).to_have_count(0)
    phone.get_by_role("link", name="My alerts").first.click()
    expect(card).to_contain_text("Expired, not live")
    expect(phone).to_have_title("My alerts · Overt")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_an_officers_pages(street: Callable[..., Street], scheme: str) -> None:
    at = street()
    phone, place = at.phone(color_scheme=scheme), at.sent()
    wrong: list[str] = []

    def look(what: str) -> None:
        at.screens.shot(phone, f"officer-{scheme}-{what}", whole=True)
        found = [each for find in (violations, too_small, too_wide) for each in find(phone)]
        phone.reload()  # Tab begins at the top of a page only when it is new
        wrong.extend(f"{what}: {each}" for each in (*found, *not_by_keyboard(phone)))

    phone.reload()
    look("list")
    phone.goto(f"/officer/slip/{at.row.deployment_id}")
    look("slip")
    _alert(phone, place)
    look("alert")
    _press(phone, "Acknowledge")
    _sent_off(phone)
    _press(phone, "Record my decision")  # nothing was chosen
    look("decide")
    _choose(phone, "engage")
    _press(phone, "Record my decision")
    _sent_off(phone)
    look("stop")
    _press(phone, "End of stop")
    _sent_off(phone)
    _choose(phone, "false-confirmed", "arrest")
    _press(phone, "Record and close")
    look("outcome")
    phone.context.set_offline(True)
    phone.reload()
    look("offline")
    assert not wrong, "\n".join(wrong)
