"""What every page is set in: templates, the names of static files, and who is looking."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from overt import __version__
from overt.people.permissions import MATRIX, Person
from overt.vocabulary import Act, Role
from overt.web.cookies import form_token
from overt.web.paths import STATIC

THEMES = ("dark", "light")
THEME_COOKIE = "overt-theme"
_FOLDER = files("overt.web") / "static"


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation, for whoever has one of these roles."""

    path: str
    words: str
    roles: frozenset[Role]


PLACES = (
    Place("/", "Deployments", MATRIX[Act.DEPLOYMENT_SEE].roles - {Role.ENGAGEMENT_OFFICER}),
    Place("/officer", "My alerts", frozenset({Role.ENGAGEMENT_OFFICER})),
    Place("/deployments/new", "New application", MATRIX[Act.DEPLOYMENT_DRAFT].roles),
    Place("/people", "People", MATRIX[Act.ACCOUNT_LIST].roles),
    Place("/settings", "Packs and policies", frozenset({Role.ADMINISTRATOR, Role.AUDITOR})),
    Place("/audit", "Oversight", MATRIX[Act.AUDIT_SEE].roles),
    Place("/deletions", "Deletions", MATRIX[Act.RETENTION_SEE].roles),
)
"""The navigation. What it leads to asks the table of permissions again."""


def page(request: Request, template: str, status: int = 200, **content: Any) -> HTMLResponse:
    """Return a page: `content` is what its template shows beside the frame."""
    return HTMLResponse(render(request, template, **content), status)


def render(request: Request, template: str, **content: Any) -> str:
    """Return a page's text."""
    return _environment().get_template(template).render(**_frame(request), **content)


def away(path: str) -> Response:
    """Send the browser on after something was done, so that a reload does not do it again."""
    return RedirectResponse(path, 303)


def person_at(request: Request) -> Person | None:
    """Return who is signed in, where somebody is."""
    person = getattr(request.state, "person", None)
    return person if isinstance(person, Person) else None


def theme_of(cookies: Mapping[str, str]) -> str:
    """Return the theme that was chosen, or nothing: then the device's own wish counts."""
    chosen = cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def static(name: str) -> str:
    """Return the address of a static file, which changes with the file's content.

    Raises:
        FileNotFoundError: there is no such file.
    """
    return f"{STATIC}{_mark(name)}/{name}"


def static_file(name: str) -> bytes | None:
    """Return a static file of ours, or None where there is none of that name."""
    return _static_files().get(name)


@cache
def _static_files() -> Mapping[str, bytes]:
    return {each.name: each.read_bytes() for each in _FOLDER.iterdir() if each.is_file()}


@cache
def _mark(name: str) -> str:
    """Return a mark of all static files: a script finds its neighbours beside itself."""
    if name not in _static_files():
        raise FileNotFoundError(name)
    whole = sha256()
    for each, data in sorted(_static_files().items()):
        whole.update(each.encode() + b"\0" + sha256(data).digest())
    return whole.hexdigest()[:12]


def _frame(request: Request) -> dict[str, Any]:
    person = person_at(request)
    token = getattr(request.state, "token", "")
    return {
        "path": request.scope["path"],
        "person": person,
        "csrf": form_token(token) if token else "",
        "theme": theme_of(request.cookies),
        "places": [each for each in PLACES if person and person.roles & each.roles],
        "now": datetime.now(UTC),
        "demo": _demo(request),
        "version": __version__,
    }


def _demo(request: Request) -> object:
    """Return the demonstration that the service runs for, or None; see `overt demo`."""
    app = request.scope.get("app")  # the guard answers without one
    return getattr(app.state, "demo", None) if app else None


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("overt.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static"] = static
    environment.filters |= _FILTERS
    return environment


def _day_and_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


def _clock_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def _machine_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


_FILTERS: dict[str, Callable[..., str]] = {
    "day_and_time": _day_and_time,
    "clock_time": _clock_time,
    "machine_time": _machine_time,
    "counted": _counted,
}
