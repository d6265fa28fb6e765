"""Signing in, in a browser: where people come from and go to, and what a browser holds then."""

from collections.abc import Callable
from pathlib import Path

import pytest
from screens import Screens, a_team, served_by_command, served_here

from overt.people.office import Office
from overt.web.app import guarded


def test_a_person_signs_in_through_the_page_and_leaves_nothing_behind(
    screens: Screens, tmp_path: Path, open_office: Callable[[Path], Office]
) -> None:
    team = a_team(open_office(tmp_path))
    screens.expect("status of 401")
    with served_by_command(tmp_path) as address:
        page = screens.at(address, team).anybodys()
        page.goto("/audit")
        assert page.get_by_role("heading", level=1).inner_text() == "Sign in"

        screens.sign_in(page, "auditor")
        (cookie,) = page.context.cookies()
        assert cookie["httpOnly"]
        assert cookie["secure"]
        assert cookie["sameSite"] == "Strict"

        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in")
        assert page.context.cookies() == []
        page.go_back()
        assert page.get_by_role("heading", level=1).inner_text() == "Sign in"
        screens.shot(page, "signed-out")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_theme_is_chosen_against_the_devices_wish(
    screens: Screens, tmp_path: Path, open_office: Callable[[Path], Office], scheme: str
) -> None:
    office = open_office(tmp_path)
    with served_here(guarded(office)) as address:
        page = screens.at(address, a_team(office)).anybodys(color_scheme=scheme)
        page.goto("/sign-in")
        wanted = page.get_by_role("button", name="screen").inner_text().split()[0]
        page.get_by_role("button", name=f"{wanted} screen").click()

        assert page.locator("html").get_attribute("data-theme") == wanted.lower()
        ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert ground == {"Dark": "rgb(12, 20, 27)", "Light": "rgb(244, 246, 248)"}[wanted]
