"""A report with every part filled in, of nobody: what pages and files are tried with."""

import numpy as np

from overt.evaluation.report import (
    SCHEMA,
    Cleaned,
    ClosedSet,
    DataFacts,
    ErrorPoint,
    Estimate,
    GroupFigure,
    Groups,
    GroupTable,
    Histogram,
    LabelError,
    LabelErrors,
    Line,
    Machine,
    NamedHash,
    OpenSet,
    OperatingPoint,
    OwnGroup,
    PackFacts,
    Report,
    ScoreResult,
    Share,
    Stamp,
    Verification,
)
from overt.rates import Rate

FPIRS = (0.1, 0.03, 0.01, 0.003, 0.001)


def example_report() -> Report:
    """Return a report whose every part is there, some with what is hard to show."""
    return Report(
        schema=SCHEMA,
        stamp=_stamp(),
        data=DataFacts(
            name="drawn <people> & others",
            sha256="ab" * 32,
            photographs=1_200,
            subjects=400,
            subjects_with_several=300,
            templates=1_190,
            left_out={"no face found": 8, "cannot be decoded": 2},
            fta=Share.told(Rate(10, 1_200)),
            fte=Share.told(Rate(1, 400)),
        ),
        verification=_verification(),
        closed_set=(_closed_set(),),
        open_set=(_open_set(600), _open_set(2_000)),
        groups=_groups(),
        label_errors=LabelErrors(
            found=(
                LabelError(
                    "one person under two ids",
                    ("p1", "p2"),
                    ("p1/a.png", "p1/b.png", "p1/c.png", "p1/d.png"),
                    0.98,
                    0.071,
                    "more alike than 60% of people are to themselves",
                    "leave one of them out",
                ),
            ),
            without="all that are listed",
            photographs=4,
            rates=(
                Cleaned(600, "s-norm", 0.01, Estimate(0.72, 0.7, 0.74), Estimate(0.74, 0.72, 0.76)),
            ),
        ),
        notes=("A list of 9,000 could not be drawn from 400 people.",),
    )


def _stamp() -> Stamp:
    return Stamp(
        overt="0.1.0",
        commit="unknown",
        command="overt evaluate run people",
        seed=0,
        pack=PackFacts("drawn", "drawn-1-abcdef", (NamedHash("net.onnx", "cd" * 32),)),
        policy=NamedHash("example 1", "ef" * 32),
        machine=Machine("a processor", 2, 7.5, "Linux", "3.11.2"),
        made_at="2026-07-04T12:00:02+00:00",
        seconds={"templates": 12.3, "searches": 4.5},
        peak_memory_mib=432,
    )


def _verification() -> Verification:
    x = tuple(float(v) for v in np.geomspace(1e-4, 1, 40))
    return Verification(
        pairs="drawn at random, 300 of each kind a fold",
        genuine=3_000,
        impostor=3_000,
        folds=(0.99, 0.995, 0.985, 0.99),
        decided_right=Estimate(0.99, 0.986, 0.994),
        equal_error_rate=0.011,
        points=(ErrorPoint(0.01, 0.91, Share.told(Rate(33, 3_000))),),
        not_used={"a photograph without a usable face": 3},
        curve=Line("cosine", x, tuple(0.02 * v**-0.4 if v < 0.5 else 0.0 for v in x)),
    )


def _closed_set() -> ClosedSet:
    ranks, rates = (1, 5, 20), (0.9, 0.95, 0.99)
    line = Line("s-norm, 600 listed", tuple(map(float, ranks)), rates)
    estimates = tuple(Estimate(rate, rate - 0.01, rate + 0.01) for rate in rates)
    return ClosedSet(600, 10, "s-norm", 1_000, ranks, estimates, line)


def _open_set(size: int) -> OpenSet:
    scores = np.linspace(-0.2, 0.2, 41)
    mated = np.exp(-((scores[:-1] - 0.08) ** 2) / 0.002)
    non_mated = np.exp(-((scores[:-1] + 0.02) ** 2) / 0.0006)
    return OpenSet(
        list_size=size,
        splits=10,
        mated=411.3,
        non_mated=3_123.0,
        shown="s-norm",
        scores=(_scored("raw", 0.3), _scored("s-norm", 0.18)),
        histogram=Histogram(
            "s-norm",
            tuple(map(float, scores)),
            tuple(map(float, mated / mated.sum())),
            tuple(map(float, non_mated / non_mated.sum())),
            0.034,
        ),
    )


def _scored(name: str, miss: float) -> ScoreResult:
    x = np.geomspace(3e-4, 1, 60)
    y = np.minimum(miss * (x / 0.01) ** -0.35, 1)
    points = tuple(
        OperatingPoint(
            fpir,
            Estimate(0.06 - 0.01 * np.log10(fpir).item(), deviation=0.002),
            Estimate(1 - miss, 1 - miss - 0.02, 1 - miss + 0.02, 0.01),
            fpir * 3_123,
        )
        for fpir in FPIRS
    )
    line = Line(name, *(tuple(map(float, v)) for v in (x, y, 0.9 * y, np.minimum(1.1 * y, 1))))
    return ScoreResult(name, f"how {name} is made", points, line)


def _groups() -> Groups:
    def figure(group: str, count: int, of: int = 1_000) -> GroupFigure:
        return GroupFigure(
            group, 100, of, of / 2, Share.told(Rate(count, of)), Estimate(count / 5, 1.0, 9.0)
        )

    none = GroupFigure("C", 4, 12, 8.0, None, None)
    table = GroupTable((figure("A", 5), figure("B", 31), none), "A", 12)
    return Groups(
        list_size=600,
        score="s-norm",
        fpir=0.01,
        threshold=0.0432,
        without_consent=12,
        without_group=7,
        misses=table,
        false_alerts=table,
        higher_fpir=0.003,
        higher=0.0512,
        missed=table,
        spared=table,
        own_group=(OwnGroup(figure("A", 5), figure("A", 9)), OwnGroup(none, none)),
    )
