"""Rates by group as a report tells them: what `overt.evaluation.groups` finds, of one list."""

from math import isfinite

from overt.errors import ConfigurationError
from overt.evaluation.curves import threshold_at
from overt.evaluation.extraction import Extracted
from overt.evaluation.groups import (
    Comparison,
    Consenting,
    Enough,
    Figure,
    Lists,
    consenting,
    look_alikes,
    threshold_change,
)
from overt.evaluation.open_set import OpenSetResult
from overt.evaluation.report import (
    Estimate,
    GroupFigure,
    Groups,
    GroupTable,
    OwnGroup,
    Share,
    finite,
)

FPIR, HIGHER_FPIR = 0.01, 0.003
"""The FPIR whose threshold is used, and that of the higher threshold beside it."""

_OWN_GROUP_SPLITS = 10


def groups_of(extracted: Extracted, result: OpenSetResult, variant: str, seed: int) -> Groups:
    """Return the rates by group of one list's searches.

    Raises:
        ConfigurationError: there is nothing to set a threshold by.
    """
    people = consenting(extracted.subject_ids, extracted.groups, extracted.consents)
    pooled = result.pooled(variant)
    mated, non_mated = (
        people.searches(scores, [result.subjects[index] for index in subjects])
        for scores, subjects in (
            (pooled.mated, pooled.mated_subject),
            (pooled.non_mated, pooled.non_mated_subject),
        )
    )
    lower, higher = (threshold_at(pooled.non_mated, fpir) for fpir in (FPIR, HIGHER_FPIR))
    change = threshold_change(mated, non_mated, (lower, higher), Enough.for_fpir(FPIR))
    return Groups(
        list_size=result.protocol.list_size,
        score=variant,
        fpir=FPIR,
        threshold=lower,
        without_consent=people.without_consent,
        without_group=people.without_group,
        misses=_table(change.lower.fnir),
        false_alerts=_table(change.lower.fpir),
        higher_fpir=HIGHER_FPIR,
        higher=higher,
        missed=_table(change.missed),
        spared=_table(change.spared),
        own_group=_own_group(extracted, people, seed),
    )


def has_groups(extracted: Extracted) -> bool:
    """Whether anybody may be counted by group."""
    said = zip(extracted.groups, extracted.consents, strict=True)
    return any(group and agreed for group, agreed in said)


def _own_group(extracted: Extracted, people: Consenting, seed: int) -> tuple[OwnGroup, ...]:
    """Compare lists as long as the smallest group can fill by half; none where that is nothing."""
    groups = sorted(set(people.group_of.values()))
    counts = [list(people.group_of.values()).count(group) for group in groups]
    size = min(counts) // 2
    if len(groups) < 2 or size < 1:
        return ()
    try:
        found = look_alikes(
            extracted.templates,
            extracted.subject_ids,
            people,
            Lists(size, FPIR, _OWN_GROUP_SPLITS, seed),
        )
    except ConfigurationError:  # nobody is left over by the list
        return ()
    return tuple(OwnGroup(_figure(each.mixed), _figure(each.own)) for each in found)


def _table(comparison: Comparison) -> GroupTable:
    figures = tuple(_figure(each) for each in comparison.figures)
    return GroupTable(figures, comparison.best, comparison.left_out)


def _figure(figure: Figure) -> GroupFigure:
    rate = None
    if figure.rate and figure.interval:
        low, high = figure.interval
        rate = Share(figure.rate.count, figure.rate.of, finite(figure.rate.value), low, high)
    ratio = None
    if figure.ratio and isfinite(figure.ratio.value):
        ratio = Estimate(figure.ratio.value, finite(figure.ratio.low), finite(figure.ratio.high))
    return GroupFigure(
        figure.group, figure.people, figure.searches, round(figure.effective, 1), rate, ratio
    )
