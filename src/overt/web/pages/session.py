"""Signing in and out, and the theme of the screen."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from overt.errors import OvertError, SignInError
from overt.people.signing_in import SESSION_LIFE, sign_in, sign_out
from overt.web.api.asking import Here, Token
from overt.web.api.sessions import in_turn
from overt.web.cookies import drop_cookie, set_cookie, token_in
from overt.web.pages.forms import EMPTY, Form, Sent, checked
from overt.web.pages.frame import THEME_COOKIE, THEMES, away, page
from overt.web.paths import SIGN_IN, THEME, is_api

router = APIRouter(include_in_schema=False)

_WORDS = {
    "name": "Give the name of your account.",
    "password": "Give your password.",
    "code": "Give the six digits that your authenticator shows now.",
}


class Credentials(BaseModel):
    """What somebody signs in with."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]
    code: Annotated[str, Field(pattern=r"^\s*[0-9]{3}\s?[0-9]{3}\s*$")]
    onward: str = "/"


@router.get(SIGN_IN)
def show(request: Request) -> Response:
    """Show the form."""
    return sign_in_page(request, EMPTY)


@router.post(SIGN_IN)
def enter(request: Request, office: Here, sent: Sent) -> Response:
    """Sign in, in a session that is new: one that the browser had before ends."""
    given, form = checked(Credentials, sent, _WORDS)
    if given is None:
        return sign_in_page(request, _without_secrets(form), 422)
    try:
        with in_turn():
            token = sign_in(office, given.name, given.password, "".join(given.code.split()))
    except OvertError as error:
        status = 401 if isinstance(error, SignInError) else 503
        return sign_in_page(request, _without_secrets(form).refused(error), status)
    _end(office, token_in(request.headers.getlist("cookie")))
    answer = away(_onward(given.onward))
    answer.headers["set-cookie"] = set_cookie(token, life_s=int(SESSION_LIFE.total_seconds()))
    return answer


@router.post("/sign-out")
def leave(office: Here, token: Token) -> Response:
    """Sign out; the browser forgets all that it holds of us."""
    sign_out(office, token)
    answer = away(SIGN_IN)
    answer.headers["set-cookie"] = drop_cookie()
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


@router.post(THEME)
def choose_theme(sent: Sent) -> Response:
    """Choose how the screen looks; an unknown choice is the device's own."""
    chosen = sent.value("theme")
    answer = away(_onward(sent.value("onward")))
    life_s = 31_536_000 if chosen in THEMES else 0
    answer.set_cookie(THEME_COOKIE, chosen, life_s, secure=True, httponly=True, samesite="strict")
    return answer


def sign_in_page(request: Request, form: Form, status: int = 200) -> Response:
    """Return the page on which somebody signs in, to be brought to where they wanted to go."""
    path = request.scope["path"]
    read = request.method == "GET" and path != SIGN_IN  # what was to be done is not done later
    onward = form.value("onward") or (path if read else "/")
    return page(request, "sign_in.html", status, form=form, onward=_onward(onward))


def _onward(path: str) -> str:
    """Return a path of ours: never another site's, and nothing that is no page."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii()
    return path if plain and path.isprintable() and not is_api(path) else "/"


def _without_secrets(form: Form) -> Form:
    kept = {name: form.values.get(name, ()) for name in ("name", "onward")}
    return Form(kept, form.errors)


def _end(office: Here, token: str) -> None:
    if not token:
        return
    try:
        sign_out(office, token)
    except SignInError:
        return  # it had ended
