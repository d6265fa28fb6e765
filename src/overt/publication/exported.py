"""A record as a file, and back: CSV, JSON, a printable page, and the Metropolitan Police's columns.

CSV follows RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe before
it, which reading takes off again. JSON is canonical (RFC 8785), so that the same record has the
same bytes. The page shows the same cells as the CSV, and is read from what people see on it.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from overt.audit.canonical import canonical
from overt.errors import PublicationError
from overt.publication.columns import (
    COLUMNS,
    LAYOUT_VERSION,
    PARTS,
    Column,
    Outcome,
    Outcomes,
    Row,
    Standing,
    rounded,
    row_of,
    values_of,
)
from overt.publication.imported import COLUMNS as MET_COLUMNS
from overt.publication.layouts import Layout
from overt.publication.reconcile import Contradiction, Numbered
from overt.vocabulary import DeploymentState

SCHEMA = "overt deployment record"
"""What a JSON file of ours says it is."""

CAN_BE_READ = "can-be-read"
"""The check that every cell is written as its column says."""

_LARGEST = 20 * 2**20  # bytes
_FIRST_ROW = 2  # a spreadsheet's, under the heading
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_WAY = re.compile(
    r"(\d+) (true|false) / (confirmed|unconfirmed) / (engaged|not engaged) / ([a-z ]+)"
)
_BETWEEN = "; "


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
        raise _no_record(f"is larger than {_LARGEST // 2**20} MiB")
    layout = layout_of(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _no_record("is not UTF-8 text") from None
    if layout not in _READERS:
        raise _no_record("is in the Metropolitan Police's layout")
    decode, lines = _READERS[layout]
    rows, unreadable = [], []
    for number, cells in enumerate(lines(text), _FIRST_ROW):
        row, problems = _row(number, cells, decode)
        rows += [(number, row)] if row else []
        unreadable += problems
    if not rows and not unreadable:
        raise _no_record("has no row")
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


# --- cells as text ------------------------------------------------------------------------------


def cell(value: Any) -> str:
    """Return a value as the text of a cell; what is unknown is empty."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return _BETWEEN.join(f"{count} {outcome}" for outcome, count in value)
    return repr(value) if isinstance(value, float) else str(value)


def _from_cell(column: Column, text: str) -> Any:
    kind, may_be_empty = _kind(column)
    if may_be_empty and not text:
        return None
    return _FROM_TEXT[kind](text)


def _kind(column: Column) -> tuple[Any, bool]:
    """Return the type of a column's values, and whether a cell may be empty."""
    if column.kind == Outcomes:
        return Outcomes, False
    kinds = [each for each in get_args(column.kind) if each is not type(None)]
    return (kinds[0], True) if kinds else (column.kind, False)


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", text):
        raise ValueError("not a whole number")
    return int(text)


def _decimal(text: str) -> Decimal:
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", text):
        raise ValueError("not a decimal number")
    return Decimal(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment


def _outcomes(text: str) -> Outcomes:
    return tuple(_way(each) for each in text.split(_BETWEEN) if each)


def _way(text: str) -> tuple[Outcome, int]:
    found = _WAY.fullmatch(text)
    if not found:
        raise ValueError("not a way of closing")
    count, true_alert, confirmed, engaged, disposal = found.groups()
    flags = (true_alert == "true", confirmed == "confirmed", engaged == "engaged")
    return Outcome(*flags, disposal), int(count)


_FROM_TEXT: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    int: _whole,
    float: float,
    Decimal: _decimal,
    datetime: _moment,
    Standing: Standing,
    DeploymentState: DeploymentState,
    Outcomes: _outcomes,
}
_NAMES = {column.name for column in COLUMNS}


# --- CSV ----------------------------------------------------------------------------------------


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; `unguarded` takes it back.

    >>> guarded("=1+1"), unguarded(guarded("'=1")), guarded("North End")
    ("'=1+1", "'=1", 'North End')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if _GUARDED.match(text) else text


def _csv(heading: Iterable[str], lines: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows([guarded(text) for text in line] for line in lines)
    return out.getvalue().encode()


def _as_csv(rows: Sequence[Row]) -> bytes:
    return _csv(
        (column.name for column in COLUMNS),
        ([cell(value) for value in values_of(row).values()] for row in rows),
    )


def _csv_lines(text: str) -> Iterator[dict[str, str]]:
    try:
        heading, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError):
        raise _no_record("is not CSV with a heading") from None
    if len(set(heading)) < len(heading) or not set(heading) & _NAMES:
        raise _no_record("has another heading, or one column twice")
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
        "standing": _standing_of(rows).value,
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
    kind, may_be_empty = _kind(column)
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
    return _FROM_TEXT[kind](value)


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
        raise _no_record("is not JSON") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _no_record("is another kind of JSON")
    rows = document.get("rows")
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise _no_record("has no list of rows")
    final = all(each.get("standing") == Standing.FINAL for each in rows)
    if document.get("standing") != (Standing.FINAL if final else Standing.PROVISIONAL):
        raise _no_record("says another standing at its top than in its rows")
    yield from rows


# --- the printable page -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page: a column, and its cell in each row."""

    name: str
    words: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PagePart:
    """A part of the page, under its heading."""

    heading: str
    lines: tuple[Line, ...]


def page_parts(rows: Sequence[Row]) -> list[PagePart]:
    """Return what a page shows of the rows: each part with its columns, definitions and cells."""
    return [
        PagePart(
            heading,
            tuple(
                Line(column.name, column.words, tuple(cell(column.of(row)) for row in rows))
                for column in COLUMNS
                if column.part == part
            ),
        )
        for part, heading in PARTS.items()
    ]


def _as_html(rows: Sequence[Row]) -> bytes:
    content = {
        "parts": page_parts(rows),
        "rows": rows,
        "provisional": _standing_of(rows) is Standing.PROVISIONAL,
        "first": _FIRST_ROW,
    }
    return _template("deployment_record.html").render(**content).encode()


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("overt.publication", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


class _Cells(HTMLParser):
    """Collects the cells that people see on the page, by row and column."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, dict[str, str]] = {}
        self._at: tuple[int, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a cell."""
        given = {name: value or "" for name, value in attrs}
        if tag == "td" and "data-column" in given:
            self._at = (_whole(given.get("data-row", "")), given["data-column"])
            cells = self.rows.setdefault(self._at[0], {})
            if self._at[1] in cells:
                raise ValueError("a cell twice")
            cells[self._at[1]] = ""

    def handle_data(self, data: str) -> None:
        """Take what stands in a cell."""
        if self._at is not None:
            self.rows[self._at[0]][self._at[1]] += data

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag == "td":
            self._at = None


def _html_lines(text: str) -> Iterator[dict[str, str]]:
    cells = _Cells()
    try:
        cells.feed(text)
        cells.close()
    except ValueError:
        raise _no_record("has a cell twice, or of no row") from None
    for _, row in sorted(cells.rows.items()):
        yield row


# --- the Metropolitan Police's layout -----------------------------------------------------------


MET_DEFINITIONS: Mapping[str, str] = {
    "location": "location.",
    "date": "The day of searched_from where the cameras stood, as day/month/year.",
    "duration": "searched_minutes, rounded half up to a whole one.",
    "use_case": "use_case_wording: exactly one.",
    "watchlist": "listed_subjects: people, and not pictures.",
    "min_threshold": "threshold, on Overt's own scale.",
    "alerts": "alerts, which leave out seeded subjects.",
    "true_confirmed": "true_confirmed.",
    "true_unconfirmed": "true_unconfirmed.",
    "false_confirmed": "false_confirmed.",
    "false_unconfirmed": "false_unconfirmed.",
    "false_alert_rate": "false_alerts of faces_seen, in per cent: two places, or one digit where "
    "it is below 0.01 %, rounded half up.",
    "arrest": "arrest.",
    "other": "conditions_checked, safeguarded, refused_entry and other_action_taken together.",
    "no_action": "no_action and not_engaged_disposal together, so that the three outcomes add up.",
    "faces_seen_estimate": "faces_seen, which is counted and not estimated.",
}
"""What stands in each of the Metropolitan Police's columns, said by our own."""


def _as_met_csv(rows: Sequence[Row]) -> bytes:
    return _csv(MET_COLUMNS, (_met_line(row) for row in rows))


def _met_line(row: Row) -> list[str]:
    """Return a row in the Met's columns, whose categories here are exclusive.

    Raises:
        PublicationError: it is provisional or has alerts without an outcome, for which those
            columns have no place.
    """
    _demand_sayable(row)
    of, searched = row.alerts, row.searched
    begun = searched.searched_from or row.authorised.window_start
    there = begun.astimezone(row.authorised.window_start.tzinfo)
    whole_minutes = int(rounded(Fraction(searched.searched_minutes), Decimal(1)))
    other = of.conditions_checked + of.safeguarded + of.refused_entry + of.other_action_taken
    line = {
        "location": row.authorised.location,
        "date": f"{there:%d/%m/%y}",
        "duration": f"{whole_minutes // 60}h{whole_minutes % 60:02}m",
        "use_case": row.authorised.use_case_wording,
        "watchlist": searched.listed_subjects,
        "min_threshold": searched.threshold,
        "alerts": of.alerts,
        "true_confirmed": of.true_confirmed,
        "true_unconfirmed": of.true_unconfirmed,
        "false_confirmed": of.false_confirmed,
        "false_unconfirmed": of.false_unconfirmed,
        "false_alert_rate": met_rate(row.rates.false_alerts, row.faces.faces_seen),
        "arrest": of.arrest,
        "other": other,
        "no_action": of.no_action + of.not_engaged_disposal,
        "faces_seen_estimate": row.faces.faces_seen,
    }
    return [cell(line[name]) for name in MET_COLUMNS]


def met_rate(count: int, of: int) -> str:
    """Return a rate as the Met prints it: two places, or one digit where it is below 0.01 %.

    It is rounded half up, where the Met's own were cut off: 1 of 1,123 is 0.09 %.

    >>> met_rate(1, 1123), met_rate(0, 900), met_rate(1, 29_000), met_rate(1, 1000)
    ('0.09%', '0%', '0.003%', '0.1%')
    """
    if not count or not of:
        return "0%"
    exact, step = Fraction(100 * count, of), Decimal("0.01")
    while Fraction(step) > exact:
        step /= 10
    return f"{rounded(exact, step).normalize():f}%"


def _demand_sayable(row: Row) -> None:
    if row.which.standing is Standing.PROVISIONAL:
        raise PublicationError(
            "The Metropolitan Police's columns have no place that says that a record is "
            "provisional.",
            remedy="Close the deployment first, or choose another format.",
        )
    undecided = row.alerts.erased_without_outcome + row.alerts.alerts_open
    if undecided:
        raise PublicationError(
            f"{undecided} alerts have no outcome, for which the Metropolitan Police's columns have "
            "no place.",
            remedy="Choose another format.",
        )


def _standing_of(rows: Iterable[Row]) -> Standing:
    """Return the standing of rows together: one provisional row makes all of it provisional."""
    final = all(row.which.standing is Standing.FINAL for row in rows)
    return Standing.FINAL if final else Standing.PROVISIONAL


def _no_record(why: str) -> PublicationError:
    return PublicationError(
        f"This is not a deployment record that Overt wrote: it {why}.",
        remedy="Give a file of overt publish record, or one in the Metropolitan Police's columns.",
    )


_Decode = Callable[[Column, Any], Any]

_WRITERS: Mapping[Layout, Callable[[Sequence[Row]], bytes]] = {
    Layout.CSV: _as_csv,
    Layout.JSON: _as_json,
    Layout.HTML: _as_html,
    Layout.MET_CSV: _as_met_csv,
}
_READERS: Mapping[Layout, tuple[_Decode, Callable[[str], Iterator[Mapping[str, Any]]]]] = {
    Layout.CSV: (_from_cell, _csv_lines),
    Layout.JSON: (_from_json, _json_lines),
    Layout.HTML: (_from_cell, _html_lines),
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
