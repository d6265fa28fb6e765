"""Hubs: references that resemble many people, so that many people could raise their alert.

A template averaged over several people, a picture made of several faces, or one too blurred to
show anybody in particular lies near the middle of all faces. Whoever can put one on a list can
have strangers stopped. Nearness in high dimensions makes such points of its own accord
(Radovanović and others, 2010), which is why a hub is judged against its own list.

A reference's hub score is the sum of two standardised figures, standardised again: its mean
score against every other subject's references, and its mean over the five highest of those.
Standardised means by the list's median and median absolute deviation, which a few hubs cannot
move. Together they tell far more than either: a face can be usual, or have a near look-alike,
but hardly both.

Measured on LFW's development half with the standard pack, one photograph a subject. Listed as
hubs were 0.5 %, 0.3 % and 0.3 % of clean lists of 50, 300 and 2,000. Of templates planted in a
list of 2,000, all averages of 5 and of 20 people were; of those of two, 95 % where both are on
the list with the same photographs, 81 % with others, 61 % where neither is. **Pictures made of
two faces are hardly ever hubs (0 to 3 %)**: the pack's network sees an ordinary face in them.
Some are found as look-alikes; docs/explanation/predicted-false-alerts.md has the table.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overt.values import Reference, Watchlist
from overt.watchlist.lookalikes import MOST_LISTED
from overt.watchlist.neighbours import Neighbours, Pairs

HUB_SCORE = 2.5
"""From here on a reference is a hub; see the module's docstring."""

HUB_SUBJECTS = 2
"""So many other subjects that a reference would raise alerts for make it a hub whatever its score.

One is a look-alike, or the same person under a second id. Two are what a picture made of two
listed people's faces has.
"""

SMALLEST_LIST = 10
"""With fewer subjects there is no telling what is usual; there 2 % would be listed."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A reference that resembles many people.

    `hub_score` is about 0 for the usual reference and rises with what it resembles.
    `mean_score` is its mean cosine with everybody else on the list. `nearest_to` says among how
    many other references' twelve nearest it is, twelve being the average. `alert_subjects` is
    the number of other subjects whose reference reaches the alert level with it.
    """

    subject_id: str
    reference_id: str
    hub_score: float
    mean_score: float
    nearest_to: int
    alert_subjects: int


def find_hubs(
    watchlist: Watchlist, level: float | None = None, neighbours: Neighbours | None = None
) -> tuple[Hub, ...]:
    """Return the list's hubs, the worst first, `MOST_LISTED` at most.

    `level` is a decision threshold; without it no reference is a hub for the alerts it would
    raise. `neighbours` are the list's own, where they are known already.
    """
    references = watchlist.references
    if len(watchlist.subjects) < SMALLEST_LIST:
        return ()
    neighbours = neighbours or Neighbours.among(references)
    usual = _mean_scores(references, neighbours.subjects)
    nearest = neighbours.highest().astype(np.float64)
    scores = _standardised(_standardised(usual) + _standardised(nearest))
    alerts = _alert_subjects(neighbours.pairs(), neighbours.subjects, level)
    nearest_to = neighbours.nearest_to()
    order = np.argsort(-scores, kind="stable")
    chosen = order[(scores[order] >= HUB_SCORE) | (alerts[order] >= HUB_SUBJECTS)]
    return tuple(
        Hub(
            references[at].subject_id,
            references[at].reference_id,
            hub_score=float(scores[at]),
            mean_score=float(usual[at]),
            nearest_to=int(nearest_to[at]),
            alert_subjects=int(alerts[at]),
        )
        for at in chosen[:MOST_LISTED].tolist()
    )


def _mean_scores(
    references: tuple[Reference, ...], subjects: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return each reference's mean cosine with other subjects' references, `(n,)`.

    A mean of cosines is the cosine's own product with a sum, so no pair is compared.
    """
    templates = np.stack([one.template for one in references]).astype(np.float64)
    by_subject = np.zeros((int(subjects.max()) + 1, templates.shape[1]))
    np.add.at(by_subject, subjects, templates)
    others = by_subject.sum(axis=0) - by_subject[subjects]
    counts = len(templates) - np.bincount(subjects)[subjects]
    return np.asarray(np.einsum("ij,ij->i", templates, others) / np.maximum(counts, 1))


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each value lies above the median, in robust standard deviations."""
    away = values - np.median(values)
    deviation = 1.4826 * float(np.median(np.abs(away)))  # of a normal distribution
    return np.asarray(away / max(deviation, 1e-6))  # a list of one face over and over has none


def _alert_subjects(
    pairs: Pairs, subjects: NDArray[np.int64], level: float | None
) -> NDArray[np.int64]:
    """Return for each reference how many other subjects reach the alert level with it."""
    if level is None:
        return np.zeros(len(subjects), np.int64)
    reach = pairs.normalised >= level
    first, second = pairs.first[reach], pairs.second[reach]
    own = np.concatenate([first, second])
    other = subjects[np.concatenate([second, first])]
    once = np.unique(np.stack([own, other]), axis=1)[0]
    return np.bincount(once, minlength=len(subjects)).astype(np.int64)
