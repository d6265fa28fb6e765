"""The drawn watchlist is a list like any other."""

import csv
from pathlib import Path

import cv2
import pytest

from overt.errors import StorageError
from overt.synthetic.watchlist import COLUMNS, listed_people, subject_id, write_watchlist


def test_every_person_has_one_complete_row_and_a_picture(tmp_path: Path) -> None:
    people = listed_people(3)
    done: list[int] = []
    path = write_watchlist(tmp_path / "list", people, progress=done.append)

    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["subject_id"] for row in rows] == [subject_id(person) for person in people]
    assert [row["name"] for row in rows] == [person.name for person in people]
    assert done == [1, 2, 3]
    for row in rows:
        assert tuple(row) == COLUMNS
        assert all(row.values())
        picture = cv2.imread(str(path.parent / row["picture"]))
        assert picture is not None
        assert picture.shape == (600, 480, 3)


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        write_watchlist(tmp_path / "file", listed_people(1))
