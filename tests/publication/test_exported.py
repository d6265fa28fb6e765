"""A record as a file, and back again: nothing is lost, and what was changed is found."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from bench.records import CORRUPTED, Corruption, corrupted
from hypothesis import given
from hypothesis import strategies as st
from published import drawn_rows, spoilt

from overt.errors import PublicationError
from overt.publication.cells import guarded, unguarded
from overt.publication.checking import Checked, checked
from overt.publication.columns import COLUMNS, Row, Standing
from overt.publication.exported import layout_of, read, written
from overt.publication.exported_met import met_rate
from overt.publication.layouts import Layout
from overt.vocabulary import DeploymentState

OURS = [Layout.CSV, Layout.JSON, Layout.HTML]


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    return drawn_rows()


def _checked(folder: Path, data: bytes | str) -> Checked:
    path = folder / "record"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return checked(path)


@pytest.mark.parametrize("layout", OURS)
def test_what_is_written_is_read_again(rows: tuple[Row, ...], layout: Layout) -> None:
    found = read(written(rows, layout))

    assert found.layout is layout
    assert [row for _, row in found.rows] == list(rows)
    assert [number for number, _ in found.rows] == [2, 3, 4]
    assert found.unreadable == ()


@pytest.mark.parametrize("layout", OURS)
@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+44",
        "-1",
        "@x",
        "'=1",
        "''-",
        "'quoted'",
        'a "b", c',
        "two\nlines",
        "<b>&amp;</b>",
        "",
    ],
)
def test_any_text_comes_back_as_it_was(rows: tuple[Row, ...], layout: Layout, text: str) -> None:
    odd = spoilt(rows[0], location=text, use_case_paragraph=text)

    assert [row for _, row in read(written([odd], layout)).rows] == [odd]


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_no_cell_is_a_formula_and_each_comes_back(text: str) -> None:
    shown = guarded(text)

    assert not re.match(r"[=+\-@\t\r]", shown)
    assert unguarded(shown) == text


def test_the_csv_is_rfc_4180s_and_every_row_has_every_column(rows: tuple[Row, ...]) -> None:
    data = written(rows, Layout.CSV).decode()
    lines = list(csv.reader(io.StringIO(data, newline=""), strict=True))

    assert data.count("\r\n") == data.count("\n") == 4
    assert lines[0] == [column.name for column in COLUMNS]
    assert {len(line) for line in lines} == {len(COLUMNS)}


def test_the_same_record_is_the_same_json_and_says_its_schema(rows: tuple[Row, ...]) -> None:
    data = written(rows, Layout.JSON)
    document = json.loads(data)

    assert data == written(tuple(row for _, row in read(data).rows), Layout.JSON)
    assert (document["schema"], document["version"]) == ("overt deployment record", 1)
    assert document["standing"] == "final"
    assert document["rows"][2]["false_per_face_percent"] == "0.089047"


def test_the_page_shows_every_figure_with_its_definition(rows: tuple[Row, ...]) -> None:
    page = written(rows, Layout.HTML).decode()

    assert all(column.name in page for column in COLUMNS)
    assert "PROVISIONAL" not in page
    assert "<script" not in page
    assert "http" not in page
    assert page.count("data-row=") == len(rows) * len(COLUMNS)


# --- the Metropolitan Police's columns ----------------------------------------------------------


def test_the_mets_columns_are_exactly_the_published_ones(
    rows: tuple[Row, ...], tmp_path: Path
) -> None:
    data = written(rows[2:], Layout.MET_CSV)
    heading, line = csv.reader(io.StringIO(data.decode(), newline=""))

    assert heading == [
        *("location", "date", "duration", "use_case", "watchlist", "min_threshold", "alerts"),
        *("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed"),
        *("false_alert_rate", "arrest", "other", "no_action", "faces_seen_estimate"),
    ]
    assert line[:3] == ["North End, Croydon", "23/01/24", "6h18m"]
    assert line[4:] == ["3", "0.04", "4", "2", "1", "1", "0", "0.09%", "1", "1", "2", "1123"]
    assert layout_of(data) is Layout.MET_CSV
    assert _checked(tmp_path, data).contradictions == ()


@pytest.mark.data
def test_the_mets_columns_are_those_of_the_record_beside_the_project(
    rows: tuple[Row, ...], data_dir: Path
) -> None:
    record = next((data_dir / "records").glob("met_lfr*.csv"))
    heading = record.read_text("utf-8").splitlines()[0]

    assert written(rows, Layout.MET_CSV).decode().splitlines()[0] == heading


@pytest.mark.parametrize(
    ("count", "of", "shown"),
    [
        (1, 1_123, "0.09%"),
        (1, 11_000, "0.009%"),
        (1, 27_000, "0.004%"),
        (1, 900, "0.11%"),
        (2, 2_000, "0.1%"),
        (1, 2, "50%"),
        (0, 900, "0%"),
        (0, 0, "0%"),
    ],
)
def test_a_rate_is_printed_as_the_met_does_and_rounded(count: int, of: int, shown: str) -> None:
    assert met_rate(count, of) == shown


@pytest.mark.parametrize(
    "changes",
    [
        {"standing": Standing.PROVISIONAL, "state": DeploymentState.ENDED},
        {"erased_without_outcome": 1, "alerts": 5},
    ],
)
def test_what_those_columns_cannot_say_is_not_written_in_them(
    rows: tuple[Row, ...], changes: dict[str, object]
) -> None:
    with pytest.raises(PublicationError, match="no place"):
        written([spoilt(rows[2], **changes)], Layout.MET_CSV)


# --- files that were changed --------------------------------------------------------------------


@pytest.mark.parametrize("how", CORRUPTED, ids=lambda how: how.what)
def test_a_corrupted_file_is_refused_with_its_row_and_reason(
    rows: tuple[Row, ...], tmp_path: Path, how: Corruption
) -> None:
    """R-59, on the files that outsiders have."""
    data = written(rows, Layout.CSV)

    found = _checked(tmp_path, corrupted(data, 4, how))

    assert (how.check, 4) in [(each.check, each.row) for each in found.contradictions]
    assert found.rows == 3


def test_a_page_that_was_changed_is_refused_by_what_people_see_on_it(
    rows: tuple[Row, ...], tmp_path: Path
) -> None:
    page = written(rows, Layout.HTML).decode()
    changed = re.sub(r'(<td data-row="4" data-column="alerts">)4', r"\g<1>3", page)

    found = _checked(tmp_path, changed)

    assert changed != page
    assert ("every-alert-has-one-outcome", 4) in [
        (each.check, each.row) for each in found.contradictions
    ]


def test_corrupted_json_is_refused_too(rows: tuple[Row, ...], tmp_path: Path) -> None:
    document = json.loads(written(rows, Layout.JSON))
    document["rows"][0]["alerts"] = True
    document["rows"][1]["outcomes"][0]["count"] = 9
    del document["rows"][2]["unit"]
    document["rows"][2]["remarks"] = "none"

    found = _checked(tmp_path, json.dumps(document)).contradictions

    said = [str(each) for each in found]
    assert "row 2: alerts is not written as it should be" in said
    assert ("outcomes-are-exclusive", 3) in [(each.check, each.row) for each in found]
    assert "row 4: unit is missing" in said
    assert "row 4: remarks is no column of this layout" in said


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "has another heading|is not CSV"),
        (b"name,age\r\nx,1\r\n", "has another heading"),
        (b"alerts,alerts\r\n1,1\r\n", "one column twice"),
        (b"{}", "is another kind of JSON"),
        (b'{"schema":"overt deployment record","rows":1}', "has no list of rows"),
        (b'{"schema":"overt deployment record","rows":[],"standing":"final"}', "has no row"),
        (b'{"schema":"overt deployment record","rows":[],"standing":"x"}', "another standing"),
        (b"{", "is not JSON"),
        (b"<p>hello</p>", "has no row"),
        (b'<td data-row="x" data-column="a">', "of no row"),
        (b'<td data-row="2" data-column="a"><td data-row="2" data-column="a">', "a cell twice"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[" * 100_000, "has another heading|is not CSV"),
        (b"{" + b'"a":[' * 100_000, "is not JSON"),
    ],
)
def test_what_is_no_record_is_refused_in_words(data: bytes, why: str) -> None:
    with pytest.raises(PublicationError, match=why):
        read(data)


def test_a_row_with_a_cell_too_many_or_too_few_is_named(rows: tuple[Row, ...]) -> None:
    data = written(rows, Layout.CSV).decode().splitlines()
    longer, shorter = data[1] + ",more", data[2].rpartition(",")[0]

    found = read("\r\n".join([data[0], longer, shorter, data[3]]).encode())

    assert [(each.row, each.words) for each in found.unreadable] == [
        (2, "a cell beyond the heading is no column of this layout"),
        (3, "log_key is missing"),
    ]
    assert [number for number, _ in found.rows] == [4]


def test_a_file_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match="cannot be read"):
        checked(tmp_path / "nothing")
