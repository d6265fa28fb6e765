"""Pydantic's findings, said so that someone tired, at a keyboard in a van, knows what to type."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from overt.deployment.document import Document
from overt.deployment.problems import Problem, did_you_mean
from overt.deployment.schema import Section, Setting, settings_of

_TIME = "Write it without quotation marks, like 2024-01-19T10:00:00+00:00."
_NUMBER = "Write it without quotation marks, with a point for decimals."
_OF_LENGTH = frozenset({"too_short", "too_long"})
_PLAIN: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing.", ""),
    "string_type": ("must be text.", "Put it between straight quotation marks."),
    "int_type": ("must be a whole number.", "Write digits only: no quotation marks, no decimals."),
    "float_type": ("must be a number.", _NUMBER),
    "finite_number": ("must be an ordinary number.", _NUMBER),
    "bool_type": ("must be true or false.", "Write it in small letters, without quotation marks."),
    "datetime_type": ("must be a date and a time.", _TIME),
    "greater_than_equal": ("must be at least {ge}.", ""),
    "greater_than": ("must be more than {gt}.", ""),
    "less_than_equal": ("must be at most {le}.", ""),
    "less_than": ("must be less than {lt}.", ""),
    "too_short": ("needs at least {min_length}.", ""),
    "too_long": ("has more than {max_length}.", "Leave some out."),
}


def problems_in(
    error: ValidationError, document: Document, model: type[Section]
) -> Iterator[Problem]:
    """Yield a problem for each thing pydantic found wrong in `document`."""
    known = {setting.path: setting for setting in settings_of(model)}
    for finding in error.errors(include_url=False):
        path = tuple(part for part in finding["loc"] if isinstance(part, str))
        message, remedy = _words(finding, known, path)
        yield document.problem(finding["loc"], message, remedy)


def _words(
    finding: ErrorDetails, known: Mapping[tuple[str, ...], Setting], path: tuple[str, ...]
) -> tuple[str, str]:
    """Return what to say of one finding: the message, and the remedy or the description."""
    setting = known.get(path)
    context: Mapping[str, Any] = finding.get("ctx", {})
    match finding["type"]:
        case "overt":
            message, remedy = context["message"], context["remedy"]
        case "extra_forbidden":
            message, remedy = "is not a setting.", _unknown(path, known)
        case "timezone_aware":
            message, remedy = "does not say in which time zone.", _with_offset(finding["input"])
        case "literal_error" | "enum":
            message, remedy = _choice(finding["input"], setting.choices if setting else ())
        case kind if setting and setting.section and kind not in _OF_LENGTH:
            message, remedy = _of_section(kind, setting.header)
        case "string_type" if isinstance(finding["input"], list):
            message, remedy = "must be one text, not a list.", ""
        case kind:
            message, remedy = _PLAIN.get(kind, ("cannot be used as it is.", ""))
            message = message.format(**context)
    return message, remedy or (setting.description if setting else "")


def _of_section(kind: str, header: str) -> tuple[str, str]:
    if kind == "missing":
        return "this section is missing.", f"Add {header} and its settings."
    return f"must be a section headed {header}.", f"Write {header} on a line of its own."


def _unknown(path: tuple[str, ...], known: Mapping[tuple[str, ...], Setting]) -> str:
    """Return where a setting that is not known here may belong, or what it may have meant."""
    beside = [other[-1] for other in known if other[:-1] == path[:-1]]
    if near := did_you_mean(path[-1], beside):
        return near
    for other in known:
        if other == path[-1:]:
            return "It belongs at the top, before any section."
        if other[-1] == path[-1]:
            return f"It belongs under {known[other[:-1]].header}."
    return f"Settings here are: {', '.join(beside)}." if beside else "Leave it out."


def _choice(written: object, choices: tuple[str, ...]) -> tuple[str, str]:
    near = did_you_mean(written, choices) if isinstance(written, str) else ""
    return f"must be one of: {', '.join(choices)}.", near


def _with_offset(naive: object) -> str:
    """Return a remedy that writes a time without a zone as this computer's zone has it."""
    try:
        assert isinstance(naive, datetime)
        return f"In this computer's time zone, write {naive.astimezone().isoformat()}."
    except (AssertionError, OverflowError, ValueError, OSError):  # years that clocks cannot hold
        return _TIME
