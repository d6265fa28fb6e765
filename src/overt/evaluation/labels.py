"""What doubtful labels do to the rates: TPIR with all photographs, and without some."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from overt.errors import ConfigurationError
from overt.evaluation.drawing import OpenSetProtocol
from overt.evaluation.extraction import Extracted
from overt.evaluation.findings import tpirs_at
from overt.evaluation.label_errors import LabelError as Found
from overt.evaluation.open_set import evaluate
from overt.evaluation.report import Cleaned, Estimate, LabelError, LabelErrors, OpenSet
from overt.evaluation.request import Material, Request

FPIRS = (0.01, 0.003)
"""Where rates are compared: in the tail, where a handful of labels decides."""

_SIZES_COMPARED = 2


def with_and_without(
    request: Request,
    material: Material,
    errors: Sequence[Found],
    open_set: Sequence[OpenSet],
    progress: Callable[[int, int], None],
) -> LabelErrors:
    """Return what was found, and TPIR of the smaller lists with and without it.

    Without what is excluded, where somebody has looked and excluded it; else without everything
    that is doubtful, which is an upper bound. `open_set` is what was measured already.
    """
    named = material.excluded or _doubtful(errors)
    other = material.templates
    if not material.excluded and named:
        other = other.restricted_to(material.whole.without(named))
    rates = _rates(request, other, open_set, progress) if named else ()
    return LabelErrors(
        found=tuple(map(_told, errors)),
        without="those that were left out as asked" if material.excluded else "all that are listed",
        photographs=len(named),
        rates=tuple(_as_labelled_first(each, swapped=bool(material.excluded)) for each in rates),
    )


def _rates(
    request: Request,
    other: Extracted,
    open_set: Sequence[OpenSet],
    progress: Callable[[int, int], None],
) -> Iterator[Cleaned]:
    """Measure the other set beside what was measured already."""
    (variant,) = (each for each in request.variants if each.name == request.shown)
    compared = open_set[:_SIZES_COMPARED]
    for done, found in enumerate(compared):
        progress(done, len(compared))
        protocol = OpenSetProtocol(found.list_size, splits=found.splits, seed=request.seed)
        try:
            pooled = evaluate(other, protocol, [variant]).pooled(variant.name)
        except ConfigurationError:  # too few people are left for this size
            continue
        tpirs = tpirs_at(pooled, FPIRS, request.intervals)
        for fpir, tpir in zip(FPIRS, tpirs, strict=True):
            known = _known(found, request.shown, fpir)
            yield Cleaned(found.list_size, variant.name, fpir, known, tpir)


def _known(found: OpenSet, variant: str, fpir: float) -> Estimate:
    (result,) = (each for each in found.scores if each.score == variant)
    tpir = next(point.tpir for point in result.points if point.fpir == fpir)
    return Estimate(tpir.value, tpir.low, tpir.high)


def _as_labelled_first(rate: Cleaned, *, swapped: bool) -> Cleaned:
    """Where the main tables are those without, what was measured now is as labelled."""
    return replace(rate, as_labelled=rate.without, without=rate.as_labelled) if swapped else rate


def _doubtful(errors: Sequence[Found]) -> tuple[str, ...]:
    return tuple(sorted({photograph for error in errors for photograph in error.leave_out}))


def _told(error: Found) -> LabelError:
    return LabelError(
        kind=str(error.kind),
        subjects=error.subject_ids,
        photographs=error.leave_out,
        comparison_score=error.comparison_score,
        normalised_score=error.normalised_score,
        evidence=error.evidence,
        suggestion=error.suggestion,
    )
