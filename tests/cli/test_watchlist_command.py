"""`overt watchlist check` as a person runs it: its status, its report, and never a traceback."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image
from running import overt

from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person
from overt.vision.store import Pack
from overt.watchlist.rows import Row, write_rows


def a_row(number: int, picture: str) -> Row:
    return Row(
        number,
        reference_id=f"R-{number}",
        subject_id=f"S-{number}",
        name="Somebody Drawn",
        picture=picture,
        category="test-subject",
        reason="rehearsal",
        lawful_basis="a drawn person",
        picture_source="drawn",
        picture_date="2026-01-01",
        added_by="a test",
        expected_response="note the passage",
    )


def check(folder: Path, *options: str, kind: str = "rehearsal") -> tuple[int, str, str]:
    ended = overt(
        "watchlist", "check", "list.csv", "pictures", "--kind", kind, *options, folder=folder
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good picture in it."""
    (tmp_path / "pictures").mkdir()
    Image.fromarray(portrait(Person.from_seed(3))).save(tmp_path / "pictures" / "one.jpg")
    return tmp_path


@pytest.mark.models
def test_a_good_list_ends_with_nothing_to_say_against_it(folder: Path, pack: Pack) -> None:
    write_rows(folder / "list.csv", [a_row(2, "one.jpg")])

    status, out, _ = check(folder)

    assert status == 0
    assert "1 row: 1 accepted, 0 refused." in out
    assert pack.id in out
    assert "Somebody" not in out


@pytest.mark.models
def test_refused_rows_end_with_status_three_and_are_in_every_form(folder: Path, pack: Pack) -> None:
    write_rows(folder / "list.csv", [a_row(2, "one.jpg"), a_row(3, "two.jpg")])

    status, out, _ = check(folder, "--json", "--report", "report.csv")

    assert status == 3
    assert json.loads(out)["refused"] == {"MISSING_PICTURE": 1}
    with (folder / "report.csv").open(encoding="utf-8") as file:
        assert [line["result"] for line in csv.DictReader(file)] == ["accepted", "refused"]


@pytest.mark.models
def test_drawn_pictures_are_for_rehearsals_only(folder: Path, pack: Pack) -> None:
    write_rows(folder / "list.csv", [a_row(2, "one.jpg")])

    status, out, err = check(folder, kind="live")

    assert status == 1
    assert "picture source is not permitted by the policy" in out
    assert "Nothing of the list could be enrolled (1 row)" in err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty file"),
        ("reference_id,näme\n".encode("latin-1"), "not UTF-8"),
        (b"one,two\n1,2\n", "no column reference_id"),
    ],
)
def test_an_unusable_list_ends_with_one_line_and_a_remedy(
    folder: Path, content: bytes, says: str
) -> None:
    (folder / "list.csv").write_bytes(content)

    status, out, err = check(folder)

    assert (status, out) == (1, "")
    assert says in err
    assert "→" in err


def test_a_missing_pack_says_how_to_get_it(folder: Path) -> None:
    write_rows(folder / "list.csv", [a_row(2, "one.jpg")])

    ended = overt(
        "watchlist", "check", "list.csv", "pictures", folder=folder, OVERT_HOME=str(folder)
    )

    assert ended.returncode == 1
    assert "overt models pull standard" in ended.stderr
