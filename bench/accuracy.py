"""Open-set accuracy of the standard pack on LFW's development half, and the thresholds it gives.

Templates are those of enrolment, so a photograph that enrolment refuses is neither a reference
nor a probe; how many there are is shown. docs/explanation/standard-pack.md says what these
figures do not tell.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bench.context import Context
from bench.lists import checked, enrolled, every_photograph
from bench.results import Claim, Grid
from overt.evaluation.open_set import OpenSetProtocol, OpenSetResult, Spread, evaluate
from overt.values import Watchlist
from overt.vision.manifest import Thresholds

JUDGED_SIZE, JUDGED_FPIR, WANTED_TPIR = 2_000, 0.01, 0.62
_SHOWN_SIZES = (600, JUDGED_SIZE)
_TABLE_FPIRS = {"fpir_3_percent": 0.03, "fpir_1_percent": 0.01, "fpir_0_3_percent": 0.003}


@dataclass(frozen=True, slots=True)
class PublishedThreshold:
    """A threshold of the pack's manifest beside what was measured now."""

    list_size: int
    score: str
    target: str
    published: float
    measured: Spread


@dataclass(frozen=True, slots=True)
class AccuracyResult:
    """Evaluations by list size, the published thresholds, and what was left out."""

    photographs: int
    people: int
    left_out: int
    evaluations: tuple[OpenSetResult, ...]
    thresholds: tuple[PublishedThreshold, ...]

    def claims(self) -> Iterator[Claim]:
        """Return the claim on TPIR at FPIR 1 %."""
        judged = next(e for e in self.evaluations if e.protocol.list_size == JUDGED_SIZE)
        normalised = judged.at(JUDGED_FPIR).tpir
        raw = next(point.tpir for point in judged.raw if point.fpir == JUDGED_FPIR)
        yield Claim(
            f"accuracy: TPIR at FPIR 1 %, {JUDGED_SIZE:,} listed, single photographs",
            f"≥ {WANTED_TPIR}",
            f"{_spread(normalised)} s-norm, {_spread(raw)} raw cosine",
            normalised.mean >= WANTED_TPIR,
        )

    def grids(self) -> Iterator[Grid]:
        """Return TPIR at FPIR for the sizes that are shown, and the table of thresholds."""
        for evaluation in self.evaluations:
            if evaluation.protocol.list_size in _SHOWN_SIZES:
                yield self._rates(evaluation)
        yield self._table()

    def _rates(self, evaluation: OpenSetResult) -> Grid:
        protocol = evaluation.protocol
        pairs = zip(evaluation.raw, evaluation.normalised, strict=True)
        return Grid(
            f"accuracy: {protocol.list_size:,} listed, one photograph each, single photographs",
            ("FPIR", "TPIR s-norm", "TPIR raw", "threshold s-norm", "strangers above, a split"),
            tuple(
                (
                    f"{100 * normalised.fpir:g} %",
                    _spread(normalised.tpir),
                    _spread(raw.tpir),
                    _spread(normalised.threshold, digits=4),
                    f"{normalised.false_positives:.1f}",
                )
                for raw, normalised in pairs
            ),
            f"Mean ± deviation over {protocol.splits} splits of {evaluation.mated:.0f} mated and "
            f"{evaluation.non_mated:.0f} non-mated searches; {self.photographs:,} photographs of "
            f"{self.people:,} people, {self.left_out} left out that enrolment refused.",
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
                    _spread(each.measured, digits=4),
                )
                for each in self.thresholds
            ),
        )


def measure(context: Context) -> AccuracyResult:
    """Evaluate every list size that the pack publishes a threshold for."""
    files = every_photograph(context)
    watchlist = enrolled(context, files)
    published = context.pack.manifest.thresholds
    sizes = {*_SHOWN_SIZES} if context.quick or not published else _sizes(published)
    evaluations = _evaluate(context, watchlist, sorted(sizes))
    return AccuracyResult(
        photographs=len(watchlist.references),
        people=len(watchlist.subjects),
        left_out=len(checked(files).rows) - len(watchlist.references),
        evaluations=evaluations,
        thresholds=tuple(_beside(published, evaluations)) if published else (),
    )


def _sizes(published: Thresholds) -> set[int]:
    return {*_SHOWN_SIZES, *published.raw.list_size, *published.normalised.list_size}


def _evaluate(
    context: Context, watchlist: Watchlist, sizes: list[int]
) -> tuple[OpenSetResult, ...]:
    templates = np.stack([reference.template for reference in watchlist.references])
    people = [reference.subject_id for reference in watchlist.references]
    results = []
    with context.progress("searching strangers and listed people") as progress:
        for done, size in enumerate(sizes):
            progress(done, len(sizes))
            protocol = OpenSetProtocol(size, splits=3 if context.quick else 10)
            results.append(evaluate(templates, people, protocol))
    return tuple(results)


def _beside(
    published: Thresholds, evaluations: tuple[OpenSetResult, ...]
) -> Iterator[PublishedThreshold]:
    for evaluation in evaluations:
        size = evaluation.protocol.list_size
        table = published.normalised if evaluation.normalises else published.raw
        for target, fpir in _TABLE_FPIRS.items():
            if size in table.list_size:
                yield PublishedThreshold(
                    list_size=size,
                    score="s-norm" if evaluation.normalises else "raw",
                    target=f"{100 * fpir:g} %",
                    published=getattr(table, target)[table.list_size.index(size)],
                    measured=evaluation.at(fpir).threshold,
                )


def _spread(spread: Spread, digits: int = 3) -> str:
    return f"{spread.mean:.{digits}f} ± {spread.deviation:.{digits}f}"
