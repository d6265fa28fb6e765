"""How a file's sections are declared, and what may be read off the declarations.

One declaration serves three ends: it checks the file, its descriptions tell whoever left a
setting out what belongs there, and the reference documentation is generated from it.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

_PLACEHOLDERS = frozenset(
    {
        *("tbc", "tbd", "todo", "n/a", "na", "none", "nil", "null", "unknown", "x", "xx", "xxx"),
        *("ditto", "to be confirmed", "to be decided", "not applicable", "see above", "as above"),
    }
)
_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MOST_CHARACTERS = 8_000
_MOST_IN_A_LINE = 160
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MOST_IN_A_SLUG = 40
_SLUG_RULE = f"must be small letters, digits and single hyphens, at most {_MOST_IN_A_SLUG}."
_NAME = re.compile(r"[\w .,'&()-]{1,80}")


class Section(BaseModel):
    """A section of a file: frozen, without settings of its own invention, types as written."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def wrong(message: str, remedy: str = "") -> PydanticCustomError:
    """Return the error a validator raises to speak its own words.

    Without a remedy, the setting's description serves.
    """
    return PydanticCustomError("overt", "{message}", {"message": message, "remedy": remedy})


def _written(value: str) -> str:
    value = value.strip()
    if not value:
        raise wrong("is empty.")
    if any(map(_is_unprintable, value)):
        raise wrong("holds a character that cannot be seen.", "Delete the text and type it again.")
    if len(value) > _MOST_CHARACTERS:
        raise wrong(f"is longer than {_MOST_CHARACTERS} characters.", "Say it more briefly.")
    return value


def _answer(value: str) -> str:
    if value.casefold().rstrip(".! ") in _PLACEHOLDERS or not any(map(str.isalnum, value)):
        raise wrong("only holds the place of an answer.")
    return value


def _is_unprintable(character: str) -> bool:
    if character in "\n\r\t":
        return False
    return unicodedata.category(character) == "Cc" or character in _DIRECTION_CONTROLS


def _one_line(value: str) -> str:
    if len(value.splitlines()) > 1:
        raise wrong("must be on one line.", "Join its lines.")
    return value


def _short(value: str) -> str:
    if len(value) > _MOST_IN_A_LINE:
        raise wrong(f"is longer than {_MOST_IN_A_LINE} characters.", "Say it more briefly.")
    return value


def _slug(value: str) -> str:
    if _SLUG.fullmatch(value) and len(value) <= _MOST_IN_A_SLUG:
        return value
    if not _NAME.fullmatch(value):  # an address in the wrong place may hold a password
        raise wrong(_SLUG_RULE, 'Write something like "north-end".')
    folded = unicodedata.normalize("NFKD", value.casefold()).encode("ascii", "ignore").decode()
    better = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:_MOST_IN_A_SLUG].strip("-")
    raise wrong(_SLUG_RULE, f'Write "{better}".' if better else "")


Address = Annotated[str, AfterValidator(_written), AfterValidator(_one_line)]
"""A path or an address: anything visible on one line."""

Text = Annotated[str, AfterValidator(_written), AfterValidator(_answer)]
"""Text someone has to have written: not empty, not "TBC", without invisible controls."""

Line = Annotated[Text, AfterValidator(_one_line), AfterValidator(_short)]
"""The same on one short line."""

Slug = Annotated[str, AfterValidator(_slug)]
"""A name that is safe in file names, addresses and records: `north-end`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a declaration says of one setting or section; `path` is its keys without indices."""

    path: tuple[str, ...]
    field: FieldInfo
    section: type[Section] | None
    repeated: bool

    @property
    def header(self) -> str:
        """A section's heading as a file writes it."""
        name = ".".join(self.path)
        return f"[[{name}]]" if self.repeated else f"[{name}]"

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it may be, where these are a closed set."""
        return _choices_in(self.field.annotation)

    @property
    def description(self) -> str:
        """What belongs there."""
        return self.field.description or ""


def settings_of(model: type[Section], above: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Yield every section and setting `model` declares, in the order of the declaration."""
    for name, field in model.model_fields.items():
        path = (*above, field.alias or name)
        section = _section_in(field.annotation)
        yield Setting(path, field, section, repeated=section is not field.annotation)
        if section:
            yield from settings_of(section, path)


def _choices_in(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return tuple(annotation)
    return next(filter(None, map(_choices_in, get_args(annotation))), ())


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(filter(None, map(_section_in, get_args(annotation))), None)
