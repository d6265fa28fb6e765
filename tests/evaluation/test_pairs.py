"""Pairs for a 1:1 protocol: LFW's file in both directions, and pairs that are drawn."""

from collections import Counter
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.errors import ConfigurationError
from overt.evaluation.datasets import Dataset, Photograph, ProblemKind
from overt.evaluation.pairs import Pair, draw_pairs, read_pairs, write_pairs


def dataset(*photographs: int, called: str = "{}_{:04d}.jpg") -> Dataset:
    """Return a set of people with so many photographs each; none of them is on the disk."""
    return Dataset(
        "drawn",
        tuple(
            Photograph(f"{who}/{number}", who, Path(called.format(who, number)))
            for who, count in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", photographs, strict=False)
            for number in range(1, count + 1)
        ),
    )


def written(folder: Path, *lines: str) -> Path:
    path = folder / "pairs.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_ten_folds_are_read_as_lfw_writes_them(tmp_path: Path) -> None:
    path = written(tmp_path, "2\t1", "A\t1\t2", "A\t1\tB\t1", "B\t2\t1", "B\t1\tA\t2")

    pairs = read_pairs(path, dataset(2, 2))

    assert list(pairs) == [
        Pair("A/1", "A/2", same=True, fold=0),
        Pair("A/1", "B/1", same=False, fold=0),
        Pair("B/2", "B/1", same=True, fold=1),
        Pair("B/1", "A/2", same=False, fold=1),
    ]
    assert (pairs.genuine, pairs.impostor, pairs.problems) == (2, 2, ())


def test_a_single_number_says_one_fold(tmp_path: Path) -> None:
    path = written(tmp_path, "2", "A 1 2", "B 1 2", "A 1 B 1", "A 2 B 2")

    pairs = read_pairs(path, dataset(2, 2))

    assert [(pair.same, pair.fold) for pair in pairs] == [(True, 0)] * 2 + [(False, 0)] * 2


def test_pairs_that_cannot_be_used_are_named_with_their_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path, "1 4", "A 1 2", "A 1 9", "A 1", "A 1 1", "A 1 B 1", "", "A 1 Z 1", "A x B 1", "x"
    )

    pairs = read_pairs(path, dataset(2, 2))

    assert list(pairs) == [
        Pair("A/1", "A/2", same=True, fold=0),
        Pair("A/1", "B/1", same=False, fold=0),
    ]
    assert {problem.kind for problem in pairs.problems} == {ProblemKind.UNUSABLE_PAIR}
    assert {problem.line: problem.detail for problem in pairs.problems} == {
        3: "not in the data set: 'A' 9",
        4: "is neither PERSON 1 2 nor PERSON 1 OTHER 2",
        5: "'A' 1 is compared with itself",
        8: "not in the data set: 'Z' 1",
        9: "is neither PERSON 1 2 nor PERSON 1 OTHER 2",
        10: "is neither PERSON 1 2 nor PERSON 1 OTHER 2",
    }


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["A 1 2", "A 1 B 1"], "does not begin with"),
        (["0 300"], "does not begin with"),
        (["1 2", "A 1 2", "A 1 B 1"], "2 pairs where its first line says 4"),
        (["1", "A 1 2", "A 1 B 1", "A 2 B 1"], "3 pairs where its first line says 2"),
        ([""], "holds no pairs"),
    ],
)
def test_a_file_of_which_the_folds_are_unclear_is_refused(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_pairs(written(tmp_path, *lines), dataset(2, 2))

    assert caught.value.remedy


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_pairs(tmp_path / "none.txt", dataset(2))
    (tmp_path / "pairs.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="holds no pairs"):
        read_pairs(tmp_path / "pairs.txt", dataset(2))


def test_what_lfw_s_form_cannot_say_is_not_written(tmp_path: Path) -> None:
    known = dataset(2, 2)
    path = tmp_path / "pairs.txt"
    genuine, impostor = Pair("A/1", "A/2", True, 0), Pair("A/1", "B/1", False, 0)

    with pytest.raises(ConfigurationError, match="cannot be written as LFW's"):
        write_pairs([genuine], path, known)
    with pytest.raises(ConfigurationError, match="cannot be written as LFW's"):
        write_pairs([], path, known)
    with pytest.raises(ConfigurationError, match="not called as LFW"):
        write_pairs([genuine, impostor], path, dataset(2, 2, called="{}{}.jpg"))
    with pytest.raises(ConfigurationError, match="says otherwise"):
        write_pairs([genuine, Pair("B/1", "B/2", False, 0)], path, known)
    assert not path.exists()


def test_drawn_pairs_are_of_people_who_are_in_one_fold_only() -> None:
    drawn = draw_pairs(dataset(*[4] * 20), folds=4, per_fold=12)

    assert drawn.problems == ()
    counts = Counter((pair.fold, pair.same) for pair in drawn)
    assert counts == {(fold, same): 12 for fold in range(4) for same in (True, False)}
    assert len({frozenset((pair.first, pair.second)) for pair in drawn}) == len(drawn)
    folds = [
        {each[0] for pair in drawn if pair.fold == fold for each in (pair.first, pair.second)}
        for fold in range(4)
    ]
    assert not any(one & other for one, other in combinations(folds, 2))
    assert all((pair.first[0] == pair.second[0]) is pair.same for pair in drawn)


def test_genuine_pairs_are_spread_over_people() -> None:
    drawn = draw_pairs(dataset(*[6] * 5), folds=1, per_fold=10)

    assert set(Counter(pair.first[0] for pair in drawn if pair.same).values()) == {2}


def test_drawing_is_repeatable_and_follows_the_seed() -> None:
    known = dataset(*[3] * 20)

    assert draw_pairs(known, folds=2) == draw_pairs(known, folds=2)
    assert list(draw_pairs(known, folds=2)) != list(draw_pairs(known, folds=2, seed=1))


def test_fewer_pairs_than_asked_for_are_as_many_in_every_fold_and_said() -> None:
    drawn = draw_pairs(dataset(3, 3, 2, 1), folds=2)

    assert Counter((pair.fold, pair.same) for pair in drawn) == {
        (0, True): 3,
        (0, False): 3,
        (1, True): 3,
        (1, False): 3,
    }
    (problem,) = drawn.problems
    assert problem.kind is ProblemKind.FEWER_PAIRS
    assert problem.detail.endswith("a fold, not 300")


@pytest.mark.parametrize(
    ("photographs", "folds"), [((1, 1, 1, 1), 1), ((5,), 1), ((2, 2), 2), ((2, 2), 0)]
)
def test_too_few_people_are_refused(photographs: tuple[int, ...], folds: int) -> None:
    with pytest.raises(ConfigurationError, match="fold") as caught:
        draw_pairs(dataset(*photographs), folds=folds)

    assert caught.value.remedy


@given(
    st.lists(st.integers(1, 5), min_size=4, max_size=26),
    st.integers(1, 3),
    st.integers(1, 8),
    st.integers(0, 3),
)
def test_drawn_pairs_are_read_back_as_they_were_written(
    photographs: list[int], folds: int, per_fold: int, seed: int
) -> None:
    known = dataset(*photographs)
    try:
        drawn = draw_pairs(known, folds=folds, per_fold=per_fold, seed=seed)
    except ConfigurationError:
        return  # too few people for so many folds

    with TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.txt"
        write_pairs(drawn, path, known)
        read = read_pairs(path, known)

    assert list(read) == list(drawn)
    assert read.problems == ()
