"""A published record held against itself, and against what was said of it elsewhere.

Every contradiction known in the Metropolitan Police's record is of a kind that a check here finds
(arithmetic within a row, order and change across rows, a second source); none of them knows that
record's days or figures.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from overt.publication import arithmetic, faces_seen, sequence
from overt.publication.csv_table import Unreadable
from overt.publication.findings import Check, Finding, Found, Severity, several
from overt.publication.imported import Published, Row, Statement

CHECKS: tuple[Check, ...] = (*arithmetic.CHECKS, *sequence.CHECKS, *faces_seen.CHECKS)
"""Every check of a record by itself."""

STATEMENT = "statement"
"""The name of the check of a record against a second source."""

_WEIGHT = {severity: weight for weight, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found in a published record, the heaviest first, and what was not looked at."""

    published: Published
    found: tuple[Found, ...]
    statements: int

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """The rows that could not be read and took no part."""
        return self.published.unreadable

    def of(self, severity: Severity) -> tuple[Found, ...]:
        """Return what was found of one severity."""
        return tuple(each for each in self.found if each.severity is severity)

    @property
    def contradicts_itself(self) -> bool:
        """Whether anything in it cannot be true."""
        return bool(self.of(Severity.CONTRADICTION))


def examine(published: Published, statements: Sequence[Statement] = ()) -> Examination:
    """Hold a record against itself and against statements made elsewhere."""
    found = [_found(check, published.rows) for check in CHECKS]
    found.append(_against(published.rows, statements))
    kept = [each for each in found if each.findings]
    kept.sort(key=lambda each: _WEIGHT[each.severity])
    return Examination(published, tuple(kept), len(statements))


def for_programs(examination: Examination) -> dict[str, object]:
    """Return an examination as JSON's kinds of value."""
    published = examination.published
    return {
        "file": published.name,
        "sha256": published.sha256,
        "rows": len(published.rows),
        "unreadable": [
            {"row": each.number, "column": each.column, "why": each.why}
            for each in published.unreadable
        ],
        "ignored_columns": list(published.ignored),
        "blank_rows": published.blank,
        "statements": examination.statements,
        "checks": len(CHECKS) + bool(examination.statements),
        "found": [
            {
                "check": each.name,
                "severity": each.severity.value,
                "title": each.title,
                "findings": [
                    {"rows": list(finding.rows), "words": finding.words}
                    for finding in each.findings
                ],
            }
            for each in examination.found
        ],
    }


def _found(check: Check, rows: Sequence[Row]) -> Found:
    return Found(check.name, check.severity, check.title, tuple(check.find(rows)))


def _against(rows: Sequence[Row], statements: Sequence[Statement]) -> Found:
    findings = (_disagreement(rows, each) for each in statements)
    return Found(
        STATEMENT,
        Severity.CONTRADICTION,
        "The record says otherwise than another source",
        tuple(each for each in findings if each),
    )


def _disagreement(rows: Sequence[Row], said: Statement) -> Finding | None:
    """Return where the rows of a place and a day, added up, differ from what was said of them."""
    there = [row for row in rows if row.day == said.day and _is_in(row, said.location)]
    where = f"{said.location}, {said.day:%-d %B %Y}"
    if not there:
        return Finding((), f"{where}: the record has no row; {said.source} speaks of one.")
    alerts, arrests = sum(row.alerts for row in there), sum(row.arrest for row in there)
    if (alerts, arrests) == (said.alerts, said.arrests):
        return None
    sums = " + ".join(str(row.alerts) for row in there)
    caught = " + ".join(str(row.arrest) for row in there)
    return Finding(
        tuple(row.number for row in there),
        f"{where}: {sums} = {several(alerts, 'alert')} and {caught} = {several(arrests, 'arrest')} "
        f"in the record; {said.alerts} and {said.arrests} according to {said.source}.",
    )


def _is_in(row: Row, place: str) -> bool:
    """Whether each word of a place stands in a row's location."""
    return set(_words(place)) <= set(_words(row.location))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
