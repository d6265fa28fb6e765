"""Acquisition: from a reference picture's bytes to the one face it is of, or the reason why not.

Enrolment uses it, and so does evaluation, so that what is measured is what is enrolled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from overt.errors import ImageError
from overt.values import FaceDetection, Quality, RGBImage, Templates
from overt.vision.quality import QualityLimits, assess
from overt.vision.store import Pack
from overt.vocabulary import NotSearchable, RefusedRow
from overt.watchlist.entries import Refusal
from overt.watchlist.faces import FaceFinder, main_face

METHOD = "2"
"""Changes whenever the same picture would enrol differently."""

BATCH = 16
"""Faces a run of the network: 2.6 ms each in eights, 3.0 one by one."""

Decode: TypeAlias = Callable[[bytes], RGBImage]
"""Turns a picture file's bytes into pixels or raises `ImageError`.

It is handed in so that nothing decodes in this process by default: see `runtime/decoder.py`.
"""


class NotAcquired(Exception):  # noqa: N818 - an outcome that is counted, and no error
    """A picture gives no reference; `refusal` says why."""

    def __init__(self, reason: RefusedRow, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(reason, detail)


@dataclass(frozen=True, slots=True, eq=False)
class AcquiredFace:
    """The face that a picture is of: good enough for a reference.

    `image` is the decoded picture, `face` is in its pixels, and `chip` is cut out of it.
    """

    image: RGBImage
    face: FaceDetection
    chip: RGBImage
    quality: Quality


class Acquirer:
    """Holds a pack's networks while pictures are looked at. Not safe for several threads."""

    def __init__(self, pack: Pack, limits: QualityLimits, decode: Decode) -> None:
        self._decode = decode
        self._limits = limits
        self._finder = FaceFinder(pack)
        self._extractor = pack.extractor()

    def acquire(self, data: bytes) -> AcquiredFace:
        """Decode a picture and find the face it is of.

        Raises:
            NotAcquired: there is none, or it is not good enough.
        """
        image = self._image(data)
        faces = self._finder.find(image)
        if not faces:
            raise NotAcquired(RefusedRow.NO_FACE, _size(image))
        face = main_face(faces, image)
        if face is None:
            detail = f"{len(faces)} faces, none clearly the main one"
            raise NotAcquired(RefusedRow.SEVERAL_FACES, detail)
        (chip,) = self._extractor.align(image, [face])
        quality = assess(face, chip, (image.shape[1], image.shape[0]), self._limits)
        _demand_quality(quality, self._limits)
        return AcquiredFace(image, face, chip, quality)

    def templates(self, chips: Sequence[RGBImage]) -> Templates:
        """Return one template a chip, `(n, d)` float32 with rows of unit norm."""
        return self._extractor.extract(chips)

    def _image(self, data: bytes) -> RGBImage:
        try:
            return self._decode(data)
        except ImageError as error:
            raise NotAcquired(RefusedRow.UNDECODABLE, error.message) from error


def _demand_quality(quality: Quality, limits: QualityLimits) -> None:
    if NotSearchable.TOO_SMALL in quality.reasons:
        detail = (
            f"{quality.inter_eye_distance_px:.1f} pixels between the eyes, "
            f"{limits.smallest_inter_eye_px:.0f} are needed"
        )
        raise NotAcquired(RefusedRow.TOO_SMALL, detail)
    if quality.reasons:
        raise NotAcquired(RefusedRow.POOR_QUALITY, ", ".join(quality.reasons))


def _size(image: RGBImage) -> str:
    return f"in a picture of {image.shape[1]}x{image.shape[0]} pixels"
