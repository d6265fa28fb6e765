"""A world simple enough to see through: people are squares, and their colour is who they are.

The detector and the extractor below look at the pixels they are given and at nothing else, so
that what the pipeline does not show them they cannot know. Red is the person (20 times their
number), green the detection score (250 times), and blue is noise, as a sharp face has.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import cv2
import numpy as np
from numpy.typing import NDArray

from overt.capture import Zone
from overt.matching.decision import DecisionPolicy, weigh
from overt.matching.gallery import Gallery
from overt.runtime.pipeline import CameraPipeline, CameraSettings, PipelineResult, Weigh
from overt.values import FaceDetection, Frame, RGBImage, Template, Templates
from overt.vision.detection import Detector
from overt.vision.features import FeatureExtractor
from overt.vision.quality import QualityLimits
from overt.vocabulary import DeploymentKind

WIDTH, HEIGHT = 640, 240
PACK = "painted@1"
_FRONTAL = np.array([[0.32, 0.4], [0.68, 0.4], [0.5, 0.62], [0.36, 0.8], [0.64, 0.8]], np.float32)
_NOISE = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH))
_NOON = datetime(2026, 7, 4, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """One person in one frame: who, the middle of the face, its side and its detection score."""

    who: int
    x: float
    y: float = 120.0
    size: int = 60
    score: float = 0.9


def paint(people: Iterable[Seen]) -> RGBImage:
    """Return a picture of these people; the later ones stand in front."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for seen in people:
        x1, y1 = round(seen.x - seen.size / 2), round(seen.y - seen.size / 2)
        part = image[max(0, y1) : y1 + seen.size, max(0, x1) : x1 + seen.size]
        part[..., 0], part[..., 1] = 20 * seen.who, round(250 * seen.score)
        part[..., 2] = _NOISE[: part.shape[0], : part.shape[1]]
    return image


def film(sights: Iterable[Sequence[Seen]], *, start_s: float = 0.0) -> Iterator[Frame]:
    """Turn what is seen, ten times a second, into frames."""
    for number, people in enumerate(sights):
        at_s = start_s + number / 10
        moment = _NOON + timedelta(seconds=at_s)
        yield Frame("gate", round(at_s * 10), at_s, moment, monotonic(), paint(people))


def face_of(who: int) -> Template:
    """Return a person's template, `(128,)`; everybody is unlike everybody else."""
    return _unit(np.random.default_rng(who).normal(size=128))


def resembling_person_1(who: int) -> Template:
    """Return a template near person 1's; yet nobody is the same face as anybody else."""
    return _unit(0.75 * face_of(1) + 0.66 * face_of(who))


def _unit(vector: NDArray[np.floating]) -> Template:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def who_is_on(image: RGBImage) -> int:
    """Return the person whose face fills this part of a picture."""
    return round(float(np.median(image[..., 0])) / 20)


class PaintedDetector(Detector):
    """Finds squares, and remembers the sizes of the pictures it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, ...]] = []

    def detect(self, image: RGBImage) -> list[FaceDetection]:
        """Return one face a connected patch of one red."""
        self.shown.append(image.shape)
        reds = set(image[::8, ::8, 0].ravel().tolist()) - {0}
        return [face for red in sorted(reds) for face in _patches(image, image[..., 0] == red)]


def _patches(image: RGBImage, mask: NDArray[np.bool_]) -> Iterator[FaceDetection]:
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    for x, y, width, height, area in stats[1:count].tolist():
        if area < 100:
            continue  # a rim of somebody who is all but covered
        ys, xs = np.nonzero(mask[y : y + height, x : x + width])
        score = image[y + ys[0], x + xs[0], 1] / 250
        box = np.array([x, y, x + width, y + height], np.float32)
        landmarks = box[:2] + _FRONTAL * np.array([width, height], np.float32)
        yield FaceDetection(box, landmarks, float(score))


class PaintedExtractor(FeatureExtractor):
    """Tells people by their red, and remembers whom it was asked about."""

    def __init__(self, look: Callable[[int], Template] = face_of) -> None:
        self.templated: list[int] = []
        self._look = look

    def align(self, image: RGBImage, faces: Sequence[FaceDetection]) -> list[RGBImage]:
        """Return each face, 150 pixels a side."""
        return [self._cut(image, face) for face in faces]

    def extract(self, chips: Sequence[RGBImage]) -> Templates:
        """Return the template of whoever is on each chip, a little different every time."""
        people = [who_is_on(chip) for chip in chips]
        wobble = np.random.default_rng(len(self.templated)).normal(size=(len(chips), 128)) / 60
        self.templated += people
        return np.stack([_unit(row) for row in np.stack(list(map(self._look, people))) + wobble])

    def _cut(self, image: RGBImage, face: FaceDetection) -> RGBImage:
        height, width = image.shape[:2]
        x1, y1, x2, y2 = np.clip(face.box_px, 0, [width, height] * 2).astype(int)
        chip = cv2.resize(image[y1:y2, x1:x2], (150, 150), interpolation=cv2.INTER_NEAREST)
        return np.asarray(chip, np.uint8)


def a_gallery() -> Gallery:
    """Return a gallery of persons 1 to 3; the subject of person 3 is `P-3`."""
    templates = np.stack([face_of(who) for who in (1, 2, 3)])
    return Gallery(["P-1", "P-2", "P-3"], templates, PACK)


class Street:
    """A pipeline with its painted detector and extractor at hand."""

    def __init__(
        self,
        zone: Zone | None = None,
        repeat_s: float = 30.0,
        look: Callable[[int], Template] = face_of,
        weigh: Weigh = weigh,
    ) -> None:
        self.detector, self.extractor = PaintedDetector(), PaintedExtractor(look)
        settings = CameraSettings(
            camera="gate",
            kind=DeploymentKind.REHEARSAL,
            zone=zone or Zone.whole(),
            limits=QualityLimits(smallest_face_px=20),
            policy=DecisionPolicy(threshold=0.5, version="test 1", smallest_shots=2),
            pack_id=PACK,
            same_person_floor=0.8,
            repeat_s=repeat_s,
        )
        self.pipeline = CameraPipeline(settings, self.detector, self.extractor, a_gallery(), weigh)

    def watch(
        self, sights: Iterable[Sequence[Seen]], *, start_s: float = 0.0
    ) -> list[tuple[Frame, PipelineResult]]:
        """Show the pipeline ten frames a second, and return what it made of each."""
        return [(frame, self.pipeline.process(frame)) for frame in film(sights, start_s=start_s)]


def stay(who: int, seconds: float, x: float = 300.0) -> list[list[Seen]]:
    """Return somebody who stands still."""
    return [[Seen(who, x)] for _ in range(round(10 * seconds))]
