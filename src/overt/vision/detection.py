"""Face detection: from a picture to faces in the picture's own pixels.

A detector scales the picture to its working width, pads it to the multiple its network needs,
runs the network once and lets a decoder turn the outputs into boxes, landmarks and scores.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from overt.values import FaceDetection, RGBImage
from overt.vision.scaling import reduced
from overt.vision.sessions import InferenceSession

NMS_IOU = 0.3  # two boxes that share more than this are one face; CenterFace's own value


SURELY_FOUND_PX = 14
"""A face so wide in what a network is given was found 97 times in 100, and one of 12 pixels 62
times: the standard pack's detector on photographs of 300 people, reduced (docs/performance.md).
"""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Faces before suppression of duplicates, in the pixels of the network's input.

    `boxes` is `(n, 4)` `[x1, y1, x2, y2]`, `landmarks` `(n, 5, 2)` `(x, y)`, `scores` `(n,)` in
    [0, 1]; all float32.
    """

    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    scores: NDArray[np.float32]


Outputs: TypeAlias = dict[str, NDArray[np.float32]]
"""A network's outputs for one picture, by name, in the network's own order."""

Decoder: TypeAlias = Callable[[Outputs, int, float], Decoded]
"""Turns outputs, the input's width in pixels and the smallest score into faces."""


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """How a detector looks.

    Pictures wider or higher than `working_px` are scaled down to it. `smallest_score` is the
    least detection score that is reported. `granularity_px` is the multiple that both sides
    are padded to: the network's own (32), or more where pictures come in many sizes.
    """

    working_px: int = 960
    smallest_score: float = 0.5
    granularity_px: int = 32


class Detector:
    """Finds the faces of a picture with one network. Not safe for use by several threads.

    `working_px` may be changed between pictures.
    """

    def __init__(
        self,
        session: InferenceSession,
        decode: Decoder,
        settings: DetectorSettings,
        *,
        takes_bgr: bool = False,
    ) -> None:
        self._session = session
        self._decode = decode
        self._settings = settings
        self._takes_bgr = takes_bgr
        self.working_px = settings.working_px

    def detect(self, image: RGBImage) -> list[FaceDetection]:
        """Return the faces of `image`, best detection score first, in the image's pixels."""
        tensor, scale = self._prepare(image)
        outputs = dict(zip(self._session.outputs, self._session.run(tensor), strict=True))
        decoded = self._decode(outputs, tensor.shape[3], self._settings.smallest_score)
        kept = _suppress_duplicates(decoded)
        return [
            FaceDetection(
                decoded.boxes[index] / scale,
                decoded.landmarks[index] / scale,
                float(decoded.scores[index]),
            )
            for index in kept
        ]

    def _prepare(self, image: RGBImage) -> tuple[NDArray[np.float32], np.float32]:
        """Return the network's input, `(1, 3, h, w)` in 0-255, and its scale to the picture."""
        size = (image.shape[1], image.shape[0])
        scaled = _scaled(size, self.working_px)
        if scaled != size:
            image = reduced(image, scaled)
        scale = min(1.0, self.working_px / max(size))
        tensor = np.zeros((1, 3, *self._padded(*scaled)), np.float32)
        planes = image[:, :, ::-1] if self._takes_bgr else image
        tensor[0, :, : image.shape[0], : image.shape[1]] = planes.transpose(2, 0, 1)
        return tensor, np.float32(scale)

    def _padded(self, width: int, height: int) -> tuple[int, int]:
        """Return height and width of the network's input for a picture of this size."""
        step = self._settings.granularity_px
        return -(-height // step) * step, -(-width // step) * step


def _scaled(size: tuple[int, int], working_px: int) -> tuple[int, int]:
    """Return the size, (width, height), that a picture is looked at in: never larger."""
    scale = min(1.0, working_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _suppress_duplicates(decoded: Decoded) -> Sequence[int]:
    """Return the indices that greedy non-maximum suppression keeps, best score first."""
    if not len(decoded.scores):
        return []
    corner_and_size = np.hstack([decoded.boxes[:, :2], decoded.boxes[:, 2:] - decoded.boxes[:, :2]])
    kept = cv2.dnn.NMSBoxes(corner_and_size.tolist(), decoded.scores.tolist(), 0.0, NMS_IOU)
    return [int(index) for index in np.asarray(kept).ravel()]
