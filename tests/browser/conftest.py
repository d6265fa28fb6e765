"""Fixtures: Debian's Chromium, driven by Playwright, and an office with people to look at it."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from console_world import Duty
from gallery import World, a_world
from playwright.sync_api import Browser, sync_playwright
from screens import OPTIONS, Screens

from overt.home import Home
from overt.people.office import Office
from overt.vocabulary import DeploymentState


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    found = shutil.which("chromium")
    if found is None:
        remedy = "Install it: apt-get install chromium."
        if "chromium" in os.environ.get("OVERT_REQUIRE", "").split(","):
            pytest.fail(f"chromium is required here and missing. {remedy}")
        pytest.skip(f"chromium is missing. {remedy}")
    return found


# Of a module, not of the session: while Playwright is there, an event loop of its own runs in
# this thread, and no other test could begin one.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A running Chromium; each screen has a context of its own in it."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        try:
            yield running
        finally:
            running.close()


@pytest.fixture
def artefacts(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder for this test's pictures: in OVERT_ARTEFACTS, or where its other files lie."""
    named = os.environ.get("OVERT_ARTEFACTS")
    if not named:
        return tmp_path
    folder = Path(named) / re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


@pytest.fixture
def screens(browser: Browser, artefacts: Path) -> Iterator[Screens]:
    """Screens to sit at; whatever a browser complained of meanwhile fails the test."""
    made = Screens(browser, artefacts)
    try:
        yield made
    finally:
        made.close()
    assert not made.faults, "\n".join(made.faults)


@pytest.fixture
def open_office() -> Iterator[Callable[[Path], Office]]:
    """Open offices on folders; they are closed at the end."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(Office.open(Home(folder)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A service with a team of each role."""
    with a_world(tmp_path) as made:
        yield made


@pytest.fixture
def duty(world: World) -> Duty:
    """A live deployment in it, with an operator and another who may decide."""
    made = Duty(world.scene, world.deployment(DeploymentState.LIVE))
    made.operator, made.second = (world.team[each].person for each in ("operator", "second"))
    return made
