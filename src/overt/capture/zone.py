"""The zone of recognition: the part of a camera's picture in which faces may be searched.

Given in fractions of the picture, so that it means the same place when a camera changes its
resolution. Faces outside it are never templated.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.errors import ConfigurationError

Point: TypeAlias = tuple[float, float]
Size: TypeAlias = tuple[int, int]
"""Width and height of a picture in pixels."""

Box: TypeAlias = tuple[int, int, int, int]
"""`(x1, y1, x2, y2)` in pixels, `x2` and `y2` exclusive."""

_MOST_POINTS = 100
_REMEDY = (
    "Give at least three [x, y] corners, each between 0 and 1, in order round the zone, such "
    "as [[0.1, 0.2], [0.9, 0.2], [0.9, 1.0], [0.1, 1.0]]."
)


@dataclass(frozen=True, slots=True)
class Zone:
    """A simple polygon: `(x, y)` corners in order, as fractions of the picture's width and height.

    (0, 0) is the picture's top-left corner and (1, 1) its bottom-right one.

    Raises:
        ConfigurationError: fewer than three corners, a corner outside the picture or given
            twice, sides that cross or touch, or no area.
    """

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        problem = next(_problems(self.points), None)
        if problem:
            raise ConfigurationError(f"The zone of recognition {problem}.", remedy=_REMEDY)

    @classmethod
    def whole(cls) -> "Zone":
        """Return the zone that is the whole picture."""
        return cls(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))

    @classmethod
    def from_points(cls, corners: Sequence[Sequence[float]]) -> "Zone":
        """Make a zone of what a file holds; a last corner that repeats the first is left out.

        Raises:
            ConfigurationError: the corners are not pairs of numbers, or no zone as above.
        """
        try:
            points = tuple((float(x), float(y)) for x, y in corners)
        except (TypeError, ValueError):
            raise ConfigurationError(
                "The zone of recognition is not a list of [x, y] pairs.", remedy=_REMEDY
            ) from None
        return cls(points[:-1] if len(points) > 1 and points[0] == points[-1] else points)

    def polygon_px(self, size: Size) -> tuple[Point, ...]:
        """Return the corners in pixels of a picture of this size."""
        width, height = size
        return tuple((x * width, y * height) for x, y in self.points)

    def contains(self, point_px: Point, size: Size) -> bool:
        """Say whether a point in pixels lies in the zone, its edge counted in."""
        x, y = point_px
        inside = False
        for (ax, ay), (bx, by) in _sides(self.polygon_px(size)):
            cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            within = min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)
            if cross == 0 and within:
                return True
            # Even-odd rule: count the sides that a ray to the right crosses.
            if (ay > y) != (by > y) and (cross > 0) == (by > ay):
                inside = not inside
        return inside

    def bounding_box_px(self, size: Size, margin_px: float = 0) -> Box:
        """Return the smallest box round the zone, widened and then clipped to the picture.

        Only this part of a picture needs detecting on; the margin leaves room for faces whose
        box reaches out of the zone. It is never empty.
        """
        width, height = size
        xs, ys = zip(*self.polygon_px(size), strict=True)
        x1 = min(max(0, math.floor(min(xs) - margin_px)), width - 1)
        y1 = min(max(0, math.floor(min(ys) - margin_px)), height - 1)
        x2 = max(min(width, math.ceil(max(xs) + margin_px)), x1 + 1)
        y2 = max(min(height, math.ceil(max(ys) + margin_px)), y1 + 1)
        return x1, y1, x2, y2

    def mask(self, size: Size) -> NDArray[np.bool_]:
        """Return shape `(height, width)`, dtype bool: the pixels whose centre is in the zone."""
        width, height = size
        rows = np.arange(height) + 0.5
        sides_to_the_left = np.zeros((height, width + 1), np.int16)
        for (ax, ay), (bx, by) in _sides(self.polygon_px(size)):
            crossed = np.flatnonzero((ay > rows) != (by > rows))
            x = ax + (rows[crossed] - ay) * (bx - ax) / (by - ay) if ay != by else rows[:0]
            first = np.clip(np.ceil(x - 0.5), 0, width).astype(np.intp)
            np.add.at(sides_to_the_left, (crossed, first), 1)
        inside: NDArray[np.bool_] = np.cumsum(sides_to_the_left, axis=1)[:, :-1] % 2 == 1
        return inside


def _sides(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    return list(zip(points, [*points[1:], points[0]], strict=True))


def _problems(points: Sequence[Point]) -> Iterator[str]:
    """Yield what is wrong; only the first is to be relied on, since each looks past the last."""
    if len(points) < 3:
        yield f"has {len(points)} corners, which enclose nothing"
    if len(points) > _MOST_POINTS:
        yield f"has {len(points)} corners; {_MOST_POINTS} are the most"
    if not all(0 <= coordinate <= 1 for point in points for coordinate in point):
        yield "has a corner outside the picture"
    if len(set(points)) < len(points):
        yield "has the same corner twice"
    if all(_turn(points[0], points[1], point) == 0 for point in points):
        yield "has no area"
    if _crosses_itself(points):
        yield "has sides that cross or touch"


def _turn(a: Point, b: Point, c: Point) -> int:
    """Return 1, -1 or 0: c lies to one side of the line from a to b, to the other, or on it.

    Reckoned in fractions, which floating-point numbers turn into without loss, so that whether
    three corners lie on one line is never a matter of rounding.
    """
    (ax, ay), (bx, by), (cx, cy) = ((Fraction(x), Fraction(y)) for x, y in (a, b, c))
    cross = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return (cross > 0) - (cross < 0)


def _crosses_itself(points: Sequence[Point]) -> bool:
    return any(_touch(one, other) for one, other in combinations(_sides(points), 2))


def _touch(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Say whether two sides meet anywhere but in a corner they share."""
    shared = set(one) & set(other)
    if not shared:
        return _meet(one, other)
    corner = shared.pop()
    (p,), (q,) = ([end for end in side if end != corner] for side in (one, other))
    return _turn(corner, p, q) == 0 and (_between(corner, p, q) or _between(corner, q, p))


def _meet(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    (a, b), (c, d) = one, other
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] != turns[1] and turns[2] != turns[3]:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _between(p, q, r) for turn, (p, q, r) in zip(turns, ends, strict=True))


def _between(a: Point, b: Point, point: Point) -> bool:
    """Say whether a point on the line through a and b lies between them."""
    return all(min(a[i], b[i]) <= point[i] <= max(a[i], b[i]) for i in (0, 1))
