"""What is asked of an evaluation, and what a data set allows of it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from overt.deployment.policy import Policy
from overt.errors import ConfigurationError
from overt.evaluation.bootstrap import DRAWS
from overt.evaluation.datasets import Dataset
from overt.evaluation.extraction import Extracted
from overt.evaluation.findings import Intervals
from overt.evaluation.variants import PRODUCTION, RAW, Variant
from overt.matching.gallery import SMALLEST_COHORT

VARIANTS = (RAW, PRODUCTION)
SIZES = (600, 2_000)
"""List sizes that are evaluated where the data set has people enough, beside the largest."""

_MOST_LISTED = 0.9  # of the people, so that a tenth of them remain strangers to the largest list
_QUICK_SPLITS, _QUICK_DRAWS = 3, 200


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be evaluated.

    `dataset` is a folder with a folder for each person, or a manifest. `output` takes the
    report, `cache` the templates. `pairs` is a file like LFW's; without one, pairs are drawn.
    `exclude` is a list of exclusions (`overt.evaluation.label_errors`). `list_sizes` are the
    open-set lists; empty for the usual ones. `groups` are the declared groups, or None for
    whichever the manifest has. `quick` makes fewer splits and draws, for a first look.
    """

    dataset: Path
    output: Path
    cache: Path
    pairs: Path | None = None
    exclude: Path | None = None
    list_sizes: tuple[int, ...] = ()
    splits: int = 10
    seed: int = 0
    groups: tuple[str, ...] | None = None
    policy: Policy | None = None
    quick: bool = False
    command: str = ""
    variants: tuple[Variant, ...] = VARIANTS

    @property
    def splits_made(self) -> int:
        """How many splits are drawn for each list size."""
        return min(_QUICK_SPLITS, self.splits) if self.quick else self.splits

    @property
    def intervals(self) -> Intervals:
        """How intervals are made."""
        return Intervals(_QUICK_DRAWS if self.quick else DRAWS, self.seed)

    @property
    def variant_names(self) -> tuple[str, ...]:
        """The ways of scoring, by name."""
        return tuple(variant.name for variant in self.variants)

    @property
    def shown(self) -> str:
        """The way of scoring that stands first: production's, unless it is left out."""
        names = self.variant_names
        return PRODUCTION.name if PRODUCTION.name in names else names[0]

    def sizes(self, extracted: Extracted) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """Return the list sizes that the people allow, and sentences on those they do not.

        Raises:
            ConfigurationError: no size that was asked for leaves anybody outside the list.
        """
        people = len(set(extracted.subject_ids))
        if not self.list_sizes:
            found = usual_sizes(people)
            return found, _notes(found, (), people)
        fitting = tuple(size for size in self.list_sizes if 0 < size < people)
        beyond = tuple(size for size in self.list_sizes if size not in fitting)
        if not fitting:
            raise ConfigurationError(
                f"A list of {beyond[0]:,} cannot be drawn from {people:,} people with some left "
                "outside it.",
                remedy=f"Name a list size from 1 to {people - 1:,}.",
            )
        return fitting, _notes(fitting, beyond, people)


@dataclass(frozen=True)
class Material:
    """A whole data set, its templates, and the photographs that are to be left out of it."""

    whole: Dataset
    templates: Extracted
    excluded: tuple[str, ...] = ()

    @cached_property
    def dataset(self) -> Dataset:
        """The data set without what is left out."""
        return self.whole.without(self.excluded) if self.excluded else self.whole

    @cached_property
    def extracted(self) -> Extracted:
        """Its templates."""
        return self.templates.restricted_to(self.dataset) if self.excluded else self.templates


def usual_sizes(people: int) -> tuple[int, ...]:
    """Return the list sizes for a data set of so many people: the usual, and the largest.

    The largest leaves a tenth of the people, one at least, off the list.

    >>> usual_sizes(2_848), usual_sizes(500), usual_sizes(3)
    ((600, 2000, 2563), (250, 450), (1, 2))
    """
    largest = min(int(_MOST_LISTED * people), people - 1)
    usual = [size for size in SIZES if size < largest] or [people // 2]
    return tuple(sorted({*usual, largest} - {0}))


def demand_several(extracted: Extracted) -> None:
    """Refuse a set in which nobody can be searched for, or nobody is a stranger.

    Raises:
        ConfigurationError: it is such a set.
    """
    people = set(extracted.subject_ids)
    if len(people) < 2:
        raise ConfigurationError(
            "Only one person of the data set has a usable photograph.",
            remedy="Add people: an evaluation needs some who are listed, and some who are not.",
        )
    if len(people) == len(extracted.subject_ids):
        raise ConfigurationError(
            f"Each of the {len(people):,} people has a single usable photograph, so nobody can be "
            "searched for.",
            remedy="Add a second photograph of some of them; problems.csv says which were not used.",
        )


def _notes(fitting: tuple[int, ...], beyond: tuple[int, ...], people: int) -> tuple[str, ...]:
    said = [
        f"A list of {size:,} was asked for and cannot be drawn from {people:,} people."
        for size in beyond
    ]
    small = [f"{size:,}" for size in fitting if size < SMALLEST_COHORT]
    if small:
        said.append(
            f"A list of {' or '.join(small)} is too small to be its own cohort (fewer than"
            f" {SMALLEST_COHORT}): there, s-norm is the raw score, as in production."
        )
    return tuple(said)
