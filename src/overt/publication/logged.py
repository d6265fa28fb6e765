"""What the audit log says of one deployment: the second account that a record is held against.

Alerts are erased when their time comes, and what a run, a decision or a stop came to stays on
the log. It is read from its first entry, since nothing else says which alert was of which run.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from overt.audit.figures import Figures, LogFigures
from overt.publication.columns import Outcome
from overt.storage import DeploymentRow
from overt.storage.journal import Journal

_TAG = b'"event":"'
_MOST_KEPT = 16


@dataclass(frozen=True, slots=True)
class RaisedEntry:
    """An alert as the log has it: of which run, the threshold that judged it, and if seeded."""

    run: str
    threshold: float
    seeded: bool


@dataclass(slots=True)
class Logged:
    """What the log holds of a deployment, by run and by alert.

    `thresholds` are those that runs began with; `ended` has each run's faces seen, faces searched
    and alerts; `closed` every outcome an alert was given, of which there must be one;
    `minutes_held` is by alert; `withdrawn` has a time for each entry withdrawn from the list.
    """

    thresholds: dict[str, float] = field(default_factory=dict)
    ended: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    raised: dict[str, RaisedEntry] = field(default_factory=dict)
    closed: dict[str, list[Outcome]] = field(default_factory=lambda: defaultdict(list))
    minutes_held: dict[str, float] = field(default_factory=dict)
    withdrawn: list[datetime] = field(default_factory=list)

    def copy(self) -> "Logged":
        """Return the same, which stays as it is when more is read."""
        return Logged(
            dict(self.thresholds),
            dict(self.ended),
            dict(self.raised),
            defaultdict(list, {alert: list(ways) for alert, ways in self.closed.items()}),
            dict(self.minutes_held),
            list(self.withdrawn),
        )


class LogSoFar:
    """The log as pages read it: each entry once, and from then on only what is new.

    Whoever alters an old entry behind its back is not noticed here; what is handed out is read
    anew each time, and `overt-verify` finds out. Threads may share it.
    """

    def __init__(self, journal: Journal, figures: LogFigures) -> None:
        self._journal = journal
        self._figures = figures
        self._readers: dict[str, _Reader] = {}
        self._lock = Lock()

    def figures_of(self, deployment: DeploymentRow) -> Figures:
        """Return what was counted of a deployment."""
        return self._figures.of_deployment(deployment.deployment_id)

    def logged_of(self, deployment: DeploymentRow) -> Logged:
        """Return what the log holds of a deployment; entries that cannot be read hold nothing."""
        with self._lock:
            known, size = self._readers, self._journal.tree().size
            reader = known.pop(deployment.deployment_id, None)
            if reader is None or reader.size > size:  # another record stands in its place
                reader = _Reader(deployment)
            reader.read(self._journal, size)
            known[deployment.deployment_id] = reader
            if len(known) > _MOST_KEPT:
                del known[next(iter(known))]  # the one that nobody has asked for for longest
            return reader.found.copy()


def _tag(leaf: bytes) -> bytes:
    """Return an entry's event without reading all of it; no text inside has quotes like these."""
    start = leaf.rfind(_TAG) + len(_TAG)
    return leaf[start : leaf.find(b'"', start)]


class _Reader:
    def __init__(self, deployment: DeploymentRow) -> None:
        self.found = Logged()
        self.size = 0
        self._deployment = deployment.deployment_id
        self._watchlist = deployment.watchlist_id

    def read(self, journal: Journal, size: int) -> None:
        """Read on from where it has come to, up to a size of the log."""
        for _, leaf in journal.entries(self.size, size):
            taken = _TAKEN.get(_tag(leaf))
            if taken is not None:
                self.take(leaf, taken)
        self.size = size

    def take(self, leaf: bytes, taken: "_Take") -> None:
        try:
            entry = json.loads(leaf)
            taken(self, entry["data"], datetime.fromisoformat(entry["at"]))
        except (ValueError, TypeError, KeyError):
            return  # `overt-verify` names it; whatever it said is missing here, and is found so

    def began(self, data: Mapping[str, Any], _at: datetime) -> None:
        if data["deployment"] == self._deployment:
            self.found.thresholds[data["run"]] = float(data["threshold"])

    def ended(self, data: Mapping[str, Any], _at: datetime) -> None:
        if data["run"] in self.found.thresholds:
            counted = (data["faces_seen"], data["faces_searched"], data["alerts"])
            self.found.ended[data["run"]] = counted

    def raised(self, data: Mapping[str, Any], _at: datetime) -> None:
        if data["run"] in self.found.thresholds:
            seeded = data.get("seeded") is True  # older entries do not say
            entry = RaisedEntry(data["run"], float(data["threshold"]), seeded)
            self.found.raised[data["alert"]] = entry

    def closed(self, data: Mapping[str, Any], _at: datetime) -> None:
        if data["alert"] in self.found.raised:
            outcome = Outcome(
                data["true_alert"] is True,
                data["confirmed"] is True,
                data["engaged"] is True,
                str(data["disposal"]),
            )
            self.found.closed[data["alert"]].append(outcome)

    def stopped(self, data: Mapping[str, Any], _at: datetime) -> None:
        if data["alert"] in self.found.raised:
            self.found.minutes_held[data["alert"]] = float(data["minutes_held"])

    def withdrawn(self, data: Mapping[str, Any], at: datetime) -> None:
        if data["watchlist"] == self._watchlist:
            self.found.withdrawn.append(at)


_Take = Callable[[_Reader, Mapping[str, Any], datetime], None]

_TAKEN: Mapping[bytes, _Take] = {
    b"run.began": _Reader.began,
    b"run.ended": _Reader.ended,
    b"alert.raised": _Reader.raised,
    b"alert.closed": _Reader.closed,
    b"stop.ended": _Reader.stopped,
    b"watchlist.entry-withdrawn": _Reader.withdrawn,
}
