"""The surface of a drawn head: skull, features, ears, neck, in millimetres."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import PchipInterpolator

from overt.synthetic.identity import Person
from overt.synthetic.render import Array

ROWS, COLUMNS = 190, 240


@dataclass(frozen=True, slots=True)
class Expression:
    """What passes over a face: each from 0 (not at all) to 1, gaze in millimetres."""

    smile: float = 0.0
    mouth_open: float = 0.0
    blink: float = 0.0
    brows_up: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class HeadGrid:
    """A head as a grid from crown to below the chin and once around.

    `points` `(h, w, 3)` float32; `angle` `(w,)` float32 in degrees, 0 at the nose, positive to
    the picture's right; `base` `(h, w, 3)` float32, the head before its features; `occlusion`
    `(h, w)` float32 in [0, 1].
    """

    points: Array
    base: Array
    angle: Array
    occlusion: Array


def head_grid(person: Person, expression: Expression) -> HeadGrid:
    """Return the skin of the head, hair left off."""
    around = np.linspace(-1.02, 1.02, COLUMNS)
    # Samples are closest at the nose, where the detail is.
    angle = np.sign(around) * 180 * (0.62 * np.abs(around) + 0.38 * np.abs(around) ** 3)
    base = _skull(person, np.radians(angle))
    relief = _relief(person, expression, base)
    occlusion = _occlusion(relief)
    occlusion[-ROWS // 12 :] *= 0.5  # below the chin
    points = base.copy()
    points[..., 2] += relief
    points *= person.skull.scale
    return HeadGrid(points, base, angle.astype(np.float32), occlusion)


def _skull(person: Person, angle: np.ndarray) -> Array:
    skull = person.skull
    knots = np.linspace(0, 1, 14)
    jaw_line = 0.4 * skull.cheek + 0.6 * skull.jaw + 2 + skull.cheek_fullness * 0.6
    slope, chin = skull.forehead_slope, skull.chin_forward
    top, low = skull.crown_y, skull.chin_y
    fold = np.array(
        [
            # height, half-width, depth to the front, depth to the back
            (top, 0, 0, 0),
            (top - 4, 30, 34, 40),
            (top - 16, 53, 62 - slope, 68),
            (top - 38, skull.temple - 4, 80 - slope, 86),
            (48, skull.temple, 89 - slope * 0.5, 93),
            (18, skull.temple + 2, 91, 94),
            (-18, skull.cheek, 90, 88),
            (-48, jaw_line + 2, 90, 72),
            (-76, skull.jaw + skull.cheek_fullness * 0.4, 89, 60),
            (low + 18, 0.52 * skull.jaw + 0.36 * skull.chin, 88 + chin, 52),
            (low + 7, 0.24 * skull.jaw + 0.66 * skull.chin, 85 + chin, 46),
            (low + 2, 0.16 * skull.jaw + 0.52 * skull.chin, 76 + chin, 44),
            (low, 0.1 * skull.jaw + 0.45 * skull.chin, 56, 42),
            (low + 4, 0.1 * skull.jaw + 0.45 * skull.chin, 28, 40),
        ]
    )
    curve = PchipInterpolator(knots, fold)
    # Rows lie evenly along the outline, so that none is much coarser than the rest.
    fine = np.linspace(0, 1, 400)
    along = np.cumsum(np.abs(np.gradient(curve(fine), axis=0)).max(axis=1))
    rows = np.interp(np.linspace(along[0], along[-1], ROWS), along, fine)
    y, half, front, back = curve(rows).T
    sine, cosine = np.sin(angle), np.cos(angle)
    x = half[:, None] * sine * (1 + 0.1 * cosine**2)
    depth = np.where(cosine > 0, front[:, None], back[:, None])
    z = depth * np.sign(cosine) * np.abs(cosine) ** 0.86
    x = x + skull.asymmetry * np.cos(y / 60)[:, None] * (cosine > 0)
    height = np.broadcast_to(y[:, None], x.shape)
    return np.stack([x, height, z], axis=2).astype(np.float32)


def _bump(x: Array, y: Array, at: tuple[float, float], spread: tuple[float, float]) -> Array:
    """Return a hill of height one."""
    return np.exp(-0.5 * (((x - at[0]) / spread[0]) ** 2 + ((y - at[1]) / spread[1]) ** 2))


def _relief(person: Person, expression: Expression, base: Array) -> Array:
    x, y = base[..., 0], base[..., 1]
    side = np.abs(x)
    bent = np.abs(x - person.nose.bend * np.clip(-y / 40, 0, 1))
    relief = _nose_relief(person, bent, y)
    relief += _eye_relief(person, expression, side, y - np.sign(x) * person.eyes.uneven)
    relief += _mouth_relief(person, expression, x, y)
    relief += _bone_relief(person, expression, side, y)
    relief += 1.5 * own_field(person, 6, x, y)
    return np.asarray(np.where(base[..., 2] > 0, relief, 0), np.float32)


def own_field(person: Person, part: int, x: Array, y: Array) -> Array:
    """Return a smooth field of unit deviation that is this person's own, mostly symmetric."""
    rng = np.random.default_rng([person.seed, part])
    down = ((125 - y) / 255 * 8).astype(np.float32)
    both = (np.abs(x) / 95 * 5 + 0.5).astype(np.float32)
    one_sided = ((x + 95) / 190 * 6).astype(np.float32)
    field = np.zeros_like(x)
    for across, share in ((both, 0.85), (one_sided, 0.5)):
        coarse = rng.normal(0, share, (9, 7)).astype(np.float32)
        field += cv2.remap(coarse, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return field


def _nose_relief(person: Person, side: Array, y: Array) -> Array:
    nose = person.nose
    tip = nose.tip_y
    along = [tip - 13, tip - 8, tip, tip * 0.55, 2, 22]
    high = [
        0,
        7 + nose.upturn * 0.5,
        nose.tip_height,
        nose.tip_height * 0.55 + nose.bridge_height * 0.5 + nose.hump,
        nose.bridge_height,
        2,
    ]
    height = PchipInterpolator(along, high, extrapolate=False)(np.clip(y, tip - 12.9, 21.9))
    wide = np.interp(
        y, [tip - 8, tip, 0, 22], [nose.tip_size, nose.tip_size, nose.bridge_width, 13]
    )
    relief = np.nan_to_num(height) * np.exp(-0.5 * (side / wide) ** 2)
    inside = (y < 21) & (y > tip - 12.5)
    relief = np.where(inside, relief, 0)
    wings = 8.5 * _bump(side, y, (nose.width - 5, tip - 3), (4.6, 6.0))
    return np.asarray(relief + wings)


def _eye_relief(person: Person, expression: Expression, side: Array, y: Array) -> Array:
    eyes, brows = person.eyes, person.brows
    lift = 3 * expression.brows_up
    socket = -eyes.depth * _bump(side, y, (eyes.apart - 2, 4), (15, 10))
    ball = 6.5 * _bump(side, y, (eyes.apart, 0), (10.5, 8))
    bag = 1.6 * eyes.bags * _bump(side, y, (eyes.apart, -13), (11, 3.2))
    ridge = person.skull.brow_ridge * _bump(
        side, y, (eyes.apart - 4, brows.height - 3 + lift), (17, 6)
    )
    return np.asarray(socket + ball + bag + ridge)


def _mouth_relief(person: Person, expression: Expression, x: Array, y: Array) -> Array:
    mouth = person.mouth
    corner = mouth.corner + 4.5 * expression.smile
    drop = 8 * expression.mouth_open
    half = mouth.width / 2 + 5 * expression.smile
    line = mouth.y + mouth.slant * x + corner * (x / half) ** 2 * (np.abs(x) < half * 1.3)
    across = np.exp(-0.5 * (x / (half * 0.72)) ** 4)
    muzzle = mouth.fullness * _bump(x, y, (0, mouth.y - 2), (27, 19))
    upper = (1.2 + mouth.upper * 0.32) * across * _bump(0 * y, y - line, (0, 4.4), (1, 3.4))
    lower = (1.4 + mouth.lower * 0.30) * across * _bump(0 * y, y - line + drop, (0, -5.4), (1, 4))
    crease = -3.2 * across * _bump(0 * y, y - line + drop / 2, (0, 0), (1, 1.8 + drop / 3))
    dimple = -1.6 * _bump(np.abs(x), y, (half + 2, mouth.y + corner), (4, 5))
    groove = -1.2 * _bump(x, y, (0, (mouth.y + person.nose.tip_y) / 2 - 3), (3, 6))
    return np.asarray(muzzle + upper + lower + crease + dimple + groove)


def mouth_curves(
    person: Person, expression: Expression
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the lips as curves, `(33,)` each, in millimetres.

    First x, and over it the heights of the upper lip's edge, the line between the lips, the
    lower lip's inner edge and its lower edge.
    """
    mouth = person.mouth
    half = mouth.width / 2 + 5 * expression.smile
    u = np.linspace(-1, 1, 33)
    line = mouth.y + mouth.slant * half * u + (mouth.corner + 4.5 * expression.smile) * u**2
    bow = mouth.bow * np.exp(-((u / 0.13) ** 2))
    thin = 1 - 0.2 * expression.smile
    top = line + mouth.upper * thin * np.clip(1 - np.abs(u) ** 1.7, 0, 1) ** 0.85 - bow
    gap = line - 8 * expression.mouth_open * np.clip(1 - u**2, 0, 1)
    low = gap - mouth.lower * thin * np.clip(1 - np.abs(u) ** 2.1, 0, 1) ** 0.75
    return half * u, top, line, gap, low


def _bone_relief(person: Person, expression: Expression, side: Array, y: Array) -> Array:
    skull, mouth = person.skull, person.mouth
    bone = (skull.cheekbone + 1.5 * expression.smile) * _bump(side, y, (46, -24), (16, 14))
    hollow = (skull.cheek_fullness - 1.5) * _bump(side, y, (46, -56), (15, 18))
    sink = -(0.6 + 1.6 * person.skin.wrinkles + 1.6 * expression.smile)
    place = 26 + (mouth.y + 40 - y) * -0.28
    fold = sink * np.exp(-0.5 * ((side - place) / 3) ** 2) * _bump(0 * y, y, (0, -56), (1, 14))
    chin = 5 * _bump(side, y, (0, skull.chin_y + 12), (14, 9))
    dent = -3 * _bump(side, y, (0, mouth.y - 18), (17, 4.5))
    return np.asarray(bone + hollow + fold + chin + dent)


def _occlusion(relief: Array) -> Array:
    """Return how much sky each place sees: hollows among heights see less."""
    small = cv2.GaussianBlur(relief, (0, 0), 4) - relief
    large = cv2.GaussianBlur(relief, (0, 0), 11) - relief
    return np.clip(1 - 0.12 * np.clip(small, 0, 6) - 0.06 * np.clip(large, 0, 12), 0.18, 1)


def tube(rows: np.ndarray, columns: int = 60, start: float = -180, end: float = 180) -> Array:
    """Return a tube as a grid `(n, columns, 3)` float32.

    `rows` is `(n, 5)`: centre x, y, z, then half-width and half-depth. The angles, in degrees,
    say which part of it there is, 0 being its front.
    """
    angle = np.radians(np.linspace(start, end, columns))
    x = rows[:, 0:1] + rows[:, 3:4] * np.sin(angle)
    z = rows[:, 2:3] + rows[:, 4:5] * np.cos(angle)
    y = np.broadcast_to(rows[:, 1:2], x.shape)
    return np.stack([x, y, z], axis=2).astype(np.float32)


def ear(person: Person, side: int) -> Array:
    """Return one ear, `(24, 24, 3)` float32; `side` is -1 on the picture's left, 1 on its right."""
    around = np.linspace(-np.pi, np.pi, 24)
    out = np.linspace(0, np.pi, 24)
    bowl = np.sin(out)[:, None]
    along, across = bowl * np.cos(around), bowl * np.sin(around)
    size = person.ears * person.skull.scale
    thick = np.cos(out)[:, None] * np.ones_like(around)
    y = -8 + 27 * size * along
    z = -6 + 14 * size * across + 5 * along
    flat = (person.skull.temple + person.skull.cheek) / 2 * person.skull.scale
    x = side * (flat + 4 + 4 * thick - 6 * across + 4 * along)
    points = np.stack([x, y, z], axis=2)
    return np.asarray(points[:, ::-1] if side > 0 else points, np.float32)
