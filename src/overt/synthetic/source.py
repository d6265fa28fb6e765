"""A drawn street by its source string: `drawn:seed=7,people=24,listed=6,seconds=60`."""

import difflib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from overt.errors import ConfigurationError
from overt.synthetic import SCHEME
from overt.synthetic.choreography import LISTED_SEEDS
from overt.synthetic.street import DrawnStreet, StreetSettings

_EXAMPLE = "Write it like drawn:seed=7,people=24,listed=6,seconds=60; every part may be left out."
_RANGES = {
    "seed": (0, 999_999),
    "people": (0, 500),
    "listed": (0, len(LISTED_SEEDS)),
    "seconds": (1, 3600),
}


def street_from_source(
    source: str,
    camera: str = "drawn street",
    started_at: datetime | None = None,
    due: Callable[[float], bool] = lambda _presentation_s: True,
) -> DrawnStreet:
    """Return the street that a source string describes.

    After `drawn:` come `key=number` pairs with commas between; `drawn:` and `drawn:street`
    alone give the usual street. `camera` is the name its frames carry, and `started_at`
    (aware) dates its first frame. Frames that are not `due` are not drawn.

    Raises:
        ConfigurationError: a key is unknown or given twice, or a number is out of its range.
    """
    return DrawnStreet(replace(parse_street(source), camera=camera), started_at, due)


def parse_street(source: str) -> StreetSettings:
    """Return the settings in a source string.

    Raises:
        ConfigurationError: as `street_from_source`.

    >>> parse_street("drawn:people=24,seconds=60").people
    24
    """
    if not source.startswith(SCHEME):
        raise ConfigurationError(f"Not a drawn street: {source[:60]!r}.", remedy=_EXAMPLE)
    written = source[len(SCHEME) :].strip()
    numbers: dict[str, int] = {}
    for part in [] if written in {"", "street"} else written.split(","):
        key, value = _pair(part)
        if key in numbers:
            raise ConfigurationError(f"The drawn street has {key} twice.", remedy=_EXAMPLE)
        numbers[key] = value
    settings = _settings(numbers)
    if settings.listed > settings.people:
        raise ConfigurationError(
            f"The drawn street has more listed people ({settings.listed}) than people "
            f"({settings.people}).",
            remedy="Raise people or lower listed.",
        )
    return settings


def _pair(part: str) -> tuple[str, int]:
    key, equals, text = (piece.strip() for piece in part.partition("="))
    if not equals:
        raise ConfigurationError(
            f"A part of the drawn street is not key=number: {part.strip()[:40]!r}.", remedy=_EXAMPLE
        )
    if key not in _RANGES:
        near = difflib.get_close_matches(key, _RANGES, 1)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise ConfigurationError(
            f"A drawn street has no {key[:40]!r}.{guess}",
            remedy=f"It has {', '.join(_RANGES)}.",
        )
    low, high = _RANGES[key]
    if (
        not text.isascii()
        or not text.isdigit()
        or not low <= int(text[:9]) <= high
        or len(text) > 9
    ):
        raise ConfigurationError(
            f"The drawn street's {key} is {text[:40]!r}.",
            remedy=f"Give a whole number from {low} to {high}.",
        )
    return key, int(text)


def _settings(numbers: dict[str, int]) -> StreetSettings:
    usual = StreetSettings()
    people = numbers.get("people", usual.people)
    return StreetSettings(
        seed=numbers.get("seed", usual.seed),
        people=people,
        listed=numbers.get("listed", min(usual.listed, people)),
        seconds=numbers.get("seconds", usual.seconds),
    )
