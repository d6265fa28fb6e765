"""An operator without a mouse: from the alert's arrival to the decision, by keys alone."""

import re

from console_world import VIABLE, Duty
from gallery import World
from playwright.sync_api import Page, expect
from screens import Screens
from steps import card

from overt.vocabulary import AlertStage


def _at_console(world: World, screens: Screens, duty: Duty, who: str) -> Page:
    page = world.screen(screens, who, duty.console)
    expect(page.locator("[data-connection='on']").first).to_be_visible()
    return page


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        words = page.evaluate(
            "() => { const at = document.activeElement;"
            " return at === document.body ? '' : (at.labels?.[0] || at).innerText || ''; }"
        )
        if re.search(name, " ".join(words.split())):
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_an_alert_is_decided_with_keys_alone(world: World, screens: Screens, duty: Duty) -> None:
    """R-43, R-44: from its arrival to the decision; nothing is chosen beforehand."""
    page = _at_console(world, screens, duty, "operator")
    world.scene.clock()
    place = duty.alert()
    expect(card(page, AlertStage.NEW)).to_be_visible()
    expect(page.locator("#told")).to_contain_text("New alert")
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    screens.shot(page, "arrived")

    page.keyboard.press("j")
    expect(page.locator(":focus")).to_contain_text("Open")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/alerts/{place.alert_id}")
    expect(page.locator("[data-face]")).to_have_count(2)
    expect(page.locator("#decide :checked")).to_have_count(0)
    for key in ("1", "s", "e"):
        page.keyboard.press(key)
    screens.shot(page, "chosen")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/console")

    expect(card(page, AlertStage.WAITING)).to_be_visible()
    assert duty.decided(place) == [(duty.operator.account_id, VIABLE)]


def test_whoever_switches_the_keys_off_decides_with_tab_and_space(
    world: World, screens: Screens, duty: Duty
) -> None:
    """WCAG 2.2, 2.1.1 and 2.1.4: everything without one of the keys of a letter."""
    world.scene.clock()
    place = duty.decide(duty.alert(), VIABLE)
    page = _at_console(world, screens, duty, "second")
    _tab_to(page, "^Keys$")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Keys of a single letter")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    _tab_to(page, "^Open")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/alerts/{place.alert_id}")

    page.keyboard.press("2")
    expect(page.locator("#decide :checked")).to_have_count(0)
    _tab_to(page, "^Viable")
    page.keyboard.press("Space")
    _tab_to(page, "^Subject")
    page.keyboard.press("Space")
    _tab_to(page, "Send the decision")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console")

    expect(card(page, AlertStage.SENT)).to_be_attached()
    assert [by for by, _ in duty.decided(place)] == [
        duty.operator.account_id,
        duty.second.account_id,
    ]


def test_a_form_that_says_too_little_brings_the_focus_to_what_is_wrong(
    world: World, screens: Screens, duty: Duty
) -> None:
    screens.expect("status of 422")
    world.scene.clock()
    duty.alert()
    page = _at_console(world, screens, duty, "operator")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/*")
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/decide")

    expect(page.get_by_role("alert").first).to_be_focused()
    expect(page.locator("#decision :checked")).to_have_count(1)
    expect(page.locator("#factors-wrong")).to_be_visible()
