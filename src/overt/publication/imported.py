"""A published record of deployments, read row by row as it was printed.

The columns are those in which the Metropolitan Police publish theirs (April 2023 to May 2025):
place, day, duration, purpose, list, threshold, alerts of four kinds, printed rate, three outcomes,
faces seen. What is printed is kept beside what it means, because how a figure is written is
evidence too. A row that cannot be read is named with its reason, and takes no part in anything else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from overt.errors import ConfigurationError
from overt.publication.csv_table import CellError, Table, Unreadable, bytes_of

COLUMNS = (
    "location",
    "date",
    "duration",
    "use_case",
    "watchlist",
    "min_threshold",
    "alerts",
    "true_confirmed",
    "true_unconfirmed",
    "false_confirmed",
    "false_unconfirmed",
    "false_alert_rate",
    "arrest",
    "other",
    "no_action",
    "faces_seen_estimate",
)
"""The columns of a published record, as its first row names them."""

STATEMENT_COLUMNS = ("location", "date", "alerts", "arrests", "source")
"""The columns of a file of statements."""

_DAYS = ("%d/%m/%y", "%d/%m/%Y", "%Y-%m-%d")
_DURATION = re.compile(r"([0-9]{1,3})\s*hr?\s*(?:([0-9]{1,3})\s*m?)?", re.IGNORECASE)
_COUNT = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2}")
_DECIMAL = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,12})?")
_COUNTED = COLUMNS[4:5] + COLUMNS[6:11] + COLUMNS[12:]


@dataclass(frozen=True, slots=True)
class Row:
    """A deployment as published.

    `number` counts the rows of the file as a spreadsheet does: the heading is row 1. Counts are
    0 or more; `rate_percent` is what was printed as false alert rate, in per cent. `printed` is
    the text of every column.
    """

    number: int
    location: str
    day: date
    duration: timedelta
    use_case: str
    watchlist: int
    threshold: Decimal
    alerts: int
    true_confirmed: int
    true_unconfirmed: int
    false_confirmed: int
    false_unconfirmed: int
    rate_percent: Decimal
    arrest: int
    other: int
    no_action: int
    faces: int
    printed: Mapping[str, str] = field(repr=False, hash=False)

    @property
    def true(self) -> int:
        """Its true alerts, confirmed or not."""
        return self.true_confirmed + self.true_unconfirmed

    @property
    def false(self) -> int:
        """Its false alerts, confirmed or not."""
        return self.false_confirmed + self.false_unconfirmed

    @property
    def outcomes(self) -> int:
        """Its three outcomes added up, as if they excluded one another."""
        return self.arrest + self.other + self.no_action

    @property
    def hours(self) -> float:
        """Its duration in hours."""
        return self.duration.total_seconds() / 3600

    @property
    def where_and_when(self) -> str:
        """Its place and day, as printed."""
        return f"{self.printed['location'].strip()}, {self.printed['date'].strip()}"


@dataclass(frozen=True, slots=True)
class Published:
    """A published record: its rows in the file's order, and what of it could not be used.

    `ignored` are columns that are not known here; `blank` counts rows with nothing in them.
    `sha256` (hex) is over the file's bytes.
    """

    name: str
    sha256: str
    rows: tuple[Row, ...]
    unreadable: tuple[Unreadable, ...] = ()
    ignored: tuple[str, ...] = ()
    blank: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """What was said elsewhere of a place and a day, and where that is to be read."""

    number: int
    location: str
    day: date
    alerts: int
    arrests: int
    source: str


def read_published(path: Path) -> Published:
    """Read a published record: CSV in UTF-8, with the columns of `COLUMNS`.

    Raises:
        ConfigurationError: it cannot be read, is no such record, or has no row that can be read.
    """
    data = bytes_of(path)
    table = Table.of(path, data, COLUMNS)
    rows, unreadable = table.read(_row)
    if not rows:
        raise ConfigurationError(
            f"{path} has no row that can be read." + _first(unreadable),
            remedy="Give a file with one deployment a row, under the heading.",
        )
    digest = sha256(data).hexdigest()
    return Published(path.name, digest, rows, unreadable, table.ignored, table.blank)


def read_statements(path: Path) -> tuple[Statement, ...]:
    """Read statements to hold against a record: CSV with the columns of `STATEMENT_COLUMNS`.

    Raises:
        ConfigurationError: it cannot be read, or some row of it cannot.
    """
    statements, unreadable = Table.of(path, bytes_of(path), STATEMENT_COLUMNS).read(_statement)
    if unreadable:
        raise ConfigurationError(
            f"{path} has rows that cannot be read ({len(unreadable)})." + _first(unreadable),
            remedy="Mend them, or take them out.",
        )
    return statements


def _row(number: int, cells: Mapping[str, str]) -> Row:
    count = {name: _count(name, cells) for name in _COUNTED}
    return Row(
        number=number,
        location=_words("location", cells),
        day=_day(cells),
        duration=_duration(cells),
        use_case=_words("use_case", cells),
        watchlist=count["watchlist"],
        threshold=_decimal("min_threshold", cells["min_threshold"]),
        alerts=count["alerts"],
        true_confirmed=count["true_confirmed"],
        true_unconfirmed=count["true_unconfirmed"],
        false_confirmed=count["false_confirmed"],
        false_unconfirmed=count["false_unconfirmed"],
        rate_percent=_rate(cells),
        arrest=count["arrest"],
        other=count["other"],
        no_action=count["no_action"],
        faces=count["faces_seen_estimate"],
        printed=dict(cells),
    )


def _statement(number: int, cells: Mapping[str, str]) -> Statement:
    return Statement(
        number=number,
        location=_words("location", cells),
        day=_day(cells),
        alerts=_count("alerts", cells),
        arrests=_count("arrests", cells),
        source=_words("source", cells),
    )


def _words(column: str, cells: Mapping[str, str]) -> str:
    if words := " ".join(cells[column].split()):
        return words
    raise CellError(column, "It is empty.")


def _day(cells: Mapping[str, str]) -> date:
    written = cells["date"].strip()
    for form in _DAYS:
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007  a day has no time zone
        except ValueError:
            continue
    raise CellError("date", f"“{written}” is no day like 19/01/24 or 2024-01-19.")


def _duration(cells: Mapping[str, str]) -> timedelta:
    written = cells["duration"].strip()
    if not (found := _DURATION.fullmatch(written)):
        raise CellError("duration", f"“{written}” is no duration like 6h 33m.")
    return timedelta(hours=int(found[1]), minutes=int(found[2] or 0))


def _count(column: str, cells: Mapping[str, str]) -> int:
    written = cells[column].strip()
    if not _COUNT.fullmatch(written):
        raise CellError(column, f"“{written}” is no whole number of 0 or more.")
    return int(written.replace(",", ""))


def _rate(cells: Mapping[str, str]) -> Decimal:
    """Return a printed rate in per cent; one without the sign is taken for a share of one."""
    written = cells["false_alert_rate"].strip()
    number = _decimal("false_alert_rate", written.removesuffix("%").strip())
    return number if written.endswith("%") else number * 100


def _decimal(column: str, written: str) -> Decimal:
    if not _DECIMAL.fullmatch(written.strip()):
        raise CellError(column, f"“{written}” is no number of 0 or more.")
    return Decimal(written.strip())


def _first(unreadable: tuple[Unreadable, ...]) -> str:
    if not unreadable:
        return ""
    first = unreadable[0]
    return f" Row {first.number}{first.column and ', ' + first.column}: {first.why}"
