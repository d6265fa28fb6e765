"""Annotations of clips in MOTChallenge's `gt.txt`, which tools for annotating videos write.

Dendorfer and others, 2020, arXiv:2003.09003.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from overt.errors import ConfigurationError
from overt.evaluation.clip_files import (
    HIGHEST_NUMBER,
    NUMBER,
    Make,
    all_usable,
    plainly,
    refuse,
    text_of,
)
from overt.evaluation.clips import AnnotatedPassage, Passages, TimedBox
from overt.reporting.files import write_whole


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
    for line, text in enumerate(text_of(path).splitlines(), start=1):
        try:
            found = _mot_box(text, settings.frames_per_second)
        except ValueError as error:
            faults.append(f"line {line} {error}")
            continue
        if found is not None:
            boxes[found[0]].append(found[1])
    refuse(faults, path.name)
    missing = sorted(set(settings.subjects) - set(boxes))
    if missing:
        raise ConfigurationError(
            f"{path.name} has no passage {missing[0]}, which was said to be of somebody listed.",
            remedy="Give the ids of the file, its second column.",
        )
    rows = ((f"id {who}", _mot_passage(who, boxes[who], settings)) for who in sorted(boxes))
    return all_usable(rows, path.name)


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


# --- MOTChallenge -------------------------------------------------------------------------------


def _mot_box(line: str, frames_per_second: float) -> tuple[int, TimedBox] | None:
    """Return whose box a line holds, and the box; None where it is not to be considered."""
    if not line.strip():
        return None
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) < 6:
        raise ValueError(f"has {len(cells)} numbers, where six are the least")
    if not all(re.fullmatch(NUMBER, cell) for cell in cells[:7]):
        raise ValueError("holds something other than numbers")
    frame, who, left, top, width, height = map(float, cells[:6])
    if not max(abs(frame), abs(who)) < HIGHEST_NUMBER:
        raise ValueError("has a number that no frame and no id can have")
    if frame < 1 or frame != int(frame) or who != int(who):
        raise ValueError("has no whole number as its frame, from 1, or as its id")
    if len(cells) > 6 and float(cells[6]) == 0:
        return None
    sides = (left, top, left + width, top + height)
    return int(who), TimedBox((frame - 1) / frames_per_second, sides)


def _mot_passage(who: int, boxes: list[TimedBox], settings: MotSettings) -> Make:
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
        yield ",".join([str(frame + 1), str(number), *map(plainly, sides), "1", "1", "1"])
