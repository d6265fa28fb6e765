"""A run on one page: what was asked, on whose authority, what was seen, and what nobody knows.

The page is one HTML file that loads nothing, runs no script and reads well on paper, on a
phone and in the dark. The only pictures on it are those of its alerts.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from overt.reporting import caveats, wording
from overt.reporting.files import write_whole
from overt.storage import AlertRecord, Enrolled, Record, Run

_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class AlertCard:
    """One alert, and the reference it points to (None once that has been destroyed)."""

    record: AlertRecord
    enrolled: Enrolled | None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """All that is on the page.

    `videos` are names of files beside the page, which it links to. `made_at` is aware UTC.
    Without `faces`, as for every authorised deployment, it has no pictures and no names on it: those
    stay sealed in the record, where a look at them is put on the log.
    """

    run: Run
    alerts: tuple[AlertCard, ...]
    made_at: datetime
    videos: tuple[str, ...] = ()
    faces: bool = True


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar chart; `share` is of the longest bar, in [0, 1]."""

    label: str
    count: int
    share: float


def summarise(
    record: Record, run_id: str, videos: tuple[str, ...] = (), *, faces: bool = True
) -> RunSummary:
    """Return the summary of one run as the record has it now.

    Raises:
        StorageError: there is no such run, or the record cannot be read.
    """
    run = record.runs.find(run_id)
    cards = tuple(
        AlertCard(
            alert, record.watchlists.enrolled(run.watchlist_id, alert.alert.candidate.reference_id)
        )
        for alert in record.alerts.of_run(run.run_id)
    )
    return RunSummary(run, cards, datetime.now(UTC), videos, faces)


def render(summary: RunSummary, zone: tzinfo | None = None) -> str:
    """Return the page; local times are in `zone`, or in this machine's own."""
    statistics = summary.run.statistics
    page = _environment(zone).get_template("summary.html")
    return page.render(
        summary=summary,
        run=summary.run,
        statistics=statistics,
        not_searchable=bars(statistics.not_searchable) if statistics else [],
        dropped=bars(statistics.frames_dropped) if statistics else [],
        caveats=caveats.of(summary.run),
    ).lstrip()


def write_summary(path: Path, summary: RunSummary, zone: tzinfo | None = None) -> None:
    """Write the page as a file for its owner only.

    Raises:
        StorageError: it cannot be written.
    """
    write_whole(path, render(summary, zone).encode())


def bars(counts: Mapping[_Word, int]) -> list[Bar]:
    """Return what was counted as the lines of a bar chart, the longest first, zeros left out."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    longest = max(counts.values(), default=0)
    return [Bar(_sentence(word), n, n / longest) for word, n in ordered if n]


def _environment(zone: tzinfo | None) -> Environment:
    environment = Environment(
        loader=PackageLoader("overt.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"wording": wording}
    environment.filters |= {
        "when": partial(wording.in_utc_and_local, zone=zone),
        "day": wording.in_words,
        "number": "{:,}".format,
        "sentence": _sentence,
        "picture": _data_uri,
        "duration": wording.duration_in_words,
    }
    return environment


def _sentence(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _data_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
