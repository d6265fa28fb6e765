"""Rows of a watchlist: read from CSV or JSON, and written so that they can be read again.

What concerns one row becomes that row's `problem`, so that it is counted and reported; what
makes the whole file unreadable is a `WatchlistError`. Nothing is guessed that could lose a row.
"""

import csv
import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from overt.errors import WatchlistError
from overt.watchlist.tables import read_table

MAX_ROWS = 200_000
"""Ten times the longest list on record, with room; beyond it the file is a mistake."""
MAX_CELL_CHARACTERS = 4_000
_MOST_CHARACTERS = {"reference_id": 200, "subject_id": 200}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file: text without surrounding blanks, empty if not given.

    `number` is the row's as a spreadsheet shows it (the header is 1), or the item's in a JSON
    list, from 1. `problem` is empty unless the row cannot be read, and says why.
    """

    number: int
    reference_id: str = ""
    subject_id: str = ""
    name: str = field(default="", repr=False)
    picture: str = ""
    category: str = ""
    reason: str = ""
    lawful_basis: str = ""
    picture_source: str = ""
    picture_date: str = ""
    added_by: str = ""
    expected_response: str = ""
    individual_authority: str = ""
    problem: str = ""


COLUMNS = tuple(each.name for each in fields(Row))[1:-1]
"""The columns of a list, in the order they are written."""

OPTIONAL_COLUMNS = frozenset({"name", "expected_response", "individual_authority"})

_ALSO_CALLED = {"image": "picture", "source": "picture_source", "image_date": "picture_date"}

# Control characters could steer a terminal or a log, marks that turn the direction of writing
# could make an id read as another, and a lone surrogate cannot be stored.
_UNREADABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

# What a spreadsheet would run as a formula (OWASP, CSV injection; the last four are the
# full-width forms), behind any apostrophes that guard it.
_FORMULA = re.compile("'*[=+\\-@\t\r\uff0b\uff0d\uff1d\uff20]")


@dataclass(frozen=True, slots=True)
class RowsFile:
    """What a file holds: its rows in order, and the columns that are not used."""

    rows: tuple[Row, ...]
    unused_columns: tuple[str, ...] = ()


def read_rows(path: Path) -> RowsFile:
    """Read a list: JSON if `path` ends in `.json`, CSV otherwise.

    Raises:
        WatchlistError: the file cannot be read, is no UTF-8 text, lacks columns or rows, or is
            damaged in a way that leaves it open where its rows begin and end.
    """
    table = read_table(path, lambda heading: _column(heading) in COLUMNS)
    columns = _known_columns(table.columns)
    rows = tuple(_row(columns, number, cells) for number, cells in _within_limit(table.records))
    if not rows:
        raise WatchlistError("The list has no rows.", remedy="Add a row for each picture.")
    unused = [
        _UNREADABLE.sub("?", name)[:60]
        for name, known in zip(table.columns, columns, strict=True)
        if name and not known
    ]
    return RowsFile(rows, tuple(unused))


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as the CSV that `read_rows` reads back unchanged.

    Cells that a spreadsheet would run as a formula get an apostrophe in front, which reading
    takes away again.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            cells = asdict(row)
            writer.writerow([neutralised(cells[name]) for name in COLUMNS])


def neutralised(cell: str) -> str:
    """Return `cell` so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def counted_rows(count: int) -> str:
    """Return a number of rows in words: `1 row`, `2,848 rows`."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def plain(cell: str) -> str:
    """Return what a cell says: without blanks around it, nor the apostrophe of `neutralised`."""
    cell = cell.strip()
    guarded = cell.startswith("'") and _FORMULA.match(cell)
    return cell[1:].strip() if guarded else cell


def _column(name: str) -> str:
    """Return the column a heading means: blanks, hyphens and capitals make no difference."""
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    return _ALSO_CALLED.get(plain, plain)


def _known_columns(names: Sequence[str]) -> list[str]:
    """Return the column behind each heading, empty for those that are not used."""
    found = [column if (column := _column(name)) in COLUMNS else "" for name in names]
    twice = sorted({column for column in found if column and found.count(column) > 1})
    if twice:
        raise WatchlistError(
            f"The list has the column {', '.join(twice)} twice.", remedy="Remove one of them."
        )
    missing = [each for each in COLUMNS if each not in found and each not in OPTIONAL_COLUMNS]
    if missing:
        spare = [_column(name) for name, column in zip(names, found, strict=True) if not column]
        raise WatchlistError(
            f"The list has no column {', '.join(missing)}.", remedy=_how_to_name(missing, spare)
        )
    return found


def _how_to_name(missing: Sequence[str], spare: Sequence[str]) -> str:
    for name in missing:
        near = difflib.get_close_matches(name, spare, n=1)
        if near:
            return f"Is {near[0]!a} meant to be {name}?"
    return "Name the columns in the first row: " + ", ".join(COLUMNS) + "."


def _within_limit(
    records: Iterable[tuple[int, Sequence[str] | str]],
) -> Iterator[tuple[int, Sequence[str] | str]]:
    for count, record in enumerate(records):
        if count >= MAX_ROWS:
            raise WatchlistError(
                f"The list has more than {MAX_ROWS:,} rows.",
                remedy="Check that it is the right file.",
            )
        yield record


def _row(columns: Sequence[str], number: int, cells: Sequence[str] | str) -> Row:
    if isinstance(cells, str):
        return Row(number, problem=cells)
    given = {name: plain(cell) for name, cell in zip(columns, cells, strict=True) if name}
    faults = (fault for name, cell in given.items() if (fault := _fault(name, cell)))
    problem = next(faults, "")
    return Row(number, problem=problem) if problem else Row(number, **given)


def _fault(name: str, cell: str) -> str:
    most = _MOST_CHARACTERS.get(name, MAX_CELL_CHARACTERS)
    if len(cell) > most:
        return f"{name} is longer than {most:,} characters"
    # Two ids that differ in something invisible would read as one.
    if _UNREADABLE.search(cell) or (name in _MOST_CHARACTERS and not cell.isprintable()):
        return f"{name} contains a character that cannot be shown"
    return ""
