"""Who passes when is read as it was written, in every form, or refused with what is wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overt.errors import ConfigurationError
from overt.evaluation.clip_files import read_passages, write_passages
from overt.evaluation.clip_mot import MotSettings, read_mot, write_mot
from overt.evaluation.clips import AnnotatedPassage, TimedBox

_NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=12).filter(
    lambda name: name.casefold() != "unlisted" and not name.startswith("'")
)
_SIDES = st.floats(-500, 9_000).map(lambda side: round(side, 3))
_TIMES = st.lists(st.floats(0, 10_000), min_size=2, max_size=6, unique=True).map(sorted)
HEADER = "passage_id,subject_id,camera,first_s,last_s,boxes\n"


@st.composite
def _passages(draw: st.DrawFn) -> tuple[AnnotatedPassage, ...]:
    def one(passage_id: str) -> AnnotatedPassage:
        first_s, *between, last_s = draw(_TIMES)
        boxes = tuple(TimedBox(time_s, _box(draw)) for time_s in between)
        subject = draw(st.one_of(st.just(""), _NAMES))
        return AnnotatedPassage(passage_id, subject, draw(_NAMES), first_s, last_s, boxes)

    return tuple(map(one, draw(st.lists(_NAMES, min_size=1, max_size=4, unique=True))))


def _box(draw: st.DrawFn) -> tuple[float, float, float, float]:
    x, y = draw(_SIDES), draw(_SIDES)
    return x, y, x + draw(st.integers(1, 400)), y + draw(st.integers(1, 400))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_passages(), st.sampled_from(["who.csv", "who.json"]))
def test_what_is_written_is_read_again(
    tmp_path: Path, passages: tuple[AnnotatedPassage, ...], name: str
) -> None:
    write_passages(passages, tmp_path / name)

    assert read_passages(tmp_path / name) == passages


@pytest.mark.parametrize("name", ["=1+1", "+44", "-x", "@home"])
def test_what_a_spreadsheet_would_run_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    passages = (AnnotatedPassage(name, name, name, 0, 1),)
    write_passages(passages, tmp_path / "who.csv")

    assert ",'" in (tmp_path / "who.csv").read_text("utf-8")
    assert read_passages(tmp_path / "who.csv") == passages


def test_a_file_by_hand_may_leave_out_boxes_and_use_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "who.csv"
    path.write_text("Passage ID;Subject ID;camera;First S;last_s\n1;UNLISTED;gate;0;2.5\n")

    assert read_passages(path) == (AnnotatedPassage("1", "", "gate", 0.0, 2.5),)


def test_between_two_boxes_a_face_moves_evenly_and_beyond_them_it_stays() -> None:
    boxes = (TimedBox(1, (0, 0, 10, 10)), TimedBox(3, (100, 20, 130, 50)))
    passage = AnnotatedPassage("1", "", "gate", 0, 5, boxes)

    def at(time_s: float) -> list[float] | None:
        box = passage.box_at(time_s)
        return None if box is None else box.tolist()

    assert at(2) == [50, 10, 70, 30]
    assert at(0) == at(1) == [0, 0, 10, 10]
    assert at(5) == at(3) == [100, 20, 130, 50]
    assert at(-0.1) is at(5.1) is None
    assert AnnotatedPassage("1", "", "gate", 0, 5).box_at(1) is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,S,gate,0", "row 2 has 4 cells"),
        (",S,gate,0,1,", "row 2 has no passage_id"),
        ("1,,gate,0,1,", "write unlisted"),
        ("1,S,,0,1,", "has no camera"),
        ("1,S,gate,zero,1,", "'zero'"),
        ("1,S,gate,nan,1,", "'nan'"),
        ("1,S,gate,1e3,2000,", "'1e3'"),
        ("1,S,gate,-1,1,", "not within a recording"),
        ("1,S,gate,0,9999999,", "not within a recording"),
        ("1,S,gate,3,2,", "ends before it begins"),
        ("1,S,gate,0,2,1: 0 0 10", "box that cannot be read: '1: 0 0 10'"),
        ("1,S,gate,0,2,1: 10 0 0 10", "without any area"),
        ("1,S,gate,0,2,1: 0 0 999999 10", "lies in no picture"),
        ("1,S,gate,0,2,3: 0 0 9 9", "outside its first and last time"),
        ("1,S,gate,0,2,1: 0 0 9 9; 1: 0 0 8 8", "two boxes for one moment"),
        ("1,S,gate,0,2,1: 0 0 9 9; 0: 0 0 8 8", "out of order"),
        ("1,S\u202e,gate,0,2,", "cannot be shown"),
        (f"{'x' * 201},S,gate,0,2,", "more than 200 characters"),
        ("1,S,gate,0,2,\n1,T,gate,0,2,", "the passage '1' is there 2 times"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "who.csv"
    path.write_text(f"{HEADER}{row}\n", "utf-8")

    with pytest.raises(ConfigurationError) as raised:
        read_passages(path)

    assert said in raised.value.message
    assert raised.value.remedy


def test_every_row_at_fault_is_named_and_a_few_stand_for_many(tmp_path: Path) -> None:
    path = tmp_path / "who.csv"
    path.write_text(HEADER + "1,S,gate,2,1,\n" * 9)

    with pytest.raises(ConfigurationError) as raised:
        read_passages(path)

    assert all(f"row {number} " in raised.value.message for number in range(2, 7))
    assert "and 4 more" in raised.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (HEADER, "no passage"),
        ("passage_id,camera\n1,gate\n", "no column 'subject_id'"),
        (HEADER.replace("boxes", "camera") + "1,S,g,0,1,g\n", "twice the column 'camera'"),
        (HEADER.replace("boxes", "notes") + "1,S,g,0,1,x\n", "an unknown column 'notes'"),
    ],
)
def test_a_file_that_is_no_annotation_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "who.csv").write_text(text)

    with pytest.raises(ConfigurationError, match=r"annotation|no passage") as raised:
        read_passages(tmp_path / "who.csv")

    assert said in raised.value.message


def _changed(**changes: object) -> list[dict[str, object]]:
    row = {"passage_id": "1", "subject_id": "S", "camera": "gate", "first_s": 0, "last_s": 2.5}
    return [{name: value for name, value in (row | changes).items() if value is not ...}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "no list"),
        (["x"], "passage 1 is not an object"),
        (_changed(passage_id=1), "other than text in passage_id"),
        (_changed(first_s="0"), "other than a number in first_s"),
        (_changed(first_s=10**400), "other than a number in first_s"),
        (_changed(first_s=True), "other than a number in first_s"),
        (_changed(camera=...), "has no camera"),
        (_changed(colour="red"), "unknown field 'colour'"),
        (_changed(boxes={}), "other than a list in boxes"),
        (_changed(boxes=[{"time_s": 1}]), "has no box_px"),
        (_changed(boxes=[{"time_s": 1, "box_px": [1, 2, 3]}]), "not four numbers"),
    ],
)
def test_json_that_is_no_annotation_is_refused(tmp_path: Path, content: object, said: str) -> None:
    path = tmp_path / "who.json"
    path.write_text(json.dumps(content))

    with pytest.raises(ConfigurationError) as raised:
        read_passages(path)

    assert said in raised.value.message


@pytest.mark.parametrize("name", ["who.csv", "who.json", "gt.txt"])
@pytest.mark.parametrize(
    "make",
    [
        Path.exists,
        Path.mkdir,
        lambda path: path.write_bytes(b"\xff\xfe\x00"),
        lambda path: path.write_bytes(b"[" * 200_000),
    ],
    ids=["nothing", "a folder", "no text", "brackets"],
)
def test_what_is_no_readable_file_is_refused(
    tmp_path: Path, name: str, make: Callable[[Path], object]
) -> None:
    make(tmp_path / name)

    with pytest.raises(ConfigurationError):
        _read(tmp_path / name)


def _read(path: Path) -> object:
    if path.suffix == ".txt":
        return read_mot(path, MotSettings("gate", 25, {}))
    return read_passages(path)


# --- MOTChallenge -------------------------------------------------------------------------------


def test_a_gt_txt_is_read_by_its_own_rules(tmp_path: Path) -> None:
    path = tmp_path / "gt.txt"
    path.write_text("1,7,10,20,30,40,1,1,1\n6,7,20,20,30,40,1,1,0.5\n6,8,0,0,5,5,0,1,1\n\n")

    (passage,) = read_mot(path, MotSettings("gate", 10, {7: "S-7"}))

    assert passage == AnnotatedPassage(
        passage_id="7",
        subject_id="S-7",
        camera="gate",
        first_s=0,
        last_s=0.5,
        boxes=(TimedBox(0, (10, 20, 40, 60)), TimedBox(0.5, (20, 20, 50, 60))),
    )


def test_boxes_in_every_frame_come_back_from_a_gt_txt(tmp_path: Path) -> None:
    boxes = tuple(TimedBox(frame / 8, (frame, 0, frame + 9, 9)) for frame in range(4, 12))
    passages = [
        AnnotatedPassage("1", "S-1", "gate", 0.5, 11 / 8, boxes),
        AnnotatedPassage("2", "", "gate", 0.5, 1),
    ]
    write_mot(passages, tmp_path / "gt.txt", frames_per_second=8)

    assert read_mot(tmp_path / "gt.txt", MotSettings("gate", 8, {1: "S-1"})) == (passages[0],)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1,2,3,4,5", "has 5 numbers"),
        ("1,2,3,x,5,6", "other than numbers"),
        ("0,2,3,4,5,6", "no whole number as its frame"),
        ("1.5,2,3,4,5,6", "no whole number as its frame"),
        (f"1,{'9' * 400},3,4,5,6", "no frame and no id"),
        ("1,2,3,4,0,6", "without any area"),
        ("1,2,3,4,5,6\n1,2,3,4,5,6", "two boxes for one moment"),
        ("1,3,3,4,5,6", "no passage 2"),
        ("", "no passage 2"),
    ],
)
def test_a_gt_txt_that_cannot_be_used_is_refused(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "gt.txt"
    path.write_text(line)

    with pytest.raises(ConfigurationError) as raised:
        read_mot(path, MotSettings("gate", 25, {2: "S-2"}))

    assert said in raised.value.message
