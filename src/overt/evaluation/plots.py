"""Plots, described as values and drawn by matplotlib: as SVG for pages, as PNG for the PDF.

A plot is told apart by colour, by dashes and by marks, never by colour alone; its numbers stand
in a table beside it. Lines are direct children of a `Figure`, without pyplot and its global
state. In an SVG, the colours that depend on a reader's theme are CSS custom properties, so that
one drawing serves a light page, a dark one and paper.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from math import isfinite
from typing import Any, TypeAlias

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator
from PIL import Image

from overt.evaluation.report import Histogram, Line


@dataclass(frozen=True, slots=True)
class Curves:
    """Lines over two axes; an axis whose `…_percent` is set holds shares on a logarithmic scale.

    `alt` says in a sentence what the plot shows, for whoever cannot see it. `guides` are
    points on the x axis that are marked by a fine line.
    """

    caption: str
    alt: str
    x: str
    y: str
    lines: tuple[Line, ...]
    x_percent: bool = True
    y_percent: bool = True
    guides: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Spreads:
    """How the scores of mated and non-mated searches are spread, with thresholds marked."""

    caption: str
    alt: str
    histogram: Histogram
    thresholds: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of a plot of intervals; shares in [0, 1]."""

    label: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Intervals:
    """Values with their intervals, one below the other."""

    caption: str
    alt: str
    x: str
    rows: tuple[Interval, ...]


Plot: TypeAlias = Curves | Spreads | Intervals


@dataclass(frozen=True, slots=True)
class _Palette:
    ink: str
    faint: str
    hair: str
    panel: str


_PAPER = _Palette(ink="#10202e", faint="#4a5a68", hair="#cdd6de", panel="#ffffff")
# Stand-ins that matplotlib can draw with; each is exchanged for what the page's theme says.
_PAGE = _Palette(ink="#010203", faint="#010204", hair="#010205", panel="#fefdfc")
_SERIES = ("#0b4f87", "#a4410a", "#0d5c37", "#7a2f8a", "#6b5a00", "#a1121f")
_THEMED = {
    _PAGE.ink: "--text",
    _PAGE.faint: "--faint",
    _PAGE.hair: "--hair",
    _PAGE.panel: "--panel",
} | {colour: f"--series-{number}" for number, colour in enumerate(_SERIES)}
_DASHES: tuple[Any, ...] = (
    "solid",
    (0, (6, 2)),
    (0, (2, 1.5)),
    (0, (8, 2, 2, 2)),
    (0, (1, 1)),
    (0, (4, 1, 1, 1, 1, 1)),
)
_MARKS = ("o", "s", "^", "D", "v", "P")
_SIZE_INCHES = (7.2, 3.9)
_ROW_INCHES = 0.42
_PNG_DPI = 200  # about three pixels a dot of an office printer at the PDF's size
_LEAST_SHARE = 1e-4  # what a logarithmic axis shows where a share is 0


def svg(plot: Plot, key: str) -> str:
    """Return a plot as an SVG element to stand in a page; `key` keeps its ids apart from others'.

    The same plot and key give the same text.
    """
    written = BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": key}):
        _drawn(plot, _PAGE).savefig(
            written, format="svg", metadata={"Date": None}, transparent=True
        )
    return _for_a_page(written.getvalue().decode(), plot, key)


def png(plot: Plot) -> bytes:
    """Return a plot as PNG for paper, on white and without transparency."""
    figure = _drawn(plot, _PAPER)
    figure.set_dpi(_PNG_DPI)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    written = BytesIO()
    picture = np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])
    Image.fromarray(picture).save(written, format="PNG")
    return written.getvalue()


def size_inches(plot: Plot) -> tuple[float, float]:
    """Return a plot's width and height in inches."""
    if isinstance(plot, Intervals):
        return _SIZE_INCHES[0], 1.2 + _ROW_INCHES * max(len(plot.rows), 2)
    return _SIZE_INCHES


def _drawn(plot: Plot, palette: _Palette) -> Any:
    figure = Figure(figsize=size_inches(plot), facecolor=palette.panel)
    width, height = size_inches(plot)
    # Fixed margins: matplotlib's own layout takes longer than the drawing.
    figure.subplots_adjust(_left(plot), 0.55 / height, 1 - 0.3 / width, 1 - 0.15 / height)
    axes = figure.subplots()
    _dress(axes, palette)
    if isinstance(plot, Curves):
        _draw_curves(axes, plot, palette)
    elif isinstance(plot, Spreads):
        _draw_spreads(axes, plot, palette)
    else:
        _draw_intervals(axes, plot, palette)
    return figure


def _left(plot: Plot) -> float:
    """Return where the axes begin, as a share of the width: right of the longest label."""
    if isinstance(plot, Intervals):
        return min(0.5, 0.03 + 0.012 * max((len(row.label) for row in plot.rows), default=0))
    return 0.115


def _dress(axes: Any, palette: _Palette) -> None:
    axes.set_facecolor("none")
    axes.grid(visible=True, color=palette.hair, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=palette.faint, which="both", labelsize=9)
    for name, edge in axes.spines.items():
        edge.set_visible(name in {"left", "bottom"})
        edge.set_color(palette.faint)


def _label(axes: Any, palette: _Palette, x: str, y: str) -> None:
    axes.set_xlabel(x, color=palette.ink)
    axes.set_ylabel(y, color=palette.ink)


def _legend(axes: Any, palette: _Palette) -> None:
    legend = axes.legend(frameon=True, facecolor=palette.panel, edgecolor=palette.hair, fontsize=9)
    for text in legend.get_texts():
        text.set_color(palette.ink)


def _draw_curves(axes: Any, plot: Curves, palette: _Palette) -> None:
    for number, line in enumerate(plot.lines):
        colour = _SERIES[number % len(_SERIES)]
        y = _shown(line.y, log=plot.y_percent)
        axes.plot(
            _shown(line.x, log=plot.x_percent),
            y,
            color=colour,
            linestyle=_DASHES[number % len(_DASHES)],
            marker=_MARKS[number % len(_MARKS)],
            markevery=max(1, len(line.x) // 8),
            markersize=4.5,
            linewidth=1.8,
            label=line.name,
        )
        if line.low:
            low, high = (_shown(edge, log=plot.y_percent) for edge in (line.low, line.high))
            x = _shown(line.x, log=plot.x_percent)
            axes.fill_between(x, low, high, color=colour, alpha=0.14, linewidth=0)
    for guide in plot.guides:
        axes.axvline(guide, color=palette.faint, linewidth=0.7, linestyle=(0, (1, 3)))
    if plot.x_percent:
        _percent_axis(axes, "x")
    if plot.y_percent:
        _percent_axis(axes, "y")
    _label(axes, palette, plot.x, plot.y)
    _legend(axes, palette)


def _percent_axis(axes: Any, which: str) -> None:
    axis = getattr(axes, f"{which}axis")
    getattr(axes, f"set_{which}scale")("log")
    getattr(axes, f"set_{which}lim")(None, 1)
    low, high = getattr(axes, f"get_{which}lim")()
    steps = [10.0**p * m for p in range(-6, 1) for m in (1, 2, 5)]
    within = [step for step in steps if low <= step <= high * (1 + 1e-9)]
    decades = [step for step in within if f"{step:e}".startswith("1.")]
    axis.set_ticks(decades if len(decades) >= 3 else within)
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axis.set_minor_locator(NullLocator())


def _draw_spreads(axes: Any, plot: Spreads, palette: _Palette) -> None:
    histogram = plot.histogram
    named = (("mated", histogram.mated), ("non-mated", histogram.non_mated))
    for number, (name, shares) in enumerate(named):
        axes.stairs(
            shares,
            histogram.edges,
            color=_SERIES[number],
            linestyle=_DASHES[number],
            linewidth=1.8,
            label=f"{name} searches",
        )
        axes.stairs(shares, histogram.edges, color=_SERIES[number], fill=True, alpha=0.14)
    top = axes.get_ylim()[1]
    for number, (name, threshold) in enumerate(plot.thresholds):
        axes.axvline(threshold, color=palette.ink, linewidth=0.9, linestyle=(0, (1, 2)))
        height = top * (0.98 - 0.06 * (number % 8))
        axes.text(threshold, height, f" {name}", color=palette.ink, fontsize=8, va="top")
    _label(axes, palette, histogram.score, "share of searches")
    _legend(axes, palette)


def _draw_intervals(axes: Any, plot: Intervals, palette: _Palette) -> None:
    for place, row in enumerate(reversed(plot.rows)):
        axes.plot([row.low, row.high], [place, place], color=_SERIES[0], linewidth=2)
        axes.plot([row.value], [place], color=_SERIES[0], marker="o", markersize=6)
    axes.set_yticks(range(len(plot.rows)), [row.label for row in reversed(plot.rows)])
    axes.set_ylim(-0.6, len(plot.rows) - 0.4)
    axes.set_xlim(left=0)
    _label(axes, palette, plot.x, "")


def _shown(values: Sequence[float], *, log: bool) -> list[float]:
    return [max(value, _LEAST_SHARE) if log and isfinite(value) else value for value in values]


def _for_a_page(text: str, plot: Plot, key: str) -> str:
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{key}-', text)
    text = re.sub(r'(url\(|href=")#', rf"\1#{key}-", text)
    for colour, name in _THEMED.items():
        text = text.replace(colour, f"var({name})")
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    opening = f'<svg class="plot" role="img" aria-label="{escape(plot.alt)}" focusable="false"'
    return text.replace("<svg", opening, 1)
