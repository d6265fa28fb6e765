"""Pairs of photographs for a 1:1 protocol: read from LFW's `pairs.txt`, written so, or drawn.

LFW (Huang and others, 2007) lays a protocol down as folds: each holds as many genuine pairs (two
photographs of one person) as impostor pairs (of two people), first the one and then the other.
`10 300` in the first line says ten folds of 300 and 300; a single number says one fold. A line of
three columns, `PERSON 1 4`, is genuine; one of four, `PERSON 1 OTHER 2`, is an impostor pair. A
photograph is called `PERSON_0001` in its person's folder.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, zip_longest
from pathlib import Path
from typing import overload

import numpy as np

from overt.errors import ConfigurationError
from overt.evaluation.datasets import Dataset, Photograph, Problem, ProblemKind
from overt.reporting.files import write_whole

FOLDS, PER_FOLD = 10, 300
"""As in LFW's own protocol."""

_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photographs, by their ids; `same` says that they are of one person."""

    first: str
    second: str
    same: bool
    fold: int


@dataclass(frozen=True, slots=True)
class PairList(Sequence[Pair]):
    """Pairs by fold, counted from 0, in each the genuine ones first; and what was left out."""

    pairs: tuple[Pair, ...]
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.pairs)

    @overload
    def __getitem__(self, at: int) -> Pair: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Pair, ...]: ...

    def __getitem__(self, at: int | slice) -> Pair | tuple[Pair, ...]:
        return self.pairs[at]

    @property
    def genuine(self) -> int:
        """How many pairs are of one person."""
        return sum(pair.same for pair in self.pairs)

    @property
    def impostor(self) -> int:
        """How many pairs are of two people."""
        return len(self.pairs) - self.genuine


def read_pairs(path: Path, dataset: Dataset) -> PairList:
    """Read LFW's `pairs.txt`, `pairsDevTrain.txt` or one like them, columns by tabs or blanks.

    A pair whose photographs are not both in the data set, and a line that cannot be read, is a
    problem with its line number; the others keep their folds.

    Raises:
        ConfigurationError: the file cannot be read, or does not begin with its numbers of folds
            and pairs, or does not hold as many lines as those say.
    """
    lines = _lines(path)
    folds, per_fold = _header(path, lines)
    known = _by_number(dataset)
    pairs: list[Pair] = []
    problems: list[Problem] = []
    for place, (number, line) in enumerate(lines[1:]):
        read = _pair(line, place // (2 * per_fold), known)
        if isinstance(read, Pair):
            pairs.append(read)
        else:
            problems.append(Problem(ProblemKind.UNUSABLE_PAIR, read, line=number))
    _demand_all(path, len(lines) - 1, 2 * folds * per_fold)
    return PairList(tuple(pairs), tuple(problems))


def write_pairs(pairs: Sequence[Pair], path: Path, dataset: Dataset) -> None:
    """Write pairs of `dataset` so that `read_pairs` reads them back, columns by tabs.

    Raises:
        ConfigurationError: a photograph is not called as LFW calls them, or the folds are not
            of one size, half of it genuine pairs.
        StorageError: the file cannot be written.
    """
    folds = [list(fold) for _, fold in groupby(pairs, lambda pair: pair.fold)]
    sizes = {(sum(pair.same for pair in fold), len(fold)) for fold in folds}
    genuine, size = sizes.pop() if len(sizes) == 1 else (0, 1)
    if size != 2 * genuine or [fold[0].fold for fold in folds] != list(range(len(folds))):
        raise ConfigurationError(
            "These pairs cannot be written as LFW's: every fold needs as many genuine as impostor "
            "pairs, and as many as every other.",
            remedy="Draw the pairs anew, or write those of the whole file that was read.",
        )
    names = {photograph: name for name, photograph in _by_number(dataset).items()}
    head = f"{len(folds)}\t{genuine}" if len(folds) > 1 else f"{genuine}"
    written = [head, *(_line(pair, names) for fold in folds for pair in _genuine_first(fold))]
    write_whole(path, "".join(f"{line}\n" for line in written).encode())


def draw_pairs(
    dataset: Dataset, *, folds: int = FOLDS, per_fold: int = PER_FOLD, seed: int = 0
) -> PairList:
    """Draw pairs as LFW's were: `per_fold` genuine and as many impostor ones a fold, none twice.

    No person is in two folds. Genuine pairs are spread over as many people as there are; for an
    impostor pair two people are drawn, and of each a photograph. Where a fold has fewer pairs
    of either kind than `per_fold`, all folds take as many as it has, and a problem says so.

    Raises:
        ConfigurationError: there are not two people, one of them with two photographs, a fold.
    """
    if folds < 1 or per_fold < 1:
        raise ConfigurationError(
            "Pairs are drawn in at least one fold of at least one pair.",
            remedy="Ask for more folds, or for more pairs a fold.",
        )
    random = np.random.default_rng(seed)
    people = _split(dataset, folds, random)
    enough = min(per_fold, *(min(_genuine_there(fold), _impostor_there(fold)) for fold in people))
    if not enough:
        raise ConfigurationError(
            f"The data set {dataset.name} does not have two people a fold, one of them with two "
            f"photographs, for {folds} folds.",
            remedy="Ask for fewer folds, or use a data set with several photographs a person.",
        )
    pairs = [
        Pair(*ids, same, number)
        for number, fold in enumerate(people)
        for same, draw in ((True, _draw_genuine), (False, _draw_impostors))
        for ids in draw(fold, enough, random)
    ]
    return PairList(tuple(pairs), _fewer(enough, per_fold))


_Ids = tuple[str, str]


def _lines(path: Path) -> list[tuple[int, str]]:
    """Return the lines that say anything, with their numbers."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"The pairs in {path.name} cannot be read: {error.strerror}.",
            remedy="Check its path and permissions.",
        ) from error
    try:
        text = data.decode("utf-8-sig") if len(data) <= _MAX_BYTES else ""
    except UnicodeDecodeError:
        text = ""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise ConfigurationError(
            f"{path.name} holds no pairs: it is empty, no UTF-8 text, or over "
            f"{_MAX_BYTES >> 20} MB.",
            remedy="Give a file as LFW's pairs.txt.",
        )
    return lines


def _header(path: Path, lines: Sequence[tuple[int, str]]) -> tuple[int, int]:
    """Return the numbers of folds, and of genuine and of impostor pairs a fold."""
    words = lines[0][1].split()
    if len(words) in (1, 2) and all(word.isascii() and word.isdigit() for word in words):
        folds, per_fold = (int(word[:9]) for word in ("1", *words)[-2:])
        if folds and per_fold:
            return folds, per_fold
    raise ConfigurationError(
        f"{path.name} does not begin with its number of folds and of pairs a fold.",
        remedy="Write them in the first line, as in '10 300', or for one fold '300'.",
    )


def _demand_all(path: Path, found: int, wanted: int) -> None:
    if found != wanted:
        raise ConfigurationError(
            f"{path.name} has {found:,} pairs where its first line says {wanted:,}.",
            remedy="Use the whole file, or correct its first line.",
        )


def _by_number(dataset: Dataset) -> dict[tuple[str, int], str]:
    """Return the photographs that are called as LFW calls them, by person and number."""
    found: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for each in dataset.photographs:
        _, _, digits = each.path.stem.rpartition("_")
        if digits.isascii() and digits.isdigit() and each.path.stem == _stem(each, int(digits)):
            found[each.subject_id, int(digits)].append(each.photograph_id)
    return {name: ids[0] for name, ids in found.items() if len(ids) == 1}


def _stem(photograph: Photograph, number: int) -> str:
    return f"{photograph.subject_id}_{number:04d}"


def _pair(line: str, fold: int, known: dict[tuple[str, int], str]) -> Pair | str:
    """Return a line's pair, or what is wrong with it."""
    cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
    if len(cells) == 3:
        cells.insert(2, cells[0])
    if len(cells) != 4 or not all(cell.isascii() and cell.isdigit() for cell in cells[1::2]):
        return "is neither PERSON 1 2 nor PERSON 1 OTHER 2"
    names = [(person, int(digits[:9])) for person, digits in (cells[:2], cells[2:])]
    missing = [f"{person!a} {number}" for person, number in names if (person, number) not in known]
    if missing:
        return f"not in the data set: {', '.join(missing)}"
    if names[0] == names[1]:
        return f"{names[0][0]!a} {names[0][1]} is compared with itself"
    return Pair(known[names[0]], known[names[1]], same=names[0][0] == names[1][0], fold=fold)


def _genuine_first(fold: Iterable[Pair]) -> list[Pair]:
    return sorted(fold, key=lambda pair: not pair.same)


def _line(pair: Pair, names: dict[str, tuple[str, int]]) -> str:
    unnamed = [each for each in (pair.first, pair.second) if each not in names]
    if unnamed:
        raise ConfigurationError(
            f"The photograph {unnamed[0]!a} is not called as LFW calls its own.",
            remedy="Call pictures PERSON/PERSON_0001.jpg, or draw the pairs again from their seed.",
        )
    (first, one), (second, two) = names[pair.first], names[pair.second]
    if pair.same != (first == second):
        raise ConfigurationError(
            f"The pair of {pair.first!a} and {pair.second!a} says otherwise than the data set of "
            "whether they are of one person.",
            remedy="Write the pairs with the data set that they are from.",
        )
    return f"{first}\t{one}\t{two}" if pair.same else f"{first}\t{one}\t{second}\t{two}"


def _split(dataset: Dataset, folds: int, random: np.random.Generator) -> list[list[list[str]]]:
    """Deal people out over folds, each person as the ids of their photographs.

    Those with most photographs are dealt first, so that every fold has its share of them.
    """
    people = [[each.photograph_id for each in of] for of in dataset.by_subject().values()]
    shuffled = [people[at] for at in random.permutation(len(people))]
    shuffled.sort(key=len, reverse=True)
    return [shuffled[fold::folds] for fold in range(folds)]


def _genuine_there(people: list[list[str]]) -> int:
    return sum(len(ids) * (len(ids) - 1) // 2 for ids in people)


def _impostor_there(people: list[list[str]]) -> int:
    total = sum(len(ids) for ids in people)
    return (total * total - sum(len(ids) ** 2 for ids in people)) // 2


def _draw_genuine(people: list[list[str]], wanted: int, random: np.random.Generator) -> list[_Ids]:
    decks = [list(combinations(ids, 2)) for ids in people if len(ids) > 1]
    random.shuffle(decks)
    for deck in decks:
        random.shuffle(deck)
    in_turns = zip_longest(*decks)  # everybody's first pair, then everybody's second, ...
    return [pair for turn in in_turns for pair in turn if pair is not None][:wanted]


def _draw_impostors(
    people: list[list[str]], wanted: int, random: np.random.Generator
) -> list[_Ids]:
    drawn: dict[_Ids, None] = {}
    while len(drawn) < wanted:
        two = random.choice(len(people), 2, replace=False)
        first, second = sorted(str(random.choice(people[person])) for person in two)
        drawn[first, second] = None
    return list(drawn)


def _fewer(enough: int, per_fold: int) -> tuple[Problem, ...]:
    if enough == per_fold:
        return ()
    detail = f"{enough:,} genuine and as many impostor pairs a fold, not {per_fold:,}"
    return (Problem(ProblemKind.FEWER_PAIRS, detail),)
