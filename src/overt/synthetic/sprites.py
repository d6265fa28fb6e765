"""People as pictures that can be placed in a frame quickly.

A head is rendered at a few turns and bent in between by its own depth, which is exact for
small angles; a body is rendered at each phase of its gait. Both are kept at several sizes.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from overt.synthetic.body import PHASES, draw_body
from overt.synthetic.head import draw_head
from overt.synthetic.identity import Person
from overt.synthetic.render import Array, Drawing, Light, Pose, Window
from overt.synthetic.shape import Expression
from overt.values import RGBImage

HEAD_PX_PER_MM = (0.22, 0.5, 1.0)
BODY_PX_PER_MM = (0.2, 0.36)  # cloth may be a little soft
STREET_LIGHT = Light()
_HEAD = (-125.0, 175.0, 250.0, 345.0)
_BODY_TOP, _BODY_HEIGHT = -50.0, 1900.0
_YAW_STEP, _HEADING_STEP, _PITCH = 12, 30, -6.0


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A drawing ready for placing.

    `rgba` is colours times coverage with the coverage, `(h, w, 4)` uint8; `depth` is in
    millimetres, `(h, w)` float32.
    """

    rgba: NDArray[np.uint8]
    depth: Array
    window: Window
    pose: Pose


def _sprite(drawing: Drawing, pose: Pose) -> Sprite:
    """Return a drawing cut to what is covered, its edges smoothed."""
    rows, columns = (np.flatnonzero(drawing.alpha.any(axis=axis)) for axis in (1, 0))
    y, x = max(0, int(rows[0]) - 2), max(0, int(columns[0]) - 2)
    part = (slice(y, int(rows[-1]) + 3), slice(x, int(columns[-1]) + 3))
    cover = drawing.alpha[part][..., None]
    colour = (drawing.rgb[part] * (cover.astype(np.float32) / 255)).astype(np.uint8)
    rgba = np.asarray(cv2.GaussianBlur(np.dstack([colour, cover]), (3, 3), 0.5), np.uint8)
    scale, window = drawing.window.px_per_mm, drawing.window
    cut = Window(
        window.left + x / scale,
        window.top - y / scale,
        rgba.shape[1] / scale,
        rgba.shape[0] / scale,
        scale,
    )
    return Sprite(rgba, drawing.depth[part].copy(), cut, pose)


@lru_cache(maxsize=120)
def head_sprite(person: Person, yaw: int, look: tuple[bool, float], px_per_mm: float) -> Sprite:
    """Return the head at a multiple of twelve degrees of yaw."""
    pose = Pose(yaw, _PITCH if abs(yaw) < 90 else 0.0, 0.0)
    blink, smile = look
    expression = Expression(smile=smile, blink=1.0 if blink else 0.0)
    window = Window(*_HEAD, px_per_mm, finer=1 if px_per_mm >= 1 else 2)
    return _sprite(draw_head(person, pose, STREET_LIGHT, window, expression), pose)


@lru_cache(maxsize=160)
def body_sprite(person: Person, phase: int, heading: int, px_per_mm: float) -> Sprite:
    """Return the body in one phase of its gait, at a multiple of thirty degrees of heading."""
    half = 330.0 if abs(np.sin(np.radians(heading))) < 0.6 else 500.0  # legs stride sideways
    window = Window(-half, _BODY_TOP, 2 * half, _BODY_HEIGHT, px_per_mm, finer=1)
    drawing = draw_body(person, phase, heading, STREET_LIGHT, window)
    sprite = _sprite(drawing, Pose(heading))
    return replace(sprite, depth=np.zeros((0, 0), np.float32))  # bodies are never bent


def place_head(
    frame: RGBImage,
    person: Person,
    pose: Pose,
    look: tuple[bool, float],
    at: tuple[float, float, float],
) -> None:
    """Draw the head with its origin at pixel `(x, y)` and `at[2]` pixels a millimetre."""
    blink, smile = look
    yaw = int(round(pose.yaw / _YAW_STEP) * _YAW_STEP)
    sprite = head_sprite(
        person, yaw, (blink and abs(yaw) < 60, smile), _size(at[2], HEAD_PX_PER_MM)
    )
    turn = np.radians([pose.yaw - sprite.pose.yaw, pose.pitch - sprite.pose.pitch])
    _place(frame, sprite, at, (float(turn[0]), float(turn[1]), float(np.radians(pose.roll))))


def place_body(
    frame: RGBImage, person: Person, phase: float, heading: float, at: tuple[float, float, float]
) -> None:
    """Draw the body so that the head's origin is at pixel `(x, y)`."""
    step = int(phase * PHASES) % PHASES
    if abs(heading) < 75:  # stepping past the camera: the shoulders turn less than the feet
        heading = float(np.clip(heading, -_HEADING_STEP, _HEADING_STEP))
    turned = int(round(heading / _HEADING_STEP) * _HEADING_STEP)
    sprite = body_sprite(person, step, turned, _size(at[2], BODY_PX_PER_MM))
    _place(frame, sprite, at, None)


def _size(wanted: float, sizes: tuple[float, ...]) -> float:
    """Return the smallest size that need not be enlarged, or the largest there is."""
    return next((size for size in sizes if size >= wanted * 0.8), sizes[-1])


def _place(
    frame: RGBImage,
    sprite: Sprite,
    at: tuple[float, float, float],
    turn: tuple[float, float, float] | None,
) -> None:
    x, y, scale = at
    window = sprite.window
    left, top = int(np.floor(x + window.left * scale)), int(np.floor(y - window.top * scale))
    right, bottom = left + int(window.width * scale) + 2, top + int(window.height * scale) + 2
    x1, y1 = max(0, left), max(0, top)
    x2, y2 = min(frame.shape[1], right), min(frame.shape[0], bottom)
    if x2 - x1 < 2 or y2 - y1 < 2:
        return
    ratio = window.px_per_mm / scale
    # From a pixel of the part to a pixel of the sprite, centres on halves.
    across = ratio * (x1 + 0.5 - x) - window.left * window.px_per_mm - 0.5
    down = ratio * (y1 + 0.5 - y) + window.top * window.px_per_mm - 0.5
    matrix = np.array([[ratio, 0, across], [0, ratio, down]], np.float32)
    size = (x2 - x1, y2 - y1)
    if turn is None:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        part = np.asarray(cv2.warpAffine(sprite.rgba, matrix, size, flags=flags), np.uint8)
    else:
        part = _bent(sprite, matrix, size, turn)
    _blend(frame[y1:y2, x1:x2], part)


def _bent(
    sprite: Sprite, matrix: Array, size: tuple[int, int], turn: tuple[float, float, float]
) -> NDArray[np.uint8]:
    """Return the sprite turned a little further: each pixel moves with its depth."""
    yaw, pitch, roll = turn
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    window = sprite.window
    matrix = _leaned(matrix, roll, window)
    depth = cv2.warpAffine(sprite.depth, matrix, size, flags=flags)
    columns = np.arange(size[0], dtype=np.float32)
    rows = np.arange(size[1], dtype=np.float32)[:, None]
    across = matrix[0, 0] * columns + matrix[0, 1] * rows + matrix[0, 2]
    down = matrix[1, 0] * columns + matrix[1, 1] * rows + matrix[1, 2]
    across -= depth * np.float32(np.sin(yaw) * window.px_per_mm)
    down += depth * np.float32(np.sin(pitch) * window.px_per_mm)
    return np.asarray(cv2.remap(sprite.rgba, across, down, cv2.INTER_LINEAR), np.uint8)


def _leaned(matrix: Array, roll: float, window: Window) -> Array:
    """Return the matrix with a clockwise lean about a point below the chin."""
    pivot = np.array([-window.left, window.top + 130]) * window.px_per_mm
    cosine, sine = np.cos(roll), np.sin(roll)
    back = np.array([[cosine, sine], [-sine, cosine]])
    linear_part = back @ matrix[:, :2]
    shift = back @ (matrix[:, 2] - pivot) + pivot
    return np.hstack([linear_part, shift[:, None]]).astype(np.float32)


def _blend(part: RGBImage, rgba: NDArray[np.uint8]) -> None:
    """Lay a placed sprite over a part of the frame."""
    red, green, blue, cover = cv2.split(rgba)
    left = cv2.bitwise_not(cover)
    behind = cv2.multiply(part, cv2.merge([left, left, left]), scale=1 / 255)
    cv2.add(behind, cv2.merge([red, green, blue]), dst=behind)
    part[:] = behind
