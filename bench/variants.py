"""Ways to score compared on LFW's development half, search by search.

Every variant of a table searches the same splits, so a difference between two of them is told
with its own interval: the same people are drawn for both. docs/decisions/0022 has what was
decided. Reported are labels as they are, and without those that the label check lists as wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.accuracy import SHOWN_SIZES, banded, draws, lfw, splits, templates, told
from bench.context import Context
from bench.results import Claim, Grid
from bench.wrong_labels import without_wrong_labels
from overt.evaluation.bootstrap import Band, resamples
from overt.evaluation.curves import Floats, Scores, threshold_at
from overt.evaluation.extraction import Extracted
from overt.evaluation.open_set import FPIRS, OpenSetProtocol, SearchScores, evaluate
from overt.evaluation.variants import (
    AGREEING,
    BEST_SCORE,
    MEAN_SCORE,
    NEAREST,
    ONE_SHOT,
    OUTSIDE,
    PRODUCTION,
    RAW,
    Variant,
)

JUDGED_FPIR, WANTED, AIM = 0.003, 0.50, 0.65
THREE_SHOTS_FPIR, WANTED_OF_THREE = 0.01, 0.90


@dataclass(frozen=True, slots=True)
class Row:
    """One variant's rates, and its difference to production's at each FPIR: middle, low, high."""

    variant: str
    band: Band
    difference: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Variants under one protocol; `mated` and `non_mated` are searches of all splits."""

    labels: str
    protocol: OpenSetProtocol
    mated: int
    non_mated: int
    rows: tuple[Row, ...]

    @property
    def best(self) -> Row:
        """The variant with the highest TPIR at the judged FPIR."""
        return max(self.rows, key=lambda row: row.band.tpir[FPIRS.index(JUDGED_FPIR)])

    def row(self, variant: Variant) -> Row:
        """Return one variant's row."""
        return next(row for row in self.rows if row.variant == variant.title)


@dataclass(frozen=True, slots=True)
class VariantsResult:
    """Every comparison, with the labels as they are and with wrong ones left out."""

    comparisons: tuple[Compared, ...]

    def claims(self) -> Iterator[Claim]:
        """Return the claims on single photographs and on three shots, 2,000 being listed."""
        for compared in self.comparisons:
            protocol = compared.protocol
            if (protocol.list_size, protocol.references, protocol.outside) != (2_000, 1, 0):
                continue
            if protocol.shots == 1:
                at, best = FPIRS.index(JUDGED_FPIR), compared.best
                yield Claim(
                    f"variants: TPIR at FPIR 0.3 %, 2,000 listed, {compared.labels}",
                    f"≥ {WANTED}, aim {AIM}",
                    f"{told(best.band, at)} {best.variant}; "
                    f"{told(compared.row(RAW).band, at)} {RAW.title}",
                    best.band.tpir[at] >= WANTED,
                )
            if protocol.shots == 3:
                at, fused = FPIRS.index(THREE_SHOTS_FPIR), compared.row(PRODUCTION)
                yield Claim(
                    f"variants: TPIR at FPIR 1 %, 2,000 listed, three shots, {compared.labels}",
                    f"≥ {WANTED_OF_THREE}",
                    told(fused.band, at),
                    fused.band.tpir[at] >= WANTED_OF_THREE,
                )

    def grids(self) -> Iterator[Grid]:
        """Return one table a protocol."""
        for compared in self.comparisons:
            yield _rates(compared)
            if len(compared.rows) > 1:
                yield _differences(compared)


def measure(context: Context) -> VariantsResult:
    """Compare every variant under the protocols that it is for."""
    dataset = lfw(context)
    mirrored, plain = (templates(context, dataset, mirrored=each) for each in (None, False))
    clean = without_wrong_labels(dataset)
    sets = (
        _Set("labels as they are", mirrored, plain),
        _Set("wrong labels left out", mirrored.restricted_to(clean), plain.restricted_to(clean)),
    )
    jobs = [(each, *job) for each in sets for job in _jobs(context)]
    comparisons = []
    with context.progress("comparing variants") as progress:
        for done, job in enumerate(jobs):
            progress(done, len(jobs))
            comparisons.append(_compare(context, *job))
    return VariantsResult(tuple(comparisons))


@dataclass(frozen=True, slots=True, eq=False)
class _Set:
    """One set of people: templates as the pack makes them, and without the mirrored chip."""

    labels: str
    mirrored: Extracted
    plain: Extracted


def _jobs(context: Context) -> Iterator[tuple[OpenSetProtocol, list[Variant]]]:
    """Yield protocols, and the variants that make a difference under each."""
    few = splits(context)
    single = [RAW, PRODUCTION]
    several = [PRODUCTION, MEAN_SCORE, BEST_SCORE, ONE_SHOT, AGREEING]
    for size in SHOWN_SIZES:
        yield OpenSetProtocol(size, splits=few), single
    for size, outside in ((600, 1_600), (2_000, 400)):
        yield OpenSetProtocol(size, outside=outside, splits=few), [*single, OUTSIDE]
    for references in (2, 3):
        yield OpenSetProtocol(2_000, references=references, splits=few), [*single, NEAREST]
    for shots in (2, 3):
        yield OpenSetProtocol(2_000, shots=shots, splits=few), [RAW, *several]
    yield OpenSetProtocol(2_000, references=2, shots=3, splits=few), [*single, AGREEING]


def _compare(
    context: Context, faces: _Set, protocol: OpenSetProtocol, variants: Sequence[Variant]
) -> Compared:
    result = evaluate(faces.mirrored, protocol, variants)
    scores = {variant.title: result.pooled(variant.name) for variant in variants}
    if (protocol.references, protocol.shots, protocol.outside) == (1, 1, 0):
        plain = evaluate(faces.plain, protocol, variants)  # the same splits
        scores |= {
            f"{variant.title}, no mirrored chip": plain.pooled(variant.name) for variant in variants
        }
    production = scores[PRODUCTION.title]
    return Compared(
        labels=faces.labels,
        protocol=protocol,
        mated=len(production.own),
        non_mated=len(production.non_mated),
        rows=tuple(
            Row(title, banded(context, own), _against(context, own, production))
            for title, own in scores.items()
        ),
    )


def _against(
    context: Context, scores: SearchScores, production: SearchScores
) -> tuple[tuple[float, float, float], ...]:
    """Return how far TPIR lies above production's at each FPIR, with 95 % intervals.

    The same people are drawn for both: draws depend on the seed and on who was searched for.
    """
    drawn = zip(_drawn(context, scores), _drawn(context, production), strict=True)
    differences = [_tpirs(*ours) - _tpirs(*theirs) for ours, theirs in drawn]
    low, high = np.quantile(differences, [0.025, 0.975], axis=0)
    middle = _tpirs(scores.mated, scores.non_mated)
    middle -= _tpirs(production.mated, production.non_mated)
    return tuple(zip(middle.tolist(), low.tolist(), high.tolist(), strict=True))


def _drawn(context: Context, scores: SearchScores) -> Iterator[tuple[Scores, Scores]]:
    return resamples(
        scores.mated,
        scores.mated_subject,
        scores.non_mated,
        scores.non_mated_subject,
        draws=draws(context),
    )


def _tpirs(mated: Scores, non_mated: Scores) -> Floats:
    return np.array([np.mean(mated >= threshold_at(non_mated, fpir)) for fpir in FPIRS])


def _rates(compared: Compared) -> Grid:
    protocol = compared.protocol
    return Grid(
        f"variants: TPIR, {_said(protocol)}, {compared.labels}",
        ("score", *(f"FPIR {100 * fpir:g} %" for fpir in FPIRS)),
        tuple(
            (row.variant, *(told(row.band, at) for at in range(len(FPIRS))))
            for row in compared.rows
        ),
        f"{protocol.splits} splits pooled: {compared.mated:,} mated and {compared.non_mated:,} "
        "non-mated searches; strangers above the threshold: "
        + ", ".join(f"{each:,}" for each in compared.rows[0].band.strangers)
        + ". 95 % intervals over people.",
    )


def _differences(compared: Compared) -> Grid:
    return Grid(
        f"variants: TPIR against production's, {_said(compared.protocol)}, {compared.labels}",
        ("score", *(f"FPIR {100 * fpir:g} %" for fpir in FPIRS)),
        tuple(
            (
                row.variant,
                *(
                    f"{middle:+.3f} ({low:+.3f} to {high:+.3f})"
                    for middle, low, high in row.difference
                ),
            )
            for row in compared.rows
            if row.variant != PRODUCTION.title
        ),
    )


def _said(protocol: OpenSetProtocol) -> str:
    outside = f", {protocol.outside:,} people set apart" if protocol.outside else ""
    return (
        f"{protocol.list_size:,} listed, references {protocol.references}, "
        f"shots {protocol.shots}{outside}"
    )
