"""What the log counts: every entry's event and time, and each deployment's figures.

The log is read once and then followed as it grows, so that a page need not read it all again.
Figures come from the log alone: they go on counting what has been deleted since, and hold as far
as the log does, which is `overt_verify`'s to say and not this module's.
"""

import json
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from overt.storage.journal import Journal

UNREADABLE = "unreadable"
"""Stands for the event of an entry that is not as it was written."""


@dataclass(slots=True)
class Figures:
    """What was counted of one deployment; `disposals` has a count for each that occurred.

    `alerts` counts them all, and `seeded` those of them that were raised against test subjects.
    """

    runs: int = 0
    faces_seen: int = 0
    alerts: int = 0
    seeded: int = 0
    decisions: int = 0
    closed: int = 0
    false_alerts: int = 0
    engaged: int = 0
    disposals: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    deletions: int = 0
    refusals: int = 0


class LogFigures:
    """An index of one log, in memory. Threads may share it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = Lock()
        self._begin()

    def events(self) -> Mapping[str, int]:
        """Return how often each event occurred."""
        with self._lock:
            self._catch_up()
            counts = Counter(self._codes)
            return {name: counts[code] for name, code in sorted(self._names.items())}

    def of_deployment(self, deployment_id: str) -> Figures:
        """Return what was counted of a deployment."""
        with self._lock:
            self._catch_up()
            return self._figures.get(deployment_id, Figures())

    def find(
        self, event: str = "", start: datetime | None = None, end: datetime | None = None
    ) -> list[int]:
        """Return the positions of the entries of an event, from `start` up to but not at `end`."""
        with self._lock:
            self._catch_up()
            positions: Iterator[int] = iter(range(len(self._codes)))
            if event:
                code = self._names.get(event, -1)
                positions = (each for each in positions if self._codes[each] == code)
            low = start.timestamp() if start else float("-inf")
            high = end.timestamp() if end else float("inf")
            return [each for each in positions if low <= self._times[each] < high]

    def _begin(self) -> None:
        self._names: dict[str, int] = {}
        self._codes = array("H")
        self._times = array("d")
        self._figures: dict[str, Figures] = {}
        self._of: dict[str, str] = {}  # runs, alerts, lists and receipts: their deployment

    def _catch_up(self) -> None:
        size = self._journal.tree().size
        if size < len(self._codes):
            self._begin()  # another record stands in its place
        if size > len(self._codes):
            for _, leaf in self._journal.entries(len(self._codes), size):
                self._take(leaf)

    def _take(self, leaf: bytes) -> None:
        try:
            fields = json.loads(leaf)
            event, at = str(fields["event"]), datetime.fromisoformat(fields["at"]).timestamp()
            self._count(event, fields["data"])
        except (ValueError, TypeError, KeyError, AttributeError):
            event, at = UNREADABLE, self._times[-1] if self._times else 0.0
        self._codes.append(self._names.setdefault(event, len(self._names)))
        self._times.append(at)

    def _count(self, event: str, data: Mapping[str, Any]) -> None:
        owner, of = self._owner(event, data), self._figures
        if owner:
            count = _COUNTS.get(event)
            figures = of.setdefault(owner, Figures())
            if count is not None:
                count(figures, data)

    def _owner(self, event: str, data: Mapping[str, Any]) -> str:
        """Return whose deployment's an entry is, and remember what belongs to it."""
        if event == "act.refused":
            thing = str(data["about"]).rpartition(" ")[2]
            return thing if thing in self._figures else self._of.get(thing, "")
        parent = str(data.get("deployment") or "") or next(
            (self._of[str(data[name])] for name in _PARENTS if str(data.get(name)) in self._of), ""
        )
        made = _MAKES.get(event)
        if made and parent:
            self._of[str(data[made])] = parent
        return parent


_PARENTS = ("run", "alert", "watchlist", "thing", "receipt")
_MAKES = {
    "deployment.drafted": "watchlist",
    "watchlist.imported": "watchlist",
    "run.began": "run",
    "alert.raised": "alert",
    "deletion.begun": "receipt",
}


def _run_began(figures: Figures, _data: Mapping[str, Any]) -> None:
    figures.runs += 1


def _run_ended(figures: Figures, data: Mapping[str, Any]) -> None:
    figures.faces_seen += int(data["faces_seen"])


def _raised(figures: Figures, data: Mapping[str, Any]) -> None:
    figures.alerts += 1
    figures.seeded += data.get("seeded") is True


def _decided(figures: Figures, _data: Mapping[str, Any]) -> None:
    figures.decisions += 1


def _closed(figures: Figures, data: Mapping[str, Any]) -> None:
    figures.closed += 1
    figures.false_alerts += data["true_alert"] is False
    figures.engaged += data["engaged"] is True
    figures.disposals[str(data["disposal"])] += 1


def _looked(figures: Figures, _data: Mapping[str, Any]) -> None:
    figures.looks += 1


def _deleted(figures: Figures, _data: Mapping[str, Any]) -> None:
    figures.deletions += 1


def _refused(figures: Figures, _data: Mapping[str, Any]) -> None:
    figures.refusals += 1


_COUNTS = {
    "run.began": _run_began,
    "run.ended": _run_ended,
    "alert.raised": _raised,
    "alert.adjudicated": _decided,
    "alert.closed": _closed,
    "alert.face-seen": _looked,
    "deletion.finished": _deleted,
    "act.refused": _refused,
}


def page_of(
    positions: list[int], most: int, *, before: int | None = None, after: int | None = None
) -> list[int]:
    """Return up to `most` positions, the latest first: the last ones, or those beside a position.

    `positions` rise; `before` asks for those that come before it, `after` for those after.
    """
    if after is not None:
        start = bisect_right(positions, after)
        return positions[start : start + most][::-1]
    end = len(positions) if before is None else bisect_left(positions, before)
    return positions[max(0, end - most) : end][::-1]
