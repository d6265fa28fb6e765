"""Static files: style sheets, scripts and pictograms of our own, under names that never go stale."""

from fastapi import APIRouter
from starlette.responses import Response

from overt.errors import NotFoundError
from overt.web.pages.frame import static_file
from overt.web.paths import STATIC

router = APIRouter(include_in_schema=False)

_KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}


@router.get(f"{STATIC}{{mark}}/{{name}}")
def static_of_ours(mark: str, name: str) -> Response:  # noqa: ARG001  it only makes names new
    """Return a static file."""
    data, kind = static_file(name), _KINDS.get(name.rpartition(".")[2])
    if data is None or kind is None:
        raise NotFoundError("There is no such file.", remedy="Open the page again.")
    return Response(data, media_type=kind)
