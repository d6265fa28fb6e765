"""Drawn people who pass a camera one after another: whom it shows when is known to the frame."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from bench.drawn import drawing_version
from overt.matching.gallery import Gallery
from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person
from overt.values import RGBImage, Templates
from overt.vision.detection import DetectorSettings
from overt.vision.store import Pack

SIZE_PX = (480, 360)
_FACE_PX = (200, 250)
_BACKGROUND = 120
_SMALLEST_SCORE = 0.1  # drawn faces are at times no sure ones, and there is one in each portrait
_KEY_S = 1.0
"""Between two pictures that a late joiner can begin with; cameras are usually set to 1 to 4 s."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Somebody in the film: from when until when, in seconds of it."""

    seed: int
    first_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class Film:
    """A film of people who pass one by one: each is there for `shown_s`, then nobody for `gap_s`."""

    seeds: tuple[int, ...]
    shown_s: float = 2.0
    gap_s: float = 3.0
    frames_per_second: int = 10

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.seeds) * (self.shown_s + self.gap_s)

    def shown(self) -> Iterator[Shown]:
        """Yield everybody in the order in which they pass."""
        for place, seed in enumerate(self.seeds):
            first_s = place * (self.shown_s + self.gap_s) + self.gap_s
            yield Shown(seed, first_s, first_s + self.shown_s)

    def written(self, folder: Path) -> Path:
        """Return the film in a folder, drawn now if it is not there."""
        told = f"{self} {SIZE_PX} {_KEY_S} {drawing_version()}".encode()
        path = folder / f"passing-{hashlib.sha256(told).hexdigest()[:12]}.mp4"
        if not path.exists():
            partial = path.with_suffix(".part.mp4")
            self._write(partial)
            partial.rename(path)
        return path

    def _write(self, path: Path) -> None:
        with av.open(str(path), "w") as container:
            stream = _stream(container, self.frames_per_second)
            for number, image in enumerate(self._frames()):
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, self.frames_per_second)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    def _frames(self) -> Iterator[RGBImage]:
        nobody = np.full((SIZE_PX[1], SIZE_PX[0], 3), _BACKGROUND, np.uint8)
        visible = round(self.shown_s * self.frames_per_second)
        for seed in self.seeds:
            for _ in range(round(self.gap_s * self.frames_per_second)):
                yield nobody
            face = portrait(Person.from_seed(seed))
            for number in range(visible):
                yield _passing(nobody, face, number / max(1, visible - 1))


def _stream(container: Any, frames_per_second: int) -> Any:
    options = {
        "preset": "ultrafast",
        "crf": "18",
        "g": str(round(_KEY_S * frames_per_second)),
        "bf": "0",
    }
    stream = container.add_stream("libx264", rate=frames_per_second, options=options)
    stream.width, stream.height, stream.pix_fmt = *SIZE_PX, "yuv420p"
    return stream


def _passing(nobody: RGBImage, face: RGBImage, part: float) -> RGBImage:
    """Return the picture of somebody who has gone this part of the way, coming nearer."""
    scale = 0.8 + 0.2 * part
    width, height = round(_FACE_PX[0] * scale), round(_FACE_PX[1] * scale)
    small = cv2.resize(face, (width, height), interpolation=cv2.INTER_AREA)
    x = round(60 + part * (SIZE_PX[0] - 120 - width))
    y = SIZE_PX[1] - height - 20
    picture = nobody.copy()
    picture[y : y + height, x : x + width] = small
    return picture


def subject_of(seed: int) -> str:
    """Return the subject that a drawn person below 200 is listed as, as in `bench.office`."""
    return f"S-{seed}"


def gallery_of(pack: Pack, seeds: tuple[int, ...], folder: Path) -> Gallery:
    """Return a gallery of drawn people, of one portrait each; templates are kept in a folder."""
    told = f"{pack.id} {seeds} {drawing_version()}".encode()
    path = folder / f"portraits-{hashlib.sha256(told).hexdigest()[:12]}.npy"
    if not path.exists():
        partial = path.with_suffix(f".{os.getpid()}.part.npy")
        np.save(partial, _templates(pack, seeds))
        partial.rename(path)
    return Gallery([subject_of(seed) for seed in seeds], np.load(path), pack.id)


def _templates(pack: Pack, seeds: tuple[int, ...]) -> Templates:
    detector = pack.detector(DetectorSettings(smallest_score=_SMALLEST_SCORE))
    extractor = pack.extractor()
    templates: list[Templates] = []
    for seed in seeds:
        image = portrait(Person.from_seed(seed))
        face = detector.detect(image)[0]
        templates.append(extractor.extract([extractor.align(image, [face])[0]]))
    return np.concatenate(templates)
