"""For each reference of a list, the most alike of other subjects: what the list is judged by.

Look-alikes and hubs are both read from it, so that a long list is compared with itself once.
Memory holds a block of scores and twelve neighbours a reference, whatever the list's length.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from overt.matching.gallery import COHORT_TOP, SMALLEST_COHORT
from overt.values import Template, Templates

KEPT = 12
"""Neighbours kept a reference: the cohort's five, and room for its subject's other references."""

_BLOCK = 512  # references a block: 41 MB of scores against a list of 20,000
_SCORES = 512 * 20_000  # longer lists are taken in shorter blocks of as many scores


class Labelled(Protocol):
    """A template and whose it is: a reference, or anything else of which both are known."""

    @property
    def subject_id(self) -> str:
        """Whose it is."""

    @property
    def template(self) -> Template:
        """The template, `(d,)` float32 of unit norm."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of references of different subjects, each once; four arrays of one length.

    `first` and `second` are places in the list (int64); `raw` is the cosine and `normalised`
    the score after symmetric normalisation with both subjects left out (float32), which is the
    raw one again on lists under `SMALLEST_COHORT` subjects.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    raw: NDArray[np.float32]
    normalised: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """For each of `n` references the `k` most alike of other subjects, most alike first.

    `subjects` is `(n,)` int64 (subjects by number, from 0), `nearest` `(n, k)` int64 (places in
    the list) and `scores` `(n, k)` float32; a score of minus infinity stands where there is no
    further neighbour.
    """

    subjects: NDArray[np.int64]
    nearest: NDArray[np.int64]
    scores: NDArray[np.float32]

    @classmethod
    def among(cls, references: Sequence[Labelled]) -> "Neighbours":
        """Compare every reference, of at least one, with all others."""
        number: dict[str, int] = {}
        subjects = np.array(
            [number.setdefault(one.subject_id, len(number)) for one in references], np.int64
        )
        templates = np.stack([one.template for one in references])
        blocks = list(_nearest(templates, subjects))
        return cls(
            subjects,
            np.concatenate([nearest for nearest, _ in blocks]),
            np.concatenate([scores for _, scores in blocks]),
        )

    def pairs(self) -> Pairs:
        """Return each pair of neighbours once, with its scores."""
        first, second, raw = self._raw_pairs()
        normalised = raw
        if self.subjects.max() + 1 >= SMALLEST_COHORT:
            normalised = raw - 0.5 * (
                self._level(first, without=second) + self._level(second, without=first)
            )
        return Pairs(first, second, raw, normalised)

    def nearest_to(self) -> NDArray[np.int64]:
        """Return among how many others' `KEPT` nearest each reference is: its k-occurrence."""
        counted = self.nearest[np.isfinite(self.scores)]
        return np.bincount(counted, minlength=len(self.nearest)).astype(np.int64)

    def highest(self) -> NDArray[np.float32]:
        """Return each reference's mean over its `COHORT_TOP` highest scores, `(n,)`."""
        top = self.scores[:, :COHORT_TOP]
        there = np.isfinite(top)
        total = np.where(there, top, 0).sum(axis=1)
        return np.asarray(total / np.maximum(there.sum(axis=1), 1), np.float32)

    def _raw_pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        own = np.repeat(np.arange(len(self.nearest)), self.nearest.shape[1])
        other, scores = self.nearest.ravel(), self.scores.ravel()
        low, high = np.minimum(own, other), np.maximum(own, other)
        _, once = np.unique(low * len(self.nearest) + high, return_index=True)
        once = once[np.isfinite(scores[once])]
        return low[once], high[once], scores[once]

    def _level(
        self, places: NDArray[np.int64], *, without: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return each reference's mean over its highest scores, the other's subject left out."""
        scores = self.scores[places]
        counts = self.subjects[self.nearest[places]] != self.subjects[without][:, None]
        counts &= np.isfinite(scores)
        counts &= np.cumsum(counts, axis=1) <= COHORT_TOP
        total = np.where(counts, scores, 0).sum(axis=1)
        return np.asarray(total / np.maximum(counts.sum(axis=1), 1), np.float32)


def _nearest(
    templates: Templates, subjects: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    kept = min(KEPT, len(templates))
    block = max(1, min(_BLOCK, _SCORES // len(templates)))
    for start in range(0, len(templates), block):
        scores = templates[start : start + block] @ templates.T
        scores[subjects[start : start + block, None] == subjects] = -np.inf
        top = np.argpartition(scores, -kept, axis=1)[:, -kept:]
        values = np.take_along_axis(scores, top, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        yield np.take_along_axis(top, order, axis=1), np.take_along_axis(values, order, axis=1)
