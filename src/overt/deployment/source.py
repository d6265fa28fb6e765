"""What kind of place a camera's pictures come from, and how to name it without its password."""

import re
import stat
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from overt.vocabulary import DeploymentKind

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_END_OF_AUTHORITY = re.compile(r"[/?#\\]")
_DRAWN = re.compile(r"drawn:[\w.,:;=?&/-]{1,100}")
_WEBCAM = re.compile(r"(?:webcam:)?(/dev/(?:video\d{1,3}|v4l/(?!.*\.\.)[\w/.:-]{1,200}))")


Standing: TypeAlias = Literal["file", "folder", "nothing"]


class SourceKind(StrEnum):
    """The kinds of source a camera may have."""

    STREAM = "network camera"
    WEBCAM = "webcam"
    RECORDING = "recorded file"
    FOLDER = "folder of pictures"
    DRAWN = "drawn street"
    UNKNOWN = "nothing Overt can open"


_LIVE = frozenset({SourceKind.STREAM, SourceKind.WEBCAM})
_RECORDED = frozenset({SourceKind.RECORDING, SourceKind.FOLDER, SourceKind.DRAWN})


@dataclass(frozen=True, slots=True)
class Source:
    """A camera's source: `address` opens it and may hold a password; `shown` never does.

    `address` is a whole path for a file or folder, `webcam:/dev/...` for a webcam, and
    otherwise as written.
    """

    address: str = field(repr=False)
    kind: SourceKind
    shown: str

    @classmethod
    def of(cls, written: str, folder: Path) -> "Source":
        """Return the source `written` in a file that lies in `folder`.

        Relative paths begin from `folder`; whether one exists is left to be checked.
        """
        if scheme := _SCHEME.match(written):
            stream = scheme[1].casefold() in {"rtsp", "rtsps"} and bool(_host(written))
            return cls(
                written, SourceKind.STREAM if stream else SourceKind.UNKNOWN, redacted(written)
            )
        if written.startswith("drawn:"):
            drawn = _DRAWN.fullmatch(written)
            return cls(written, SourceKind.DRAWN if drawn else SourceKind.UNKNOWN, written)
        if webcam := _WEBCAM.fullmatch(written):
            address = f"webcam:{webcam[1]}"
            return cls(address, SourceKind.WEBCAM, address)
        path = resolved(written, folder)
        kind = SourceKind.FOLDER if standing(path) == "folder" else SourceKind.RECORDING
        return cls(str(path), kind, written)

    def suits(self, kind: DeploymentKind) -> bool:
        """Return whether a deployment of this kind may use it."""
        return self.kind in (_LIVE if kind is DeploymentKind.LIVE else _RECORDED)

    @property
    def is_lasting(self) -> bool:
        """Whether it has no end of its own, so that it is opened again whenever it ends."""
        return self.kind in _LIVE


def resolved(written: str, folder: Path) -> Path:
    """Return the path `written` in a file that lies in `folder`."""
    return (folder / written).absolute()


def standing(path: Path) -> Standing:
    """Return what stands at a path: nothing, too, where the path cannot be one."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return "nothing"
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "nothing"


def redacted(address: str) -> str:
    """Return an address with no more than its scheme, host and port.

    User names and passwords stand before the host, and many cameras take them in the path or
    the query as well.

    >>> redacted("rtsp://admin:secret@10.0.0.5:554/user=admin&password=secret")
    'rtsp://10.0.0.5:554/…'
    """
    scheme = _SCHEME.match(address)
    if scheme is None:
        return "…"
    # A password that holds / or ? would make the address read as host "user", path "…@host".
    beyond = _END_OF_AUTHORITY.split(address[scheme.end() :], maxsplit=1)[1:]
    host = "" if any("@" in part for part in beyond) else _host(address)
    return f"{scheme[1].lower()}://{host or '…'}/…"


def _host(address: str) -> str:
    """Return the host and port of an address, or nothing if it cannot be told apart."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if host and port else host
