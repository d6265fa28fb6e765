"""What commands write on: two consoles, and the shapes that messages have.

Rich leaves colour and cursor movements out where there is no terminal, and colour out where
`NO_COLOR` is set. Colour repeats what words already say and never says anything by itself.
Text from outside is always a `Text`, so that no bracket in it is taken for a style.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_WHOLE = 24  # characters; a longer word is folded


@cache
def out() -> Console:
    """Return the console on standard output, for what a command was asked for."""
    return Console(highlight=False, emoji=False, markup=False)


@cache
def err() -> Console:
    """Return the console on standard error, for progress and complaints."""
    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def printable(text: str) -> str:
    """Return text in which nothing can steer a terminal: controls become replacement marks."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def say(line: str) -> None:
    """Write one line on standard output, however narrow the terminal is."""
    out().print(printable(line), soft_wrap=True)


def complain(message: str, remedy: str = "") -> None:
    """Write on standard error what went wrong and, on its own line, what to do about it."""
    line = Text.assemble(("overt: ", "bold red"), printable(message))
    err().print(line, soft_wrap=True)
    if remedy:
        err().print(Text.assemble(("  → ", "bold"), printable(remedy)), soft_wrap=True)


def facts(rows: dict[str, str]) -> Table:
    """Return a two-column table of names and what they stand for, indented, without lines."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(Padding(Text(name), (0, 0, 0, 2)), Text(printable(value)))
    return table


def listed(rows: Iterable[tuple[str, str]]) -> Table:
    """Return lines with a mark before each, indented, so that wrapped ones hang under it."""
    table = Table.grid(padding=(0, 1))
    for mark, text in rows:
        table.add_row(Text(f"  {mark}"), Text(printable(text)))
    return table


def print_json(value: object) -> None:
    """Write a value on standard output as JSON, in ASCII, for programs to read."""
    out().print(json.dumps(value, indent=2, ensure_ascii=True), soft_wrap=True)


def columns(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    """Return a table without lines; every cell is text from outside.

    Where it is narrow, columns of several words are folded; short words stay whole.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        whole = all(" " not in row[number] and len(row[number]) <= _WHOLE for row in cells)
        table.add_column(heading, overflow="ellipsis" if whole else "fold", no_wrap=whole)
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def moment(at: datetime | None) -> str:
    """Return a moment as people read it, to the minute and in UTC; a dash where there is none."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "-"
