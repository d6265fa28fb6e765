"""The face of a reference picture: found if it can be, and only if it is clear whose it is."""

from collections.abc import Sequence
from functools import cached_property

import cv2
import numpy as np

from overt.values import FaceDetection, RGBImage
from overt.vision.detection import Detector, DetectorSettings
from overt.vision.store import Pack
from overt.watchlist.pictures import WORKING_SIDE_PX

RIVAL_PROMINENCE = 0.6
"""From here on, a second face makes it unclear whom the picture shows.

Chosen on the 4,805 photographs of LFW's development part, whose subject is in the middle: the
most prominent face is the subject's in all of them, and the 30 in which another reaches 0.6
are those in which a stranger to both could not say who is meant.
"""

# A reference picture is known to show somebody, so less than the pack's own score will do.
_LENIENCE = 0.6

_WORKING_PX = 640
_GRANULARITY_PX = 320  # thresholds were measured so; a finer one would do now (decision 0031)


class FaceFinder:
    """Finds the faces of still pictures with a pack's detector. Not safe for several threads."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack

    def find(self, image: RGBImage) -> list[FaceDetection]:
        """Return the faces of `image`, in its pixels; try twice more where none shows at once.

        A face that fills the whole picture is found once there is room around it; one that is
        small in a large picture is found at the picture's full size.
        """
        for attempt in (self._as_it_is, self._with_room, self._thoroughly):
            if faces := attempt(image):
                return faces
        return []

    def _as_it_is(self, image: RGBImage) -> list[FaceDetection]:
        return self._usual.detect(image)

    def _with_room(self, image: RGBImage) -> list[FaceDetection]:
        margin = max(image.shape[:2]) // 2
        grey = (128, 128, 128)
        roomy = cv2.copyMakeBorder(
            image, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=grey
        )
        return [_shifted(face, -margin) for face in self._usual.detect(np.asarray(roomy, np.uint8))]

    def _thoroughly(self, image: RGBImage) -> list[FaceDetection]:
        return self._thorough.detect(image) if max(image.shape) > _WORKING_PX else []

    @cached_property
    def _usual(self) -> Detector:
        return self._detector(_WORKING_PX)

    @cached_property
    def _thorough(self) -> Detector:
        return self._detector(WORKING_SIDE_PX)

    def _detector(self, working_px: int) -> Detector:
        smallest = self._pack.manifest.detector.smallest_score * _LENIENCE
        return self._pack.detector(DetectorSettings(working_px, smallest, _GRANULARITY_PX))


def main_face(faces: Sequence[FaceDetection], image: RGBImage) -> FaceDetection | None:
    """Return the face that the picture is of, or None where it is not clear which one that is.

    A face is prominent by its height and by its place: full in the middle of the picture,
    nothing in a corner. The most prominent is the picture's, unless another is at least
    `RIVAL_PROMINENCE` times as prominent. `faces` holds at least one.
    """
    ranked = sorted(((_prominence(face, image), face) for face in faces), key=lambda pair: -pair[0])
    first, main = ranked[0]
    if len(ranked) > 1 and ranked[1][0] >= RIVAL_PROMINENCE * first:
        return None
    return main


def cut_out(image: RGBImage, face: FaceDetection) -> RGBImage:
    """Return the part of `image` around `face`: twice its longer side, as far as there is any."""
    half = max(face.width_px, face.height_px)
    x, y = (face.box_px[:2] + face.box_px[2:]) / 2
    top, bottom = (int(np.clip(edge, 0, image.shape[0])) for edge in (y - half, y + half))
    left, right = (int(np.clip(edge, 0, image.shape[1])) for edge in (x - half, x + half))
    return image[top:bottom, left:right]


def _prominence(face: FaceDetection, image: RGBImage) -> float:
    middle = np.array([image.shape[1], image.shape[0]], np.float32) / 2
    away = np.linalg.norm((face.box_px[:2] + face.box_px[2:]) / 2 - middle)
    return face.height_px * max(0.0, 1.0 - float(away / np.linalg.norm(middle)))


def _shifted(face: FaceDetection, by_px: int) -> FaceDetection:
    shift = np.float32(by_px)
    return FaceDetection(face.box_px + shift, face.landmarks_px + shift, face.detection_score)
