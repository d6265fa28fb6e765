"""Five hundred passages on drawn streets, fifty of them of listed people: every one accounted for.

Ten streets with a camera each, and the whole drawn list of 200. The truth is exact, so counts
must reconcile to the last one: each passage has one outcome, and each alert is one of somebody.
"""

import resource
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic

from bench.context import Context
from bench.drawn import drawing_version
from bench.results import Claim, Grid
from overt.evaluation.clip_summary import ClipSummary, Times, sum_up
from overt.evaluation.drawn import DrawnScene, DrawnSet, prepare
from overt.evaluation.passage_results import AlertKind, CameraResult, Outcome
from overt.rates import Rate
from overt.vocabulary import NotSearchable

STREETS = DrawnSet(
    tuple(DrawnScene(seed, 50, 5, 55) for seed in range(101, 111)), frames_per_second=3.0
)
FEW = DrawnSet((DrawnScene(101, 20, 4, 30),), frames_per_second=3.0)
_LONGEST_S = 600.0
_CORES = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One street: passages, those of listed people, and the faces seen and alerts of the pipeline."""

    camera: str
    passages: int
    listed: int
    alerted: int
    falsely: int
    faces_seen: int
    alerts: int

    @classmethod
    def of(cls, result: CameraResult) -> "Row":
        """Count one street's result."""
        outcomes = [each.outcome for each in result.passages]
        return cls(
            camera=result.camera,
            passages=len(outcomes),
            listed=sum(each.passage.listed for each in result.passages),
            alerted=outcomes.count(Outcome.ALERTED),
            falsely=outcomes.count(Outcome.FALSE_ALERT),
            faces_seen=result.counts.faces_seen,
            alerts=result.counts.alerts,
        )


@dataclass(frozen=True, slots=True)
class DrawnStreetResult:
    """The figures of all streets, and what they took.

    `drawn` is how many passages there are, and `drawn_listed` how many are of listed people;
    `processor_s` is the processor time of all processes, with drawing the frames and, where it
    was not kept from before, the list.
    """

    drawn: int
    drawn_listed: int
    threshold: float
    listed: int
    summary: ClipSummary
    streets: tuple[Row, ...]
    wall_s: float
    processor_s: float

    def claims(self) -> Iterator[Claim]:
        """Return what must hold, and the rates that are shown and not judged."""
        yield self._reconciled()
        yield Claim("drawn-street: TPIR per passage", "shown", _told(self.summary.tpir), None)
        yield Claim("drawn-street: FPIR per passage", "shown", _told(self.summary.fpir), None)
        yield Claim(
            "drawn-street: time to alert, since searchable",
            "shown",
            _seconds(self.summary.since_searchable),
            None,
        )
        yield Claim(
            "drawn-street: processor time, everything in it",
            f"≤ {_LONGEST_S:.0f} s on {_CORES} cores",
            f"{self.processor_s / _CORES:.0f} s on each of {_CORES}; {self.wall_s:.0f} s by the "
            "clock, beside whatever else ran",
            self.processor_s <= _CORES * _LONGEST_S,
        )

    def grids(self) -> Iterator[Grid]:
        """Return outcomes, rates and streets."""
        yield self._rates()
        yield self._outcomes()
        yield Grid(
            "drawn-street: streets",
            ("camera", "passages", "listed", "in time", "falsely", "faces seen", "alerts"),
            tuple(
                (
                    each.camera,
                    str(each.passages),
                    str(each.listed),
                    str(each.alerted),
                    str(each.falsely),
                    str(each.faces_seen),
                    str(each.alerts),
                )
                for each in self.streets
            ),
        )

    def _reconciled(self) -> Claim:
        """`sum_up` has refused what does not reconcile within a street; this is about the set."""
        summary = self.summary
        listed, alerts = sum(summary.listed.values()), sum(summary.alerts.values())
        outcomes = listed + sum(summary.unlisted.values())
        exact = (
            outcomes == self.drawn
            and listed == self.drawn_listed
            and alerts == sum(each.alerts for each in self.streets)
            and summary.alerts[AlertKind.TRUE] == summary.listed[Outcome.ALERTED]
        )
        return Claim(
            "drawn-street: counts reconcile with the truth",
            f"{self.drawn} passages, {self.drawn_listed} listed",
            f"{outcomes} outcomes, {listed} of listed people; {alerts} alerts, "
            f"{summary.alerts[AlertKind.TRUE]} true",
            exact,
        )

    def _rates(self) -> Grid:
        summary = self.summary
        low, high = summary.tpir_over_subjects or (0.0, 1.0)
        rows = (
            ("passages seen", _told(summary.seen)),
            ("TPIR per passage", _told(summary.tpir)),
            (
                "  95 % interval over subjects",
                f"{low:.3f} to {high:.3f}, {summary.subjects} people",
            ),
            ("FPIR per passage", _told(summary.fpir)),
            ("FPIR per searched passage", _told(summary.fpir_of_searched)),
            (
                "false alerts per 1,000 faces seen",
                "{:.1f} (95 % interval {:.1f} to {:.1f})".format(*summary.false_a_thousand),
            ),
            ("time to alert, since visible", _seconds(summary.since_visible)),
            ("time to alert, since searchable", _seconds(summary.since_searchable)),
            ("track switches", str(summary.switches)),
            ("extra tracks", str(summary.extra_tracks)),
            ("tracks of two people", f"{summary.fused_tracks}, and {summary.tracks_cut} cut"),
            ("faces seen", f"{summary.faces_seen}, of them {summary.faces_of_nobody} of nobody"),
            ("faces searched", str(summary.faces_searched)),
        )
        note = f"{self.listed} listed, threshold {self.threshold:g}, 3 frames a second."
        return Grid("drawn-street: rates", ("figure", "found"), rows, note)

    def _outcomes(self) -> Grid:
        found = [
            each for each in Outcome if self.summary.listed[each] or self.summary.unlisted[each]
        ]
        return Grid(
            "drawn-street: what came of every passage",
            ("outcome", "of listed people", "of others"),
            tuple(
                (each, str(self.summary.listed[each]), str(self.summary.unlisted[each]))
                for each in found
            ),
            _why(self.summary.not_searchable),
        )


def measure(context: Context) -> DrawnStreetResult:
    """Draw the streets and look at them, or one short street if it must be quick."""
    drawn = FEW if context.quick else STREETS
    passages = [each for scene in drawn.scenes for each in drawn.street(scene).passages]
    began_s, spent_s = monotonic(), _processor_s()
    with context.progress("enrolling the drawn list") as progress:
        prepared = prepare(
            drawn,
            context.pack,
            context.home.models,
            context.cache / f"drawn-list-{drawing_version()}",
            progress,
            processes=_CORES,
        )
    with context.progress("drawn streets") as progress:
        results = prepared.watch(progress, processes=_CORES)
    return DrawnStreetResult(
        drawn=len(passages),
        drawn_listed=sum(each.listed for each in passages),
        threshold=drawn.threshold,
        listed=len(prepared.gallery),
        summary=sum_up(results),
        streets=tuple(map(Row.of, results)),
        wall_s=monotonic() - began_s,
        processor_s=_processor_s() - spent_s,
    )


def _processor_s() -> float:
    """Return the processor time of this process and of all that it has waited for."""
    used = [resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _told(rate: Rate) -> str:
    low, high = rate.interval()
    return f"{rate.value:.3f} ({rate.count} of {rate.of}, 95 % interval {low:.3f} to {high:.3f})"


def _seconds(times: Times) -> str:
    if not times.count:
        return "nobody alerted"
    return (
        f"median {times.median_s:.2f} s, p95 {times.p95_s:.2f} s, longest {times.longest_s:.2f} s"
    )


def _why(reasons: Mapping[NotSearchable, int]) -> str:
    told = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)
    return f"Listed people who were not searchable: {told}." if told else ""
