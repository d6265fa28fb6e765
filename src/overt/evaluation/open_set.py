"""Open-set 1:N evaluation after ISO/IEC 19795-1: who is listed, who passes, and what is found.

Subjects are drawn at random onto a list; everybody else is a stranger to it. Then, for a list
of N subjects and a decision threshold T:

* FPIR(N, T) is the share of non-mated searches whose best candidate reaches T;
* FNIR(N, R, T) is the share of mated searches without the right subject among the first R
  candidates at or above T, and TPIR = 1 - FNIR.

Every variant (`overt.evaluation.variants`) searches the same splits, so that two variants can be
compared search by search. Scores of several splits may be pooled, and a threshold read from all
of them: each split is one draw of a list, and a threshold has to serve whatever list there is.
The same people come back in other splits, so an interval has to resample people, never searches.

Searches run in blocks, so that the matrix of all scores is never in memory.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.errors import ConfigurationError
from overt.evaluation.drawing import (
    ABSENT,
    Faces,
    Indices,
    OpenSetProtocol,
    Probes,
    Split,
    draw,
    enrollable,
    rows_by_subject,
)
from overt.evaluation.variants import Listed, Scorer, Variant
from overt.values import Templates

# How an evaluation is drawn is spoken of in one breath with its scores.
__all__ = [
    "FPIRS",
    "Faces",
    "OpenSetProtocol",
    "OpenSetResult",
    "Probes",
    "SearchScores",
    "Split",
    "evaluate",
    "pool",
    "search",
    "search_splits",
]

Scores: TypeAlias = NDArray[np.float32]

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many splits are done, of how many."""

FPIRS = (0.10, 0.03, 0.01, 0.003, 0.001)
"""The rates that tables show."""

_BLOCK_BYTES = 1 << 24  # one block of scores: below what the allocator gives back every time


@dataclass(frozen=True, slots=True, eq=False)
class SearchScores:
    """The searches of one variant, of one split or of several pooled.

    For `m` mated searches: `own` is the right subject's score, float32, and `rank` their rank
    from 1, int32 (others of equal score count before them). For `n` non-mated searches:
    `non_mated` is the best candidate's score, float32, and `candidate` that subject's index.
    `mated_subject` and `non_mated_subject` are the indices of the probes' own subjects. A search
    that failed for want of a face has score minus infinity, rank 0 and candidate -1: it counts
    as a miss, or as a stranger passed over, as 19795-1 has it; see `acquired`.
    """

    variant: str
    own: Scores
    rank: Indices
    mated_subject: Indices
    non_mated: Scores
    candidate: Indices
    non_mated_subject: Indices

    @property
    def mated(self) -> Scores:
        """Mated scores, `(m,)`: minus infinity where the right subject is not at rank 1."""
        return self.mated_within(1)

    def mated_within(self, rank: int) -> Scores:
        """Return mated scores: minus infinity where the right subject is below `rank`."""
        found = (self.rank >= 1) & (self.rank <= rank)
        return np.where(found, self.own, np.float32(-np.inf))

    @property
    def failed(self) -> tuple[int, int]:
        """How many mated and non-mated searches failed for want of a face."""
        return int((self.rank == 0).sum()), int((self.candidate == ABSENT).sum())

    def acquired(self) -> "SearchScores":
        """Return the searches that could be made: rates over them leave failures to acquire out."""
        mated, non_mated = self.rank != 0, self.candidate != ABSENT
        return replace(
            self,
            own=self.own[mated],
            rank=self.rank[mated],
            mated_subject=self.mated_subject[mated],
            non_mated=self.non_mated[non_mated],
            candidate=self.candidate[non_mated],
            non_mated_subject=self.non_mated_subject[non_mated],
        )


@dataclass(frozen=True, slots=True, eq=False)
class OpenSetResult:
    """What each variant gave over all splits of one protocol.

    `subjects` are the ids that indices point to. `searches` holds one `SearchScores` a variant
    and split, split after split; every variant's are of the same probes in the same order.
    """

    protocol: OpenSetProtocol
    subjects: tuple[str, ...]
    searches: tuple[tuple[SearchScores, ...], ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants' names."""
        return tuple(scores.variant for scores in self.searches[0])

    def splits(self, variant: str) -> tuple[SearchScores, ...]:
        """Return one variant's searches, one entry a split."""
        place = self.variants.index(variant)
        return tuple(split[place] for split in self.searches)

    def pooled(self, variant: str) -> SearchScores:
        """Return one variant's searches over all splits."""
        return pool(self.splits(variant))


def pool(splits: Sequence[SearchScores]) -> SearchScores:
    """Return the searches of several splits as one; there is at least one."""
    return SearchScores(
        splits[0].variant,
        *(
            np.concatenate([getattr(split, name) for split in splits])
            for name in (
                "own",
                "rank",
                "mated_subject",
                "non_mated",
                "candidate",
                "non_mated_subject",
            )
        ),
    )


def evaluate(
    faces: Faces,
    protocol: OpenSetProtocol,
    variants: Sequence[Variant],
    progress: Progress = lambda _done, _all: None,
) -> OpenSetResult:
    """Search every split of `protocol` with every variant.

    Raises:
        ConfigurationError: there are not more people than the protocol sets apart, or no
            variant was named.
    """
    subjects, rows = rows_by_subject(faces)
    _demand_strangers(rows, protocol)
    splits = draw(rows, protocol)
    searches = search_splits(faces.templates, splits, protocol.splits, variants, progress)
    return OpenSetResult(protocol, subjects, searches)


def search_splits(
    templates: Templates,
    splits: Iterable[Split],
    count: int,
    variants: Sequence[Variant],
    progress: Progress,
) -> tuple[tuple[SearchScores, ...], ...]:
    """Search each of `count` splits with every variant: as `OpenSetResult.searches`.

    Raises:
        ConfigurationError: no variant was named.
    """
    if not variants:
        raise ConfigurationError(
            "There is no variant to evaluate.", remedy="Name one variant or more."
        )
    searches = []
    for split in splits:
        progress(split.number, count)
        searches.append(tuple(search(templates, split, variant) for variant in variants))
    progress(count, count)
    return tuple(searches)


def search(templates: Templates, split: Split, variant: Variant) -> SearchScores:
    """Search one split with one variant, block by block."""
    scorer = variant.prepare(
        Listed(
            templates=templates[split.references],
            owners=split.owners,
            outside=templates[split.outside],
        )
    )
    place = np.full(max(int(split.listed.max()), int(split.mated.subjects.max(initial=0))) + 1, -1)
    place[split.listed] = np.arange(len(split.listed))
    own, rank = _search_mated(templates, split.mated, place[split.mated.subjects], scorer)
    best, candidate = _search_non_mated(templates, split.non_mated, scorer)
    found = candidate != ABSENT
    candidate[found] = split.listed[candidate[found]]
    return SearchScores(
        variant=variant.name,
        own=own,
        rank=rank,
        mated_subject=split.mated.subjects,
        non_mated=best,
        candidate=candidate,
        non_mated_subject=split.non_mated.subjects,
    )


def _search_mated(
    templates: Templates, probes: Probes, owners: NDArray[np.intp], scorer: Scorer
) -> tuple[Scores, Indices]:
    own = np.full(len(probes), -np.inf, np.float32)
    rank = np.zeros(len(probes), np.int32)
    for block, scores in _blocks(templates, probes, scorer):
        right = scores[np.arange(len(block)), owners[block]]
        own[block] = right
        rank[block] = (scores >= right[:, None]).sum(axis=1)  # the right subject is one of them
    return own, rank


def _search_non_mated(
    templates: Templates, probes: Probes, scorer: Scorer
) -> tuple[Scores, Indices]:
    best = np.full(len(probes), -np.inf, np.float32)
    candidate = np.full(len(probes), ABSENT, np.int32)
    for block, scores in _blocks(templates, probes, scorer):
        first = scores.argmax(axis=1)
        candidate[block] = first
        best[block] = scores[np.arange(len(block)), first]
    return best, candidate


def _blocks(
    templates: Templates, probes: Probes, scorer: Scorer
) -> Iterator[tuple[NDArray[np.intp], Scores]]:
    """Yield the probes that can be searched, as their indices, and their scores `(b, N)`."""
    searchable = np.flatnonzero(probes.acquired)
    size = max(1, _BLOCK_BYTES // (4 * scorer.subjects))
    for start in range(0, len(searchable), size):
        block = searchable[start : start + size]
        photographs = probes.photographs[block]
        yield block, scorer.score(templates[photographs], photographs != ABSENT)


def _demand_strangers(rows: Sequence[Indices], protocol: OpenSetProtocol) -> None:
    people = sum(map(enrollable, rows))
    if protocol.list_size < 1 or protocol.list_size + protocol.outside >= people:
        outside = f" and an outside cohort of {protocol.outside:,}" if protocol.outside else ""
        raise ConfigurationError(
            f"A list of {protocol.list_size:,}{outside} cannot be drawn from {people:,} people.",
            remedy="Name a list size above 0 that leaves people outside the list.",
        )
