"""Failures as pages: what went wrong and what to do; where nobody is signed in, where to do so."""

from dataclasses import replace

from fastapi import Request
from starlette.responses import Response

from overt.web.failures import Failure
from overt.web.pages.forms import EMPTY
from overt.web.pages.frame import page
from overt.web.pages.refusals import without_commands
from overt.web.pages.session import sign_in_page

_UNAUTHENTICATED = 401
_NOWHERE = Failure(
    404, "There is no such page.", "Look at the address again, or begin at the first page."
)


def as_page(request: Request, failure: Failure) -> Response:
    """Return a failure as a page."""
    if failure.status == _UNAUTHENTICATED:
        return sign_in_page(request, EMPTY, failure.status)
    said = _NOWHERE if failure.of_request else failure
    said = replace(said, remedy=without_commands(said.remedy))
    return page(request, "failure.html", said.status, failure=said)
