"""What people do on the pages, step by step, as they do it: fields, choices and buttons.

Nothing here knows the rooms below; a page that no person could use stops a step.
"""

import re

from playwright.sync_api import Error, Locator, Page, expect
from street import ANSWERS, CHOICES, window

DRAFTED_MS = 120_000
"""Enrolling a short list takes seconds; a machine that does much else takes its time."""

RAISED_MS = 150_000


def go(page: Page, path: str) -> None:
    """Open a page, also where the one at hand is just loading itself anew, as others act."""
    try:
        page.goto(path)
    except Error as error:
        if not re.search("ERR_ABORTED|interrupted by another navigation", error.message):
            raise
        page.wait_for_load_state()
        page.goto(path)


def fill_in_application(page: Page) -> None:
    """Fill in the guided form for the drawn street."""
    page.goto("/deployments/new")
    for name, answer in {**ANSWERS, **window()}.items():
        page.locator(f"[id='{name}']").fill(answer)
    for name, choice in CHOICES.items():
        page.locator(f"[id='{name}']").select_option(choice)
    page.locator("#kind").get_by_label("Rehearsal").check()
    page.locator("#use_case").get_by_label("specific intelligence").check()


def draft(page: Page) -> str:
    """Send the application off, wait for its list, and return the deployment's id."""
    page.get_by_role("button", name="Draft the deployment").click()
    page.wait_for_url(re.compile(r"/deployments/(drafting/)?[0-9a-f]{32}$"))
    over = page.locator(".note.bad, section.act")
    expect(over.first).to_be_visible(timeout=DRAFTED_MS)
    _demand_done(page)
    return page.url.rpartition("/")[2]


def act(page: Page, deployment_id: str, button: str, reason: str = "") -> None:
    """Do one act on a deployment's page, with its reason where it asks for one."""
    go(page, f"/deployments/{deployment_id}")
    form = page.locator("form", has=page.get_by_role("button", name=button))
    if reason:
        form.get_by_role("textbox").fill(reason)
    for sure in form.get_by_role("checkbox").all():
        sure.check()
    form.get_by_role("button", name=button).click()
    page.wait_for_load_state()
    _demand_done(page)


def _demand_done(page: Page) -> None:
    refusals = [each.inner_text() for each in page.locator(".note.bad").all() if each.is_visible()]
    assert not refusals, refusals


def state_of(page: Page, deployment_id: str) -> str:
    """Return where a deployment stands, as its page says."""
    go(page, f"/deployments/{deployment_id}")
    return page.locator("h1 ~ .bar .state").first.inner_text().lower()


def open_console(page: Page, deployment_id: str) -> None:
    """Sit down at the console, unless one sits there, and wait until it is live and connected."""
    if not page.url.endswith("/console"):
        page.goto(f"/deployments/{deployment_id}/console")
    # It shows by itself that the deployment has begun; models and list are loaded before.
    expect(page.locator(".console[data-state='live']")).to_be_visible(timeout=RAISED_MS)
    expect(page.locator("[data-connection='on']").first).to_be_visible()


def press_for_long(page: Page) -> None:
    """Press the mouse's button so that the queue stands still until it is let go.

    It does so for two seconds at most, and for that long a busy machine may pause.
    """
    page.evaluate(
        """() => {
          const plain = window.setTimeout;
          window.setTimeout = (act, ms, ...more) => plain(act, ms === 2000 ? 60_000 : ms, ...more);
        }"""
    )
    page.mouse.down()


def card(page: Page, stage: str = "") -> Locator:
    """Return the first alert's card of the queue, or the first at a stage."""
    cards = page.locator(f".card[data-stage='{stage}']" if stage else ".card[data-alert]")
    return cards.first


def open_alert(page: Page) -> None:
    """Open the first alert that waits for a decision, which claims it."""
    page.locator(".queue .card").get_by_role("button", name="Open").first.click()
    page.wait_for_url(re.compile(r"/alerts/[0-9a-f]{32}$"))
    expect(page.locator("[data-face]")).to_have_count(2)


def send_decision(page: Page, decision: str, *factors: str) -> None:
    """Decide on the alert at hand, and go back to the queue."""
    page.locator("#decision").get_by_label(decision).check()
    for factor in factors:
        page.locator("#factors").get_by_label(factor).check()
    page.get_by_role("button", name="Send the decision").click()
    page.wait_for_url("**/console")
