"""Exact 1:N search against one watchlist, with symmetric score normalisation.

A fixed threshold on the raw score is the field's commonest fault: the larger the list, the
higher the best stranger's score, and some faces resemble everybody. S-norm (Shum et al., 2010,
from speaker recognition; top-k cohort after Matejka et al., 2017) takes both into account:

    normalised = score - ½·(mean of the subject's k highest scores against the cohort)
                       - ½·(mean of the probe's k highest scores against the cohort)

The watchlist is its own cohort: somebody on the list is like everybody else on it only by
chance. The subject that is being scored is left out on both sides. docs/explanation/scores.md
has the measurements.

The search is exact: one matrix product over all subjects, no approximate index, so a miss is
never the index's fault.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overt.errors import PackMismatchError, WatchlistError
from overt.values import Candidate, CandidateList, Reference, Template, Templates, Watchlist

COHORT_TOP = 5
"""How many of the highest cohort scores are averaged; 5 was best of 1, 3, 5, 10, 20, 50."""

SMALLEST_COHORT = 50
"""Lists with fewer subjects are too small to be their own cohort; raw scores are used there."""

LARGEST_COHORT = 16_384
"""Above this size a fixed random sample of the list serves, so that building stays quick."""

_BLOCK = 2_048  # rows a block in building: 2,048 by 16,384 float32 is 134 MB


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Probes against every subject: two float32 arrays in the gallery's order.

    Both are `(n,)` for one probe and `(p, n)` for `p` of them.
    """

    comparison: NDArray[np.float32]
    normalised: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """The references of a gallery's subjects: ids, and one template a row, `(m, d)` float32.

    Those of the subject at index `i` are the rows from `starts[i]` to `starts[i + 1]`.
    """

    ids: tuple[str, ...]
    templates: Templates
    starts: NDArray[np.intp]

    @classmethod
    def none(cls, subjects: int) -> "References":
        """Return the references of subjects of whom nothing but one template is known."""
        return cls((), np.zeros((0, 1), np.float32), np.zeros(subjects + 1, np.intp))

    def nearest(self, index: int, template: Template) -> str | None:
        """Return the id of a subject's reference that is most alike, or None without any."""
        start, end = int(self.starts[index]), int(self.starts[index + 1])
        if start == end:
            return None
        return self.ids[start + int(np.argmax(self.templates[start:end] @ template))]

    def of_those(self, stay: NDArray[np.bool_]) -> "References":
        """Return the references of those subjects that stay, `(n,)`."""
        counts = np.diff(self.starts)
        rows = np.repeat(stay, counts)
        ids = tuple(each for each, kept in zip(self.ids, rows, strict=True) if kept)
        starts = np.concatenate([[0], np.cumsum(counts[stay])]).astype(np.intp)
        return References(ids, np.ascontiguousarray(self.templates[rows]), starts)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """All that a gallery holds, as ids and plain arrays: for memory that processes share.

    `templates` is `(n, d)` float32 and `levels` `(n,)` float32, in the order of `subject_ids`;
    `cohort` holds the indices of the subjects that serve as cohort.
    """

    pack_id: str
    subject_ids: tuple[str, ...]
    templates: Templates
    levels: NDArray[np.float32]
    cohort: NDArray[np.intp]
    references: References


class Gallery:
    """A watchlist's templates in memory, ready to be searched. Never changes; see `without`.

    A subject's template is the mean of their references' templates, at unit norm: different
    pictures of one person are worth more together than one by one.
    """

    def __init__(self, subject_ids: Sequence[str], templates: Templates, pack_id: str) -> None:
        """Take one template a subject: `(n, d)` float32 with rows of unit norm.

        Raises:
            WatchlistError: there is no subject at all.
        """
        if not subject_ids:
            raise WatchlistError(
                "The watchlist is empty, so nothing can be searched.",
                remedy="Add at least one entry, or do not run the deployment.",
            )
        self.subject_ids = tuple(subject_ids)
        self.pack_id = pack_id
        self._templates = np.ascontiguousarray(templates, np.float32)
        self._cohort = _choose_cohort(len(subject_ids))
        self._subject_level = _subject_levels(self._templates, self._cohort)
        self._references = References.none(len(subject_ids))

    @classmethod
    def of(cls, watchlist: Watchlist) -> "Gallery":
        """Build the gallery of an enrolled watchlist; its pictures are not kept.

        Raises:
            WatchlistError: it has no references.
            PackMismatchError: a reference was made by another pack than the list's.
        """
        by_subject: dict[str, list[Reference]] = {}
        for reference in watchlist.references:
            if reference.pack_id != watchlist.pack_id:
                raise _mismatch(reference.pack_id, watchlist.pack_id)
            by_subject.setdefault(reference.subject_id, []).append(reference)
        groups = [np.stack([each.template for each in group]) for group in by_subject.values()]
        means = [mean_template(templates) for templates in groups]
        templates = np.stack(means) if means else np.zeros((0, 1), np.float32)
        gallery = cls(tuple(by_subject), templates, watchlist.pack_id)
        gallery._references = References(
            tuple(each.reference_id for group in by_subject.values() for each in group),
            np.concatenate(groups),
            np.cumsum([0, *map(len, groups)], dtype=np.intp),
        )
        return gallery

    @classmethod
    def of_parts(cls, parts: Parts) -> "Gallery":
        """Return a gallery of what another one held. Its arrays are used as they are."""
        gallery = object.__new__(cls)
        gallery.subject_ids = parts.subject_ids
        gallery.pack_id = parts.pack_id
        gallery._templates = parts.templates
        gallery._subject_level = parts.levels
        gallery._cohort = parts.cohort
        gallery._references = parts.references
        return gallery

    def parts(self) -> Parts:
        """Return all that the gallery holds; none of it may be changed."""
        return Parts(
            self.pack_id,
            self.subject_ids,
            self._templates,
            self._subject_level,
            self._cohort,
            self._references,
        )

    def __len__(self) -> int:
        return len(self.subject_ids)

    @property
    def normalises(self) -> bool:
        """Whether the list is large enough to be its own cohort."""
        return len(self._cohort) > 0

    def without(self, subject_ids: Collection[str]) -> "Gallery":
        """Return the gallery without some subjects, whose templates it does not hold.

        The levels of the others stay as they were measured against the whole list, so that this
        takes milliseconds, in the middle of a run.

        Raises:
            WatchlistError: nobody is left.
        """
        gone = frozenset(subject_ids)
        stay = np.array([each not in gone for each in self.subject_ids], bool)
        if not stay.any():
            raise WatchlistError(
                "Everybody on the watchlist has been withdrawn, so nothing can be searched.",
                remedy="End the deployment.",
            )
        if stay.all():
            return self
        return Gallery.of_parts(
            Parts(
                self.pack_id,
                tuple(each for each in self.subject_ids if each not in gone),
                np.ascontiguousarray(self._templates[stay]),
                self._subject_level[stay],
                (np.cumsum(stay) - 1)[self._cohort[stay[self._cohort]]],
                self._references.of_those(stay),
            )
        )

    def score(self, template: Template) -> Scores:
        """Compare one probe's template, `(d,)` float32 of unit norm, with every subject."""
        comparison = self._templates @ template
        if not self.normalises:
            return Scores(comparison, comparison)
        return Scores(comparison, self._normalise(comparison[None])[0])

    def score_many(self, templates: Templates) -> Scores:
        """Compare many probes, `(p, d)` float32 of unit norm, with every subject at once.

        The arrays are `(p, n)`: whoever has many probes brings them block by block.
        """
        comparison = templates @ self._templates.T
        if not self.normalises:
            return Scores(comparison, comparison)
        return Scores(comparison, self._normalise(comparison))

    def search(self, template: Template, pack_id: str, *, length: int = 5) -> CandidateList:
        """Return the `length` best candidates by normalised score, best first.

        Raises:
            PackMismatchError: the probe was made by another pack than the gallery.
        """
        if pack_id != self.pack_id:
            raise _mismatch(pack_id, self.pack_id)
        scores = self.score(template)
        best = _top(scores.normalised, min(length, len(self)))
        return tuple(
            Candidate(
                rank=rank,
                subject_id=self.subject_ids[index],
                reference_id=self._references.nearest(index, template) or self.subject_ids[index],
                comparison_score=float(scores.comparison[index]),
                normalised_score=float(scores.normalised[index]),
            )
            for rank, index in enumerate(best.tolist(), start=1)
        )

    def _normalise(self, comparison: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the normalised scores of comparison scores `(p, n)`."""
        probes = np.arange(len(comparison))[:, None]
        against_cohort = comparison.take(self._cohort, axis=1)
        top = _top_of_rows(against_cohort, COHORT_TOP + 1)
        highest = against_cohort[probes, top]
        level = highest[:, :COHORT_TOP].mean(axis=1, keepdims=True)
        levels = np.float32(0.5) * (self._subject_level + level)
        normalised: NDArray[np.float32] = comparison - levels
        # A subject among the probe's own top scores is left out of the mean it is held against.
        own = self._cohort[top[:, :COHORT_TOP]]
        without = (highest.sum(axis=1, keepdims=True) - highest[:, :COHORT_TOP]) / COHORT_TOP
        normalised[probes, own] = comparison[probes, own] - np.float32(0.5) * (
            self._subject_level[own] + without
        )
        return normalised


def mean_template(templates: Templates) -> Template:
    """Return what stands for one subject: the mean of their templates `(n, d)`, at unit norm."""
    total = templates.sum(axis=0)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), np.float32)


def _choose_cohort(subjects: int) -> NDArray[np.intp]:
    """Return the indices of the subjects that serve as cohort: all, a sample, or none."""
    if subjects < SMALLEST_COHORT:
        return np.zeros(0, np.intp)
    if subjects <= LARGEST_COHORT:
        return np.arange(subjects)
    sample = np.random.default_rng(0).choice(subjects, LARGEST_COHORT, replace=False)
    return np.sort(sample)


def _subject_levels(templates: Templates, cohort: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return each subject's mean over its k highest scores against the others of the cohort."""
    levels = np.zeros(len(templates), np.float32)
    if not len(cohort):
        return levels
    others = np.ascontiguousarray(templates[cohort].T)
    place = np.full(len(templates), -1)
    place[cohort] = np.arange(len(cohort))
    for start in range(0, len(templates), _BLOCK):
        scores = templates[start : start + _BLOCK] @ others
        own = place[start : start + _BLOCK]
        members = np.nonzero(own >= 0)[0]
        scores[members, own[members]] = -np.inf
        scores.partition(scores.shape[1] - COHORT_TOP, axis=1)
        levels[start : start + _BLOCK] = scores[:, -COHORT_TOP:].mean(axis=1)
    return levels


def _top(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Return the indices of the `count` highest values, highest first; ties by index."""
    if count < len(values):
        chosen = np.argpartition(values, len(values) - count)[len(values) - count :]
    else:
        chosen = np.arange(len(values))
    return chosen[np.lexsort((chosen, -values[chosen]))]


def _top_of_rows(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Return the indices of each row's `count` highest values, or of all, highest first."""
    lowest = max(0, values.shape[1] - count)
    chosen = values.argpartition(lowest, axis=1)[:, lowest:]
    rows = np.arange(len(values))[:, None]
    return np.asarray(chosen[rows, (-values[rows, chosen]).argsort(axis=1)])


def _mismatch(have: str, want: str) -> PackMismatchError:
    return PackMismatchError(
        f"A template of pack {have} was about to be compared with one of pack {want}.",
        remedy="Enrol the watchlist again with the pack the deployment uses.",
    )
