"""Look-alikes inside a list: different subjects whose references resemble each other.

One person under two ids makes two alerts of one passage, and two people who look alike make
the wrong one: Shaun Thompson was stopped in 2024 after an alert for his brother. Both are
better known before the deployment than on the street. A pair's normalised score is the
symmetric score normalisation of `overt.matching.gallery` with the list as cohort and both
subjects left out; it finds such pairs far better than the raw score does.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overt.matching.gallery import COHORT_TOP, SMALLEST_COHORT
from overt.values import Reference, Templates, Watchlist
from overt.vision.manifest import FpirTarget
from overt.vision.store import Pack
from overt.watchlist.enrolment import RowResult

LOOKALIKE_SHARE = 1e-5
"""The share of all pairs that are listed as the most alike; 40 on a list of 2,850."""

MOST_LISTED = 100

_NEAREST = 12  # kept for each reference: the cohort's five, and room for its other references
_BLOCK = 512  # references a block: 41 MB of scores against a list of 20,000


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Two subjects who resemble each other, by the two references that do so most.

    `comparison_score` is the raw cosine, `normalised_score` the same after normalisation (raw
    again on lists under `SMALLEST_COHORT` subjects). `would_alert` says that the score reaches
    the threshold asked about: one of them passing could raise an alert for the other, or the
    two are one person.
    """

    subjects: tuple[str, str]
    references: tuple[str, str]
    comparison_score: float
    normalised_score: float
    would_alert: bool


def alert_level(pack: Pack, subjects: int, target: FpirTarget) -> float | None:
    """Return the pack's decision threshold for a list of `subjects`, or None if unmeasured."""
    thresholds = pack.manifest.thresholds
    if thresholds is None or not subjects:
        return None
    table = thresholds.normalised if subjects >= SMALLEST_COHORT else thresholds.raw
    return table.at(target, subjects)


def find_lookalikes(watchlist: Watchlist, level: float | None = None) -> tuple[Lookalike, ...]:
    """Return the pairs of subjects that are most alike, most alike first.

    Listed are the pairs that reach `level`, a decision threshold on the normalised score, and
    the `LOOKALIKE_SHARE` most alike of all pairs; `MOST_LISTED` at most. Memory stays below
    a block of scores, whatever the list's length.
    """
    references = watchlist.references
    if len(watchlist.subjects) < 2:
        return ()
    neighbours = _Neighbours.among(references)
    first, second, raw = neighbours.pairs()
    normalised = raw
    if len(watchlist.subjects) >= SMALLEST_COHORT:
        normalised = raw - 0.5 * (
            neighbours.level(first, without=second) + neighbours.level(second, without=first)
        )
    floor = _floor(normalised, len(references), level)
    found: dict[frozenset[str], Lookalike] = {}
    for index in np.argsort(-normalised, kind="stable")[: np.sum(normalised >= floor)].tolist():
        pair = references[first[index]], references[second[index]]
        scores = float(raw[index]), float(normalised[index])
        # The first of two subjects' pairs is their most alike.
        found.setdefault(frozenset(one.subject_id for one in pair), _lookalike(pair, scores, level))
    return tuple(found.values())[:MOST_LISTED]


def same_pictures(results: Sequence[RowResult]) -> tuple[tuple[RowResult, ...], ...]:
    """Return the groups of rows that name one and the same picture, byte for byte."""
    groups: defaultdict[str, list[RowResult]] = defaultdict(list)
    for result in results:
        if result.picture_sha256:
            groups[result.picture_sha256].append(result)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _floor(normalised: NDArray[np.float32], references: int, level: float | None) -> float:
    """Return the least score that is listed."""
    share = min(round(LOOKALIKE_SHARE * references * (references - 1) / 2), len(normalised))
    most_alike = float(np.sort(normalised)[-share]) if share else np.inf
    return min(most_alike, np.inf if level is None else level)


def _lookalike(
    pair: tuple[Reference, Reference], scores: tuple[float, float], level: float | None
) -> Lookalike:
    return Lookalike(
        subjects=(pair[0].subject_id, pair[1].subject_id),
        references=(pair[0].reference_id, pair[1].reference_id),
        comparison_score=scores[0],
        normalised_score=scores[1],
        would_alert=level is not None and scores[1] >= level,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Neighbours:
    """For each of `n` references the `k` most alike of other subjects, most alike first.

    `subjects` is `(n,)` int64, `nearest` `(n, k)` int64 (places in the list) and `scores`
    `(n, k)` float32; a score of minus infinity stands where there is no further neighbour.
    """

    subjects: NDArray[np.int64]
    nearest: NDArray[np.int64]
    scores: NDArray[np.float32]

    @classmethod
    def among(cls, references: Sequence[Reference]) -> "_Neighbours":
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

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Return each pair of neighbours once: the two places in the list, and the raw score."""
        own = np.repeat(np.arange(len(self.nearest)), self.nearest.shape[1])
        other, scores = self.nearest.ravel(), self.scores.ravel()
        low, high = np.minimum(own, other), np.maximum(own, other)
        _, once = np.unique(low * len(self.nearest) + high, return_index=True)
        once = once[np.isfinite(scores[once])]
        return low[once], high[once], scores[once]

    def level(
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
    kept = min(_NEAREST, len(templates))
    for start in range(0, len(templates), _BLOCK):
        scores = templates[start : start + _BLOCK] @ templates.T
        scores[subjects[start : start + _BLOCK, None] == subjects] = -np.inf
        top = np.argpartition(scores, -kept, axis=1)[:, -kept:]
        values = np.take_along_axis(scores, top, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        yield np.take_along_axis(top, order, axis=1), np.take_along_axis(values, order, axis=1)
