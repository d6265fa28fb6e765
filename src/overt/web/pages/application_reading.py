"""What people type into an application's fields, read as numbers, times, zones and sources."""

import re
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from overt.deployment.source import Source, SourceKind

_MOST_CHARACTERS = 8_000  # what a deployment file takes of one text
_YEARS = range(2000, 2200)  # before there were time zones, offsets had seconds
_GROUPED = re.compile(r"\d{1,3}(?:[, ]\d{3})+|\d{1,12}")
_DECIMAL = re.compile(r"\d{1,9}(?:\.\d{1,9})?|\.\d{1,9}")
_ZONE = re.compile(r"[\d.,;\s\[\]()]{1,4000}")
_FRACTION = re.compile(r"\d*\.?\d+|\d+\.")
_TYPED = frozenset({SourceKind.STREAM, SourceKind.WEBCAM, SourceKind.DRAWN, SourceKind.UNKNOWN})
_NAMES = {"Europe/London": "United Kingdom time", "UTC": "UTC"}


class UnclearError(Exception):
    """What stands in a field cannot be read; the message says what to write."""


def _clock(name: str) -> tzinfo | None:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):  # a small machine may lack the world's time zones
        return None


CLOCKS = {name: found for name in _NAMES if (found := _clock(name)) is not None}
"""The clocks that times may be given by."""

CLOCK_WORDS = [(name, _NAMES[name]) for name in CLOCKS]


def a_text(typed: str) -> str:
    """Return a text without what surrounds it, if a deployment file takes it."""
    text = typed.strip()
    if len(text) > _MOST_CHARACTERS:
        raise UnclearError(
            f"This is longer than {_MOST_CHARACTERS:,} characters. Say it more briefly."
        )
    return text


def a_whole_number(typed: str) -> int:
    """Return a whole number, whose thousands may be parted."""
    if not _GROUPED.fullmatch(typed):
        raise UnclearError("Write a whole number, such as 40.")
    return int(typed.replace(",", "").replace(" ", ""))


def a_number(typed: str) -> float:
    """Return a number that may have decimals."""
    if not _DECIMAL.fullmatch(typed):
        raise UnclearError("Write a number with a point for decimals, such as 0.04.")
    return float(typed)


def a_day(typed: str) -> date:
    """Return a day of the calendar."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise UnclearError("Write the day like 2026-07-04: year, month, day.") from None


def a_moment(typed: str, clock: str) -> datetime:
    """Return a time as one of the `CLOCKS` has it."""
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise UnclearError("Write day and time like 2026-07-04T10:00.") from None
    if moment.year not in _YEARS:
        raise UnclearError("Check the year.")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=CLOCKS[clock])
    return datetime.fromisoformat(moment.isoformat())  # with its offset in place of its zone


def a_zone(typed: str) -> list[list[float]]:
    """Return a polygon's corners, from pairs of fractions however they are parted."""
    numbers = _FRACTION.findall(typed) if _ZONE.fullmatch(typed) else []
    if not numbers or len(numbers) % 2:
        raise UnclearError(
            "Write each corner as across,down: 0.1,0.2 0.9,0.2 0.9,1 0.1,1. "
            "Leave it empty for the whole picture."
        )
    values = [float(each) for each in numbers]
    return [list(pair) for pair in zip(values[::2], values[1::2], strict=True)]


def a_source(typed: str) -> str:
    """Return the address of a camera; a path on the server is nobody's to type."""
    if Source.of(typed, Path("/nowhere")).kind not in _TYPED:
        raise UnclearError(
            "Write an address: rtsp://… or rtsps://…, webcam:/dev/video0, or for a rehearsal "
            "drawn:street. A recording is chosen from those on the server."
        )
    return typed
