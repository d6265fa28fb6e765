"""Who passes when in a recording: the truth that a run on it is measured against.

A row of it is a passage: one person's way past one camera, from when to when, and who they are on
the list, or that they are not on it. Where a person's face is, as boxes at a few moments, is
optional and worth much: without it nobody can tell whose track a track was.

Written as CSV, a row a passage, or as JSON; boxes also come from MOTChallenge's `gt.txt`
(Dendorfer and others, 2020, arXiv:2003.09003), which tools for annotating videos write. A row
that cannot be used makes the whole file unusable, for a truth with holes makes every rate wrong.
"""

import csv
import io
import json
import math
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.errors import ConfigurationError, WatchlistError
from overt.reporting.files import write_whole
from overt.watchlist.rows import neutralised, plain
from overt.watchlist.tables import read_table

COLUMNS = ("passage_id", "subject_id", "camera", "first_s", "last_s", "boxes")
"""The columns of the CSV; the last may be missing."""

UNLISTED = "unlisted"
"""What stands for the subject of a passage of somebody who is not on the list."""

_MOST_BYTES = 64 * 2**20
_MOST_NAMED = 5
_MOST_CHARACTERS = 200
_LONGEST_S = 7 * 86_400.0
_HIGHEST_NUMBER = 1e9  # of a frame or an id
_WIDEST_PX = 100_000.0
_NUMBER = r"[-+]?[0-9]+(?:\.[0-9]*)?"
_TIMED_BOX = re.compile(rf"({_NUMBER}):\s*({_NUMBER})\s+({_NUMBER})\s+({_NUMBER})\s+({_NUMBER})")
_REMEDY = "docs/reference/clip-annotations.md says what belongs in each column."

_Four: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class TimedBox:
    """Where a face is at a moment of the recording: `[x1, y1, x2, y2]` in the picture's pixels."""

    time_s: float
    box_px: _Four

    def __post_init__(self) -> None:
        """Refuse what is no box.

        Raises:
            ValueError: it has no area, or lies nowhere near a picture.
        """
        x1, y1, x2, y2 = self.box_px
        if not all(math.isfinite(side) and abs(side) <= _WIDEST_PX for side in self.box_px):
            raise ValueError("has a box that lies in no picture")
        if x2 <= x1 or y2 <= y1:
            raise ValueError("has a box without any area: write left, top, right, bottom")


@dataclass(frozen=True, slots=True)
class AnnotatedPassage:
    """One person's way past one camera.

    `subject_id` is whose it is on the list, and empty for somebody who is not on it. `first_s`
    and `last_s` are seconds of the recording: the first and the last moment at which the face can
    be seen. `boxes` are in order of time, and may be few; see `box_at`.
    """

    passage_id: str
    subject_id: str
    camera: str
    first_s: float
    last_s: float
    boxes: tuple[TimedBox, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            ValueError: a name is empty, too long or cannot be shown, a time is no time, or boxes
                are not in order within the passage.
        """
        _check_names(self)
        times = [self.first_s, *(each.time_s for each in self.boxes), self.last_s]
        if not all(math.isfinite(time_s) and 0 <= time_s <= _LONGEST_S for time_s in times):
            raise ValueError("has a time that is not within a recording")
        if self.last_s < self.first_s:
            raise ValueError("ends before it begins")
        if times != sorted(times):
            raise ValueError("has boxes that are out of order, or outside its first and last time")
        if len(set(times[1:-1])) < len(self.boxes):
            raise ValueError("has two boxes for one moment")

    @property
    def listed(self) -> bool:
        """Whether it is the passage of somebody on the list: a mated one."""
        return bool(self.subject_id)

    def box_at(self, time_s: float) -> NDArray[np.float64] | None:
        """Return where the face is at a moment, `(4,)`, or None before, after or without boxes.

        Between two boxes it moves evenly; before the first and after the last it stays.
        """
        if not self.boxes or not self.first_s <= time_s <= self.last_s:
            return None
        after = bisect_right(self.boxes, time_s, key=lambda box: box.time_s)
        before, later = self.boxes[max(0, after - 1)], self.boxes[min(after, len(self.boxes) - 1)]
        lasts_s = later.time_s - before.time_s
        gone = min(1.0, max(0.0, (time_s - before.time_s) / lasts_s)) if lasts_s else 0.0
        return (1 - gone) * np.array(before.box_px) + gone * np.array(later.box_px)


Passages: TypeAlias = tuple[AnnotatedPassage, ...]


def read_passages(path: Path) -> Passages:
    """Read an annotation: JSON if `path` ends in `.json`, CSV otherwise; in the file's order.

    Raises:
        ConfigurationError: it cannot be read, lacks columns or rows, or has rows that cannot be
            used; these are named.
    """
    if path.suffix.lower() == ".json":
        return _all_usable(_json_rows(path), path.name)
    return _all_usable(_csv_rows(path), path.name)


def write_passages(passages: Sequence[AnnotatedPassage], path: Path) -> None:
    """Write what `read_passages` reads back unchanged, in the form that the name asks for.

    Raises:
        StorageError: the file cannot be written.
    """
    text = _as_json(passages) if path.suffix.lower() == ".json" else _as_csv(passages)
    write_whole(path, text.encode())


@dataclass(frozen=True, slots=True)
class MotSettings:
    """What MOTChallenge's files do not say.

    `camera` is whose pictures they are of; frames are counted from 1, `frames_per_second` of
    them. `subjects` says which of the file's ids are people on the list; all others are not.
    """

    camera: str
    frames_per_second: float
    subjects: Mapping[int, str]


def read_mot(path: Path, settings: MotSettings) -> Passages:
    """Read faces' boxes from MOTChallenge's `gt.txt`; passages are named by their ids.

    A line is `frame, id, left, top, width, height, considered, class, visibility`, of which the
    first six are needed; as in the challenge, a line whose `considered` is 0 is none.

    Raises:
        ConfigurationError: it cannot be read, holds no passage, or has lines that cannot be
            used; or no passage of it has an id that `settings` names.
    """
    if not 0 < settings.frames_per_second <= 1000:
        raise ConfigurationError(
            "The frames of an annotation must be above 0 and at most 1000 a second.",
            remedy="Give the rate of the recording that was annotated.",
        )
    boxes: defaultdict[int, list[TimedBox]] = defaultdict(list)
    faults: list[str] = []
    for line, text in enumerate(_text(path).splitlines(), start=1):
        try:
            found = _mot_box(text, settings.frames_per_second)
        except ValueError as error:
            faults.append(f"line {line} {error}")
            continue
        if found is not None:
            boxes[found[0]].append(found[1])
    _refuse(faults, path.name)
    missing = sorted(set(settings.subjects) - set(boxes))
    if missing:
        raise ConfigurationError(
            f"{path.name} has no passage {missing[0]}, which was said to be of somebody listed.",
            remedy="Give the ids of the file, its second column.",
        )
    rows = ((f"id {who}", _mot_passage(who, boxes[who], settings)) for who in sorted(boxes))
    return _all_usable(rows, path.name)


def write_mot(
    passages: Sequence[AnnotatedPassage], path: Path, *, frames_per_second: float
) -> None:
    """Write the passages that have boxes as MOTChallenge's `gt.txt`, numbered from 1.

    Each is written in every frame from its first box to its last; who is listed has no place in
    the file.

    Raises:
        StorageError: the file cannot be written.
    """
    lines = [
        line
        for number, passage in enumerate(passages, start=1)
        for line in _mot_lines(number, passage, frames_per_second)
    ]
    write_whole(path, "".join(f"{line}\n" for line in lines).encode())


# --- rows, of either kind -----------------------------------------------------------------------

_Make: TypeAlias = Callable[[], AnnotatedPassage]
"""Makes a passage of a row; raises ValueError, whose text follows the row's name."""


def _all_usable(rows: Iterable[tuple[str, _Make]], file: str) -> Passages:
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
    _refuse(faults, file)
    if not passages:
        raise ConfigurationError(
            f"{file} has no passage in it.", remedy="Write a row for everybody who passes."
        )
    return tuple(passages)


def _refuse(faults: Sequence[str], file: str) -> None:
    if not faults:
        return
    more = len(faults) - _MOST_NAMED
    named = "; ".join(faults[:_MOST_NAMED]) + (f"; and {more:,} more" if more > 0 else "")
    raise ConfigurationError(f"{file} cannot be used: {named}.", remedy=_REMEDY)


def _check_names(passage: AnnotatedPassage) -> None:
    for what in ("passage_id", "subject_id", "camera"):
        name: str = getattr(passage, what)
        if not name and what != "subject_id":
            raise ValueError(f"has no {what}")
        if len(name) > _MOST_CHARACTERS:
            raise ValueError(f"has a {what} of more than {_MOST_CHARACTERS} characters")
        if name != plain(neutralised(name)) or not name.isprintable():
            raise ValueError(f"has a {what} with blanks around it, or what cannot be shown in it")
    if passage.subject_id.casefold() == UNLISTED:
        raise ValueError(f"has the subject {passage.subject_id!a}, a word for nobody on the list")


def _subject(text: str) -> str:
    """Return the subject that a file names; its word for nobody on the list becomes empty."""
    if not text:
        raise ValueError(f"has no subject_id: write {UNLISTED} for somebody not on the list")
    return "" if text.casefold() == UNLISTED else text


# --- CSV ----------------------------------------------------------------------------------------


def _csv_rows(path: Path) -> Iterator[tuple[str, _Make]]:
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
    if not re.fullmatch(_NUMBER, text):
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
            f"{_plainly(box.time_s)}: {' '.join(map(_plainly, box.box_px))}" for box in each.boxes
        )
        names = (each.passage_id, each.subject_id or UNLISTED, each.camera)
        times = (_plainly(each.first_s), _plainly(each.last_s))
        writer.writerow([*map(neutralised, names), *times, boxes])
    return text.getvalue()


def _plainly(number: float) -> str:
    """Return a number without an exponent, and with every digit that it needs to come back."""
    return np.format_float_positional(number, trim="-")


# --- JSON ---------------------------------------------------------------------------------------


def _json_rows(path: Path) -> Iterator[tuple[str, _Make]]:
    try:
        items = json.loads(_text(path))
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
    return abs(value) < _HIGHEST_NUMBER


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


# --- MOTChallenge -------------------------------------------------------------------------------


def _mot_box(line: str, frames_per_second: float) -> tuple[int, TimedBox] | None:
    """Return whose box a line holds, and the box; None where it is not to be considered."""
    if not line.strip():
        return None
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) < 6:
        raise ValueError(f"has {len(cells)} numbers, where six are the least")
    if not all(re.fullmatch(_NUMBER, cell) for cell in cells[:7]):
        raise ValueError("holds something other than numbers")
    frame, who, left, top, width, height = map(float, cells[:6])
    if not max(abs(frame), abs(who)) < _HIGHEST_NUMBER:
        raise ValueError("has a number that no frame and no id can have")
    if frame < 1 or frame != int(frame) or who != int(who):
        raise ValueError("has no whole number as its frame, from 1, or as its id")
    if len(cells) > 6 and float(cells[6]) == 0:
        return None
    sides = (left, top, left + width, top + height)
    return int(who), TimedBox((frame - 1) / frames_per_second, sides)


def _mot_passage(who: int, boxes: list[TimedBox], settings: MotSettings) -> _Make:
    ordered = tuple(sorted(boxes, key=lambda box: box.time_s))
    return lambda: AnnotatedPassage(
        passage_id=str(who),
        subject_id=settings.subjects.get(who, ""),
        camera=settings.camera,
        first_s=ordered[0].time_s,
        last_s=ordered[-1].time_s,
        boxes=ordered,
    )


def _mot_lines(number: int, passage: AnnotatedPassage, frames_per_second: float) -> Iterator[str]:
    if not passage.boxes:
        return
    first, last = passage.boxes[0].time_s, passage.boxes[-1].time_s
    for frame in range(
        math.ceil(first * frames_per_second - 1e-6), math.floor(last * frames_per_second + 1e-6) + 1
    ):
        box = passage.box_at(min(max(frame / frames_per_second, first), last))
        assert box is not None
        sides = (box[0], box[1], box[2] - box[0], box[3] - box[1])
        yield ",".join([str(frame + 1), str(number), *map(_plainly, sides), "1", "1", "1"])


def _text(path: Path) -> str:
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
