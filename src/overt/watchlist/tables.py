"""Tables of text in a file, CSV or JSON: columns, and records of cells.

Everything about the file is doubted: its length, its encoding, its delimiter, where its records
begin and end. What the cells mean is for `overt.watchlist.rows` to say.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from overt.errors import WatchlistError

MAX_BYTES = 64 * 2**20

DELIMITERS = (",", ";")  # a spreadsheet set to a language with decimal commas writes the second

_SAVE_AS = "Save it as 'CSV UTF-8' (comma delimited) and import it again."

MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class Table:
    """Columns as named in the file; a record is its number and its cells, or what is wrong."""

    columns: Sequence[str]
    records: Iterable[tuple[int, Sequence[str] | str]]


Known: TypeAlias = Callable[[str], bool]
"""Whether a heading is one that is looked for."""


def read_table(path: Path, known: Known) -> Table:
    """Read a table: JSON if `path` ends in `.json`, CSV otherwise.

    The records of a CSV are numbered as a spreadsheet numbers its rows, the header being 1, and
    those without any text are left out; a JSON list's items count from 1. `known` decides
    between the delimiters.

    Raises:
        WatchlistError: it cannot be read, is no UTF-8 text or no table, or is damaged so that it
            is open where its records begin and end. Reading the records may raise it too.
    """
    text = _text(_bytes(path))
    table = _json_table(text) if path.suffix.lower() == ".json" else _csv_table(text, known)
    if len(table.columns) > MOST_COLUMNS:
        raise WatchlistError(
            f"The list has more than {MOST_COLUMNS} columns.",
            remedy="Check that it is the right file.",
        )
    return table


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise WatchlistError(
            f"The list {path.name} cannot be read: {error.strerror}.",
            remedy="Check its path and permissions.",
        ) from error
    if len(data) > MAX_BYTES:
        raise WatchlistError(
            f"The list is larger than {MAX_BYTES >> 20} MB.",
            remedy="A list holds text only; keep the pictures in their folder.",
        )
    return data


def _text(data: bytes) -> str:
    if not data.strip():
        raise WatchlistError("The list is an empty file.", remedy="Add a header and rows.")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise WatchlistError("The list is a spreadsheet file, not CSV.", remedy=_SAVE_AS)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:64]:
        raise WatchlistError("The list is not UTF-8 but UTF-16 or no text.", remedy=_SAVE_AS)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WatchlistError(f"The list is not UTF-8: see line {line}.", remedy=_SAVE_AS) from error


def _csv_table(text: str, known: Known) -> Table:
    delimiter = max(DELIMITERS, key=lambda each: _headings(text, each, known))
    records = _csv_records(text, delimiter)
    _, header = next(records, (0, []))
    columns = [name.strip() for name in header]
    while columns and not columns[-1]:
        columns.pop()
    return Table(columns, ((number, _fit(cells, columns)) for number, cells in records))


def _headings(text: str, delimiter: str, known: Known) -> int:
    try:
        _, header = next(_csv_records(text, delimiter), (0, []))
    except WatchlistError:
        return 0
    return sum(known(name) for name in header)


def _csv_records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Give the records that say anything, numbered as a spreadsheet numbers its rows."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise WatchlistError(
            f"The list is damaged at line {reader.line_num}: {error}.",
            remedy="Look for a quotation mark that is not closed, or a cell with a whole file in it.",
        ) from error


def _fit(cells: list[str], columns: Sequence[str]) -> list[str] | str:
    while len(cells) > len(columns) and not cells[-1]:
        cells.pop()
    if len(cells) != len(columns):
        return f"has {len(cells)} cells where the header has {len(columns)}"
    return cells


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with its keys as they came, so that a key given twice is seen."""


def _json_table(text: str) -> Table:
    try:
        items = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        raise WatchlistError(
            f"The list is not valid JSON: {error}.", remedy="Correct it, or export it as CSV."
        ) from error
    if not isinstance(items, list) or isinstance(items, _Pairs):
        raise WatchlistError(
            "The list is JSON, but not a list of objects.",
            remedy='Write [{"reference_id": "...", ...}, ...], an object for each picture.',
        )
    objects = [item for item in items if isinstance(item, _Pairs)]
    columns = list(dict.fromkeys(key for item in objects for key, _ in item))
    return Table(columns, ((n, _json_cells(item, columns)) for n, item in enumerate(items, 1)))


def _json_cells(item: object, columns: Sequence[str]) -> list[str] | str:
    if not isinstance(item, _Pairs):
        return "is not an object"
    cells = {key: _json_cell(value) for key, value in item}
    if len(cells) != len(item):
        return "gives a field twice"
    unusable = [key for key, cell in cells.items() if cell is None]
    if unusable:
        return f"has something other than text in {ascii(unusable[0])[:60]}"
    return [cells.get(name) or "" for name in columns]


def _json_cell(value: object) -> str | None:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int else None
