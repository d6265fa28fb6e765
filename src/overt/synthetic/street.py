"""A drawn street as a source of frames, with the truth about everybody in it.

The people are drawn to be found and told apart by a real detector and a real recogniser;
nothing here tells those where to look. `DrawnStreet` is used as any other source of frames.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from overt.synthetic.body import eyes_above_ground
from overt.synthetic.camera import Camera
from overt.synthetic.choreography import Passage, Walk, choreograph
from overt.synthetic.identity import Person
from overt.synthetic.scenery import draw_scenery
from overt.synthetic.sprites import place_body, place_head
from overt.values import Frame, RGBImage, SourceInfo
from overt.vocabulary import DropCause

_SHADOW_PX = 64


@dataclass(frozen=True, slots=True)
class StreetSettings:
    """What a drawn street shows. The same settings give the same frames, pixel for pixel."""

    seed: int = 7
    people: int = 18
    listed: int = 5
    seconds: float = 40.0
    frames_per_second: float = 25.0
    camera: str = "drawn street"


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFace:
    """The truth about one head in one frame.

    `box_px` is `(4,)` float32, the face from chin to hairline and cheek to cheek; `yaw_deg`
    is how far it is turned from the camera; `hidden` is the part of the box, 0 to 1, that
    nearer people or the picture's edge cover.
    """

    passage: Passage
    box_px: NDArray[np.float32]
    yaw_deg: float
    hidden: float


class DrawnStreet:
    """A source of frames, iterated once; see `overt.capture` for the protocol.

    Each is asked about before it is drawn, with its presentation time in seconds; one that is
    not `due` is counted and not drawn, but for the first.
    """

    def __init__(
        self,
        settings: StreetSettings,
        started_at: datetime | None = None,
        due: Callable[[float], bool] = lambda _presentation_s: True,
    ) -> None:
        self.settings = settings
        self._due = due
        self.passages = choreograph(
            settings.seed, settings.people, settings.listed, settings.seconds
        )
        self.dropped: Counter[DropCause] = Counter()
        self.note: str | None = None
        self._camera = Camera()
        self._started_at = (started_at or datetime.now(UTC)).astimezone(UTC)
        self._closed = False

    @property
    def info(self) -> SourceInfo:
        """What is known of the source."""
        settings = self.settings
        return SourceInfo(
            source="drawn street",
            width=self._camera.width,
            height=self._camera.height,
            frames_per_second=settings.frames_per_second,
            duration_s=settings.seconds,
            expected_frames=self._frames(),
            live=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the iteration; harmless when repeated."""
        self._closed = True

    def __iter__(self) -> Iterator[Frame]:
        for sequence in range(self._frames()):
            if self._closed:
                return
            presentation_s = sequence / self.settings.frames_per_second
            if not self._due(presentation_s) and sequence:
                self.dropped[DropCause.NOT_DUE] += 1
                continue
            image = self.draw(sequence)
            yield Frame(
                camera=self.settings.camera,
                sequence=sequence,
                presentation_s=presentation_s,
                captured_at=self._started_at + timedelta(seconds=presentation_s),
                monotonic_s=time.monotonic(),
                image=image,
            )

    @cached_property
    def _scenery(self) -> RGBImage:
        return draw_scenery(self._camera, self.settings.seed)

    @cached_property
    def _shadow(self) -> RGBImage:
        return _soft_disc()

    @cached_property
    def _noise(self) -> tuple[RGBImage, RGBImage]:
        return _noise(self.settings.seed, self._camera)

    def _frames(self) -> int:
        return int(self.settings.seconds * self.settings.frames_per_second)

    def draw(self, sequence: int) -> RGBImage:
        """Return the picture of frame `sequence`, `(720, 1280, 3)`."""
        time_s = sequence / self.settings.frames_per_second
        picture = self._scenery.copy()
        present = self._present(time_s)
        for passage in present:
            self._cast_shadow(picture, passage, time_s)
        for passage in present:
            self._draw_person(picture, passage, time_s)
        return self._exposed(picture, sequence)

    def faces(self, sequence: int) -> list[DrawnFace]:
        """Return the truth about every head in a frame, the farthest first."""
        time_s = sequence / self.settings.frames_per_second
        present = self._present(time_s)
        boxes = [self._face_box(passage, time_s) for passage in present]
        return [
            DrawnFace(
                passage,
                boxes[index],
                passage.head(time_s, self._camera).yaw,
                self._hidden(boxes[index], present[index + 1 :], time_s),
            )
            for index, passage in enumerate(present)
        ]

    def face_box(self, passage: Passage, sequence: int) -> NDArray[np.float32] | None:
        """Return where a person's face is in a frame, `(4,)`, or None when they are not there."""
        time_s = sequence / self.settings.frames_per_second
        return self._face_box(passage, time_s) if passage.present(time_s) else None

    def _present(self, time_s: float) -> list[Passage]:
        there = [passage for passage in self.passages if passage.present(time_s)]
        return sorted(there, key=lambda passage: -passage.place(time_s)[1])

    def _origin(self, passage: Passage, time_s: float) -> tuple[float, float, float]:
        """Return where the head's origin is seen, and pixels a millimetre there."""
        x, z = passage.place(time_s)
        person = Person.from_seed(passage.person_seed)
        swing = 2 * np.pi * passage.phase(time_s)
        bob = 0.018 * abs(float(np.cos(swing))) - 0.012
        sway = 0.012 * float(np.sin(swing))
        at = self._camera.pixel(x + sway, eyes_above_ground(person) / 1000 + bob, z)
        return at[0], at[1], self._camera.scale(z) / 1000

    def _draw_person(self, picture: RGBImage, passage: Passage, time_s: float) -> None:
        person = Person.from_seed(passage.person_seed)
        at = self._origin(passage, time_s)
        heading = passage.heading(time_s)
        pose = passage.head(time_s, self._camera)
        look = (passage.blinking(time_s), passage.smile)
        place_body(picture, person, passage.phase(time_s), heading, at)
        place_head(picture, person, pose, look, at)

    def _cast_shadow(self, picture: RGBImage, passage: Passage, time_s: float) -> None:
        x, z = passage.place(time_s)
        corners = [
            self._camera.pixel(x + dx, 0, z + dz)
            for dx, dz in ((-0.45, 0.3), (1.1, 0.3), (-0.45, -0.3))
        ]
        source = np.array([[0, 0], [_SHADOW_PX, 0], [0, _SHADOW_PX]], np.float32)
        target = np.array(corners, np.float32)
        x1, y1 = np.floor(target.min(axis=0)).astype(int)
        x2, y2 = np.ceil(target.max(axis=0)).astype(int) + 1
        x1, y1, x2, y2 = max(0, x1), max(0, y1), min(1280, x2), min(720, y2)
        if x2 - x1 < 2 or y2 - y1 < 2:
            return
        matrix = cv2.getAffineTransform(source, target - np.array([x1, y1], np.float32))
        shade = cv2.warpAffine(
            self._shadow, matrix, (int(x2 - x1), int(y2 - y1)), borderValue=(255,) * 3
        )
        part = picture[y1:y2, x1:x2]
        part[:] = cv2.multiply(part, shade, scale=1 / 255)

    def _exposed(self, picture: RGBImage, sequence: int) -> RGBImage:
        """Add what a camera adds: a touch of blur and the sensor's noise."""
        picture = np.asarray(cv2.GaussianBlur(picture, (3, 3), 0.5), np.uint8)
        shift = np.random.default_rng([self.settings.seed, 31, sequence]).integers(0, 64, 2)
        rows, columns = slice(shift[0], shift[0] + 720), slice(shift[1], shift[1] + 1280)
        cv2.add(picture, self._noise[0][rows, columns], dst=picture)
        cv2.subtract(picture, self._noise[1][rows, columns], dst=picture)
        return picture

    def _face_box(self, passage: Passage, time_s: float) -> NDArray[np.float32]:
        x, y, scale = self._origin(passage, time_s)
        skull = Person.from_seed(passage.person_seed).skull
        half = skull.cheek * 1.02 * skull.scale * scale
        yaw = np.radians(passage.head(time_s, self._camera).yaw)
        x += float(np.sin(yaw)) * 22 * scale
        top, bottom = 62 * skull.scale * scale, skull.chin_y * skull.scale * scale
        return np.array([x - half, y - top, x + half, y - bottom], np.float32)

    def _hidden(self, box: NDArray[np.float32], nearer: list[Passage], time_s: float) -> float:
        """Return how much of a box nearer people and the picture's edge cover."""
        x1, y1, x2, y2 = (float(side) for side in box)
        covered = np.zeros((16, 16), bool)
        across = x1 + (np.arange(16) + 0.5) / 16 * (x2 - x1)
        down = (y1 + (np.arange(16) + 0.5) / 16 * (y2 - y1))[:, None]
        covered |= (across < 0) | (across >= self._camera.width)
        covered |= (down < 0) | (down >= self._camera.height)
        for passage in nearer:
            x, y, scale = self._origin(passage, time_s)
            head = (np.abs(across - x) < 95 * scale) & (down > y - 140 * scale)
            head &= down < y + 190 * scale
            body = (np.abs(across - x) < 250 * scale) & (down >= y + 165 * scale)
            covered |= head | body
        return float(covered.mean())


def _soft_disc() -> RGBImage:
    across, down = np.meshgrid(*(np.linspace(-1, 1, _SHADOW_PX),) * 2)
    shade = 255 - 92 * np.exp(-2.6 * (across**2 + down**2)) * ((across**2 + down**2) < 1)
    return np.repeat(shade[..., None], 3, axis=2).astype(np.uint8)


def _noise(seed: int, camera: Camera) -> tuple[RGBImage, RGBImage]:
    rng = np.random.default_rng([seed, 32])
    shape = (camera.height + 64, camera.width + 64, 3)
    drawn = rng.normal(0, 2.2, shape)
    return np.clip(drawn, 0, 255).astype(np.uint8), np.clip(-drawn, 0, 255).astype(np.uint8)


__all__ = ["DrawnFace", "DrawnStreet", "Passage", "SourceInfo", "StreetSettings", "Walk"]
