"""Entries: the rows that may be enrolled, and for every other row the reasons why not.

Nothing here looks at a picture. All of a row's faults are found at once, so that a list is put
right in one go rather than in ten.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from overt.errors import WatchlistError
from overt.values import Subject
from overt.vocabulary import RefusedRow
from overt.watchlist.rows import Row, counted_rows, read_rows
from overt.watchlist.rules import ALWAYS_REQUIRED, ListRules

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_SAME_FOR_A_SUBJECT = ("name", "category", "reason", "lawful_basis", "expected_response")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row was refused: the reason, and in words what about this row."""

    reason: RefusedRow
    detail: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that keeps to the rules: a subject, and a picture of theirs still to be looked at."""

    row: Row
    subject: Subject
    picture_date: date


@dataclass(frozen=True, slots=True)
class ListSource:
    """Where a list comes from and what it must keep to.

    `rows` is the CSV or JSON file and `pictures` the folder that its pictures lie in; `today`
    is the latest date a picture may have.
    """

    rows: Path
    pictures: Path
    rules: ListRules
    today: date


@dataclass(frozen=True, slots=True)
class CheckedList:
    """Every row of a list, either as an entry or, by its number, with its refusals."""

    source: ListSource
    rows: tuple[Row, ...]
    entries: tuple[Entry, ...]
    refusals: Mapping[int, tuple[Refusal, ...]]
    unused_columns: tuple[str, ...] = ()


def check_list(source: ListSource) -> CheckedList:
    """Read a list and sort its rows into entries and refused rows. No picture is opened.

    A reference id that is used twice refuses every row that uses it, and a subject whose rows
    disagree is refused whole: nobody can tell which row is right.

    Raises:
        WatchlistError: the list or the folder of pictures cannot be read, or the list is longer
            than the policy permits.
    """
    file = read_rows(source.rows)
    _demand_usable(source, len(file.rows))
    rows = tuple(_with_response(row, source.rules) for row in file.rows)
    refusals = _refusals(rows, source)
    accepted = [row for row in rows if row.number not in refusals]
    return CheckedList(source, rows, tuple(_entries(accepted)), refusals, file.unused_columns)


def _demand_usable(source: ListSource, rows: int) -> None:
    if not source.pictures.is_dir():
        raise WatchlistError(
            f"The folder of pictures {source.pictures.name} is not there.",
            remedy="Name the folder that the rows' picture paths start from.",
        )
    if rows > source.rules.most_references:
        raise WatchlistError(
            f"The list has {counted_rows(rows)}; the policy permits {source.rules.most_references:,}.",
            remedy="List only those whom the authority covers.",
        )


def _refusals(rows: Sequence[Row], source: ListSource) -> dict[int, tuple[Refusal, ...]]:
    uses = Counter(row.reference_id for row in rows if row.reference_id)
    disagreements = _disagreements(rows)
    refusals: dict[int, tuple[Refusal, ...]] = {}
    for row in rows:
        found = list(_faults(row, source.rules, source.today))
        if uses[row.reference_id] > 1:
            detail = f"{_quoted(row.reference_id)} is used {uses[row.reference_id]} times"
            found.append(Refusal(RefusedRow.DUPLICATE_ID, detail))
        if row.subject_id in disagreements:
            found.append(Refusal(RefusedRow.INCONSISTENT_SUBJECT, disagreements[row.subject_id]))
        if found:
            refusals[row.number] = tuple(found)
    return refusals


def _with_response(row: Row, rules: ListRules) -> Row:
    responses = rules.responses.get(row.category, ())
    if row.expected_response or not responses or "expected_response" in rules.required:
        return row
    return replace(row, expected_response=responses[0])


def _faults(row: Row, rules: ListRules, today: date) -> Iterator[Refusal]:
    if row.problem:
        yield Refusal(RefusedRow.MALFORMED, row.problem)
        return
    empty = [name for name in sorted(ALWAYS_REQUIRED | rules.required) if not getattr(row, name)]
    if empty:
        yield Refusal(RefusedRow.MISSING_FIELD, ", ".join(empty))
    yield from _policy_faults(row, rules)
    if row.picture_date and not _is_past_date(row.picture_date, today):
        yield Refusal(RefusedRow.BAD_DATE, _quoted(row.picture_date))


def _policy_faults(row: Row, rules: ListRules) -> Iterator[Refusal]:
    responses = rules.responses.get(row.category)
    if row.category in rules.individual_authority and not row.individual_authority:
        detail = f"{_quoted(row.category)} needs one for each person"
        yield Refusal(RefusedRow.NO_INDIVIDUAL_AUTHORITY, detail)
    if row.category and responses is None:
        yield Refusal(RefusedRow.UNKNOWN_CATEGORY, _quoted(row.category))
    if responses and row.expected_response and row.expected_response not in responses:
        yield Refusal(RefusedRow.UNKNOWN_RESPONSE, _quoted(row.expected_response))
    only_for = rules.sources.get(row.picture_source)
    if row.picture_source and only_for is None:
        yield Refusal(RefusedRow.UNKNOWN_SOURCE, _quoted(row.picture_source))
    if row.category in rules.seeded and row.picture_source not in rules.consented_sources:
        detail = f"{_quoted(row.picture_source)} says nothing of the test subject's consent"
        yield Refusal(RefusedRow.NO_CONSENT, detail)
    if only_for and row.category and row.category not in only_for:
        detail = f"{_quoted(row.picture_source)} may not be used for {_quoted(row.category)}"
        yield Refusal(RefusedRow.UNKNOWN_SOURCE, detail)


def _quoted(text: str) -> str:
    return f"'{text[:57]}...'" if len(text) > 60 else f"'{text}'"


def _is_past_date(text: str, today: date) -> bool:
    try:
        return bool(_DATE.fullmatch(text)) and date.fromisoformat(text) <= today
    except ValueError:
        return False


def _disagreements(rows: Iterable[Row]) -> dict[str, str]:
    """Return, for every subject whose rows disagree, in what."""
    told: defaultdict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        if row.subject_id:
            for name in _SAME_FOR_A_SUBJECT:
                told[row.subject_id][name].add(getattr(row, name))
    differing = {
        subject: [name for name, values in columns.items() if len(values) > 1]
        for subject, columns in told.items()
    }
    return {
        subject: f"the rows of {_quoted(subject)} differ in {', '.join(names)}"
        for subject, names in differing.items()
        if names
    }


def _entries(rows: Sequence[Row]) -> Iterator[Entry]:
    # Different people may have added one subject's pictures; each of them stays named.
    adders: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        adders[row.subject_id][row.added_by] = None
    for row in rows:
        subject = Subject(
            subject_id=row.subject_id,
            name=row.name,
            category=row.category,
            reason=row.reason,
            lawful_basis=row.lawful_basis,
            expected_response=row.expected_response,
            added_by="; ".join(adders[row.subject_id]),
        )
        yield Entry(row, subject, date.fromisoformat(row.picture_date))
