"""What came of a passage, of an alert, and of all that passed a camera, when held against the truth."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from overt.evaluation.clips import AnnotatedPassage
from overt.runtime.counts import Counts
from overt.vocabulary import NotSearchable


class Outcome(StrEnum):
    """What came of a passage. The first is what should come of somebody listed."""

    ALERTED = "alerted in time"
    LATE = "alerted late"
    REPEATED = "held back as a repeat"
    SHOTS_DISAGREE = "the shots disagree"
    TOO_FEW_SHOTS = "too few shots"
    BELOW_THRESHOLD = "below the decision threshold"
    WRONG_RANK = "another subject at rank 1"
    NOT_SEARCHED = "searchable, but its track was another's"
    NOT_SEARCHABLE = "not searchable"
    NOT_TRACKED = "detected, but not tracked"
    NOT_DETECTED = "not detected"
    NOT_ENROLLED = "not on the list after all"
    FALSE_ALERT = "alerted falsely"
    NO_ALERT = "searched, without an alert"

    @property
    def needs_reason(self) -> bool:
        """Whether `PassageResult.main_reason` says more."""
        return self is Outcome.NOT_SEARCHABLE


class AlertKind(StrEnum):
    """What an alert was, held against who passed."""

    TRUE = "true"
    LATE = "true, but late"
    AGAIN = "raised again of the same passage"
    FALSE = "false"
    OF_NOBODY = "of nobody annotated"

    @property
    def is_false(self) -> bool:
        """Whether it counts as a false alert."""
        return self in {AlertKind.FALSE, AlertKind.OF_NOBODY}


@dataclass(frozen=True, slots=True)
class PassageResult:
    """What came of one passage. Times are seconds of the recording, None where there is none.

    `seen` says whether a track of the face was long enough for a face seen, or was searched.
    `not_searchable` counts detections of the face by reason. `switches` counts how often the face
    went on in another track than before, and `tracks` in how many it was. `score` is the own
    subject's in the search that came nearest to an alert, and `rank` its rank there; for somebody
    unlisted, the best candidate's, with rank 1. `held_back` counts repeats that raised no second
    alert.
    """

    passage: AnnotatedPassage
    outcome: Outcome
    seen: bool = False
    detections: int = 0
    tracks: int = 0
    switches: int = 0
    first_detected_s: float | None = None
    first_searchable_s: float | None = None
    alerted_s: float | None = None
    best_subject: str = ""
    score: float | None = None
    rank: int | None = None
    held_back: int = 0
    not_searchable: Mapping[NotSearchable, int] = field(default_factory=dict)

    @property
    def main_reason(self) -> NotSearchable | None:
        """The reason that most of the face's detections were not searchable for."""
        counts = self.not_searchable
        return max(NotSearchable, key=lambda each: counts.get(each, 0)) if counts else None

    @property
    def since_visible_s(self) -> float | None:
        """From the first moment at which the face can be seen to its true alert."""
        return None if self.alerted_s is None else self.alerted_s - self.passage.first_s

    @property
    def since_searchable_s(self) -> float | None:
        """From the first frame in which the face was searchable to its true alert."""
        if self.alerted_s is None or self.first_searchable_s is None:
            return None
        return self.alerted_s - self.first_searchable_s


@dataclass(frozen=True, slots=True)
class AlertResult:
    """What one alert was. `passage_id` is empty where it was of nobody annotated."""

    camera: str
    time_s: float
    track_id: int
    subject_id: str
    score: float
    kind: AlertKind
    passage_id: str


@dataclass(frozen=True, slots=True)
class CameraResult:
    """What came of all that passed one camera.

    `counts` are the pipeline's own. `faces_of_passages` are the faces seen that were of somebody
    annotated, `faces_of_nobody` those that were not, or that nobody can tell for want of boxes;
    `fused_tracks` are tracks of more than one passage. `tracks_searched`, of the faces seen, and
    `held_back`, alerts that were repeats, are as they were heard, and so can be held against `counts`.
    """

    camera: str
    threshold: float
    counts: Counts
    passages: tuple[PassageResult, ...]
    alerts: tuple[AlertResult, ...]
    faces_of_passages: int
    faces_of_nobody: int
    fused_tracks: int
    tracks_searched: int
    held_back: int

    def contradictions(self) -> Iterator[str]:
        """Say which totals do not agree that must; none where all is well."""
        kinds = Counter(each.kind for each in self.alerts)
        outcomes = Counter(each.outcome for each in self.passages)
        for what, one, other in (
            ("alerts told and raised", len(self.alerts), self.counts.alerts),
            ("alerts held back and repeats", self.held_back, self.counts.repeats),
            (
                "tracks searched and faces searched",
                self.tracks_searched,
                self.counts.faces_searched,
            ),
            (
                "faces told and seen",
                self.faces_of_passages + self.faces_of_nobody,
                self.counts.faces_seen,
            ),
            ("true alerts and alerted passages", kinds[AlertKind.TRUE], outcomes[Outcome.ALERTED]),
            ("late alerts and late passages", kinds[AlertKind.LATE], outcomes[Outcome.LATE]),
        ):
            if one != other:
                yield f"camera {self.camera}: {what} differ, {one:,} and {other:,}"
        if kinds[AlertKind.FALSE] < outcomes[Outcome.FALSE_ALERT]:
            yield f"camera {self.camera}: more passages were alerted falsely than false alerts raised"
