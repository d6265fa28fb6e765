"""What a check of a published record is, and what it finds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from overt.publication.imported import Row


class Severity(StrEnum):
    """How much a finding weighs."""

    CONTRADICTION = "contradiction"
    """It cannot all be true at once."""

    DEFINITION = "definition changed"
    """The same column means something else from a row on: before and after do not compare."""

    SUSPICIOUS = "suspicious"
    """It may be true, and is more likely a slip."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found: in which rows of the file, and the arithmetic in words."""

    rows: tuple[int, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check with its name, what it means when it finds something, and how it looks."""

    name: str
    severity: Severity
    title: str
    find: Callable[[Sequence[Row]], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Found:
    """A check that found something."""

    name: str
    severity: Severity
    title: str
    findings: tuple[Finding, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        """Every row it concerns, in order."""
        return tuple(sorted({number for each in self.findings for number in each.rows}))


def each_row(judge: Callable[[Row], str]) -> Callable[[Sequence[Row]], Iterator[Finding]]:
    """Make a check of every row by itself, of what says in words what is wrong with one."""

    def find(rows: Sequence[Row]) -> Iterator[Finding]:
        for row in rows:
            if words := judge(row):
                yield Finding((row.number,), f"{row.where_and_when}: {words}")

    return find


def numbers(rows: Iterable[Row]) -> tuple[int, ...]:
    """Return the rows' numbers."""
    return tuple(row.number for row in rows)


def several(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun.

    >>> several(1, "alert"), several(1200, "row"), several(2, "is", "are")
    ('1 alert', '1,200 rows', '2 are')
    """
    return f"{count:,} {one}" if count == 1 else f"{count:,} {many or one + 's'}"
