"""What is wrong in a file, in plain words: one `Problem` for each mistake.

No value from the file is repeated back unless it is a word from a closed set: a source may
hold a password, and an authority's text may name a person.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from overt.deployment.source import redacted
from overt.errors import ConfigurationError

MAX_LISTED = 50
"""Problems spelt out in one message; past this, a file is not what it claims to be."""

_Kind = TypeVar("_Kind", bound=ConfigurationError)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake.

    `line` counts from 1 and is None for the file as a whole; `setting` is the setting's place
    as the file writes it, or empty; `message` says what is wrong and `remedy` what to do.
    """

    line: int | None
    setting: str
    message: str
    remedy: str = ""

    @property
    def fault(self) -> str:
        """Where and what, without the remedy."""
        place = ", ".join(filter(None, (f"line {self.line}" if self.line else "", self.setting)))
        return f"{place}: {self.message}" if place else self.message

    def __str__(self) -> str:
        return f"{self.fault} {self.remedy}".rstrip()


class UnusableFileError(Exception):
    """Carries problems out of a reader; it never leaves this room, where `refusal` words it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{len(self.problems)} problems")


def refusal(kind: type[_Kind], path: Path, problems: Sequence[Problem]) -> _Kind:
    """Return an error of `kind` whose message lists every problem of the file at `path`."""
    if len(problems) == 1:
        only = problems[0]
        return kind(f"{named(path)}: {only.fault}", remedy=only.remedy)
    listed = [f"  {each}" for each in problems[:MAX_LISTED]]
    if len(problems) > MAX_LISTED:
        listed.append(f"  … and {len(problems) - MAX_LISTED} more.")
    message = "\n".join([f"{named(path)} has {len(problems)} problems:", *listed])
    return kind(message, remedy="Put them right and check the file again.")


def named(path: Path) -> str:
    """Return a path; of a camera's address that was given for one, only where it leads."""
    scheme, found, rest = str(path).partition(":/")  # a path keeps one of the two slashes
    is_address = found and scheme.isalpha() and len(scheme) > 1  # and no drive of Windows
    return redacted(f"{scheme}://{rest}") if is_address else str(path)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems as someone reading the file from the top meets them."""
    return tuple(sorted(set(problems), key=lambda each: (each.line or 0, each.setting)))


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """Return "Did you mean ...?" for the nearest known word, or nothing.

    >>> did_you_mean("smalest_face", ["smallest_face_px", "source"])
    'Did you mean smallest_face_px?'
    """
    by_folded = {word.casefold(): word for word in known}
    near = difflib.get_close_matches(written.casefold()[:100], by_folded, n=1)
    return f"Did you mean {by_folded[near[0]]}?" if near else ""


def nearest_beside(path: Path) -> str:
    """Return "Did you mean ...?" for the nearest name in a missing path's folder, or nothing."""
    try:
        return did_you_mean(path.name, [entry.name for entry in path.parent.iterdir()])
    except (OSError, ValueError):
        return ""
