"""A TOML file a person wrote, read within limits: text, hash, values and lines."""

import codecs
import hashlib
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from overt.deployment.lines import Where, locate
from overt.deployment.problems import Problem, UnusableFileError, nearest_beside
from overt.deployment.syntax import parse

MAX_BYTES = 256 * 1024
"""A deployment file is a few pages of text; this stops a video given by mistake."""

MAX_LINE = 10_000
"""Characters on one line: more than any authority's paragraph, and a bound on parsing time."""

_UTF_16_OR_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_KEY = re.compile(r"[\w-]{1,40}")
_NEW = "`overt deployment new` writes a deployment file to fill in."
_SAVE_AS = "Save it again with the encoding UTF-8 (in Notepad: Save as, Encoding, UTF-8)."


@dataclass(frozen=True, slots=True)
class Document:
    """A file as read: `sha256` is over its bytes; `lines` gives each setting's line, from 1."""

    path: Path
    sha256: str
    data: bytes = field(repr=False)
    text: str = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    lines: Mapping[Where, int] = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> "Document":
        """Read the TOML file at `path`.

        Raises:
            UnusableFileError: it is not there, not a file, too large, not UTF-8 or not TOML.
        """
        return cls.of(path, _bytes_of(path))

    @classmethod
    def of(cls, path: Path, data: bytes) -> "Document":
        """Return the TOML document in `data`, whose paths begin from the folder of `path`.

        Raises:
            UnusableFileError: it is not UTF-8 or not TOML.
        """
        text = _decoded(data)
        _check_lengths(text)
        values = parse(text)
        return cls(path, hashlib.sha256(data).hexdigest(), data, text, values, locate(text))

    def at(self, *where: str | int) -> object:
        """Return the value at a place, or None where there is none."""
        value: Any = self.values
        for part in where:
            inside = part in value if isinstance(value, dict) else _indexes(value, part)
            if not inside:
                return None
            value = value[part]
        return value

    def text_at(self, *where: str | int) -> str:
        """Return the text at a place, stripped; empty where there is none."""
        value = self.at(*where)
        return value.strip() if isinstance(value, str) else ""

    def time_at(self, *where: str | int) -> datetime | None:
        """Return the aware time at a place, or None where there is none."""
        value = self.at(*where)
        return value if isinstance(value, datetime) and value.tzinfo else None

    def count(self, array: str) -> int:
        """Return how many members an array of tables has."""
        value = self.at(array)
        return len(value) if isinstance(value, list) else 0

    def problem(self, where: Where, message: str, remedy: str = "") -> Problem:
        """Return a problem with the setting at a place."""
        return Problem(self.line(where), label(where), message, remedy)

    def line(self, where: Where) -> int | None:
        """Return the line of a setting, or of the nearest thing around it that has one."""
        while where:
            for place in (where, (*where, 0)):  # an array of tables begins with its first
                if place in self.lines:
                    return self.lines[place]
            where = where[:-1]
        return None


def label(where: Where) -> str:
    """Return a setting's place as the file writes it.

    >>> label(("camera", 1, "zone", 0)), label(("authority", "rank")), label(("name",))
    ('[[camera]] 2 zone', '[authority] rank', 'name')
    """
    where = tuple(_shown(part) for part in where)
    match where:
        case (str(table), int(index), *rest):
            head = f"[[{table}]] {index + 1}"
        case (str(table), str(), *_):
            head, rest = f"[{table}]", list(where[1:])
        case _:
            return ".".join(map(str, where))
    return " ".join([head, ".".join(part for part in rest if isinstance(part, str))]).rstrip()


def _shown(part: str | int) -> str | int:
    """Return a key, or a stand-in for one that no file should have: it may be a slipped value."""
    return part if isinstance(part, int) or _KEY.fullmatch(part) else "…"


def _indexes(value: object, part: str | int) -> bool:
    return isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value)


def _whole(message: str, remedy: str = "", line: int | None = None) -> UnusableFileError:
    return UnusableFileError([Problem(line, "", message, remedy)])


def _bytes_of(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _whole("is a folder.", "Name the file inside it.")
        if not stat.S_ISREG(mode):  # opening a pipe could wait for ever
            raise _whole("is not an ordinary file.", "Name a TOML file.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _whole("there is no such file.", nearest_beside(path) or _NEW) from None
    except OSError as error:
        raise _whole(f"cannot be read: {error.strerror}.", "Check its permissions.") from None
    except ValueError:
        raise _whole("this cannot be a file's name.", "Name a TOML file.") from None
    if len(data) > MAX_BYTES:
        raise _whole(f"is larger than {MAX_BYTES // 1024} KiB.", "Name a TOML file.")
    if not data.strip():
        raise _whole("is empty.", _NEW)
    return data


def _decoded(data: bytes) -> str:
    if data.startswith(_UTF_16_OR_32):
        raise _whole("is saved as UTF-16, which some editors call Unicode.", _SAVE_AS)
    if b"\0" in data:
        raise _whole("is not a text file.", "Name a TOML file, saved as UTF-8.")
    try:
        return data.decode("utf-8-sig")  # Windows' editors begin UTF-8 with a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _whole("holds a character that is not UTF-8.", _SAVE_AS, line) from None


def _check_lengths(text: str) -> None:
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE:
            raise _whole(
                f"is longer than {MAX_LINE} characters.",
                'Begin and end a long text with """ and break it into lines.',
                number,
            )
