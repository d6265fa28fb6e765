"""An alert's picture gives both faces the same room and says what it is."""

import doctest
import stat
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from example_records import (
    a_quality,
    a_reference,
    a_run,
    a_subject,
    an_alert,
    an_alert_record,
    jpeg,
)
from overt.errors import ImageError, StorageError
from overt.reporting import wording
from overt.reporting.lettering import OTHER_SCRIPT, Ink, lines, plain, width
from overt.reporting.overlay import AMBER
from overt.reporting.side_by_side import side_by_side, write_side_by_side
from overt.storage import AlertRecord, Enrolled
from overt.values import RGBImage
from overt.vocabulary import DeploymentKind

LONDON = ZoneInfo("Europe/London")


def solid(width_px: int, height_px: int, colour: tuple[int, int, int]) -> bytes:
    image = np.full((height_px, width_px, 3), colour[::-1], np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


def a_record(**changes: Any) -> AlertRecord:
    return an_alert_record(a_run(deployment="High Street"), an_alert(**changes), 3)


def an_enrolled(**changes: Any) -> Enrolled:
    return Enrolled(a_subject(), a_reference(**changes))


def extent(image: RGBImage, colour: tuple[int, int, int]) -> tuple[int, int]:
    near = np.all(np.abs(image.astype(int) - colour) < 12, axis=2)
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    return int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)


def test_crop_and_reference_are_shown_at_equal_size_and_undistorted() -> None:
    red, green = (220, 30, 30), (20, 180, 40)
    image = side_by_side(
        a_record(crop_jpeg=solid(30, 60, red)),
        an_enrolled(picture_jpeg=solid(900, 1_800, green)),
    )
    # The smoothed edge of an enlarged picture may blend in a row or two.
    assert extent(image, red) == pytest.approx(extent(image, green), abs=6)
    assert extent(image, red) == pytest.approx((280, 560), abs=6)


def test_a_rehearsal_says_so_and_a_live_alert_does_not() -> None:
    rehearsal = side_by_side(a_record(), an_enrolled())
    live = side_by_side(a_record(kind=DeploymentKind.LIVE), an_enrolled())
    assert tuple(rehearsal[2, 2]) == AMBER
    assert not (live == np.array(AMBER, np.uint8)).all(axis=2).any()


def test_a_reference_that_was_destroyed_leaves_its_place_empty() -> None:
    image = side_by_side(a_record(), None)
    assert image.shape[1] == side_by_side(a_record(), an_enrolled()).shape[1]


def test_long_and_foreign_texts_stay_on_the_picture() -> None:
    subject = a_subject(name="Żaneta Wójcik " * 40, reason="w" * 900, expected_response="王 " * 99)
    image = side_by_side(a_record(camera="x" * 500), Enrolled(subject, a_reference()))
    assert image.shape[0] < 2_000


@pytest.mark.parametrize("name", ["alert.png", "alert.jpg", "alert"])
def test_it_is_written_for_its_owner_only(tmp_path: Path, name: str) -> None:
    path = tmp_path / "pictures" / name
    record, enrolled = a_record(), an_enrolled()
    write_side_by_side(path, record, enrolled, LONDON)
    stored = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    assert stored is not None
    assert np.abs(stored.astype(int) - side_by_side(record, enrolled, LONDON)).mean() < 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [name]


def test_a_place_that_cannot_be_written_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(StorageError, match="could not be written"):
        write_side_by_side(tmp_path / "taken", a_record(), None)
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("broken", [b"", b"nothing", jpeg()[:40]])
def test_a_damaged_picture_is_an_error_and_not_a_blank(broken: bytes) -> None:
    with pytest.raises(ImageError, match="cannot be decoded"):
        side_by_side(a_record(crop_jpeg=broken), None)


def test_the_examples_in_the_wording_hold() -> None:
    assert doctest.testmod(wording) == (0, doctest.testmod(wording).attempted)
    assert doctest.testmod(wording).attempted > 5


def test_a_time_names_the_other_day_where_the_zones_differ_in_it() -> None:
    late = datetime(2026, 7, 4, 23, 30, tzinfo=UTC)
    told = "4 July 2026, 23:30:00 UTC (5 July 2026, 00:30:00 BST)"
    assert wording.in_utc_and_local(late, LONDON) == told
    assert wording.in_utc_and_local(late, UTC) == "4 July 2026, 23:30:00 UTC"


@pytest.mark.parametrize(
    ("taken", "told"),
    [
        (date(2026, 7, 4), "0 days old"),
        (date(2026, 7, 3), "1 day old"),
        (date(2026, 6, 5), "29 days old"),
        (date(2026, 6, 4), "1 month old"),
        (date(2025, 7, 5), "11 months old"),
        (date(2025, 7, 4), "1 year old"),
        (date(1996, 2, 29), "30 years 4 months old"),
        (date(2027, 1, 1), "0 days old"),
    ],
)
def test_a_pictures_age_is_told_in_years_and_months(taken: date, told: str) -> None:
    assert wording.age_in_words(taken, date(2026, 7, 4)) == told


def test_scores_come_with_their_threshold_and_are_no_probability() -> None:
    told = wording.scores_in_words(an_alert())
    expected = "comparison score 0.947, normalised 0.043, threshold 0.030; not a probability"
    assert told == expected


def test_a_frontal_face_is_not_called_turned() -> None:
    frontal = replace(a_quality(), yaw_deg=-3.0, pitch_deg=2.0)
    assert wording.quality_in_words(frontal) == "42 px between the eyes, frontal"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Łukasz  Żółć\n", "Łukasz Żółć"),
        ("Zoe\u0308", "Zoë"),
        ("Иван Петров", "Иван Петров"),
        ("王小明", "王小明"),
        ("محمد", OTHER_SCRIPT),
        ("नरेन्द्र", OTHER_SCRIPT),
        ("a\u202eb", OTHER_SCRIPT),
    ],
)
def test_a_name_is_drawn_rightly_or_not_at_all(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_lines_fit_and_say_when_something_is_left_out() -> None:
    ink = Ink(20)
    assert lines("a few words", ink, 400, 3) == ["a few words"]
    broken = lines("word " * 60, ink, 200, 3)
    assert len(broken) == 3
    assert broken[-1].endswith("…")
    assert all(width(line, ink) <= 200 for line in broken)
