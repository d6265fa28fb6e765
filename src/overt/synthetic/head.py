"""A drawn head in one pose, with one expression, under one light."""

from functools import lru_cache

import cv2
import numpy as np

from overt.synthetic.hair import hair_surfaces, hairline
from overt.synthetic.identity import Glasses, HairStyle, Person
from overt.synthetic.paint import LEFT, PX_PER_MM, TOP, face_sheet, facial_hair_cover
from overt.synthetic.render import Array, Drawing, Light, Pose, Surface, Window, linear, render
from overt.synthetic.shape import COLUMNS, ROWS, Expression, HeadGrid, ear, head_grid

_FINER = 3


def draw_head(
    person: Person,
    pose: Pose,
    light: Light,
    window: Window,
    expression: Expression = Expression(),  # noqa: B008  a frozen value
) -> Drawing:
    """Return the head, hair and glasses included, as seen through `window`."""
    return render(head_surfaces(person, expression), pose, light, window)


@lru_cache(maxsize=16)
def _head_surfaces(person: Person, expression: Expression) -> tuple[Surface, ...]:
    head = head_grid(person, expression)
    surfaces = [_skin(person, expression, head), *_ears(person), *hair_surfaces(person, head)]
    if person.glasses is not None:
        surfaces += _glasses(person, person.glasses)
    return tuple(surfaces)


def head_surfaces(person: Person, expression: Expression) -> list[Surface]:
    """Return everything above the neck."""
    return list(_head_surfaces(person, expression))


def _skin(person: Person, expression: Expression, head: HeadGrid) -> Surface:
    size = (COLUMNS * _FINER, ROWS * _FINER)
    place = cv2.resize(head.base, size, interpolation=cv2.INTER_LINEAR)
    across = (place[..., 0] - LEFT) * PX_PER_MM - 0.5
    down = (TOP - place[..., 1]) * PX_PER_MM - 0.5
    sheet = face_sheet(person, expression)
    painted = cv2.remap(sheet, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    front = np.clip(place[..., 2:] / 12, 0, 1)
    plain = np.array(person.skin.colour, np.float32)
    colour = _scalp(person, head, painted * front + plain * (1 - front))
    points = head.points.copy()
    cover = facial_hair_cover(head.base[..., 0], head.base[..., 1], person)
    points[..., 2] += np.where(head.base[..., 2] > 0, cover * 6 * person.hair.facial_length, 0)
    return Surface(points, linear(colour), None, head.occlusion, person.skin.gloss)


def _scalp(person: Person, head: HeadGrid, colour: Array) -> Array:
    """Return the skin with the ground of the hair tinted, so that no gap shows bare skin."""
    if person.hair.style is HairStyle.BALD:
        return colour
    above = head.base[..., 1] - hairline(person, head.angle)[None, :]
    under = cv2.resize(above.astype(np.float32), colour.shape[1::-1])
    cover = 0.85 * np.clip((under - 1) / 7, 0, 1)[..., None]
    tone = 0.7 * np.array(person.hair.colour, np.float32)
    return np.asarray(colour * (1 - cover) + tone * cover, np.float32)


def _ears(person: Person) -> list[Surface]:
    tone = np.array(person.skin.colour, np.float32) * np.array([0.98, 0.88, 0.86], np.float32)
    sheet = np.broadcast_to(linear(tone), (24, 24, 3)).astype(np.float32).copy()
    shade = np.ones((24, 24), np.float32)
    shade[8:16] = 0.75
    return [Surface(ear(person, side), sheet, None, shade, 0.05, closed=False) for side in (-1, 1)]


def _glasses(person: Person, glasses: Glasses) -> list[Surface]:
    """Return the frame as a gently bent sheet with holes, and its two arms."""
    scale = person.skull.scale
    columns, rows = 240, 90
    x, y = np.meshgrid(np.linspace(-76, 76, columns), np.linspace(24, -30, rows))
    middle = person.eyes.apart + 1
    ring = np.abs((np.abs(x) - middle) / glasses.lens_width) ** glasses.roundness
    ring = (ring + np.abs((y + 1) / glasses.lens_height) ** glasses.roundness) ** (
        1 / glasses.roundness
    )
    rim = np.abs(ring - 1) < glasses.thickness / glasses.lens_width * 1.1
    bridge = (np.abs(x) < middle - glasses.lens_width + 2) & (
        np.abs(y - 5) < glasses.thickness * 0.8
    )
    hinge = (np.abs(x) > middle + glasses.lens_width - 1) & (np.abs(y - 8) < glasses.thickness)
    cover = (rim | bridge | hinge) & (np.abs(x) < 73)
    z = 106 - (np.abs(x) / 73) ** 3 * 22
    sheet = _coloured(np.stack([x, y, z], 2) * scale, glasses, cover.astype(np.float32))
    return [sheet, *(_arm(person, glasses, side) for side in (-1, 1))]


def _arm(person: Person, glasses: Glasses, side: int) -> Surface:
    z, y = np.meshgrid(
        np.linspace(84, 0, 60), np.linspace(8 + glasses.thickness, 8 - glasses.thickness, 6)
    )
    x = side * np.interp(z, [0, 84], [person.skull.temple + 6, 74])
    points = np.stack([x, y, z], 2) * person.skull.scale
    return _coloured(points, glasses, np.ones(z.shape, np.float32))


def _coloured(points: np.ndarray, glasses: Glasses, cover: Array) -> Surface:
    colour = np.broadcast_to(linear(np.array(glasses.colour, np.float32)), points.shape)
    return Surface(
        points.astype(np.float32), colour.astype(np.float32), cover, None, 0.25, closed=False
    )
