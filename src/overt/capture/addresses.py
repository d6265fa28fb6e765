"""What a source string may say, and how it is shown.

An allow-list: a file, a folder, a camera's RTSP address, a webcam. FFmpeg would also take
web addresses, playlists and protocol strings that read other files (`concat:`, `subfile:`);
none of them gets as far as FFmpeg.

An address may hold a password or a secret path, so nothing outside this module shows a
source otherwise than through `redact`.
"""

import ipaddress
import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from overt.errors import SourceError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")
_MISTYPED = re.compile(
    r"((?:.*?\brtsps?:?//)[^/]*|\d+(?:\.\d+){3}(?::\d+)?)/.+", re.DOTALL | re.IGNORECASE
)
_QUERY = re.compile(r"\?.*=.*")
_END_OF_AUTHORITY = re.compile(r"[/?#\\]")

_RTSP_PORT = 554
_MOST_TRIED, _TRY_S = 4, 1.5

_KINDS = (
    "Give a video file, a folder of pictures, rtsp://…, rtsps://… or webcam:/dev/video0; "
    "a file whose name has a colon in it is written file:NAME."
)

_IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_TRANSLATED = [ipaddress.IPv6Network(each) for each in ("64:ff9b::/96", "::/96")]
"""Where the last four bytes are an address of version 4: RFC 6052, and RFC 4291 before it."""

_CREDENTIALS = ipaddress.IPv6Address("fd00:ec2::254")
"""Where one cloud keeps its machines' credentials under an address that is not link-local."""


class SourceKind(StrEnum):
    """The kinds of source Overt opens by a string."""

    PATH = "file or folder"
    RTSP = "network camera"
    WEBCAM = "webcam"


@dataclass(frozen=True, slots=True)
class Address:
    """A source string, understood but not yet opened.

    `target` is a path or a whole URL and may hold credentials, so it is kept out of the repr;
    `shown` is what may be printed.
    """

    kind: SourceKind
    target: str = field(repr=False)
    shown: str

    @property
    def live(self) -> bool:
        """Whether this looks at the present rather than at a recording."""
        return self.kind is not SourceKind.PATH


def parse_address(source: str) -> Address:
    """Say what kind of source a string names, without touching disk or network.

    Raises:
        SourceError: the string is empty or not of an allowed kind.
    """
    source = source.strip()
    shown = redact(source)
    if not source or "\0" in source:
        raise SourceError("A camera's source is empty or unreadable.", remedy=_KINDS)
    scheme, rest = _split_scheme(source)
    if scheme in {"", "file"}:
        return Address(SourceKind.PATH, _path_of(source, scheme, rest, shown), shown)
    if scheme in {"rtsp", "rtsps"}:
        return Address(SourceKind.RTSP, _checked_url(source, shown), shown)
    if scheme == "webcam":
        return Address(SourceKind.WEBCAM, _checked_device(rest, shown), shown)
    raise SourceError(f"A source of this kind is not taken: {shown}.", remedy=_KINDS)


def redact(source: str) -> str:
    """Return a source string without user name, password, path or query of a network address.

    Some cameras carry the password in the path or query, or are opened by a secret path
    alone, so only scheme, host and port are kept; where even these are doubtful, the scheme.

    >>> redact("rtsp://admin:secret@10.0.0.5:554/live?token=abc")
    'rtsp://10.0.0.5:554/…'
    >>> redact("clips/street.mp4")
    'clips/street.mp4'
    """
    # An address that is shown must not reach further than one line of a terminal.
    source = "".join(sign if sign.isprintable() else "?" for sign in source.strip())
    scheme, rest = _split_scheme(source)
    if scheme in {"", "file", "webcam"}:
        # A mistyped address (`rtsp//user:…@host`) reads as a path; what leads up to an @ goes.
        if mistyped := _MISTYPED.fullmatch(source):
            source = f"{mistyped[1]}/…"  # whose path may be the secret
        before, at, after = source.rpartition("@")
        return _QUERY.sub("?…", f"…{after}" if at and before else source)
    if not rest.startswith("//"):
        return "…" if "@" in rest else f"{scheme}:…"  # `user:password@host`
    authority, *beyond = _END_OF_AUTHORITY.split(rest[2:], maxsplit=1)
    host = authority.rpartition("@")[2]
    # An @ past the authority may end a password that holds a slash.
    certain = _HOST_AND_PORT.fullmatch(host) and not any("@" in part for part in beyond)
    return f"{scheme}://{host}/…" if certain else f"{scheme}://…"


def pin_host(url: str) -> str:
    """Return a camera's address with its host as a number, which is checked and stays the same.

    FFmpeg would ask for a name's number again, and the answer may be another one by then. A
    secure address keeps its name: its certificate is held against it, so that another host is
    found out. Link-local addresses are where cloud machines keep their credentials, and multicast
    is nobody's camera.

    Raises:
        SourceError: the host cannot be found, or is not an ordinary machine.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    numbers = _numbers_of(host, url)
    if any(_out_of_bounds(_ip_address(number)) for number in numbers):
        raise SourceError(
            f"The camera's address is link-local, multicast or unspecified: {redact(url)}.",
            remedy="Give the camera an ordinary address on its network and use that.",
        )
    if parts.scheme == "rtsps":
        return url
    number = _answering(numbers, parts.port or _RTSP_PORT)
    literal = f"[{number}]" if ":" in number else number
    credentials, at, _ = parts.netloc.rpartition("@")
    port = f":{parts.port}" if parts.port else ""
    scheme, slashes, rest = url.partition("//")
    after = rest.removeprefix(parts.netloc)
    return f"{scheme}{slashes}{credentials}{at}{literal}{port}{after}"


def _numbers_of(host: str, url: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        raise SourceError(
            f"The camera's host cannot be found: {redact(url)}.",
            remedy="Check the host name, that this machine is on the camera's network, and that "
            "special characters in the password are written as %XX.",
        ) from None
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _answering(numbers: list[str], port: int) -> str:
    """Return the first number at which somebody listens: a name may have several."""
    for number in numbers[: _MOST_TRIED if len(numbers) > 1 else 0]:
        with suppress(OSError), socket.create_connection((number, port), _TRY_S):
            return number
    return numbers[0]


def _split_scheme(source: str) -> tuple[str, str]:
    found = _SCHEME.fullmatch(source)
    return (found[1].lower(), found[2]) if found else ("", source)


def _path_of(source: str, scheme: str, rest: str, shown: str) -> str:
    path = _decoded_path(source) if scheme and rest.startswith("//") else rest
    if not path or "\0" in path:
        raise SourceError(
            f"{shown} names no file on this machine.",
            remedy="Write file:/path; what lies on another machine is mounted here first.",
        )
    return path if scheme else os.path.expanduser(path)  # noqa: PTH111  never raises


def _decoded_path(uri: str) -> str:
    """Return the path in a file:// address, or nothing where it is not one of this machine's."""
    try:
        url = urlsplit(uri)
    except ValueError:
        return ""
    return unquote(url.path) if url.netloc in {"", "localhost"} else ""


def _checked_url(source: str, shown: str) -> str:
    try:
        url = urlsplit(source)
        usable = bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable or "\\" in source or not source.isprintable() or " " in source:
        raise SourceError(
            f"The camera's address cannot be understood: {shown}.",
            remedy="Write rtsp://user:password@host:554/path, with special characters in the "
            "password as %XX.",
        )
    return source


def _checked_device(path: str, shown: str) -> str:
    if not path.startswith("/dev/"):
        raise SourceError(
            f"A webcam is named by its device, not by {shown}.",
            remedy="Write webcam:/dev/video0.",
        )
    return path


def _ip_address(text: str) -> _IPAddress:
    """Return the address that a number leads to: where one of version 4 is within, that one."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if any(address in network for network in _TRANSLATED) and int(address) > 1:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _out_of_bounds(address: _IPAddress) -> bool:
    bad = address.is_link_local or address.is_multicast or address.is_unspecified
    return bad or address == _CREDENTIALS
