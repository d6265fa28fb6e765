"""Scores turned into what a report tells: points, curves, intervals and spreads.

Searches of all splits are pooled: each split is one draw of a list, and a threshold has to
serve whatever list there is. The same people come back in other splits, so intervals draw
people, never searches (`overt.evaluation.bootstrap`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from overt.evaluation.bootstrap import DRAWS, Band, band
from overt.evaluation.closed_set import RANKS, cmc
from overt.evaluation.curves import Curve, det, folded, rates_at, threshold_at, verification
from overt.evaluation.extraction import Extracted
from overt.evaluation.open_set import FPIRS, OpenSetResult, SearchScores
from overt.evaluation.pairs import Pair
from overt.evaluation.report import (
    ClosedSet,
    ErrorPoint,
    Estimate,
    Histogram,
    Line,
    OpenSet,
    OperatingPoint,
    ScoreResult,
    Share,
    Verification,
    finite,
)
from overt.evaluation.variants import Variant
from overt.rates import LEVEL, Rate

FMRS = (0.1, 0.01, 0.001)
"""The false rates of 1:1 comparison that the table shows."""

_GRID = 25  # points of a curve with its band, evenly by the logarithm of FPIR
_BINS = 60


@dataclass(frozen=True, slots=True)
class Intervals:
    """How intervals are made: by so many draws of people, from this seed."""

    draws: int = DRAWS
    seed: int = 0


def verification_of(
    extracted: Extracted, pairs: Sequence[Pair], drawn_how: str, left_out: Mapping[str, int]
) -> Verification:
    """Compare pairs 1:1; a pair of which a photograph has no template is counted as not used.

    `drawn_how` says in words where the pairs are from; `left_out` counts those that were not
    pairs of the data set, by reason.

    Raises:
        ConfigurationError: too few pairs are left to be judged.
    """
    rows = {photograph: row for row, photograph in enumerate(extracted.photograph_ids)}
    usable = [pair for pair in pairs if pair.first in rows and pair.second in rows]
    first = extracted.templates[[rows[pair.first] for pair in usable]]
    second = extracted.templates[[rows[pair.second] for pair in usable]]
    scores = np.einsum("nd,nd->n", first, second)
    same = np.array([pair.same for pair in usable], np.bool_)
    curve = verification(scores[same], scores[~same])
    judged = folded(scores, same, np.array([pair.fold for pair in usable]))
    # Student's t: the folds are few, and their deviation is estimated from them.
    width = float(stdtrit(len(judged.rates) - 1, (1 + LEVEL) / 2)) * judged.standard_error
    without = len(pairs) - len(usable)
    return Verification(
        pairs=drawn_how,
        genuine=int(same.sum()),
        impostor=int((~same).sum()),
        folds=tuple(rate.value for rate in judged.rates),
        decided_right=Estimate(
            judged.mean, max(judged.mean - width, 0.0), min(judged.mean + width, 1.0)
        ),
        equal_error_rate=finite(curve.eer),
        points=tuple(_error_point(scores[same], scores[~same], fmr) for fmr in FMRS),
        not_used={
            **({"a photograph without a usable face": without} if without else {}),
            **left_out,
        },
        curve=_line("cosine", curve.thinned(100)),
    )


def open_set_of(
    result: OpenSetResult, variants: Sequence[Variant], shown: str, intervals: Intervals
) -> OpenSet:
    """Return what every variant gives with one list size; `shown` is the one drawn in full."""
    splits = result.splits(shown)
    return OpenSet(
        list_size=result.protocol.list_size,
        splits=result.protocol.splits,
        mated=float(np.mean([len(split.own) for split in splits])),
        non_mated=float(np.mean([len(split.non_mated) for split in splits])),
        shown=shown,
        scores=tuple(_scored(result, variant, intervals) for variant in variants),
        histogram=histogram(result.pooled(shown)),
    )


def tpirs_at(
    scores: SearchScores, fpirs: Sequence[float], intervals: Intervals
) -> tuple[Estimate, ...]:
    """Return TPIR at each FPIR with its interval."""
    return tuple(_tpirs(_banded(scores, fpirs, intervals)))


def closed_set_of(result: OpenSetResult, variant: str, seed: int) -> ClosedSet:
    """Return how one way of scoring ranks listed people."""
    pooled = result.pooled(variant)
    size = result.protocol.list_size
    ranks = tuple(rank for rank in RANKS if rank <= size)
    found = cmc(pooled, ranks, seed=seed)
    rates = tuple(
        Estimate(rate.value, low, high)
        for rate, (low, high) in zip(found.rates, found.intervals, strict=True)
    )
    return ClosedSet(
        list_size=size,
        splits=result.protocol.splits,
        score=variant,
        searches=len(pooled.rank),
        ranks=ranks,
        rates=rates,
        curve=Line(
            f"{variant}, {size:,} listed",
            _floats(ranks),
            tuple(rate.value for rate in found.rates),
            tuple(low for low, _ in found.intervals),
            tuple(high for _, high in found.intervals),
        ),
    )


def histogram(scores: SearchScores) -> Histogram:
    """Return how the scores of mated and non-mated searches are spread."""
    mated, non_mated = scores.mated, scores.non_mated
    found = [part[np.isfinite(part)] for part in (mated, non_mated)]
    together = np.concatenate(found)
    edges = np.histogram_bin_edges(together.astype(np.float64), _BINS)
    shares = [
        np.histogram(part.astype(np.float64), edges)[0] / max(len(whole), 1)
        for part, whole in zip(found, (mated, non_mated), strict=True)
    ]
    return Histogram(
        score=scores.variant,
        edges=_floats(edges),
        mated=_floats(shares[0]),
        non_mated=_floats(shares[1]),
        wrong_rank=1 - len(found[0]) / max(len(mated), 1),
    )


def rates_by_threshold(scores: SearchScores, threshold: float) -> tuple[Share, Share]:
    """Return TPIR and FPIR at one threshold.

    Their intervals are Wilson's over searches: narrower than those over people.
    """
    tpir, fpir = rates_at(scores.mated, scores.non_mated, threshold)
    return Share.told(tpir), Share.told(fpir)


def _error_point(
    genuine: NDArray[np.float32], impostor: NDArray[np.float32], fmr: float
) -> ErrorPoint:
    threshold = threshold_at(impostor, fmr)
    reaching, _ = rates_at(genuine, impostor, threshold)
    missed = Rate(reaching.of - reaching.count, reaching.of)
    return ErrorPoint(fmr, threshold, Share.told(missed))


def _scored(result: OpenSetResult, variant: Variant, intervals: Intervals) -> ScoreResult:
    pooled = result.pooled(variant.name)
    splits = result.splits(variant.name)
    grid = _grid(len(pooled.non_mated))
    banded = _banded(pooled, (*FPIRS, *grid), intervals)
    points = zip(FPIRS, _tpirs(banded), strict=False)
    return ScoreResult(
        score=variant.name,
        meaning=variant.title,
        points=tuple(_point(fpir, tpir, pooled, splits) for fpir, tpir in points),
        curve=_curve(variant.name, banded, len(FPIRS)),
    )


def _point(
    fpir: float, tpir: Estimate, pooled: SearchScores, splits: Sequence[SearchScores]
) -> OperatingPoint:
    threshold = threshold_at(pooled.non_mated, fpir)
    by_split = [threshold_at(split.non_mated, fpir) for split in splits]
    tpirs = [det(split.mated, split.non_mated).tpir_at(fpir) for split in splits]
    above = rates_at(pooled.mated, pooled.non_mated, threshold)[1].count
    return OperatingPoint(
        fpir=fpir,
        threshold=Estimate(finite(threshold), deviation=_deviation(by_split)),
        tpir=Estimate(tpir.value, tpir.low, tpir.high, _deviation(tpirs)),
        strangers=above / len(splits),
    )


def _banded(scores: SearchScores, fpirs: Sequence[float], intervals: Intervals) -> Band:
    searches = (scores.mated, scores.mated_subject, scores.non_mated, scores.non_mated_subject)
    if min(len(np.unique(searches[1])), len(np.unique(searches[3]))) >= 2:
        return band(*searches, fpirs, draws=intervals.draws, seed=intervals.seed)
    curve = det(scores.mated, scores.non_mated)
    none = (inf,) * len(fpirs)
    return Band(tuple(fpirs), (0,) * len(fpirs), tuple(map(curve.tpir_at, fpirs)), none, none)


def _tpirs(banded: Band) -> list[Estimate]:
    ends = zip(banded.tpir, banded.low, banded.high, strict=True)
    return [Estimate(value, finite(low), finite(high)) for value, low, high in ends]


def _curve(name: str, banded: Band, start: int) -> Line:
    """Draw FNIR over FPIR from a band's points from `start` on."""
    known = all(map(np.isfinite, banded.low))
    return Line(
        name,
        banded.fpirs[start:],
        tuple(1 - value for value in banded.tpir[start:]),
        tuple(1 - value for value in banded.high[start:]) if known else (),
        tuple(1 - value for value in banded.low[start:]) if known else (),
    )


def _grid(non_mated: int) -> tuple[float, ...]:
    """Return FPIRs from the smallest that so many searches can tell to 1."""
    return _floats(np.geomspace(max(1 / max(non_mated, 10), 1e-4), 1.0, _GRID))


def _line(name: str, curve: Curve) -> Line:
    """Draw FNMR over FMR, rising in FMR; without the ends, where one of them is 0."""
    seen = (curve.fpir > 0) & (curve.fnir > 0)
    return Line(name, _floats(curve.fpir[seen][::-1]), _floats(curve.fnir[seen][::-1]))


def _deviation(values: Sequence[float]) -> float | None:
    return finite(float(np.std(values, ddof=1))) if len(values) > 1 else None


def _floats(values: Iterable[float] | NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
