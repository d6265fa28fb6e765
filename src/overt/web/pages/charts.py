"""Bar charts that the server draws as SVG, each with its numbers for a table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 140
_FLOOR, _CEILING, _LEFT = 120.0, 16.0, 36.0
_GAP = 0.2  # of a bar's share of the width


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its number as text, and where it is drawn; marked ones stand out."""

    label: str
    number: str
    x: str
    y: str
    width: str
    height: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart; `most` is the number at the top of its axis."""

    bars: tuple[Bar, ...]
    most: str
    first: str
    last: str


def chart(values: Sequence[tuple[str, float]], *, limit: float | None = None) -> Chart:
    """Return the chart of some labelled numbers; those above `limit` are marked.

    >>> [bar.height for bar in chart([("10:00", 2), ("10:01", 4)]).bars]
    ['52', '104']
    """
    most = max([1.0, *(value for _, value in values)])
    share = (WIDTH - _LEFT) / max(12, len(values))  # a few bars are not drawn as walls
    bars = []
    for place, (label, value) in enumerate(values):
        height = (_FLOOR - _CEILING) * value / most
        bars.append(
            Bar(
                label,
                _spelt(value),
                x=f"{_LEFT + (place + _GAP / 2) * share:.1f}",
                y=f"{_FLOOR - height:.1f}",
                width=f"{share * (1 - _GAP):.1f}",
                height=f"{height:g}",
                marked=limit is not None and value > limit,
            )
        )
    first, last = (values[0][0], values[-1][0]) if values else ("", "")
    return Chart(tuple(bars), _spelt(most), first, last)


def _spelt(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
