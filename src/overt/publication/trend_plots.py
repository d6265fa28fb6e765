"""A published record's figures as charts: SVG that stands in a page and takes its colours.

Each chart shows what was published as dots or totals by month, 95 % intervals as bars, the
threshold in force along the top, and a line where faces seen began to mean something else.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from math import exp
from typing import Any

import matplotlib as mpl
from matplotlib import dates as _dates
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from overt.publication.faces_seen import Break, countable, faces_levels
from overt.publication.trends import Total, Trends
from overt.rates import Rate

dates: Any = _dates  # untyped, as is the canvas

# Stand-ins that the page's own colours replace, so that a chart is right in the dark and on paper.
_INK, _MUTED, _LINE, _MARK, _CHANGE = "#010101", "#020202", "#030303", "#040404", "#050505"
_NAMES = {
    _INK: "ink",
    _MUTED: "muted",
    _LINE: "line",
    _MARK: "bar",
    _CHANGE: "change",
}
_SETTINGS: Any = {  # what matplotlib's types call a setting is a list of 400 names
    "svg.fonttype": "none",
    "svg.hashsalt": "overt",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _MUTED,
    "text.color": _INK,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "ytick.major.size": 0,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": _LINE,
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
}
_SIZE = (9.0, 3.6)  # inches


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its heading, what it shows in words for whoever does not see it, and its SVG."""

    heading: str
    words: str
    svg: str


def charts(found: Trends) -> tuple[Chart, ...]:
    """Draw a record's charts."""
    return (
        Chart(
            "Watchlist",
            f"People on the list of each deployment, from {found.whole.watchlists[0]:,} to "
            f"{found.whole.watchlists[2]:,}.",
            _drawn(found, _watchlists, "listed"),
        ),
        Chart(
            "Faces seen an hour",
            "Faces seen an hour at each deployment, on a scale on which each step is a tenfold, "
            "with the level of each stretch and its 95 % interval." + _break_words(found.breaks),
            _drawn(found, _faces, "faces an hour"),
        ),
        Chart(
            "Alerts an hour",
            "Alerts an hour in each month, with the 95 % interval of a count.",
            _drawn(found, _alerts, "alerts an hour"),
        ),
        Chart(
            "False alerts per 10,000 faces seen",
            "By month, with 95 % intervals. Where faces seen began to mean something else, the "
            "figures before and after do not compare.",
            _drawn(found, _false_per_face, "per 10,000 faces"),
        ),
        Chart(
            "False alerts per 100 alerts",
            "By month, with 95 % intervals. This rate does not depend on what faces seen means.",
            _drawn(found, _false_per_alert, "per 100 alerts"),
        ),
    )


def _break_words(found: Sequence[Break]) -> str:
    marked = [each for each in found if each.is_of_definition]
    days = " and ".join(f"{each.after.day:%-d %B %Y}" for each in marked)
    return f" Lines mark where the figure began to mean something else: {days}." if marked else ""


def _drawn(found: Trends, draw: Callable[[Any, Trends], None], label: str) -> str:
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=_SIZE)
        figure.subplots_adjust(left=0.09, right=0.985, top=0.92, bottom=0.1)
        figure.patch.set_alpha(0)
        axes: Any = figure.add_subplot()  # whose types know no days
        axes.patch.set_alpha(0)
        draw(axes, found)
        axes.set_ylabel(label)
        axes.set_xlim(*_days_about(found))
        axes.xaxis.set_major_locator(dates.AutoDateLocator(minticks=3, maxticks=8))
        axes.xaxis.set_major_formatter(dates.DateFormatter("%b %Y"))
        _mark_thresholds(axes, found)
        return _svg(figure)


def _days_about(found: Trends) -> tuple[date, date]:
    days = [row.day for row in found.rows]
    margin = timedelta(days=max(10, (max(days) - min(days)).days // 50))
    return min(days) - margin, max(days) + margin


def _watchlists(axes: Any, found: Trends) -> None:
    _dots(axes, [(row.day, row.watchlist) for row in found.rows])
    axes.set_ylim(0, 1.15 * max(1, found.whole.watchlists[2]))
    axes.yaxis.set_major_formatter(FuncFormatter(_thousands))


def _faces(axes: Any, found: Trends) -> None:
    rows = countable(found.rows)
    _dots(axes, [(row.day, row.faces / row.hours) for row in rows])
    for level in faces_levels(rows):
        ends = [rows[level.start].day, rows[level.end - 1].day]
        axes.fill_between(ends, exp(level.low), exp(level.high), color=_CHANGE, alpha=0.25, lw=0)
        axes.plot(ends, [exp(level.mean)] * 2, color=_CHANGE, lw=2.5, solid_capstyle="butt")
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * 2)
    axes.yaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.minorticks_off()
    _mark_breaks(axes, found.breaks)


def _alerts(axes: Any, found: Trends) -> None:
    points = [
        (_middle(total), total.alerts_an_hour, total.alerts_an_hour_interval)
        for total in found.by_month
        if total.hours
    ]
    _with_intervals(axes, points)


def _false_per_face(axes: Any, found: Trends) -> None:
    _rates(axes, found, lambda total: total.false_per_face, 10_000)
    _mark_breaks(axes, found.breaks)


def _false_per_alert(axes: Any, found: Trends) -> None:
    _rates(axes, found, lambda total: total.false_per_alert, 100)


def _rates(axes: Any, found: Trends, of: Callable[[Total], Rate | None], per: int) -> None:
    points = []
    for total in found.by_month:
        rate = of(total)
        if rate is not None and rate.of:
            low, high = rate.interval()
            points.append((_middle(total), per * rate.value, (per * low, per * high)))
    _with_intervals(axes, points)


def _dots(axes: Any, points: Sequence[tuple[date, float]]) -> None:
    days, values = zip(*points, strict=True) if points else ((), ())
    axes.scatter(days, values, s=18, color=_MARK, alpha=0.7, linewidths=0)


_Point = tuple[date, float, tuple[float, float]]


def _with_intervals(axes: Any, points: Sequence[_Point]) -> None:
    """Draw points with their intervals; what goes far beyond the others is cut at the top."""
    for day, value, (low, high) in points:
        axes.plot([day, day], [low, high], color=_MARK, lw=2, alpha=0.45, solid_capstyle="butt")
        axes.plot([day], [value], "o", color=_MARK, ms=5.5)
    tops = sorted(high for _, _, (_, high) in points)
    values = [value for _, value, _ in points]
    usual = tops[int(0.9 * (len(tops) - 1))] if tops else 1.0
    top = 1.25 * max([usual, *values, 1e-9])
    axes.set_ylim(-0.025 * top, top)


def _middle(total: Total) -> date:
    return total.first + (total.last - total.first) / 2


def _mark_thresholds(axes: Any, found: Trends) -> None:
    """Write which threshold was in force along the top, with a thin line at each change."""
    starts = [day for day, _ in found.changes]
    ends = [*starts[1:], _days_about(found)[1]]
    for (start, threshold), end in zip(found.changes, ends, strict=True):
        if start != starts[0]:
            axes.axvline(start, color=_MUTED, lw=0.8, ls=":")
        short = end - start < timedelta(days=30)
        axes.text(
            start + (end - start) / 2,
            1.0,
            f"{threshold.normalize():f}" if short else f"threshold {threshold.normalize():f}",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=9.5,
            color=_MUTED,
        )


def _mark_breaks(axes: Any, found: Sequence[Break]) -> None:
    for each in found:
        if each.is_of_definition:
            axes.axvline(each.after.day, color=_CHANGE, lw=1.6, ls="--")
            axes.annotate(
                "faces seen: changed",
                (dates.date2num(each.after.day), 0.98),
                xycoords=axes.get_xaxis_transform(),
                xytext=(4, 0),
                textcoords="offset points",
                va="top",
                fontsize=9.5,
                color=_CHANGE,
            )


def _svg(figure: Figure) -> str:
    written = StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(written, metadata={"Date": None, "Creator": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    for stand_in, name in _NAMES.items():
        svg = svg.replace(stand_in, f"var(--{name})")
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _thousands(value: float, _position: int) -> str:
    return f"{value:,.0f}"
