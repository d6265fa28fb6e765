"""A record as a page to print, which shows the same cells as the CSV, and back from what people see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from overt.publication.cells import FIRST_ROW, cell, no_record, standing_of, whole
from overt.publication.columns import (
    COLUMNS,
    PARTS,
    Row,
    Standing,
)

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


def as_html(rows: Sequence[Row]) -> bytes:
    """Return the rows as a page of its own."""
    content = {
        "parts": page_parts(rows),
        "rows": rows,
        "provisional": standing_of(rows) is Standing.PROVISIONAL,
        "first": FIRST_ROW,
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
            self._at = (whole(given.get("data-row", "")), given["data-column"])
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


def html_lines(text: str) -> Iterator[dict[str, str]]:
    """Yield each row's cells by column, as people see them on a page.

    Raises:
        PublicationError: it is no such page.
    """
    cells = _Cells()
    try:
        cells.feed(text)
        cells.close()
    except ValueError:
        raise no_record("has a cell twice, or of no row") from None
    for _, row in sorted(cells.rows.items()):
        yield row
