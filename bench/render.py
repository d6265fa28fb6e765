"""Shows results on a terminal, and writes them as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.machine import Stamp
from bench.results import Claim, Grid, Result

_MARKS = {True: Text("holds", "green"), False: Text("does not", "bold red"), None: Text("shown")}


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the benchmark: its stamp, its results, and the sections that could not be run."""

    stamp: Stamp
    quick: bool
    results: Mapping[str, Result]
    skipped: Mapping[str, str]

    def claims(self) -> list[Claim]:
        """Return every section's claims."""
        return [claim for result in self.results.values() for claim in result.claims()]


def show(report: Report, console: Console) -> None:
    """Print every table, and the claims last, where they are read."""
    for result in report.results.values():
        for grid in result.grids():
            console.print(_table(grid), Text(grid.note, "dim"), "", sep="\n")
    console.print(_claims(report.claims()))
    for section, why in report.skipped.items():
        console.print(Text(f"{section} was not measured. {why}", "yellow"))
    console.print(Text(_stamp_line(report), "dim"))


def write(report: Report, path: Path) -> None:
    """Write stamp, claims and every figure as JSON."""
    told = {
        "stamp": asdict(report.stamp),
        "quick": report.quick,
        "skipped": dict(report.skipped),
        "claims": [asdict(claim) for claim in report.claims()],
        "results": {name: asdict(result) for name, result in report.results.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _table(grid: Grid) -> Table:
    table = Table(*grid.columns, title=Text(grid.title, "bold"), title_justify="left")
    for row in grid.rows:
        table.add_row(*map(Text, row))
    return table


def _claims(claims: Sequence[Claim]) -> Table:
    table = Table("claim", "wanted", "found", "", title="What it must show", title_justify="left")
    for claim in claims:
        cells = [Text(claim.what), Text(claim.wanted), Text(claim.found)]
        table.add_row(*cells, _MARKS[claim.met])
    return table


def _stamp_line(report: Report) -> str:
    stamp = report.stamp
    state = " with changes" if stamp.dirty else ""
    return (
        f"{stamp.at}  {stamp.cpu}, {stamp.cores} cores, {stamp.memory_gib} GiB, load before "
        f"{stamp.load_before}, Python {stamp.python}, commit {stamp.commit[:10]}{state}, "
        f"pack {stamp.pack_id}{', quick' if report.quick else ''}"
    )
