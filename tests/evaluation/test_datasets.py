"""Data sets: both readers, the writer, and every kind of thing that can be wrong with one."""

import io
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from overt.errors import ConfigurationError
from overt.evaluation.dataset_files import (
    read_dataset,
    read_folders,
    read_manifest,
    write_folders,
    write_manifest,
)
from overt.evaluation.datasets import Dataset, Photograph, Problem, ProblemKind


def picture(seed: int) -> bytes:
    """Return a small picture's file, another one for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


PICTURES = [picture(seed) for seed in range(6)]


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two people, the first with two photographs."""
    for seed, name in enumerate(("ann/1.png", "ann/2.png", "bob/1.png")):
        put(tmp_path / "set" / name, picture(seed))
    return tmp_path / "set"


def manifest(folder: Path, *rows: str, head: str = "photograph_id,subject_id,path") -> Path:
    path = folder / "people.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def of_kind(dataset: Dataset, kind: ProblemKind) -> list[Problem]:
    return [problem for problem in dataset.problems if problem.kind is kind]


def ids(dataset: Dataset) -> list[str]:
    return [each.photograph_id for each in dataset.photographs]


def test_a_folder_for_each_person(folder: Path) -> None:
    dataset = read_folders(folder)

    assert dataset.name == "set"
    assert ids(dataset) == ["ann/1.png", "ann/2.png", "bob/1.png"]
    assert dataset.subject_ids == ("ann", "bob")
    assert [len(of) for of in dataset.by_subject().values()] == [2, 1]
    (single,) = dataset.problems
    assert (single.kind, single.subject_ids) == (ProblemKind.SINGLE, ("bob",))
    assert read_dataset(folder) == dataset


def test_everything_in_a_folder_that_is_not_used_is_named(folder: Path) -> None:
    put(folder / "stray.png", picture(9))
    put(folder / "ann/deeper/3.png", picture(9))
    put(folder / "ann/notes.txt", b"not a picture")
    put(folder / "ann/empty.jpg", b"")
    put(folder / "ann/ 4.png ", picture(9))
    put(folder / "ann/5:.png", picture(9))
    put(folder / "cat/notes.txt", b"not a picture")
    (folder / "dan").mkdir()
    put(folder.parent / "elsewhere/1.png", picture(9))
    (folder / "eve").symlink_to(folder.parent / "elsewhere")
    (folder / "ann/6.png").symlink_to(folder.parent / "elsewhere/1.png")
    (folder / "ann/7.png").symlink_to(folder / "nowhere.png")

    dataset = read_folders(folder)

    assert ids(dataset) == ["ann/1.png", "ann/2.png", "bob/1.png"]
    assert dataset.problem_counts == {
        ProblemKind.STRAY: 2,
        ProblemKind.NO_PICTURE: 3,
        ProblemKind.UNUSABLE_NAME: 2,
        ProblemKind.OUTSIDE: 2,
        ProblemKind.MISSING: 1,
        ProblemKind.NO_PHOTOGRAPH: 2,
        ProblemKind.SINGLE: 1,
    }
    without = of_kind(dataset, ProblemKind.NO_PHOTOGRAPH)
    assert [problem.subject_ids for problem in without] == [("dan",), ("cat",)]


def test_equal_pictures_count_once_for_one_person_and_are_named_under_two(folder: Path) -> None:
    put(folder / "ann/3.png", picture(0))
    put(folder / "cat/1.png", picture(1))

    dataset = read_folders(folder)

    assert ids(dataset) == ["ann/1.png", "ann/2.png", "bob/1.png", "cat/1.png"]
    (repeated,) = of_kind(dataset, ProblemKind.REPEATED)
    assert repeated.photograph_ids == ("ann/1.png", "ann/3.png")
    (shared,) = of_kind(dataset, ProblemKind.SHARED)
    assert shared.photograph_ids == ("ann/2.png", "cat/1.png")
    assert shared.subject_ids == ("ann", "cat")


def test_a_manifest_s_groups_and_consent(folder: Path) -> None:
    path = manifest(
        folder,
        "a1,A,ann/1.png,north,yes",
        "a2,A,ann/2.png,north,TRUE",
        "b1,B,bob/1.png,,",
        head="\ufeffphotograph_id,subject_id,path,group,consent",
    )

    dataset = read_manifest(path)

    assert [(each.group, each.consent) for each in dataset.photographs] == [
        ("north", True),
        ("north", True),
        ("", False),
    ]
    assert [each.path for each in dataset.photographs] == [
        (folder / name).resolve() for name in ("ann/1.png", "ann/2.png", "bob/1.png")
    ]
    assert read_dataset(path) == dataset


def test_every_row_that_is_not_used_is_named_with_its_line(folder: Path) -> None:
    path = manifest(
        folder,
        "a1,A,ann/1.png,yes,",
        "a2,A,ann/2.png,perhaps,",
        ",A,ann/2.png,no,",
        "a3,A",
        "a4,A,ann/9.png,no,",
        "a5,A,../other/1.png,no,",
        "a6,A,ann,no,",
        "twice,B,bob/1.png,no,",
        "twice,B,ann/2.png,no,blue",
        "c\u202e1,C,ann/2.png,no,",
        head="photograph id,Subject-ID,path,consent,shoes",
    )

    dataset = read_manifest(path)

    assert ids(dataset) == ["a1"]
    lines = [(problem.kind, problem.line) for problem in dataset.problems if problem.line]
    assert lines == [
        (ProblemKind.UNUSED_COLUMN, 1),
        (ProblemKind.UNREADABLE_ROW, 3),
        (ProblemKind.UNREADABLE_ROW, 4),
        (ProblemKind.UNREADABLE_ROW, 5),
        (ProblemKind.UNREADABLE_ROW, 11),
        (ProblemKind.DUPLICATE_ID, 9),
        (ProblemKind.MISSING, 6),
        (ProblemKind.OUTSIDE, 7),
        (ProblemKind.NO_PICTURE, 8),
    ]
    assert of_kind(dataset, ProblemKind.DUPLICATE_ID)[0].detail.endswith("in rows 9, 10")
    (without,) = of_kind(dataset, ProblemKind.NO_PHOTOGRAPH)
    assert without.subject_ids == ("B",)


def test_a_group_that_nobody_declared_and_people_whose_rows_disagree(folder: Path) -> None:
    put(folder / "bob/2.png", picture(7))
    path = manifest(
        folder,
        "a1,A,ann/1.png,north,yes",
        "a2,A,ann/2.png,south,yes",
        "b1,B,bob/1.png,nroth,yes",
        "b2,B,bob/2.png,nroth,no",
        head="photograph_id,subject_id,path,group,consent",
    )

    dataset = read_manifest(path, groups=["north", "south"])

    assert {each.group for each in dataset.photographs} == {""}
    assert [each.consent for each in dataset.photographs] == [True, True, False, False]
    assert dataset.problem_counts == {
        ProblemKind.UNKNOWN_GROUP: 1,
        ProblemKind.GROUPS_DIFFER: 1,
        ProblemKind.CONSENTS_DIFFER: 1,
    }


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("photograph_id,path", "no column subject_id"),
        ("photograph_id,subject_id,path,Path", "the column path twice"),
        ("photograph_id,subject_id,path", "No photograph of the data set people can be used"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(folder: Path, head: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_manifest(manifest(folder, head=head))

    assert caught.value.remedy


def test_what_is_no_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"The manifest none\.csv cannot be read"):
        read_manifest(tmp_path / "none.csv")
    with pytest.raises(ConfigurationError, match="is not a folder"):
        read_folders(tmp_path / "none")
    with pytest.raises(ConfigurationError, match="it is empty"):
        read_folders(tmp_path)


def test_the_hash_is_of_what_the_set_is_and_not_of_where_it_lies(folder: Path) -> None:
    before = read_folders(folder).sha256
    moved = folder.rename(folder.parent / "moved")

    assert read_folders(moved).sha256 == before

    put(moved / "bob/1.png", picture(8))
    assert read_folders(moved).sha256 != before


def test_leaving_photographs_out_is_named_and_changes_the_hash(folder: Path) -> None:
    dataset = read_folders(folder)

    less = dataset.without(["ann/2.png"])

    assert ids(less) == ["ann/1.png", "bob/1.png"]
    assert less.sha256 != dataset.sha256
    assert less.problem_counts == {ProblemKind.EXCLUDED: 1, ProblemKind.SINGLE: 2}
    assert dataset.without([]) == dataset
    with pytest.raises(ConfigurationError, match="not in the data set"):
        dataset.without(["nobody"])
    with pytest.raises(ConfigurationError, match="No photograph"):
        dataset.without(ids(dataset))


def test_a_manifest_cannot_name_pictures_outside_its_folder(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not lie in the manifest's folder"):
        write_manifest(read_folders(folder), tmp_path / "other/people.csv")


def test_what_folders_cannot_tell_is_not_written(folder: Path, tmp_path: Path) -> None:
    (one, *_) = read_folders(folder).photographs

    def write(**changed: object) -> None:
        write_folders(Dataset("set", (replace(one, **changed),)), tmp_path / "new")  # type: ignore[arg-type]

    for changed in ({"group": "north"}, {"consent": True}):
        with pytest.raises(ConfigurationError, match="has a group or consent"):
            write(**changed)
    for name in ("a/b", "..", "c:", "a\\b"):
        with pytest.raises(ConfigurationError, match="cannot be the name"):
            write(subject_id=name)
    with pytest.raises(ConfigurationError, match="is gone"):
        write(path=tmp_path / "none.png")
    with pytest.raises(ConfigurationError, match="is not empty"):
        write_folders(read_folders(folder), folder)


def test_every_kind_of_problem_is_explained() -> None:
    page = Path(__file__).parents[2] / "docs/how-to/bring-a-data-set.md"
    explained = page.read_text(encoding="utf-8")

    assert [kind for kind in ProblemKind if f"| {kind} |" not in explained] == []


names = st.text("abc.-_ äß", min_size=1, max_size=6).filter(
    lambda name: name == name.strip() and name[0] != "-" and name not in (".", "..")
)


@given(st.dictionaries(st.tuples(names, names), st.integers(0, 5), min_size=1, max_size=5))
def test_folders_are_read_back_as_they_were_written(pictures: dict[tuple[str, str], int]) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        for (person, file), seed in pictures.items():
            put(root / "one" / person / file, PICTURES[seed])
        one = read_folders(root / "one")
        write_folders(one, root / "two")
        two = read_folders(root / "two")

    assert two.sha256 == one.sha256
    assert ids(two) == ids(one)
    assert not set(two.problem_counts) - {ProblemKind.SINGLE, ProblemKind.SHARED}


text = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(text, text, text, st.booleans()), min_size=1, max_size=5))
def test_a_manifest_is_read_back_as_it_was_written(
    rows: list[tuple[str, str, str, bool]],
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        people = {subject: (group, consent) for _, subject, group, consent in rows}
        subjects = {photograph: subject for photograph, subject, _, _ in rows}
        photographs = []
        for seed, (photograph, subject) in enumerate(sorted(subjects.items())):
            put(folder / f"{seed}.png", PICTURES[seed])
            group, consent = people[subject]
            path = folder / f"{seed}.png"
            photographs.append(Photograph(photograph, subject, path, group, consent))
        write_manifest(Dataset("people", tuple(photographs)), folder / "people.csv")

        once = read_manifest(folder / "people.csv")
        write_manifest(once, folder / "people.csv")
        twice = read_manifest(folder / "people.csv")

    told = [(e.photograph_id, e.subject_id, e.path, e.group, e.consent) for e in photographs]
    assert told == [
        (e.photograph_id, e.subject_id, e.path, e.group, e.consent) for e in once.photographs
    ]
    assert twice == once
    assert not set(once.problem_counts) - {ProblemKind.SINGLE}
