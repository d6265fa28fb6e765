"""A published record is read as it was printed; what cannot be read is named, and nothing is lost."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overt.errors import ConfigurationError
from overt.publication.csv_table import bytes_of
from overt.publication.imported import COLUMNS, read_published, read_statements
from published_files import RIGHT, days, read, row, text_of, write, write_statement


def test_a_row_is_read_as_what_it_means_and_as_it_was_printed(tmp_path: Path) -> None:
    (only,) = read(tmp_path, [row(location="North End,  Anytown")])

    assert only.number == 2
    assert only.location == "North End, Anytown"
    assert only.day == date(2024, 1, 2)
    assert only.duration == timedelta(hours=5)
    assert only.threshold == Decimal("0.6")
    assert only.rate_percent == Decimal("0.09")
    assert (only.true, only.false, only.outcomes, only.faces) == (3, 1, 3, 1123)
    assert only.printed["location"] == "North End,  Anytown"
    assert only.where_and_when == "North End,  Anytown, 02/01/24"


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("5h03m", 303),
        ("6h 07m", 367),
        ("4hr 47m", 287),
        ("5h40", 340),
        ("8h0m", 480),
        ("5H 3M", 303),
        ("2h", 120),
    ],
)
def test_durations_are_read_however_they_are_written(
    tmp_path: Path, written: str, minutes: int
) -> None:
    assert read(tmp_path, [row(duration=written)])[0].duration == timedelta(minutes=minutes)


@pytest.mark.parametrize("written", ["02/01/24", "02/01/2024", "2024-01-02"])
def test_days_are_read_however_they_are_written(tmp_path: Path, written: str) -> None:
    assert read(tmp_path, [row(date=written)])[0].day == date(2024, 1, 2)


def test_a_rate_without_a_sign_is_a_share_of_one(tmp_path: Path) -> None:
    assert read(tmp_path, [row(false_alert_rate="0.0009")])[0].rate_percent == Decimal("0.09")


def test_thousands_may_be_set_apart(tmp_path: Path) -> None:
    assert read(tmp_path, [row(faces_seen_estimate="21,940")])[0].faces == 21_940


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("location", " "),
        ("date", "31/02/24"),
        ("duration", "all day"),
        ("watchlist", "about 10000"),
        ("min_threshold", "nan"),
        ("min_threshold", "1e999999999"),
        ("alerts", "-1"),
        ("alerts", "1,00"),
        ("arrest", ""),
        ("false_alert_rate", "low"),
        ("faces_seen_estimate", "1.5"),
        ("faces_seen_estimate", "1" * 5000),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_column(
    tmp_path: Path, column: str, written: str
) -> None:
    rows = [row(), row(**{column: written}), row()]

    published = read_published(write(tmp_path, rows))

    assert [each.number for each in published.rows] == [2, 4]
    (unreadable,) = published.unreadable
    assert (unreadable.number, unreadable.column) == (3, column)
    assert unreadable.why


def test_a_row_with_another_number_of_cells_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, [row(), row()])
    path.write_text(path.read_text("utf-8") + "one,two\n\n,,\n", encoding="utf-8")

    published = read_published(path)

    assert [each.number for each in published.unreadable] == [4]
    assert published.blank == 2
    assert len(published.rows) == 2


def test_columns_that_are_not_known_are_named_and_the_order_is_free(tmp_path: Path) -> None:
    path = tmp_path / "record.csv"
    columns = ["weather", *reversed(COLUMNS)]
    path.write_text("\ufeff" + text_of([RIGHT | {"weather": "rain"}], columns), encoding="utf-8")

    published = read_published(path)

    assert published.ignored == ("weather",)
    assert published.rows[0].faces == 1123


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no column location"),
        (b"location,date\nx,y\n", "no column duration"),
        (b"\xff\xfe", "not UTF-8"),
        (b'"open', "not CSV"),
        (text_of([]).encode(), "no row that can be read"),
        (text_of([row(date="soon")]).encode(), "Row 2, date"),
        (("location," + text_of([])).encode(), "location twice"),
    ],
)
def test_what_is_no_record_is_refused_with_a_remedy(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "record.csv"
    path.write_bytes(data)

    with pytest.raises(ConfigurationError, match=said) as refused:
        read_published(path)

    assert refused.value.remedy


def test_a_file_that_is_not_there_or_far_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        bytes_of(tmp_path / "nowhere.csv")
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(20 * 2**20 + 1)
    with pytest.raises(ConfigurationError, match="larger than 20 MiB"):
        bytes_of(tmp_path / "large.csv")


def test_a_file_with_more_rows_than_any_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(text_of([]) + "\n" * 20_001, encoding="utf-8")

    with pytest.raises(ConfigurationError, match="20,000 are read at most"):
        read_published(path)


def test_statements_are_read(tmp_path: Path) -> None:
    (said,) = read_statements(write_statement(tmp_path))

    assert (said.location, said.day, said.alerts, said.arrests) == (
        "Market Square",
        date(2024, 1, 2),
        4,
        2,
    )
    assert said.source == "the force's release"


def test_a_statement_that_cannot_be_read_is_not_left_out_silently(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Row 2, arrests"):
        read_statements(write_statement(tmp_path, arrests="some"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.dictionaries(
        st.sampled_from(COLUMNS), st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    )
)
def test_no_cell_brings_reading_down_and_every_row_is_accounted_for(
    tmp_path: Path, cells: dict[str, str]
) -> None:
    path = write(tmp_path, [*days(2), RIGHT | cells])

    published = read_published(path)

    assert len(published.rows) + len(published.unreadable) + published.blank == 3
