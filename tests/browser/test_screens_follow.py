"""Live screens that are open while another deployment takes the cameras over."""

import pytest
from console_world import VIABLE, Duty
from gallery import World
from playwright.sync_api import Locator, Page, Route, expect
from screens import PHONE, Screens
from steps import card, press_for_long

from acts import handed_over
from overt.storage import DeploymentRow
from overt.vocabulary import DeploymentState

WITHIN_MS = 5000
BEFORE, AFTER = "North End, in the morning", "North End, with three names"


@pytest.fixture
def duty(world: World) -> Duty:
    made = Duty(world.scene, world.deployment(DeploymentState.LIVE, name=BEFORE))
    made.operator, made.second = (world.team[each].person for each in ("operator", "second"))
    return made


@pytest.fixture
def successor(world: World) -> DeploymentRow:
    return world.deployment(DeploymentState.AUTHORISED, name=AFTER)


def _open(world: World, screens: Screens, who: str, path: str, **settings: object) -> Page:
    """A screen that is open and connected, marked so that a page that is loaded anew is seen."""
    page = world.screen(screens, who, path, **settings)
    expect(page.locator("[data-connection='on']").first).to_be_visible()
    page.evaluate("() => { window.sameAsBefore = true; }")
    return page


def _demand_same(page: Page) -> None:
    assert page.evaluate("() => window.sameAsBefore === true"), "the page was loaded anew"


def _hand_over(world: World, duty: Duty, successor: DeploymentRow) -> None:
    world.scene.clock()
    handed_over(world.scene, duty.row, successor, world.team["commander"].person)


def _notice(page: Page) -> Locator:
    """The notice of the hand-over, which has come within seconds."""
    notice = page.get_by_role("alert").filter(has_text="were handed over to")
    expect(notice).to_be_visible(timeout=WITHIN_MS)
    expect(notice).to_contain_text(f"The cameras of {BEFORE} were handed over to {AFTER} at")
    expect(notice).to_contain_text("New alerts appear there, and no longer here.")
    return notice


def test_an_open_console_says_it_and_its_alerts_are_still_decided_there(
    world: World, screens: Screens, duty: Duty, successor: DeploymentRow
) -> None:
    mine, other = duty.alert(), duty.alert()
    page = _open(world, screens, "operator", duty.console)
    button = card(page).get_by_role("button", name="Open")
    button.focus()

    _hand_over(world, duty, successor)

    notice = _notice(page)
    _demand_same(page)
    expect(button).to_be_focused()
    expect(page.locator("#state")).to_have_text("Ended")
    expect(page.locator("[data-open-here]")).to_contain_text("still open here: 2")
    expect(page.locator(".tile [data-part='over']")).to_have_text("Not live")
    expect(page.get_by_text("Alerts come in all the same.")).to_have_count(0)
    screens.shot(page, "console")
    button.press("Enter")
    page.wait_for_url(f"**/alerts/{mine.alert_id}")
    page.locator("#decision").get_by_label("Not viable").check()
    page.locator("#factors").get_by_label("Subject").check()
    page.get_by_role("button", name="Send the decision").click()
    page.wait_for_url(f"**{duty.console}")
    assert duty.decided(mine) == [(duty.operator.account_id, "not viable")]
    assert duty.decided(other) == []

    notice = _notice(page)  # as whoever opens it afterwards is told
    notice.get_by_role("link", name=f"Open the console of {AFTER}").press("Enter")
    page.wait_for_url(f"**/deployments/{successor.deployment_id}/console")
    expect(page.locator(".console[data-state='live']")).to_be_visible()


def test_what_is_chosen_on_an_open_alert_stays_and_nothing_moves(
    world: World, screens: Screens, duty: Duty, successor: DeploymentRow
) -> None:
    mine = duty.alert()
    page = _open(world, screens, "operator", duty.console)
    card(page).get_by_role("button", name="Open").click()
    page.wait_for_url(f"**/alerts/{mine.alert_id}")
    expect(page.locator("[data-connection='on']").first).to_be_visible()
    page.evaluate("() => { window.sameAsBefore = true; }")
    page.locator("#decision").get_by_label("Unsure").check()
    page.locator("#factors").get_by_label("Environment").check()
    send = page.get_by_role("button", name="Send the decision")
    before = send.bounding_box()

    _hand_over(world, duty, successor)

    _notice(page)
    _demand_same(page)
    expect(page.get_by_role("link", name="The queue")).to_contain_text("cameras handed over")
    assert send.bounding_box() == before
    screens.shot(page, "alert", whole=True)
    send.click()
    page.wait_for_url(f"**{duty.console}")
    assert duty.decided(mine) == [(duty.operator.account_id, "unsure")]


def test_the_notice_waits_for_a_press_that_is_under_way(
    world: World, screens: Screens, duty: Duty, successor: DeploymentRow
) -> None:
    mine = duty.alert()
    page = _open(world, screens, "operator", duty.console)
    page.keyboard.press("j")
    expect(page.locator("#sound-words")).to_have_text("Sound is on.")  # which moves the page
    box = card(page).get_by_role("button", name="Open").bounding_box()
    assert box is not None
    asked: list[Route] = []
    page.route("**/handed-over", lambda route: asked.append(route))  # noqa: PLW0108  Playwright takes functions only
    with page.expect_request("**/handed-over"):
        _hand_over(world, duty, successor)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    press_for_long(page)

    with page.expect_response("**/handed-over"):
        asked[0].continue_()
    page.wait_for_timeout(300)  # it would have come by now

    expect(page.locator(".follow")).to_have_count(0)
    page.mouse.up()
    page.wait_for_url(f"**/alerts/{mine.alert_id}")


def test_the_command_page_says_it_and_counts_what_is_still_open(
    world: World, screens: Screens, duty: Duty, successor: DeploymentRow
) -> None:
    duty.alert()
    page = _open(world, screens, "commander", f"/deployments/{duty.row.deployment_id}/command")

    _hand_over(world, duty, successor)

    notice = _notice(page)
    _demand_same(page)
    expect(page.locator("[data-open-here]")).to_contain_text("still open here: 1")
    screens.shot(page, "command")
    notice.evaluate("(each) => { each.dataset.kept = 'yes'; }")
    duty.alert()
    expect(page.locator("[data-open-here]")).to_contain_text("still open here: 2")
    expect(notice).to_have_attribute("data-kept", "yes")  # or it would be read out again
    notice.get_by_role("link", name=f"Open the command page of {AFTER}").press("Enter")
    page.wait_for_url(f"**/deployments/{successor.deployment_id}/command")


def test_an_officer_s_list_says_it_and_leads_to_the_other_one_s_alerts(
    world: World, screens: Screens, duty: Duty, successor: DeploymentRow
) -> None:
    duty.decide(duty.alert(), VIABLE, VIABLE)
    width, height = PHONE
    page = _open(world, screens, "officer", "/officer", viewport={"width": width, "height": height})
    there = page.locator(f"#deployment-{successor.deployment_id}")

    _hand_over(world, duty, successor)

    notice = _notice(page)
    _demand_same(page)
    expect(page.locator("[data-open-here]").first).to_contain_text("still open here: 1")
    expect(there).to_have_count(0)
    screens.shot(page, "phone")
    notice.get_by_role("link", name=f"Show the alerts of {AFTER}").press("Enter")
    expect(there).to_contain_text(AFTER)
    expect(_notice(page)).to_be_visible()


def test_an_officer_s_open_alert_stays_where_it_is(
    world: World, screens: Screens, duty: Duty, successor: DeploymentRow
) -> None:
    sent = duty.decide(duty.alert(), VIABLE, VIABLE)
    width, height = PHONE
    where = f"/officer/alerts/{sent.alert_id}"
    page = _open(world, screens, "officer", where, viewport={"width": width, "height": height})
    acknowledge = page.get_by_role("button", name="Acknowledge")
    before = acknowledge.bounding_box()

    _hand_over(world, duty, successor)

    _notice(page)
    _demand_same(page)
    assert acknowledge.bounding_box() == before
    screens.shot(page, "phone-alert", whole=True)
    acknowledge.click()
    expect(page.locator("#alert")).to_have_attribute("data-step", "decide")


def test_whoever_was_away_is_told_once_they_are_back(
    world: World, screens: Screens, duty: Duty, successor: DeploymentRow
) -> None:
    """What was missed is told by the stream as it goes on, without a reload."""
    screens.expect("ERR_FAILED")
    page = world.screen(screens, "operator", duty.console)
    page.route("**/events?*", lambda route: route.abort())
    page.reload()
    expect(page.locator("[data-connection='off']").first).to_be_visible()
    page.evaluate("() => { window.sameAsBefore = true; }")
    _hand_over(world, duty, successor)
    page.wait_for_timeout(500)  # it would have come by now
    expect(page.locator(".follow")).to_have_count(0)

    page.unroute("**/events?*")

    expect(page.locator("[data-connection='on']").first).to_be_visible()
    _notice(page)
    _demand_same(page)
