"""Open-set 1:N evaluation: TPIR at chosen FPIRs over random splits, after ISO/IEC 19795-1.

People are split at random into those on the list and everybody else. One photograph of each
listed person is the reference; their other photographs are mated searches, all photographs of
the others are non-mated ones. Then, for a list of N subjects and a threshold T:

* FPIR(N, T) is the share of non-mated searches whose best candidate reaches T;
* TPIR(N, 1, T) is the share of mated searches with the right subject at rank 1, reaching T.

Searches are those of `overt.matching.gallery.Gallery`, once by the raw comparison score and
once by the normalised one, each with thresholds of its own.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.errors import ConfigurationError
from overt.matching.gallery import Gallery
from overt.values import Templates

Scores: TypeAlias = NDArray[np.float32]

FPIRS = (0.10, 0.03, 0.01, 0.003, 0.001)


@dataclass(frozen=True, slots=True)
class OpenSetProtocol:
    """How an evaluation is drawn.

    `list_size` subjects are listed, with one reference each; everything is repeated over
    `splits` random splits, drawn one after another from `seed`.
    """

    list_size: int
    splits: int = 10
    fpirs: tuple[float, ...] = FPIRS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and sample standard deviation over splits; the latter is 0 for a single split."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return mean and deviation of at least one value."""
        deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        return cls(float(np.mean(values)), deviation)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What one split gives at one FPIR.

    `threshold` is the lowest at which no more than the wanted share of non-mated searches
    reach it; `false_positives` of them do. Below a handful, the tail is not measured but
    guessed.
    """

    fpir: float
    threshold: float
    tpir: float
    false_positives: int


@dataclass(frozen=True, slots=True)
class OperatingPoints:
    """The same over all splits."""

    fpir: float
    threshold: Spread
    tpir: Spread
    false_positives: float


@dataclass(frozen=True, slots=True)
class OpenSetResult:
    """One protocol's result, by raw and by normalised score.

    `mated` and `non_mated` are the searches of one split, on average. `normalises` says whether
    the list was large enough to be its own cohort; if not, both results are of raw scores.
    """

    protocol: OpenSetProtocol
    mated: float
    non_mated: float
    normalises: bool
    raw: tuple[OperatingPoints, ...]
    normalised: tuple[OperatingPoints, ...]

    def at(self, fpir: float) -> OperatingPoints:
        """Return the normalised scores' points at one of the protocol's FPIRs."""
        return next(points for points in self.normalised if points.fpir == fpir)


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """The searches of one split by one kind of score.

    `mated` is `(m,)` float32: the right subject's score where it was at rank 1, minus infinity
    where it was not. `non_mated` is `(n,)` float32: the best candidate's score.
    """

    mated: Scores
    non_mated: Scores


def evaluate(
    templates: Templates, subject_ids: Sequence[str], protocol: OpenSetProtocol
) -> OpenSetResult:
    """Evaluate templates, `(n, d)` float32 of unit rows, whose subjects are `subject_ids`.

    Raises:
        ConfigurationError: there are not more subjects than the list takes.
    """
    rows = _rows_by_subject(subject_ids)
    if not 0 < protocol.list_size < len(rows):
        raise ConfigurationError(
            f"A list of {protocol.list_size:,} cannot be drawn from {len(rows):,} people.",
            remedy="Name a list size above 0 that leaves people outside the list.",
        )
    random = np.random.default_rng(protocol.seed)
    splits = [_split(templates, rows, protocol, random) for _ in range(protocol.splits)]
    raw, normalised = zip(*splits, strict=True)
    return OpenSetResult(
        protocol=protocol,
        mated=float(np.mean([len(searches.mated) for searches in raw])),
        non_mated=float(np.mean([len(searches.non_mated) for searches in raw])),
        normalises=_gallery(templates[: protocol.list_size]).normalises,
        raw=_over_splits(raw, protocol.fpirs),
        normalised=_over_splits(normalised, protocol.fpirs),
    )


def operating_point(searches: Searches, fpir: float) -> OperatingPoint:
    """Return threshold and TPIR at the highest FPIR that is not above `fpir`."""
    strangers = np.sort(searches.non_mated)[::-1]
    allowed = int(fpir * len(strangers) + 1e-9)  # 0.29 * 100 is 28.999999999999996
    if allowed < len(strangers):
        # The lowest threshold that shuts out the first stranger too many, and their equals.
        threshold = np.nextafter(strangers[allowed], np.float32(np.inf))
    else:
        threshold = np.float32(-1)
    reaching = int(np.count_nonzero(searches.non_mated >= threshold))
    tpir = float(np.mean(searches.mated >= threshold)) if len(searches.mated) else float("nan")
    return OperatingPoint(fpir, float(threshold), tpir, reaching)


def _rows_by_subject(subject_ids: Sequence[str]) -> list[NDArray[np.intp]]:
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, subject in enumerate(subject_ids):
        rows[subject].append(row)
    return [np.array(found, np.intp) for found in rows.values()]


def _split(
    templates: Templates,
    rows: Sequence[NDArray[np.intp]],
    protocol: OpenSetProtocol,
    random: np.random.Generator,
) -> tuple[Searches, Searches]:
    """Draw one split and search it: the same searches by raw and by normalised score."""
    people = random.permutation(len(rows))
    listed = [random.permutation(rows[person]) for person in people[: protocol.list_size]]
    others = np.concatenate([rows[person] for person in people[protocol.list_size :]])
    gallery = _gallery(templates[[photographs[0] for photographs in listed]])
    mated = [
        _mated(gallery, templates[probe], own)
        for own, photographs in enumerate(listed)
        for probe in photographs[1:]
    ]
    non_mated = [_best(gallery, templates[probe]) for probe in others]
    mated_scores = np.array(mated, np.float32).reshape(-1, 2)
    non_mated_scores = np.array(non_mated, np.float32).reshape(-1, 2)
    raw, normalised = (Searches(mated_scores[:, i], non_mated_scores[:, i]) for i in range(2))
    return raw, normalised


def _gallery(templates: Templates) -> Gallery:
    return Gallery([str(subject) for subject in range(len(templates))], templates, "evaluation")


def _mated(gallery: Gallery, template: Scores, own: int) -> tuple[float, float]:
    scores = gallery.score(template)
    raw, normalised = scores.comparison, scores.normalised
    return (
        float(raw[own]) if raw.argmax() == own else -np.inf,
        float(normalised[own]) if normalised.argmax() == own else -np.inf,
    )


def _best(gallery: Gallery, template: Scores) -> tuple[float, float]:
    scores = gallery.score(template)
    return float(scores.comparison.max()), float(scores.normalised.max())


def _over_splits(splits: Sequence[Searches], fpirs: Sequence[float]) -> tuple[OperatingPoints, ...]:
    return tuple(
        _summed_up([operating_point(searches, fpir) for searches in splits]) for fpir in fpirs
    )


def _summed_up(points: Sequence[OperatingPoint]) -> OperatingPoints:
    return OperatingPoints(
        fpir=points[0].fpir,
        threshold=Spread.of([point.threshold for point in points]),
        tpir=Spread.of([point.tpir for point in points]),
        false_positives=float(np.mean([point.false_positives for point in points])),
    )
