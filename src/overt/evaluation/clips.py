"""Who passes when in a recording: the truth that a run on it is measured against.

A passage is one person's way past one camera, from when to when, and who they are on the list, or
that they are not on it. Where a person's face is, as boxes at a few moments, is optional and worth
much: without it nobody can tell whose track a track was. `overt.evaluation.clip_files` and
`overt.evaluation.clip_mot` read and write it.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.watchlist.rows import neutralised, plain

UNLISTED = "unlisted"
"""What stands for the subject of a passage of somebody who is not on the list."""
_MOST_CHARACTERS = 200
_LONGEST_S = 7 * 86_400.0
_WIDEST_PX = 100_000.0

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
