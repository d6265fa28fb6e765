"""Do calibrated thresholds keep their promise on people whom they were not calibrated on?

The people of LFW's development half are divided in two at random, again and again. Thresholds
are calibrated on one half; lists of the other half's people are searched for its other people.
The rate that is achieved there has to lie in the interval that was predicted, whether the list
was as long as those measured or longer.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.context import Context
from bench.results import Claim, Grid
from overt.evaluation.calibration import Calibrated, Method, calibrate, extrapolate
from overt.evaluation.dataset_files import read_dataset
from overt.evaluation.extraction import extract
from overt.evaluation.measured_lists import measure
from overt.evaluation.variants import PRODUCTION, RAW, Variant
from overt.values import Templates

LIST_SIZES = (100, 300, 600)
RATES = (0.03, 0.01, 0.003)
BASE_SIZES = (150, 210, 300, 420, 600)
LONGER = 1_200
HALVINGS, QUICK_HALVINGS = 100, 10
WANTED = 0.9
_ONE, _OTHER = 10_000, 20_000  # or lists and halves would be drawn by the same chance


@dataclass(frozen=True, slots=True)
class People:
    """Templates and whose they are, as a calibration takes them."""

    templates: Templates
    subject_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often a rate that was achieved lay in its interval, for one case.

    `low` and `high` are the means of the intervals' ends, `achieved` of the rates, `threshold`
    of the thresholds; `fitted` counts the thresholds of a fitted tail.
    """

    score: str
    list_size: int
    extrapolated: bool
    fpir: float
    inside: int
    halvings: int
    below: int
    above: int
    achieved: float
    low: float
    high: float
    threshold: float
    fitted: int

    @property
    def held(self) -> bool:
        """Whether enough of them did."""
        return self.inside >= WANTED * self.halvings


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """Coverage of every case, and what it was measured on."""

    photographs: int
    people: int
    cases: tuple[Coverage, ...]

    def claims(self) -> Iterator[Claim]:
        """Return one claim for lists as long as measured, one for a longer one."""
        for extrapolated, what in ((False, "as long as measured"), (True, "longer than measured")):
            cases = [case for case in self.cases if case.extrapolated is extrapolated]
            worst = min(cases, key=lambda case: case.inside / case.halvings)
            yield Claim(
                f"calibration: achieved FPIR inside its 95 % interval, lists {what}",
                f"≥ {100 * WANTED:.0f} % of halvings in every case",
                f"{worst.inside} of {worst.halvings} at worst ({worst.score}, "
                f"{worst.list_size:,} listed, FPIR {100 * worst.fpir:g} %)",
                all(case.held for case in cases),
            )

    def grids(self) -> Iterable[Grid]:
        """Return the table of all cases."""
        yield Grid(
            "calibration: on people held back",
            (
                "score",
                "list",
                "FPIR",
                "inside",
                "below",
                "above",
                "achieved",
                "predicted",
                "fitted",
            ),
            tuple(_row(case) for case in self.cases),
            f"{self.photographs:,} photographs of {self.people:,} people, halved at random; means "
            "over halvings. Each person counts once. * is extrapolated from lists of 600 at most.",
        )


def measure_calibration(people: People, halvings: int) -> CalibrationResult:
    """Calibrate on one half of the people and measure on the other, so many times."""
    found: defaultdict[tuple[str, int, bool, float], list[tuple[Calibrated, float, int]]]
    found = defaultdict(list)
    for number in range(halvings):
        one, other = _halves(people, number)
        for variant in (RAW, PRODUCTION):
            for calibrated, achieved, count in _judged(one, other, variant, number):
                longer = calibrated.method is Method.EXTRAPOLATED
                case = (variant.name, calibrated.list_size, longer, calibrated.fpir)
                found[case].append((calibrated, achieved, count))
    return CalibrationResult(
        photographs=len(people.subject_ids),
        people=len(set(people.subject_ids)),
        cases=tuple(_coverage(*case, found[case]) for case in sorted(found)),
    )


def measure_section(context: Context) -> CalibrationResult:
    """Measure on LFW's development half."""
    dataset = read_dataset(context.need("lfw-dev"))
    with context.progress("making templates") as progress:
        extracted = extract(dataset, context.pack, context.cache / "extracted", progress)
    people = People(extracted.templates, extracted.subject_ids)
    return measure_calibration(people, QUICK_HALVINGS if context.quick else HALVINGS)


def _halves(people: People, number: int) -> tuple[People, People]:
    names = np.unique(np.array(people.subject_ids))
    chosen = set(np.random.default_rng(number).permutation(names)[: len(names) // 2].tolist())
    return _part(people, chosen), _part(people, set(names.tolist()) - chosen)


def _part(people: People, names: set[str]) -> People:
    rows = [row for row, name in enumerate(people.subject_ids) if name in names]
    return People(people.templates[rows], tuple(people.subject_ids[row] for row in rows))


def _judged(
    one: People, other: People, variant: Variant, seed: int
) -> Iterator[tuple[Calibrated, float, int]]:
    """Yield what was predicted from one half, and what was achieved on one list of the other."""
    sizes = sorted({*LIST_SIZES, *BASE_SIZES})
    measured = {size: measure(one, size, variant, seed=seed + _ONE) for size in sizes}
    held = {
        size: measure(other, size, variant, lists=1, seed=seed + _OTHER)
        for size in (*LIST_SIZES, LONGER)
    }
    base = [measured[size] for size in BASE_SIZES]
    for fpir in RATES:
        predicted = [calibrate(measured[size], fpir) for size in LIST_SIZES]
        for each in (*predicted, extrapolate(base, fpir, LONGER)):
            tail = held[each.list_size].tail
            yield each, tail.share(each.threshold), tail.people


def _coverage(
    score: str,
    list_size: int,
    extrapolated: bool,  # noqa: FBT001  a case's part
    fpir: float,
    found: Sequence[tuple[Calibrated, float, int]],
) -> Coverage:
    limits = np.array([each.achieved(people) for each, _, people in found])
    rates = np.array([rate for _, rate, _ in found])
    below, above = rates < limits[:, 0] - 1e-9, rates > limits[:, 1] + 1e-9
    return Coverage(
        score=score,
        list_size=list_size,
        extrapolated=extrapolated,
        fpir=fpir,
        inside=int((~below & ~above).sum()),
        halvings=len(found),
        below=int(below.sum()),
        above=int(above.sum()),
        achieved=float(rates.mean()),
        low=float(limits[:, 0].mean()),
        high=float(limits[:, 1].mean()),
        threshold=float(np.mean([each.threshold for each, _, _ in found])),
        fitted=sum(each.method is Method.FITTED for each, _, _ in found),
    )


def _row(case: Coverage) -> tuple[str, ...]:
    return (
        case.score,
        f"{case.list_size:,}{'*' if case.extrapolated else ''}",
        f"{100 * case.fpir:g} %",
        f"{case.inside} of {case.halvings}",
        str(case.below),
        str(case.above),
        f"{100 * case.achieved:.2f} %",
        f"{100 * case.low:.2f} to {100 * case.high:.2f} %",
        str(case.fitted),
    )
