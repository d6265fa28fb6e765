"""What an evaluation found, as values: a versioned schema that is written and read as JSON.

Every figure on the page and in the PDF comes from a `Report`; nothing is computed again there.
Two reports of the same data, pack and seed differ in `stamp.made_at`, `stamp.seconds` and
`stamp.peak_memory_mib` only. A reader refuses a schema that it does not know, by name.

Shares are in [0, 1]. `low` and `high` are the ends of a 95 % interval: Wilson's for a share,
the bootstrap's over subjects where a value is a mean over splits. What could not be measured is
None, never 0.
"""

from dataclasses import dataclass, replace
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from overt.errors import ConfigurationError, StorageError
from overt.rates import Rate

SCHEMA = "overt.evaluation.report/1"
"""Name and version of what is written; the version rises when a field changes its meaning."""

REPORT_FILE = "report.json"


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`, its value, and the ends of Wilson's 95 % interval.

    `value` is None where nothing was counted.
    """

    count: int
    of: int
    value: float | None
    low: float
    high: float

    @classmethod
    def told(cls, rate: Rate) -> "Share":
        """Return a rate with its interval written out."""
        low, high = rate.interval()
        return cls(rate.count, rate.of, rate.value if rate.of else None, low, high)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over splits or folds, with a 95 % interval and the deviation between splits.

    `low` and `high` are None where too little was measured for an interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    deviation: float | None = None


@dataclass(frozen=True, slots=True)
class NamedHash:
    """A file or thing by its name, and its SHA-256 in hexadecimal."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PackFacts:
    """The model pack that made the templates; `pack_id` covers its files and settings."""

    name: str
    pack_id: str
    files: tuple[NamedHash, ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it ran. `memory_gib` is the machine's, in GiB."""

    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What made a report, from what, where and when.

    `made_at` is aware UTC in ISO 8601; `seconds` says how long each step took;
    `peak_memory_mib` is the process's highest resident memory. `commit` is "unknown" where
    Overt does not run from a checkout.
    """

    overt: str
    commit: str
    command: str
    seed: int
    pack: PackFacts
    policy: NamedHash | None
    machine: Machine
    made_at: str
    seconds: dict[str, float]
    peak_memory_mib: int


@dataclass(frozen=True, slots=True)
class DataFacts:
    """The data set: what was in it, and what of it could be used.

    `left_out` counts by reason what could not be used; problems.csv names each of them.
    `fta` is the share of photographs without a usable face (failure to acquire), `fte` the
    share of subjects of whom no photograph could be used (failure to enrol).
    """

    name: str
    sha256: str
    photographs: int
    subjects: int
    subjects_with_several: int
    templates: int
    left_out: dict[str, int]
    fta: Share
    fte: Share


@dataclass(frozen=True, slots=True)
class Line:
    """A curve to be drawn: `x` rising, `y` beside it, `low` and `high` the band or empty."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Histogram:
    """How scores are spread: shares of mated and non-mated searches by bin.

    `edges` has one more entry than the others. `wrong_rank` is the share of mated searches
    whose subject was not at rank 1, and which therefore have no score.
    """

    score: str
    edges: tuple[float, ...]
    mated: tuple[float, ...]
    non_mated: tuple[float, ...]
    wrong_rank: float


@dataclass(frozen=True, slots=True)
class ErrorPoint:
    """One threshold of a 1:1 comparison: FMR wanted, threshold, FNMR there."""

    fmr: float
    threshold: float
    fnmr: Share


@dataclass(frozen=True, slots=True)
class Verification:
    """1:1 comparison of pairs.

    `decided_right` is the mean over folds of the share of pairs decided rightly at the
    threshold that is best on the other folds. `not_used` counts pairs of which a photograph
    could not be used, by reason. `curve` has FMR as x and FNMR as y.
    """

    pairs: str
    genuine: int
    impostor: int
    folds: tuple[float, ...]
    decided_right: Estimate
    equal_error_rate: float | None
    points: tuple[ErrorPoint, ...]
    not_used: dict[str, int]
    curve: Line


@dataclass(frozen=True, slots=True)
class ClosedSet:
    """Closed-set 1:N: the share of mated searches with the right subject within rank r.

    `ranks` are the ranks shown, `rates` belong to them; `curve` has the rank as x.
    """

    list_size: int
    splits: int
    score: str
    searches: int
    ranks: tuple[int, ...]
    rates: tuple[Estimate, ...]
    curve: Line


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """One FPIR of an open-set evaluation: threshold and TPIR there.

    `strangers` is how many non-mated searches of a split reach the threshold, on average.
    Where they are a handful, the point is guessed rather than measured.
    """

    fpir: float
    threshold: Estimate
    tpir: Estimate
    strangers: float


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """One variant of scoring: its points, and its DET curve, FPIR as x and FNIR as y."""

    score: str
    meaning: str
    points: tuple[OperatingPoint, ...]
    curve: Line


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Open-set 1:N with a list of one size; `mated` and `non_mated` are searches of a split.

    `shown` names the way of scoring that stands first: production's, unless it was left out.
    """

    list_size: int
    splits: int
    mated: float
    non_mated: float
    shown: str
    scores: tuple[ScoreResult, ...]
    histogram: Histogram | None = None


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """One group's rate, or none: `rate` is None where the sample is insufficient.

    `searches` are those of `people`, and worth `effective` searches of different people; the
    rate's interval is made with those. `ratio` is to the best group, or to what else the table
    says; None where there is nothing to compare with.
    """

    group: str
    people: int
    searches: int
    effective: float
    rate: Share | None
    ratio: Estimate | None


@dataclass(frozen=True, slots=True)
class GroupTable:
    """One rate over all groups; `best` has the lowest, and `left_out` counts searches."""

    figures: tuple[GroupFigure, ...]
    best: str | None
    left_out: int


@dataclass(frozen=True, slots=True)
class OwnGroup:
    """FPIR of one group's people on a mixed list, and on one of their own group."""

    mixed: GroupFigure
    own: GroupFigure


@dataclass(frozen=True, slots=True)
class Groups:
    """Rates by group, of consenting and labelled subjects only, at one threshold for everybody.

    It is the threshold for `fpir`. `missed` and `spared` say by how much FNIR rises and FPIR
    falls at `higher`, the threshold for `higher_fpir`. `without_consent` and `without_group`
    are subjects who were not counted.
    """

    list_size: int
    score: str
    fpir: float
    threshold: float
    without_consent: int
    without_group: int
    misses: GroupTable
    false_alerts: GroupTable
    higher_fpir: float
    higher: float
    missed: GroupTable
    spared: GroupTable
    own_group: tuple[OwnGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelError:
    """One doubtful label: its kind, the two subjects and photographs it concerns, and the scores.

    `photographs` are those that the suggestion would leave out; two more stand in
    label-errors.csv, where whoever has looked at the pictures says which to leave out.
    """

    kind: str
    subjects: tuple[str, ...]
    photographs: tuple[str, ...]
    comparison_score: float
    normalised_score: float
    evidence: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """TPIR at one FPIR with all labels as they are, and without some photographs."""

    list_size: int
    score: str
    fpir: float
    as_labelled: Estimate
    without: Estimate


@dataclass(frozen=True, slots=True)
class LabelErrors:
    """What was found in the labels, and what it does to the rates.

    A machine lists them, and not each is an error. `without` says in words which photographs
    the rates beside the others leave out, and `photographs` how many those are.
    """

    found: tuple[LabelError, ...]
    without: str
    photographs: int
    rates: tuple[Cleaned, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation. A part that was not done is None or empty, and `notes` says why."""

    schema: str
    stamp: Stamp
    data: DataFacts
    verification: Verification | None
    closed_set: tuple[ClosedSet, ...]
    open_set: tuple[OpenSet, ...]
    groups: Groups | None
    label_errors: LabelErrors | None
    notes: tuple[str, ...] = ()

    def repeatable(self) -> "Report":
        """Return the report without what differs between two runs of the same evaluation."""
        stamp = replace(self.stamp, made_at="", seconds={}, peak_memory_mib=0)
        return replace(self, stamp=stamp)


def finite(value: float) -> float | None:
    """Return a number as JSON can hold it: None for what is no number or endless."""
    return float(value) if isfinite(value) else None


def to_json(report: Report) -> bytes:
    """Return a report as UTF-8 JSON, indented, ending with a line break."""
    return _adapter().dump_json(report, indent=2) + b"\n"


def from_json(text: bytes) -> Report:
    """Return the report that `to_json` wrote.

    Raises:
        ConfigurationError: it is not a report, or one of another schema.
    """
    schema = _schema_of(text)
    if schema != SCHEMA:
        raise ConfigurationError(
            f"This is not a report of the schema {SCHEMA}, but of {schema or 'none'}.",
            remedy="Read it with the version of Overt that wrote it, or evaluate again.",
        )
    try:
        return _adapter().validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f"The report is damaged: {place}: {first['msg']}.",
            remedy="Evaluate again: cached templates make it quick.",
        ) from error


def read_report(folder: Path) -> Report:
    """Return the report that lies in an evaluation's folder.

    Raises:
        StorageError: there is none, or it cannot be read.
        ConfigurationError: what is there is no report of ours.
    """
    try:
        text = (folder / REPORT_FILE).read_bytes()
    except OSError as error:
        raise StorageError(
            f"There is no evaluation in {folder}: {REPORT_FILE} cannot be read.",
            remedy="Name the folder that overt evaluate run wrote.",
        ) from error
    return from_json(text)


@cache
def _adapter() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


def _schema_of(text: bytes) -> str:
    try:
        found: Any = TypeAdapter(dict[str, Any]).validate_json(text)
    except ValidationError:
        return ""
    return str(found.get("schema", ""))[:80]
