"""Checks of published rows against one another: order, lists, thresholds, purposes, writing."""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from statistics import median
from typing import TypeVar

from overt.publication.findings import Check, Finding, Severity, numbers, several
from overt.publication.imported import COLUMNS, Row

_MOSTLY = 0.9  # the share of rows in order from which the rest are out of it
_ENOUGH = 10  # rows that all do something, before the first that does not means a change
_MANY = 30  # rows in which a column is never used, before that is odd
_APART = 0.10  # how far two lists of one day may differ, as a share of the smaller
_JUMP = 0.15  # how far a list may be from the lists about it
_ABOUT = 5  # rows before and after

_COUNTS = COLUMNS[6:11] + COLUMNS[12:15]
_FORMS = (
    (re.compile(r"[0-9]+h[0-9]+m"), "5h03m"),
    (re.compile(r"[0-9]+h [0-9]+m"), "5h 03m"),
    (re.compile(r"[0-9]+hr ?[0-9]+m"), "5hr 03m"),
    (re.compile(r"[0-9]+h[0-9]+"), "5h03, without “m”"),
)

_SEVERAL = re.compile(r"[0-9a-z]\s*[,;/]\s*[0-9a-z]", re.IGNORECASE)

_Key = TypeVar("_Key", bound=Hashable)


def in_order(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the longest run of rows whose days never go back, in the file's order.

    What is left out stands out of order. A file that mostly runs backwards is turned round first.
    """
    forwards = _longest(rows)
    backwards = _longest(rows[::-1])
    return forwards if len(forwards) >= len(backwards) else backwards


def _longest(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the longest non-decreasing subsequence by day (patience sorting, O(n log n))."""
    ends: list[date] = []  # the earliest day on which a run of each length can end
    at: list[int] = []
    before: list[int | None] = []
    for index, row in enumerate(rows):
        length = bisect_right(ends, row.day)
        before.append(at[length - 1] if length else None)
        ends[length : length + 1] = [row.day]
        at[length : length + 1] = [index]
    chosen: list[Row] = []
    step = at[-1] if at else None
    while step is not None:
        chosen.append(rows[step])
        step = before[step]
    return tuple(chosen[::-1])


def _out_of_order(rows: Sequence[Row]) -> Iterator[Finding]:
    ordered = set(numbers(in_order(rows)))
    strays = [row for row in rows if row.number not in ordered]
    if len(ordered) < _MOSTLY * len(rows):
        yield Finding(
            numbers(strays), f"The rows are in no order of days: {len(strays):,} break it."
        )
        return
    for at, row in enumerate(rows):
        if row.number not in ordered:
            yield Finding((row.number,), _stray(rows, at))


def _stray(rows: Sequence[Row], at: int) -> str:
    row = rows[at]
    about = [rows[other] for other in (at - 1, at + 1) if 0 <= other < len(rows)]
    words = (
        f"{row.where_and_when}, stands between "
        + " and ".join(f"row {each.number} ({each.printed['date'].strip()})" for each in about)
        + "."
    )
    low, high = (min(each.day for each in about), max(each.day for each in about))
    for year in {low.year, high.year}:
        if low <= (likely := _in_year(row.day, year)) <= high and likely != row.day:
            alike = [each for each in about if each.threshold == row.threshold]
            words += f" In {year} it would be in order" + (
                f", with the threshold of {row.threshold} that row {alike[0].number} has."
                if alike
                else "."
            )
    return words


def _in_year(day: date, year: int) -> date:
    return day.replace(year=year, day=min(day.day, 28) if day.month == 2 else day.day)


def _lists_of_a_day(rows: Sequence[Row]) -> Iterator[Finding]:
    at = {row.number: place for place, row in enumerate(rows)}
    for pair in _far_apart(rows):
        usual = median(row.watchlist for row in _about(rows, at[pair[0].number]))
        odd, other = sorted(pair, key=lambda row: -abs(row.watchlist - usual))
        words = (
            f"{odd.where_and_when}: a list of {odd.watchlist:,} stands beside the same day's "
            f"{other.watchlist:,} (row {other.number}); the rows about it have {usual:,.0f}."
        )
        yield Finding((odd.number, other.number), words + _one_digit(odd, other))


def _far_apart(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield the smallest and the largest list of a day where they are far apart."""
    for of_day in _by(rows, lambda row: row.day).values():
        smallest = min(of_day, key=lambda row: row.watchlist)
        largest = max(of_day, key=lambda row: row.watchlist)
        if largest.watchlist - smallest.watchlist > _APART * smallest.watchlist:
            yield smallest, largest


def _one_digit(odd: Row, other: Row) -> str:
    one, two = str(odd.watchlist), str(other.watchlist)
    if len(one) != len(two) or sum(a != b for a, b in zip(one, two, strict=True)) != 1:
        return ""
    return " They differ in one digit."


def _list_jumps(rows: Sequence[Row]) -> Iterator[Finding]:
    told = {row.number for pair in _far_apart(rows) for row in pair}
    for at, row in enumerate(rows):
        about = _about(rows, at)
        if row.number in told or len(about) < _ABOUT:
            continue
        usual = median(each.watchlist for each in about)
        nearest = min(abs(each.watchlist - row.watchlist) for each in about)
        if nearest > _JUMP * usual:
            words = f"{row.where_and_when}: a list of {row.watchlist:,}; the rows about it have "
            yield Finding((row.number,), f"{words}{usual:,.0f}, and none is near it.")


def _about(rows: Sequence[Row], at: int) -> list[Row]:
    return [*rows[max(0, at - _ABOUT) : at], *rows[at + 1 : at + 1 + _ABOUT]]


def _duplicates(rows: Sequence[Row]) -> Iterator[Finding]:
    for alike in _by(rows, lambda row: tuple(map(row.printed.get, COLUMNS))).values():
        if len(alike) > 1:
            yield Finding(numbers(alike), f"{alike[0].where_and_when}, in every column the same.")


def _same_figures(rows: Sequence[Row]) -> Iterator[Finding]:
    """Find one deployment told twice: place, day and duration, or day and every figure."""
    seen = {numbers(alike) for alike in _by(rows, lambda row: tuple(row.printed.values())).values()}
    places = _by(rows, lambda row: (row.location.casefold(), row.day, row.duration)).values()
    figures = _by(rows, lambda row: (row.day, row.faces, *_figures(row))).values()
    for alike in (*places, *figures):
        if len(alike) > 1 and (key := numbers(alike)) not in seen and alike[0].faces:
            seen.add(key)
            where = " and ".join(sorted({row.location for row in alike}))
            yield Finding(key, f"{where}, {alike[0].printed['date'].strip()}: perhaps one, twice.")


def _figures(row: Row) -> tuple[int, ...]:
    return (row.alerts, row.true, row.false, row.arrest, row.other, row.no_action)


def _thresholds_of_a_day(rows: Sequence[Row]) -> Iterator[Finding]:
    for day, of_day in _by(rows, lambda row: row.day).items():
        if len(thresholds := sorted({row.threshold for row in of_day})) > 1:
            said = " and ".join(map(str, thresholds))
            yield Finding(numbers(of_day), f"{day:%-d %B %Y}: thresholds of {said} on one day.")


def _threshold_changes(rows: Sequence[Row]) -> Iterator[Finding]:
    ordered = in_order(rows)
    for before, after in pairwise(ordered):
        if before.threshold != after.threshold:
            words = (
                f"The threshold is {before.threshold} up to row {before.number} "
                f"({before.printed['date'].strip()}) and {after.threshold} from row {after.number} "
                f"({after.printed['date'].strip()})."
            )
            yield Finding((before.number, after.number), words)


def _undivided_purpose(rows: Sequence[Row]) -> Iterator[Finding]:
    """Find purposes that name several at once, so that nobody knows which one was meant."""
    undivided = [row for row in rows if _SEVERAL.search(row.use_case)]
    for use_case, same in _by(undivided, lambda row: row.use_case).items():
        ordered = in_order(same)
        words = (
            f"The purpose is “{use_case}”, several at once, in {several(len(same), 'row')}, from "
            f"{ordered[0].printed['date'].strip()} to {ordered[-1].printed['date'].strip()}."
        )
        later = [row for row in in_order(rows) if row.day > ordered[-1].day]
        if later and len(undivided) == len(same):
            words += (
                f" One purpose is named from row {later[0].number} "
                f"({later[0].printed['date'].strip()}) on."
            )
        yield Finding(numbers(same), words)


def _outcomes_changed(rows: Sequence[Row]) -> Iterator[Finding]:
    """Find the row from which two columns that were always equal are not."""
    telling = [row for row in in_order(rows) if row.other or row.no_action]
    equal = [row.other == row.no_action for row in telling]
    first = equal.index(False) if False in equal else len(equal)
    if first < _ENOUGH or first == len(equal):
        return
    before, after = telling[first - 1], telling[first]
    yield Finding(
        (before.number, after.number),
        f"“Other” and “no action” are equal in every row up to row {before.number} "
        f"({before.printed['date'].strip()}), and differ from row {after.number} "
        f"({after.printed['date'].strip()}) on.",
    )


def _unused(rows: Sequence[Row]) -> Iterator[Finding]:
    if len(rows) < _MANY:
        return
    for column in _COUNTS:
        if not any(getattr(row, column) for row in rows):
            words = f"“{column.replace('_', ' ')}” is 0 in each of {several(len(rows), 'row')}."
            yield Finding((), f"{words} Either it never happens, or nobody counts it.")


def _writing(rows: Sequence[Row]) -> Iterator[Finding]:
    durations = _by(rows, lambda row: _form(row.printed["duration"].strip()))
    if len(durations) > 1:
        usual = max(durations.values(), key=len)
        rare = [row for same in durations.values() if same is not usual for row in same]
        forms = ", ".join(
            f"“{form}” in {len(same):,}"
            for form, same in sorted(durations.items(), key=lambda each: -len(each[1]))
        )
        yield Finding(numbers(rare), f"Durations are written in {len(durations)} ways: {forms}.")
    grouped = [row for row in rows if "," in row.printed["faces_seen_estimate"]]
    if 0 < len(grouped) < len(rows):
        words = "Faces seen are written with a comma here, and without in other rows."
        yield Finding(numbers(grouped), words)


def _form(duration: str) -> str:
    return next((name for form, name in _FORMS if form.fullmatch(duration)), "otherwise")


def _place_names(rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        if not row.location[-1].isalnum() and row.location[-1] not in ").":
            yield Finding((row.number,), f"“{row.location}” ends in the middle.")
    spelt = Counter(word for row in rows for word in set(_words(row.location)))
    for row in rows:
        for word in _words(row.location):
            if spelt[word] == 1 and (usual := _near(word, spelt)):
                words = f"“{row.location}”: “{word}” stands nowhere else, “{usual}” often."
                yield Finding((row.number,), words)


def _words(location: str) -> list[str]:
    return re.findall(r"\w{3,}", location)


def _near(word: str, spelt: Counter[str]) -> str:
    """Return a word used at least thrice that one letter put in or left out makes of this one."""
    for other, count in spelt.items():
        longer, shorter = sorted((word, other), key=len, reverse=True)
        one_off = len(longer) == len(shorter) + 1 and longer.rstrip("s") != shorter
        if count > 2 and one_off and shorter in _without_one(longer):
            return other
    return ""


def _without_one(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def _by(rows: Iterable[Row], key: Callable[[Row], _Key]) -> dict[_Key, list[Row]]:
    grouped: defaultdict[_Key, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[key(row)].append(row)
    return dict(grouped)


CHECKS = (
    Check(
        "order",
        Severity.CONTRADICTION,
        "A row's day does not fit where it stands",
        _out_of_order,
    ),
    Check(
        "duplicate",
        Severity.CONTRADICTION,
        "A row stands twice",
        _duplicates,
    ),
    Check(
        "lists-of-a-day",
        Severity.SUSPICIOUS,
        "Two lists of one day are far apart",
        _lists_of_a_day,
    ),
    Check(
        "threshold-changed",
        Severity.DEFINITION,
        "The threshold changed: alerts before and after do not compare",
        _threshold_changes,
    ),
    Check(
        "purpose-undivided",
        Severity.DEFINITION,
        "The purpose names several at once",
        _undivided_purpose,
    ),
    Check(
        "outcomes-changed",
        Severity.DEFINITION,
        "The outcomes' columns began to mean something else",
        _outcomes_changed,
    ),
    Check(
        "list-jump",
        Severity.SUSPICIOUS,
        "A list is far from those about it",
        _list_jumps,
    ),
    Check(
        "thresholds-of-a-day",
        Severity.SUSPICIOUS,
        "Two thresholds were in use on one day",
        _thresholds_of_a_day,
    ),
    Check(
        "same-figures",
        Severity.SUSPICIOUS,
        "Two rows may be one deployment",
        _same_figures,
    ),
    Check(
        "column-unused",
        Severity.SUSPICIOUS,
        "A column is never used",
        _unused,
    ),
    Check(
        "writing",
        Severity.SUSPICIOUS,
        "The same thing is written in several ways",
        _writing,
    ),
    Check(
        "place-name",
        Severity.SUSPICIOUS,
        "A place's name looks misspelt",
        _place_names,
    ),
)
"""The checks of rows against one another."""
