"""A drawn person from the neck down: clothes, limbs and gait, in the head's own millimetres."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from overt.synthetic.identity import Colour, Person
from overt.synthetic.paint import grain
from overt.synthetic.render import Array, Drawing, Light, Pose, Surface, Window, linear, render
from overt.synthetic.shape import tube

PHASES = 8  # pictures of one gait cycle, two steps
SHOULDER_Y = -205.0
_OVER = 90.0  # what is worn over the rest covers it


@dataclass(frozen=True, slots=True)
class _Build:
    """Heights of the joints below the eyes, and the widths that follow from the outfit."""

    hip: float
    knee: float
    ankle: float
    sole: float
    shoulder: float
    waist: float
    hips: float


def _build(person: Person) -> _Build:
    outfit = person.outfit
    sole = -(outfit.height - person.skull.crown_y)
    hip = sole * 0.49
    return _Build(
        hip=hip,
        knee=(hip + sole) * 0.52,
        ankle=sole + 90,
        sole=sole,
        shoulder=outfit.shoulders,
        waist=148 * outfit.girth,
        hips=168 * outfit.girth**0.7,
    )


def eyes_above_ground(person: Person) -> float:
    """Return the height of the eyes when standing, in millimetres."""
    return person.outfit.height - person.skull.crown_y


def draw_body(person: Person, phase: int, heading: float, light: Light, window: Window) -> Drawing:
    """Return the body in gait phase `phase` of `PHASES`, walking towards `heading`.

    `heading` is a yaw in degrees: 0 towards the viewer, 180 away, 90 to the picture's right.
    """
    turn = 2 * np.pi * phase / PHASES
    surfaces = [*_trunk(person), *_arms(person, turn), *_legs(person, turn)]
    return render(surfaces, Pose(yaw=heading), light, window)


def draw_bust(person: Person, light: Light, window: Window) -> Drawing:
    """Return neck and shoulders, for a portrait."""
    return render([*_trunk(person), *_arms(person, np.pi / 2)], Pose(), light, window)


def _cloth(
    points: Array, colour: Colour, seed: int, folds: float = 3.0, lead: float = 0.0
) -> Surface:
    """Return a garment: its folds are dents in the sheet, its weave a little noise."""
    rng = np.random.default_rng([seed, 5])
    rows, columns = points.shape[:2]
    creases = grain(rng, (rows, columns), (7, 11)) * folds
    points = points.copy()
    points[..., 2] += creases * np.sign(points[..., 2] - points[..., 2].mean())
    weave = 1 + 0.035 * grain(rng, (rows * 3, columns * 3), (2, 2))[..., None]
    sheet = linear(np.clip(np.array(colour, np.float32) * weave, 3, 255))
    return Surface(points, sheet.astype(np.float32), gloss=0.02, lead=lead)


def _flesh(points: Array, person: Person, shade: float = 1.0) -> Surface:
    rows, columns = points.shape[:2]
    colour = linear(np.array(person.skin.colour, np.float32) * 0.97)
    sheet = np.broadcast_to(colour, (rows, columns, 3)).astype(np.float32)
    dark = np.broadcast_to(np.linspace(shade, 1, rows)[:, None], (rows, columns))
    return Surface(points, sheet, None, dark.astype(np.float32), 0.06)


@lru_cache(maxsize=16)
def _trunk(person: Person) -> tuple[Surface, ...]:
    build, outfit, scale = _build(person), person.outfit, person.skull.scale
    neck = min(53.0 + 0.06 * (build.shoulder - 178), 0.9 * person.skull.jaw + 3) * scale
    throat = np.array(
        [
            (0, -62, -26, neck, neck),
            (0, -110, -26, neck * 0.96, neck * 0.95),
            (0, -165, -28, neck * 1.02, neck * 0.98),
            (0, -190, -34, neck * 1.0, neck * 0.9),
        ]
    )
    rows = np.array(
        [
            (0, -164, -34, neck * 1.05, neck * 1.0),
            (0, -174, -34, neck * 1.45, neck * 1.12),
            (0, -188, -34, build.shoulder * 0.66, 78),
            (0, -206, -34, build.shoulder * 0.92, 92),
            (0, -240, -32, build.shoulder, 108),
            (0, -330, -30, build.shoulder * 0.95, 122),
            (0, -450, -28, (build.shoulder + build.waist) / 2, 122),
            (0, -600, -28, build.waist * 1.06, 112),
            (0, build.hip + 40, -28, build.hips * 1.08, 132),
            (0, build.hip - 30, -28, build.hips * 1.1, 136),
        ]
    )
    jacket = _smooth(rows, 90)
    surfaces = [_flesh(tube(_smooth(throat, 40), 90), person, 0.35), _top(person, jacket)]
    if outfit.skirt:
        hem = np.array(
            [
                (0, build.hip + 40, -28, build.hips * 0.95, 118),
                (0, build.knee - 40, -20, build.hips * 1.4, 250),
            ]
        )
        surfaces.append(
            _cloth(tube(_smooth(hem, 60)), outfit.legs, person.seed + 1, 7.0, 2 * _OVER)
        )
    return tuple(surfaces)


def _smooth(rows: np.ndarray, count: int) -> np.ndarray:
    """Return `count` rows, evenly far apart along the outline."""
    steps = np.abs(np.diff(rows, axis=0)).sum(axis=1)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, rows[:, i]) for i in range(5)], 1)


def _top(person: Person, rows: np.ndarray) -> Surface:
    """Return jacket or jumper; an open coat shows what is worn under it."""
    outfit = person.outfit
    surface = _cloth(tube(rows, 90), outfit.top, person.seed, lead=2.2 * _OVER)
    sheet = surface.albedo
    across = np.linspace(-180, 180, sheet.shape[1])[None, :]
    down = np.linspace(0, 1, sheet.shape[0])[:, None]
    under = linear(np.array(outfit.under, np.float32))
    if outfit.open_coat:
        opening = 6 + 22 * np.clip(1 - down * 1.4, 0, 1)
        inside = np.clip((opening - np.abs(across)) / 1.5 + 0.5, 0, 1)[..., None]
        sheet[:] = sheet * (1 - inside) + under * inside
        edge = np.clip(1 - np.abs(np.abs(across) - opening) / 2.5, 0, 1)[..., None]
        sheet *= 1 - 0.6 * edge
    else:
        sheet[np.broadcast_to(down < 0.055, sheet.shape[:2])] *= 0.7
    hem = np.broadcast_to(down > 0.985, sheet.shape[:2])
    sheet[hem] *= 0.6
    return surface


def _limb(joints: list[tuple[float, float, float]], radii: list[float]) -> Array:
    """Return a tube through `joints`, its radius at each joint given."""
    rows = np.array([(x, y, z, r, r) for (x, y, z), r in zip(joints, radii, strict=True)])
    return tube(_smooth(rows, 40), 36)


def _arms(person: Person, turn: float) -> list[Surface]:
    build = _build(person)
    surfaces = []
    for side in (-1, 1):
        swing = side * np.sin(turn) * 0.42
        x = side * (build.shoulder - 12)
        elbow = (x + side * 26, SHOULDER_Y - 300 * np.cos(swing), -34 + 300 * np.sin(swing))
        bend = swing + 0.35
        wrist = (
            x + side * 30,
            elbow[1] - 245 * np.cos(bend),
            elbow[2] + 245 * np.sin(bend),
        )
        sleeve = _limb(
            [
                (x - side * 40, SHOULDER_Y + 12, -34),
                (x - side * 24, SHOULDER_Y + 3, -34),
                (x - side * 8, SHOULDER_Y - 24, -34),
                (x + side * 2, SHOULDER_Y - 80, -34),
                elbow,
                wrist,
            ],
            [10, 30, 48, 55, 46, 36],
        )
        surfaces.append(_cloth(sleeve, person.outfit.top, person.seed + 2 + side, lead=2.2 * _OVER))
        hand = [
            wrist,
            (wrist[0], wrist[1] - 60, wrist[2] + 18),
            (wrist[0], wrist[1] - 130, wrist[2] + 26),
        ]
        surfaces.append(_flesh(_limb(hand, [27, 38, 12]), person))
    return surfaces


def _legs(person: Person, turn: float) -> list[Surface]:
    build, outfit = _build(person), person.outfit
    surfaces = []
    for side in (-1, 1):
        swing = -side * np.sin(turn) * 0.40
        lift = max(0.0, -side * float(np.cos(turn)))  # the foot that comes forward is lifted
        x = side * build.hips * 0.48
        thigh, shin = build.hip - build.knee, build.knee - build.ankle
        forward = swing + 0.55 * lift
        knee = (x, build.hip - thigh * np.cos(forward), -28 + thigh * np.sin(forward))
        back = swing - 0.75 * lift
        ankle = (x, knee[1] - shin * np.cos(back), knee[2] + shin * np.sin(back))
        leg = _limb([(x, build.hip + 40, -28), knee, ankle], [84 * outfit.girth**0.5, 66, 48])
        bare = outfit.skirt
        surfaces.append(
            _flesh(leg, person) if bare else _cloth(leg, outfit.legs, person.seed + 5 + side)
        )
        toe = (x + side * 12, ankle[1] - 72, ankle[2] + 120)
        shoe = _limb(
            [(x, ankle[1] + 12, ankle[2] - 10), (x, ankle[1] - 50, ankle[2] + 20), toe],
            [50, 62, 40],
        )
        surfaces.append(_cloth(shoe, outfit.shoes, person.seed + 8, 0.0))
    return surfaces
