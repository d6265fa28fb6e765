"""The painted front of a head: skin, eyes, brows, lips and beard on a flat sheet.

The sheet is the head seen from the front, without perspective; the geometry carries it.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from overt.synthetic.identity import Colour, FacialHair, Person
from overt.synthetic.render import Array
from overt.synthetic.shape import Expression, mouth_curves, own_field

LEFT, TOP, WIDTH, HEIGHT = -95, 125, 190, 255
PX_PER_MM = 3
_SHIFT = 4  # OpenCV draws on a grid of sixteenths of a pixel


def face_sheet(person: Person, expression: Expression) -> NDArray[np.uint8]:
    """Return the sheet, `(765, 570, 3)` uint8 RGB: its top left corner is at (-95, 125) mm."""
    sheet = _Sheet(_still(person).copy())
    for side in (-1, 1):
        _paint_eye(sheet, person, expression, side)
        _paint_brow(sheet, person, expression, side)
    _paint_mouth(sheet, person, expression)
    return sheet.picture


class _Sheet:
    """A picture that is drawn on in millimetres."""

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        self.picture = picture

    def pixels(self, points: np.ndarray) -> NDArray[np.int32]:
        placed = (points - np.array([LEFT, TOP])) * np.array([PX_PER_MM, -PX_PER_MM])
        return np.asarray(np.round(placed * (1 << _SHIFT)), np.int32)

    def line(self, points: np.ndarray, colour: Colour, thickness: float) -> None:
        width = max(1, round(thickness * PX_PER_MM))
        cv2.polylines(
            self.picture, [self.pixels(points)], False, colour, width, cv2.LINE_AA, _SHIFT
        )

    def blend(self, points: np.ndarray, colour: Colour, soft: float, weight: float = 1.0) -> None:
        """Fill a polygon, its edge softened over `soft` millimetres."""
        blend_mask(self, [points], colour, soft, weight)


def blend_mask(
    sheet: _Sheet, shapes: list[np.ndarray], colour: Colour, soft: float, weight: float
) -> None:
    """Fill several polygons at once within the part of the sheet that they reach."""
    margin = 3 * soft + 2
    corners = np.concatenate(shapes)
    low, high = corners.min(axis=0) - margin, corners.max(axis=0) + margin
    x1, x2 = (np.clip([low[0] - LEFT, high[0] - LEFT], 0, WIDTH) * PX_PER_MM).astype(int)
    y1, y2 = (np.clip([TOP - high[1], TOP - low[1]], 0, HEIGHT) * PX_PER_MM).astype(int)
    if x2 <= x1 or y2 <= y1:
        return
    mask = np.zeros((y2 - y1, x2 - x1), np.uint8)
    offset = np.array([x1, y1]) << _SHIFT
    for shape in shapes:
        pixels = [(sheet.pixels(shape) - offset).astype(np.int32)]
        cv2.fillPoly(mask, pixels, 255, cv2.LINE_AA, _SHIFT)
    cover: Array = mask.astype(np.float32) * (weight / 255)
    if soft > 0:
        cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), soft * PX_PER_MM), np.float32)
    part = sheet.picture[y1:y2, x1:x2]
    mixed = part + (np.array(colour, np.float32) - part) * cover[..., None]
    part[:] = mixed.astype(np.uint8)


def times(colour: Colour, factor: float) -> Colour:
    """Return a lighter or darker colour."""
    red, green, blue = (min(255.0, max(0.0, value * factor)) for value in colour)
    return red, green, blue


def raised(path: np.ndarray, by: float) -> np.ndarray:
    """Return a path moved up by so many millimetres."""
    return np.asarray(path + np.array([0.0, by]))


def oval(at: tuple[float, float], size: tuple[float, float], lean: float = 0.0) -> np.ndarray:
    """Return an ellipse as a polygon of 32 points, `lean` in radians."""
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    x, y = size[0] * np.cos(turn), size[1] * np.sin(turn)
    across = at[0] + x * np.cos(lean) - y * np.sin(lean)
    return np.stack([across, at[1] + x * np.sin(lean) + y * np.cos(lean)], axis=1)


def grain(rng: np.random.Generator, shape: tuple[int, int], size: tuple[float, float]) -> Array:
    """Return smooth noise of unit deviation, its grains `size` = (wide, high) pixels."""
    small = (max(2, int(shape[1] / size[0])), max(2, int(shape[0] / size[1])))
    coarse = rng.normal(0, 1, (small[1], small[0])).astype(np.float32)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


@lru_cache(maxsize=64)
def _still(person: Person) -> NDArray[np.uint8]:
    """Return what no expression changes: skin, its marks, nose and beard."""
    rng = np.random.default_rng([person.seed, 1])
    skin = _skin_tones(person, rng)
    size = (WIDTH * PX_PER_MM, HEIGHT * PX_PER_MM)
    fine: Array = np.asarray(cv2.resize(skin, size, interpolation=cv2.INTER_CUBIC), np.float32)
    # Coarse enough to be seen from across the street as well as in a portrait.
    texture = grain(rng, fine.shape[:2], (22, 22)) + 0.6 * grain(rng, fine.shape[:2], (11, 11))
    fine *= 1 + 0.013 * person.skin.mottling * texture[..., None]
    sheet = _Sheet(np.clip(fine, 0, 255).astype(np.uint8))
    _paint_marks(sheet, person, rng)
    _paint_nose(sheet, person)
    _paint_wrinkles(sheet, person, rng)
    _paint_beard(sheet, person, rng)
    return sheet.picture


def _plane() -> tuple[Array, Array]:
    x = np.arange(WIDTH, dtype=np.float32) + LEFT + 0.5
    y = TOP - np.arange(HEIGHT, dtype=np.float32) - 0.5
    across, down = np.meshgrid(x, y)
    return across, down


def _hill(x: Array, y: Array, at: tuple[float, float], size: tuple[float, float]) -> Array:
    return np.exp(-0.5 * (((x - at[0]) / size[0]) ** 2 + ((y - at[1]) / size[1]) ** 2))


def _skin_tones(person: Person, rng: np.random.Generator) -> Array:
    """Return the skin at one pixel a millimetre, `(255, 190, 3)` float32 in sRGB 0-255."""
    skin, eyes = person.skin, person.eyes
    x, y = _plane()
    side = np.abs(x)
    tones = np.broadcast_to(np.array(skin.colour, np.float32), (*x.shape, 3)).copy()
    warmth = _hill(side, y, (42, -34), (17, 15)) + 0.8 * _hill(x, y, (0, -38), (12, 10))
    tones *= 1 + (skin.blush * warmth)[..., None] * np.array([0.01, -0.13, -0.10], np.float32)
    hollow = _hill(side, y, (eyes.apart - 3, 3), (15, 10))
    hollow = hollow * 0.6 + eyes.bags * _hill(side, y, (eyes.apart - 2, -11), (10, 5))
    tones *= 1 - hollow[..., None] * np.array([0.12, 0.17, 0.15], np.float32)
    shadow = 0.5 * max(0.0, person.skull.jaw - 52) / 10 * beard_cover(x, y, person)
    tones *= 1 - 0.12 * shadow[..., None] * (1 - 0.5 * skin.melanin)
    blotch = grain(rng, (HEIGHT, WIDTH), (22, 22)) + 0.6 * grain(rng, (HEIGHT, WIDTH), (9, 9))
    tones += (blotch * 2.2 * skin.mottling)[..., None] * np.array([0.7, 1.0, 0.9], np.float32)
    tones *= 1 + 0.07 * own_field(person, 7, x, y)[..., None]
    return tones.astype(np.float32)


def beard_cover(x: Array, y: Array, person: Person) -> Array:
    """Return where a full beard grows, 0 to 1, lips left free."""
    mouth = person.mouth
    side = np.abs(x)
    cheek_line = np.interp(side, [0, 12, 30, 52, 64, 72], [-55, -57, -76, -60, -28, -4])
    below = np.clip((cheek_line - y) / 8, 0, 1)
    lips = _hill(x, y, (0, mouth.y - 1), (mouth.width * 0.42, 6.5))
    return np.asarray(below * np.clip(1 - 1.6 * lips, 0, 1), np.float32)


def facial_hair_cover(x: Array, y: Array, person: Person) -> Array:
    """Return how densely hair grows on the face, 0 to 1, as this person wears it."""
    worn = person.hair.facial
    if worn is FacialHair.NONE:
        return np.zeros_like(x)
    full = beard_cover(x, y, person)
    mouth = person.mouth
    above = np.clip((y - mouth.y - 2) / 3, 0, 1) * np.clip(
        (mouth.width * 0.62 - np.abs(x)) / 5, 0, 1
    )
    if worn is FacialHair.MOUSTACHE:
        return np.asarray(full * above, np.float32)
    if worn is FacialHair.GOATEE:
        near = np.clip((mouth.width * 0.56 - np.abs(x)) / 6, 0, 1)
        return np.asarray(full * near, np.float32)
    return full


def _paint_beard(sheet: _Sheet, person: Person, rng: np.random.Generator) -> None:
    x, y = _plane()
    cover = facial_hair_cover(x, y, person)
    if not cover.any():
        return
    size = (WIDTH * PX_PER_MM, HEIGHT * PX_PER_MM)
    dense = cv2.resize(cover, size, interpolation=cv2.INTER_LINEAR)
    strands = grain(rng, dense.shape, (2.2, 9)) * 0.5 + grain(rng, dense.shape, (2, 2)) * 0.3
    thick = (
        0.42
        if person.hair.facial is FacialHair.STUBBLE
        else 0.75 + 0.25 * person.hair.facial_length
    )
    opacity = np.clip(dense * (thick + 0.22 * strands), 0, 0.96)[..., None]
    colour = np.array(person.hair.brow_colour, np.float32) * (1 + 0.16 * strands[..., None])
    sheet.picture[:] = np.clip(sheet.picture * (1 - opacity) + colour * opacity, 0, 255)


def _paint_marks(sheet: _Sheet, person: Person, rng: np.random.Generator) -> None:
    skin = person.skin
    red, green, blue = skin.colour
    freckle = (red * 0.76, green * 0.62, blue * 0.52)
    for _ in range(int(200 * skin.freckles)):
        at = (float(rng.normal(0, 34)), float(rng.normal(-22, 20)))
        radius = float(rng.uniform(0.5, 1.3))
        sheet.blend(oval(at, (radius, radius)), freckle, 0.3, 0.5)
    for _ in range(skin.moles):
        at = (float(rng.uniform(-55, 55)), float(rng.uniform(-95, 50)))
        radius = float(rng.uniform(0.9, 2.2))
        sheet.blend(oval(at, (radius, radius)), times(skin.colour, 0.36), 0.25, 0.9)


def _paint_nose(sheet: _Sheet, person: Person) -> None:
    nose, colour = person.nose, person.skin.colour
    for side in (-1, 1):
        hole = oval(
            (side * nose.width * 0.43 + nose.bend, nose.tip_y - 8),
            (4.4, 2.0 + 0.25 * nose.upturn),
            side * 0.3,
        )
        sheet.blend(hole, times(colour, 0.16), 0.5, 0.95)
        turn = np.linspace(-1.3, 1.25, 14)
        wing = np.stack(
            [side * (nose.width - 3 + 5.5 * np.cos(turn)), nose.tip_y - 3 + 8 * np.sin(turn)], 1
        )
        sheet.blend(
            np.concatenate([wing, wing[::-1] + np.array([side * 1.6, 0])]),
            times(colour, 0.5),
            0.8,
            0.75,
        )


def _paint_wrinkles(sheet: _Sheet, person: Person, rng: np.random.Generator) -> None:
    depth, dark = person.skin.wrinkles, times(person.skin.colour, 0.55)
    mouth, eyes = person.mouth, person.eyes
    t = np.linspace(0, 1, 12)
    for side in (-1, 1):
        fold = np.stack([side * (20 + 14 * t**0.8), person.nose.tip_y + 2 - 38 * t], 1)
        _crease(sheet, fold, dark, 0.25 + 0.5 * depth)
        for lean in (-0.5, -0.1, 0.35):
            outer = np.stack([eyes.apart + 19 + 11 * t, lean * (4 + 14 * t)], 1) * [side, 1]
            _crease(sheet, outer, dark, 0.6 * max(0.0, depth - 0.15))
        down = np.stack([side * (mouth.width / 2 + 3 + 2 * t), mouth.y - 4 - 16 * t], 1)
        _crease(sheet, down, dark, 0.5 * max(0.0, depth - 0.2))
    for height in (38, 47, 56):
        wave = height + rng.normal(0, 1) + 2 * np.cos(5 * t + rng.uniform(0, 3))
        _crease(sheet, np.stack([-36 + 72 * t, wave], 1), dark, 0.7 * max(0.0, depth - 0.1))


def _crease(sheet: _Sheet, path: np.ndarray, colour: Colour, weight: float) -> None:
    if weight <= 0.02:
        return
    taper = 1.0 * np.sin(np.linspace(0.15, np.pi - 0.05, len(path)))
    across = np.gradient(path, axis=0)[:, ::-1] * [-1, 1]
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-6
    both = across * taper[:, None] * 0.7
    sheet.blend(np.concatenate([path + both, (path - both)[::-1]]), colour, 0.7, weight)


def _lids(person: Person, expression: Expression, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of the upper and the lower lid, inner corner first, `(25, 2)` each."""
    eyes = person.eyes
    u = np.linspace(-1, 1, 25)
    squint = 1 - 0.22 * expression.smile
    corner = eyes.tilt * u * eyes.width / 2
    upper = (
        corner
        + eyes.opening * (1 - eyes.lower) * (1 - np.abs(u - 0.06 * (1 - u**2)) ** 2.3) * squint
    )
    lower = corner - eyes.opening * eyes.lower * (1 - np.abs(u) ** 2.2) * squint
    closed = corner - eyes.opening * eyes.lower * 0.7 * (1 - u**2)
    upper = upper * (1 - expression.blink) + closed * expression.blink
    lower = lower * (1 - expression.blink) + closed * expression.blink
    x = side * (eyes.apart + u * eyes.width / 2)
    level = side * eyes.uneven
    return np.stack([x, upper + level], 1), np.stack([x, lower + level], 1)


def _paint_eye(sheet: _Sheet, person: Person, expression: Expression, side: int) -> None:
    eyes, skin = person.eyes, person.skin.colour
    upper, lower = _lids(person, expression, side)
    opening = np.concatenate([upper, lower[::-1]])
    if expression.blink < 0.8:
        _paint_ball(sheet, person, expression, (opening, upper, side))
    lash = times(person.hair.brow_colour, 0.35)
    sheet.blend(
        np.concatenate([raised(upper, eyes.lashes), raised(upper, -0.35)[::-1]]), lash, 0.3, 0.95
    )
    rim = np.concatenate([raised(lower, 0.1), raised(lower, -0.8)[::-1]])
    sheet.blend(rim, times(skin, 0.55), 0.35, 0.7)
    if eyes.crease > 0.8:
        lift = eyes.crease * np.sin(np.linspace(0.25, np.pi - 0.1, len(upper)))[:, None] * [0, 1.0]
        crease = upper + raised(lift, 0.8)
        sheet.blend(
            np.concatenate([raised(crease, 0.6), raised(crease, -0.4)[::-1]]),
            times(skin, 0.5),
            0.5,
            0.8,
        )


def _paint_ball(
    sheet: _Sheet,
    person: Person,
    expression: Expression,
    lids: tuple[np.ndarray, np.ndarray, int],
) -> None:
    opening, upper, side = lids
    eyes = person.eyes
    before = sheet.picture.copy()
    sheet.blend(opening, (232, 226, 222), 0.0)
    centre = (side * eyes.apart + expression.gaze[0], 0.6 + side * eyes.uneven + expression.gaze[1])
    radius = eyes.iris / 2
    sheet.blend(oval(centre, (radius, radius)), times(eyes.colour, 0.45), 0.25)
    sheet.blend(oval(centre, (radius * 0.84, radius * 0.84)), eyes.colour, 0.5)
    below = (centre[0], centre[1] - radius * 0.35)
    sheet.blend(oval(below, (radius * 0.5, radius * 0.4)), times(eyes.colour, 1.35), 0.8, 0.6)
    sheet.blend(oval(centre, (radius * 0.4, radius * 0.4)), (14, 12, 12), 0.2)
    lid_shadow = np.concatenate([raised(upper, 1), raised(upper, -2.6)[::-1]])
    sheet.blend(lid_shadow, (52, 36, 32), 0.9, 0.6)
    sheet.blend(oval((centre[0] - 1.6, centre[1] + 1.9), (1.1, 1.1)), (255, 255, 255), 0.2, 0.95)
    mask = np.zeros(before.shape[:2], np.uint8)
    cv2.fillPoly(mask, [sheet.pixels(opening)], 255, cv2.LINE_AA, _SHIFT)
    kept = mask[..., None].astype(np.float32) / 255
    sheet.picture[:] = (sheet.picture * kept + before * (1 - kept)).astype(np.uint8)


def _paint_brow(sheet: _Sheet, person: Person, expression: Expression, side: int) -> None:
    brows = person.brows
    rng = np.random.default_rng([person.seed, 2, side + 1])
    t = np.linspace(0, 1, 20)
    x = brows.gap + brows.length * t
    arch = brows.arch * np.sin(np.pi * np.clip(t * 0.8 + 0.05, 0, 1)) + brows.tilt * (x - 32)
    y = brows.height + arch - 3 * t**3 + 3.5 * expression.brows_up
    thick = brows.thickness * np.clip(np.interp(t, [0, 0.15, 0.6, 1], [0.6, 1, 0.8, 0.15]), 0.1, 1)
    edge = np.concatenate(
        [np.stack([x, y + thick / 2], 1), np.stack([x, y - thick / 2], 1)[::-1]]
    ) * [side, 1]
    sheet.blend(edge, person.hair.brow_colour, 0.9, 0.75 * brows.density)
    for _ in range(int(90 * brows.density)):
        at = float(rng.random())
        middle = np.array([np.interp(at, t, x), np.interp(at, t, y)])
        middle[1] += rng.uniform(-0.5, 0.5) * np.interp(at, t, thick)
        reach = np.array([2.6, 2.2 * (0.9 - 1.5 * at)]) * rng.uniform(0.6, 1.2)
        stroke = np.stack([middle - reach / 2, middle + reach / 2]) * [side, 1]
        sheet.line(stroke, times(person.hair.brow_colour, float(rng.uniform(0.6, 1.1))), 0.3)


def _paint_mouth(sheet: _Sheet, person: Person, expression: Expression) -> None:
    mouth = person.mouth
    x, top, line, gap, low = mouth_curves(person, expression)
    upper = np.concatenate([np.stack([x, top], 1), np.stack([x, line], 1)[::-1]])
    lower = np.concatenate([np.stack([x, gap], 1), np.stack([x, low], 1)[::-1]])
    sheet.blend(raised(lower, -3.2), times(person.skin.colour, 0.6), 1.6, 0.35)
    inside = np.concatenate([np.stack([x, line], 1), np.stack([x, gap], 1)[::-1]])
    if expression.mouth_open > 0.05:
        sheet.blend(inside, (52, 22, 22), 0.3)
        teeth = np.stack([x * 0.78, np.maximum(line - 5, gap)], 1)[::-1]
        sheet.blend(
            np.concatenate([np.stack([x * 0.78, line], 1), teeth]), (222, 214, 202), 0.5, 0.9
        )
    sheet.blend(upper, times(mouth.colour, 0.86), 0.5, 0.92)
    sheet.blend(lower, mouth.colour, 0.6, 0.92)
    shine = oval((0, float(low.mean() + gap.mean()) / 2), (mouth.width * 0.2, mouth.lower * 0.18))
    sheet.blend(shine, times(mouth.colour, 1.25), 1.0, 0.5)
    sheet.line(np.stack([x, line], 1), times(mouth.colour, 0.38), 0.7)
    for side in (-1, 1):
        at = (side * float(x.max()), float(line[-1]))
        sheet.blend(oval(at, (2.4, 1.5)), times(person.skin.colour, 0.45), 0.8, 0.6)
