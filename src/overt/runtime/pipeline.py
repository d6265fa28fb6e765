"""One camera's pipeline: frames in, alerts out, and everything else dropped here.

Detection, tracking, quality, templates, search and decision, one frame at a time, in one thread
and in this process's memory only. A face that raises no alert leaves nothing behind: when its
track ends, its shots are let go (principle 2).
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.capture.zone import Zone
from overt.matching.decision import DecisionPolicy, Evidence, weigh
from overt.matching.gallery import Gallery
from overt.runtime.counts import Counts
from overt.runtime.crops import cut_out, encode_jpeg
from overt.runtime.passages import Alerted, AlertedBefore, Passage
from overt.runtime.timing import StageClock
from overt.runtime.zoned import ZonedDetector
from overt.values import Alert, FaceDetection, Frame, Probe, Quality, RGBImage, Shot, Template
from overt.vision.detection import Detector
from overt.vision.features import FeatureExtractor
from overt.vision.quality import QualityLimits, assess, is_large_enough
from overt.vision.shots import BestShots, ShotSettings
from overt.vision.tracking import FaceTracker, TrackedFace, TrackerSettings
from overt.vocabulary import DeploymentKind, NotSearchable

Weigh: TypeAlias = Callable[[Probe, Gallery, DecisionPolicy], Evidence]

Notice: TypeAlias = Callable[[Frame, TrackedFace, Sequence[NotSearchable]], None]
"""Told of every face that has a track, in every frame, and why it is not searchable, if it is not.

Production tells nobody.
"""

_MOSTLY = 0.9

_SEEN_AFTER = 3
"""Detections that make a track a face seen: a flicker of one or two frames is not a passage."""


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """What one camera's pipeline is told: where it looks, and what judges what it sees.

    `same_person_floor` is the comparison score below which two shots of one track are taken
    for two people, so that their evidence is never put together. A face that alerted is not alerted
    again by this camera, as the same subject, within `repeat_s` seconds of last being seen: it
    is the same passage, whose track was broken. `watched` says that somebody sees every frame,
    so that an alerted face has to be confirmed in each; see `CameraPipeline.watched`. What may be
    a face, but with a detection score below `tracked_score`, is hidden in views and not followed.
    """

    camera: str
    kind: DeploymentKind
    zone: Zone
    limits: QualityLimits
    policy: DecisionPolicy
    pack_id: str
    same_person_floor: float = 0.905
    repeat_s: float = 30.0
    watched: bool = True
    tracked_score: float = 0.3
    shots: ShotSettings = field(default_factory=ShotSettings)
    tracker: TrackerSettings = field(default_factory=TrackerSettings)


@dataclass(frozen=True, slots=True, eq=False)
class PipelineResult:
    """What one frame gave: alerts raised, and where faces are, for the view.

    `boxes_px` is `(n, 4)` float32 in frame pixels: every place where a face is, or is expected
    though not detected in this frame. `alerted` holds the indices of those whose track has
    raised an alert and whose template says, in this very frame, that the face is still the same
    one; a view must hide all others. `looked_at_px` is the part of the picture in which faces
    were looked for; outside it a view must hide everything.
    """

    alerts: tuple[Alert, ...]
    boxes_px: NDArray[np.float32]
    alerted: frozenset[int]
    looked_at_px: tuple[int, int, int, int]


class CameraPipeline:
    """Turns one camera's frames into alerts. For use by one thread.

    `watched` may be changed between frames: while it is True an alerted face is confirmed in
    each, and only so may be shown. `notice` is for evaluations, to see how far a face gets.
    """

    def __init__(
        self,
        settings: CameraSettings,
        detector: Detector,
        extractor: FeatureExtractor,
        gallery: Gallery,
        weigh: Weigh = weigh,
        *,
        clock: StageClock | None = None,
    ) -> None:
        """Put a pipeline together; an evaluation may listen in by handing in its own `weigh`.

        `clock` is where its stages' times go, beside what others count there.
        """
        self.watched = settings.watched
        self.notice: Notice = lambda _frame, _face, _why_not: None
        self._settings = settings
        self._extractor = extractor
        self._gallery = gallery
        self._weigh = weigh
        self._tracker = FaceTracker(settings.tracker)
        self._passages: dict[int, Passage] = {}
        self._alerted: dict[str, Alerted] = {}
        self._withdrawn: set[str] = set()
        self._again: set[int] = set()
        self._size_px = (0, 0)
        self.counts = Counts()
        self.clock = clock or StageClock()
        self._detector = self.in_zone(detector)

    def in_zone(self, detector: Detector) -> ZonedDetector:
        """Return a detector that looks where this camera's zone needs it to."""
        margin = 2 * self._settings.limits.smallest_face_px
        return ZonedDetector(detector, self._settings.zone, margin, self.clock)

    def withdraw(self, subject_ids: Collection[str]) -> None:
        """Search without these subjects, and hide who alerted as one, from the next frame on: R-15.

        Raises:
            WatchlistError: nobody is left to be searched for.
        """
        self._withdrawn.update(subject_ids)
        self._gallery = self._gallery.without(subject_ids)

    def change(self, settings: CameraSettings, detector: Detector, gallery: Gallery) -> None:
        """Look by other settings, and search another list, from the next frame on.

        Who is passing goes on passing: of whoever has not alerted as somebody on the new list,
        the shots so far, as far as the new zone and limits allow, are searched against it with
        the next frame. Whoever alerted as somebody on both lists does not alert as them again;
        nobody else is shown any more.
        """
        listed = frozenset(gallery.subject_ids) - self._withdrawn
        self._settings, self._gallery, self._withdrawn = settings, gallery, set()
        self._detector = self.in_zone(detector)
        self._alerted = {each: seen for each, seen in self._alerted.items() if each in listed}
        for passage in self._passages.values():
            passage.carry(listed, self._may_search)
        self._again = set(self._passages)

    def _may_search(self, shot: Shot) -> bool:
        """Tell whether a shot that was taken under other settings may be searched under these."""
        face, settings = shot.detection, self._settings
        within = settings.zone.contains(face.centre_px, self._size_px)
        eyes_px = shot.quality.inter_eye_distance_px
        return within and is_large_enough(face, eyes_px, settings.limits)

    def forget(self, subject_ids: Collection[str]) -> None:
        """Take it that nobody has alerted as these subjects: their alerts were not raised."""
        for track_id, passage in self._passages.items():
            if passage.alert is not None and passage.alert.candidate.subject_id in subject_ids:
                passage.alert = None
                self._again.add(track_id)
        for each in subject_ids:
            self._alerted.pop(each, None)

    def remember(self, alerted: Iterable[AlertedBefore]) -> None:
        """Take over who alerted lately from a pipeline that this one replaces."""
        for each in alerted:
            self._alerted[each.subject_id] = Alerted(each.template, -each.ago_s)

    def template_of(self, subject_id: str) -> Template:
        """Return the template, `(d,)`, of the track that alerted last as a subject."""
        return self._alerted[subject_id].template

    def alerted_ago_s(self, presentation_s: float) -> Mapping[str, float]:
        """Return how long ago each subject's alerted face was last seen, where it matters still."""
        ago = {each: presentation_s - seen.seen_s for each, seen in self._alerted.items()}
        return {each: ago_s for each, ago_s in ago.items() if ago_s < self._settings.repeat_s}

    def process(self, frame: Frame) -> PipelineResult:
        """Look at one frame."""
        return self.follow(frame, self._detector.detect(frame))

    def follow(self, frame: Frame, faces: Sequence[FaceDetection]) -> PipelineResult:
        """Take in a frame whose faces have been detected; frames come in their order."""
        self.counts.frames += 1
        self._size_px = (frame.image.shape[1], frame.image.shape[0])
        sure = [f for f in faces if f.detection_score >= self._settings.tracked_score]
        with self.clock.stage("tracking"):
            update = self._tracker.update(sure, frame.presentation_s)
        for track_id in update.ended:
            self._passages.pop(track_id, None)
        self.counts.detections += len(update.faces)
        grown = self._take_shots(frame, update.faces, sure)
        grown += self._to_be_searched_again(grown)
        with self.clock.stage("search and decision"):
            alerts = tuple(filter(None, (self._decide(track_id, frame) for track_id in grown)))
        shown = {id(face.detection) for face in update.faces if self._is_shown(face, frame)}
        kept = [face for face in sure if id(face) in shown]
        surely = {id(face) for face in sure}
        perhaps = [face for face in faces if id(face) not in surely and not _is_part_of(face, kept)]
        return self._result(alerts, sure + perhaps, shown, self._detector.looked_at_px(frame))

    def _take_shots(
        self, frame: Frame, tracked: Sequence[TrackedFace], detected: Sequence[FaceDetection]
    ) -> list[int]:
        """Assess every face, template the wanted ones, and return the tracks that grew."""
        wanted: list[tuple[TrackedFace, Quality, RGBImage]] = []
        with self.clock.stage("quality"):
            for face in tracked:
                chip_and_quality = self._assess(frame, face)
                if chip_and_quality is not None:
                    wanted.append((face, *chip_and_quality))
        if not wanted:
            return []
        with self.clock.stage("features"):
            templates = self._extractor.extract([chip for _, _, chip in wanted])
        return [
            face.track_id
            for (face, quality, _), template in zip(wanted, templates, strict=True)
            if self._add_shot(frame, face, quality, template, detected)
        ]

    def _to_be_searched_again(self, grown: Collection[int]) -> list[int]:
        """Return the tracks that are to be searched though they have not grown: see `change`."""
        again, self._again = sorted(self._again - set(grown)), set()
        found = [each for each in again if each in self._passages and self._passages[each].open]
        for each in found:
            if self._passages[each].carried:
                self._see(self._passages[each])
        return found

    def _assess(self, frame: Frame, face: TrackedFace) -> tuple[Quality, RGBImage] | None:
        """Return quality and chip where the face should become a shot of its track."""
        passage = self._passage(frame, face.track_id)
        passage.detections += 1
        if passage.detections >= _SEEN_AFTER:
            self._see(passage)
        height, width = frame.image.shape[:2]
        if not self._settings.zone.contains(face.detection.centre_px, (width, height)):
            self.counts.not_searchable[NotSearchable.OUTSIDE_ZONE] += 1
            self.notice(frame, face, [NotSearchable.OUTSIDE_ZONE])
            return None
        chip = self._extractor.align(frame.image, [face.detection])[0]
        quality = assess(face.detection, chip, (width, height), self._settings.limits)
        self.counts.not_searchable.update(quality.reasons)
        self.notice(frame, face, quality.reasons)
        if not quality.searchable:
            return None
        if not passage.wants(quality, frame.presentation_s, watched=self.watched):
            return None
        passage.templated_s = frame.presentation_s
        return quality, chip

    def _add_shot(
        self,
        frame: Frame,
        face: TrackedFace,
        quality: Quality,
        template: Template,
        others: Sequence[FaceDetection],
    ) -> bool:
        """Add a shot to its track, or cut the track where it has become another person's."""
        passage = self._passages[face.track_id]
        shots = passage.shots
        if len(shots) and float(shots.template() @ template) < self._settings.same_person_floor:
            self._tracker.end(face.track_id)
            del self._passages[face.track_id]
            self.counts.tracks_cut += 1
            return False
        passage.confirmed_in = frame.sequence
        if passage.alert is not None:
            self._alerted[passage.alert.candidate.subject_id].seen_s = frame.presentation_s
        if not shots.wants(quality, frame.presentation_s):
            return False
        crop = cut_out(frame.image, face.detection, others)
        shots.add(
            Shot(
                sequence=frame.sequence,
                presentation_s=frame.presentation_s,
                captured_at=frame.captured_at,
                detection=face.detection,
                quality=quality,
                crop=crop,
                # No view: that would keep the templates of all who were in the same frame.
                template=template.copy(),
            )
        )
        return True

    def _decide(self, track_id: int, frame: Frame) -> Alert | None:
        """Search what a track now offers; raise its one alert where the policy is met."""
        passage = self._passages[track_id]
        if passage.alert is not None:
            return None  # its later shots only show whether the face is still the same one
        self.counts.faces_searched += passage.seen and not passage.searched
        passage.searched = True
        settings = self._settings
        probe = Probe(
            camera=settings.camera,
            track_id=track_id,
            pack_id=settings.pack_id,
            template=passage.shots.template(),
            shots=passage.shots.shots,
        )
        evidence = self._weigh(probe, self._gallery, settings.policy)
        if evidence.why_not is not None:
            return None
        self._see(passage)  # whoever alerts was seen, though it be in two frames only
        passage.alert = self._alert(probe, passage, evidence, frame)
        if self._is_repeat(evidence.best.subject_id, probe, frame):
            self.counts.repeats += 1
            return None
        self.counts.alerts += 1
        return passage.alert

    def _see(self, passage: Passage) -> None:
        """Count a track as a face seen, once; the faces searched are those of the seen."""
        if not passage.seen:
            passage.seen = True
            self.counts.faces_seen += 1
            self.counts.carried += passage.carried
            self.counts.faces_searched += passage.searched

    def _is_repeat(self, subject_id: str, probe: Probe, frame: Frame) -> bool:
        """Tell whether the same face alerted as the same subject a moment ago.

        Another face does not count: a stranger's false alert must not keep the subject's own
        from being raised.
        """
        before = self._alerted.get(subject_id)
        self._alerted[subject_id] = Alerted(probe.template, frame.presentation_s)
        return (
            before is not None
            and frame.presentation_s - before.seen_s < self._settings.repeat_s
            and float(before.template @ probe.template) >= self._settings.same_person_floor
        )

    def _alert(self, probe: Probe, passage: Passage, evidence: Evidence, frame: Frame) -> Alert:
        best = probe.shots[0]
        height, width = frame.image.shape[:2]
        return Alert(
            alert_id=uuid.uuid4().hex,
            kind=self._settings.kind,
            camera=probe.camera,
            track_id=probe.track_id,
            first_seen_at=passage.first_seen_at,
            captured_at=frame.captured_at,
            raised_at=datetime.now(UTC),
            latency_s=monotonic() - frame.monotonic_s,
            presentation_s=frame.presentation_s,
            candidate=evidence.best,
            runner_up=evidence.runner_up,
            threshold=self._settings.policy.threshold,
            shots=evidence.shots,
            agreeing=evidence.agreeing,
            pack_id=probe.pack_id,
            policy_version=self._settings.policy.version,
            zone_px=self._settings.zone.polygon_px((width, height)),
            box_px=_four(best.detection.box_px),
            quality=best.quality,
            crop_jpeg=encode_jpeg(best.crop),
        )

    def _passage(self, frame: Frame, track_id: int) -> Passage:
        if track_id not in self._passages:
            shots = BestShots(self._settings.shots)
            self._passages[track_id] = Passage(frame.captured_at, shots)
        return self._passages[track_id]

    def _is_shown(self, face: TrackedFace, frame: Frame) -> bool:
        passage = self._passages.get(face.track_id)
        return (
            passage is not None
            and passage.alert is not None
            and passage.alert.candidate.subject_id not in self._withdrawn
            and passage.confirmed_in == frame.sequence
        )

    def _result(
        self,
        alerts: tuple[Alert, ...],
        detected: Sequence[FaceDetection],
        shown: set[int],
        looked_at_px: tuple[int, int, int, int],
    ) -> PipelineResult:
        """Gather where faces are; detections without a track, and expected places, count too.

        `shown` holds the `id` of every detection that need not be hidden.
        """
        boxes = [face.box_px for face in detected] + list(self._tracker.predicted_boxes())
        return PipelineResult(
            alerts,
            np.stack(boxes) if boxes else np.zeros((0, 4), np.float32),
            frozenset(index for index, face in enumerate(detected) if id(face) in shown),
            looked_at_px,
        )


def _is_part_of(face: FaceDetection, kept: Sequence[FaceDetection]) -> bool:
    """Tell whether what may be a face is a part of one that is shown, and hides nobody else."""
    return any(_share_within(face.box_px, other.box_px) > _MOSTLY for other in kept)


def _share_within(box: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return which share of a box's area lies in another one."""
    low, high = np.maximum(box[:2], other[:2]), np.minimum(box[2:], other[2:])
    within, whole = np.maximum(0.0, high - low).prod(), (box[2:] - box[:2]).prod()
    return float(within / whole) if whole > 0 else 0.0


def _four(box: NDArray[np.float32]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(side) for side in box)
    return x1, y1, x2, y2
