"""What a report says of comparisons and searches: 1:1, open-set and closed-set 1:N."""

from overt.evaluation.plots import Curves, Plot, Spreads
from overt.evaluation.report import ClosedSet, Estimate, OpenSet, Verification
from overt.evaluation.telling import NOTHING, Section, Table, estimate, percent, share

_HANDFUL = 10  # searches; a share decided by fewer says little


def verification(found: Verification) -> Section:
    """Return the section on pairs that were compared."""
    points = tuple(
        (percent(point.fmr), f"{point.threshold:.4f}", share(point.fnmr)) for point in found.points
    )
    folds = tuple(
        (f"{number}", f"{value:.4f}") for number, value in enumerate(found.folds, start=1)
    )
    error = NOTHING if found.equal_error_rate is None else f"{found.equal_error_rate:.4f}"
    sentences = [
        (
            f"{found.genuine:,} pairs of one subject and {found.impostor:,} of two were compared:"
            f" {found.pairs}."
        ),
        (
            f"Decided rightly: {estimate(found.decided_right, 4)}, the mean over"
            f" {len(found.folds)} folds, each with the threshold that is best on the others."
        ),
        f"The equal error rate is {error}.",
    ]
    sentences += [f"Not used, {why}: {count:,} pairs." for why, count in found.not_used.items()]
    plot = Curves(
        "1:1 comparison: FNMR against FMR",
        "Detection error trade-off of the comparison of pairs; the table below has its points.",
        "FMR: share of pairs of two subjects at or above the threshold",
        "FNMR: share of pairs of one below it",
        (found.curve,),
    )
    return Section(
        "verification",
        "Pairs compared, 1:1",
        tuple(sentences),
        (plot,),
        (
            Table("1:1 error rates", ("FMR", "threshold", "FNMR (95 % interval)"), points),
            Table("Pairs decided rightly, by fold", ("fold", "share"), folds),
        ),
    )


def open_set(found: OpenSet) -> Section:
    """Return the section on the searches of one list size."""
    key = f"open-set-{found.list_size}"
    size = f"{found.list_size:,}"
    plots: list[Plot] = [
        Curves(
            f"Open-set search, {size} listed: FNIR against FPIR",
            f"Detection error trade-off with {size} listed, one line a way of scoring;"
            " the table below has its points.",
            f"FPIR({size}, T)",
            f"FNIR({size}, 1, T)",
            tuple(each.curve for each in found.scores),
            guides=tuple(point.fpir for point in found.scores[0].points),
        )
    ]
    if found.histogram:
        plots.append(_spreads(found))
    return Section(
        key,
        f"Open-set search, {size} listed",
        (
            (
                f"{found.splits} random splits, each of {found.mated:,.0f} mated and"
                f" {found.non_mated:,.0f} non-mated searches against {size} subjects."
            ),
            (
                "TPIR(N, 1, T) is the share of mated searches whose subject is at rank 1 and reaches"
                " the threshold T; FNIR(N, 1, T) is 1 - TPIR; FPIR(N, T) is the share of non-mated"
                " searches of which anybody reaches it."
            ),
        ),
        tuple(plots),
        (_tpirs(found), _thresholds(found), _meanings(found)),
    )


def _spreads(found: OpenSet) -> Spreads:
    shown = next(each for each in found.scores if each.score == found.shown)
    assert found.histogram is not None
    marked = tuple(
        (f"FPIR {percent(point.fpir)}", point.threshold.value)
        for point in shown.points
        if point.threshold.value is not None
    )
    wrong = percent(round(found.histogram.wrong_rank, 4))
    return Spreads(
        f"Scores of the best candidate, {found.list_size:,} listed ({shown.score})",
        "Spread of the scores of mated and of non-mated searches, with the thresholds marked."
        f" {wrong} of mated searches had their subject at another rank and are not drawn.",
        found.histogram,
        marked,
    )


def _tpirs(found: OpenSet) -> Table:
    points = zip(*(each.points for each in found.scores), strict=True)
    rows = tuple(
        (
            percent(across[0].fpir),
            f"{across[0].strangers:.1f}",
            *(estimate(point.tpir) for point in across),
        )
        for across in points
    )
    return Table(
        f"TPIR at chosen FPIRs, {found.list_size:,} listed",
        ("FPIR", "non-mated above", *(each.score for each in found.scores)),
        rows,
        "In brackets: 95 % interval, bootstrapped over subjects. Where fewer than about"
        f" {_HANDFUL} non-mated searches of a split reach the threshold, the row is guessed"
        " rather than measured, and its interval too narrow.",
    )


def _thresholds(found: OpenSet) -> Table:
    points = zip(*(each.points for each in found.scores), strict=True)
    rows = tuple(
        (percent(across[0].fpir), *(_threshold(point.threshold) for point in across))
        for across in points
    )
    return Table(
        f"Thresholds, {found.list_size:,} listed",
        ("FPIR", *(each.score for each in found.scores)),
        rows,
        "Of all splits pooled, ± the deviation between splits.",
    )


def _threshold(value: Estimate) -> str:
    if value.value is None:
        return NOTHING
    deviation = "" if value.deviation is None else f" ± {value.deviation:.4f}"
    return f"{value.value:.4f}{deviation}"


def _meanings(found: OpenSet) -> Table:
    rows = tuple((each.score, each.meaning) for each in found.scores)
    return Table(
        f"Ways of scoring, {found.list_size:,} listed", ("name", "what it is"), rows, words=True
    )


def closed_set(found: tuple[ClosedSet, ...]) -> Section:
    """Return the section on ranks, where everybody is listed."""
    tables = tuple(
        Table(
            f"Closed-set search, {each.list_size:,} listed ({each.score})",
            ("rank r", "share with the right subject at rank r or better"),
            tuple(
                (f"{rank}", estimate(rate))
                for rank, rate in zip(each.ranks, each.rates, strict=True)
            ),
        )
        for each in found
    )
    plot = Curves(
        "Cumulative share of mated searches by rank",
        "Share of mated searches whose subject is at a rank or better; the tables have it.",
        "rank",
        "share at this rank or better",
        tuple(each.curve for each in found),
        x_percent=False,
        y_percent=False,
    )
    said = "Every search is of somebody listed, and there is no threshold: how the ranking serves."
    return Section("closed-set", "Closed-set search", (said,), (plot,), tables)
