"""A press on a card of the queue is that card's, whatever arrives while the button is down."""

from collections.abc import Callable
from datetime import timedelta

from console_world import Duty
from gallery import World
from playwright.sync_api import Page, expect
from screens import Screens
from steps import card, press_for_long

from overt.storage import AlertPlace


def _press(page: Page) -> None:
    page.mouse.down()


def _pressed(
    world: World, screens: Screens, duty: Duty, press: Callable[[Page], None] = _press
) -> tuple[Page, AlertPlace, AlertPlace]:
    """Hold the first alert's button down while an earlier one comes to stand before it."""
    now = world.scene.clock()
    first = duty.alert()
    page = world.screen(screens, "operator", duty.console)
    expect(page.locator("[data-connection='on']").first).to_be_visible()
    box = card(page).get_by_role("button", name="Open").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    press(page)
    return page, first, duty.alert(captured_at=now - timedelta(minutes=1))


def test_what_arrives_during_a_press_does_not_take_it(
    world: World, screens: Screens, duty: Duty
) -> None:
    page, first, _ = _pressed(world, screens, duty, press_for_long)
    page.wait_for_timeout(1000)  # it would have come by now

    page.mouse.up()

    page.wait_for_url(f"**/alerts/{first.alert_id}")


def test_an_alert_is_seen_however_long_a_press_lasts(
    world: World, screens: Screens, duty: Duty
) -> None:
    page, _, earlier = _pressed(world, screens, duty)

    expect(page.locator(".queue .card").first).to_have_attribute("data-alert", earlier.alert_id)
    page.mouse.up()


def test_whatever_is_said_of_the_sound_the_queue_stays_where_it_is(
    world: World, screens: Screens, duty: Duty
) -> None:
    """The first press changes those words, and would miss a card that moved from under it."""
    duty.alert()
    page = world.screen(screens, "operator", duty.console)
    expect(card(page)).to_be_visible()
    page.evaluate("document.querySelector('.head h1').textContent = 'Long name, '.repeat(5)")
    moved = {}
    for width in range(400, 1500, 60):
        page.set_viewport_size({"width": width, "height": 800})
        tops = []
        for words in ("Sound is off until you press any key or button.", "Sound is on."):
            page.evaluate(
                "words => document.querySelector('#sound-words').textContent = words", words
            )
            box = card(page).bounding_box()
            assert box is not None
            tops.append(box["y"])
        if tops[0] != tops[1]:
            moved[width] = tops

    assert not moved
