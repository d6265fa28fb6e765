"""An evaluation from beginning to end: data set, templates, protocols, report.

What takes long is kept as it is done: templates in the cache, scores in the output folder. So a
run that was stopped goes on where it was when the same is asked for again, and another threshold
can be read later without a picture.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

from overt.errors import ConfigurationError
from overt.evaluation.by_group import groups_of, has_groups
from overt.evaluation.closed_set import enrollable_people
from overt.evaluation.closed_set import evaluate as evaluate_closed_set
from overt.evaluation.dataset_files import read_dataset
from overt.evaluation.datasets import Dataset, Problem
from overt.evaluation.drawing import OpenSetProtocol
from overt.evaluation.extraction import Extracted, extract
from overt.evaluation.findings import closed_set_of, open_set_of, verification_of
from overt.evaluation.label_errors import find_label_errors, read_exclusions, write_label_errors
from overt.evaluation.labels import with_and_without
from overt.evaluation.open_set import OpenSetResult
from overt.evaluation.open_set import evaluate as evaluate_open_set
from overt.evaluation.pages import write_page
from overt.evaluation.pairs import FOLDS, PER_FOLD, PairList, draw_pairs, read_pairs
from overt.evaluation.pdf import write_pdf
from overt.evaluation.problems import PROBLEMS_FILE, counted, write_problems
from overt.evaluation.replot import kept_scores, scores_path
from overt.evaluation.report import (
    REPORT_FILE,
    SCHEMA,
    ClosedSet,
    DataFacts,
    Groups,
    LabelErrors,
    OpenSet,
    Report,
    Share,
    Stamp,
    Verification,
    to_json,
)
from overt.evaluation.request import Material, Request, demand_several
from overt.evaluation.scores import ScoresOf, save_scores
from overt.evaluation.stamp import commit, stamp
from overt.evaluation.variants import Variant
from overt.reporting.files import write_whole
from overt.vision.store import Pack

Steps: TypeAlias = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
"""Opens a step by its name; what it gives is told how many of how many are done."""

LABEL_ERRORS_FILE = "label-errors.csv"

Search: TypeAlias = Callable[
    [Extracted, OpenSetProtocol, Sequence[Variant], Callable[[int, int], None]], OpenSetResult
]


def evaluate(request: Request, pack: Pack, steps: Steps) -> Report:
    """Evaluate, and write report.json, problems.csv and the scores into the output folder.

    Raises:
        ConfigurationError: a file cannot be used, or the data set does not allow what is asked
            for.
        ModelError: the pack's files are changed or unusable.
        StorageError: the output or the cache cannot be written.
    """
    clock = Clock(steps)
    with clock.step("reading the data set"):
        dataset = read_dataset(request.dataset, groups=request.groups)
        excluded = read_exclusions(request.exclude) if request.exclude else ()
        dataset.without(excluded)  # refused now rather than after all templates
    with clock.step("making templates") as progress:
        templates = extract(dataset, pack, request.cache, progress)
    return measure(request, pack, Material(dataset, templates, excluded), clock)


def measure(request: Request, pack: Pack, material: Material, clock: "Clock") -> Report:
    """Do every protocol with a data set's templates, and write as `evaluate` does.

    Raises:
        ConfigurationError: the data set does not allow what is asked for.
        StorageError: the output cannot be written.
    """
    report = _Work(request, pack, material, clock).measured()
    write_whole(request.output / REPORT_FILE, to_json(report))
    return report


@dataclass
class Clock:
    """Opens steps, and keeps how long each took, in seconds."""

    steps: Steps
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[int, int], None]]:
        """Open a step by its name."""
        began = perf_counter()
        with self.steps(name) as progress:
            yield progress
        self.seconds[name] = round(perf_counter() - began, 2)


def write_all(folder: Path, report: Report) -> tuple[Path, ...]:
    """Write the page and the PDF beside report.json, and return the paths of all that there is.

    Raises:
        StorageError: they cannot be written.
    """
    paths = (folder / REPORT_FILE, write_page(folder, report), write_pdf(folder, report))
    others = (folder / PROBLEMS_FILE, folder / LABEL_ERRORS_FILE)
    return (*paths, *(path for path in others if path.exists()))


@dataclass
class _Work:
    """One evaluation on its way; `notes` says what could not be done, and why."""

    request: Request
    pack: Pack
    material: Material
    clock: Clock
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    sizes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Name at once what could not be used, in case nothing can be measured."""
        self.dataset, self.extracted = self.material.dataset, self.material.extracted
        self.problems += self.dataset.problems
        self._name_problems()

    def measured(self) -> Report:
        """Do every protocol that the data allow, and return the report."""
        demand_several(self.extracted)
        self.sizes, said = self.request.sizes(self.extracted)
        self.notes += said
        verification = self._verification()
        open_set = self._open_set()
        closed_set = self._closed_set()
        groups = self._groups()
        label_errors = self._label_errors(open_set)
        self._name_problems()
        return Report(
            schema=SCHEMA,
            stamp=self._stamp(),
            data=data_facts(self.dataset, self.extracted, self.problems),
            verification=verification,
            closed_set=closed_set,
            open_set=open_set,
            groups=groups,
            label_errors=label_errors,
            notes=tuple(self.notes),
        )

    def _stamp(self) -> Stamp:
        asked = self.request
        return stamp(asked.command, asked.seed, self.pack, asked.policy, self.clock.seconds)

    def _verification(self) -> Verification | None:
        with self.clock.step("comparing pairs"):
            try:
                pairs, drawn_how = self._pairs()
                found = verification_of(self.extracted, pairs, drawn_how, {})
            except ConfigurationError as error:
                if self.request.pairs:
                    raise
                self.notes.append(f"Pairs were not compared: {error.message}")
                return None
            self.problems += pairs.problems
            return found

    def _pairs(self) -> tuple[PairList, str]:
        if self.request.pairs:
            read = read_pairs(self.request.pairs, self.dataset)
            return read, f"those of {self.request.pairs.name}"
        drawn = draw_pairs(self.dataset, folds=FOLDS, per_fold=PER_FOLD, seed=self.request.seed)
        return drawn, f"drawn at random over {FOLDS} folds, nobody in two of them"

    def _open_set(self) -> tuple[OpenSet, ...]:
        return tuple(self._open_set_of(size) for size in self.sizes)

    def _open_set_of(self, size: int) -> OpenSet:
        result = self._searched("open-set", size, evaluate_open_set, self.request.splits_made)
        with self.clock.step(f"intervals, {size:,} listed"):
            return open_set_of(
                result, self.request.variants, self.request.shown, self.request.intervals
            )

    def _closed_set(self) -> tuple[ClosedSet, ...]:
        everybody = enrollable_people(self.extracted)
        result = self._searched("closed-set", everybody, evaluate_closed_set, 1)
        return tuple(
            closed_set_of(result, name, self.request.seed) for name in self.request.variant_names
        )

    def _groups(self) -> Groups | None:
        if not has_groups(self.extracted):
            return None
        size = self.sizes[0]
        result = self._searched("open-set", size, evaluate_open_set, self.request.splits_made)
        with self.clock.step("rates by group"):
            return groups_of(self.extracted, result, self.request.shown, self.request.seed)

    def _label_errors(self, open_set: tuple[OpenSet, ...]) -> LabelErrors | None:
        with self.clock.step("looking for label errors"):
            try:
                errors = find_label_errors(self.material.templates)
            except ConfigurationError as error:
                self.notes.append(f"Labels were not looked into: {error.message}")
                return None
            path = self.request.output / LABEL_ERRORS_FILE
            write_label_errors(path, errors, leave_out=self.material.excluded)
        with self.clock.step("rates without them") as progress:
            return with_and_without(self.request, self.material, errors, open_set, progress)

    def _searched(self, kind: str, size: int, search: Search, splits: int) -> OpenSetResult:
        """Search with a list of one size, or take what an earlier run has kept of that."""
        protocol = OpenSetProtocol(size, splits=splits, seed=self.request.seed)
        path = scores_path(self.request.output, kind, size)
        kept = kept_scores(path, protocol, self.request.variant_names, self._scores_of())
        if kept:
            return kept
        with self.clock.step(f"{kind} searches, {size:,} listed") as progress:
            result = search(self.extracted, protocol, self.request.variants, progress)
            save_scores(path, result, self._scores_of())
        return result

    def _scores_of(self) -> ScoresOf:
        data = self.extracted
        return ScoresOf(data.dataset, data.dataset_sha256, data.pack_id, commit())

    def _name_problems(self) -> None:
        write_problems(self.request.output / PROBLEMS_FILE, self.problems, self.extracted)


def data_facts(dataset: Dataset, extracted: Extracted, problems: Sequence[Problem]) -> DataFacts:
    """Return what a report says of its data."""
    taken: dict[str, int] = {}
    for subject in extracted.subject_ids:
        taken[subject] = taken.get(subject, 0) + 1
    return DataFacts(
        name=dataset.name,
        sha256=dataset.sha256,
        photographs=len(dataset.photographs),
        subjects=len(dataset.subject_ids),
        subjects_with_several=sum(count > 1 for count in taken.values()),
        templates=len(extracted.templates),
        left_out=counted(problems, extracted),
        fta=Share.told(extracted.fta),
        fte=Share.told(extracted.fte),
    )
