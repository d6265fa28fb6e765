"""Where each setting of a TOML file stands, so that a mistake can be reported with its line.

`tomllib` gives values without positions, and no TOML library here keeps line numbers. This is
a locator, not a parser: it takes text that `tomllib` has already accepted, and only has to
tell keys and headers from values.
"""

import re
import tomllib
from typing import TypeAlias

Where: TypeAlias = tuple[str | int, ...]
"""A setting's place: keys, and an index from 0 for each member of an array of tables."""

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_HEADER = re.compile(rf"(\[\[?)[ \t]*({_KEY})[ \t]*\]\]?[^\n]*")
_ASSIGNMENT = re.compile(rf"({_KEY})[ \t]*=")
_VALUE_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}'''  # up to two quotation marks may touch the closing three
    r"""|'''.*?'{3,5}"""
    r'''|"(?:\\.|[^"\\\n])*"'''
    r"""|'[^'\n]*'"""
    r"""|\#[^\n]*|[\[\]{}]|\n|[^"'#\[\]{}\n]+""",
    re.DOTALL,
)


def locate(text: str) -> dict[Where, int]:
    r"""Return the line, from 1, on which each table and each key of valid TOML `text` begins.

    Keys inside an inline table are not listed: look a longer place up by its prefixes.

    >>> locate('name = "x"\n[[camera]]\nname = "y"\n')
    {('name',): 1, ('camera', 0): 2, ('camera', 0, 'name'): 3}
    """
    found: dict[Where, int] = {}
    counts: dict[Where, int] = {}
    table: Where = ()
    position, line, counted_to = 0, 1, 0
    while True:
        position = _end(_BLANK, text, position)
        line += text.count("\n", counted_to, position)
        counted_to = position
        if header := _HEADER.match(text, position):
            table = _enter(_keys(header[2]), counts, array=header[1] == "[[")
            found.setdefault(table, line)
            position = header.end()
        elif assignment := _ASSIGNMENT.match(text, position):
            found.setdefault(table + _keys(assignment[1]), line)
            position = _value_end(text, assignment.end())
        else:
            return found


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _keys(written: str) -> tuple[str, ...]:
    """Return the parts of a possibly dotted, possibly quoted key, as TOML reads them."""
    keys: list[str] = []
    value: object = tomllib.loads(f"{written} = 0")
    while isinstance(value, dict):
        ((key, value),) = value.items()
        keys.append(key)
    return tuple(keys)


def _enter(keys: tuple[str, ...], counts: dict[Where, int], *, array: bool) -> Where:
    """Return the place a header opens; `[[camera]]` counts one more, `[camera.x]` joins the last."""
    where: Where = ()
    for key in keys[:-1]:
        where = _latest((*where, key), counts)
    where = (*where, keys[-1])
    if not array:
        return _latest(where, counts)
    counts[where] = counts.get(where, -1) + 1
    return (*where, counts[where])


def _latest(where: Where, counts: dict[Where, int]) -> Where:
    return (*where, counts[where]) if where in counts else where


def _value_end(text: str, position: int) -> int:
    """Return the position after the value that begins at `position`, and its line's end."""
    depth = 0
    while token := _VALUE_TOKEN.match(text, position):
        position = token.end()
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        elif token[0] == "\n" and depth == 0:
            break
    return position
