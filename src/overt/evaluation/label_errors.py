"""Probable label errors of a data set: one person under two ids, photographs of somebody else.

Each counts as misses and as false positives that are none, and in the tail of a curve a handful
decides. Only a person who looks at the pictures can tell an error from twins, a disguise or a
poor shot, so nothing is left out by itself: findings are listed with their evidence, whoever has
looked writes "yes" beside those to leave out, and rates are given with and without them. To leave
out what merely scores badly would flatter the recogniser.

Scores are normalised as on a watchlist (`overt.matching.gallery`), the whole set being the
cohort; in sets of under 50 people they are raw comparison scores.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from overt.errors import ConfigurationError, WatchlistError
from overt.evaluation.extraction import Extracted
from overt.matching.gallery import COHORT_TOP, SMALLEST_COHORT, mean_template
from overt.reporting.files import write_whole
from overt.values import Template, Templates
from overt.watchlist.neighbours import Neighbours, Pairs
from overt.watchlist.rows import neutralised, plain
from overt.watchlist.tables import read_table

ALIKE = 0.20
"""Two people are listed who are more alike than this share of people are like themselves.

Chosen on LFW's development half, where half of those it lists are errors and others are twins
and sisters; a higher share lists fewer, with more errors among them.
"""

ODD = 0.995
"""A photograph is listed that is less like its person's others than one of 200 strangers' is."""

MOST_LISTED = 200

_SAMPLED = (1_000, 5_000)  # photographs against photographs: enough to know one in 200 by
_COLUMNS = (
    "finding",
    "kind",
    "photograph_id",
    "subject_id",
    "other_photograph_id",
    "other_subject_id",
    "comparison_score",
    "normalised_score",
    "evidence",
    "suggestion",
    "leave_out",
)


class LabelErrorKind(StrEnum):
    """What may be wrong."""

    TWO_IDS = "perhaps one person under two ids"
    ODD_ONE = "perhaps a photograph of somebody else"


_SUGGESTIONS = {
    LabelErrorKind.TWO_IDS: "Look at both. One person, or a photograph under the wrong id: leave "
    "this one out. Two people who look alike: keep it.",
    LabelErrorKind.ODD_ONE: "Look at it beside the person's others. Somebody else, or the wrong "
    "one of several faces: leave it out. The same person: keep it.",
}


@dataclass(frozen=True, slots=True)
class LabelError:
    """One finding: `photograph_ids` are of `subject_ids`, in the same order.

    The first photograph is the one in doubt, the second the one that it is compared with.
    `comparison_score` is the raw one of the two, and of their people's mean templates where two
    people are compared; `normalised_score` is what was judged by `bound`. To leave out the
    photographs in `leave_out` would mend it, if it is an error.
    """

    kind: LabelErrorKind
    photograph_ids: tuple[str, str]
    subject_ids: tuple[str, str]
    comparison_score: float
    normalised_score: float
    bound: float
    evidence: str
    leave_out: tuple[str, ...]

    @property
    def suggestion(self) -> str:
        """What to do about it."""
        return _SUGGESTIONS[self.kind]


def find_label_errors(
    extracted: Extracted, *, alike: float = ALIKE, odd: float = ODD
) -> tuple[LabelError, ...]:
    """Return probable label errors, of each kind the most probable first.

    `alike` and `odd` are shares in [0, 1], as `ALIKE` and `ODD`; of each kind at most
    `MOST_LISTED` are returned. LFW's development half takes a few seconds.

    Raises:
        ConfigurationError: nobody has two photographs, or everybody is one person; then there
            is nothing to judge by.
    """
    people = _rows_by_subject(extracted.subject_ids)
    if len(people) < 2 or all(len(rows) < 2 for rows in people):
        raise ConfigurationError(
            f"The data set {extracted.dataset} has not two people, one with two photographs.",
            remedy="Look for label errors in a set with several photographs of some people.",
        )
    return (*_two_ids(extracted, people, alike), *_odd_ones(extracted, people, odd))


def write_label_errors(
    path: Path, errors: Iterable[LabelError], *, leave_out: Collection[str] = ()
) -> None:
    """Write a CSV with a row for each photograph that may be left out.

    Whoever looks at the pictures writes "yes" in the last column; it says so already of the
    photographs in `leave_out`. `read_exclusions` reads it.

    Raises:
        StorageError: the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for number, error in enumerate(errors, start=1):
        for photograph in error.leave_out:
            cells = _cells(number, error, photograph, leave=photograph in leave_out)
            writer.writerow([neutralised(cell) for cell in cells])
    write_whole(path, text.getvalue().encode())


def read_exclusions(path: Path) -> tuple[str, ...]:
    """Return the ids of photographs to leave out, in order, for `Dataset.without`.

    The file is a CSV, or a JSON list of objects, with the column `photograph_id`. With a column
    `leave_out`, only rows that say "yes" there count; "no" or nothing keeps a photograph.

    Raises:
        ConfigurationError: it cannot be read, or one of its rows cannot: then somebody would be
            kept whom it means to leave out.
    """
    try:
        table = read_table(path, lambda heading: heading in _COLUMNS)
        columns = list(table.columns)
        rows = [_exclusion(columns, number, cells) for number, cells in table.records]
    except WatchlistError as error:  # it was written for lists of people who are sought
        message = error.message.replace("The list", "The list of exclusions", 1)
        raise ConfigurationError(message, remedy=error.remedy) from error
    return tuple(sorted({photograph for photograph in rows if photograph}))


def _exclusion(columns: Sequence[str], number: int, cells: Sequence[str] | str) -> str:
    """Return the photograph that a row leaves out, empty where it leaves none out."""
    if isinstance(cells, str):
        fault = cells
    else:
        row = dict(zip(columns, map(plain, cells), strict=True))
        leave = row.get("leave_out", "yes").lower()
        if row.get("photograph_id") and leave in ("yes", "no", ""):
            return row["photograph_id"] if leave == "yes" else ""
        fault = "needs a photograph_id, and in leave_out yes, no or nothing"
    raise ConfigurationError(
        f"Row {number} of the list of exclusions {fault}.", remedy="Correct the row."
    )


def _cells(number: int, error: LabelError, photograph: str, *, leave: bool) -> tuple[str, ...]:
    other = error.photograph_ids[1 if photograph != error.photograph_ids[1] else 0]
    subject, other_subject = error.subject_ids
    return (
        str(number),
        str(error.kind),
        photograph,
        subject,
        other,
        other_subject,
        f"{error.comparison_score:.4f}",
        f"{error.normalised_score:.4f}",
        error.evidence,
        error.suggestion,
        "yes" if leave else "",
    )


@dataclass(frozen=True, slots=True)
class _Labelled:
    subject_id: str
    template: Template


def _two_ids(
    extracted: Extracted, people: Sequence[NDArray[np.intp]], alike: float
) -> Iterator[LabelError]:
    """Find people who are as like each other as one person's photographs are."""
    templates = extracted.templates
    means = np.stack([mean_template(templates[rows]) for rows in people])
    pairs = Neighbours.among([_Labelled(str(i), mean) for i, mean in enumerate(means)]).pairs()
    genuine = _like_themselves(templates, people, means)
    bound = float(np.quantile(genuine, alike))
    for at in _highest(pairs, bound):
        first, second = people[pairs.first[at]], people[pairs.second[at]]
        fewer, more = sorted((second, first), key=len)  # of equals, the second in order
        one, two = _most_alike(templates, fewer, more)
        score = float(pairs.normalised[at])
        yield LabelError(
            LabelErrorKind.TWO_IDS,
            (extracted.photograph_ids[one], extracted.photograph_ids[two]),
            (extracted.subject_ids[one], extracted.subject_ids[two]),
            float(pairs.raw[at]),
            score,
            bound,
            f"more alike than {np.mean(genuine < score):.0%} of people are to themselves "
            f"({len(fewer)} and {len(more)} photographs)",
            tuple(extracted.photograph_ids[row] for row in fewer),
        )


def _highest(pairs: Pairs, bound: float) -> list[int]:
    reaching = np.flatnonzero(pairs.normalised >= bound)
    order = np.argsort(-pairs.normalised[reaching], kind="stable")[:MOST_LISTED]
    return [int(at) for at in reaching[order]]


def _like_themselves(
    templates: Templates, people: Sequence[NDArray[np.intp]], means: Templates
) -> NDArray[np.float64]:
    """Return, for whoever has two photographs, the score of one half of them with the other."""
    scores = []
    for person, rows in enumerate(people):
        if len(rows) > 1:
            halves = np.stack([mean_template(templates[rows[half::2]]) for half in (0, 1)])
            levels = _levels(halves @ np.delete(means, person, axis=0).T)
            scores.append(float(halves[0] @ halves[1]) - float(levels.mean()))
    return np.array(scores, np.float64)


def _levels(against_others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each row's mean over its highest scores; zeros where nothing is normalised."""
    if against_others.shape[1] + 1 < SMALLEST_COHORT:
        return np.zeros(len(against_others), np.float32)
    return np.asarray(np.sort(against_others, axis=1)[:, -COHORT_TOP:].mean(axis=1), np.float32)


def _most_alike(
    templates: Templates, first: NDArray[np.intp], second: NDArray[np.intp]
) -> tuple[int, int]:
    scores = templates[first] @ templates[second].T
    one, two = np.unravel_index(int(scores.argmax()), scores.shape)
    return int(first[one]), int(second[two])


def _odd_ones(
    extracted: Extracted, people: Sequence[NDArray[np.intp]], odd: float
) -> Iterator[LabelError]:
    """Find photographs that are as unlike their person's others as strangers' are."""
    templates = extracted.templates
    labelled = map(_Labelled, extracted.subject_ids, templates)
    neighbours = Neighbours.among(list(labelled))
    levels = neighbours.highest() * np.float32(len(people) >= SMALLEST_COHORT)
    strangers = _strangers(templates, neighbours.subjects, levels)
    bound = float(np.quantile(strangers, odd))
    found = []
    for rows in people:
        if len(rows) > 1:
            raw = templates[rows] @ templates[rows].T
            scores = raw - (levels[rows][:, None] + levels[rows]) / 2
            np.fill_diagonal(scores, -np.inf)
            for own in _odd_rows(scores.max(axis=1), bound):
                best = int(scores[own].argmax())
                found.append((float(scores[own, best]), float(raw[own, best]), rows, own, best))
    found.sort(key=lambda each: each[0])
    for score, comparison, rows, own, best in found[:MOST_LISTED]:
        one, two = int(rows[own]), int(rows[best])
        nearest = int(neighbours.nearest[one, 0])
        share = float(np.mean(strangers > score))
        yield LabelError(
            LabelErrorKind.ODD_ONE,
            (extracted.photograph_ids[one], extracted.photograph_ids[two]),
            (extracted.subject_ids[one], extracted.subject_ids[two]),
            comparison,
            score,
            bound,
            f"{share:.1%} of pairs of strangers are more alike than it is to any of "
            f"{len(rows) - 1} others of its person; of all others "
            f"{extracted.photograph_ids[nearest]!a} is most like it",
            tuple(extracted.photograph_ids[row] for row in (rows if len(rows) == 2 else [one])),
        )


def _odd_rows(highest: NDArray[np.float32], bound: float) -> list[int]:
    """Return the places of odd photographs; of two, which are odd together, the first."""
    places = np.flatnonzero(highest <= bound).tolist()
    return places[:1] if len(highest) == 2 else places


def _strangers(
    templates: Templates, subjects: NDArray[np.int64], levels: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the scores of many pairs of different people, evenly taken from the set."""
    few, many = (np.arange(0, len(templates), -(-len(templates) // most)) for most in _SAMPLED)
    scores = templates[few] @ templates[many].T - (levels[few][:, None] + levels[many]) / 2
    return np.asarray(scores[subjects[few][:, None] != subjects[many]], np.float32)


def _rows_by_subject(subject_ids: Sequence[str]) -> list[NDArray[np.intp]]:
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, subject in enumerate(subject_ids):
        rows[subject].append(row)
    return [np.array(found, np.intp) for found in rows.values()]
