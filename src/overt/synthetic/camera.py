"""The drawn street's camera: from metres on the pavement to pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that looks level along the street.

    A place is `(x, y, z)` in metres: to the picture's right of the camera, above the ground,
    and away from it. `focal_px` is the focal length in pixels; `horizon_px` the picture row
    of everything at the camera's own height.
    """

    width: int = 1280
    height: int = 720
    focal_px: float = 2300.0
    horizon_px: float = 170.0
    height_m: float = 2.0

    def scale(self, z: float) -> float:
        """Return pixels a metre at distance `z`."""
        return self.focal_px / z

    def pixel(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Return where a place is seen, `(x, y)` in pixels."""
        scale = self.scale(z)
        return self.width / 2 + x * scale, self.horizon_px + (self.height_m - y) * scale
