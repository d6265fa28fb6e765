"""The pack's networks, to see what a recording or a video shows of people's faces."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import numpy as np

from overt.values import FaceDetection, RGBImage, Template, Templates
from overt.vision.detection import DetectorSettings
from overt.vision.quality import QualityLimits, assess
from overt.vision.store import Pack

_ROW_PX = 16


def frames(recording: Path, *, every: int = 1) -> Iterator[RGBImage]:
    """Yield every so many frames of a recording."""
    with av.open(str(recording)) as container:
        for frame in islice(container.decode(video=0), 0, None, every):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


@dataclass(frozen=True, eq=False)
class Found:
    """One face: where it is, its template, and whether it could be searched for."""

    face: FaceDetection
    template: Template
    searchable: bool

    def is_at(self, other: "Found") -> bool:
        """Tell whether the middles of the two faces are less than half a face apart."""
        apart = np.hypot(*np.subtract(self.face.centre_px, other.face.centre_px))
        return bool(apart < self.face.width_px / 2)


class Eyes:
    """The pack's detector and extractor, as a run uses them."""

    def __init__(self, pack: Pack) -> None:
        self._detector = pack.detector(DetectorSettings(working_px=960), threads=2)
        self._extractor = pack.extractor(threads=2)

    def faces(self, image: RGBImage) -> Templates:
        """Return the template of every face in a picture, `(n, d)`."""
        return self._extractor.extract(self._chips(image, self._detector.detect(image)))

    def found(self, image: RGBImage) -> list[Found]:
        """Return every face in a picture, with whether it is good enough to be searched for."""
        faces = self._detector.detect(image)
        chips, size = self._chips(image, faces), (image.shape[1], image.shape[0])
        qualities = [
            assess(face, chip, size, QualityLimits(smallest_face_px=20))
            for face, chip in zip(faces, chips, strict=True)
        ]
        return [
            Found(face, template, quality.searchable)
            for face, template, quality in zip(
                faces, self._extractor.extract(chips), qualities, strict=True
            )
        ]

    def middles(self, image: RGBImage) -> list[bytes]:
        """Return the pixels across the middle of every face in a picture, as RGB and as BGR."""
        rows = []
        for face in self._detector.detect(image):
            x, y = (int(side) for side in face.centre_px)
            row = image[y, x - _ROW_PX // 2 : x + _ROW_PX // 2]
            if row.std() > 5:  # an even row could be anywhere
                rows += [row.tobytes(), row[:, ::-1].tobytes()]
        return rows

    def _chips(self, image: RGBImage, faces: list[FaceDetection]) -> list[RGBImage]:
        return self._extractor.align(image, faces)
