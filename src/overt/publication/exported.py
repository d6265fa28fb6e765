"""A record as a file, and back: CSV, JSON, a printable page, and the Metropolitan Police's columns.

CSV follows RFC 4180. JSON is canonical (RFC 8785), so that the same record has the same bytes.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from pathlib import Path
from typing import Any

from overt.audit.canonical import canonical
from overt.errors import PublicationError
from overt.publication.cells import (
    FIRST_ROW,
    FROM_TEXT,
    cell,
    csv_file,
    from_cell,
    kind_of,
    no_record,
    standing_of,
    unguarded,
)
from overt.publication.columns import (
    COLUMNS,
    LAYOUT_VERSION,
    Column,
    Outcome,
    Outcomes,
    Row,
    Standing,
    row_of,
    values_of,
)
from overt.publication.exported_met import as_met_csv
from overt.publication.exported_page import as_html, html_lines
from overt.publication.imported import COLUMNS as MET_COLUMNS
from overt.publication.layouts import Layout
from overt.publication.reconcile import Contradiction, Numbered

SCHEMA = "overt deployment record"
"""What a JSON file of ours says it is."""

CAN_BE_READ = "can-be-read"
"""The check that every cell is written as its column says."""

_LARGEST = 20 * 2**20  # bytes


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was read: its rows with their numbers, and what could not be read of it."""

    layout: Layout
    rows: Numbered
    unreadable: tuple[Contradiction, ...]


def written(rows: Sequence[Row], layout: Layout) -> bytes:
    """Return the rows as a file of this layout.

    Raises:
        PublicationError: the layout cannot say what the rows do.
    """
    return _WRITERS[layout](rows)


def layout_of(data: bytes) -> Layout:
    """Return which layout a file is in, by how it begins."""
    start = data[:4096].decode("utf-8-sig", errors="replace").lstrip()
    if start.startswith("{"):
        return Layout.JSON
    if start[:1] == "<":
        return Layout.HTML
    heading = {each.strip().casefold() for each in start.partition("\n")[0].split(",")}
    return Layout.MET_CSV if set(MET_COLUMNS) <= heading else Layout.CSV


def read(data: bytes) -> Read:
    """Return what a file in one of our own layouts says; the Met's is `imported.read_published`'s.

    Raises:
        PublicationError: it is no such file.
    """
    if len(data) > _LARGEST:
        raise no_record(f"is larger than {_LARGEST // 2**20} MiB")
    layout = layout_of(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise no_record("is not UTF-8 text") from None
    if layout not in _READERS:
        raise no_record("is in the Metropolitan Police's layout")
    decode, lines = _READERS[layout]
    rows, unreadable = [], []
    for number, cells in enumerate(lines(text), FIRST_ROW):
        row, problems = _row(number, cells, decode)
        rows += [(number, row)] if row else []
        unreadable += problems
    if not rows and not unreadable:
        raise no_record("has no row")
    return Read(layout, rows, tuple(unreadable))


def _row(
    number: int, cells: Mapping[str, Any], decode: "_Decode"
) -> tuple[Row | None, list[Contradiction]]:
    values, problems = {}, []
    for column in COLUMNS:
        try:
            values[column.name] = decode(column, cells[column.name])
        except KeyError:
            problems.append(f"{column.name} is missing")
        except (ValueError, TypeError, InvalidOperation):
            problems.append(f"{column.name} is not written as it should be")
    more = [name or "a cell beyond the heading" for name in sorted(set(cells) - _NAMES)]
    problems += [f"{name} is no column of this layout" for name in more]
    found = [Contradiction(CAN_BE_READ, number, words) for words in problems]
    return (None if found else row_of(values)), found


_NAMES = {column.name for column in COLUMNS}


def _as_csv(rows: Sequence[Row]) -> bytes:
    return csv_file(
        (column.name for column in COLUMNS),
        ([cell(value) for value in values_of(row).values()] for row in rows),
    )


def _csv_lines(text: str) -> Iterator[dict[str, str]]:
    try:
        heading, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError):
        raise no_record("is not CSV with a heading") from None
    if len(set(heading)) < len(heading) or not set(heading) & _NAMES:
        raise no_record("has another heading, or one column twice")
    for line in lines:
        # A cell too many has no name; a cell too few is missing by its name.
        named = dict(zip(heading, map(unguarded, line), strict=False))
        yield named | ({"": "more"} if len(line) > len(heading) else {})


# --- JSON ---------------------------------------------------------------------------------------


def _as_json(rows: Sequence[Row]) -> bytes:
    return canonical(for_programs(rows))


def for_programs(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the rows as JSON's kinds of value; decimals are texts, so that no digit is lost."""
    return {
        "schema": SCHEMA,
        "version": LAYOUT_VERSION,
        "standing": standing_of(rows).value,
        "rows": [
            {name: _json_value(value) for name, value in values_of(row).items()} for row in rows
        ],
    }


def _json_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [
            {
                "true_alert": outcome.true_alert,
                "confirmed": outcome.confirmed,
                "engaged": outcome.engaged,
                "disposal": outcome.disposal,
                "count": count,
            }
            for outcome, count in value
        ]
    return value if value is None or isinstance(value, int | float) else cell(value)


def _from_json(column: Column, value: Any) -> Any:
    kind, may_be_empty = kind_of(column)
    if value is None and may_be_empty:
        return None
    if kind in (int, float):
        if isinstance(value, bool) or not isinstance(value, int | (kind)):
            raise TypeError("not a number")
        return kind(value)
    if kind == Outcomes:
        return tuple(_json_way(each) for each in value)
    if not isinstance(value, str):
        raise TypeError("not a text")
    return FROM_TEXT[kind](value)


def _json_way(value: Mapping[str, Any]) -> tuple[Outcome, int]:
    way = Outcome(**{name: value[name] for name in Outcome.__slots__})
    flags = (way.true_alert, way.confirmed, way.engaged)
    sound = all(isinstance(flag, bool) for flag in flags) and isinstance(way.disposal, str)
    if not sound or type(value["count"]) is not int:
        raise TypeError("not a way of closing")
    return way, value["count"]


def _json_lines(text: str) -> Iterator[dict[str, Any]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise no_record("is not JSON") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise no_record("is another kind of JSON")
    rows = document.get("rows")
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise no_record("has no list of rows")
    final = all(each.get("standing") == Standing.FINAL for each in rows)
    if document.get("standing") != (Standing.FINAL if final else Standing.PROVISIONAL):
        raise no_record("says another standing at its top than in its rows")
    yield from rows


_Decode = Callable[[Column, Any], Any]

_WRITERS: Mapping[Layout, Callable[[Sequence[Row]], bytes]] = {
    Layout.CSV: _as_csv,
    Layout.JSON: _as_json,
    Layout.HTML: as_html,
    Layout.MET_CSV: as_met_csv,
}
_READERS: Mapping[Layout, tuple[_Decode, Callable[[str], Iterator[Mapping[str, Any]]]]] = {
    Layout.CSV: (from_cell, _csv_lines),
    Layout.JSON: (_from_json, _json_lines),
    Layout.HTML: (from_cell, html_lines),
}


def read_file(path: Path) -> bytes:
    """Return the bytes of a file to be read.

    Raises:
        PublicationError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST + 1)
    except OSError as error:
        raise PublicationError(
            f"{path} cannot be read: {error.strerror}.", remedy="Check its name and permissions."
        ) from None
