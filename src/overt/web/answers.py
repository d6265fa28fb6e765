"""Who is told of a failure how: programs by JSON, and people by a page."""

from fastapi import Request
from starlette.responses import Response

from overt.web.failures import Failure, as_json
from overt.web.pages.failures import as_page
from overt.web.paths import is_api


def say(request: Request, failure: Failure) -> Response:
    """Return a failure as whoever asked can read it."""
    return as_json(failure) if is_api(request.scope["path"]) else as_page(request, failure)
