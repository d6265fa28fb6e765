"""A drawn day like one in Croydon: its record adds up, and spoilt ones are refused.

Six deployments with lists of 12,000 invented people are held through the product's own acts; what
is published of them is held against the figures they were made with, in every layout, before and
after everything is erased. Then single cells of the file are changed by hand.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.context import Context
from bench.drawn_day import CROYDON, Day, StandingClock
from bench.results import Claim, Grid
from overt.home import Home
from overt.people.office import Office
from overt.publication.checking import checked
from overt.publication.columns import Row
from overt.publication.layouts import Layout
from overt.publication.publishing import publish
from overt.retention import clocks
from overt.storage import DeploymentRow
from overt.vocabulary import Role

_LISTED, _LISTED_QUICK = 12_000, 200
_WITH_A_FALSE_ALERT = 3  # the row of North End on the 23rd, counted as a spreadsheet does


@dataclass(frozen=True, slots=True)
class Corruption:
    """One cell of a file changed by hand: what that means, and which check must name it."""

    what: str
    column: str
    change: Callable[[str], str]
    check: str


def _more(text: str) -> str:
    return str(int(text) + 1)


CORRUPTED: tuple[Corruption, ...] = (
    Corruption("an outcome is missing", "alerts", _more, "every-alert-has-one-outcome"),
    Corruption(
        "an alert is in two outcomes", "conditions_checked", _more, "outcomes-are-exclusive"
    ),
    Corruption(
        "true and false do not make all", "true_confirmed", _more, "true-and-false-make-all"
    ),
    Corruption(
        "the rate is cut off, not rounded",
        "false_per_face_percent",
        lambda text: text[:4],
        "rates-are-their-arithmetic",
    ),
    Corruption(
        "the date is outside the authority",
        "searched_from",
        lambda text: "2023" + text[4:],
        "inside-the-authority",
    ),
    Corruption(
        "the list has another size", "listed_subjects", lambda _: "19199", "list-as-approved"
    ),
    Corruption(
        "the threshold is below the floor",
        "threshold_floor",
        lambda _: "0.05",
        "threshold-not-below-the-floor",
    ),
    Corruption("fewer faces than alerts", "faces_searched", lambda _: "1", "alerts-were-searched"),
    Corruption("the purpose is every purpose", "use_case", lambda _: "1,2,3,4", "one-use-case"),
    Corruption("a figure is no figure", "alerts", lambda _: "ten", "can-be-read"),
)
"""What a record may suffer, most of it known from a published one."""


def corrupted(data: bytes, row: int, how: Corruption) -> bytes:
    """Return a CSV file with one cell of one row changed; the heading is row 1."""
    lines = list(csv.reader(io.StringIO(data.decode(), newline="")))
    at = lines[0].index(how.column)
    lines[row - 1][at] = how.change(lines[row - 1][at])
    out = io.StringIO(newline="")
    csv.writer(out).writerows(lines)
    return out.getvalue().encode()


@dataclass(frozen=True, slots=True)
class Refused:
    """A corruption, and how it was refused."""

    what: str
    check: str
    words: str
    named: bool


@dataclass(frozen=True, slots=True)
class Records:
    """What came of the day: its totals, what contradicted, and how each corruption was refused."""

    listed: int
    totals: dict[str, int]
    contradictions: dict[str, int]
    erased_totals: dict[str, int]
    refused: tuple[Refused, ...]
    hold_s: float
    publish_s: float

    def claims(self) -> Iterable[Claim]:
        """Return what is claimed of the record."""
        wanted = {"alerts": 66, "true": 65, "false": 1, "arrests": 29, "faces": 8_726}
        yield Claim("the day's totals", _said(wanted), _said(self.totals), self.totals == wanted)
        found = sum(self.contradictions.values())
        yield Claim("contradictions in all layouts", "0", str(found), found == 0)
        same = self.erased_totals == self.totals
        yield Claim("totals once all is erased", "the same", _said(self.erased_totals), same)
        named = sum(each.named for each in self.refused)
        every = len(self.refused)
        yield Claim("corruptions refused, by name and row", str(every), str(named), named == every)
        yield Claim("publishing six deployments", "shown", f"{self.publish_s:.2f} s", None)

    def grids(self) -> Iterable[Grid]:
        """Return how each corruption was refused."""
        rows = tuple((each.what, each.check, each.words) for each in self.refused)
        note = f"{self.listed:,} people a list; the day took {self.hold_s:.0f} s to hold."
        yield Grid("Corrupted records", ("what", "named by", "in words"), rows, note)


def measure(context: Context) -> Records:
    """Hold the day, publish it, erase it and spoil it."""
    listed = _LISTED_QUICK if context.quick else _LISTED
    clock = StandingClock(CROYDON[0].begins)
    with TemporaryDirectory(dir=context.cache) as folder:
        home = Path(folder)
        with Office.open(Home(home / "home"), clock) as office:
            day = Day(office, clock, listed)
            started = perf_counter()
            deployments = [day.hold(shift) for shift in CROYDON]
            hold_s, started = perf_counter() - started, perf_counter()
            rows, data = _published(day, deployments, Layout.CSV)
            publish_s = perf_counter() - started
            files = {each: _published(day, deployments, each)[1] for each in Layout}
            contradictions = {each.value: _found(home, files[each]) for each in Layout}
            clock.now += timedelta(days=60)
            clocks.apply(office)
            erased_rows, _ = _published(day, deployments, Layout.CSV)
        refused = tuple(_refused(home, data, each) for each in CORRUPTED)
    return Records(
        listed, _totals(rows), contradictions, _totals(erased_rows), refused, hold_s, publish_s
    )


def _published(
    day: Day, deployments: list[DeploymentRow], layout: Layout
) -> tuple[tuple[Row, ...], bytes]:
    rows = [day.office.record.deployments.find(each.deployment_id) for each in deployments]
    issued = publish(day.office, day.person(Role.COMMANDER), rows, layout)
    return issued.rows, issued.data


def _found(folder: Path, data: bytes) -> int:
    path = folder / "record"
    path.write_bytes(data)
    return len(checked(path).contradictions)


def _refused(folder: Path, data: bytes, how: Corruption) -> Refused:
    path = folder / "record"
    path.write_bytes(corrupted(data, _WITH_A_FALSE_ALERT, how))
    found = [each for each in checked(path).contradictions if each.check == how.check]
    words = str(found[0]) if found else "nothing"
    named = any(each.row == _WITH_A_FALSE_ALERT for each in found)
    return Refused(how.what, how.check, words, named)


def _totals(rows: Iterable[Row]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for row in rows:
        of = row.alerts
        totals["alerts"] += of.alerts
        totals["true"] += of.true_confirmed + of.true_unconfirmed
        totals["false"] += row.rates.false_alerts
        totals["arrests"] += of.arrest
        totals["faces"] += row.faces.faces_seen
    return dict(totals)


def _said(totals: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in totals.items())
