"""The report of an import: what was accepted, what was refused and why, and who looks alike.

It names rows and ids, never a person's name, and holds no picture and no template.
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from overt.errors import WatchlistError
from overt.vision.manifest import FpirTarget
from overt.vision.store import Pack
from overt.vocabulary import RefusedRow
from overt.watchlist.enrolment import EnrolmentReport, RowResult
from overt.watchlist.hubs import Hub, find_hubs
from overt.watchlist.lookalikes import (
    MOST_LISTED,
    Lookalike,
    alert_level,
    find_lookalikes,
    same_pictures,
)
from overt.watchlist.neighbours import Neighbours
from overt.watchlist.rows import counted_rows, neutralised

REMEDIES = {
    RefusedRow.NO_FACE: "Use a picture in which the face is upright, uncovered and facing ahead.",
    RefusedRow.SEVERAL_FACES: "Cut the picture so that only this person's face is in it.",
    RefusedRow.TOO_SMALL: "Use a larger picture, or one that shows the face closer.",
    RefusedRow.POOR_QUALITY: "Use a sharp, evenly lit picture that faces the camera.",
    RefusedRow.UNDECODABLE: "Save the picture as an ordinary JPEG, PNG or WebP photograph.",
    RefusedRow.MISSING_PICTURE: "Correct the path, which starts from the image folder.",
    RefusedRow.OUTSIDE_FOLDER: "Copy the picture into the image folder; links may not lead out.",
    RefusedRow.DUPLICATE_ID: "Give each picture a reference id of its own.",
    RefusedRow.MISSING_FIELD: "Fill in the field; a row cannot be used without it.",
    RefusedRow.UNKNOWN_CATEGORY: "Use a category of the policy, or leave the person off the list.",
    RefusedRow.UNKNOWN_SOURCE: "Use a picture from a source the policy permits for the category.",
    RefusedRow.UNKNOWN_RESPONSE: "Use an expected response that the policy has for the category.",
    RefusedRow.NO_INDIVIDUAL_AUTHORITY: (
        "Get the authority for this person, and give its reference in individual_authority."
    ),
    RefusedRow.NO_CONSENT: (
        "Use a picture taken with the test subject's consent, and a source that says so."
    ),
    RefusedRow.BAD_DATE: "Write the day the picture was taken as YYYY-MM-DD.",
    RefusedRow.INCONSISTENT_SUBJECT: "Make the rows of the subject say the same, or split its id.",
    RefusedRow.MALFORMED: "Correct the row in the file.",
}
"""What to do about a row that was refused for each reason."""

_ROWS_SHOWN = 12

_HUB_MEANING = "Such a reference may raise alerts for people who have nothing to do with it."
_HUB_REMEDY = (
    "Look at the picture: a blurred or altered one, or one made of several faces, is replaced. "
    "An ordinary face may be alike to many; then two references of the person help."
)


@dataclass(frozen=True, slots=True, eq=False)
class ImportReport:
    """An enrolment, and what was found on looking at the list as a whole.

    `level` is the decision threshold that look-alikes were held against, None if the pack has
    no measured one.
    """

    enrolment: EnrolmentReport
    lookalikes: tuple[Lookalike, ...]
    same_pictures: tuple[tuple[RowResult, ...], ...]
    level: float | None
    hubs: tuple[Hub, ...] = ()


def report_on(
    enrolment: EnrolmentReport, pack: Pack, target: FpirTarget = FpirTarget.PERCENT_1
) -> ImportReport:
    """Look at an enrolled list as a whole; `target` chooses the pack's decision threshold."""
    watchlist = enrolment.watchlist
    level = alert_level(pack, len(watchlist.subjects), target)
    neighbours = Neighbours.among(watchlist.references) if watchlist.references else None
    return ImportReport(
        enrolment=enrolment,
        lookalikes=find_lookalikes(watchlist, level, neighbours),
        same_pictures=same_pictures(enrolment.results),
        level=level,
        hubs=find_hubs(watchlist, level, neighbours),
    )


def as_text(report: ImportReport) -> RenderableType:
    """Return the report for a person to read on a terminal."""
    enrolment = report.enrolment
    refused = len(enrolment.results) - enrolment.accepted
    parts: list[RenderableType] = [
        Text(
            f"{counted_rows(len(enrolment.results))}: {enrolment.accepted:,} accepted, {refused:,} "
            f"refused. {len(enrolment.watchlist.subjects):,} subjects.\n"
            f"List {enrolment.watchlist.watchlist_id[:16]}, pack {enrolment.watchlist.pack_id}."
        )
    ]
    if enrolment.unused_columns:
        parts.append(Text(f"Columns not used: {', '.join(enrolment.unused_columns)}."))
    if refused:
        parts.append(_refusals(enrolment))
    if report.same_pictures:
        parts.append(_same_pictures(report.same_pictures))
    return Group(*parts, *_hubs(report.hubs), *_lookalikes(report.lookalikes))


def as_json(report: ImportReport) -> dict[str, Any]:
    """Return the report as plain JSON values: every row, and the list as a whole."""
    enrolment = report.enrolment
    watchlist = enrolment.watchlist
    return {
        "watchlist_id": watchlist.watchlist_id,
        "pack_id": watchlist.pack_id,
        "rows": len(enrolment.results),
        "accepted": enrolment.accepted,
        "subjects": len(watchlist.subjects),
        "refused": {reason.name: count for reason, count in enrolment.refused.most_common()},
        "unused_columns": list(enrolment.unused_columns),
        "results": [_result(result) for result in enrolment.results],
        "same_pictures": [
            [result.row.reference_id for result in group] for group in report.same_pictures
        ],
        "alert_level": report.level,
        "lookalikes": [asdict(pair) for pair in report.lookalikes],
        "hubs": [asdict(hub) for hub in report.hubs],
    }


def as_csv(report: ImportReport) -> str:
    """Return the rows' results as CSV: a line a refusal, and one for each accepted row.

    No cell of it is run as a formula by a spreadsheet.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["row", "reference_id", "subject_id", "result", "reason", "detail", "remedy"])
    for result in report.enrolment.results:
        ids = [neutralised(result.row.reference_id), neutralised(result.row.subject_id)]
        if result.reference is not None:
            writer.writerow([result.row.number, *ids, "accepted", "", "", ""])
        for refusal in result.refusals:
            told = [refusal.reason.name, neutralised(refusal.detail), REMEDIES[refusal.reason]]
            writer.writerow([result.row.number, *ids, "refused", *told])
    return text.getvalue()


def write_report(report: ImportReport, path: Path) -> None:
    """Write the report to a file: JSON or CSV by its ending, text otherwise.

    Raises:
        WatchlistError: the file cannot be written.
    """
    match path.suffix.lower():
        case ".json":
            text = json.dumps(as_json(report), indent=2)
        case ".csv":
            text = as_csv(report)
        case _:
            page = Console(file=io.StringIO(), width=120, record=True)
            page.print(as_text(report))
            text = page.export_text()
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise WatchlistError(
            f"The report {path.name} cannot be written: {error.strerror}.",
            remedy="Name a file in a folder that exists, with room on its disk.",
        ) from error


def _result(result: RowResult) -> dict[str, Any]:
    return {
        "row": result.row.number,
        "reference_id": result.row.reference_id,
        "subject_id": result.row.subject_id,
        "accepted": result.reference is not None,
        "refusals": [
            {
                "reason": refusal.reason.name,
                "wording": str(refusal.reason),
                "detail": refusal.detail,
                "remedy": REMEDIES[refusal.reason],
            }
            for refusal in result.refusals
        ],
    }


def _refusals(enrolment: EnrolmentReport) -> Text:
    rows: defaultdict[RefusedRow, list[tuple[int, str]]] = defaultdict(list)
    for result in enrolment.results:
        for refusal in result.refusals:
            rows[refusal.reason].append((result.row.number, refusal.detail))
    text = Text()
    for reason, told in sorted(rows.items(), key=lambda item: -len(item[1])):
        numbers = [str(number) for number in dict.fromkeys(number for number, _ in told)]
        more = ", ..." if len(numbers) > _ROWS_SHOWN else ""
        text.append(f"\n{len(numbers):,} refused: {reason}\n", "bold")
        text.append(f"  row {', '.join(numbers[:_ROWS_SHOWN])}{more}\n")
        text.append(f"  {_one_line(told[0][1])}\n  → {REMEDIES[reason]}\n")
    return text


def _same_pictures(groups: Sequence[Sequence[RowResult]]) -> Text:
    text = Text()
    text.append("\nThe same picture in several rows\n", "bold")
    for group in groups:
        subjects = {result.row.subject_id for result in group}
        advice = (
            "One of these subjects has the wrong picture."
            if len(subjects) > 1
            else "Keep one of the rows; the others add nothing."
        )
        ids = ", ".join(_one_line(result.row.reference_id) for result in group)
        text.append(f"  {ids}\n  → {advice}\n")
    return text


def _hubs(hubs: Sequence[Hub]) -> Iterator[RenderableType]:
    if not hubs:
        return
    yield Text(f"\n{_counted(hubs)}", "bold")
    yield Text(f"  {_HUB_MEANING}\n  → {_HUB_REMEDY}")
    table = Table("reference", "hub score", "nearest to", "would alert for", box=None)
    for hub in hubs:
        near, alerts = f"{hub.nearest_to:,} others", f"{hub.alert_subjects:,} others"
        cells = hub.reference_id, f"{hub.hub_score:.1f}", near, alerts
        table.add_row(*(Text(_one_line(cell)) for cell in cells))
    yield table


def _counted(hubs: Sequence[Hub]) -> str:
    """Return how many references are hubs, in words; as many as are listed may be more."""
    number = f"{len(hubs):,}{' or more' if len(hubs) >= MOST_LISTED else ''}"
    return f"{number} reference{'' if len(hubs) == 1 else 's'} alike to unusually many people"


def _lookalikes(pairs: Sequence[Lookalike]) -> Iterator[RenderableType]:
    kinds = {
        True: "Perhaps one person under two ids; either could raise an alert for the other",
        False: "The most alike of the others; look at both when either raises an alert",
    }
    for would_alert, title in kinds.items():
        chosen = [pair for pair in pairs if pair.would_alert is would_alert]
        if chosen:
            yield Text(f"\n{title}", "bold")
            yield _lookalike_table(chosen)


def _lookalike_table(pairs: Sequence[Lookalike]) -> Table:
    table = Table("reference", "reference", "normalised score", "raw score", box=None)
    for pair in pairs:
        scores = f"{pair.normalised_score:.4f}", f"{pair.comparison_score:.4f}"
        # As Text, an id is never read as markup.
        table.add_row(*(Text(_one_line(cell)) for cell in (*pair.references, *scores)))
    return table


def _one_line(cell: str) -> str:
    return " ".join(cell.split())
