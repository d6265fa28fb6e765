"""What came of every passage: the truth of a recording held against what a pipeline did with it.

In every frame, detections are paired with the annotated boxes in which their middle lies, one
with one, so that all pairs together fit best. A track's alerts and searches belong to the passage
that its face was last paired with. Each passage then has exactly one outcome, and each alert is
exactly one of true, late, raised again, false, or of nobody annotated.

Passages without boxes can be paired by time only. An alert as somebody who is in view just then
is taken to be of them; any other is given to somebody unlisted in view. Why such a passage was
missed is then "at best": it is the farthest that any face in view came which belongs to nobody
with boxes.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from overt.evaluation.clips import AnnotatedPassage
from overt.evaluation.passage_results import (
    AlertKind,
    AlertResult,
    CameraResult,
    Outcome,
    PassageResult,
)
from overt.evaluation.watching import Look, Search, SeenFace, Watched
from overt.vocabulary import WhyNoAlert

FACE_SEEN = 3
"""Detections that make a track a face seen, as `overt.runtime.counts` counts faces seen."""

_NEVER = 1e6  # a cost at which no pair is worth making


@dataclass(frozen=True, slots=True)
class PairingRules:
    """When an alert still counts.

    `late_after_s` is how long after a passage's first moment an alert is late; without it, only
    one after the passage's last moment is. `after_s` is how long after its last moment an alert
    may still be paired with a passage without boxes: the face may be in view a little longer
    than whoever annotated it saw.
    """

    late_after_s: float | None = None
    after_s: float = 1.0


def pair(
    watched: Watched, passages: Sequence[AnnotatedPassage], rules: PairingRules = PairingRules()
) -> CameraResult:
    """Hold what a pipeline did against who passed its camera.

    Passages of other cameras are left out. The result is a function of its arguments alone.
    """
    own = [each for each in passages if each.camera == watched.camera]
    tracks = _Tracks(watched, own)
    alerts = list(_alerts(watched, own, tracks, rules))
    results = tuple(_result(watched, each, tracks, alerts) for each in own)
    return CameraResult(
        camera=watched.camera,
        threshold=watched.threshold,
        counts=watched.counts,
        passages=results,
        alerts=tuple(alerts),
        faces_of_passages=len(tracks.faces_seen(of_somebody=True)),
        faces_of_nobody=len(tracks.faces_seen(of_somebody=False)),
        fused_tracks=tracks.fused(),
        tracks_searched=len({e.track_id for e in watched.searches if tracks.is_seen(e.track_id)}),
        held_back=sum(each.why_not is None and not each.raised for each in watched.searches),
    )


# --- whose face is whose --------------------------------------------------------------------------

_Sighting: TypeAlias = tuple[float, SeenFace]
"""A moment, and a face at that moment."""


class _Tracks:
    """Whose face every detection was, and so whose every track was, and when."""

    def __init__(self, watched: Watched, passages: Sequence[AnnotatedPassage]) -> None:
        self._by_passage: defaultdict[str, list[_Sighting]] = defaultdict(list)
        self._by_track: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
        self._lengths: Counter[int] = Counter()
        self._unpaired: list[_Sighting] = []
        self._searches = watched.searches
        self._met = {each.track_id for each in watched.searches if each.why_not is None}
        with_boxes = [each for each in passages if each.boxes]
        for look in watched.looks:
            whose = dict(_paired(look, with_boxes))
            for place, face in enumerate(look.faces):
                self._add((look.time_s, face), whose.get(place, ""))

    def _add(self, sighting: _Sighting, passage_id: str) -> None:
        time_s, face = sighting
        if passage_id:
            self._by_passage[passage_id].append(sighting)
        else:
            self._unpaired.append(sighting)
        if face.track_id is not None:
            self._lengths[face.track_id] += 1
            if passage_id:
                self._by_track[face.track_id].append((time_s, passage_id))

    def faces(self, passage: AnnotatedPassage) -> list[_Sighting]:
        """Return a passage's detections; without boxes, those in view that are nobody else's."""
        if passage.boxes:
            return self._by_passage[passage.passage_id]
        return [
            (time_s, face)
            for time_s, face in self._unpaired
            if passage.first_s <= time_s <= passage.last_s and face.track_id not in self._by_track
        ]

    def searches(self, passage: AnnotatedPassage) -> list[Search]:
        """Return a passage's searches; without boxes, those in view that are nobody else's."""
        if passage.boxes:
            own = passage.passage_id
            return [each for each in self._searches if self.whose(each) == own]
        return [
            each
            for each in self._searches
            if passage.first_s <= each.time_s <= passage.last_s and not self.whose(each)
        ]

    def whose(self, search: Search) -> str:
        """Return whom a track was last seen to be before it was searched; empty for nobody."""
        seen = self._by_track.get(search.track_id, [])
        before = bisect_right(seen, search.time_s, key=lambda each: each[0])
        return seen[before - 1][1] if before else ""

    def length(self, track_id: int) -> int:
        """Return how many detections a track has, whoever they are of."""
        return self._lengths[track_id]

    def is_seen(self, track_id: int) -> bool:
        """Tell whether the pipeline counts a track as a face seen: long enough, or one that alerts."""
        return self._lengths[track_id] >= FACE_SEEN or track_id in self._met

    def faces_seen(self, *, of_somebody: bool) -> list[int]:
        """Return the faces seen that were, or were not, paired with any passage."""
        seen = [track for track in self._lengths if self.is_seen(track)]
        return [track for track in seen if (track in self._by_track) == of_somebody]

    def fused(self) -> int:
        """Return how many tracks followed more than one passage."""
        return sum(len({each for _, each in seen}) > 1 for seen in self._by_track.values())


def _paired(look: Look, passages: Sequence[AnnotatedPassage]) -> Iterator[tuple[int, str]]:
    """Give the places of a frame's faces that are somebody's, and whose."""
    there = [(each, box) for each in passages if (box := each.box_at(look.time_s)) is not None]
    if not there or not look.faces:
        return
    cost = _costs(
        np.array([face.box_px for face in look.faces], np.float64),
        np.array([box for _, box in there], np.float64),
    )
    for place, row in zip(*linear_sum_assignment(cost), strict=True):
        if cost[place, row] < _NEVER:
            yield int(place), there[row][0].passage_id


def _costs(faces: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how badly `(n, 4)` faces fit `(k, 4)` boxes, `(n, k)`: 0 for the very same box.

    Half of it is what the two do not share, and half how far apart their middles are; a face
    whose middle is not in the box does not fit at all.
    """
    face, box = faces[:, None], boxes[None]
    middle = (face[..., :2] + face[..., 2:]) / 2
    inside = np.all((box[..., :2] <= middle) & (middle <= box[..., 2:]), axis=2)
    shared = np.clip(
        np.minimum(face[..., 2:], box[..., 2:]) - np.maximum(face[..., :2], box[..., :2]), 0, None
    ).prod(axis=2)
    areas = [(each[..., 2:] - each[..., :2]).prod(axis=2) for each in (face, box)]
    apart = np.linalg.norm(middle - (box[..., :2] + box[..., 2:]) / 2, axis=2)
    unlike = 1 - shared / (areas[0] + areas[1] - shared)
    return np.where(inside, unlike / 2 + apart / np.sqrt(areas[1]) / 2, _NEVER)


# --- what every alert was -------------------------------------------------------------------------


def _alerts(
    watched: Watched,
    passages: Sequence[AnnotatedPassage],
    tracks: _Tracks,
    rules: PairingRules,
) -> Iterator[AlertResult]:
    """Give every alert in its order, so that the first true one of a passage is known as that."""
    by_id = {each.passage_id: each for each in passages}
    told: list[AlertResult] = []
    for search in watched.searches:
        if not search.raised:
            continue
        passage = by_id.get(tracks.whose(search)) or _in_view(search, passages, told, rules)
        told.append(
            AlertResult(
                camera=watched.camera,
                time_s=search.time_s,
                track_id=search.track_id,
                subject_id=search.best_subject,
                score=search.best_score,
                kind=_kind(search, passage, told, rules),
                passage_id=passage.passage_id if passage else "",
            )
        )
        yield told[-1]


def _in_view(
    search: Search,
    passages: Iterable[AnnotatedPassage],
    told: Sequence[AlertResult],
    rules: PairingRules,
) -> AnnotatedPassage | None:
    """Return whom an alert may be of, among passages without boxes."""
    there = [
        each
        for each in passages
        if not each.boxes and each.first_s <= search.time_s <= each.last_s + rules.after_s
    ]
    taken = {each.passage_id for each in told}
    for passage in there:
        if passage.subject_id == search.best_subject:
            return passage
    unlisted = [each for each in there if not each.listed]
    return next((each for each in unlisted if each.passage_id not in taken), None)


def _kind(
    search: Search,
    passage: AnnotatedPassage | None,
    told: Iterable[AlertResult],
    rules: PairingRules,
) -> AlertKind:
    if passage is None:
        return AlertKind.OF_NOBODY
    if passage.subject_id != search.best_subject:
        return AlertKind.FALSE
    if any(
        each.passage_id == passage.passage_id and each.subject_id == passage.subject_id
        for each in told
    ):
        return AlertKind.AGAIN
    limit_s = passage.last_s
    if rules.late_after_s is not None:
        limit_s = min(limit_s, passage.first_s + rules.late_after_s)
    return AlertKind.LATE if search.time_s > limit_s else AlertKind.TRUE


# --- what came of every passage -------------------------------------------------------------------


def _result(
    watched: Watched,
    passage: AnnotatedPassage,
    tracks: _Tracks,
    alerts: Iterable[AlertResult],
) -> PassageResult:
    faces, searches = tracks.faces(passage), tracks.searches(passage)
    own = [each for each in alerts if each.passage_id == passage.passage_id]
    true = [each for each in own if each.kind in {AlertKind.TRUE, AlertKind.LATE}]
    held_back = [each for each in searches if each.why_not is None and not each.raised]
    best = _nearest(passage, searches)
    followed = [face.track_id for _, face in faces if face.track_id is not None]
    seen = any(tracks.length(each) >= FACE_SEEN for each in followed)
    searchable = [
        time_s for time_s, face in faces if face.track_id is not None and not face.why_not
    ]
    reasons = Counter(reason for _, face in faces for reason in face.why_not)
    return PassageResult(
        passage=passage,
        outcome=_of_alerts(passage, own)
        or _of_searches(passage, watched.enrolled, best)
        or _how_far(faces, seen=seen, searchable=bool(searchable)),
        seen=seen or bool(searches),
        detections=len(faces),
        tracks=len(set(followed)),
        switches=sum(a != b for a, b in pairwise(followed)) if passage.boxes else 0,
        first_detected_s=faces[0][0] if faces else None,
        first_searchable_s=searchable[0] if searchable else None,
        alerted_s=true[0].time_s if true else None,
        best_subject=best.best_subject if best else "",
        score=(best.score.get(passage.subject_id, best.best_score) if best else None),
        rank=(best.rank.get(passage.subject_id, 1) if best else None),
        held_back=len(held_back),
        not_searchable=dict(reasons),
    )


def _nearest(passage: AnnotatedPassage, searches: Iterable[Search]) -> Search | None:
    """Return the search that came nearest to a true alert or, of somebody unlisted, to any."""

    def near(search: Search) -> tuple[bool, bool, bool, float]:
        own = passage.subject_id or search.best_subject
        first = search.best_subject == own
        above = search.why_not is not WhyNoAlert.BELOW_THRESHOLD
        score = search.score.get(own, search.best_score)
        return first, first and above, first and search.why_not is None, score

    return max(searches, key=near, default=None)


_WHY_NOT = {
    WhyNoAlert.BELOW_THRESHOLD: Outcome.BELOW_THRESHOLD,
    WhyNoAlert.TOO_FEW_SHOTS: Outcome.TOO_FEW_SHOTS,
    WhyNoAlert.SHOTS_DISAGREE: Outcome.SHOTS_DISAGREE,
}


_OF_ALERTS = {
    AlertKind.TRUE: Outcome.ALERTED,
    AlertKind.LATE: Outcome.LATE,
}


def _of_alerts(passage: AnnotatedPassage, alerts: Iterable[AlertResult]) -> Outcome | None:
    """Return what came of a passage by its alerts, where they decide it."""
    kinds = {each.kind for each in alerts}
    if passage.listed:
        return next(
            (_OF_ALERTS[each] for each in AlertKind if each in kinds & set(_OF_ALERTS)), None
        )
    return Outcome.FALSE_ALERT if AlertKind.FALSE in kinds else None


def _of_searches(
    passage: AnnotatedPassage, enrolled: Collection[str], best: Search | None
) -> Outcome | None:
    """Return what came of a passage without a true alert, by the search that came nearest."""
    if passage.listed and passage.subject_id not in enrolled:
        return Outcome.NOT_ENROLLED
    if best is None:
        return None
    if not passage.listed:
        return Outcome.NO_ALERT
    if best.best_subject != passage.subject_id:
        return Outcome.WRONG_RANK
    return _WHY_NOT[best.why_not] if best.why_not else Outcome.REPEATED


def _how_far(faces: Sequence[_Sighting], *, seen: bool, searchable: bool) -> Outcome:
    """Return how far the face of a passage came that was never searched."""
    if not faces:
        return Outcome.NOT_DETECTED
    if not seen:
        return Outcome.NOT_TRACKED
    return Outcome.NOT_SEARCHED if searchable else Outcome.NOT_SEARCHABLE
