"""`overt publish examine`: what is found, where it is told, and how it ends."""

import json
from pathlib import Path

import pytest
from desk import run_in

from published_files import days, row, write, write_statement


def test_a_record_that_is_right_ends_well(tmp_path: Path) -> None:
    ended = run_in(tmp_path, "publish", "examine", write(tmp_path, days(12)))

    assert ended.status == 0
    assert "12 deployments, 2 January 2024 to 13 January 2024" in ended.out
    assert "Nothing was found" in ended.out
    assert "3.63" not in ended.out
    assert ended.err == ""


def test_a_contradiction_is_told_with_its_row_and_ends_with_status_1(tmp_path: Path) -> None:
    rows = [*days(11), row(date="13/01/24", alerts=9)]

    ended = run_in(tmp_path, "publish", "examine", write(tmp_path, rows))

    assert ended.status == 1
    assert "CONTRADICTION" in ended.out
    assert "row 13: Market Square, 13/01/24: 9 alerts, yet" in ended.out
    assert ended.err == ""


def test_what_is_only_suspicious_ends_well(tmp_path: Path) -> None:
    rows = [*days(11), row(date="13/01/24", duration="5hr 00m")]

    ended = run_in(tmp_path, "publish", "examine", write(tmp_path, rows))

    assert ended.status == 0
    assert "SUSPICIOUS" in ended.out


def test_a_statement_made_elsewhere_is_held_against_it(tmp_path: Path) -> None:
    path = write(tmp_path, days(12))
    said = write_statement(tmp_path, alerts=5)

    ended = run_in(tmp_path, "publish", "examine", path, "--statements", said)

    assert ended.status == 1
    assert "5 and 2 according to the force's release" in ended.out


def test_programs_are_told_the_same(tmp_path: Path) -> None:
    rows = [*days(11), row(date="13/01/24", alerts=9), row(date="soon")]

    ended = run_in(tmp_path, "publish", "examine", write(tmp_path, rows), "--json")

    told = json.loads(ended.out)
    assert ended.status == 1
    assert told["rows"] == 12
    assert [each["row"] for each in told["unreadable"]] == [14]
    assert {each["check"]: each["findings"][0]["rows"] for each in told["found"]}["alerts-sum"] == [
        13
    ]
    assert told["totals"]["whole"]["deployments"] == 12
    assert told["totals"]["whole"]["false_per_alert"]["count"] == 12


def test_what_is_not_used_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, [*days(11), row(date="soon")])
    path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")

    ended = run_in(tmp_path, "publish", "examine", path)

    assert "1 row could not be read" in ended.out
    assert "row 13, date: “soon” is no day" in ended.out
    assert "1 row with nothing in them" in ended.out


def test_a_page_is_written_that_loads_nothing(tmp_path: Path) -> None:
    page = tmp_path / "examined.html"

    ended = run_in(tmp_path, "publish", "examine", write(tmp_path, days(12)), "--html", page)

    text = page.read_text("utf-8")
    assert ended.status == 0
    assert f"Wrote {page}" in ended.out
    assert text.count("<svg") == 5
    assert "<script" not in text
    assert "src=" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.csv",), "cannot be read"),
        (("record.csv", "--statements", "nowhere.csv"), "cannot be read"),
        (("record.csv", "--html", "nowhere/page.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_remedy(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    write(tmp_path, days(2))

    ended = run_in(tmp_path, "publish", "examine", *arguments)

    assert ended.status == 1
    assert said in ended.err
    assert "→" in ended.err
