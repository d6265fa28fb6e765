"""How values that JSON does not know travel in messages: templates, errors, and times in UTC."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, TypeAlias

import numpy as np
from pydantic import AfterValidator, PlainSerializer, PlainValidator, TypeAdapter

from overt.errors import OvertError
from overt.values import Alert, Template

_NUMBERS = TypeAdapter(list[float])
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_WORDS = TypeAdapter(tuple[str, str, str])


def _numbers_of(template: Template) -> list[float]:
    numbers: list[float] = template.tolist()
    return numbers


def _template_of(numbers: object) -> Template:
    template = np.array(_NUMBERS.validate_python(numbers), np.float32)
    if not template.size or not np.isfinite(template).all():
        raise ValueError("no template")
    return template


def _words_of(error: OvertError | None) -> tuple[str, str, str] | None:
    if error is None:
        return None
    return type(error).__name__, _sayable(error.message), _sayable(error.remedy)


def _sayable(words: str) -> str:
    """Return words without what no text may hold, as the name of a file may."""
    return words.encode("utf-8", "replace").decode()


def _error_of(words: object) -> OvertError | None:
    if words is None:
        return None
    name, message, remedy = _WORDS.validate_python(words)
    kinds = {kind.__name__: kind for kind in _kinds_of(OvertError)}
    if name not in kinds:
        raise ValueError("no error of ours")
    return kinds[name](message, remedy=remedy)


def _kinds_of(error: type[OvertError]) -> Iterator[type[OvertError]]:
    yield error
    for kind in error.__subclasses__():
        yield from _kinds_of(kind)


def _in_utc(alert: Alert) -> Alert:
    return replace(
        alert,
        first_seen_at=_utc(alert.first_seen_at),
        captured_at=_utc(alert.captured_at),
        raised_at=_utc(alert.raised_at),
    )


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None or not _FIRST_YEAR <= moment.year < _LAST_YEAR:
        raise ValueError("a time that no clock of ours can show")
    return moment.astimezone(UTC)


SentTemplate: TypeAlias = Annotated[
    Template, PlainSerializer(_numbers_of), PlainValidator(_template_of)
]
"""A template, shape `(d,)`, as a list of numbers; a float32 comes back as it was."""

SentError: TypeAlias = Annotated[
    OvertError | None, PlainSerializer(_words_of), PlainValidator(_error_of)
]
"""An error by its kind's name, its message and its remedy."""

SentWords: TypeAlias = Annotated[str, PlainSerializer(_sayable)]
"""Words that may name a file, whose name need not be text."""

SentAlert: TypeAlias = Annotated[Alert, AfterValidator(_in_utc)]
"""An alert whose times are aware UTC again."""
