"""A small software renderer: shaded surfaces in, a picture with depth and coverage out.

Surfaces are coarse grids of points that are refined until neighbouring samples are closer
than a pixel, and splatted through a depth buffer (the micropolygon idea of Cook, Carpenter
and Catmull, The Reyes Image Rendering Architecture, 1987). The projection is orthographic:
the people it draws stand metres away.
"""

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
"""Any array of a drawing, float32 as a rule; its docstring gives shape and range."""

_DEPTH_STEPS_PER_MM = 16
_INDEX_BITS = 24  # up to 16 million samples a surface


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A curved sheet with colours.

    `points` is `(h, w, 3)` float32 in millimetres (x right, y up, z to the viewer);
    `albedo` is `(n, m, 3)` float32 in [0, 1], linear light, over the same sheet at any
    resolution; `alpha` is `(n, m)` float32, drawn where it exceeds one half; `occlusion` is
    `(h, w)` float32 in [0, 1], 1 where the open sky is seen. `gloss` scales the highlight. A
    `closed` surface is seen from outside only. `lead` in millimetres brings a surface forward
    when it is decided which of two covers the other: a coat covers the thigh that dents it.
    """

    points: Array
    albedo: Array
    alpha: Array | None = None
    occlusion: Array | None = None
    gloss: float = 0.1
    closed: bool = True
    lead: float = 0.0


@dataclass(frozen=True, slots=True)
class Pose:
    """Turned about the head's own axes, in degrees.

    Yaw is positive towards the picture's right, pitch looking up, roll leaning clockwise.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    def matrix(self) -> Array:
        """Return the `(3, 3)` rotation of points given as rows: `points @ matrix`."""
        yaw, pitch, roll = np.radians([self.yaw, self.pitch, self.roll])
        turn = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
        nod = np.array(
            [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
        )
        lean = np.array(
            [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
        )
        return np.asarray(nod @ turn @ lean, np.float32)


@dataclass(frozen=True, slots=True)
class Light:
    """One soft key light, the sky above and what the ground throws back, in linear light."""

    direction: tuple[float, float, float] = (-0.45, 0.55, 0.75)
    key: tuple[float, float, float] = (0.78, 0.74, 0.68)
    sky: tuple[float, float, float] = (0.50, 0.53, 0.58)
    ground: tuple[float, float, float] = (0.24, 0.22, 0.20)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the drawing plane that becomes the picture, in millimetres, and its scale.

    It is drawn `finer` times larger and brought down, so that edges are smooth.
    """

    left: float
    top: float
    width: float
    height: float
    px_per_mm: float
    finer: int = 2

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        return round(self.width * self.px_per_mm), round(self.height * self.px_per_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A rendered picture.

    `rgb` is `(h, w, 3)` uint8, `alpha` `(h, w)` uint8; `depth`, `(h, w)` float32, is each
    pixel's distance towards the viewer in millimetres, 0 where nothing is.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    depth: Array
    window: Window


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    place: NDArray[np.int32]
    depth: Array
    colour: Array


def linear(srgb: Array) -> Array:
    """Return linear light in [0, 1] for sRGB in 0-255, with a gamma of two."""
    scaled = srgb / np.float32(255)
    return np.asarray(scaled * scaled, np.float32)


def render(surfaces: list[Surface], pose: Pose, light: Light, window: Window) -> Drawing:
    """Return `surfaces`, turned by `pose` about the origin and lit, as seen through `window`."""
    fine = replace(window, px_per_mm=window.px_per_mm * window.finer)
    rotation = pose.matrix()
    samples = [_sample(surface, rotation, light, fine) for surface in surfaces]
    columns, rows = fine.size_px
    colour, depth, hit = _nearest(samples, columns * rows)
    picture = colour.reshape(rows, columns, 3)
    covered = hit.reshape(rows, columns).astype(np.float32)
    return _resolve(picture, depth.reshape(rows, columns), covered, window)


def _sample(surface: Surface, rotation: Array, light: Light, window: Window) -> _Samples:
    points: Array = surface.points @ rotation
    normals: Array = _normals(points)
    if surface.closed:
        surface, points, normals = _front(surface, points, normals)
    else:
        normals = np.asarray(np.where(normals[..., 2:] < 0, -normals, normals), np.float32)
    size = _refined(points, normals[..., 2], window.px_per_mm)
    shown = _resized(np.ascontiguousarray(normals[..., 2]), size) > 0
    place, kept = _pixels(_resized(points[..., 0], size), _resized(points[..., 1], size), window)
    shown.ravel()[~kept] = False
    if surface.alpha is not None:
        shown &= _resized(surface.alpha, size) > 0.5
    chosen = np.flatnonzero(shown)
    shade, shine = _shading(normals, surface.occlusion, light)
    colour = _resized(surface.albedo, size, cv2.INTER_AREA).reshape(-1, 3).take(chosen, axis=0)
    colour *= _resized(shade, size).reshape(-1, 3).take(chosen, axis=0)
    colour += surface.gloss * _resized(shine, size).reshape(-1, 1).take(chosen, axis=0)
    depth = _resized(points[..., 2], size).ravel().take(chosen) + surface.lead
    return _Samples(place.take(chosen), depth, colour)


def _front(surface: Surface, points: Array, normals: Array) -> tuple[Surface, Array, Array]:
    """Leave off the columns of a closed surface that all face away, to save work."""
    seen = np.flatnonzero((normals[..., 2] > 0).mean(axis=0) > 0.04)
    columns = points.shape[1]
    if len(seen) < 2 or seen[-1] - seen[0] > 0.85 * columns:
        return surface, points, normals
    part = slice(int(seen[0]), int(seen[-1]) + 1)
    ratio = surface.albedo.shape[1] // columns
    fine = slice(part.start * ratio, part.stop * ratio)
    cut = replace(
        surface,
        albedo=surface.albedo[:, fine],
        alpha=None if surface.alpha is None else surface.alpha[:, fine],
        occlusion=None if surface.occlusion is None else surface.occlusion[:, part],
    )
    return cut, points[:, part], normals[:, part]


def _resized(sheet: Array, size: tuple[int, int], how: int = cv2.INTER_LINEAR) -> Array:
    return np.asarray(cv2.resize(np.ascontiguousarray(sheet), size, interpolation=how), np.float32)


def _pixels(x: Array, y: Array, window: Window) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the pixel that each sample falls into, and whether there is one."""
    columns, rows = window.size_px
    column = ((x - window.left) * window.px_per_mm).astype(np.int32).ravel()
    row = ((window.top - y) * window.px_per_mm).astype(np.int32).ravel()
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    return row * columns + column, inside


def _refined(points: Array, facing: Array, px_per_mm: float) -> tuple[int, int]:
    """Return the grid size (width, height) at which most samples are a pixel apart or less."""
    height, width = points.shape[:2]
    across, down = np.ascontiguousarray(points[..., 0]), np.ascontiguousarray(points[..., 1])
    finer = []
    for axis in (1, 0):
        # One axis at a time: a maximum over the two of them together takes three times as long.
        apart = np.maximum(*(np.abs(np.diff(each, axis=axis)) for each in (across, down)))
        seen = apart[facing[: apart.shape[0], : apart.shape[1]] > 0]
        widest = float(np.percentile(seen, 97)) if seen.size else 0.0
        finer.append(float(np.clip(widest * px_per_mm / 0.9, 0.25, 16)))
    return max(2, int(width * finer[0])), max(2, int(height * finer[1]))


def _normals(points: Array) -> Array:
    along = np.gradient(points, axis=1)
    down = np.gradient(points, axis=0)
    normals = np.cross(down, along)
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-6), np.float32)


def _shading(normals: Array, occlusion: Array | None, light: Light) -> tuple[Array, Array]:
    """Return diffuse light `(h, w, 3)` and highlight `(h, w)`, both linear."""
    direction = np.array(light.direction, np.float32)
    direction /= np.linalg.norm(direction)
    lit = normals @ direction
    # Skin and cloth scatter light past the terminator, red furthest.
    wrap = np.array([0.42, 0.30, 0.26], np.float32)
    key = np.clip((lit[..., None] + wrap) / (1 + wrap), 0, None) * np.array(light.key, np.float32)
    upwards = (0.5 + 0.5 * normals[..., 1:2]).astype(np.float32)
    ambient = upwards * np.array(light.sky, np.float32)
    ambient += (1 - upwards) * np.array(light.ground, np.float32)
    halfway = direction + np.array([0, 0, 1], np.float32)
    halfway /= np.linalg.norm(halfway)
    shine = np.clip(normals @ halfway, 0, None) ** 18
    if occlusion is not None:
        ambient *= occlusion[..., None]
        key *= np.sqrt(occlusion)[..., None]
        shine *= occlusion
    return np.asarray(ambient + key, np.float32), np.asarray(shine, np.float32)


def _nearest(samples: list[_Samples], pixels: int) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Return colour, depth and coverage of the sample nearest to the viewer at each pixel."""
    place = np.concatenate([part.place for part in samples])
    depth = np.concatenate([part.depth for part in samples])
    colour = np.concatenate([part.colour for part in samples])
    order = ((depth + 2048) * _DEPTH_STEPS_PER_MM).astype(np.int64) << _INDEX_BITS
    order |= np.arange(len(order), dtype=np.int64)
    front = np.zeros(pixels, np.int64)
    np.maximum.at(front, place, order)
    hit = front > 0
    chosen = front[hit] & ((1 << _INDEX_BITS) - 1)
    seen = np.zeros((pixels, 3), np.float32)
    seen[hit] = colour[chosen]
    far = np.zeros(pixels, np.float32)
    far[hit] = depth[chosen]
    return seen, far, hit


def _resolve(colour: Array, depth: Array, covered: Array, window: Window) -> Drawing:
    """Close pinholes and bring the enlarged picture down to its size, edges smooth.

    `colour` and `depth` are zero where nothing is covered, so that blurring sums what there is.
    """
    closed = cv2.morphologyEx(covered, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    holes = np.nonzero((covered == 0) & (closed > 0))
    near = cv2.blur(covered, (3, 3))[holes]
    colour[holes] = cv2.blur(colour, (3, 3))[holes] / near[:, None]
    depth[holes] = cv2.blur(depth, (3, 3))[holes] / near
    coverage = np.asarray(closed, np.float32)
    if window.finer > 1:
        size = window.size_px
        coverage, colour, depth = (
            np.asarray(cv2.resize(sheet, size, interpolation=cv2.INTER_AREA), np.float32)
            for sheet in (coverage, colour, depth)
        )
        weight = np.maximum(coverage, 1e-3)
        colour = colour / weight[..., None]
        depth = depth / weight
    rgb = np.sqrt(np.clip(colour, 0, 1)) * 255
    return Drawing(
        rgb.astype(np.uint8),
        (coverage * 255).astype(np.uint8),
        depth.astype(np.float32),
        window,
    )
