"""What makes the officer's page installable: its manifest and its service worker.

Both are fetched without cookies and are the same for everybody, so that they say nothing of
anybody. The service worker keeps static files and a page for when there is no network.
"""

import json
from hashlib import sha256

from fastapi import APIRouter, Request
from starlette.responses import Response

from overt.errors import NotFoundError
from overt.web.failures import PlainJSON
from overt.web.pages.frame import render, static, static_file
from overt.web.pages.officer_words import steps_of_nothing

router = APIRouter(include_in_schema=False)

KEPT = (
    "overt.css",
    "officer.css",
    "overt.svg",
    "clock.js",
    "kept.js",
    "page.js",
    "pending.js",
    "steps.js",
    "waiting.js",
    "offline.js",
)
"""The static files that the page without a network is made of."""

_WORKER = "service-worker.js"
_GROUND = "#f4f6f8"  # the light street theme's, as overt.css has it


@router.api_route("/manifest.webmanifest", methods=["GET", "HEAD"])
def manifest() -> Response:
    """Say how the page stands on a phone."""
    icon = {"src": static("overt.svg"), "type": "image/svg+xml", "sizes": "any"}
    said = {
        "id": "/officer",
        "name": "Overt: my alerts",
        "short_name": "Overt",
        "start_url": "/officer",
        "scope": "/",
        "display": "standalone",
        "lang": "en-GB",
        "background_color": _GROUND,
        "theme_color": _GROUND,
        "icons": [{**icon, "purpose": "any"}, {**icon, "purpose": "maskable"}],
    }
    return PlainJSON(said, media_type="application/manifest+json")


@router.api_route(f"/{_WORKER}", methods=["GET", "HEAD"])
def service_worker(request: Request) -> Response:
    """Return the service worker, which changes where anything that it keeps has changed."""
    source = static_file(_WORKER)
    if source is None:
        raise NotFoundError("There is no such file.", remedy="Open the page again.")
    offline = render(request, "offline.html", **steps_of_nothing())
    files = [static(each) for each in KEPT]
    whole = sha256("\0".join((*files, offline, source.decode())).encode())
    constants = {"VERSION": whole.hexdigest()[:16], "FILES": files, "OFFLINE": offline}
    lines = [f"const {name} = {json.dumps(value)};\n" for name, value in constants.items()]
    return Response("".join(lines).encode() + source, media_type="text/javascript; charset=utf-8")
