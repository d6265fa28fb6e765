"""The cookie of a page's session, and the token that shows a form is ours.

The cookie cannot be read by scripts, is sent to this host alone, over TLS or on this very
machine, and never with what another site starts (RFC 6265bis, `__Host-` and SameSite=Strict).
A form carries a token made from the session's own, so that a request that another site forges
fails even where a browser sends the cookie.
"""

import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256
from urllib.parse import urlsplit

COOKIE = "__Host-overt"
FIELD = "csrf"
HEADER = "x-overt-csrf"

_FLAGS = "Path=/; Secure; HttpOnly; SameSite=Strict"
_WHAT_FOR = b"overt/forms/1"


def set_cookie(token: str, *, life_s: int) -> str:
    """Return the header's value that gives a browser its session."""
    return f"{COOKIE}={token}; Max-Age={life_s}; {_FLAGS}"


def drop_cookie() -> str:
    """Return the header's value that takes a session away from a browser."""
    return f"{COOKIE}=; Max-Age=0; {_FLAGS}"


def token_in(cookies: Iterable[str]) -> str:
    """Return the session's token in a request's cookies, or nothing; two are nobody's."""
    pairs = (each.strip().partition("=") for line in cookies for each in line.split(";"))
    given = [value for name, _, value in pairs if name == COOKIE]
    return given[0] if len(given) == 1 else ""


def form_token(token: str) -> str:
    """Return what the forms of a session carry."""
    return hmac.new(token.encode(), _WHAT_FOR, sha256).hexdigest()


def is_form_token(given: str, token: str) -> bool:
    """Tell whether a form is of this session."""
    return hmac.compare_digest(given.encode(), form_token(token).encode())


def is_from_here(headers: Mapping[str, str]) -> bool:
    """Tell whether a request that changes something was started by a page of ours.

    Browsers say where it comes from, and scripts cannot change what they say (Fetch Metadata;
    RFC 6454, 7). Who sends neither header is no browser, and has no cookie that could be abused.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in {"same-origin", "none"}
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")
