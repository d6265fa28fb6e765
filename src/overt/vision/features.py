"""Feature extraction: from aligned chips to templates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overt.values import FaceDetection, RGBImage, Templates
from overt.vision.alignment import ChipGeometry, align
from overt.vision.sessions import InferenceSession


@dataclass(frozen=True, slots=True)
class ChipInput:
    """What a network wants to see: `(value - mean) / scale` a channel, in the stated order.

    With `mirrored`, a template is the mean over the chip and its mirror image.
    """

    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: float = 1.0
    takes_bgr: bool = False
    mirrored: bool = True


class FeatureExtractor:
    """Makes templates with one network. Not safe for use by several threads."""

    def __init__(
        self, session: InferenceSession, chip: ChipGeometry, chip_input: ChipInput
    ) -> None:
        self._session = session
        self._chip = chip
        self._input = chip_input

    @property
    def chip(self) -> ChipGeometry:
        """The geometry of the chips this extractor takes."""
        return self._chip

    def align(self, image: RGBImage, faces: Sequence[FaceDetection]) -> list[RGBImage]:
        """Return one aligned chip a face, `(size, size, 3)` uint8 RGB."""
        return [align(image, face.landmarks_px, self._chip) for face in faces]

    def extract(self, chips: Sequence[RGBImage]) -> Templates:
        """Return one template a chip: `(n, d)` float32 with rows of unit norm."""
        if not chips:
            return np.zeros((0, self._dimension()), np.float32)
        tensor = self._tensor(np.stack(chips))
        if self._input.mirrored:
            both = self._run(np.concatenate([tensor, tensor[:, :, :, ::-1]]))
            return _unit_rows(_unit_rows(both[: len(chips)]) + _unit_rows(both[len(chips) :]))
        return _unit_rows(self._run(tensor))

    def _dimension(self) -> int:
        size = self._chip.size_px
        return int(self._run(np.zeros((1, 3, size, size), np.float32)).shape[1])

    def _run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._session.run(np.ascontiguousarray(tensor))[0]

    def _tensor(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        planes = chips[..., ::-1] if self._input.takes_bgr else chips
        scaled = (
            planes.astype(np.float32) - np.array(self._input.mean, np.float32)
        ) / self._input.scale
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), np.float32)


def _unit_rows(rows: NDArray[np.float32]) -> Templates:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(rows / np.maximum(norms, 1e-12), np.float32)
