"""A published file held against itself, whoever wrote it and in whichever layout."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from overt.publication.contradictions import examine
from overt.publication.exported import CAN_BE_READ, layout_of, read, read_file
from overt.publication.findings import Severity
from overt.publication.imported import read_published
from overt.publication.layouts import Layout
from overt.publication.reconcile import Contradiction, contradictions


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking a file: its layout, SHA-256 (hex), rows, and every contradiction."""

    layout: Layout
    sha256: str
    rows: int
    contradictions: tuple[Contradiction, ...]


def checked(path: Path) -> Checked:
    """Hold a record in any of our layouts against itself, and name what contradicts, by row.

    Raises:
        PublicationError, ConfigurationError: it cannot be read as a record.
    """
    data = read_file(path)
    digest = sha256(data).hexdigest()
    if layout_of(data) is Layout.MET_CSV:
        rows, found = _met(path)
        return Checked(Layout.MET_CSV, digest, rows, tuple(found))
    given = read(data)
    every = [*given.unreadable, *contradictions(given.rows)]
    every.sort(key=lambda each: each.row)
    numbers = {number for number, _ in given.rows} | {each.row for each in given.unreadable}
    return Checked(given.layout, digest, len(numbers), tuple(every))


def _met(path: Path) -> tuple[int, list[Contradiction]]:
    """Return how many rows a file in the Met's columns has, and what contradicts in them."""
    published = read_published(path)
    found = [
        Contradiction(CAN_BE_READ, each.number, f"{each.column}: {each.why}".lstrip(": "))
        for each in published.unreadable
    ]
    for check in examine(published).of(Severity.CONTRADICTION):
        for finding in check.findings:
            row = finding.rows[0] if finding.rows else 0
            found.append(Contradiction(check.name, row, finding.words))
    found.sort(key=lambda each: each.row)
    return len(published.rows) + len(published.unreadable), found
