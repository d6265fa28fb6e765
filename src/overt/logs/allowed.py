"""What may stand in a line of the log: the kinds of text, and what becomes of any other.

Redaction comes first and is by allow-list: an event's declared fields pass, each only as what its
type says it is, and everything else is left out. There is no rule that looks for secrets, since
nobody can list them all; a text gets through because its form leaves no room for one.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, get_args, get_origin, get_type_hints

WITHHELD = "(withheld)"
"""Stands where a text was that is not of its field's kind."""

_LONGEST_NAME = 64
_MOST_ITEMS = 12
_KNOWN: dict[type, dict[str, Any]] = {}
_LONGEST_READ = 1000
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}:)\S+")
_OF_ADDRESSES = re.compile(r"\S*@|//\S*|\?\S*")  # what may be left of one that is written wrong


@dataclass(frozen=True, slots=True)
class Form:
    """Marks a text by the form that all of it must have; `words` say to readers what it is."""

    words: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Marks a text that people chose: it is made harmless, and cut."""

    words: str


Id = Annotated[str, Form("id", r"[0-9a-f]{6,64}")]
"""A random id of ours, or the beginning of one."""

Kind = Annotated[str, Form("name in the program", r"[A-Za-z_][A-Za-z0-9_.-]{0,80}")]
"""The name of a class, a module or a library."""

Line = Annotated[
    str, Form("line of the program", r"[A-Za-z0-9_.]{1,120}:[0-9]{1,6}( [\w<>]{1,80})?")
]
"""A line of the program, as `module:number function`."""

Sentence = Annotated[str, Form("words of ours", r"[A-Za-z][A-Za-z ,;'.%()-]{0,160}")]
"""Words that stand in the program's text: no digit, no address, no quotation."""

Route = Annotated[str, Form("route", r"/[a-z0-9_{}/.:-]{0,120}")]
"""An address of the service as the program declares it: `/alerts/{alert_id}`, and never an id."""

Named = Annotated[str, Chosen("name that people chose")]
"""A camera's name: what a deployment file calls it, which is no person's."""


def redacted(kind: type, fields: Mapping[str, object]) -> dict[str, object]:
    """Return of some fields those that an event of this kind declares, each as its type allows.

    A field whose value is None says nothing and is left out.
    """
    return {
        name: _allowed(hint, fields[name])
        for name, hint in hints(kind).items()
        if fields.get(name) is not None
    }


def hints(kind: type) -> dict[str, Any]:
    """Return the type of each field that a kind of event declares, with its mark."""
    if kind not in _KNOWN:
        every = get_type_hints(kind, include_extras=True)
        _KNOWN[kind] = {n: hint for n, hint in every.items() if n not in {"name", "level"}}
    return _KNOWN[kind]


def mark_of(hint: Any) -> Form | Chosen | None:
    """Return what marks a text's type; None where it is no marked text."""
    if get_origin(hint) is Annotated:
        return next((m for m in get_args(hint)[1:] if isinstance(m, Form | Chosen)), None)
    return next((m for part in get_args(hint) if (m := mark_of(part))), None)


def _allowed(hint: Any, value: object) -> object:
    if isinstance(value, tuple):
        return [_allowed(hint, each) for each in value[:_MOST_ITEMS]]
    if isinstance(value, Enum):
        return value.value if isinstance(value, _closed(hint)) else WITHHELD
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else WITHHELD
    return _text(mark_of(hint), value) if isinstance(value, str) else WITHHELD


def _text(mark: Form | Chosen | None, text: str) -> str:
    if isinstance(mark, Chosen):
        return harmless(text)
    return text if mark is not None and re.fullmatch(mark.pattern, text) else WITHHELD


def _closed(hint: Any) -> tuple[type[Enum], ...]:
    """Return the closed sets of words that a type permits."""
    parts = (hint, *get_args(hint))
    return tuple(each for each in parts if isinstance(each, type) and issubclass(each, Enum))


def harmless(text: str) -> str:
    r"""Return a text that people chose so that it can hold no address and end no line.

    >>> harmless("gate\r\nlevel=info rtsp://operator:secret@10.0.0.5/live")
    'gate\\r\\nlevel=info rtsp:…'
    """
    plain = _OF_ADDRESSES.sub("…", _ADDRESS.sub(r"\1…", text[:_LONGEST_READ]))
    signs = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in plain)
    whole = "".join(signs)
    return whole if len(whole) <= _LONGEST_NAME else whole[: _LONGEST_NAME - 1] + "…"
