"""The figures of an evaluation by passages: rates with intervals, times to alert, and misses.

A passage, not a search, is what an operator and the person who passes live through, so rates are
per passage. TPIR is the share of listed people's passages that raise a true alert in time; FPIR
the share of unlisted people's that raise a false one (ISO/IEC 19795-1, with a passage as the
transaction). Both have Wilson's interval, which takes passages for independent. One person's
are not, so TPIR has a second interval over subjects, drawn with replacement.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

import numpy as np

from overt.errors import OvertError
from overt.evaluation.passage_results import AlertKind, CameraResult, Outcome, PassageResult
from overt.rates import LEVEL, Rate
from overt.runtime.counts import total
from overt.vocabulary import NotSearchable

Interval: TypeAlias = tuple[float, float]

_Kind = TypeVar("_Kind", bound=StrEnum)

_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Times:
    """How long it took, in seconds, in so many cases; not a number where there was none."""

    count: int
    median_s: float
    p95_s: float
    longest_s: float

    @classmethod
    def of(cls, seconds: Iterable[float | None]) -> "Times":
        """Sum up those that are there."""
        known = [each for each in seconds if each is not None]
        if not known:
            return cls(0, np.nan, np.nan, np.nan)
        median, p95 = np.percentile(known, [50, 95])
        return cls(len(known), float(median), float(p95), max(known))


@dataclass(frozen=True, slots=True)
class ClipSummary:
    """The figures of all cameras of an evaluation together.

    `seen` counts passages with a face seen. `tpir_over_subjects` is None where fewer than two
    listed people passed. `fpir` is of all unlisted passages and `fpir_of_searched` of those that
    were searched. `false_alerts` counts those of unlisted people, of listed people taken for
    somebody else, and of nobody annotated; `false_a_thousand` is the same a thousand faces seen,
    with its interval. `extra_tracks` are tracks beyond each passage's first.
    """

    seen: Rate
    tpir: Rate
    tpir_over_subjects: Interval | None
    subjects: int
    fpir: Rate
    fpir_of_searched: Rate
    listed: Mapping[Outcome, int]
    unlisted: Mapping[Outcome, int]
    not_searchable: Mapping[NotSearchable, int]
    alerts: Mapping[AlertKind, int]
    false_alerts: int
    false_a_thousand: tuple[float, float, float]
    since_visible: Times
    since_searchable: Times
    frames: int
    detections: int
    faces_seen: int
    faces_searched: int
    faces_of_nobody: int
    repeats: int
    tracks_cut: int
    switches: int
    extra_tracks: int
    fused_tracks: int


def sum_up(results: Sequence[CameraResult]) -> ClipSummary:
    """Return the figures of one evaluation.

    Raises:
        OvertError: totals contradict each other, which no input can make them do.
    """
    contradictions = [line for each in results for line in each.contradictions()]
    if contradictions:
        raise OvertError(
            f"The evaluation does not reconcile: {'; '.join(contradictions)}.",
            remedy="Please report this as a fault in Overt, and do not use its figures.",
        )
    passages = [each for result in results for each in result.passages]
    listed = [each for each in passages if each.passage.listed]
    unlisted = [each for each in passages if not each.passage.listed]
    alerts = _counted(AlertKind, (each.kind for result in results for each in result.alerts))
    counts = total(each.counts for each in results)
    falsely = sum(each.outcome is Outcome.FALSE_ALERT for each in unlisted)
    false_alerts = sum(count for kind, count in alerts.items() if kind.is_false)
    return ClipSummary(
        seen=Rate(sum(each.seen for each in passages), len(passages)),
        tpir=Rate(sum(map(_alerted, listed)), len(listed)),
        tpir_over_subjects=over_subjects(listed),
        subjects=len({each.passage.subject_id for each in listed}),
        fpir=Rate(falsely, len(unlisted)),
        fpir_of_searched=Rate(falsely, sum(each.score is not None for each in unlisted)),
        listed=_counted(Outcome, (each.outcome for each in listed)),
        unlisted=_counted(Outcome, (each.outcome for each in unlisted)),
        not_searchable=_counted(NotSearchable, _main_reasons(listed)),
        alerts=alerts,
        false_alerts=false_alerts,
        false_a_thousand=_a_thousand(false_alerts, counts.faces_seen),
        since_visible=Times.of(each.since_visible_s for each in listed),
        since_searchable=Times.of(each.since_searchable_s for each in listed),
        frames=counts.frames,
        detections=counts.detections,
        faces_seen=counts.faces_seen,
        faces_searched=counts.faces_searched,
        repeats=counts.repeats,
        tracks_cut=counts.tracks_cut,
        faces_of_nobody=sum(each.faces_of_nobody for each in results),
        switches=sum(each.switches for each in passages),
        extra_tracks=sum(max(0, each.tracks - 1) for each in passages if each.passage.boxes),
        fused_tracks=sum(each.fused_tracks for each in results),
    )


def over_subjects(listed: Sequence[PassageResult], level: float = LEVEL) -> Interval | None:
    """Return TPIR's interval over subjects; None of fewer than two.

    Subjects are drawn with replacement, each with all of their passages (R. M. Bolle and others,
    Computer Vision and Image Understanding 93, 2004); always with the same draws.
    """
    by_subject: defaultdict[str, list[bool]] = defaultdict(list)
    for each in listed:
        by_subject[each.passage.subject_id].append(_alerted(each))
    if len(by_subject) < 2:
        return None
    alerted, passed = np.array([(sum(own), len(own)) for own in by_subject.values()]).T
    drawn = np.random.default_rng(0).integers(0, len(passed), (_DRAWS, len(passed)))
    rates = alerted[drawn].sum(axis=1) / passed[drawn].sum(axis=1)
    low, high = np.quantile(rates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _alerted(result: PassageResult) -> bool:
    return result.outcome is Outcome.ALERTED


def _counted(kinds: type[_Kind], found: Iterable[_Kind]) -> dict[_Kind, int]:
    """Return how often each kind was found, those that never were included."""
    counts = Counter(found)
    return {kind: counts[kind] for kind in kinds}


def _main_reasons(listed: Iterable[PassageResult]) -> Iterator[NotSearchable]:
    missed = (each for each in listed if each.outcome is Outcome.NOT_SEARCHABLE)
    return (each.main_reason for each in missed if each.main_reason is not None)


def _a_thousand(count: int, faces: int) -> tuple[float, float, float]:
    """Return how many come to a thousand faces seen, with the interval's two ends."""
    # A track of two detections may alert and is no face seen, hence the larger of the two.
    rate = Rate(count, max(count, faces))
    low, high = rate.interval()
    return 1000 * rate.value, 1000 * low, 1000 * high


def told(results: Sequence[CameraResult], summary: ClipSummary) -> dict[str, object]:
    """Return an evaluation as what JSON can hold, for programs: figures, passages and alerts."""
    return {
        "summary": _summary_told(summary),
        "passages": [_passage_told(each) for result in results for each in result.passages],
        "alerts": [
            {
                "camera": each.camera,
                "time_s": each.time_s,
                "track": each.track_id,
                "subject_id": each.subject_id,
                "score": each.score,
                "kind": each.kind,
                "passage_id": each.passage_id,
            }
            for result in results
            for each in result.alerts
        ],
    }


def _summary_told(summary: ClipSummary) -> dict[str, object]:
    return {
        "seen": _rate_told(summary.seen),
        "tpir": _rate_told(summary.tpir),
        "tpir_over_subjects": summary.tpir_over_subjects,
        "subjects": summary.subjects,
        "fpir": _rate_told(summary.fpir),
        "fpir_of_searched": _rate_told(summary.fpir_of_searched),
        "outcomes_of_listed": dict(summary.listed),
        "outcomes_of_unlisted": dict(summary.unlisted),
        "not_searchable": dict(summary.not_searchable),
        "alerts": dict(summary.alerts),
        "false_alerts": summary.false_alerts,
        "false_alerts_a_thousand_faces_seen": _numbers(summary.false_a_thousand),
        "time_to_alert_since_visible_s": _times_told(summary.since_visible),
        "time_to_alert_since_searchable_s": _times_told(summary.since_searchable),
        "frames": summary.frames,
        "detections": summary.detections,
        "faces_seen": summary.faces_seen,
        "faces_searched": summary.faces_searched,
        "faces_of_nobody": summary.faces_of_nobody,
        "repeats": summary.repeats,
        "tracks_cut": summary.tracks_cut,
        "switches": summary.switches,
        "extra_tracks": summary.extra_tracks,
        "fused_tracks": summary.fused_tracks,
    }


def _passage_told(result: PassageResult) -> dict[str, object]:
    return {
        "passage_id": result.passage.passage_id,
        "subject_id": result.passage.subject_id,
        "camera": result.passage.camera,
        "outcome": result.outcome,
        "seen": result.seen,
        "detections": result.detections,
        "tracks": result.tracks,
        "switches": result.switches,
        "first_detected_s": result.first_detected_s,
        "first_searchable_s": result.first_searchable_s,
        "alerted_s": result.alerted_s,
        "since_visible_s": result.since_visible_s,
        "since_searchable_s": result.since_searchable_s,
        "best_subject": result.best_subject,
        "score": result.score,
        "rank": result.rank,
        "held_back": result.held_back,
        "not_searchable": dict(result.not_searchable),
    }


def _rate_told(rate: Rate) -> dict[str, object]:
    value, *interval = _numbers((rate.value, *rate.interval()))
    return {"count": rate.count, "of": rate.of, "value": value, "interval": interval}


def _times_told(times: Times) -> dict[str, object]:
    median, p95, longest = _numbers((times.median_s, times.p95_s, times.longest_s))
    return {"count": times.count, "median": median, "p95": p95, "longest": longest}


def _numbers(values: Iterable[float]) -> list[float | None]:
    """Return numbers for JSON, which has no word for what is none."""
    return [value if np.isfinite(value) else None for value in values]
