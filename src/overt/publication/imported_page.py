"""An examination of a published record as one HTML page that loads nothing and runs no script."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from overt.publication.contradictions import CHECKS, Examination
from overt.publication.findings import Severity, several
from overt.publication.trend_plots import charts
from overt.publication.trends import Total, Trends
from overt.rates import Rate

HEADINGS = {
    Severity.CONTRADICTION: "It cannot all be true",
    Severity.DEFINITION: "A column means something else from a row on",
    Severity.SUSPICIOUS: "It may be true, and is more likely a slip",
}
"""What each severity is called on the page and in the terminal."""

_LISTED = 12  # row numbers; of more, the first are shown


def page(examination: Examination, found: Trends) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("overt.publication"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": "{:,}".format, "rows": rows_in_words, "several": several}
    return environment.get_template("imported.html").render(
        examination=examination,
        published=examination.published,
        headings=HEADINGS,
        checks=len(CHECKS) + bool(examination.statements),
        trends=found,
        charts=charts(found),
        per_face=per_face,
        per_alert=per_alert,
    )


def rows_in_words(rows: tuple[int, ...]) -> str:
    """Return the numbers of rows as people read them, with runs drawn together.

    >>> rows_in_words((4,)), rows_in_words((4, 5, 6, 9))
    ('row 4', 'rows 4 to 6, 9')
    """
    if not rows:
        return ""
    runs: list[list[int]] = []
    for row in sorted(rows):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    shown = [_run(*each) for each in runs[:_LISTED]]
    more = f" and {len(rows) - sum(b - a + 1 for a, b in runs[:_LISTED]):,} more"
    return ("row " if len(rows) == 1 else "rows ") + ", ".join(shown) + more * (len(runs) > _LISTED)


def _run(first: int, last: int) -> str:
    if last - first < 2:
        return ", ".join(map(str, range(first, last + 1)))
    return f"{first} to {last}"


def per_face(total: Total) -> str:
    """Return a total's false alerts per 10,000 faces with their interval, in words."""
    return _rate(total.false_per_face, 10_000, 3)


def per_alert(total: Total) -> str:
    """Return a total's false alerts in per cent of alerts with their interval, in words."""
    return _rate(total.false_per_alert, 100, 2)


def _rate(rate: Rate | None, per: int, decimals: int) -> str:
    if rate is None or not rate.of:
        return "-"
    low, high = rate.interval()
    return (
        f"{per * rate.value:.{decimals}f} ({per * low:.{decimals}f} to {per * high:.{decimals}f})"
    )
