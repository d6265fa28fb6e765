"""People at screens: a real server, and for each of them a real browser of their own.

Whoever sits at a screen has signed in through the sign-in page, with a password and a one-time
code. Whatever a browser complains of (a script's error, something the content security policy
blocked, a file that is missing) is a fault unless the test has said that it is to come.
"""

import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyotp
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebError, expect
from starlette.types import ASGIApp

from overt.people.accounts import Credentials, NewAccount, add
from overt.people.office import Office
from overt.people.permissions import Person
from overt.vocabulary import Role
from rehearsals import start_overt

UNIT = "croydon"
STEP_S = 30
"""How long a one-time code is the current one."""

_ENDING_S = 60.0

expect.set_options(timeout=60_000)

DESK, PHONE = (1440, 900), (390, 844)
"""What is seen at once: a van's screen, and a phone held upright."""

TO_COME = (
    # A page that may make a sound tries, and says that it waits for a key or a button.
    r"AudioContext was not allowed to start",
)
"""What a browser complains of on any page, and rightly."""

OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

TEAM: Mapping[str, tuple[Role, str]] = {
    "applicant": (Role.APPLICANT, "sergeant"),
    "commander": (Role.COMMANDER, "chief inspector"),
    "authoriser": (Role.AUTHORISING_OFFICER, "superintendent"),
    "operator": (Role.OPERATOR, "constable"),
    "second": (Role.OPERATOR, "constable"),
    "officer": (Role.ENGAGEMENT_OFFICER, "constable"),
    "auditor": (Role.AUDITOR, "civilian"),
    "admin": (Role.ADMINISTRATOR, "civilian"),
}
"""A unit's people by the names of their accounts: the role of each, and the rank."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with an account, and what they sign in with."""

    person: Person
    credentials: Credentials


Team = Mapping[str, Member]


def a_team(office: Office, unit: str = UNIT) -> dict[str, Member]:
    """Give everybody of `TEAM` an account in an office that has none yet."""
    team: dict[str, Member] = {}
    for name in ("admin", *(each for each in TEAM if each != "admin")):
        role, rank = TEAM[name]
        by = team["admin"].person if team else None
        wanted = NewAccount(
            name, f"Example {name.title()}", unit, rank, frozenset({role}), date(2099, 1, 1)
        )
        made = add(office, by, wanted)
        person = Person(made.account_id, name, wanted.full_name, unit, rank, wanted.roles)
        team[name] = Member(person, made)
    return team


@contextmanager
def served_by_command(home: Path) -> Iterator[str]:
    """Run `overt serve` on a home in a process of its own, and give its address."""
    complaints: list[str] = []
    with start_overt("serve", "--port", "0", home=home) as process:
        assert process.stderr is not None
        reading = threading.Thread(target=complaints.extend, args=(process.stderr,), daemon=True)
        reading.start()
        try:
            yield _address(process)
        finally:
            process.terminate()
            try:
                process.wait(_ENDING_S)
            finally:
                process.kill()
            reading.join(_ENDING_S)
    assert "Traceback" not in "".join(complaints), "".join(complaints)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise AssertionError(f"it never listened, and ended with {process.wait()}")


@contextmanager
def served_here(app: ASGIApp) -> Iterator[str]:
    """Serve an application from a thread of this process, its office at hand; give its address."""
    config = uvicorn.Config(
        app,
        port=0,
        log_config=None,  # or its loggers would stay as it sets them, for every test to come
        log_level="warning",
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="server", daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(60)
    assert not thread.is_alive(), "the server did not stop"


@dataclass  # without slots: Playwright marks whoever listens to it
class Screens:
    """The screens of one test: who sits at which, what they complained of, and their pictures."""

    browser: Browser
    folder: Path
    address: str = ""
    team: Team = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)
    _steps: dict[str, int] = field(default_factory=dict)
    _shots: int = 0

    def at(self, address: str, team: Team) -> "Screens":
        """Say where the server is, and who has accounts on it."""
        self.address, self.team = address, team
        return self

    def expect(self, *patterns: str) -> None:
        """Say what a browser will rightly complain of, as regular expressions."""
        self._expected += patterns

    def of(self, name: str, **settings: Any) -> Page:
        """Return a screen at which somebody of the team has just signed in.

        `settings` are Playwright's of a context, such as `color_scheme` and `bypass_csp`.
        """
        page = self.anybodys(**settings)
        self.sign_in(page, name)
        return page

    def phone_of(self, name: str, **settings: Any) -> Page:
        """Return the same as a phone's."""
        return self.of(name, viewport=_size(PHONE), has_touch=True, is_mobile=True, **settings)

    def anybodys(self, **settings: Any) -> Page:
        """Return a screen at which nobody has signed in yet."""
        context = self.browser.new_context(
            base_url=self.address,
            locale="en-GB",
            **{"viewport": _size(DESK), "reduced_motion": "reduce"} | settings,
        )
        context.on("console", self._heard)
        context.on("weberror", self._failed)
        context.set_default_timeout(60_000)
        self._contexts.append(context)
        return context.new_page()

    def sign_in(self, page: Page, name: str) -> None:
        """Sign in as a person does."""
        page.goto("/sign-in")
        page.get_by_label("Name of your account").fill(name)
        page.get_by_label("Password").fill(self.team[name].credentials.password)
        page.get_by_label("One-time code").fill(self._code(name))
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: not url.endswith("/sign-in"))

    def shot(self, page: Page, name: str, *, whole: bool = False) -> Path:
        """Keep a picture of a screen among the artefacts, numbered in the order of the story."""
        self._shots += 1
        path = self.folder / f"{self._shots:02d}-{name}.png"
        page.screenshot(path=path, full_page=whole)
        return path

    def close(self) -> None:
        """Close every browser."""
        while self._contexts:
            self._contexts.pop().close()

    def _code(self, name: str) -> str:
        """Return a code that this account has not used: one is good once, and a step early too."""
        now = int(time.time()) // STEP_S
        step = max(now, self._steps.get(name, 0) + 1)
        self._steps[name] = step
        time.sleep(max(0.0, (step - 1) * STEP_S - time.time()))
        at = datetime.fromtimestamp(step * STEP_S, UTC)
        return pyotp.TOTP(self.team[name].credentials.totp_secret).at(at)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._note(f"{message.text} ({message.location.get('url', '')})")

    def _failed(self, error: WebError) -> None:
        self._note(f"{error.error}")

    def _note(self, fault: str) -> None:
        if not any(re.search(each, fault) for each in (*TO_COME, *self._expected)):
            self.faults.append(fault)


def _size(size: tuple[int, int]) -> dict[str, int]:
    return {"width": size[0], "height": size[1]}
