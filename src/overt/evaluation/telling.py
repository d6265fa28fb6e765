"""What a report is told in: sections, tables, and one way to write shares and estimates."""

from dataclasses import dataclass

from overt.evaluation.plots import Plot
from overt.evaluation.report import Estimate, Share

NOTHING = "–"  # noqa: RUF001  the dash of an empty cell is meant
INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the first column names its rows, the others are figures unless `words`."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    words: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report; `key` is unique and fit to be an id."""

    key: str
    heading: str
    sentences: tuple[str, ...] = ()
    plots: tuple[Plot, ...] = ()
    tables: tuple[Table, ...] = ()


def percent(share: float) -> str:
    """Return a share as people say it.

    >>> percent(0.003), percent(0.1)
    ('0.3 %', '10 %')
    """
    return f"{100 * share:.6g} %"


def estimate(value: Estimate, digits: int = 3) -> str:
    """Return a value with its interval.

    >>> estimate(Estimate(0.71949, 0.69, 0.7421)), estimate(Estimate(0.9, None, None))
    ('0.719 (0.690 to 0.742)', '0.900')
    """
    if value.value is None:
        return NOTHING
    if value.low is None or value.high is None:
        return f"{value.value:.{digits}f}"
    return f"{value.value:.{digits}f} ({value.low:.{digits}f} to {value.high:.{digits}f})"


def share(value: Share) -> str:
    """Return a share as counts, value and interval.

    >>> from overt.rates import Rate
    >>> share(Share.told(Rate(3, 1_200)))
    '3 of 1,200: 0.0025 (0.0009 to 0.0073)'
    """
    counts = f"{value.count:,} of {value.of:,}"
    if value.value is None:
        return counts
    return f"{counts}: {value.value:.4f} ({value.low:.4f} to {value.high:.4f})"
