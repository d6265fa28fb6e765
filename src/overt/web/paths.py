"""Where the API stands, and what is reached without signing in."""

from collections.abc import Mapping

ROOT = "/api/v1"
SIGN_IN = "/sign-in"
THEME = "/theme"
STATIC = "/static/"

METRICS = "/metrics"
"""Where Prometheus looks by itself; a program's to read, as the API is."""

SHELL = frozenset({"/manifest.webmanifest", "/service-worker.js"})
"""What makes a page installable: fetched by browsers without cookies, and the same for all."""

_OPEN: Mapping[str, frozenset[str]] = {
    "GET": frozenset({f"{ROOT}/health", f"{ROOT}/ready", SIGN_IN}) | SHELL,
    "HEAD": frozenset({SIGN_IN}) | SHELL,
    "POST": frozenset({f"{ROOT}/session", SIGN_IN, THEME}),
}


def is_api(path: str) -> bool:
    """Tell whether a path is a program's to call, with a bearer token, rather than a page's."""
    return path in {ROOT, METRICS} or path.startswith(f"{ROOT}/")


def is_open(method: str, path: str) -> bool:
    """Tell whether nobody needs to be signed in for it."""
    if path.startswith(STATIC):
        return method in {"GET", "HEAD"}
    return path in _OPEN.get(method, frozenset())
