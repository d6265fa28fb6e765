"""Annotations of clips as files: CSV, a row a passage, or JSON.

A row that cannot be used makes the whole file unusable, for a truth with holes makes every rate
wrong.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from overt.errors import ConfigurationError, WatchlistError
from overt.evaluation.clips import UNLISTED, AnnotatedPassage, Passages, TimedBox
from overt.reporting.files import write_whole
from overt.watchlist.rows import neutralised, plain
from overt.watchlist.tables import read_table

COLUMNS = ("passage_id", "subject_id", "camera", "first_s", "last_s", "boxes")
"""The columns of the CSV; the last may be missing."""

_MOST_BYTES = 64 * 2**20
_MOST_NAMED = 5
HIGHEST_NUMBER = 1e9  # of a frame or an id
NUMBER = r"[-+]?[0-9]+(?:\.[0-9]*)?"
_TIMED_BOX = re.compile(rf"({NUMBER}):\s*({NUMBER})\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})")
_REMEDY = "docs/reference/clip-annotations.md says what belongs in each column."


def read_passages(path: Path) -> Passages:
    """Read an annotation: JSON if `path` ends in `.json`, CSV otherwise; in the file's order.

    Raises:
        ConfigurationError: it cannot be read, lacks columns or rows, or has rows that cannot be
            used; these are named.
    """
    if path.suffix.lower() == ".json":
        return all_usable(_json_rows(path), path.name)
    return all_usable(_csv_rows(path), path.name)


def write_passages(passages: Sequence[AnnotatedPassage], path: Path) -> None:
    """Write what `read_passages` reads back unchanged, in the form that the name asks for.

    Raises:
        StorageError: the file cannot be written.
    """
    text = _as_json(passages) if path.suffix.lower() == ".json" else _as_csv(passages)
    write_whole(path, text.encode())


# --- rows, of either kind -----------------------------------------------------------------------

Make: TypeAlias = Callable[[], AnnotatedPassage]
"""Makes a passage of a row; raises ValueError, whose text follows the row's name."""


def all_usable(rows: Iterable[tuple[str, Make]], file: str) -> Passages:
    """Return every row's passage, or refuse the file with the rows that are at fault."""
    passages: list[AnnotatedPassage] = []
    faults: list[str] = []
    for place, make in rows:
        try:
            passages.append(make())
        except ValueError as error:
            faults.append(f"{place} {error}")
    for passage_id, times in Counter(each.passage_id for each in passages).items():
        if times > 1:
            faults.append(f"the passage {passage_id!a} is there {times} times")
    refuse(faults, file)
    if not passages:
        raise ConfigurationError(
            f"{file} has no passage in it.", remedy="Write a row for everybody who passes."
        )
    return tuple(passages)


def refuse(faults: Sequence[str], file: str) -> None:
    """Refuse a file that has faults, and name the first of them.

    Raises:
        ConfigurationError: it has.
    """
    if not faults:
        return
    more = len(faults) - _MOST_NAMED
    named = "; ".join(faults[:_MOST_NAMED]) + (f"; and {more:,} more" if more > 0 else "")
    raise ConfigurationError(f"{file} cannot be used: {named}.", remedy=_REMEDY)


def _subject(text: str) -> str:
    """Return the subject that a file names; its word for nobody on the list becomes empty."""
    if not text:
        raise ValueError(f"has no subject_id: write {UNLISTED} for somebody not on the list")
    return "" if text.casefold() == UNLISTED else text


# --- CSV ----------------------------------------------------------------------------------------


def _csv_rows(path: Path) -> Iterator[tuple[str, Make]]:
    try:
        table = read_table(path, lambda heading: _column(heading) in COLUMNS)
        columns = [_column(heading) for heading in table.columns]
        _demand_columns(columns)
        for number, cells in table.records:
            yield f"row {number}", partial(_csv_passage, columns, cells)
    except WatchlistError as error:  # it was written for lists of people who are sought
        message = error.message.replace("The list", "The annotation", 1)
        raise ConfigurationError(message, remedy=error.remedy) from error


def _column(heading: str) -> str:
    return re.sub(r"[\s-]+", "_", heading.strip().lower())


def _demand_columns(columns: Sequence[str]) -> None:
    missing = [each for each in COLUMNS[:-1] if each not in columns]
    twice = [each for each, times in Counter(columns).items() if times > 1]
    unknown = [each for each in columns if each not in COLUMNS]
    for fault, which in (("no", missing), ("twice the", twice), ("an unknown", unknown)):
        if which:
            raise ConfigurationError(
                f"The annotation has {fault} column {which[0][:60]!a}.",
                remedy=f"Name them in the first row: {', '.join(COLUMNS)}.",
            )


def _csv_passage(columns: Sequence[str], cells: Sequence[str] | str) -> AnnotatedPassage:
    if isinstance(cells, str):
        raise ValueError(cells)  # noqa: TRY004 - as all faults
    given = dict(zip(columns, map(plain, cells), strict=True))
    return AnnotatedPassage(
        passage_id=given["passage_id"],
        subject_id=_subject(given["subject_id"]),
        camera=given["camera"],
        first_s=_seconds(given["first_s"], "first_s"),
        last_s=_seconds(given["last_s"], "last_s"),
        boxes=tuple(_csv_boxes(given.get("boxes", ""))),
    )


def _seconds(text: str, column: str) -> float:
    if not re.fullmatch(NUMBER, text):
        raise ValueError(f"has in {column} no number of seconds but {text[:40]!a}")
    return float(text)


def _csv_boxes(text: str) -> Iterator[TimedBox]:
    """Read `0.5: 120 80 170 150; 2: 300 90 380 200`: seconds, and left, top, right, bottom."""
    for part in text.split(";") if text else ():
        read = _TIMED_BOX.fullmatch(part.strip())
        if read is None:
            raise ValueError(f"has a box that cannot be read: {part.strip()[:60]!a}")
        time_s, x1, y1, x2, y2 = map(float, read.groups())
        yield TimedBox(time_s, (x1, y1, x2, y2))


def _as_csv(passages: Sequence[AnnotatedPassage]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in passages:
        boxes = "; ".join(
            f"{plainly(box.time_s)}: {' '.join(map(plainly, box.box_px))}" for box in each.boxes
        )
        names = (each.passage_id, each.subject_id or UNLISTED, each.camera)
        times = (plainly(each.first_s), plainly(each.last_s))
        writer.writerow([*map(neutralised, names), *times, boxes])
    return text.getvalue()


def plainly(number: float) -> str:
    """Return a number without an exponent, and with every digit that it needs to come back."""
    return np.format_float_positional(number, trim="-")


# --- JSON ---------------------------------------------------------------------------------------


def _json_rows(path: Path) -> Iterator[tuple[str, Make]]:
    try:
        items = json.loads(text_of(path))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"The annotation is not valid JSON: {error}.", remedy=_REMEDY
        ) from error
    if not isinstance(items, list):
        raise ConfigurationError("The annotation is no list of passages.", remedy=_REMEDY)
    for number, item in enumerate(items, start=1):
        yield f"passage {number}", partial(_json_passage, item)


def _json_passage(item: object) -> AnnotatedPassage:
    given = _object(item, COLUMNS, optional=("boxes",))
    boxes = given.get("boxes", [])
    if not isinstance(boxes, list):
        raise ValueError("has something other than a list in boxes")  # noqa: TRY004 - as all faults
    return AnnotatedPassage(
        passage_id=_text_in(given, "passage_id"),
        subject_id=_subject(_text_in(given, "subject_id")),
        camera=_text_in(given, "camera"),
        first_s=_number_in(given, "first_s"),
        last_s=_number_in(given, "last_s"),
        boxes=tuple(map(_json_box, boxes)),
    )


def _json_box(item: object) -> TimedBox:
    given = _object(item, ("time_s", "box_px"))
    sides = given["box_px"]
    if not isinstance(sides, list) or len(sides) != 4 or not all(map(_is_number, sides)):
        raise ValueError("has a box_px that is not four numbers")
    x1, y1, x2, y2 = map(float, sides)
    return TimedBox(_number_in(given, "time_s"), (x1, y1, x2, y2))


def _object(
    item: object, names: Sequence[str], optional: Sequence[str] = ()
) -> Mapping[str, object]:
    if not isinstance(item, dict):
        raise ValueError("is not an object")  # noqa: TRY004 - as all faults
    for name in item:
        if name not in names:
            raise ValueError(f"has an unknown field {name[:60]!a}")
    for name in names:
        if name not in item and name not in optional:
            raise ValueError(f"has no {name}")
    return item


def _text_in(given: Mapping[str, object], name: str) -> str:
    value = given[name]
    if not isinstance(value, str):
        raise ValueError(f"has something other than text in {name}")  # noqa: TRY004 - as all faults
    return value.strip()


def _number_in(given: Mapping[str, object], name: str) -> float:
    value: Any = given[name]
    if not _is_number(value):
        raise ValueError(f"has something other than a number in {name}")
    return float(value)


def _is_number(value: object) -> bool:
    """Tell whether a value is a number of the size that any number here may have."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < HIGHEST_NUMBER


def _as_json(passages: Sequence[AnnotatedPassage]) -> str:
    told = [
        {
            "passage_id": each.passage_id,
            "subject_id": each.subject_id or UNLISTED,
            "camera": each.camera,
            "first_s": each.first_s,
            "last_s": each.last_s,
            "boxes": [{"time_s": box.time_s, "box_px": list(box.box_px)} for box in each.boxes],
        }
        for each in passages
    ]
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def text_of(path: Path) -> str:
    """Return a file's text.

    Raises:
        ConfigurationError: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ConfigurationError(
                f"{path.name} is larger than {_MOST_BYTES >> 20} MB.", remedy=_REMEDY
            )
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            f"{path.name} cannot be read: {error.strerror}.",
            remedy="Check its path and permissions.",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path.name} is not UTF-8.", remedy=_REMEDY) from error
