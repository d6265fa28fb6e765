"""Error rates by group of people: from those who agreed, with intervals, or "insufficient".

One threshold does not mean the same for everybody, and an average hides it. Told here are, for
each group at one threshold, FNIR (listed people not found) and FPIR (strangers taken for
somebody), how many times the best group's rate each is, what another threshold would change,
and what a list of people of one's own group does.

* Nobody is counted without having agreed and without a known group (`Consenting`); those left
  out are counted and never looked at. Groups are as people described themselves, never guessed
  from a picture.
* A group with too small a sample has no figure at all (`Enough`).
* Several searches of one person are worth less than as many people's, so a sample's size is
  divided by its design effect before anything is told of it. Rates have Wilson's interval then
  and ratios Koopman's (`overt.evaluation.proportions`).

docs/explanation/groups.md says what such figures do not say.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, comb, nan
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overt.errors import ConfigurationError
from overt.evaluation.curves import Scores, checked, reach, threshold_at
from overt.evaluation.open_set import SearchScores
from overt.evaluation.proportions import Outcomes, Ratio, effective_size, ratio_of, wilson
from overt.evaluation.variants import Listed, Scoring, watchlist_cohort
from overt.rates import LEVEL, Rate
from overt.values import Templates

INSUFFICIENT = "insufficient"
"""What is said instead of a figure."""

LEAST_MATED = 100
"""Mated searches below which nothing is told: Wilson's interval would be 20 points and more."""

LEAST_NON_MATED = 300
"""Non-mated searches below which nothing is told.

By the rule of three, none of 300 leaves up to 1 % possible. To speak of an FPIR of 0.1 % takes
3,000; see `Enough.for_fpir`.
"""

LEAST_PEOPLE = 30
"""People below whom nothing is told, however often each was searched for.

How much people differ is estimated from these people, and from fewer it is a guess: A. C.
Cameron and D. L. Miller, A practitioner's guide to cluster-robust inference, Journal of Human
Resources 50 (2015), see samples of under 20 to under 50 as few.
"""

_Drawn: TypeAlias = tuple[NDArray[np.str_], Outcomes, Outcomes]  # whose; on the mixed, own list

_BLOCK = 1_024  # photographs searched for at once


@dataclass(frozen=True, slots=True)
class Enough:
    """The sample below which a group's figure is "insufficient"; it can be raised only.

    `mated` and `non_mated` are searches, after division by the design effect.

    Raises:
        ConfigurationError: one of them is lower than the least that is stated.
    """

    mated: int = LEAST_MATED
    non_mated: int = LEAST_NON_MATED
    people: int = LEAST_PEOPLE

    def __post_init__(self) -> None:
        """Refuse to tell more than the samples bear."""
        least = (LEAST_MATED, LEAST_NON_MATED, LEAST_PEOPLE)
        if any(ours < floor for ours, floor in zip(self._all(), least, strict=True)):
            raise ConfigurationError(
                f"Groups of {self.mated} mated searches, {self.non_mated} non-mated ones and"
                f" {self.people} people are too small for a figure.",
                remedy="Give {}, {} and {} at least; more is possible.".format(*least),
            )

    @classmethod
    def for_fpir(cls, fpir: float) -> "Enough":
        """Return what it takes to speak of such an FPIR, by the rule of three.

        None of n searches leaves a rate of 3 / n possible (95 %), so it takes 3 / `fpir`.

        Raises:
            ConfigurationError: `fpir` is not above 0 and at most 1.
        """
        if not 0 < fpir <= 1:
            raise ConfigurationError(
                f"No sample shows an FPIR of {fpir}.", remedy="Give one above 0: 0.01 for 1 %."
            )
        return cls(non_mated=max(LEAST_NON_MATED, ceil(3 / fpir - 1e-9)))

    def _all(self) -> tuple[int, int, int]:
        return self.mated, self.non_mated, self.people


_LEAST = Enough()


@dataclass(frozen=True, slots=True)
class Consenting:
    """Who is counted by group: those who agreed, and whose group is known.

    `group_of` has them and nobody else. The others are counted: `without_consent`, and, of
    those who did agree, `without_group`.
    """

    group_of: Mapping[str, str]
    without_consent: int = 0
    without_group: int = 0

    def searches(self, scores: ArrayLike, subjects: Sequence[str]) -> "Searches":
        """Return searches, `(n,)` scores and the subjects searched for, with their groups.

        Raises:
            ConfigurationError: a score is no number, or nobody's.
        """
        groups = np.array([self.group_of.get(subject, "") for subject in subjects], np.str_)
        return Searches(checked(scores, "searches"), np.asarray(subjects, np.str_), groups)


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """Searches of one kind, all `(n,)`: scores, whose, and of which group; "" is nobody's.

    A search that failed has the score minus infinity. Make them by `Consenting.searches`.

    Raises:
        ConfigurationError: the three differ in length.
    """

    scores: Scores
    subjects: NDArray[np.str_]
    groups: NDArray[np.str_]

    def __post_init__(self) -> None:
        """Refuse scores that are nobody's."""
        if not len(self.scores) == len(self.subjects) == len(self.groups):
            raise ConfigurationError(
                f"{len(self.scores):,} searches have {len(self.subjects):,} subjects and"
                f" {len(self.groups):,} groups.",
                remedy="Give a subject and a group for each search.",
            )


@dataclass(frozen=True, slots=True)
class Figure:
    """One group's rate, or none where the sample is insufficient.

    `searches` are those of `people`, and worth `effective` searches of different people. `rate`
    and its 95 % interval are None where that is insufficient; `ratio` is None there as well,
    and where there is nothing to compare with.
    """

    group: str
    people: int
    searches: int
    effective: float
    rate: Rate | None = None
    interval: tuple[float, float] | None = None
    ratio: Ratio | None = None

    @property
    def insufficient(self) -> bool:
        """Whether the sample is too small for a figure."""
        return self.rate is None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One rate over all groups, by name, and how many searches were left out of it.

    Each group's ratio is to `best`, the group with the lowest rate: the first by name of
    several. It is None where fewer than two groups have a figure, and then there is no ratio.
    Which group is best is itself seen in these samples, and by chance one always is; so ratios'
    intervals hold together, 95 times in 100, for every pair of groups there is (Bonferroni).
    """

    figures: tuple[Figure, ...]
    left_out: int
    best: str | None = None


@dataclass(frozen=True, slots=True)
class GroupRates:
    """FNIR and FPIR of each group at one threshold."""

    threshold: float
    fnir: Comparison
    fpir: Comparison


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """What a higher threshold does to each group, beside a lower one.

    `missed` is by how much FNIR rises: the share of mated searches found at the lower threshold
    alone. `spared` is by how much FPIR falls: the share of non-mated ones that reach the lower
    alone. Both are rates of the same searches, so their intervals are those of the difference.
    """

    lower: GroupRates
    higher: GroupRates
    missed: Comparison
    spared: Comparison


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """FPIR of one group's people, on a mixed list and on one of their own group.

    Both lists have the same length, and the people searched for are on neither. `own` has its
    ratio to `mixed`. The same searches stand on both sides, which the ratio's interval makes
    no use of; it is too wide rather than too narrow.
    """

    mixed: Figure
    own: Figure


@dataclass(frozen=True, slots=True)
class Lists:
    """How lists are drawn for `look_alikes`.

    Each has `size` subjects with one reference. The threshold is that of the mixed list for an
    `fpir` over everybody. All is repeated over `splits` draws from `seed`.
    """

    size: int
    fpir: float = 0.01
    splits: int = 10
    seed: int = 0


def consenting(
    subject_ids: Sequence[str], groups: Sequence[str], consents: Sequence[bool]
) -> Consenting:
    """Return who may be counted by group, from what is said beside each photograph, all `(n,)`.

    Whoever has not agreed for one of their photographs has not agreed; whoever stands in two
    groups, or in "", has none.
    """
    said: defaultdict[str, set[tuple[str, bool]]] = defaultdict(set)
    for subject, group, agreed in zip(subject_ids, groups, consents, strict=True):
        said[subject].add((group.strip(), agreed))
    agreeing = {who: told for who, told in said.items() if all(agreed for _, agreed in told)}
    one_each = {who: next(iter(told))[0] for who, told in agreeing.items() if len(told) == 1}
    group_of = {who: group for who, group in one_each.items() if group}
    return Consenting(group_of, len(said) - len(agreeing), len(agreeing) - len(group_of))


def rates_by_group(
    mated: Searches, non_mated: Searches, threshold: float, enough: Enough = _LEAST
) -> GroupRates:
    """Return FNIR and FPIR of each group at a threshold.

    Raises:
        ConfigurationError: the threshold is no number.
    """
    return GroupRates(
        threshold,
        compared(~reach(mated.scores, threshold), mated, enough.mated, enough.people),
        compared(reach(non_mated.scores, threshold), non_mated, enough.non_mated, enough.people),
    )


def rates_of(
    scores: SearchScores,
    subject_ids: Sequence[str],
    people: Consenting,
    fpir: float,
    enough: Enough | None = None,
) -> GroupRates:
    """Return each group's rates in an open-set evaluation, at its threshold for an FPIR.

    The threshold is the one for everybody, since that is what a deployment has: all searches
    set it. `subject_ids` are those that the scores' indices stand for. Without `enough`, it is
    what such an FPIR takes.

    Raises:
        ConfigurationError: `fpir` is not above 0 and at most 1, or there is no non-mated search.
    """
    mated, non_mated = (
        people.searches(kind, [subject_ids[index] for index in subjects])
        for kind, subjects in (
            (scores.mated, scores.mated_subject),
            (scores.non_mated, scores.non_mated_subject),
        )
    )
    threshold = threshold_at(scores.non_mated, fpir)
    return rates_by_group(mated, non_mated, threshold, enough or Enough.for_fpir(fpir))


def threshold_change(
    mated: Searches,
    non_mated: Searches,
    thresholds: tuple[float, float],
    enough: Enough = _LEAST,
) -> ThresholdChange:
    """Return what two thresholds, in either order, do to each group, side by side.

    Raises:
        ConfigurationError: a threshold is no number.
    """
    lower, higher = (rates_by_group(mated, non_mated, at, enough) for at in sorted(thresholds))
    missed, spared = (
        compared(_between(searches.scores, thresholds), searches, least, enough.people)
        for searches, least in ((mated, enough.mated), (non_mated, enough.non_mated))
    )
    return ThresholdChange(lower, higher, missed, spared)


def look_alikes(
    templates: Templates,
    subject_ids: Sequence[str],
    people: Consenting,
    lists: Lists,
    *,
    scoring: Scoring = watchlist_cohort,
    enough: Enough | None = None,
) -> tuple[LookAlikes, ...]:
    """Return FPIR of each group's people on a mixed list and on one of their own group.

    `templates` is `(n, d)` float32 of unit rows, and `subject_ids` says whose each is. Only who
    is counted by group is listed or searched for. A group that cannot fill a list and leave
    people over is insufficient.

    Raises:
        ConfigurationError: nobody is left over by the mixed list, or the lists' `fpir` is not
            above 0 and at most 1.
    """
    least = enough or Enough.for_fpir(lists.fpir)
    shown = _Shown(templates, subject_ids, people)
    if not 0 < lists.size < len(shown.subjects):
        raise ConfigurationError(
            f"A list of {lists.size:,} cannot be drawn from {len(shown.subjects):,} people who"
            " agreed and have a group.",
            remedy="Name a list size above 0 that leaves people over.",
        )
    random = np.random.default_rng(lists.seed)
    draws = [_draw(shown, lists, scoring, random) for _ in range(lists.splits)]
    return tuple(
        _look_alikes([draw[group] for draw in draws], group, least) for group in shown.groups
    )


def compared(outcomes: Outcomes, searches: Searches, least: int, people: int) -> Comparison:
    """Return how often an outcome, `(n,)` bool, came about in each group, and the ratios.

    It takes searches worth `least`, and so many `people`, for a figure.
    """
    figures = []
    for group in np.unique(searches.groups[searches.groups != ""]):
        own = searches.groups == group
        figures.append(_figure(outcomes[own], searches.subjects[own], str(group), (least, people)))
    left_out = int(np.count_nonzero(searches.groups == ""))
    told = [figure for figure in figures if figure.rate]
    if len(told) < 2:
        return Comparison(tuple(figures), left_out)
    best, level = min(told, key=_value), 1 - (1 - LEVEL) / comb(len(told), 2)
    ratios = tuple(_against(best, figure, level) for figure in figures)
    return Comparison(ratios, left_out, best.group)


def _value(figure: Figure) -> float:
    return figure.rate.value if figure.rate else nan


def _against(best: Figure, figure: Figure, level: float = LEVEL) -> Figure:
    """Give a figure its ratio to another one; none to itself, or where it is insufficient."""
    if figure is best or figure.insufficient or best.insufficient:
        return figure
    ratio = ratio_of((_value(figure), figure.effective), (_value(best), best.effective), level)
    return replace(figure, ratio=ratio)


def _figure(
    outcomes: Outcomes, subjects: NDArray[np.str_], group: str, least: tuple[int, int]
) -> Figure:
    people, effective = len(np.unique(subjects)), effective_size(outcomes, subjects)
    figure = Figure(group, people, len(outcomes), effective)
    if effective < least[0] or people < least[1]:
        return figure
    rate = Rate(int(np.count_nonzero(outcomes)), len(outcomes))
    return replace(figure, rate=rate, interval=wilson(rate.value, effective))


def _between(scores: Scores, thresholds: tuple[float, float]) -> Outcomes:
    """Return which scores reach the lower of two thresholds and not the higher."""
    return reach(scores, min(thresholds)) & ~reach(scores, max(thresholds))


class _Shown:
    """Those who are counted by group, with their templates; everybody else is left out here."""

    def __init__(
        self, templates: Templates, subject_ids: Sequence[str], people: Consenting
    ) -> None:
        whose = np.asarray(subject_ids, np.str_)
        known = np.isin(whose, list(people.group_of))
        self.templates, whose = templates[known], whose[known]
        self.subjects, self.first, self.of = np.unique(
            whose, return_index=True, return_inverse=True
        )
        self.group = np.array([people.group_of[str(subject)] for subject in self.subjects])
        self.groups = tuple(str(group) for group in np.unique(self.group))

    def rows(self, subjects: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return all photographs of some subjects."""
        return np.flatnonzero(np.isin(self.of, subjects))

    def best(
        self, listed: NDArray[np.intp], rows: NDArray[np.intp], scoring: Scoring
    ) -> NDArray[np.float32]:
        """Return the best candidate's score of each photograph against a list of subjects."""
        references = np.ascontiguousarray(self.templates[self.first[listed]])
        owners = np.arange(len(listed), dtype=np.int32)
        scorer = scoring(Listed(references, owners, self.templates[:0]))
        blocks = np.split(rows, range(_BLOCK, len(rows), _BLOCK))
        return np.concatenate([scorer(self.templates[block]).max(axis=1) for block in blocks])


def _draw(
    shown: _Shown, lists: Lists, scoring: Scoring, random: np.random.Generator
) -> dict[str, _Drawn]:
    """Draw one mixed list, and one of each group; search for those who are on neither."""
    order = random.permutation(len(shown.subjects))
    mixed, others = order[: lists.size], shown.rows(order[lists.size :])
    mixed_best = np.full(len(shown.of), -np.inf, np.float32)
    mixed_best[others] = shown.best(mixed, others, scoring)
    threshold = threshold_at(mixed_best[others], lists.fpir)
    drawn = {}
    for group in shown.groups:
        # Whoever is on the mixed list comes first here too, so what is left is on neither.
        members = order[shown.group[order] == group]
        own, rows = members[: lists.size], shown.rows(members[lists.size :])
        own_best = shown.best(own, rows, scoring)
        reached = reach(mixed_best[rows], threshold), reach(own_best, threshold)
        drawn[group] = (shown.subjects[shown.of[rows]], *reached)
    return drawn


def _look_alikes(draws: Sequence[_Drawn], group: str, enough: Enough) -> LookAlikes:
    subjects, *reached = (np.concatenate(parts) for parts in zip(*draws, strict=True))
    mixed, own = (
        _figure(outcomes, subjects, group, (enough.non_mated, enough.people))
        for outcomes in reached
    )
    return LookAlikes(mixed, _against(mixed, own))
