"""Labelled photographs to measure with, and what is wrong with a set of them.

Everything that is not used is a `Problem` with its kind, so that it is counted and named. What a
set is, its `sha256` says, wherever it lies. `overt.evaluation.dataset_files` reads and writes it.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from overt.errors import ConfigurationError


class ProblemKind(StrEnum):
    """What can be wrong with a data set, or worth knowing before it is measured with."""

    UNREADABLE_ROW = "row cannot be read"
    UNUSED_COLUMN = "column is not used"
    DUPLICATE_ID = "photograph id used twice"
    UNUSABLE_NAME = "name cannot be used as an id"
    MISSING = "picture file not found"
    OUTSIDE = "picture is outside the data set's folder"
    NO_PICTURE = "file is no picture"
    STRAY = "file or folder in a place where none is looked for"
    REPEATED = "same picture twice for one person"
    SHARED = "same picture under several people"
    NO_PHOTOGRAPH = "person without a usable photograph"
    SINGLE = "person with a single photograph"
    UNKNOWN_GROUP = "group is not a declared one"
    GROUPS_DIFFER = "one person in several groups"
    CONSENTS_DIFFER = "one person with and without consent"
    EXCLUDED = "left out as asked"
    UNUSABLE_PAIR = "pair cannot be used"
    FEWER_PAIRS = "fewer pairs than asked for"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, in words, and whom or what it concerns.

    `line` is the row of the file as a spreadsheet numbers it, where the problem is one of a row.
    """

    kind: ProblemKind
    detail: str
    photograph_ids: tuple[str, ...] = ()
    subject_ids: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Photograph:
    """One photograph of one person.

    `group` is empty where none is known. `consent` says that the person agreed to being
    evaluated by group. `picture_sha256` is of the file's bytes.
    """

    photograph_id: str
    subject_id: str
    path: Path
    group: str = ""
    consent: bool = False
    picture_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Photographs in the order of their ids, and what is wrong with the set.

    `sha256` covers every photograph's id, subject, group, consent and bytes; neither the set's
    name nor where its files lie.
    """

    name: str
    photographs: tuple[Photograph, ...]
    problems: tuple[Problem, ...] = ()
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        """Work out what the set is called by."""
        object.__setattr__(self, "sha256", _digest(self.photographs))

    @property
    def subject_ids(self) -> tuple[str, ...]:
        """Everybody in the set, once each, in order."""
        return tuple(sorted({each.subject_id for each in self.photographs}))

    @property
    def problem_counts(self) -> Counter[ProblemKind]:
        """How many problems there are of each kind."""
        return Counter(problem.kind for problem in self.problems)

    def by_subject(self) -> dict[str, tuple[Photograph, ...]]:
        """Return each person's photographs, both in order."""
        found: defaultdict[str, list[Photograph]] = defaultdict(list)
        for photograph in self.photographs:
            found[photograph.subject_id].append(photograph)
        return {subject: tuple(found[subject]) for subject in sorted(found)}

    def without(self, photograph_ids: Collection[str]) -> "Dataset":
        """Return the set without some photographs, which it names as left out.

        Raises:
            ConfigurationError: one is not in the set, or none would be left.
        """
        wanted = set(photograph_ids)
        unknown = sorted(wanted - {each.photograph_id for each in self.photographs})
        if unknown:
            raise ConfigurationError(
                f"{counted(len(unknown), 'photograph')} to leave out: not in the data set "
                f"{self.name}, first {unknown[0]!a}.",
                remedy="Use the list of exclusions that was made for this data set.",
            )
        kept = tuple(each for each in self.photographs if each.photograph_id not in wanted)
        left_out = Problem(ProblemKind.EXCLUDED, "", tuple(sorted(wanted)))
        told = [each for each in self.problems if each.kind is not ProblemKind.SINGLE]
        return dataset_of(self.name, kept, [*told, left_out] if wanted else told)


def dataset_of(name: str, photographs: tuple[Photograph, ...], problems: list[Problem]) -> Dataset:
    """Return the set, with whoever has a single photograph named among its problems.

    Raises:
        ConfigurationError: it has no photograph; it says what is wrong with those there were.
    """
    if not photographs:
        counts = Counter(problem.kind for problem in problems)
        why = "; ".join(f"{kind}, {count:,}" for kind, count in counts.most_common())
        raise ConfigurationError(
            f"No photograph of the data set {name} can be used: {why or 'it is empty'}.",
            remedy="Give a folder with a folder for each person, or a manifest with their paths.",
        )
    taken = Counter(each.subject_id for each in photographs)
    singles = [
        Problem(ProblemKind.SINGLE, "", (each.photograph_id,), (each.subject_id,))
        for each in photographs
        if taken[each.subject_id] == 1
    ]
    return Dataset(name, photographs, (*problems, *singles))


def _digest(photographs: Iterable[Photograph]) -> str:
    total = hashlib.sha256()
    for each in sorted(photographs, key=lambda each: each.photograph_id):
        row = [each.photograph_id, each.subject_id, each.group, each.consent, each.picture_sha256]
        total.update(json.dumps(row).encode() + b"\n")
    return total.hexdigest()


def counted(count: int, thing: str) -> str:
    """Return so many things in words: `1 photograph`, `2 photographs`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
