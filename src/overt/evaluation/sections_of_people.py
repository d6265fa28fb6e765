"""What a report says of groups of people, and of labels in doubt."""

from overt.evaluation.plots import Interval, Intervals
from overt.evaluation.report import GroupFigure, Groups, GroupTable, LabelErrors, Share
from overt.evaluation.telling import (
    INSUFFICIENT,
    NOTHING,
    Section,
    Table,
    estimate,
    percent,
    share,
)

_DOUBTFUL_SHOWN = 100  # rows; all of them stand in report.json and label-errors.csv
_NAMES_SHOWN = 3


def groups(found: Groups) -> Section:
    """Return the section on groups: rates at one threshold, and what another would change."""
    at = f"threshold {found.threshold:.4f}"
    tables = [
        _group_table(f"FNIR by group at the {at}", found.misses),
        _group_table(f"FPIR by group at the {at}", found.false_alerts),
        _group_table(f"Missed in addition at the threshold {found.higher:.4f}", found.missed),
        _group_table(f"Spared by the threshold {found.higher:.4f}", found.spared),
    ]
    if found.own_group:
        tables.append(_own_group(found))
    told_of = [each for each in found.false_alerts.figures if each.rate]
    intervals = Intervals(
        "FPIR by group, with 95 % intervals",
        "FPIR of each group with its interval; a table below has the numbers.",
        f"FPIR at the {at}",
        tuple(_interval(each.group, each.rate) for each in told_of if each.rate),
    )
    sentences = (
        (
            f"The threshold {found.threshold:.4f} ({found.score}) is that for an FPIR of"
            f" {percent(found.fpir)} over everybody, {found.list_size:,} listed;"
            f" {found.higher:.4f} is that for {percent(found.higher_fpir)}."
        ),
        (
            "Counted are consenting, labelled subjects only:"
            f" {found.without_consent:,} did not consent, {found.without_group:,} have no group."
        ),
        "Where the sample is too small for a figure, it is insufficient, and none is shown.",
    )
    return Section("groups", "Groups", sentences, (intervals,) if told_of else (), tuple(tables))


def _interval(label: str, rate: Share) -> Interval:
    return Interval(label, rate.value or 0.0, rate.low, rate.high)


def _group_table(caption: str, table: GroupTable) -> Table:
    rows = tuple(
        (
            each.group,
            f"{each.people:,}",
            f"{each.searches:,}",
            share(each.rate) if each.rate else INSUFFICIENT,
            estimate(each.ratio, 2) if each.ratio else NOTHING,
        )
        for each in table.figures
    )
    best = f"The lowest is that of {table.best}. " if table.best else ""
    note = f"{best}Searches that belong to no counted group: {table.left_out:,}."
    headings = ("group", "people", "searches", "rate (95 % interval)", "times the lowest")
    return Table(caption, headings, rows, note)


def _own_group(found: Groups) -> Table:
    def told_as(figure: GroupFigure) -> str:
        return share(figure.rate) if figure.rate else INSUFFICIENT

    rows = tuple(
        (
            each.own.group,
            told_as(each.mixed),
            told_as(each.own),
            estimate(each.own.ratio, 2) if each.own.ratio else NOTHING,
        )
        for each in found.own_group
    )
    return Table(
        "FPIR on a mixed list, and on a list of one's own group",
        ("group", "mixed list", "own group", "own, times mixed"),
        rows,
        "Both lists have the same length, and the same threshold.",
    )


def label_errors(found: LabelErrors) -> Section:
    """Return the section on labels in doubt, and on what they do to the rates."""
    tables = []
    if found.rates:
        tables.append(_cleaned(found))
    if found.found:
        tables.append(_doubtful(found))
    sentences = (
        (
            f"{len(found.found):,} labels are doubtful: a machine lists them, and not each is an"
            " error. A person has to look: label-errors.csv says how to leave photographs out."
        ),
        (
            f"To leave out what merely scores badly flatters a recogniser: rates without"
            f" {found.without} are an upper bound."
        ),
    )
    return Section("label-errors", "Labels in doubt", sentences, tables=tuple(tables))


def _cleaned(found: LabelErrors) -> Table:
    rows = tuple(
        (
            f"FPIR {percent(each.fpir)}, {each.list_size:,} listed ({each.score})",
            estimate(each.as_labelled),
            estimate(each.without),
        )
        for each in found.rates
    )
    note = f"Left out: {found.without}, {found.photographs:,} photographs."
    return Table("TPIR with and without them", ("at", "as labelled", "without"), rows, note)


def _doubtful(found: LabelErrors) -> Table:
    rows = tuple(
        (
            each.kind,
            ", ".join(dict.fromkeys(each.subjects)),
            _few(each.photographs),
            f"{each.normalised_score:.4f}",
            each.evidence,
        )
        for each in found.found[:_DOUBTFUL_SHOWN]
    )
    more = len(found.found) - len(rows)
    note = f"{more:,} more stand in label-errors.csv." if more else ""
    headings = ("kind", "subjects", "photographs", "score", "evidence")
    return Table("Doubtful labels", headings, rows, note, words=True)


def _few(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
