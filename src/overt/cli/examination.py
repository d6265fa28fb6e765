"""What was found in a deployment file, as a person or a program reads it."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from overt.cli.screen import facts, listed, out, printable
from overt.deployment.file import Examination
from overt.deployment.problems import Problem, named
from overt.deployment.summary import for_programs, in_words

_NOT_CHECKED = (
    "Whether each row of the watchlist and its picture can be used: `overt watchlist check` says.",
    "Whether the model pack is there and unchanged: `overt models verify` says.",
    "Whether cameras answer and recordings can be decoded: starting says.",
    "Whether authority is given: `overt deployment show` says, once it is drafted and submitted.",
)


def show(path: Path, found: Examination) -> None:
    """Print what the file will do, or everything that is wrong in it."""
    console = out()
    console.print(Text(printable(named(path)), style="bold"), soft_wrap=True)
    if found.deployment is None:
        count = len(found.problems)
        console.print(f"\nIt will not start: {count} {'problem' if count == 1 else 'problems'}")
        console.print(listed(line for problem in found.problems for line in _lines(problem)))
        return
    console.print("\nWhat will happen")
    console.print(facts(in_words(found.deployment, datetime.now(UTC))))
    console.print("\nNothing is wrong in the file. What this does not check")
    console.print(listed(("-", line) for line in _NOT_CHECKED))


def as_json(path: Path, found: Examination) -> dict[str, Any]:
    """Return the same as JSON's kinds of value."""
    deployment = found.deployment
    return {
        "file": named(path),
        "sha256": deployment.sha256 if deployment else None,
        "ok": deployment is not None,
        "problems": [asdict(problem) for problem in found.problems],
        "deployment": for_programs(deployment, datetime.now(UTC)) if deployment else None,
        "not_checked": list(_NOT_CHECKED),
    }


def _lines(problem: Problem) -> Iterator[tuple[str, str]]:
    yield "✗", problem.fault
    if problem.remedy:
        yield "", f"→ {problem.remedy}"
