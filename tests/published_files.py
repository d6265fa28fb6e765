"""Invented published records: a right one, made wrong in one place at a time."""

import csv
import math
import random
from collections.abc import Sequence
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from overt.publication.contradictions import Examination, examine
from overt.publication.imported import COLUMNS, Row, read_published, read_statements

Cells = dict[str, str]

RIGHT: Cells = {
    "location": "Market Square",
    "date": "02/01/24",
    "duration": "5h 00m",
    "use_case": "Crime Hotspot",
    "watchlist": "10000",
    "min_threshold": "0.6",
    "alerts": "4",
    "true_confirmed": "3",
    "true_unconfirmed": "0",
    "false_confirmed": "1",
    "false_unconfirmed": "0",
    "false_alert_rate": "0.09%",
    "arrest": "2",
    "other": "1",
    "no_action": "0",
    "faces_seen_estimate": "1123",
}
"""A row in which everything is right: 1 of 1,123 is 0.0890 %."""


def row(**changes: Any) -> Cells:
    """A right row, with some of its cells changed."""
    return RIGHT | {name: str(value) for name, value in changes.items()}


def days(count: int, **changes: Any) -> list[Cells]:
    """Right rows of as many days, one after the other."""
    first = date(2024, 1, 2)
    return [row(date=f"{first + timedelta(days=n):%d/%m/%y}", **changes) for n in range(count)]


def with_break(factor: float, *, moved: bool = False) -> list[Cells]:
    """A record of 120 rows at six places, whose faces an hour change in the middle."""
    chance = random.Random(7)
    places = ["Acton", "Barnet", "Catford", "Dulwich", "Ealing", "Fulham"]
    others = ["Garston", "Hounslow", "Ickenham", "Jesmond", "Kingston", "Lambeth"]
    rows = days(120, false_alert_rate="0%", alerts=3, false_confirmed=0)
    for at, each in enumerate(rows):
        after = at >= 60
        site = (others if moved and after else places)[at % 6]
        faces = 1500 * math.exp(chance.gauss(0, 0.4)) * (factor if after else 1)
        each |= {"location": site, "faces_seen_estimate": str(round(faces))}
    return rows


def text_of(rows: Sequence[Cells], columns: Sequence[str] = COLUMNS) -> str:
    """A file's text."""
    written = StringIO()
    writer = csv.DictWriter(written, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def write(folder: Path, rows: Sequence[Cells], name: str = "record.csv") -> Path:
    """Write a record."""
    path = folder / name
    path.write_text(text_of(rows), encoding="utf-8")
    return path


def write_statement(folder: Path, **changes: Any) -> Path:
    """Write a file with one statement about the market square."""
    said = {
        "location": "Market Square",
        "date": "02/01/24",
        "alerts": "4",
        "arrests": "2",
        "source": "the force's release",
    } | {name: str(value) for name, value in changes.items()}
    path = folder / "statements.csv"
    path.write_text(text_of([said], list(said)), encoding="utf-8")
    return path


def read(folder: Path, rows: Sequence[Cells]) -> tuple[Row, ...]:
    """The rows as they are read."""
    return read_published(write(folder, rows)).rows


def examined(folder: Path, rows: Sequence[Cells], statement: Path | None = None) -> Examination:
    """What is found in rows."""
    said = read_statements(statement) if statement else ()
    return examine(read_published(write(folder, rows)), said)


def found(examination: Examination) -> dict[str, list[tuple[int, ...]]]:
    """The rows of each finding, by the check that made it."""
    return {each.name: [finding.rows for finding in each.findings] for each in examination.found}


def words(examination: Examination, check: str) -> str:
    """What a check says."""
    return " ".join(
        finding.words
        for each in examination.found
        if each.name == check
        for finding in each.findings
    )
