"""What was not used of a data set, and why: counted for the report, named one by one in a file."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from overt.evaluation.datasets import Problem, ProblemKind
from overt.evaluation.extraction import Extracted
from overt.reporting.files import write_whole
from overt.watchlist.rows import neutralised

PROBLEMS_FILE = "problems.csv"
COLUMNS = ("why", "photograph_id", "subject_id", "line", "detail")

_ONE_A_PHOTOGRAPH = frozenset({ProblemKind.EXCLUDED, ProblemKind.UNKNOWN_GROUP})


def counted(problems: Iterable[Problem], extracted: Extracted) -> dict[str, int]:
    """Count by reason what was not used, the commonest first: problems, and failures to acquire."""
    counts: Counter[str] = Counter()
    for problem in problems:
        counts[str(problem.kind)] += _weight(problem)
    for reason, count in extracted.reasons.items():
        counts[_words(reason)] += count
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def write_problems(path: Path, problems: Iterable[Problem], extracted: Extracted) -> None:
    """Write a row for every photograph, row or pair that was not used, or is doubtful.

    Texts that a spreadsheet would take for a formula are written so that it does not.

    Raises:
        StorageError: the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in (*_rows(problems), *_failures(extracted)):
        writer.writerow([neutralised(cell) for cell in row])
    write_whole(path, text.getvalue().encode())


def _weight(problem: Problem) -> int:
    return len(problem.photograph_ids) if problem.kind in _ONE_A_PHOTOGRAPH else 1


def _rows(problems: Iterable[Problem]) -> Iterator[tuple[str, ...]]:
    for problem in problems:
        line = "" if problem.line is None else str(problem.line)
        subjects = " ".join(problem.subject_ids)
        for photograph in problem.photograph_ids or ("",):
            yield str(problem.kind), photograph, subjects, line, problem.detail


def _failures(extracted: Extracted) -> Iterator[tuple[str, ...]]:
    for failure in extracted.failures:
        yield _words(failure.why), failure.photograph_id, failure.subject_id, "", failure.detail


def _words(reason: str) -> str:
    return str(reason).replace("_", " ")
