"""Ways of scoring a search, behind one small interface, so that they can be compared.

A variant is a way to score a template against a list (`Scoring`), and a way to make one search
of several shots (`Fusion`). `PRODUCTION` is what runs: `overt.matching.gallery.Gallery` itself,
with the mean of the shots. docs/decisions/0022-recognition-variants.md has what was measured.

Sources: s-norm is Shum and others (2010), with the top k of the cohort after Matejka and others
(2017); z-norm and t-norm are Auckenthaler, Carey and Lloyd-Thomas (2000).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.errors import ConfigurationError
from overt.matching.gallery import COHORT_TOP, Gallery, mean_template
from overt.values import Templates

Scores: TypeAlias = NDArray[np.float32]

_ROWS = 1_024  # of a list at once, while its levels are taken


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A list as a variant is given it.

    `templates` is `(r, d)` float32, one unit row a reference, and `owners` `(r,)` int32 says
    whose each is, subjects 0 … N-1 one after another. `outside` is `(c, d)`: templates of people
    who are neither listed nor searched for; it may be empty.
    """

    templates: Templates
    owners: NDArray[np.int32]
    outside: Templates

    @property
    def subjects(self) -> int:
        """How many subjects are listed, N."""
        return int(self.owners[-1]) + 1

    @property
    def first_rows(self) -> NDArray[np.intp]:
        """Where each subject's references begin, `(N,)`."""
        return np.searchsorted(self.owners, np.arange(self.subjects))

    def means(self) -> Templates:
        """Return one template a subject, as production makes it: `(N, d)`."""
        if len(self.templates) == self.subjects:
            return self.templates
        groups = np.split(self.templates, self.first_rows[1:])
        return np.stack([mean_template(group) for group in groups])


class TemplateScorer(Protocol):
    """A prepared list that scores templates, `(p, d)`, against every subject: `(p, N)` float32."""

    def __call__(self, templates: Templates, /) -> Scores:
        """Return the scores."""


Scoring: TypeAlias = Callable[[Listed], TemplateScorer]
"""Prepares a list."""

Fusion: TypeAlias = Callable[[TemplateScorer, Templates, NDArray[np.bool_]], Scores]
"""Scores searches of several shots: `(p, s, d)`, of which `(p, s)` were acquired, one or more."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """A prepared list of `subjects` and what makes one search of several shots."""

    subjects: int
    scorer: TemplateScorer
    fusion: Fusion

    def score(self, shots: Templates, acquired: NDArray[np.bool_]) -> Scores:
        """Return the scores, `(p, N)`, of searches with shots `(p, s, d)`.

        `acquired`, `(p, s)`, says which shots are there; each search has one or more.
        """
        if shots.shape[1] == 1:
            return self.scorer(np.ascontiguousarray(shots[:, 0]))
        return self.fusion(self.scorer, shots, acquired)


def mean_of_templates(
    scorer: TemplateScorer, shots: Templates, acquired: NDArray[np.bool_]
) -> Scores:
    """Score the unit mean of the shots' templates, as production does over a track."""
    total = np.einsum("psd,ps->pd", shots, acquired.astype(np.float32))
    norms = np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return scorer(np.ascontiguousarray(total / norms, np.float32))


def mean_of_scores(scorer: TemplateScorer, shots: Templates, acquired: NDArray[np.bool_]) -> Scores:
    """Average what each shot scores on its own."""
    total: Scores | None = None
    for shot, there in zip(shots.swapaxes(0, 1), acquired.T, strict=True):
        scores = scorer(np.ascontiguousarray(shot)) * there.astype(np.float32)[:, None]
        total = scores if total is None else total + scores
    assert total is not None
    return np.asarray(total / acquired.sum(axis=1, dtype=np.float32)[:, None])


def highest_score(scorer: TemplateScorer, shots: Templates, acquired: NDArray[np.bool_]) -> Scores:
    """Give each subject the score of the shot that is most like them."""
    highest: Scores | None = None
    for shot, there in zip(shots.swapaxes(0, 1), acquired.T, strict=True):
        scores = scorer(np.ascontiguousarray(shot))
        scores[~there] = -np.inf
        highest = scores if highest is None else np.maximum(highest, scores)
    assert highest is not None
    return highest


def first_shot(scorer: TemplateScorer, shots: Templates, acquired: NDArray[np.bool_]) -> Scores:
    """Score the first shot that was acquired and leave the others out."""
    first = acquired.argmax(axis=1)
    return scorer(np.ascontiguousarray(shots[np.arange(len(shots)), first]))


def shots_that_agree(
    scorer: TemplateScorer, shots: Templates, acquired: NDArray[np.bool_]
) -> Scores:
    """Score the mean of the templates; nobody reaches anything where the shots disagree.

    As `overt.matching.decision` has it: more than half of the shots, and two at least, must each
    give the best candidate rank 1 on their own.
    """
    scores = mean_of_templates(scorer, shots, acquired)
    best = scores.argmax(axis=1)
    agreeing = sum(
        (scorer(np.ascontiguousarray(shot)).argmax(axis=1) == best) & there
        for shot, there in zip(shots.swapaxes(0, 1), acquired.T, strict=True)
    )
    disagree = (agreeing < 2) | (2 * agreeing <= acquired.sum(axis=1))
    scores[disagree] = -np.inf
    return scores


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to search. `name` is a code for files; `title` says it in words."""

    name: str
    title: str
    scoring: Scoring
    fusion: Fusion = mean_of_templates

    def prepare(self, listed: Listed) -> Scorer:
        """Return the list, ready to be searched."""
        return Scorer(listed.subjects, self.scoring(listed), self.fusion)


# Ways of scoring.


def raw(listed: Listed) -> TemplateScorer:
    """Score by the plain cosine with each subject's mean reference."""
    references = np.ascontiguousarray(listed.means().T)
    return lambda templates: templates @ references


def nearest_reference(listed: Listed) -> TemplateScorer:
    """Score by the cosine with that of a subject's references which is most like the probe."""
    references, first = np.ascontiguousarray(listed.templates.T), listed.first_rows
    return lambda templates: np.maximum.reduceat(templates @ references, first, axis=1)


def watchlist_cohort(listed: Listed) -> TemplateScorer:
    """Score as production does: by the gallery, with the watchlist as cohort where it is one."""
    gallery = Gallery([str(subject) for subject in range(listed.subjects)], listed.means(), "")
    return lambda templates: gallery.score_many(templates).normalised


@dataclass(frozen=True, slots=True)
class WatchlistCohort:
    """S-norm with the watchlist as cohort, over another comparison or with another k.

    With the plain cosine and production's k it is `watchlist_cohort`. The list is its own
    cohort whatever its length, whole; `top` is below its length.
    """

    compare: Scoring = raw
    top: int = COHORT_TOP

    def __call__(self, listed: Listed) -> TemplateScorer:
        """Prepare the list."""
        compare = self.compare(listed)
        levels = self._subject_levels(listed.means(), compare)

        def score(templates: Templates) -> Scores:
            comparison = compare(templates)
            return comparison - np.float32(0.5) * (levels + self._probe_levels(comparison))

        return score

    def _subject_levels(self, means: Templates, compare: TemplateScorer) -> Scores:
        levels = np.empty(len(means), np.float32)
        for start in range(0, len(means), _ROWS):
            scores = compare(means[start : start + _ROWS])
            rows = np.arange(len(scores))
            scores[rows, start + rows] = -np.inf
            levels[start : start + _ROWS] = _level(scores, self.top)
        return levels

    def _probe_levels(self, comparison: Scores) -> Scores:
        """Return each probe's level against each subject, themselves left out: `(p, N)`."""
        chosen = np.argpartition(comparison, -self.top - 1, axis=1)[:, -self.top - 1 :]
        highest = np.take_along_axis(comparison, chosen, axis=1)
        total, lowest = highest.sum(axis=1, keepdims=True), highest.min(axis=1, keepdims=True)
        levels = np.repeat((total - lowest) / self.top, comparison.shape[1], axis=1)
        np.put_along_axis(levels, chosen, (total - highest) / self.top, axis=1)
        return levels


@dataclass(frozen=True, slots=True)
class OutsideCohort:
    """S-norm with a cohort of people who are neither listed nor pass by.

    Raises:
        ConfigurationError: the protocol sets apart fewer photographs than the `top` that count.
    """

    top: int = COHORT_TOP

    def __call__(self, listed: Listed) -> TemplateScorer:
        """Prepare the list."""
        cohort = _demanded(listed.outside, self.top)
        references = np.ascontiguousarray(listed.means().T)
        levels = _level(references.T @ cohort, self.top)

        def score(templates: Templates) -> Scores:
            level = _level(templates @ cohort, self.top)[:, None]
            return np.asarray(templates @ references - np.float32(0.5) * (levels + level))

        return score


def _level(against_cohort: Scores, top: int) -> Scores:
    """Return each row's mean over its `top` highest scores, `(p,)`."""
    return np.asarray(np.partition(against_cohort, -top, axis=1)[:, -top:].mean(axis=1))


def _demanded(outside: Templates, top: int) -> Templates:
    """Return the outside cohort, transposed for comparing."""
    if len(outside) < top:
        raise ConfigurationError(
            f"An outside cohort of {len(outside):,} photographs is too small.",
            remedy=f"Set enough people apart for {top:,} photographs or more.",
        )
    return np.ascontiguousarray(outside.T)


RAW = Variant("raw", "raw cosine", raw)
PRODUCTION = Variant("s-norm", "s-norm, the watchlist as cohort", watchlist_cohort)
OUTSIDE = Variant("s-norm-outside", "s-norm, an outside cohort", OutsideCohort())
NEAREST = Variant(
    "nearest-reference",
    "s-norm of the nearest reference instead of the mean",
    WatchlistCohort(nearest_reference),
)
MEAN_SCORE = Variant(
    "mean-score", "s-norm, the mean of the shots' scores", watchlist_cohort, mean_of_scores
)
BEST_SCORE = Variant(
    "highest-score", "s-norm, the highest of the shots' scores", watchlist_cohort, highest_score
)
ONE_SHOT = Variant("one-shot", "s-norm of one of the shots", watchlist_cohort, first_shot)
AGREEING = Variant(
    "shots-agree", "s-norm of the mean shot, if the shots agree", watchlist_cohort, shots_that_agree
)

VARIANTS = {
    variant.name: variant
    for variant in (RAW, PRODUCTION, OUTSIDE, NEAREST, MEAN_SCORE, BEST_SCORE, ONE_SHOT, AGREEING)
}
"""Every variant by its name."""

MAIN = (RAW, PRODUCTION)
"""What is evaluated where nothing else is asked for."""
