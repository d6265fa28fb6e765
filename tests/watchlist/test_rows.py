"""Reading a list: whatever is in the file, a row is read, counted as unreadable, or refused."""

import contextlib
import json
from pathlib import Path

import pytest
from example_lists import GOOD_ROW
from hypothesis import given
from hypothesis import strategies as st

from overt.errors import WatchlistError
from overt.watchlist.rows import (
    COLUMNS,
    MAX_CELL_CHARACTERS,
    Row,
    neutralised,
    read_rows,
    write_rows,
)

HEADER = ",".join(COLUMNS)


def written(tmp_path: Path, content: bytes | str, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def cells(**changes: str) -> list[str]:
    return [changes.get(name, getattr(GOOD_ROW, name)) for name in COLUMNS]


def test_a_written_list_is_read_back(tmp_path: Path) -> None:
    write_rows(tmp_path / "list.csv", [GOOD_ROW])

    assert read_rows(tmp_path / "list.csv").rows == (GOOD_ROW,)


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_both_delimiters_and_every_newline_are_read(
    tmp_path: Path, delimiter: str, encoding: str, newline: str
) -> None:
    lines = [delimiter.join(COLUMNS), delimiter.join(f'"{cell}"' for cell in cells(name="Zoë"))]
    path = written(tmp_path, newline.join(lines).encode(encoding))

    (row,) = read_rows(path).rows

    assert (row.reference_id, row.name, row.number) == ("R-1", "Zoë", 2)


def test_headings_may_differ_in_case_blanks_and_the_short_names(tmp_path: Path) -> None:
    heading = HEADER.replace("lawful_basis", " Lawful Basis ").replace("picture_source", "Source")
    heading = heading.replace("picture_date", "IMAGE-DATE").replace("picture", "image", 1)
    path = written(tmp_path, f"{heading}\n" + ",".join(f'"{cell}"' for cell in cells()))

    (row,) = read_rows(path).rows

    assert row == GOOD_ROW


def test_a_json_list_is_read(tmp_path: Path) -> None:
    item = {**dict(zip(COLUMNS, cells(name=""), strict=True)), "name": None, "reference_id": 7}
    path = written(tmp_path, json.dumps([item]), "list.json")

    (row,) = read_rows(path).rows

    assert (row.number, row.reference_id, row.name) == (1, "7", "")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty file"),
        (b" \r\n \n", "empty file"),
        (f"{HEADER}\n".encode(), "no rows"),
        (f"{HEADER},{','.join(map(str, range(300)))}\nx".encode(), "more than 200 columns"),
        (f"{HEADER}\n,,,\n".encode(), "no rows"),
        (f"{HEADER}\nx".encode("utf-16"), "UTF-16"),
        (f"{HEADER}\nx".encode("utf-16-le"), "UTF-16"),
        (f"{HEADER}\nrené".encode("latin-1"), "not UTF-8: see line 2"),
        (b"PK\x03\x04 zipped", "spreadsheet"),
        (f"{HEADER},category\nx".encode(), "column category twice"),
        (f"{HEADER},source\nx".encode(), "column picture_source twice"),
        (f'{HEADER}\n"R-1,S-1'.encode(), "damaged at line 2"),
        (f'{HEADER}\n"R-1"x,S-1'.encode(), "damaged at line 2"),
        (f'{HEADER}\n"{"x" * 200_000}"'.encode(), "damaged at line 2"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(
    tmp_path: Path, content: bytes, says: str
) -> None:
    with pytest.raises(WatchlistError, match=says) as refused:
        read_rows(written(tmp_path, content))

    assert refused.value.remedy
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{}", "not a list of objects"),
        ('"text"', "not a list of objects"),
        ("[1, 2", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "has no column"),
        ("[" + "9" * 5_000 + "]", "not valid JSON"),
    ],
)
def test_json_that_is_no_list_is_refused(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(WatchlistError, match=says):
        read_rows(written(tmp_path, content, "list.json"))


def test_all_missing_columns_are_named_with_a_likely_slip(tmp_path: Path) -> None:
    heading = HEADER.replace("lawful_basis", "lawfull_basis").replace("category,", "")

    with pytest.raises(WatchlistError, match="category, lawful_basis") as refused:
        read_rows(written(tmp_path, f"{heading}\nx"))

    assert "Is 'lawfull_basis' meant to be lawful_basis?" in refused.value.remedy


def test_columns_without_use_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER},sh\x1boe size\n" + "," * len(COLUMNS) + "44")

    assert read_rows(path).unused_columns == ("sh?oe size",)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("R-1,S-1", "has 2 cells where the header has 12"),
        (",".join(["x"] * 13), "has 13 cells where the header has 12"),
        (",".join(cells(name="a\x00b", lawful_basis="x")), "name contains a character"),
        (",".join(cells(name="a\x1b[2Jb", lawful_basis="x")), "name contains a character"),
        (",".join(cells(subject_id="S\u202e1", lawful_basis="x")), "subject_id contains"),
        (",".join(cells(subject_id="S\u00a01", lawful_basis="x")), "subject_id contains"),
        (",".join(cells(reason="x" * (MAX_CELL_CHARACTERS + 1), lawful_basis="x")), "longer than"),
        (",".join(cells(reference_id="x" * 201, lawful_basis="x")), "longer than 200"),
    ],
)
def test_a_damaged_row_is_counted_and_the_others_are_read(
    tmp_path: Path, line: str, problem: str
) -> None:
    good = ",".join(f'"{cell}"' for cell in cells())
    path = written(tmp_path, f"{HEADER}\n{line}\n\n,,,,\n{good}\n")

    damaged, read = read_rows(path).rows

    assert problem in damaged.problem
    assert damaged.number == 2
    assert (read.number, read.problem) == (5, "")


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("5", "is not an object"),
        ('{"name": "a", "name": "b"}', "gives a field twice"),
        ('{"name": ["a"]}', "something other than text in 'name'"),
        ('{"name": true}', "something other than text in 'name'"),
        ('{"name": "\\ud800"}', "name contains a character that cannot be shown"),
    ],
)
def test_a_damaged_json_item_is_counted(tmp_path: Path, item: str, problem: str) -> None:
    good = json.dumps(dict(zip(COLUMNS, cells(), strict=True)))
    path = written(tmp_path, f"[{item}, {good}]", "list.json")

    damaged, read = read_rows(path).rows

    assert problem in damaged.problem
    assert read.reference_id == "R-1"


def test_thousands_of_rows_are_read_and_numbered_as_a_spreadsheet_does(tmp_path: Path) -> None:
    line = ",".join(f'"{cell}"' for cell in cells(reason="two\nlines"))
    path = written(tmp_path, f"{HEADER}\n" + f"{line}\n" * 5_000)

    rows = read_rows(path).rows

    assert [row.number for row in rows] == list(range(2, 5_002))


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WatchlistError, match="cannot be read"):
        read_rows(tmp_path / name)


@given(
    st.sampled_from([b"", f"{HEADER}\n".encode(), b"[{"]),
    st.binary(max_size=400),
    st.sampled_from([".csv", ".json"]),
)
def test_random_bytes_raise_nothing_but_watchlist_errors(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, content: bytes, ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"random{ending}"
    path.write_bytes(start + content)

    with contextlib.suppress(WatchlistError):
        assert read_rows(path).rows


texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    max_size=60,
).map(str.strip)  # fmt: skip
ids = st.from_regex(r"[=+@'A-Z0-9-]{1,12}", fullmatch=True)


@given(
    st.builds(
        Row,
        number=st.just(2),
        reference_id=ids,
        subject_id=ids,
        **dict.fromkeys(COLUMNS[2:], texts),
    )
)
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, row: Row
) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.csv"
    write_rows(path, [row])

    assert read_rows(path).rows == (row,)


@given(st.text())
def test_no_cell_that_is_written_can_be_a_formula(cell: str) -> None:
    assert neutralised(cell)[:1] not in tuple("=+-@\t\r＝＋－＠")  # noqa: RUF001
