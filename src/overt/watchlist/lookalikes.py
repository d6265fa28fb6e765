"""Look-alikes inside a list: different subjects whose references resemble each other.

One person under two ids makes two alerts of one passage, and two people who look alike make
the wrong one: Shaun Thompson was stopped in 2024 after an alert for his brother. Both are
better known before the deployment than on the street. A pair's normalised score is the
symmetric score normalisation of `overt.matching.gallery` with the list as cohort and both
subjects left out; it finds such pairs far better than the raw score does.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overt.matching.gallery import SMALLEST_COHORT
from overt.values import Reference, Watchlist
from overt.vision.manifest import FpirTarget
from overt.vision.store import Pack
from overt.watchlist.enrolment import RowResult
from overt.watchlist.neighbours import Neighbours

LOOKALIKE_SHARE = 1e-5
"""The share of all pairs that are listed as the most alike; 40 on a list of 2,850."""

MOST_LISTED = 100


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


def find_lookalikes(
    watchlist: Watchlist, level: float | None = None, neighbours: Neighbours | None = None
) -> tuple[Lookalike, ...]:
    """Return the pairs of subjects that are most alike, most alike first.

    Listed are the pairs that reach `level`, a decision threshold on the normalised score, and
    the `LOOKALIKE_SHARE` most alike of all pairs; `MOST_LISTED` at most. `neighbours` are the
    list's own, where they are known already.
    """
    references = watchlist.references
    if len(watchlist.subjects) < 2:
        return ()
    pairs = (neighbours or Neighbours.among(references)).pairs()
    normalised = pairs.normalised
    floor = _floor(normalised, len(references), level)
    found: dict[frozenset[str], Lookalike] = {}
    for index in np.argsort(-normalised, kind="stable")[: np.sum(normalised >= floor)].tolist():
        pair = references[pairs.first[index]], references[pairs.second[index]]
        scores = float(pairs.raw[index]), float(normalised[index])
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
