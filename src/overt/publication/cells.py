"""A record's values as texts in cells, and back, for files that people and spreadsheets read.

A cell that a spreadsheet would take for a formula gets an apostrophe before it, which reading
takes off again.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args

from overt.errors import PublicationError
from overt.publication.columns import (
    Column,
    Outcome,
    Outcomes,
    Row,
    Standing,
)
from overt.vocabulary import DeploymentState

FIRST_ROW = 2  # a spreadsheet's, under the heading
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_WAY = re.compile(
    r"(\d+) (true|false) / (confirmed|unconfirmed) / (engaged|not engaged) / ([a-z ]+)"
)
_BETWEEN = "; "


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


def from_cell(column: Column, text: str) -> Any:
    """Return the value that a cell of a column says.

    Raises:
        ValueError, InvalidOperation: it is not written as the column says.
    """
    kind, may_be_empty = kind_of(column)
    if may_be_empty and not text:
        return None
    return FROM_TEXT[kind](text)


def kind_of(column: Column) -> tuple[Any, bool]:
    """Return the type of a column's values, and whether a cell may be empty."""
    if column.kind == Outcomes:
        return Outcomes, False
    kinds = [each for each in get_args(column.kind) if each is not type(None)]
    return (kinds[0], True) if kinds else (column.kind, False)


def whole(text: str) -> int:
    """Return a whole number as it stands in a cell.

    Raises:
        ValueError: it is none.
    """
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


FROM_TEXT: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    int: whole,
    float: float,
    Decimal: _decimal,
    datetime: _moment,
    Standing: Standing,
    DeploymentState: DeploymentState,
    Outcomes: _outcomes,
}


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


def csv_file(heading: Iterable[str], lines: Iterable[Iterable[str]]) -> bytes:
    """Return a CSV of these lines (RFC 4180), its cells guarded."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows([guarded(text) for text in line] for line in lines)
    return out.getvalue().encode()


def standing_of(rows: Iterable[Row]) -> Standing:
    """Return the standing of rows together: one provisional row makes all of it provisional."""
    final = all(row.which.standing is Standing.FINAL for row in rows)
    return Standing.FINAL if final else Standing.PROVISIONAL


def no_record(why: str) -> PublicationError:
    """Return the refusal of a file that is no record."""
    return PublicationError(
        f"This is not a deployment record that Overt wrote: it {why}.",
        remedy="Give a file of overt publish record, or one in the Metropolitan Police's columns.",
    )
