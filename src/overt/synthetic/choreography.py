"""Who walks where and when: the script of a drawn street."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from overt.synthetic.camera import Camera
from overt.synthetic.render import Pose

FAR_M, NEAR_M = 17.0, 2.3
"""Where walkers come into sight, and where the last of them has left the picture."""

_VEER_FROM_M = 4.6  # nearer than this, walkers step past the camera
LISTED_SEEDS = range(200)
"""The seeds of drawn people who may be on a drawn watchlist; nobody else has one of these."""


class Walk(StrEnum):
    """Where somebody walks in relation to the camera."""

    TOWARDS = "towards the camera"
    AWAY = "away from the camera"
    ACROSS = "across the street"


@dataclass(frozen=True, slots=True)
class Passage:
    """One person's way through the picture; the truth a recogniser is measured against.

    Times are seconds from the street's start. `lane_m` is where on the pavement they walk
    (across: how far off), `speed` metres a second.
    """

    number: int
    person_seed: int
    listed: bool
    walk: Walk
    enters_s: float
    leaves_s: float
    lane_m: float
    speed: float
    stride_hz: float
    offset: float
    glances: tuple[tuple[float, float], ...]
    smile: float

    def present(self, time_s: float) -> bool:
        """Whether the person is on the street at a time."""
        return self.enters_s <= time_s < self.leaves_s

    def place(self, time_s: float) -> tuple[float, float]:
        """Return where the person stands, `(x, z)` in metres."""
        gone = (time_s - self.enters_s) * self.speed
        if self.walk is Walk.ACROSS:
            side = 1.0 if self.offset > 0.5 else -1.0
            return side * (gone - 0.5 * _span(self.lane_m)), self.lane_m
        z = FAR_M - gone if self.walk is Walk.TOWARDS else NEAR_M + gone
        return self.lane_m + self._veer(z), z

    def _veer(self, z: float) -> float:
        near = max(0.0, _VEER_FROM_M - z)
        return (1.0 if self.lane_m >= 0 else -1.0) * 0.15 * near * near

    def heading(self, time_s: float) -> float:
        """Return the yaw of the body in degrees as the camera sees it."""
        x, z = self.place(time_s)
        later_x, later_z = self.place(time_s + 0.1)
        walking = np.degrees(np.arctan2(later_x - x, z - later_z))
        return float(walking - np.degrees(np.arctan2(-x, z)))

    def phase(self, time_s: float) -> float:
        """Return the place in the gait cycle of two steps, in [0, 1)."""
        return (self.offset + self.stride_hz * (time_s - self.enters_s)) % 1.0

    def head(self, time_s: float, camera: Camera) -> Pose:
        """Return how the head is held as the camera sees it."""
        swing = 2 * np.pi * self.phase(time_s)
        _, z = self.place(time_s)
        ahead = self.heading(time_s)
        glance = sum(
            turn * float(np.exp(-(((time_s - self.enters_s - at) / 0.55) ** 2)))
            for at, turn in self.glances
        )
        # People look where they are going, and a little towards whoever they pass.
        yaw = ahead * (1.0 if self.walk is not Walk.TOWARDS else 0.75) + glance
        down = np.degrees(np.arctan2(camera.height_m - 1.62, z))
        pitch = -float(down) - 2.0 + 1.6 * np.sin(2 * swing + 1)
        return Pose(yaw + 2.2 * np.sin(swing), float(pitch), float(1.2 * np.sin(swing + 0.5)))

    def blinking(self, time_s: float) -> bool:
        """Whether the eyes are shut: an eighth of a second every few."""
        return (time_s * (0.22 + 0.1 * self.offset) + self.offset * 7) % 1.0 < 0.035


def _span(z: float) -> float:
    """Return how far a person crossing at `z` metres walks to get through the picture."""
    return 1280 / 2300 * z + 1.4


def choreograph(seed: int, people: int, listed: int, seconds: float) -> tuple[Passage, ...]:
    """Return everybody's passage, in the order they enter.

    The listed walk towards the camera and come by in good time; about one in eight of the
    others walks away or across.
    """
    rng = np.random.default_rng([seed, 7])
    seeds = [int(each) for each in rng.choice(len(LISTED_SEEDS), listed, replace=False)]
    strangers = 1000 + 10_000 * (seed % 1000)
    seeds += [strangers + number for number in range(people - listed)]
    order = rng.permutation(people)
    first, last = -4.0, max(1.0, seconds - 13.0)
    entries = np.linspace(first, last, people) + rng.uniform(-0.35, 0.35, people)
    passages = [
        _passage(rng, number, (seeds[who], bool(who < listed)), float(entries[number]))
        for number, who in enumerate(order)
    ]
    return tuple(passages)


def _passage(
    rng: np.random.Generator, number: int, who: tuple[int, bool], enters_s: float
) -> Passage:
    person_seed, listed = who
    walk = Walk.TOWARDS
    if not listed and rng.random() < 0.16:
        walk = Walk.AWAY if rng.random() < 0.6 else Walk.ACROSS
    speed = float(np.clip(rng.normal(1.32, 0.1), 1.1, 1.55))
    # Neighbours in time keep to different lanes, so that they do not walk in one line.
    lane = (-0.62, 0.42, -0.12, 0.70, -0.40, 0.16)[number % 6] + float(rng.uniform(-0.07, 0.07))
    way = FAR_M - NEAR_M
    if walk is Walk.ACROSS:
        lane = float(rng.uniform(9.0, 15.0))
        way = _span(lane)
        enters_s += 3.0
    glances = tuple(
        (float(rng.uniform(1, way / speed)), float(rng.uniform(-16, 16))) for _ in range(3)
    )
    return Passage(
        number=number,
        person_seed=person_seed,
        listed=listed,
        walk=walk,
        enters_s=enters_s,
        leaves_s=enters_s + way / speed,
        lane_m=lane,
        speed=speed,
        stride_hz=float(0.62 + 0.22 * speed),
        offset=float(rng.random()),
        glances=glances,
        smile=float(np.clip(rng.normal(0.15, 0.25), 0, 0.8)),
    )
