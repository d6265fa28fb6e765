"""Whether a record adds up: each check is small, has a name, and says in words what contradicts.

Every check but the last two kinds needs nothing but what is published, so that whoever receives
a record can hold it against itself. The checks answer the defects of published records that are
known (requirement R-59): totals that do not add up, outcomes that are not exclusive, rates that
were cut off, dates and lists that cannot be.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from overt.publication.columns import (
    FACES_DEFINITION,
    LAYOUT_VERSION,
    Row,
    Standing,
    percent,
    rates_of,
    sums_of,
)
from overt.publication.record import OVER, DeploymentRecord
from overt.vocabulary import DeploymentState, Disposal

CLOSING = timedelta(minutes=2)
"""How long after an authority's end a run may still be closing its cameras; it searches no more."""

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HASH = re.compile(r"[0-9a-f]{64}")
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What does not add up: found by which check, in which row, in words.

    `row` counts a file's rows as a spreadsheet does, the heading being 1; 0 is the whole of it.
    """

    check: str
    row: int
    words: str

    def __str__(self) -> str:
        return f"row {self.row}: {self.words}" if self.row else self.words


Found = Iterator[str]


# --- checks of one row --------------------------------------------------------------------------


def known_definitions(row: Row) -> Found:
    """A record says under which definitions its figures were counted, and we know them."""
    if row.which.layout_version != LAYOUT_VERSION:
        yield f"it follows definitions {row.which.layout_version}, and {LAYOUT_VERSION} are known"
    if row.faces.faces_definition != FACES_DEFINITION:
        yield (
            f"its faces are counted as {row.faces.faces_definition}, and {FACES_DEFINITION} is known"
        )


def counts_are_counts(row: Row) -> Found:
    """No figure is below nothing."""
    for part in fields(row):
        for name in type(getattr(row, part.name)).__slots__:
            value = getattr(getattr(row, part.name), name)
            if isinstance(value, int | float | Decimal) and value < 0:
                yield f"{name} is {value}, and nothing can be counted below 0"
    for outcome, count in row.alerts.outcomes:
        if count < 1:
            yield f"outcomes has {count} alerts as “{outcome}”"


def every_alert_has_one_outcome(row: Row) -> Found:
    """Alerts are those with an outcome, those still open and those erased without one."""
    of = row.alerts
    parts = of.alerts_decided + of.alerts_open + of.erased_without_outcome
    if parts != of.alerts:
        yield (
            f"{of.alerts} alerts, but {of.alerts_decided} have an outcome, {of.alerts_open} are "
            f"open and {of.erased_without_outcome} were erased without one: {parts}"
        )


def outcomes_are_exclusive(row: Row) -> Found:
    """Each group of outcomes counts every alert with an outcome once, and agrees with the list."""
    if len({outcome for outcome, _ in row.alerts.outcomes}) != len(row.alerts.outcomes):
        yield "outcomes lists one way of closing twice"
    for name, total in sums_of(row.alerts.outcomes).items():
        printed = getattr(row.alerts, name)
        if printed != total:
            yield f"{name} is {printed}, but its alerts by outcome add up to {total}"


def true_and_false_make_all(row: Row) -> Found:
    """True and false alerts together are the alerts with an outcome."""
    of = row.alerts
    kinds = (of.true_confirmed, of.true_unconfirmed, of.false_confirmed, of.false_unconfirmed)
    if sum(kinds) != of.alerts_decided:
        yield (
            f"{' + '.join(map(str, kinds))} true and false alerts make {sum(kinds)}, "
            f"not the {of.alerts_decided} with an outcome"
        )


def outcomes_make_sense(row: Row) -> Found:
    """What nobody can have meant: a true alert confirmed without speaking to anybody, and such."""
    words = {disposal.value for disposal in Disposal}
    for outcome, count in row.alerts.outcomes:
        unseen = outcome.disposal == Disposal.NOT_ENGAGED
        said = f"{count} closed as “{outcome}”"
        if outcome.disposal not in words:
            yield f"{said}, which is no disposal of ours"
        elif unseen == outcome.engaged:
            yield f"{said}: who is not engaged has the disposal “not engaged”, and nobody else"
        elif outcome.true_alert and outcome.confirmed and not outcome.engaged:
            yield f"{said}: a true alert is confirmed by speaking to the person only"
        elif not outcome.true_alert and not (unseen or outcome.disposal == Disposal.NO_ACTION):
            yield f"{said}: a false alert closes with no action"


def inside_the_authority(row: Row) -> Found:
    """Nothing was searched before authority was given, or outside its window."""
    authorised, searched = row.authorised, row.searched
    begun, ended = searched.searched_from, searched.searched_until
    if authorised.window_end <= authorised.window_start:
        yield "its window ends before it begins"
    if begun is None:
        return
    if authorised.authority_given_at is None or begun < authorised.authority_given_at:
        yield f"it was searched from {_time(begun)}, before anybody had given authority"
    if begun < authorised.window_start:
        yield (
            f"it was searched from {_time(begun)}, before its authority began at "
            f"{_time(authorised.window_start)}"
        )
    if begun >= authorised.window_end or (ended and ended > authorised.window_end + CLOSING):
        yield (
            f"it was searched until {_time(ended or begun)}, after its authority ended at "
            f"{_time(authorised.window_end)}"
        )
    if ended and ended < begun:
        yield f"it ended at {_time(ended)}, before it began at {_time(begun)}"


def time_searched_fits(row: Row) -> Found:
    """Runs last no longer together than from the first one's beginning to the last one's end."""
    of = row.searched
    if of.searched_from and of.searched_until and of.searched_until >= of.searched_from:
        whole = Decimal((of.searched_until - of.searched_from).total_seconds()) / 60
        if of.searched_minutes > whole + _TENTH:
            yield f"{of.searched_minutes} minutes were searched within {whole:.1f}"
    if (of.runs == 0) != (of.searched_from is None):
        yield f"{of.runs} runs, but searched from {of.searched_from or 'never'}"


def threshold_as_authorised(row: Row) -> Found:
    """The threshold is not below the one that was authorised."""
    if row.searched.threshold < row.authorised.authorised_threshold:
        yield (
            f"the threshold {row.searched.threshold:g} is below the "
            f"{row.authorised.authorised_threshold:g} that was authorised"
        )


def threshold_not_below_the_floor(row: Row) -> Found:
    """The threshold is not below the validated floor."""
    floor = row.searched.threshold_floor
    if floor is not None and row.searched.threshold < floor:
        yield f"the threshold {row.searched.threshold:g} is below the floor {floor:g}"


def list_as_approved(row: Row) -> Found:
    """The list is the approved one, less those withdrawn since."""
    approved, of = row.authorised, row.searched
    least = approved.approved_subjects - of.withdrawn_subjects
    if not least <= of.listed_subjects <= approved.approved_subjects:
        yield (
            f"{of.listed_subjects:,} people were listed, but {approved.approved_subjects:,} were "
            f"approved and {of.withdrawn_subjects:,} withdrawn since"
        )
    pictures = (of.listed_references, approved.approved_references)
    unchanged = of.listed_subjects == approved.approved_subjects
    if pictures[0] > pictures[1] or (unchanged and pictures[0] != pictures[1]):
        yield f"{pictures[0]:,} pictures were listed, but {pictures[1]:,} approved"


def faces_searched_were_seen(row: Row) -> Found:
    """No more faces were searched than seen."""
    of = row.faces
    if of.faces_searched > of.faces_seen:
        yield f"{of.faces_searched:,} faces were searched, but only {of.faces_seen:,} seen"


def alerts_were_searched(row: Row) -> Found:
    """One passage gives at most one alert, and only a face that was searched can give one."""
    raised = row.alerts.alerts + row.alerts.seeded_alerts
    if not row.faces.runs_without_figures and raised > row.faces.faces_searched:
        yield f"{raised} alerts, but only {row.faces.faces_searched:,} faces were searched"


def rates_are_their_arithmetic(row: Row) -> Found:
    """Each rate and each end of its interval is what its count and its total come to."""
    of, alerts = row.rates, row.alerts
    false_alerts = alerts.false_confirmed + alerts.false_unconfirmed
    if min(false_alerts, row.faces.faces_seen, alerts.alerts_decided) < 0:
        return  # no rate at all, as counts_are_counts says
    right = rates_of(false_alerts, row.faces.faces_seen, alerts.alerts_decided)
    for each in fields(right):
        printed, wanted = getattr(of, each.name), getattr(right, each.name)
        if printed != wanted:
            yield f"{each.name} is {_or_none(printed)}, but comes to {_or_none(wanted)}"


def coverage_is_its_arithmetic(row: Row) -> Found:
    """The coverage is what its counts come to."""
    of = row.faces
    if min(of.frames_looked_at, of.frames_dropped) < 0:
        return
    wanted = percent(of.frames_looked_at, of.frames_looked_at + of.frames_dropped)
    if of.coverage_percent != wanted:
        yield f"coverage_percent is {_or_none(of.coverage_percent)}, not {_or_none(wanted)}"


def losses_are_their_causes(row: Row) -> Found:
    """The losses of cameras are the sum of those by cause."""
    of = row.faces
    counts = re.findall(r"(?:^|; )(\d+) ", of.losses_by_cause)
    if of.losses != sum(map(int, counts)):
        yield f"{of.losses} losses of cameras, but by cause: {of.losses_by_cause or 'none'}"


def erased_and_kept_make_all(row: Row) -> Found:
    """Alerts kept and alerts erased are all that were raised."""
    raised = row.alerts.alerts + row.alerts.seeded_alerts
    of = row.afterwards
    if of.alerts_kept + of.alerts_erased != raised:
        yield (
            f"{of.alerts_kept} alerts are kept and {of.alerts_erased} erased, "
            f"but {raised} were raised"
        )


def stops_fit_engagements(row: Row) -> Found:
    """Whoever was engaged was stopped, and nobody is held in no stop."""
    of = row.afterwards
    if of.stops < row.alerts.engaged:
        yield f"{row.alerts.engaged} alerts were engaged on, but only {of.stops} stops have ended"
    if of.longest_stop_minutes > of.minutes_held + _TENTH:
        yield (
            f"the longest stop lasted {of.longest_stop_minutes} minutes, and all together "
            f"{of.minutes_held}"
        )


def one_use_case(row: Row) -> Found:
    """A deployment has exactly one use case, by its id and in the policy's words."""
    of = row.authorised
    if not _SLUG.fullmatch(of.use_case) or of.use_case.replace("-", "").isdigit():
        yield f"“{of.use_case}” is not one use case"
    elif not of.use_case_wording:
        yield f"the use case “{of.use_case}” is not in the policy"


def final_means_over(row: Row) -> Found:
    """A final record is of a deployment that is over, with every alert closed."""
    over = row.which.state in OVER
    if over != (row.which.standing is Standing.FINAL):
        yield f"it is marked {row.which.standing}, though the deployment is {row.which.state}"
    if over and row.alerts.alerts_open:
        yield f"the deployment is {row.which.state}, though {row.alerts.alerts_open} alerts are open"
    if over and row.searched.runs and row.authorised.authority == "none":
        yield "it was searched without authority"


def reviewed_after_the_end(row: Row) -> Found:
    """A review comes after what it reviews, and leads to the state it says."""
    reviewed, ended = row.afterwards.reviewed_at, row.searched.searched_until
    if reviewed and ended and reviewed < ended:
        yield f"it was reviewed at {_time(reviewed)}, before it ended at {_time(ended)}"
    if (reviewed is not None) != (row.which.state is DeploymentState.REVIEWED):
        yield f"the deployment is {row.which.state}, and reviewed at {reviewed or 'no time'}"


def tied_to_the_log(row: Row) -> Found:
    """A final record names the log's size and root, which an outsider can verify."""
    of = row.tied
    if row.which.standing is Standing.FINAL and not (of.log_size and _HASH.fullmatch(of.log_root)):
        yield "it does not say which log it belongs to: its size or root is missing"


_OF_ONE_ROW: tuple[Callable[[Row], Found], ...] = (
    known_definitions,
    counts_are_counts,
    every_alert_has_one_outcome,
    outcomes_are_exclusive,
    true_and_false_make_all,
    outcomes_make_sense,
    inside_the_authority,
    time_searched_fits,
    threshold_as_authorised,
    threshold_not_below_the_floor,
    list_as_approved,
    faces_searched_were_seen,
    alerts_were_searched,
    rates_are_their_arithmetic,
    coverage_is_its_arithmetic,
    losses_are_their_causes,
    erased_and_kept_make_all,
    stops_fit_engagements,
    one_use_case,
    final_means_over,
    reviewed_after_the_end,
    tied_to_the_log,
)


# --- checks of several rows ---------------------------------------------------------------------

Numbered = Sequence[tuple[int, Row]]
"""Rows with their numbers in a file."""


def every_period_once(rows: Numbered) -> Iterator[tuple[int, str]]:
    """Every period of a deployment is there, and once."""
    numbers = Counter(row.which.period for _, row in rows)
    number, first = rows[0]
    wanted = range(1, first.which.periods + 1)
    if sorted(numbers.elements()) != list(wanted):
        listed = ", ".join(map(str, sorted(numbers.elements())))
        of = f"deployment {first.which.deployment[:8]}"
        yield number, f"{of} has {first.which.periods} periods, and here are {listed}"


def periods_follow_one_another(rows: Numbered) -> Iterator[tuple[int, str]]:
    """A period begins when the one before it has ended."""
    ordered = sorted(rows, key=lambda each: each[1].which.period)
    for (_, before), (number, after) in pairwise(ordered):
        ended, began = before.searched.searched_until, after.searched.searched_from
        if ended and began and began < ended:
            said = f"period {after.which.period} began at {_time(began)}, before period"
            yield number, f"{said} {before.which.period} ended at {_time(ended)}"


def the_same_throughout(rows: Numbered) -> Iterator[tuple[int, str]]:
    """What is said of a whole deployment is the same in each of its rows."""
    _, first = rows[0]
    for number, row in rows[1:]:
        for part in ("authorised", "tied"):
            if getattr(row, part) != getattr(first, part):
                yield number, f"what was {part} differs from the deployment's first row"
        if (row.which.standing, row.which.state) != (first.which.standing, first.which.state):
            yield number, "its standing differs from the deployment's first row"


_OF_A_DEPLOYMENT: tuple[Callable[[Numbered], Iterator[tuple[int, str]]], ...] = (
    every_period_once,
    periods_follow_one_another,
    the_same_throughout,
)


def _named(check: Any) -> str:
    return str(check.__name__).replace("_", "-")


COUNTED_TWICE = "counted-twice"
"""The check of a record against the log, which only the installation itself can make."""

CHECKS: Mapping[str, str] = {
    **{_named(check): str(check.__doc__) for check in (*_OF_ONE_ROW, *_OF_A_DEPLOYMENT)},
    COUNTED_TWICE: "What the record and the audit log both count is the same in both.",
}
"""Every check by its name, and what it holds."""


def contradictions(rows: Numbered) -> list[Contradiction]:
    """Return everything that contradicts itself in rows of our own layout, in the file's order."""
    found = [
        Contradiction(_named(check), number, words)
        for number, row in rows
        for check in _OF_ONE_ROW
        for words in check(row)
    ]
    for of_one in _by_deployment(rows):
        for check in _OF_A_DEPLOYMENT:
            found += [Contradiction(_named(check), at, words) for at, words in check(of_one)]
    return sorted(found, key=lambda each: each.row)


def contradictions_of(record: DeploymentRecord) -> list[Contradiction]:
    """Return everything that contradicts itself in a record, or between it and the log.

    Row 2 is the record's first, as it is in the file that would be written.
    """
    found = contradictions([*enumerate(record.rows, 2)])
    return found + [
        Contradiction(
            COUNTED_TWICE,
            0,
            f"{each.what}: the record says {_or_none(each.recorded)}, "
            f"the log {_or_none(each.logged)}",
        )
        for each in record.twice
        if each.recorded != each.logged
    ]


def _by_deployment(rows: Numbered) -> Iterable[Numbered]:
    of: dict[str, list[tuple[int, Row]]] = {}
    for number, row in rows:
        of.setdefault(row.which.deployment, []).append((number, row))
    return of.values()


def _time(moment: datetime) -> str:
    return moment.isoformat(sep=" ")


def _or_none(value: object) -> str:
    return "nothing" if value is None else str(value)
