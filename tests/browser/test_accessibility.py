"""Every page in each of its states, in both themes: axe's rules, the Tab key, sizes, small screens.

What no program can tell (whether words are clear, whether an order makes sense) is not tested
here; what it can tell holds without exception.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gallery import EXPIRES_AFTER_S, World, a_world, filled
from inspection import not_by_keyboard, too_small, too_wide, violations
from playwright.sync_api import Page, expect
from screens import DESK, PHONE, Screens, served_here

from overt.people.office import Office
from overt.web.pages.demonstration import Demonstration, demonstrated, guard_of


def _nothing(_page: Page) -> None:
    """Leave a page as it is."""


def _press(name: str) -> Callable[[Page], None]:
    def prepare(page: Page) -> None:
        page.get_by_role("button", name=name).first.click()
        page.wait_for_load_state()

    return prepare


def _verify(page: Page) -> None:
    """Wait for the result as well: until it is there, the page loads itself anew."""
    _press("Verify now")(page)
    expect(page.get_by_role("heading", name="What was looked at")).to_be_visible()


def _expire(page: Page) -> None:
    """Wait until nobody can have answered in time, and ask for the pictures as well."""
    expired = page.get_by_text("Expired, not live.")
    expect(expired).to_be_visible(timeout=2_000 * EXPIRES_AFTER_S)
    page.get_by_role("link", name="Show the two pictures").click()
    expect(page.get_by_role("img", name="The picture on the list")).to_be_visible()
    expect(page.get_by_text("Speak to them")).to_be_hidden()


def _fill_in_account(page: Page) -> None:
    for name, words in {
        "name": f"newcomer-{time.time_ns()}",
        "full_name": "Example Newcomer",
        "unit": "croydon-north",
        "rank": "constable",
    }.items():
        page.locator(f"#{name}").fill(words)
    page.get_by_label("Operator").check()
    _press("Add")(page)


def _unfold(page: Page) -> None:
    """Open whatever is folded away."""
    for each in page.locator("details:not([open]) > summary").all():
        if each.is_visible():
            each.click()


@dataclass(frozen=True, slots=True)
class View:
    """A page in one of its states: who looks, where, what they do first, and on what screen.

    `where` is an address, or the name of one in the world. `answers` is the status that the page
    rightly comes with, which a browser complains of.
    """

    name: str
    who: str
    where: str
    prepare: Callable[[Page], None] = _nothing
    answers: int = 200
    phone: bool = False


VIEWS = (
    View("sign-in", "", "/sign-in"),
    View("sign-in, wrong", "", "/sign-in", _press("Sign in"), 422),
    View("sign-in, elsewhere", "", "/audit", answers=401),
    View("nothing there", "operator", "/nowhere", answers=404),
    View("not allowed", "operator", "/people", answers=403),
    View("first page", "applicant", "/"),
    View("application", "applicant", "/deployments/new"),
    View("application, wrong", "applicant", "/deployments/new", _press("Check it only"), 422),
    View("draft", "applicant", "draft", _unfold),
    View("list", "applicant", "draft/list", _unfold),
    View("list, searched", "applicant", "draft/list", _press("Find")),
    View("submitted, list to approve", "commander", "unapproved", _unfold),
    View("submitted, to authorise", "authoriser", "submitted", _unfold),
    View("to authorise, wrong", "authoriser", "submitted", _press("Authorise these terms"), 422),
    View("urgent", "authoriser", "urgent", _unfold),
    View("authorised", "operator", "authorised", _unfold),
    View("live", "commander", "live", _unfold),
    View("ended", "commander", "ended", _unfold),
    View("closed", "authoriser", "closed", _unfold),
    View("reviewed", "auditor", "reviewed"),
    View("refused", "applicant", "refused"),
    View("notice", "applicant", "draft/notice"),
    View("public record", "auditor", "reviewed/record"),
    View("command", "commander", "live/command", _unfold),
    View("command, ended", "commander", "ended/command"),
    View("command, handed over", "commander", "handed over/command", _unfold),
    View("console", "operator", "live/console", _unfold),
    View("console, keys", "operator", "live/console", _press("Keys")),
    View("console, looking on", "commander", "live/console"),
    View("console, ended", "operator", "ended/console"),
    View("console, handed over", "operator", "handed over/console", _unfold),
    View("alert, new", "operator", "alert-new"),
    View("alert, mine", "operator", "alert-mine"),
    View("alert, wrong", "operator", "alert-mine", _press("Send the decision"), 422),
    View("alert, held", "operator", "alert-held"),
    View("alert, waiting", "second", "alert-waiting"),
    View("alert, not sent", "operator", "alert-unsent"),
    View("alert, sent", "operator", "alert-sent"),
    View("alert, closed", "operator", "alert-closed"),
    View("alert, handed over", "operator", "alert-handed over"),
    View("phone", "officer", "/officer", _unfold, phone=True),
    View("phone, new", "officer", "officer-sent", phone=True),
    View("phone, a colleague's", "officer", "officer-taken", phone=True),
    View("phone, to decide", "officer", "officer-decided", phone=True),
    View("phone, the stop", "officer", "officer-stopped", _unfold, phone=True),
    View("phone, the outcome", "officer", "officer-outcome", _unfold, phone=True),
    View("phone, handed over", "officer", "officer-handed over", phone=True),
    View("phone, expired", "officer", "officer-expired", _expire, phone=True),
    View("phone, slip", "officer", "slip", phone=True),
    View("people", "admin", "/people"),
    View("people, looked at", "auditor", "/people"),
    View("new account", "admin", "/people/new"),
    View("new account, wrong", "admin", "/people/new", _press("Add"), 422),
    View("account added", "admin", "/people/new", _fill_in_account),
    View("account", "admin", "account", _unfold),
    View("account, wrong", "admin", "account", _press("Close"), 422),
    View("account, looked at", "auditor", "account"),
    View("settings", "admin", "/settings", _unfold),
    View("oversight", "auditor", "/audit"),
    View("log", "auditor", "/audit/entries", _unfold),
    View("entry", "auditor", "/audit/entries/0"),
    View("verification", "auditor", "/audit/verification"),
    View("verified", "auditor", "/audit", _verify),
    View("deletions", "authoriser", "/deletions", _unfold),
    View("hold", "authoriser", "/deletions/holds/new"),
    View("hold, wrong", "authoriser", "/deletions/holds/new", _press("Keep it"), 422),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("gallery")) as made:
        yield filled(made)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_everybody_can_use_the_page(world: World, screens: Screens, view: View) -> None:
    """WCAG 2.2 AA as far as a program sees it, in both themes, by keyboard, and on small screens."""
    if view.answers != 200:
        screens.expect(rf"status of {view.answers}")
    name, _, rest = view.where.partition("/") if not view.where.startswith("/") else ("", "", "")
    path = f"{world.paths[name]}/{rest}".rstrip("/") if name else view.where
    width, height = PHONE if view.phone else DESK
    page = world.screen(
        screens, view.who, path, viewport={"width": width, "height": height}, has_touch=view.phone
    )
    view.prepare(page)
    _demand_usable(screens, page, view.name)


def test_everybody_can_use_the_demonstrations_first_page(
    screens: Screens, tmp_path: Path, open_office: Callable[[Path], Office]
) -> None:
    office = open_office(tmp_path)
    app = demonstrated(office, Demonstration.begin(office))
    with served_here(guard_of(app, office)) as address:
        page = screens.at(address, {}).anybodys()
        page.goto("/sign-in")
        _demand_usable(screens, page, "demonstration")
        page.get_by_role("button", name="Drawn Auditor").click()
        expect(page.get_by_text("Demonstration: everybody here is drawn")).to_be_visible()
        assert page.locator(".who .name").inner_text().startswith("Drawn Auditor")


def _demand_usable(screens: Screens, page: Page, name: str) -> None:
    wrong = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        screens.shot(page, f"{name}-{scheme}".replace(", ", "-").replace(" ", "-"))
        wrong += [f"{scheme}: {each}" for each in violations(page)]
    wrong += too_small(page)
    wrong += too_wide(page)
    wrong += not_by_keyboard(page)
    assert not wrong, "\n".join(wrong)
