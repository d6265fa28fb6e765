"""Enrolment with the real pack on drawn people: every row ends accepted or refused."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from example_lists import GOOD_ROW, RULES, changed, save
from PIL import Image

from overt.errors import WatchlistError
from overt.home import Home
from overt.people.office import Office
from overt.values import RGBImage
from overt.vision.store import Pack
from overt.vocabulary import RefusedRow
from overt.watchlist.enrolment import (
    PORTRAIT_PX,
    EnrolmentReport,
    enrol,
    watchlist_id,
)
from overt.watchlist.entries import CheckedList
from overt.watchlist.keeping import Keeping, load_or_keep
from overt.watchlist.pictures import decode_picture
from overt.watchlist.rows import Row

pytestmark = pytest.mark.models

Check = Callable[..., CheckedList]


def row(number: int, picture: str, **cells: str) -> Row:
    return changed(
        GOOD_ROW, reference_id=f"R-{number}", subject_id=f"S-{number}", picture=picture, **cells
    )


def reason(report: EnrolmentReport, index: int = 0) -> RefusedRow | None:
    refusals = report.results[index].refusals
    return refusals[0].reason if refusals else None


def side_by_side(left: RGBImage, right: RGBImage) -> RGBImage:
    return np.hstack([left, right])


def behind(main: RGBImage, other: RGBImage) -> RGBImage:
    """Put a second person, at two fifths of the size, into a corner of the first's picture."""
    small = np.asarray(Image.fromarray(other).resize((192, 240)))
    picture = main.copy()
    picture[:240, -192:] = small
    return picture


def test_a_good_row_becomes_a_reference(
    tmp_path: Path, checked: Check, pack: Pack, faces: list[RGBImage]
) -> None:
    save(tmp_path / "pictures/one.png", faces[0])

    report = enrol(checked(GOOD_ROW), pack, decode_picture)

    (reference,) = report.watchlist.references
    (subject,) = report.watchlist.subjects
    assert (reference.reference_id, reference.subject_id) == ("R-1", subject.subject_id)
    assert reference.pack_id == report.watchlist.pack_id == pack.id
    assert np.linalg.norm(reference.template) == pytest.approx(1, abs=1e-5)
    assert reference.quality.searchable
    with Image.open(io.BytesIO(reference.picture_jpeg)) as portrait:
        assert portrait.format == "JPEG"
        assert 100 < max(portrait.size) <= PORTRAIT_PX


def test_every_row_ends_accepted_or_refused_with_its_reason(
    tmp_path: Path, checked: Check, pack: Pack, faces: list[RGBImage]
) -> None:
    folder = tmp_path / "pictures"
    plain = np.full((300, 300, 3), 120, np.uint8)
    pictures = {
        "good.png": faces[0],
        "turned.webp": faces[1],
        "behind.png": behind(faces[2], faces[3]),
        "blank.png": plain,
        "pair.png": side_by_side(faces[0], faces[1]),
        "tiny.png": np.asarray(Image.fromarray(faces[0]).resize((96, 120))),
    }
    for name, image in pictures.items():
        save(folder / name, image)
    (folder / "text.jpg").write_text("not a picture")
    (folder / "out.png").symlink_to(tmp_path / "list.csv")
    names = [*pictures, "text.jpg", "out.png", "../list.csv", "missing.png"]
    rows = [row(number, name) for number, name in enumerate(names)]
    rows.append(row(99, "one.png", category="none"))

    report = enrol(checked(*rows), pack, decode_picture)

    ends = {result.row.picture: reason(report, at) for at, result in enumerate(report.results)}
    assert ends == {
        "good.png": None,
        "turned.webp": None,
        "behind.png": None,
        "blank.png": RefusedRow.NO_FACE,
        "pair.png": RefusedRow.SEVERAL_FACES,
        "tiny.png": RefusedRow.TOO_SMALL,
        "text.jpg": RefusedRow.UNDECODABLE,
        "out.png": RefusedRow.OUTSIDE_FOLDER,
        "../list.csv": RefusedRow.OUTSIDE_FOLDER,
        "missing.png": RefusedRow.MISSING_PICTURE,
        "one.png": RefusedRow.UNKNOWN_CATEGORY,
    }
    assert report.accepted + sum(bool(result.refusals) for result in report.results) == len(rows)
    assert [result.row.number for result in report.results] == list(range(2, len(rows) + 2))


def test_a_face_below_the_rules_quality_is_refused_with_what_is_wrong(
    tmp_path: Path, checked: Check, pack: Pack, faces: list[RGBImage]
) -> None:
    save(tmp_path / "pictures/one.png", faces[0])
    demanding = replace(RULES.quality, smallest_sharpness=100.0, luminance=(0.9, 1.0))

    report = enrol(checked(GOOD_ROW, rules=replace(RULES, quality=demanding)), pack, decode_picture)

    (refusal,) = report.results[0].refusals
    assert refusal.reason is RefusedRow.POOR_QUALITY
    assert refusal.detail == "blurred, too dark"


def test_a_face_that_fills_the_picture_is_found_on_the_second_look(
    tmp_path: Path, checked: Check, pack: Pack, faces: list[RGBImage]
) -> None:
    save(tmp_path / "pictures/one.png", faces[0])
    whole = enrol(checked(GOOD_ROW), pack, decode_picture).watchlist.references[0]
    large = Image.fromarray(faces[0]).crop((100, 80, 380, 480)).resize((1_120, 1_600))
    save(tmp_path / "pictures/one.png", np.asarray(large))

    close = enrol(checked(GOOD_ROW), pack, decode_picture).watchlist.references[0]

    assert close.template @ whole.template > 0.95


def test_a_person_has_several_references_and_stays_one_subject(
    tmp_path: Path, checked: Check, pack: Pack, faces: list[RGBImage]
) -> None:
    save(tmp_path / "pictures/one.png", faces[0])
    save(tmp_path / "pictures/two.jpg", faces[0][:, ::-1].copy())

    report = enrol(
        checked(GOOD_ROW, changed(GOOD_ROW, reference_id="R-2", picture="two.jpg")),
        pack,
        decode_picture,
    )

    first, second = report.watchlist.references
    assert len(report.watchlist.subjects) == 1
    assert first.template @ second.template > 0.95


def test_batches_change_nothing_and_progress_is_told(
    tmp_path: Path, checked: Check, pack: Pack, faces: list[RGBImage]
) -> None:
    for number, face in enumerate(faces):
        save(tmp_path / f"pictures/{number}.jpg", face)
    rows = [row(number, f"{number % 4}.jpg") for number in range(18)]
    told: list[tuple[int, int]] = []

    many = enrol(
        checked(*rows), pack, decode_picture, lambda done, total: told.append((done, total))
    )
    alone = enrol(checked(rows[17]), pack, decode_picture)

    assert told == [(16, 18), (18, 18)]
    last, same = many.watchlist.references[17].template, alone.watchlist.references[0].template
    assert last @ same > 0.9999


def test_the_same_list_has_the_same_id_and_another_has_not(
    tmp_path: Path, checked: Check, pack: Pack, faces: list[RGBImage]
) -> None:
    save(tmp_path / "pictures/one.png", faces[0])
    first = watchlist_id(checked(GOOD_ROW), pack.id)
    stricter = replace(RULES, quality=replace(RULES.quality, smallest_inter_eye_px=40.0))
    others = {
        watchlist_id(checked(changed(GOOD_ROW, reason="another")), pack.id),
        watchlist_id(checked(GOOD_ROW, rules=stricter), pack.id),
        watchlist_id(checked(GOOD_ROW), "another pack"),
        watchlist_id(checked(row(1, "missing.png")), pack.id),
    }

    assert first == watchlist_id(checked(GOOD_ROW), pack.id)
    assert first == enrol(checked(GOOD_ROW), pack, decode_picture).watchlist.watchlist_id
    save(tmp_path / "pictures/one.png", faces[1])
    others.add(watchlist_id(checked(GOOD_ROW), pack.id))
    assert len(others | {first}) == 6


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Office.open(Home(tmp_path / "home")) as opened:
        yield opened


def test_a_list_in_the_record_is_not_enrolled_again(
    tmp_path: Path, office: Office, checked: Check, pack: Pack, faces: list[RGBImage]
) -> None:
    save(tmp_path / "pictures/one.png", faces[0])
    source = checked(GOOD_ROW)
    keeping = Keeping(None, "a rehearsal", "system", office.now() + timedelta(hours=1))

    def look() -> EnrolmentReport:
        return enrol(source, pack, decode_picture)

    first, report = load_or_keep(office, source, pack, look, keeping)
    again, nothing = load_or_keep(office, source, pack, look, keeping)

    assert report is not None
    assert nothing is None
    assert again.watchlist_id == first.watchlist_id
    assert np.array_equal(again.references[0].template, first.references[0].template)


def test_a_list_of_which_nothing_can_be_used_is_an_error_and_is_not_kept(
    office: Office, checked: Check, pack: Pack
) -> None:
    source = checked(GOOD_ROW)
    keeping = Keeping(None, "a rehearsal", "system", office.now() + timedelta(hours=1))

    with pytest.raises(WatchlistError, match="picture file not found, 1"):
        load_or_keep(office, source, pack, lambda: enrol(source, pack, decode_picture), keeping)
    assert office.record.watchlists.all_facts() == []


@pytest.mark.data
def test_real_photographs_enrol_and_none_is_lost(
    tmp_path: Path, data_dir: Path, checked: Check, pack: Pack
) -> None:
    photographs = sorted((data_dir / "lfw-dev").glob("*/*_0001.jpg"))[::95]
    (tmp_path / "pictures").symlink_to(data_dir / "lfw-dev")
    rows = [
        row(number, str(path.relative_to(data_dir / "lfw-dev")))
        for number, path in enumerate(photographs)
    ]

    report = enrol(checked(*rows), pack, decode_picture)

    assert report.accepted >= 0.95 * len(rows)
    assert all((one.reference is None) == bool(one.refusals) for one in report.results)
