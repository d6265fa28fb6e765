"""The street without people: sky, facades, shop fronts, pavement, lamp posts."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from overt.synthetic.camera import Camera
from overt.synthetic.identity import Colour
from overt.synthetic.paint import grain
from overt.values import RGBImage

_FINER = 2  # drawn at twice the size and brought down
_LEFT_M, _RIGHT_M = -3.1, 3.6  # the building lines beside the pavement

_FACADES = (
    (168, 128, 104),
    (196, 182, 160),
    (150, 150, 152),
    (178, 104, 84),
    (208, 198, 182),
    (122, 112, 108),
    (170, 152, 128),
)
_FRONTS = ((46, 72, 66), (92, 40, 44), (38, 50, 78), (150, 110, 48), (60, 60, 64), (96, 84, 112))


@dataclass(slots=True, eq=False)
class _Stage:
    """A picture that polygons given in metres are drawn on."""

    camera: Camera
    picture: RGBImage

    def polygon(self, corners: list[tuple[float, float, float]], colour: Colour) -> None:
        pixels = [self.camera.pixel(*corner) for corner in corners]
        scaled = np.round(np.array(pixels) * _FINER * 16).astype(np.int32)
        cv2.fillPoly(self.picture, [scaled], colour, cv2.LINE_AA, 4)


def draw_scenery(camera: Camera, seed: int) -> RGBImage:
    """Return the empty street, `(height, width, 3)` RGB."""
    rng = np.random.default_rng([seed, 21])
    stage = _Stage(camera, _sky(camera, rng))
    _backdrop(stage, rng)
    _ground(stage, rng)
    for side in (_LEFT_M, _RIGHT_M):
        _row_of_houses(stage, side, rng)
    _posts(stage)
    size = (camera.width, camera.height)
    picture = cv2.resize(stage.picture, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(picture, (0, 0), 1.3)  # the lens is focused on the people
    noise = grain(rng, soft.shape[:2], (3, 3))[..., None] * 1.5
    return np.asarray(np.clip(soft + noise, 0, 255), np.uint8)


def _sky(camera: Camera, rng: np.random.Generator) -> RGBImage:
    height, width = camera.height * _FINER, camera.width * _FINER
    down = np.clip(np.linspace(0, 1, height) * height / (camera.horizon_px * _FINER), 0, 1)
    top, low = np.array([150.0, 178, 208]), np.array([222.0, 226, 226])
    sky = top + (low - top) * down[:, None]
    clouds = grain(rng, (height, width), (420, 90)) * 5
    return np.asarray(np.clip(sky[:, None, :] + clouds[..., None], 0, 255), np.uint8)


def _backdrop(stage: _Stage, rng: np.random.Generator) -> None:
    """Houses across the end of the street, paler with distance."""
    for row, z in enumerate((95.0, 70.0)):
        x = -16.0
        while x < 16:
            wide = float(rng.uniform(3, 6))
            high = float(rng.uniform(6, 13)) - 2 * row
            base = np.array(_FACADES[int(rng.integers(len(_FACADES)))], float)
            pale = base * 0.45 + np.array([200, 208, 214]) * 0.55
            colour = (float(pale[0]), float(pale[1]), float(pale[2]))
            stage.polygon([(x, 0, z), (x, high, z), (x + wide, high, z), (x + wide, 0, z)], colour)
            for floor in np.arange(2.0, high - 1, 2.6):
                for column in np.arange(x + 0.6, x + wide - 0.8, 1.5):
                    pane = [(column, floor, z), (column, floor + 1.4, z)]
                    pane += [(column + 0.8, floor + 1.4, z), (column + 0.8, floor, z)]
                    stage.polygon(pane, _times(colour, 0.8))
            x += wide


def _ground(stage: _Stage, rng: np.random.Generator) -> None:
    near, far = 1.0, 95.0
    _strip(stage, (-30, 30), (near, far), (128, 126, 124))
    # Paving slabs: joints along and across, and a little variety between stones.
    for z in np.arange(2.0, 40.0, 0.6):
        for x in np.arange(-3.0, 3.0, 0.9):
            tone = float(rng.normal(158, 5))
            gap = 0.018
            across = (x + gap, x + 0.9 - gap)
            _strip(stage, across, (z + gap, z + 0.6 - gap), (tone, tone * 0.985, tone * 0.96))
    _strip(stage, (-3.0, 3.0), (40.0, far), (156, 154, 150))
    _strip(stage, (3.0, 3.25), (near, far), (186, 184, 178))


def _strip(
    stage: _Stage, across: tuple[float, float], along: tuple[float, float], colour: Colour
) -> None:
    (x1, x2), (z1, z2) = across, along
    stage.polygon([(x1, 0, z1), (x2, 0, z1), (x2, 0, z2), (x1, 0, z2)], colour)


def _row_of_houses(stage: _Stage, x: float, rng: np.random.Generator) -> None:
    ends = [3.0]
    while ends[-1] < 64:
        ends.append(ends[-1] + float(rng.uniform(4.5, 8)))
    for near, far in reversed(list(pairwise(ends))):
        _house(stage, x, (near, far), rng)


def _house(stage: _Stage, x: float, span: tuple[float, float], rng: np.random.Generator) -> None:
    near, far = span
    haze = min(0.5, near / 110)
    lit = 0.94 if x > 0 else 0.72  # the sun stands to the left: the right-hand row is lit
    wall = _hazed(_FACADES[int(rng.integers(len(_FACADES)))], haze, lit)
    front = _hazed(_FRONTS[int(rng.integers(len(_FRONTS)))], haze, lit)
    high = float(rng.uniform(8.5, 13))
    _wall(stage, x, (near, far), (0, high), wall)
    _wall(stage, x, (near + 0.15, far - 0.15), (0, 3.3), front)
    glass = _hazed((92, 108, 116), haze, lit)
    bright = _hazed((214, 200, 160), haze, 1.0)
    panes = max(2, int((far - near) / 1.6))
    for pane in range(panes):
        z1 = near + 0.35 + pane * (far - near - 0.5) / panes
        z2 = z1 + (far - near - 0.5) / panes - 0.18
        _wall(stage, x, (z1, z2), (0.5, 2.5), bright if rng.random() < 0.3 else glass)
    _wall(stage, x, (near + 0.2, far - 0.2), (2.65, 3.2), _times(front, 1.35))
    for floor in np.arange(4.1, high - 1.8, 2.9):
        for z in np.arange(near + 0.7, far - 1.2, 1.9):
            _wall(stage, x, (z - 0.12, z + 1.12), (floor - 0.12, floor + 1.72), _times(wall, 1.15))
            _wall(stage, x, (z, z + 1.0), (floor, floor + 1.6), glass)


def _wall(
    stage: _Stage, x: float, along: tuple[float, float], up: tuple[float, float], colour: Colour
) -> None:
    (z1, z2), (y1, y2) = along, up
    stage.polygon([(x, y1, z1), (x, y2, z1), (x, y2, z2), (x, y1, z2)], colour)


def _posts(stage: _Stage) -> None:
    for z in (46.0, 32.0, 21.0):
        for x in (-2.75, 2.9):
            iron = _hazed((52, 56, 60), z / 110, 1.0)
            stage.polygon(
                [(x - 0.05, 0, z), (x + 0.05, 0, z), (x + 0.035, 4.6, z), (x - 0.035, 4.6, z)], iron
            )
            stage.polygon(
                [(x - 0.1, 0, z), (x + 0.1, 0, z), (x + 0.08, 0.8, z), (x - 0.08, 0.8, z)], iron
            )
            lamp = [(x - 0.16, 4.6, z), (x + 0.16, 4.6, z), (x + 0.22, 5.1, z), (x - 0.22, 5.1, z)]
            stage.polygon(lamp, (232, 226, 206))


def _times(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255.0, value * factor) for value in colour)
    return red, green, blue


def _hazed(colour: Colour, haze: float, light: float) -> Colour:
    red, green, blue = (
        value * light * (1 - haze) + pale * haze
        for value, pale in zip(colour, (206, 212, 216), strict=True)
    )
    return red, green, blue
