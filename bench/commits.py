"""What it costs to put an alert on record, and what authority, log and sealing add to it.

Each alert is a face's crop and two candidates, committed on the disk. Three ways take turns, so
that the machine's pace is the same for all. Only the last is the product's; the others leave something
out, to see what it costs. Keys are made in between, as a run does in moments of silence.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from uuid import uuid4

import numpy as np

from bench.context import Context
from bench.office import (
    KEPT,
    alert,
    begin_run,
    crop_jpeg,
    filing_of,
    live_deployment,
    open_office,
)
from bench.results import Claim, Grid
from overt.audit.events import FaceSeen
from overt.keys.sealing import seal
from overt.people.office import Office
from overt.runtime.alert_keys import AlertKeys
from overt.runtime.standing import Authorised
from overt.storage import Filing, Run
from overt.values import Alert

_MOST_ADDED_MS = 10.0
_CROP_PX = 256
_CROP = crop_jpeg(_CROP_PX)
_WARM = 32
_LOG_BEFORE = 2_000

_PLAIN = "the alert alone"
_LOGGED = "with its entry of the log"
_AUTHORISED = "with entry and authority"


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile, in milliseconds, of so many calls."""

    count: int
    p50_ms: float
    p95_ms: float

    @classmethod
    def of(cls, seconds: list[float]) -> "Spread":
        """Return the spread of these times."""
        p50, p95 = np.percentile(seconds, [50, 95]) * 1000
        return cls(len(seconds), float(p50), float(p95))

    def __str__(self) -> str:
        return f"{self.p50_ms:.2f} / {self.p95_ms:.2f}"


@dataclass(frozen=True, slots=True)
class Commits:
    """Times of each way, and of sealing one alert's crop and names."""

    ways: dict[str, Spread]
    sealing: Spread

    def added_ms(self) -> float:
        """What authority and log add to the median."""
        return self.ways[_AUTHORISED].p50_ms - self.ways[_PLAIN].p50_ms

    def claims(self) -> Iterator[Claim]:
        """Return what authority and log may cost."""
        yield Claim(
            "commits: authority and log add to an alert's commit",
            f"≤ {_MOST_ADDED_MS:.0f} ms",
            f"{self.added_ms():.1f} ms, median",
            self.added_ms() <= _MOST_ADDED_MS,
        )

    def grids(self) -> Iterator[Grid]:
        """Return every way."""
        rows = [(name, str(spread), str(spread.count)) for name, spread in self.ways.items()]
        rows += [("sealing crop and names, in each of these", str(self.sealing), "")]
        yield Grid(
            "commits: one alert",
            ("what", "p50 / p95 ms", "calls"),
            tuple(rows),
            f"A crop of {_CROP_PX} px; the log had {_LOG_BEFORE:,} entries before.",
        )


class _Desk:
    """The ways of committing an alert."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._record = office.record
        self._run: Run = begin_run(office, uuid4().hex)
        self._keys = AlertKeys(office.keys)
        standing = Authorised(office, live_deployment(office))
        self._logged = filing_of(office, self._run)
        self._authorised = filing_of(office, self._run, standing)
        self.ways: dict[str, Callable[[Alert], object]] = {
            _PLAIN: self._plain,
            _LOGGED: self._logged.commit,
            _AUTHORISED: self._authorised.commit,
        }

    def make_ready(self) -> None:
        """Make keys, outside of what is timed."""
        self._keys.make_ahead()
        self._logged.make_ready()
        self._authorised.make_ready()

    def _plain(self, alert: Alert) -> None:
        filing = Filing(
            key_id=self._keys.take(),
            entry=self._record.watchlists.pseudonym(alert.candidate.subject_id),
            erase_after=datetime.now(UTC) + KEPT,
        )
        with self._record.together():
            self._record.alerts.add(self._run.run_id, alert, filing)
            with self._record.access.logging():
                pass  # counts as an entry, and is none


def measure(context: Context) -> Commits:
    """Commit alerts each way by turns."""
    calls = 100 if context.quick else 400
    with (
        TemporaryDirectory(dir=context.cache) as folder,
        open_office(Path(folder) / "home") as office,
        context.progress("committing alerts") as tell,
    ):
        for _ in range(_LOG_BEFORE):
            office.note(FaceSeen(uuid4().hex))
        desk = _Desk(office)
        times: dict[str, list[float]] = {name: [] for name in desk.ways}
        for number in range(_WARM + calls):
            desk.make_ready()
            for name, way in desk.ways.items():
                made = alert(uuid4().hex, _CROP, subject=number)
                times[name].append(_seconds(way, made))
            tell(number, _WARM + calls)
        sealing = [_seconds(_seal, office) for _ in range(calls)]
    return Commits({name: Spread.of(of[_WARM:]) for name, of in times.items()}, Spread.of(sealing))


def _seconds(do: Callable[[Any], object], what: object) -> float:
    started = perf_counter()
    do(what)
    return perf_counter() - started


def _seal(office: Office) -> None:
    key = office.keys.site_key("site/benchmark")
    for content in (_CROP, b"S-1 R-1 S-2 R-2"):
        seal(key, content, {"what": "crop", "alert": "0a" * 16})
