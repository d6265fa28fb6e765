"""Accuracy of the standard pack on LFW's development half, and the thresholds it gives.

Templates are made as enrolment makes them, by `overt.evaluation.extraction`; a photograph of
which none could be made counts as a failure to acquire. docs/explanation/standard-pack.md says
what these figures do not tell. The section `variants` compares other ways to score.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.context import Context
from bench.results import Claim, Grid
from overt.evaluation.bootstrap import Band, band, interval
from overt.evaluation.closed_set import Cmc, cmc, enrollable_people
from overt.evaluation.closed_set import evaluate as evaluate_closed
from overt.evaluation.curves import threshold_at
from overt.evaluation.dataset_files import read_folders
from overt.evaluation.datasets import Dataset
from overt.evaluation.extraction import Extracted, extract
from overt.evaluation.findings import verification_of
from overt.evaluation.open_set import FPIRS, OpenSetProtocol, OpenSetResult, SearchScores, evaluate
from overt.evaluation.pairs import draw_pairs
from overt.evaluation.report import Verification
from overt.evaluation.variants import MAIN, PRODUCTION, RAW
from overt.matching.gallery import SMALLEST_COHORT
from overt.rates import Rate
from overt.vision.manifest import Thresholds

JUDGED_SIZE, JUDGED_FPIR, WANTED_TPIR = 2_000, 0.01, 0.62
WANTED_VERIFICATION = 0.99
SHOWN_SIZES = (600, JUDGED_SIZE, 2_600)
"""2,600 is the whole of the set's 2,848 people, but for as many strangers as a tail needs."""

_TABLE_FPIRS = {"fpir_3_percent": 0.03, "fpir_1_percent": 0.01, "fpir_0_3_percent": 0.003}


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Raw and normalised rates of one list size; `mated` and `non_mated` are searches a split."""

    list_size: int
    splits: int
    mated: float
    non_mated: float
    raw: Band
    normalised: Band
    without_failures: Band


@dataclass(frozen=True, slots=True)
class PublishedThreshold:
    """A threshold of the pack's manifest beside what was measured now, with its interval."""

    list_size: int
    score: str
    target: str
    published: float
    measured: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AccuracyResult:
    """Rates by list size, the published thresholds, pairs, ranks, and what failed."""

    photographs: int
    people: int
    fta: Rate
    evaluations: tuple[Evaluated, ...]
    thresholds: tuple[PublishedThreshold, ...]
    pairs: Verification
    ranks: Cmc

    def claims(self) -> Iterator[Claim]:
        """Return the claims on TPIR at FPIR 1 % and on pairs."""
        judged = next(each for each in self.evaluations if each.list_size == JUDGED_SIZE)
        at = judged.normalised.fpirs.index(JUDGED_FPIR)
        yield Claim(
            f"accuracy: TPIR at FPIR 1 %, {JUDGED_SIZE:,} listed, single photographs",
            f"≥ {WANTED_TPIR}",
            f"{told(judged.normalised, at)} s-norm, {told(judged.raw, at)} raw cosine",
            judged.normalised.tpir[at] >= WANTED_TPIR,
        )
        found = self.pairs.decided_right
        yield Claim(
            f"accuracy: {self.pairs.genuine + self.pairs.impostor:,} pairs decided rightly, ten folds",
            f"≥ {WANTED_VERIFICATION}",
            f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})",
            found.value is not None and found.value >= WANTED_VERIFICATION,
        )

    def grids(self) -> Iterator[Grid]:
        """Return TPIR at FPIR for the sizes that are shown, the thresholds, and the ranks."""
        for evaluation in self.evaluations:
            yield self._rates(evaluation)
        yield self._table()
        yield self._ranks()

    def _rates(self, evaluation: Evaluated) -> Grid:
        return Grid(
            f"accuracy: {evaluation.list_size:,} listed, one photograph each, single photographs",
            ("FPIR", "strangers above", "TPIR s-norm", "TPIR raw", "s-norm, failures left out"),
            tuple(
                (
                    f"{100 * fpir:g} %",
                    f"{evaluation.normalised.strangers[at]:,}",
                    told(evaluation.normalised, at),
                    told(evaluation.raw, at),
                    told(evaluation.without_failures, at),
                )
                for at, fpir in enumerate(evaluation.normalised.fpirs)
            ),
            f"{evaluation.splits} splits of {evaluation.mated:.0f} mated and "
            f"{evaluation.non_mated:.0f} non-mated searches, pooled; 95 % intervals over people. "
            f"{self.photographs:,} photographs of {self.people:,} people; "
            f"{self.fta.count} failed to be acquired.",
        )

    def _table(self) -> Grid:
        return Grid(
            "accuracy: thresholds that the pack publishes",
            ("list", "score", "FPIR", "published", "measured"),
            tuple(
                (
                    f"{each.list_size:,}",
                    each.score,
                    each.target,
                    f"{each.published:.4f}",
                    f"{each.measured:.4f} ({each.low:.4f} to {each.high:.4f})",
                )
                for each in self.thresholds
            ),
        )

    def _ranks(self) -> Grid:
        spans = (f"{low:.3f} to {high:.3f}" for low, high in self.ranks.intervals)
        return Grid(
            "accuracy: everybody listed, one photograph each, no threshold",
            ("rank", "right subject within it", "95 % interval"),
            tuple(
                (str(rank), f"{rate.value:.3f}", span)
                for rank, rate, span in zip(self.ranks.ranks, self.ranks.rates, spans, strict=True)
            ),
        )


def measure(context: Context) -> AccuracyResult:
    """Evaluate every list size that the pack publishes a threshold for, pairs and ranks."""
    dataset = lfw(context)
    extracted = templates(context, dataset)
    published = context.pack.manifest.thresholds
    sizes = {*SHOWN_SIZES} if context.quick or not published else _sizes(published)
    found = tuple(_evaluate(context, extracted, sorted(sizes)))
    everybody = OpenSetProtocol(enrollable_people(extracted), splits=splits(context))
    ranks = evaluate_closed(extracted, everybody, [PRODUCTION])
    return AccuracyResult(
        photographs=len(dataset.photographs),
        people=len({photograph.subject_id for photograph in dataset.photographs}),
        fta=extracted.fta,
        evaluations=tuple(
            _summed_up(context, result)
            for result in found
            if result.protocol.list_size in SHOWN_SIZES
        ),
        thresholds=tuple(_beside(published, found)) if published else (),
        pairs=verification_of(extracted, draw_pairs(dataset), "drawn", {}),
        ranks=cmc(ranks.pooled(PRODUCTION.name)),
    )


def lfw(context: Context) -> Dataset:
    """Return LFW's development half."""
    return read_folders(context.need("lfw-dev"))


def templates(context: Context, dataset: Dataset, *, mirrored: bool | None = None) -> Extracted:
    """Return a data set's templates, made once and kept in the benchmark's cache."""
    with context.progress("making templates") as progress:
        return extract(
            dataset, context.pack, context.cache / "templates", progress, mirrored=mirrored
        )


def splits(context: Context, list_size: int = JUDGED_SIZE) -> int:
    """Return how many splits are drawn: more of short lists."""
    return 3 if context.quick else max(10, min(50, 3_000 // list_size))


def banded(context: Context, scores: SearchScores) -> Band:
    """Return TPIR at the usual FPIRs with intervals over people."""
    return band(
        scores.mated,
        scores.mated_subject,
        scores.non_mated,
        scores.non_mated_subject,
        FPIRS,
        draws=draws(context),
    )


def draws(context: Context) -> int:
    """Return how often people are drawn for an interval."""
    return 100 if context.quick else 400


def told(found: Band, at: int) -> str:
    """Say one TPIR with its interval."""
    return f"{found.tpir[at]:.3f} ({found.low[at]:.3f} to {found.high[at]:.3f})"


def _sizes(published: Thresholds) -> set[int]:
    return {*SHOWN_SIZES, *published.raw.list_size, *published.normalised.list_size}


def _evaluate(context: Context, extracted: Extracted, sizes: list[int]) -> Iterator[OpenSetResult]:
    with context.progress("searching strangers and listed people") as progress:
        for done, size in enumerate(sizes):
            progress(done, len(sizes))
            protocol = OpenSetProtocol(size, splits=splits(context, size))
            yield evaluate(extracted, protocol, MAIN)


def _summed_up(context: Context, result: OpenSetResult) -> Evaluated:
    normalised = result.pooled(PRODUCTION.name)
    return Evaluated(
        list_size=result.protocol.list_size,
        splits=result.protocol.splits,
        mated=len(normalised.own) / result.protocol.splits,
        non_mated=len(normalised.non_mated) / result.protocol.splits,
        raw=banded(context, result.pooled(RAW.name)),
        normalised=banded(context, normalised),
        without_failures=banded(context, normalised.acquired()),
    )


def _beside(
    published: Thresholds, found: tuple[OpenSetResult, ...]
) -> Iterator[PublishedThreshold]:
    """Read thresholds off searches that were made: a face that cannot be searched has no score."""
    for result in found:
        size = result.protocol.list_size
        normalises = size >= SMALLEST_COHORT
        table = published.table(normalised=normalises)
        scores = result.pooled(PRODUCTION.name).acquired()
        for target, fpir in _TABLE_FPIRS.items():
            if size in table.list_size:
                low, high = _threshold_interval(scores, fpir)
                yield PublishedThreshold(
                    list_size=size,
                    score="s-norm" if normalises else "raw",
                    target=f"{100 * fpir:g} %",
                    published=getattr(table, target)[table.list_size.index(size)],
                    measured=threshold_at(scores.non_mated, fpir),
                    low=low,
                    high=high,
                )


def _threshold_interval(scores: SearchScores, fpir: float) -> tuple[float, float]:
    strangers = scores.non_mated, scores.non_mated_subject
    return interval(
        lambda _mated, non_mated: threshold_at(non_mated, fpir),
        *strangers,  # a threshold knows of no mated searches
        *strangers,
        draws=200,  # enough to show how far a threshold is known
    )
