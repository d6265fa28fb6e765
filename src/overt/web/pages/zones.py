"""Zones of recognition as the server draws them: polygons on an outline of the picture."""

from collections.abc import Iterable, Sequence

from overt.web.pages.application_reading import UnclearError, a_zone

WIDTH, HEIGHT = 160, 90


def points(zone: Iterable[Sequence[float]]) -> str:
    """Return a zone of fractions as the points of an SVG polygon.

    >>> points([(0.0, 0.0), (1.0, 0.0), (0.5, 1.0)])
    '0,0 160,0 80,90'
    """
    return " ".join(f"{across * WIDTH:g},{down * HEIGHT:g}" for across, down in zone)


def typed_zone(text: str) -> str:
    """Return the points of a zone as somebody typed it, or nothing where it is none yet."""
    try:
        zone = a_zone(text.strip())
    except UnclearError:
        return ""
    if len(zone) < 3 or any(not 0 <= part <= 1 for point in zone for part in point):
        return ""
    return points(zone)
