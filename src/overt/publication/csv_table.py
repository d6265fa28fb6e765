"""CSV files of others: their heading, their rows by number, and every cell that cannot be read."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from overt.errors import ConfigurationError

_LARGEST = 20 * 2**20  # bytes; the largest published record known has under 100 kB
_MOST_ROWS = 20_000  # seventy times the largest known

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be read: in which column (empty for all of it), and why."""

    number: int
    column: str
    why: str


class CellError(ValueError):
    """Which cell of a row cannot be read, and why."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column = column
        self.why = why


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file under its heading.

    Rows are numbered as a spreadsheet numbers them: the heading is row 1. `ignored` are columns
    that were not asked for; `blank` counts rows with nothing in them.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    ignored: tuple[str, ...]
    blank: int

    @classmethod
    def of(cls, path: Path, data: bytes, wanted: Sequence[str]) -> "Table":
        """Take a file's bytes apart, in UTF-8 and with the columns that are wanted.

        Raises:
            ConfigurationError: it is no such file.
        """
        first, *rest = _lines(path, data) or [[]]
        columns = tuple(each.strip().casefold() for each in first)
        _demand(path, columns, wanted)
        numbered = tuple((number, tuple(cells)) for number, cells in enumerate(rest, 2))
        filled = tuple((number, cells) for number, cells in numbered if any(map(str.strip, cells)))
        ignored = tuple(each for each in columns if each not in wanted)
        return cls(columns, filled, ignored, len(numbered) - len(filled))

    def read(
        self, row: Callable[[int, Mapping[str, str]], _Read]
    ) -> tuple[tuple[_Read, ...], tuple[Unreadable, ...]]:
        """Read every row with a function that raises `CellError`, and name those it cannot."""
        good: list[_Read] = []
        bad: list[Unreadable] = []
        for number, cells in self.rows:
            try:
                good.append(row(number, self._by_column(cells)))
            except CellError as error:
                bad.append(Unreadable(number, error.column, error.why))
        return tuple(good), tuple(bad)

    def _by_column(self, cells: tuple[str, ...]) -> dict[str, str]:
        if len(cells) != len(self.columns):
            why = f"It has {len(cells)} cells under {len(self.columns)} headings."
            raise CellError("", why)
        return dict(zip(self.columns, cells, strict=True))


def bytes_of(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        ConfigurationError: it cannot be read, or is far larger than any such file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}.", remedy="Check its name and permissions."
        ) from None
    if len(data) > _LARGEST:
        raise ConfigurationError(
            f"{path} is larger than {_LARGEST // 2**20} MiB.", remedy="Divide it."
        )
    return data


def _lines(path: Path, data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{path} is not UTF-8 text.", remedy="Save it as CSV in UTF-8."
        ) from None
    except csv.Error as error:
        raise ConfigurationError(
            f"{path} is not CSV: {error}.", remedy="Save it as CSV, with quotes that close."
        ) from None
    if len(lines) > _MOST_ROWS:
        raise ConfigurationError(
            f"{path} has {len(lines):,} rows; {_MOST_ROWS:,} are read at most.", remedy="Divide it."
        )
    return lines


def _demand(path: Path, columns: Sequence[str], wanted: Sequence[str]) -> None:
    remedy = f"Name the columns in the first row: {', '.join(wanted)}."
    if missing := [each for each in wanted if each not in columns]:
        raise ConfigurationError(
            f"{path} has no column {', no column '.join(missing)}.", remedy=remedy
        )
    if twice := sorted(_twice(columns)):
        raise ConfigurationError(f"{path} has {', '.join(twice)} twice.", remedy=remedy)


def _twice(columns: Sequence[str]) -> Iterator[str]:
    return (each for each in set(columns) if columns.count(each) > 1)
