"""Probable label errors: planted ones are found, and nobody is left out without being looked at."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.errors import ConfigurationError
from overt.evaluation.extraction import Extracted
from overt.evaluation.label_errors import (
    LabelError,
    LabelErrorKind,
    find_label_errors,
    read_exclusions,
    write_label_errors,
)

PEOPLE, EACH, DIMENSION = 80, 4, 48


def extracted(people: int = PEOPLE, each: int = EACH) -> Extracted:
    """Return people who are easily told apart, each with as many photographs."""
    random = np.random.default_rng(5)
    centres = np.repeat(random.standard_normal((people, DIMENSION)), each, axis=0)
    rows = centres + 0.35 * random.standard_normal(centres.shape)
    names = [f"p{person:02d}" for person in range(people) for _ in range(each)]
    return Extracted(
        dataset="drawn",
        dataset_sha256="",
        pack_id="drawn",
        photograph_ids=tuple(f"{name}/{row % each}" for row, name in enumerate(names)),
        subject_ids=tuple(names),
        groups=("",) * len(names),
        consents=(False,) * len(names),
        templates=np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32),
    )


def called(faces: Extracted, old: str, new: str) -> Extracted:
    """Return the set with another person's id on the photographs that begin with `old`."""
    ids = zip(faces.photograph_ids, faces.subject_ids, strict=True)
    return replace(
        faces,
        subject_ids=tuple(new if photograph.startswith(old) else who for photograph, who in ids),
    )


def of_kind(errors: tuple[LabelError, ...], kind: LabelErrorKind) -> list[LabelError]:
    return [error for error in errors if error.kind is kind]


def test_one_person_under_two_ids_comes_first() -> None:
    errors = find_label_errors(called(extracted(), "p07/3", "p07-again"))

    first = of_kind(errors, LabelErrorKind.TWO_IDS)[0]
    assert set(first.subject_ids) == {"p07", "p07-again"}
    assert first.photograph_ids[0] == "p07/3"
    assert first.leave_out == ("p07/3",)
    assert first.normalised_score > first.bound
    assert first.comparison_score > 0.6


def test_a_photograph_of_somebody_else_comes_first() -> None:
    errors = find_label_errors(called(extracted(), "p11/2", "p30"))

    first = of_kind(errors, LabelErrorKind.ODD_ONE)[0]
    assert first.photograph_ids[0] == "p11/2"
    assert first.subject_ids == ("p30", "p30")
    assert first.leave_out == ("p11/2",)
    assert "'p11/" in first.evidence
    assert first.normalised_score <= first.bound


def test_of_two_photographs_nobody_can_tell_which_is_the_odd_one() -> None:
    faces = called(called(extracted(each=2), "p11/1", "p12"), "p12/1", "p11")

    errors = of_kind(find_label_errors(faces), LabelErrorKind.ODD_ONE)

    assert {error.leave_out for error in errors[:2]} == {("p11/0", "p12/1"), ("p11/1", "p12/0")}


def test_a_clean_set_has_next_to_nothing_to_look_at() -> None:
    assert find_label_errors(extracted()) == ()


def test_a_stricter_share_lists_fewer() -> None:
    faces = extracted()
    counts = [len(find_label_errors(faces, alike=share, odd=0.0)) for share in (0.0, 0.5, 1.0)]

    assert counts == sorted(counts, reverse=True)


def test_small_sets_are_judged_by_raw_scores() -> None:
    (first, *_) = find_label_errors(called(extracted(people=10), "p07/3", "p07-again"))

    assert first.comparison_score == first.normalised_score


@pytest.mark.parametrize(("people", "each"), [(20, 1), (1, 4)])
def test_a_set_that_has_nothing_to_judge_by_is_refused(people: int, each: int) -> None:
    with pytest.raises(ConfigurationError, match="one with two photographs"):
        find_label_errors(extracted(people, each))


def test_findings_leave_nobody_out_until_somebody_has_looked(tmp_path: Path) -> None:
    errors = find_label_errors(called(extracted(), "p07/3", "p07-again"))
    path = tmp_path / "findings.csv"

    write_label_errors(path, errors)
    assert read_exclusions(path) == ()

    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + sum(len(error.leave_out) for error in errors)
    path.write_text("\n".join([lines[0], lines[1] + "yes", *lines[2:]]), encoding="utf-8")
    assert read_exclusions(path) == ("p07/3",)


def test_a_plain_list_of_ids_leaves_out_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("\ufeffphotograph_id\nb\na\na\n", encoding="utf-8")

    assert read_exclusions(path) == ("a", "b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("photograph_id,leave_out\na,perhaps\n", "Row 2 of the list of exclusions needs"),
        ("photograph_id,leave_out\n,yes\n", "Row 2 of the list of exclusions needs"),
        ("photograph_id,leave_out\na\n", "has 1 cells where the header has 2"),
        ("name\na\n", "Row 2 of the list of exclusions needs"),
        ("", "The list of exclusions is an empty file"),
    ],
)
def test_a_list_of_exclusions_that_cannot_be_read_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "out.csv").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=said) as caught:
        read_exclusions(tmp_path / "out.csv")

    assert caught.value.remedy


ids = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@given(st.dictionaries(ids, st.booleans(), min_size=1, max_size=6))
def test_exclusions_are_read_back_as_they_were_written(photographs: dict[str, bool]) -> None:
    errors = [
        LabelError(
            LabelErrorKind.ODD_ONE, (each, each), ("A", "A"), 0.5, 0.1, 0.2, "=evidence", (each,)
        )
        for each in photographs
    ]
    wanted = {each for each, leave in photographs.items() if leave}

    with TemporaryDirectory() as folder:
        write_label_errors(Path(folder) / "out.csv", errors, leave_out=wanted)
        assert set(read_exclusions(Path(folder) / "out.csv")) == wanted
