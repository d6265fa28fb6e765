"""One camera's pipeline, listened to: what was detected, tracked, searched and alerted, and when.

It is the pipeline of production, made with the settings of production, and it looks at every
frame: nothing is dropped, and times are the recording's own, so that the same recording gives the
same result on a slow machine. What is kept of a face are numbers: boxes, scores and times; its
shots and templates go when the pipeline lets them go.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from overt.capture import FrameSource, open_source
from overt.matching.decision import DecisionPolicy, Evidence, weigh
from overt.matching.gallery import Gallery
from overt.runtime.counts import Counts
from overt.runtime.pipeline import CameraPipeline
from overt.runtime.worker import CameraJob
from overt.synthetic import SCHEME
from overt.synthetic.source import street_from_source
from overt.values import FaceDetection, Frame, Probe
from overt.vision.detection import Detector
from overt.vision.features import FeatureExtractor
from overt.vision.tracking import TrackedFace
from overt.vocabulary import NotSearchable, WhyNoAlert

Box: TypeAlias = tuple[float, float, float, float]
"""`[x1, y1, x2, y2]` in frame pixels."""

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many frames have been looked at, of how many that are expected, or of 0."""


@dataclass(frozen=True, slots=True)
class SeenFace:
    """One face detected in one frame.

    `track_id` is None where the detection joined no track. `why_not` says why it was not
    searchable, and is empty where it was, or has no track.
    """

    box_px: Box
    track_id: int | None = None
    why_not: tuple[NotSearchable, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One frame: its time in seconds of the recording, and every face that was followed up."""

    time_s: float
    faces: tuple[SeenFace, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """One search of what a track offered.

    `rank` and `score` are those of each subject who was asked about: the normalised score, and
    its rank among all, from 1. `why_not` is None where the decision policy was met; `raised` says
    whether an alert came of it, and not just the repeat of one.
    """

    time_s: float
    track_id: int
    best_subject: str
    best_score: float
    rank: Mapping[str, int]
    score: Mapping[str, float]
    why_not: WhyNoAlert | None
    raised: bool


@dataclass(frozen=True, slots=True)
class Watched:
    """What a pipeline did with one recording, from its first frame to its last.

    `enrolled` are those asked about who are on the list.
    """

    camera: str
    threshold: float
    looks: tuple[Look, ...]
    searches: tuple[Search, ...]
    counts: Counts
    enrolled: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Tools:
    """What a camera's process works with besides its job."""

    detector: Detector
    extractor: FeatureExtractor
    gallery: Gallery


def watch(
    job: CameraJob,
    tools: Tools,
    frames: Iterable[Frame],
    asked: Iterable[str],
    progress: Callable[[int], None] = lambda _looked_at: None,
) -> Watched:
    """Look at every frame and return what came of it.

    `asked` are the subjects whose rank and score are kept of every search.
    """
    ear = _Ear(tools.gallery, asked)
    pipeline = CameraPipeline(job.settings, tools.detector, tools.extractor, tools.gallery, ear)
    pipeline.notice = ear.notice
    detector = pipeline.in_zone(tools.detector)
    looks: list[Look] = []
    for frame in frames:
        faces = detector.detect(frame)
        ear.turn_to(frame)
        result = pipeline.follow(frame, faces)
        ear.hear_alerts({alert.track_id for alert in result.alerts})
        sure = [each for each in faces if each.detection_score >= job.settings.tracked_score]
        looks.append(Look(frame.presentation_s, tuple(map(ear.seen, sure))))
        progress(len(looks))
    return Watched(
        camera=job.settings.camera,
        threshold=job.settings.policy.threshold,
        looks=tuple(looks),
        searches=tuple(ear.searches),
        counts=pipeline.counts,
        enrolled=frozenset(ear.asked),
    )


def open_job(job: CameraJob) -> FrameSource:
    """Open a job's source as its camera's process would, to be taken as fast as it comes.

    Raises:
        SourceError: it cannot be opened.
        ConfigurationError: there is no such drawn street.
    """
    if job.source.startswith(SCHEME):
        return street_from_source(job.source, job.settings.camera)
    return open_source(job.source, job.capture)


class _Ear:
    """Weighs as production does, and notes what it hears of one frame after another."""

    def __init__(self, gallery: Gallery, asked: Iterable[str]) -> None:
        places = {subject: place for place, subject in enumerate(gallery.subject_ids)}
        self.asked = {each: places[each] for each in asked if each in places}
        self.searches: list[Search] = []
        self._time_s = 0.0
        self._tracked: dict[int, SeenFace] = {}
        self._met: list[int] = []

    def turn_to(self, frame: Frame) -> None:
        """Listen to the next frame."""
        self._time_s, self._tracked, self._met = frame.presentation_s, {}, []

    def notice(self, _frame: Frame, face: TrackedFace, why_not: Sequence[NotSearchable]) -> None:
        """Note a face that has a track."""
        self._tracked[id(face.detection)] = SeenFace(
            _four(face.detection), face.track_id, tuple(why_not)
        )

    def seen(self, face: FaceDetection) -> SeenFace:
        """Return what is known of a detection of the last frame."""
        return self._tracked.get(id(face)) or SeenFace(_four(face))

    def __call__(self, probe: Probe, gallery: Gallery, policy: DecisionPolicy) -> Evidence:
        """Weigh a track's evidence; see `overt.runtime.pipeline.Weigh`."""
        evidence = weigh(probe, gallery, policy)
        scores = gallery.score(probe.template).normalised
        own = {subject: float(scores[place]) for subject, place in self.asked.items()}
        if evidence.why_not is None:
            self._met.append(len(self.searches))
        self.searches.append(
            Search(
                time_s=self._time_s,
                track_id=probe.track_id,
                best_subject=evidence.best.subject_id,
                best_score=evidence.best.normalised_score,
                rank={each: int(np.sum(scores > score)) + 1 for each, score in own.items()},
                score=own,
                why_not=evidence.why_not,
                raised=False,
            )
        )
        return evidence

    def hear_alerts(self, tracks: Collection[int]) -> None:
        """Note which of this frame's searches that met the policy became alerts."""
        for place in self._met:
            if self.searches[place].track_id in tracks:
                self.searches[place] = replace(self.searches[place], raised=True)


def _four(face: FaceDetection) -> Box:
    x1, y1, x2, y2 = (float(side) for side in face.box_px)
    return x1, y1, x2, y2
