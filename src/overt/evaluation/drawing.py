"""Drawing an evaluation: who is listed, who is set apart, and who passes by.

Draws depend only on the seed and on the number of people and of their photographs, in the order
of the data set; so the same data with other templates is drawn the same.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.values import Templates

Indices: TypeAlias = NDArray[np.int32]

ABSENT = -1
"""Stands for a photograph of which no template was made."""


class FailedFace(Protocol):
    """A photograph of which no template was made."""

    @property
    def subject_id(self) -> str:
        """Whose photograph it is."""


class Faces(Protocol):
    """What is evaluated, as `overt.evaluation.extraction.Extracted` has it."""

    @property
    def templates(self) -> Templates:
        """One template a photograph: `(n, d)` float32, unit rows."""

    @property
    def subject_ids(self) -> Sequence[str]:
        """Whose photograph each is, `(n,)`."""

    @property
    def failures(self) -> Sequence[FailedFace]:
        """Photographs without a template: failures to acquire."""


@dataclass(frozen=True, slots=True)
class OpenSetProtocol:
    """How an evaluation is drawn.

    `list_size` subjects are listed, each with up to `references` photographs; whoever has fewer
    is listed with those. A search is made with `shots` photographs of one person; a person's
    other photographs are divided into groups of that many, and what is left over is not
    searched with. `outside` further subjects are set apart as an outside cohort and pass by
    nowhere. Everything is repeated over `splits` random splits, drawn one after another from
    `seed`.
    """

    list_size: int
    references: int = 1
    shots: int = 1
    outside: int = 0
    splits: int = 10
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """The searches of one kind in one split.

    `photographs` is `(p, shots)` int32, rows of the templates, -1 where none was acquired;
    `subjects` is `(p,)` int32, indices of the probes' own subjects.
    """

    photographs: Indices
    subjects: Indices

    def __len__(self) -> int:
        return len(self.subjects)

    @property
    def acquired(self) -> NDArray[np.bool_]:
        """Which searches could be made at all: with one shot or more, `(p,)`."""
        return np.asarray((self.photographs != ABSENT).any(axis=1), np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One draw. All arrays are int32.

    `listed` is `(N,)`, subject indices; `references` are the rows of their photographs, subject
    after subject, and `owners` says for each its subject's place in `listed`. `outside` are the
    rows of the outside cohort.
    """

    number: int
    listed: Indices
    references: Indices
    owners: Indices
    outside: Indices
    mated: Probes
    non_mated: Probes


def rows_by_subject(faces: Faces) -> tuple[tuple[str, ...], list[Indices]]:
    """Return the subjects' ids, and for each the rows of their photographs.

    -1 stands for a photograph that has no template.
    """
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, subject in enumerate(faces.subject_ids):
        rows[str(subject)].append(row)
    for failure in faces.failures:
        rows[failure.subject_id].append(ABSENT)
    return tuple(rows), [np.array(found, np.int32) for found in rows.values()]


def enrollable(photographs: Indices) -> bool:
    """Tell whether a subject has a photograph with a template."""
    return bool((photographs != ABSENT).any())


def draw(rows: Sequence[Indices], protocol: OpenSetProtocol) -> Iterator[Split]:
    """Draw the splits of subjects whose photographs are `rows`; see `rows_by_subject`."""
    random = np.random.default_rng(protocol.seed)
    for number in range(protocol.splits):
        people = random.permutation(len(rows)).astype(np.int32)
        shuffled = [random.permutation(photographs) for photographs in rows]
        yield _split(number, people, shuffled, protocol)


def _split(
    number: int, people: Indices, rows: Sequence[Indices], protocol: OpenSetProtocol
) -> Split:
    fit = np.array([enrollable(rows[person]) for person in people], np.bool_)
    listed, rest = _first(people, fit, protocol.list_size)
    apart, others = rest[: protocol.outside], rest[protocol.outside :]
    enrolled = [_enrolled(rows[person], protocol.references) for person in listed]
    return Split(
        number=number,
        listed=listed,
        references=_joined([references for references, _ in enrolled]),
        owners=np.repeat(
            np.arange(len(listed), dtype=np.int32), [len(references) for references, _ in enrolled]
        ),
        outside=_acquired(_joined([rows[person] for person in apart])),
        mated=_probes(listed, [left for _, left in enrolled], protocol.shots),
        non_mated=_probes(others, [rows[person] for person in others], protocol.shots),
    )


def _first(people: Indices, fit: NDArray[np.bool_], count: int) -> tuple[Indices, Indices]:
    """Return the first `count` people who are fit, and everybody else, in their order."""
    chosen = np.zeros(len(people), np.bool_)
    chosen[np.flatnonzero(fit)[:count]] = True
    return people[chosen], people[~chosen]


def _enrolled(photographs: Indices, references: int) -> tuple[Indices, Indices]:
    """Divide a listed subject's photographs: the first with a template are the references."""
    chosen = np.zeros(len(photographs), np.bool_)
    chosen[np.flatnonzero(photographs != ABSENT)[:references]] = True
    return photographs[chosen], photographs[~chosen]


def _probes(people: Indices, rows: Sequence[Indices], shots: int) -> Probes:
    groups = [
        (person, photographs[: len(photographs) // shots * shots].reshape(-1, shots))
        for person, photographs in zip(people, rows, strict=True)
    ]
    return Probes(
        photographs=np.concatenate(
            [np.zeros((0, shots), np.int32), *(group for _, group in groups)]
        ),
        subjects=np.repeat(people, [len(group) for _, group in groups]),
    )


def _acquired(rows: Indices) -> Indices:
    return np.asarray(rows[rows != ABSENT], np.int32)


def _joined(parts: Sequence[Indices]) -> Indices:
    return np.concatenate([np.zeros(0, np.int32), *parts])
