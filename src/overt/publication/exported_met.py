"""A record in the Metropolitan Police's columns, as far as these can say what it says."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from overt.errors import PublicationError
from overt.publication.cells import cell, csv_file
from overt.publication.columns import (
    Row,
    Standing,
    rounded,
)
from overt.publication.imported import COLUMNS as MET_COLUMNS

# --- the Metropolitan Police's layout -----------------------------------------------------------


MET_DEFINITIONS: Mapping[str, str] = {
    "location": "location.",
    "date": "The day of searched_from where the cameras stood, as day/month/year.",
    "duration": "searched_minutes, rounded half up to a whole one.",
    "use_case": "use_case_wording: exactly one.",
    "watchlist": "listed_subjects: people, and not pictures.",
    "min_threshold": "threshold, on Overt's own scale.",
    "alerts": "alerts, which leave out seeded subjects.",
    "true_confirmed": "true_confirmed.",
    "true_unconfirmed": "true_unconfirmed.",
    "false_confirmed": "false_confirmed.",
    "false_unconfirmed": "false_unconfirmed.",
    "false_alert_rate": "false_alerts of faces_seen, in per cent: two places, or one digit where "
    "it is below 0.01 %, rounded half up.",
    "arrest": "arrest.",
    "other": "conditions_checked, safeguarded, refused_entry and other_action_taken together.",
    "no_action": "no_action and not_engaged_disposal together, so that the three outcomes add up.",
    "faces_seen_estimate": "faces_seen, which is counted and not estimated.",
}
"""What stands in each of the Metropolitan Police's columns, said by our own."""


def as_met_csv(rows: Sequence[Row]) -> bytes:
    """Return the rows as CSV in the Met's columns.

    Raises:
        PublicationError: these have no place for what a row says.
    """
    return csv_file(MET_COLUMNS, (_met_line(row) for row in rows))


def _met_line(row: Row) -> list[str]:
    """Return a row in the Met's columns, whose categories here are exclusive.

    Raises:
        PublicationError: it is provisional or has alerts without an outcome, for which those
            columns have no place.
    """
    _demand_sayable(row)
    of, searched = row.alerts, row.searched
    begun = searched.searched_from or row.authorised.window_start
    there = begun.astimezone(row.authorised.window_start.tzinfo)
    whole_minutes = int(rounded(Fraction(searched.searched_minutes), Decimal(1)))
    other = of.conditions_checked + of.safeguarded + of.refused_entry + of.other_action_taken
    line = {
        "location": row.authorised.location,
        "date": f"{there:%d/%m/%y}",
        "duration": f"{whole_minutes // 60}h{whole_minutes % 60:02}m",
        "use_case": row.authorised.use_case_wording,
        "watchlist": searched.listed_subjects,
        "min_threshold": searched.threshold,
        "alerts": of.alerts,
        "true_confirmed": of.true_confirmed,
        "true_unconfirmed": of.true_unconfirmed,
        "false_confirmed": of.false_confirmed,
        "false_unconfirmed": of.false_unconfirmed,
        "false_alert_rate": met_rate(row.rates.false_alerts, row.faces.faces_seen),
        "arrest": of.arrest,
        "other": other,
        "no_action": of.no_action + of.not_engaged_disposal,
        "faces_seen_estimate": row.faces.faces_seen,
    }
    return [cell(line[name]) for name in MET_COLUMNS]


def met_rate(count: int, of: int) -> str:
    """Return a rate as the Met prints it: two places, or one digit where it is below 0.01 %.

    It is rounded half up, where the Met's own were cut off: 1 of 1,123 is 0.09 %.

    >>> met_rate(1, 1123), met_rate(0, 900), met_rate(1, 29_000), met_rate(1, 1000)
    ('0.09%', '0%', '0.003%', '0.1%')
    """
    if not count or not of:
        return "0%"
    exact, step = Fraction(100 * count, of), Decimal("0.01")
    while Fraction(step) > exact:
        step /= 10
    return f"{rounded(exact, step).normalize():f}%"


def _demand_sayable(row: Row) -> None:
    if row.which.standing is Standing.PROVISIONAL:
        raise PublicationError(
            "The Metropolitan Police's columns have no place that says that a record is "
            "provisional.",
            remedy="Close the deployment first, or choose another format.",
        )
    undecided = row.alerts.erased_without_outcome + row.alerts.alerts_open
    if undecided:
        raise PublicationError(
            f"{undecided} alerts have no outcome, for which the Metropolitan Police's columns have "
            "no place.",
            remedy="Choose another format.",
        )
