"""The report: complete, safe to open in a spreadsheet and on a terminal, and without names."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from example_lists import GOOD_ROW, changed
from rich.console import Console

from overt.errors import WatchlistError
from overt.values import Watchlist
from overt.vocabulary import RefusedRow
from overt.watchlist.enrolment import EnrolmentReport, RowResult
from overt.watchlist.entries import Refusal
from overt.watchlist.hubs import Hub
from overt.watchlist.lookalikes import Lookalike, same_pictures
from overt.watchlist.report import REMEDIES, ImportReport, as_csv, as_json, as_text, write_report


@pytest.fixture
def report() -> ImportReport:
    """Rows refused for every reason, with ids that mean harm."""
    hostile = changed(GOOD_ROW, reference_id="=cmd|'/c calc'!A1", subject_id="[red]@SUM(1)")
    results = [
        RowResult(hostile, (Refusal(reason, "+details"),), picture_sha256="ab")
        for reason in RefusedRow
    ]
    pair = Lookalike(("[b]a", "b"), ("R-1", "[bold]R-2"), 0.98, 0.041, would_alert=True)
    return ImportReport(
        EnrolmentReport(Watchlist("f" * 64, "standard-1", (), ()), tuple(results), ("[x]shoe",)),
        (pair,),
        same_pictures(results[:2]),
        0.03,
        (Hub("[u]s", "[blink]R-9", 3.14, 0.91, 1_204, 2),),
    )


def shown(report: ImportReport) -> str:
    console = Console(file=io.StringIO(), width=100, record=True)
    console.print(as_text(report))
    return console.export_text()


def test_every_reason_has_a_remedy() -> None:
    assert set(REMEDIES) == set(RefusedRow)


def test_the_text_names_every_reason_row_and_remedy(report: ImportReport) -> None:
    text = shown(report)

    for reason in RefusedRow:
        assert f"1 refused: {reason}" in text
        assert REMEDIES[reason] in text
    assert "[bold]R-2" in text
    assert "[x]shoe" in text
    assert "0.0410" in text
    assert "The same picture in several rows" in text


def test_the_text_names_hubs_and_what_to_do_about_them(report: ImportReport) -> None:
    """R-18: a reference that is alike to many people is shown before anybody signs the list."""
    text = " ".join(shown(report).split())

    assert "1 reference alike to unusually many people" in text
    assert "[blink]R-9 3.1 1,204 others 2 others" in text
    assert "Look at the picture" in text


def test_a_list_without_hubs_says_nothing_of_them(report: ImportReport) -> None:
    assert "unusually many" not in shown(replace(report, hubs=()))


def test_the_csv_has_a_line_a_refusal_and_no_formula(report: ImportReport) -> None:
    lines = list(csv.reader(io.StringIO(as_csv(report))))

    assert len(lines) == 1 + len(RefusedRow)
    assert all(cell[:1] not in ("=", "+", "-", "@") for line in lines for cell in line)


def test_the_json_is_plain_and_complete(report: ImportReport) -> None:
    value = json.loads(json.dumps(as_json(report)))

    assert value["rows"] == len(value["results"]) == len(RefusedRow)
    assert value["refused"] == {reason.name: 1 for reason in RefusedRow}
    assert value["lookalikes"][0]["would_alert"] is True
    assert value["hubs"] == [
        {
            "subject_id": "[u]s",
            "reference_id": "[blink]R-9",
            "hub_score": 3.14,
            "mean_score": 0.91,
            "nearest_to": 1_204,
            "alert_subjects": 2,
        }
    ]
    assert len(value["same_pictures"][0]) == 2


def test_no_form_of_it_holds_a_name(report: ImportReport) -> None:
    for text in (shown(report), as_csv(report), json.dumps(as_json(report))):
        assert GOOD_ROW.name not in text


@pytest.mark.parametrize("name", ["report.json", "report.csv", "report.txt"])
def test_it_is_written_in_the_form_its_file_names(
    tmp_path: Path, report: ImportReport, name: str
) -> None:
    write_report(report, tmp_path / name)

    start = {
        "report.json": "{",
        "report.csv": "row,reference_id",
        "report.txt": f"{len(RefusedRow)} rows",
    }[name]
    assert (tmp_path / name).read_text("utf-8").startswith(start)


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path, report: ImportReport) -> None:
    with pytest.raises(WatchlistError, match="cannot be written"):
        write_report(report, tmp_path / "nowhere" / "report.csv")


def test_the_documentation_gives_every_reason_and_its_remedy() -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "import-a-watchlist.md"

    text = page.read_text("utf-8")

    assert all(f"| {reason} | {remedy} |" in text for reason, remedy in REMEDIES.items())
