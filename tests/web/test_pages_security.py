"""What an attacker tries on the pages, on every route there is."""

import html
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode, urljoin, urlsplit

import pyotp
import pytest
from desk_world import LISTED, Desk, a_desk, links
from every_route import Route, Town, Visitor, every_route
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages_world import HOST, Browser, Shown, signed_in

from acts import HERE, THERE, change_behind
from overt.audit.events import RunEnded
from overt.cli.serving import listening, serve_until_stopped
from overt.logs.pipe import written
from overt.logs.settings import LogFormat, LogLevel
from overt.people.accounts import Credentials
from overt.people.permissions import EVERYWHERE, MATRIX
from overt.retention.erasure import destroy_list, erase_alert
from overt.review.holds import HoldRequest, place_hold
from overt.vocabulary import Act, Role
from overt.web.app import make_app
from overt.web.cookies import COOKIE, FIELD, form_token
from overt.web.guard import Guard
from overt.web.paths import is_api, is_open

_JPEG = b"\xff\xd8\xff"
_SEE_FACES = MATRIX[Act.ALERT_SEE_FACE].roles | MATRIX[Act.WATCHLIST_SEE_FACE].roles
_SEE_NAMES = MATRIX[Act.WATCHLIST_SEE].roles | MATRIX[Act.ALERT_SEE_FACE].roles
_GETS = every_route("GET")
_PAGE_POSTS = every_route("POST", api=False)
_HOSTILE = (
    """"><script>alert(1)</script><img src=x onerror=alert(1)>'{{613*619}}{% raise %}${613*619}"""
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town for tests that leave it as it is."""
    with a_desk(tmp_path_factory.mktemp("town")) as made:
        yield a_town(made)


def a_town(desk: Desk) -> Town:
    """One of everything in one unit, and people of every role in two."""
    for unit in (HERE, THERE):
        for role in Role:
            desk.scene.person(role, unit)
    row = desk.live(name="Only here")
    place = desk.alert(row)
    officer = desk.scene.person(Role.AUTHORISING_OFFICER)
    until = desk.scene.clock.now + timedelta(days=20)
    hold = place_hold(
        desk.scene.office, officer, HoldRequest(place, "CR/17/26", "DC Alan Kay 789", until)
    )
    desk.scene.office.log.checkpoint()
    return Town(desk, row, place, hold)


def _shows_nobody(shown: Shown, where: object) -> None:
    assert _JPEG not in shown.body, where
    text = shown.body.decode("utf-8", "replace")
    for each in LISTED:
        assert each not in text, (where, each)


# --- headers --------------------------------------------------------------------------------

_EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def _policy(shown: Shown) -> dict[str, str]:
    parts = (each.strip().partition(" ") for each in shown.headers[_CSP].split(";"))
    return {name: value for name, _, value in parts}


_CSP = "content-security-policy"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/sign-in", 200),
        ("GET", "/people", 403),
        ("GET", "/no-such-page", 404),
        ("POST", "/", 405),
        ("POST", "/sign-out", 403),
        ("GET", "/static/x/overt.css", 200),
        ("GET", "/static/x/none.css", 404),
        ("GET", "/api/v1/health", 200),
        ("GET", "/api/v1/me", 200),
        ("GET", "/api/v1/none", 404),
        ("GET", "/api/v1/accounts", 403),
        ("GET", "/api/v1/openapi.json", 200),
    ],
)
def test_every_kind_of_answer_carries_its_headers(
    town: Town, method: str, path: str, status: int
) -> None:
    visitor = town.visitor(town.desk.scene.person(Role.OPERATOR))
    shown = visitor.post(path) if path == "/" and method == "POST" else visitor.ask(method, path)

    assert shown.status == status
    for name, value in _EVERYWHERE.items():
        assert shown.headers[name] == value
    assert "camera=()" in shown.headers["permissions-policy"]
    policy = _policy(shown)
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in shown.headers[_CSP]
    assert "*" not in shown.headers[_CSP]
    assert "http" not in shown.headers[_CSP]
    if path.startswith("/static/") and status == 200:
        assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    else:
        assert shown.headers["cache-control"] == "no-store"
    if not is_api(path) and not path.startswith("/static/"):
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["base-uri"] == "'none'"


def test_what_nobody_is_signed_in_for_carries_them_too(desk: Desk) -> None:
    for method, path in (("GET", "/people"), ("POST", "/people/new"), ("GET", "/api/v1/me")):
        shown = Visitor(desk.app).ask(method, path)
        assert shown.status == 401
        assert shown.headers["cache-control"] == "no-store"
        assert _EVERYWHERE.items() <= shown.headers.items()
    large = Visitor(desk.app).ask("POST", "/sign-in", b"a" * (64 * 1024 + 1))
    assert large.status == 413
    assert _EVERYWHERE.items() <= large.headers.items()


# --- requests that other sites forge --------------------------------------------------------


def _stored(desk: Desk) -> list[str]:
    """Everything in the record."""
    with closing(sqlite3.connect(desk.scene.office.home.database)) as connection:
        return list(connection.iterdump())


_FORGED: dict[str, tuple[dict[str, str], str]] = {
    "without the token": ({}, ""),
    "with the token of another session": ({}, "theirs"),
    "with the session's own token": ({}, "cookie"),
    "from another site": ({"sec-fetch-site": "cross-site"}, "own"),
    "from another host of the site": ({"sec-fetch-site": "same-site"}, "own"),
    "of a foreign origin": ({"sec-fetch-site": "", "origin": "https://evil.test"}, "own"),
    "of no origin": ({"sec-fetch-site": "", "origin": "null"}, "own"),
    "of a longer host": ({"sec-fetch-site": "", "origin": f"https://{HOST}.evil.test"}, "own"),
    "from another site, in a header": ({"sec-fetch-site": "cross-site", "x-overt-csrf": "own"}, ""),
    "with two tokens": ({}, "own twice"),
}


def _forged(route: Route, path: str, visitor: Visitor, how: str, theirs: str) -> Shown:
    headers, proof = _FORGED[how]
    own = form_token(visitor.token)
    sent = {
        "": "",
        "own": f"{FIELD}={own}",
        "own twice": f"{FIELD}={own}&{FIELD}={own}",
        "theirs": f"{FIELD}={form_token(theirs)}",
        "cookie": f"{FIELD}={visitor.token}",
    }[proof]
    given = {name: own if value == "own" else value for name, value in headers.items()}
    asking = replace(visitor, headers=given)
    return asking.ask("POST", path, f"{sent}&sure=yes&reason=forged".encode())


@pytest.mark.parametrize("how", list(_FORGED))
def test_no_form_is_taken_that_is_not_ours(town: Town, how: str) -> None:
    """Every POST route of the pages; nothing changes, not even the log."""
    scene = town.desk.scene
    posts = [each for each in _PAGE_POSTS if not is_open("POST", each.path)]
    visitors = {role: town.visitor(scene.person(role)) for role in Role}
    theirs = signed_in(scene, scene.person(Role.OPERATOR, THERE))
    before = _stored(town.desk)

    for route in posts:
        for role in _doing(route):
            shown = _forged(route, route.filled(town.ids()), visitors[role], how, theirs)
            assert shown.status == 403, (route.path, role, how)
            assert "did not come from a page of this service" in shown.text
            assert not shown.cookies

    assert len(posts) >= 10
    assert _stored(town.desk) == before


def test_what_is_open_to_all_changes_little_and_only_from_here(desk: Desk) -> None:
    """Signing in and the theme of the screen, which is a browser's own, need no session."""
    opened = {each.path for each in _PAGE_POSTS if is_open("POST", each.path)}
    assert opened <= {"/sign-in", "/theme"}
    for path in sorted(opened):
        for how, (headers, _) in _FORGED.items():
            if headers and "in a header" not in how:
                shown = Visitor(desk.app, headers=headers).post(path, {"theme": "dark"})
                assert (shown.status, shown.cookies) == (403, ()), (path, how)


def _doing(route: Route) -> list[Role]:
    """Roles that may do what a route does: those an attacker would want."""
    return sorted(MATRIX[Act(route.act)].roles) if route.act else [Role.OPERATOR]


def test_another_site_cannot_sign_somebody_in_as_somebody_else(desk: Desk) -> None:
    made = desk.hired()
    size = desk.size()
    sent = _credentials(desk, made)

    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        shown = Visitor(desk.app, headers=headers).post("/sign-in", sent)
        assert (shown.status, shown.cookies) == (403, ())
    assert desk.size() == size


# --- sessions -------------------------------------------------------------------------------


def _credentials(desk: Desk, made: Credentials, **changes: str) -> dict[str, str]:
    code = pyotp.TOTP(made.totp_secret).at(desk.scene.clock.now)
    return {"name": "ada", "password": made.password, "code": code, "onward": "/", **changes}


def _token(shown: Shown) -> str:
    (cookie,) = shown.cookies
    return cookie.partition("=")[2].partition(";")[0]


def test_signing_in_begins_a_session_that_was_never_there_before(desk: Desk) -> None:
    """Session fixation: what a browser carried before is dead after, and nothing is adopted."""
    made, before = desk.hired(), desk.as_(Role.OPERATOR)
    assert before.get("/").status == 200

    first = _token(before.post("/sign-in", _credentials(desk, made), csrf=""))

    assert first != before.token
    assert before.get("/").status == 401
    desk.scene.clock.forward(minutes=1)
    planted = Browser(desk.app, "planted-by-somebody-else")
    second = _token(planted.post("/sign-in", _credentials(desk, made), csrf=""))
    assert second not in {planted.token, first}
    assert planted.get("/").status == 401
    assert Browser(desk.app, second).get("/").status == 200
    assert Browser(desk.app, first).get("/").status == 200, "another browser of theirs goes on"


@pytest.mark.parametrize(
    "cookie",
    [
        f"{COOKIE}=TOKEN; {COOKIE}=other",
        f"{COOKIE}=other; {COOKIE}=TOKEN",
        f"{COOKIE}=TOKEN; {COOKIE}=TOKEN",
        "overt=TOKEN",
        "__Secure-overt=TOKEN",
        f"{COOKIE.lower()}=TOKEN",
        f"{COOKIE}2=TOKEN",
        f"x={COOKIE}=TOKEN",
        f"{COOKIE}=",
        f"{COOKIE}",
        f'{COOKIE}="TOKEN"',
    ],
)
def test_two_cookies_or_another_name_are_nobodys(desk: Desk, cookie: str) -> None:
    token = signed_in(desk.scene, desk.scene.person(Role.OPERATOR))
    browser = Browser(desk.app, more={"cookie": cookie.replace("TOKEN", token)})

    assert browser.get("/").status == 401


def test_the_cookie_has_every_flag_and_no_other_host(desk: Desk) -> None:
    entered = desk.as_(None).post("/sign-in", _credentials(desk, desk.hired()))

    (cookie,) = entered.cookies
    name, *flags = [each.strip() for each in cookie.split(";")]
    assert name.partition("=")[0] == COOKIE == "__Host-overt"
    assert len(_token(entered)) >= 43, "256 bits"
    assert set(flags) == {"Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=43200"}


def test_signing_out_kills_the_session_and_clears_the_browser(desk: Desk) -> None:
    browser = desk.as_(Role.OPERATOR)
    other = Browser(desk.app, signed_in(desk.scene, desk.scene.person(Role.OPERATOR)))

    left = browser.post("/sign-out")

    (cookie,) = left.cookies
    assert cookie.startswith(f"{COOKIE}=; Max-Age=0; ")
    assert {"Path=/", "Secure", "HttpOnly"} <= {each.strip() for each in cookie.split(";")}
    assert left.headers["clear-site-data"] == '"cache", "storage"'
    assert browser.get("/").status == 401
    assert other.get("/").status == 200


def test_the_themes_cookie_is_no_session_and_keeps_to_known_words(desk: Desk) -> None:
    browser = desk.as_(Role.OPERATOR)

    chosen = browser.post("/theme", {"theme": "dark", "onward": "/"})
    odd = browser.post("/theme", {"theme": 'x"; Domain=evil.test', "onward": "/"})

    assert "overt-theme=dark" in chosen.cookies[0]
    for flag in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert flag in chosen.cookies[0]
    assert "Max-Age=0" in odd.cookies[0]
    browser.more["cookie"] = f'{COOKIE}={browser.token}; overt-theme="><script>'
    assert "data-theme" not in browser.get("/").text


def test_wrong_attempts_lock_the_account_and_say_no_more(desk: Desk) -> None:
    made, anybody, wrong = desk.hired(), desk.as_(None), "not-this-one-at-all"

    for _ in range(5):
        shown = anybody.post("/sign-in", _credentials(desk, made) | {"password": wrong})
        assert (shown.status, shown.cookies) == (401, ())
        assert "The name, the password or the code is wrong." in shown.text
        assert wrong not in shown.text
        assert 'value="ada"' in shown.text
    nobody = anybody.post("/sign-in", _credentials(desk, made, name="nobody"))
    assert "The name, the password or the code is wrong." in nobody.text

    locked = anybody.post("/sign-in", _credentials(desk, made))
    assert locked.status == 401
    assert "The account is locked after wrong attempts." in locked.text
    desk.scene.clock.forward(minutes=16)
    assert anybody.post("/sign-in", _credentials(desk, made)).status == 303


def test_a_code_serves_once(desk: Desk) -> None:
    made, anybody = desk.hired(), desk.as_(None)
    sent = _credentials(desk, made)

    assert anybody.post("/sign-in", sent).status == 303
    assert anybody.post("/sign-in", sent).status == 401


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.test/",
        "//evil.test/",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "\t//evil.test",
        " //evil.test",
        "/\r\nset-cookie: a=b",
        "/x\x00",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.test",
        "/\u2028/evil.test",
        "/api/v1/me",
        "",
        "?",
        "/.//evil.test",
        "/%5cevil.test",
        "/%2f/evil.test",
    ],
)
def test_signing_in_and_choosing_a_theme_lead_to_no_other_site(desk: Desk, onward: str) -> None:
    entered = desk.as_(None).post("/sign-in", _credentials(desk, desk.hired(), onward=onward))
    themed = desk.as_(Role.OPERATOR).post("/theme", {"theme": "dark", "onward": onward})

    for shown in (entered, themed):
        where = shown.headers["location"]
        assert shown.status == 303
        assert urlsplit(urljoin(f"https://{HOST}/sign-in", where)).netloc == HOST
        assert not is_api(where)
        assert "set-cookie: a" not in where
    asked = desk.as_(None).get(f"/sign-in?onward={onward}" if onward.isascii() else "/sign-in")
    assert "evil.test" not in asked.text


def test_a_bearer_token_is_no_cookie_and_a_cookie_no_bearer_token(desk: Desk) -> None:
    token = signed_in(desk.scene, desk.scene.person(Role.ADMINISTRATOR))
    bearer = Visitor(desk.app, headers={"authorization": f"Bearer {token}"})
    cookie = Visitor(desk.app, headers={"cookie": f"{COOKIE}={token}"})

    assert bearer.get("/people").status == 401
    assert bearer.ask("POST", "/people/new", b"").status == 401
    assert cookie.get("/api/v1/accounts").status == 401
    assert bearer.get("/api/v1/accounts").status == cookie.get("/people").status == 200


# --- crawling -------------------------------------------------------------------------------


def test_nobody_signed_in_is_shown_nothing_by_any_address(town: Town) -> None:
    """Every GET route of pages, media and API."""
    anybody = town.visitor(None)
    for route in _GETS:
        path = route.filled(town.ids())
        shown = anybody.get(path)
        _shows_nobody(shown, path)
        if is_open("GET", path):
            assert shown.status in {200, 404}, path
            continue
        assert shown.status == 401, path
        if not is_api(path):
            assert 'name="password"' in shown.text, path
            assert town.row.name not in shown.text, path
    assert len(_GETS) >= 30


@pytest.mark.parametrize("role", sorted(set(Role)))
def test_no_role_is_shown_what_the_table_does_not_give_it(town: Town, role: Role) -> None:
    """R-61, R-62: by every address, whatever its id."""
    visitor = town.visitor(town.desk.scene.person(role))
    for route in _GETS:
        path = route.filled(town.ids())
        shown = visitor.get(path)
        where = (route.path, role)
        assert shown.status < 500 or path == "/events", where  # nothing runs here that sends
        if route.act and role not in MATRIX[Act(route.act)].roles:
            assert shown.status == 403, where
        if role not in _SEE_FACES or shown.status != 200:
            assert _JPEG not in shown.body, where
        if role not in _SEE_NAMES or shown.status != 200:
            _shows_nobody(shown, where)
        unknown = visitor.get(route.filled({}))
        if route.named & {"deployment_id", "alert_id", "hold_id", "account_id"}:
            assert unknown.status in {403, 404}, where


@pytest.mark.parametrize("role", sorted(set(Role) - EVERYWHERE))
def test_another_units_person_is_shown_nothing_of_it(town: Town, role: Role) -> None:
    """R-62: by object."""
    visitor = town.visitor(town.desk.scene.person(role, THERE))
    for route in _GETS:
        path = route.filled(town.ids())
        shown = visitor.get(path)
        where = (route.path, role)
        if route.named & {"deployment_id", "alert_id", "hold_id"}:
            assert shown.status in {403, 404}, where
        _shows_nobody(shown, where)
        if not (is_api(route.path) and "retention" in route.path):  # ids of deadlines, as ever
            text = shown.body.decode("utf-8", "replace").replace(path, "")  # a form's way back
            assert town.row.name not in text, where
            assert town.place.alert_id not in text, where


def test_after_signing_out_no_address_answers(town: Town) -> None:
    for role in (Role.OPERATOR, Role.AUDITOR, Role.ENGAGEMENT_OFFICER):
        visitor = town.visitor(town.desk.scene.person(role))
        assert visitor.post("/sign-out").status == 303
        for route in _GETS:
            path = route.filled(town.ids())
            if not is_open("GET", path):
                shown = visitor.get(path)
                assert shown.status == 401, (path, role)
                _shows_nobody(shown, path)


def test_after_deletion_no_address_has_the_alert_or_the_list(desk: Desk) -> None:
    """R-22, R-36."""
    town = a_town(desk)
    office = desk.scene.office
    erase_alert(office, town.place, "deadline of the alert")
    destroy_list(office, town.row.watchlist_id, "deadline of the list")

    for role in Role:
        visitor = town.visitor(desk.scene.person(role))
        for route in _GETS:
            shown = visitor.get(route.filled(town.ids()))
            where = (route.path, role)
            assert shown.status < 500 or route.path == "/events", where
            if "alert_id" in route.named:
                assert shown.status in {403, 404}, where
            _shows_nobody(shown, where)


# --- what stands on pages -------------------------------------------------------------------


class _Tags(HTMLParser):
    """Collects what a browser would run or load from a page."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.wrong += [f"{tag} {name}" for name in names if name.startswith("on")]
        self.wrong += [f"{tag} style" for name in names if name == "style"]
        self.script = tag == "script"
        if tag == "script" and not str(names.get("src", "")).startswith("/static/"):
            self.wrong.append("script without a file of ours")
        if tag in {"style", "iframe", "object", "embed", "base"}:
            self.wrong.append(tag)
        for name in ("href", "src", "action", "formaction"):
            value = names.get(name)
            if value is not None and not value.startswith(("/", "#")):
                self.wrong.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self.script and data.strip():
            self.wrong.append("a script on the page")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  the parser's own signature
        self.script = False


def _every_page(town: Town, role: Role) -> Iterator[tuple[str, Shown]]:
    visitor = town.visitor(town.desk.scene.person(role))
    for route in _GETS:
        if not is_api(route.path):
            shown = visitor.get(route.filled(town.ids()))
            if shown.headers.get("content-type", "").startswith("text/html"):
                yield route.path, shown


@pytest.mark.parametrize("role", sorted(set(Role)))
def test_no_page_holds_script_or_style_of_its_own_or_anything_of_others(
    town: Town, role: Role
) -> None:
    """Also that no listed person, account or word of theirs is in an address or in a header."""
    people = town.desk.scene.office.record.accounts.all()
    secrets = [*LISTED, *(each.name for each in people), *(each.full_name for each in people)]
    for path, shown in _every_page(town, role):
        tags = _Tags()
        tags.feed(shown.text)
        assert tags.wrong == [], path
        addresses = " ".join(links(shown) | set(shown.headers.values()))
        for each in secrets:
            assert each not in addresses, (path, each)


def test_what_people_write_is_text_on_every_page(desk: Desk) -> None:
    """Accounts, deployments, cases and reasons that would be markup, script or a template."""
    town = a_town(desk)
    record = desk.scene.office.record
    people = {role: desk.scene.person(role) for role in Role}
    with record.together():
        for person in people.values():
            changes = {"full_name": f"Name {_HOSTILE}", "rank": f"Rank {_HOSTILE}"}
            record.accounts.change(person.account_id, **changes)
        record.deployments.change(
            town.row.deployment_id,
            name=f"Deployment {_HOSTILE}",
            location=f"Place {_HOSTILE}",
            use_case=f"Use {_HOSTILE}",
            policy_version=f"Policy {_HOSTILE}",
        )
        desk.scene.office.log.write(RunEnded(_HOSTILE, _HOSTILE, 0, 0, 0))
    until = desk.scene.clock.now + timedelta(days=20)
    asked = HoldRequest(town.place, f"Case {_HOSTILE}", f"Asks {_HOSTILE}", until)
    place_hold(desk.scene.office, people[Role.AUTHORISING_OFFICER], asked)
    written: set[str] = set()

    for role in Role:
        for path, shown in _every_page(town, role):
            tags = _Tags()
            tags.feed(shown.text)
            assert tags.wrong == [], (path, role)
            assert "<script>alert" not in shown.text, path
            assert "<img src=x" not in shown.text, path
            assert str(613 * 619) not in shown.text, path
            plain = html.unescape(shown.text)
            written |= {
                word
                for word in ("Name", "Rank", "Deployment", "Place", "Case", "Asks", "Use")
                if f"{word} {_HOSTILE}" in plain
            }

    assert written == {"Name", "Rank", "Deployment", "Place", "Case", "Asks", "Use"}


def test_a_server_says_nothing_of_anybody(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    """Names, passwords, tokens, ids and pictures: none in its output, faults included."""
    town = a_town(desk)
    made = desk.hired("lovelace")  # which no id in hexadecimal digits can hold by chance
    person = desk.scene.person(Role.OPERATOR)
    token = signed_in(desk.scene, person)
    app = make_app(desk.scene.office)
    wrong: list[BaseException] = []
    statuses: set[int] = set()

    def ask(method: str, path: str, body: str = "") -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        form = {"content-type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, {"cookie": f"{COOKIE}={token}", **form})
        answer = connection.getresponse()
        statuses.add(answer.status)
        connection.close()  # what streams is left

    def crawl() -> None:
        try:
            for route in _GETS:
                ask("GET", route.filled(town.ids()))
            ask("GET", f"/people?name={person.name}&case=CR/17/26")
            ask(
                "POST",
                "/sign-in",
                urlencode(_credentials(desk, made, name="lovelace", password="x" * 20)),
            )
            ask("POST", "/theme", "csrf=%ff%00&reason=Example+Person+1")
            change_behind(desk.scene.office, "UPDATE alerts SET quality = '{}'")
            change_behind(desk.scene.office, "UPDATE deployments SET terms = '[1]', flags = '3'")
            for route in _GETS:
                ask("GET", route.filled(town.ids()))
        except BaseException as error:  # noqa: BLE001  it is raised where the test can see it
            wrong.append(error)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    listener = listening("127.0.0.1", 0)
    port = listener.getsockname()[1]
    crawling = Thread(target=crawl)
    with written(LogFormat.TEXT, LogLevel.INFO):
        serve_until_stopped(app, Guard(app, desk.scene.office), listener, crawling.start)
    crawling.join()

    said = "".join(capfd.readouterr())
    assert wrong == []
    assert "request.failed" in said, "it did say something"
    assert "service.stopped" in said
    assert "Traceback" not in said
    assert {200, 401, 403, 500} <= statuses
    people = desk.scene.office.record.accounts.all()
    secrets = [*LISTED, token, made.password, made.totp_secret, "x" * 20, "CR/17/26", "Alan Kay"]
    secrets += [town.place.alert_id, town.row.deployment_id, town.row.name, town.row.location]
    secrets += [each.full_name for each in people] + [each.name for each in people]
    for each in secrets:
        assert each not in said, each


# --- odd forms ------------------------------------------------------------------------------

_NAMES = st.sampled_from(
    ["name", "full_name", "roles", "until", "alert_id", "kept", "onward", "decision", "reason"]
)
_PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"%", b"%zz", b"%00", b"%ff%fe", b"%ed%a0%80", b"+", b"&", b"=", b";", b"\x00", b"&&&"]
    ),
    st.builds(lambda name, text: f"{name}={text}&".encode("utf-8", "replace"), _NAMES, st.text()),
    st.builds(lambda name, value: f"{name}=".encode() + value + b"&", _NAMES, st.binary()),
)
_BODIES = st.one_of(
    st.lists(_PIECES, max_size=12).map(b"".join),
    st.integers(1990, 30_000).map(lambda count: b"&a" * count),
    st.integers(1990, 9_000).map(lambda count: b"&roles=x" * count),
)


@pytest.fixture(scope="module")
def trampled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town that forms of any kind are sent to."""
    with a_desk(tmp_path_factory.mktemp("trampled")) as made:
        yield a_town(made)


@pytest.mark.parametrize("route", _PAGE_POSTS, ids=lambda each: each.path)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=_BODIES, placed=st.booleans())
def test_no_form_whatever_is_in_it_is_a_fault(
    trampled: Town,
    route: Route,
    body: bytes,
    placed: bool,  # noqa: FBT001  Hypothesis gives it
) -> None:
    person = trampled.desk.scene.person(_doing(route)[0])
    visitor = trampled.visitor(person)
    proof = f"{FIELD}={form_token(visitor.token)}&".encode()
    sent = (proof + body) if placed else (body + b"&" + proof)
    header = {} if len(body) % 2 else {"x-overt-csrf": form_token(visitor.token)}

    shown = replace(visitor, headers=header).ask("POST", route.filled(trampled.ids()), sent)

    assert shown.status < 500, (route.path, shown.text[:300])
