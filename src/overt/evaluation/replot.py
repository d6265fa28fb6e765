"""What was measured, read again: another threshold from kept scores, and two reports compared."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from overt.errors import ConfigurationError, StorageError
from overt.evaluation.curves import threshold_at
from overt.evaluation.drawing import OpenSetProtocol
from overt.evaluation.findings import rates_by_threshold
from overt.evaluation.open_set import OpenSetResult
from overt.evaluation.report import Report, Share
from overt.evaluation.scores import ScoresOf, load_scores
from overt.evaluation.telling import NOTHING, Table, estimate, percent, share

SCORES_FOLDER = "scores"
OPEN_SET = "open-set"


@dataclass(frozen=True, slots=True)
class Replotted:
    """The rates of one list and way of scoring at one threshold.

    Intervals are Wilson's over searches. Those over people, as the report has them at its own
    points, are wider where people are searched for several times.
    """

    list_size: int
    score: str
    threshold: float
    tpir: Share
    fpir: Share

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def scores_path(folder: Path, kind: str, size: int) -> Path:
    """Return where an evaluation keeps its scores of one list."""
    return folder / SCORES_FOLDER / f"{kind}-{size}.npz"


def kept_scores(
    path: Path, protocol: OpenSetProtocol, variants: tuple[str, ...], of: ScoresOf
) -> OpenSetResult | None:
    """Return scores that are there already, if they are of exactly this; or None."""
    try:
        result, whose = load_scores(path)
    except ConfigurationError:
        return None
    same = (result.protocol, result.variants, whose) == (protocol, variants, of)
    return result if same else None


def replotted(
    folder: Path, *, threshold: float | None = None, fpir: float | None = None
) -> tuple[Replotted, ...]:
    """Return the rates at a threshold, or at the threshold for an FPIR, of every list.

    Raises:
        StorageError: the folder holds no scores.
        ConfigurationError: the scores are damaged, or neither is given.
    """
    paths = sorted((folder / SCORES_FOLDER).glob(f"{OPEN_SET}-*.npz"), key=_size)
    if not paths:
        raise StorageError(
            f"There are no scores in {folder}.",
            remedy="Name the folder that overt evaluate run wrote.",
        )
    return tuple(row for path in paths for row in _of_list(path, threshold, fpir))


def _of_list(path: Path, threshold: float | None, fpir: float | None) -> Iterator[Replotted]:
    result, _ = load_scores(path)
    for variant in result.variants:
        pooled = result.pooled(variant)
        at = threshold
        if at is None:
            at = threshold_at(pooled.non_mated, fpir or 0.0)
        yield Replotted(result.protocol.list_size, variant, at, *rates_by_threshold(pooled, at))


def _size(path: Path) -> tuple[int, str]:
    digits = path.stem.removeprefix(f"{OPEN_SET}-")
    return (int(digits) if digits.isdecimal() else 0, path.stem)


def side_by_side(first: Report, second: Report) -> Table:
    """Return the figures that both reports have, or that one of them has, in a table."""
    rows = _figures(first), _figures(second)
    names = [*rows[0], *(name for name in rows[1] if name not in rows[0])]
    return Table(
        "Two evaluations, side by side",
        ("figure", _title(first), _title(second)),
        tuple((name, *(each.get(name, NOTHING) for each in rows)) for name in names),
        _differences(first, second),
    )


def _figures(report: Report) -> dict[str, str]:
    figures = {"FTA": share(report.data.fta), "FTE": share(report.data.fte)}
    if report.verification:
        figures["1:1 decided rightly"] = estimate(report.verification.decided_right, 4)
    for found in report.open_set:
        for result in found.scores:
            for point in result.points:
                name = f"TPIR at FPIR {percent(point.fpir)}, {found.list_size:,} listed"
                figures[f"{name} ({result.score})"] = estimate(point.tpir)
    return figures


def _title(report: Report) -> str:
    return f"{report.stamp.pack.name}, {report.data.name}, {report.stamp.made_at[:10]}"


def _differences(first: Report, second: Report) -> str:
    """Say what keeps two reports from being compared figure by figure."""
    said = []
    if first.data.sha256 != second.data.sha256:
        said.append("The data sets differ, so the figures are not of the same photographs.")
    if first.stamp.seed != second.stamp.seed:
        said.append("The seeds differ, so other splits were drawn.")
    if first.stamp.pack.pack_id == second.stamp.pack.pack_id:
        said.append("Both are of the same pack: thresholds may be compared.")
    return " ".join(said)
