"""A published record over time: its figures by month and by threshold, with intervals.

Rates of false alerts are given per face and per alert (requirement R-54), each with Wilson's
interval. Rows that stand out of order have no month that could be trusted, and are left out of
months; they count under their threshold.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from statistics import median

from scipy.stats import chi2

from overt.publication.faces_seen import Break, breaks
from overt.publication.imported import Row
from overt.publication.sequence import in_order
from overt.rates import LEVEL, Rate


@dataclass(frozen=True, slots=True)
class Total:
    """Rows added up: under which label, from which day to which."""

    label: str
    first: date
    last: date
    deployments: int
    hours: float
    faces: int
    alerts: int
    false: int
    arrests: int
    watchlists: tuple[int, float, int]
    """The smallest, the middle and the largest list."""

    @property
    def false_per_face(self) -> Rate | None:
        """False alerts of faces seen; None where more are false than were seen."""
        return _rate(self.false, self.faces)

    @property
    def false_per_alert(self) -> Rate | None:
        """False alerts of alerts; None where more are false than were raised."""
        return _rate(self.false, self.alerts)

    @property
    def alerts_an_hour(self) -> float:
        """Alerts an hour; not a number where no time passed."""
        return self.alerts / self.hours if self.hours else float("nan")

    @property
    def alerts_an_hour_interval(self) -> tuple[float, float]:
        """The 95 % interval of alerts an hour: of a Poisson count, exact.

        F. Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936).
        """
        if not self.hours:
            return 0.0, float("inf")
        tail = (1 - LEVEL) / 2
        low = float(chi2.ppf(tail, 2 * self.alerts)) / 2 if self.alerts else 0.0
        high = float(chi2.ppf(1 - tail, 2 * self.alerts + 2)) / 2
        return low / self.hours, high / self.hours


@dataclass(frozen=True, slots=True)
class Trends:
    """A record's figures over time.

    `rows` are those in order of days, `left_out` how many are not; `changes` are the days from
    which each threshold holds, `breaks` where faces an hour change their level.
    """

    rows: tuple[Row, ...]
    left_out: int
    by_month: tuple[Total, ...]
    by_threshold: tuple[Total, ...]
    whole: Total
    changes: tuple[tuple[date, Decimal], ...]
    breaks: tuple[Break, ...]


def trends(rows: Sequence[Row]) -> Trends:
    """Add up a record's rows, of which there is at least one, by month and by threshold."""
    ordered = in_order(rows)
    return Trends(
        rows=ordered,
        left_out=len(rows) - len(ordered),
        by_month=_totals(ordered, lambda row: f"{row.day:%b %Y}"),
        by_threshold=_totals(sorted(rows, key=lambda row: row.threshold), _threshold),
        whole=_total("all", rows),
        changes=_changes(ordered),
        breaks=breaks(rows),
    )


def for_programs(found: Trends) -> dict[str, object]:
    """Return the totals as JSON's kinds of value."""
    return {
        "rows_out_of_order": found.left_out,
        "whole": _values(found.whole),
        "by_threshold": [_values(each) for each in found.by_threshold],
        "by_month": [_values(each) for each in found.by_month],
    }


def _values(total: Total) -> dict[str, object]:
    return {
        "label": total.label,
        "first": total.first.isoformat(),
        "last": total.last.isoformat(),
        "deployments": total.deployments,
        "hours": round(total.hours, 2),
        "faces": total.faces,
        "alerts": total.alerts,
        "false": total.false,
        "arrests": total.arrests,
        "watchlists": list(total.watchlists),
        "false_per_face": _rate_values(total.false_per_face),
        "false_per_alert": _rate_values(total.false_per_alert),
    }


def _rate_values(rate: Rate | None) -> dict[str, object] | None:
    """Return a rate with its interval; None where nothing was counted, or what cannot be."""
    if rate is None or not rate.of:
        return None
    return {"count": rate.count, "of": rate.of, "rate": rate.value, "interval": rate.interval()}


def _threshold(row: Row) -> str:
    return f"{row.threshold.normalize():f}"


def _totals(rows: Iterable[Row], label: Callable[[Row], str]) -> tuple[Total, ...]:
    return tuple(_total(name, tuple(group)) for name, group in groupby(rows, label))


def _total(label: str, rows: Sequence[Row]) -> Total:
    lists = [row.watchlist for row in rows]
    days = [row.day for row in rows]
    return Total(
        label=label,
        first=min(days),
        last=max(days),
        deployments=len(rows),
        hours=sum(row.hours for row in rows),
        faces=sum(row.faces for row in rows),
        alerts=sum(row.alerts for row in rows),
        false=sum(row.false for row in rows),
        arrests=sum(row.arrest for row in rows),
        watchlists=(min(lists), median(lists), max(lists)),
    )


def _changes(ordered: Sequence[Row]) -> tuple[tuple[date, Decimal], ...]:
    first = ((row.day, row.threshold) for row in ordered[:1])
    later = (
        (after.day, after.threshold)
        for before, after in pairwise(ordered)
        if after.threshold != before.threshold
    )
    return (*first, *later)


def _rate(count: int, of: int) -> Rate | None:
    return Rate(count, of) if count <= of else None
