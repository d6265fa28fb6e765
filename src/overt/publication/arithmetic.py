"""Checks of each published row by itself: whether its own figures can all be true."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from overt.publication.findings import Check, Finding, Severity, each_row, numbers, several
from overt.publication.imported import Row

_LONGEST_DAY_H = 24.0
_BUSIEST = 10.0  # faces a second; three times the busiest deployment on the Met's record


def _printed_rate(row: Row) -> str:
    if not row.faces or "%" not in row.printed["false_alert_rate"]:
        return ""
    exact = Decimal(100 * row.false) / row.faces
    printed = row.rate_percent
    step = Decimal(1).scaleb(-_decimals(printed))
    right = exact.quantize(step, ROUND_HALF_UP)
    if printed == right:
        return ""
    return (
        f"{row.false:,} false of {row.faces:,} faces is {exact:.4f} %, rounded {right} %; "
        f"printed {printed} %{_why(row, exact, step)}."
    )


def _why(row: Row, exact: Decimal, step: Decimal) -> str:
    if row.rate_percent == exact.quantize(step, ROUND_DOWN):
        return ": cut off, not rounded"
    if row.alerts and row.rate_percent == _of_alerts(row).quantize(step, ROUND_HALF_UP):
        return ": that is the rate of alerts, not of faces"
    if exact and row.rate_percent in {(exact * by).quantize(step) for by in (100, Decimal("0.01"))}:
        return ": a hundred times off, as where per cent and shares are mixed up"
    return ""


def _of_alerts(row: Row) -> Decimal:
    return Decimal(100 * row.false) / row.alerts


def _rate_without_unit(row: Row) -> str:
    printed = row.printed["false_alert_rate"].strip()
    return "" if printed.endswith("%") else f"the rate is printed as {printed}, without its unit."


def _imprecise_rates(rows: Sequence[Row]) -> Iterator[Finding]:
    printed = [row for row in rows if row.false and "%" in row.printed["false_alert_rate"]]
    if not printed:
        return
    usual = Counter(_decimals(row.rate_percent) for row in printed).most_common(1)[0][0]
    for row in printed:
        if _decimals(row.rate_percent) < usual:
            words = (
                f"{row.where_and_when}: {row.rate_percent} % is printed, with fewer decimals than "
                f"the {usual} that are usual here; its figures give "
                f"{Decimal(100 * row.false) / max(row.faces, 1):.4f} %."
            )
            yield Finding((row.number,), words)


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _alerts_sum(row: Row) -> str:
    if row.alerts == row.true + row.false:
        return ""
    return (
        f"{several(row.alerts, 'alert')}, yet {row.true_confirmed} true confirmed + "
        f"{row.true_unconfirmed} true unconfirmed + {row.false_confirmed} false confirmed + "
        f"{row.false_unconfirmed} false unconfirmed = {row.true + row.false}."
    )


def _too_many_arrests(row: Row) -> str:
    if row.arrest <= row.true:
        return ""
    return f"{several(row.arrest, 'arrest')} upon {several(row.true, 'true alert')}."


def _too_many_outcomes(row: Row) -> str:
    apart = row.arrest + row.other + (0 if row.other == row.no_action else row.no_action)
    if apart <= row.alerts:
        return ""
    return f"{_outcomes(row)}, of {several(row.alerts, 'alert')}."


def _outcomes(row: Row) -> str:
    return (
        f"{row.arrest} arrest + {row.other} other + {row.no_action} no action = "
        f"{several(row.outcomes, 'outcome')}"
    )


def _too_few_outcomes(row: Row) -> str:
    if row.outcomes >= row.true_confirmed:
        return ""
    missing = row.true_confirmed - row.outcomes
    return (
        f"{several(row.true_confirmed, 'true alert')} confirmed, yet {_outcomes(row)}: "
        f"{missing} {'has' if missing == 1 else 'have'} none."
    )


def _equal_outcomes(rows: Sequence[Row]) -> Iterator[Finding]:
    equal = [row for row in rows if row.other and row.other == row.no_action]
    double = [row for row in equal if row.outcomes > row.alerts]
    if not double:
        return
    example = double[0]
    yield Finding(
        numbers(equal),
        f"“Other” and “no action” are equal and not zero in {len(equal):,} of "
        f"{several(len(rows), 'row')}. In {len(double):,} of these, people stand in both: such as row "
        f"{example.number}, {example.where_and_when}: {_outcomes(example)} of "
        f"{several(example.alerts, 'alert')}. The two do not exclude one another, so that they "
        "cannot be added up.",
    )


def _outcome_base(rows: Sequence[Row]) -> Iterator[Finding]:
    telling = [row for row in rows if row.alerts != row.true_confirmed and row.alerts]
    by_base = Counter(base for row in telling if (base := _base(row)))
    if len(by_base) < 2:
        return
    counted = "; ".join(f"{base} in {several(n, 'row')}" for base, n in by_base.most_common())
    yield Finding(
        numbers(row for row in telling if _base(row)),
        f"Where alerts and confirmed true alerts differ, outcomes add up to {counted}.",
    )


def _base(row: Row) -> str:
    """Return what a row's outcomes add up to, where that can be only one thing."""
    apart = row.arrest + row.other + (0 if row.other == row.no_action else row.no_action)
    bases = {
        "all alerts": row.alerts,
        "confirmed true alerts": row.true_confirmed,
        "true alerts": row.true,
        "confirmed alerts, false ones included": row.true_confirmed + row.false_confirmed,
    }
    fitting = [(name, size) for name, size in bases.items() if size == apart]
    return fitting[0][0] if fitting else ""


def _too_few_faces(row: Row) -> str:
    if row.faces >= row.alerts:
        return ""
    return f"{several(row.faces, 'face')} seen, yet {several(row.alerts, 'alert')}."


def _impossible_duration(row: Row) -> str:
    printed = row.printed["duration"].strip()
    if row.hours <= 0:
        return f"{printed} is no time at all."
    if row.hours > _LONGEST_DAY_H:
        return f"{printed} is longer than a day."
    return ""


def _too_busy(row: Row) -> str:
    if row.hours <= 0 or row.faces / row.hours / 3600 <= _BUSIEST:
        return ""
    pace = row.faces / row.hours / 3600
    return f"{row.faces:,} faces in {row.hours:.1f} hours are {pace:.0f} a second."


def _odd_threshold(row: Row) -> str:
    return "" if 0 < row.threshold <= 1 else f"a threshold of {row.threshold} is not from 0 to 1."


CHECKS = (
    Check(
        "printed-rate",
        Severity.CONTRADICTION,
        "The printed false alert rate is not what the row's own figures give",
        each_row(_printed_rate),
    ),
    Check(
        "alerts-sum",
        Severity.CONTRADICTION,
        "Alerts are not the sum of true and false ones",
        each_row(_alerts_sum),
    ),
    Check(
        "outcomes-equal",
        Severity.CONTRADICTION,
        "“Other” and “no action” count the same people",
        _equal_outcomes,
    ),
    Check(
        "outcomes-too-many",
        Severity.CONTRADICTION,
        "There are more outcomes than alerts",
        each_row(_too_many_outcomes),
    ),
    Check(
        "outcomes-too-few",
        Severity.CONTRADICTION,
        "A confirmed true alert has no outcome",
        each_row(_too_few_outcomes),
    ),
    Check(
        "arrests",
        Severity.CONTRADICTION,
        "There are more arrests than true alerts",
        each_row(_too_many_arrests),
    ),
    Check(
        "faces-too-few",
        Severity.CONTRADICTION,
        "Fewer faces were seen than raised alerts",
        each_row(_too_few_faces),
    ),
    Check(
        "duration",
        Severity.CONTRADICTION,
        "A duration is impossible",
        each_row(_impossible_duration),
    ),
    Check(
        "outcomes-base",
        Severity.SUSPICIOUS,
        "What the outcomes add up to differs from row to row",
        _outcome_base,
    ),
    Check(
        "rate-precision",
        Severity.SUSPICIOUS,
        "A rate is printed with fewer decimals than the others",
        _imprecise_rates,
    ),
    Check(
        "rate-unit",
        Severity.SUSPICIOUS,
        "A rate is printed without its unit",
        each_row(_rate_without_unit),
    ),
    Check(
        "faces-pace",
        Severity.SUSPICIOUS,
        "More faces were seen a second than any camera team reports",
        each_row(_too_busy),
    ),
    Check(
        "threshold-scale",
        Severity.SUSPICIOUS,
        "A threshold is not on the scale from 0 to 1",
        each_row(_odd_threshold),
    ),
)
"""The checks of each row by itself."""
