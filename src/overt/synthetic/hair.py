"""Hair on a drawn head: shells over the scalp, and a curtain where it is worn long."""

from dataclasses import dataclass

import cv2
import numpy as np

from overt.synthetic.identity import HairStyle, Person
from overt.synthetic.paint import grain
from overt.synthetic.render import Array, Surface, linear
from overt.synthetic.shape import HeadGrid

_FINER = 3  # strands are painted this much finer than the grid


@dataclass(frozen=True, slots=True)
class _Cut:
    """How a style sits: thickness on top and at the sides, and how coarse its strands are."""

    top: float
    sides: float
    strand: tuple[float, float]
    contrast: float
    ragged: float


_CUTS = {
    HairStyle.CROPPED: _Cut(3.5, 2.5, (2, 3), 0.16, 2),
    HairStyle.SHORT: _Cut(13, 6, (3, 18), 0.26, 4),
    HairStyle.PARTED: _Cut(16, 8, (3, 40), 0.26, 3),
    HairStyle.FRINGE: _Cut(13, 10, (3, 60), 0.24, 5),
    HairStyle.CURLY: _Cut(28, 20, (9, 9), 0.38, 3),
    HairStyle.LONG: _Cut(13, 11, (3, 70), 0.26, 3),
    HairStyle.TIED: _Cut(7, 5, (3, 50), 0.24, 2),
}


def hair_surfaces(person: Person, head: HeadGrid) -> list[Surface]:
    """Return the surfaces of the hair of the head; none for a bald one."""
    if person.hair.style is HairStyle.BALD:
        return []
    surfaces = [_shell(person, head)]
    if person.hair.style in (HairStyle.LONG, HairStyle.FRINGE):
        surfaces.append(_curtain(person))
    return surfaces


def hairline(person: Person, angle: np.ndarray) -> np.ndarray:
    """Return the height of the lower edge of the hair at each angle around the head."""
    hair = person.hair
    front, recess = hair.line_y, hair.recess
    if hair.style is HairStyle.FRINGE:
        front, recess = person.brows.height + 17, -4.0
    at = [0, 22, 38, 52, 62, 72, 80, 92, 110, 130, 180]
    heights = [
        front,
        front + recess * 0.5,
        front + recess,
        front - 12 + recess * 0.5,
        18,
        -12,
        -8,
        6,
        -30,
        -62,
        -70,
    ]
    return np.asarray(np.interp(np.abs(angle), at, heights))


def _shell(person: Person, head: HeadGrid) -> Surface:
    hair, cut = person.hair, _CUTS[person.hair.style]
    rng = np.random.default_rng([person.seed, 3])
    base, y = head.base, head.base[..., 1]
    above = y - hairline(person, head.angle)[None, :]
    up = np.clip(y / 85, 0, 1) ** 0.7
    thick = hair.volume * (cut.sides + (cut.top - cut.sides) * up)
    if hair.style is HairStyle.PARTED:
        thick = thick * (1 - 0.6 * np.exp(-(((base[..., 0] - hair.parting) / 6) ** 2)) * up)
    rise = 0.25 + 0.75 * np.clip(above / 16, 0, 1) ** 0.6
    lumps = 1 + 0.13 * grain(rng, y.shape, (9, 9)) * (1 + hair.curl)
    out = base - np.array([0, 5, -5], np.float32)
    out /= np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-3)
    points = (base + out * (thick * rise * lumps)[..., None]) * person.skull.scale
    fine = (y.shape[1] * _FINER, y.shape[0] * _FINER)
    strands = _strands(rng, fine[::-1], cut)
    edge = cv2.resize(above.astype(np.float32), fine) + cut.ragged * strands
    alpha = np.clip(edge / 3 + 0.5, 0, 1).astype(np.float32)
    deep = np.clip(0.45 + 0.55 * np.clip(above / 14, 0, 1), 0, 1).astype(np.float32)
    return Surface(
        points.astype(np.float32), _hair_colour(person, strands, cut), alpha, deep, gloss=0.10
    )


def _strands(rng: np.random.Generator, shape: tuple[int, int], cut: _Cut) -> Array:
    coarse = grain(rng, shape, cut.strand)
    return np.asarray(0.7 * coarse + 0.5 * grain(rng, shape, (2.2, cut.strand[1] / 2)), np.float32)


def _hair_colour(person: Person, strands: Array, cut: _Cut) -> Array:
    tone = np.array(person.hair.colour, np.float32) * (1 + cut.contrast * strands[..., None])
    return linear(np.clip(tone, 3, 255))


def _curtain(person: Person) -> Surface:
    """Return long hair behind and beside the face, down to the shoulders."""
    skull, hair = person.skull, person.hair
    rng = np.random.default_rng([person.seed, 4])
    y = np.linspace(70, -118 - 50 * hair.curl, 60)
    flare = np.interp(
        y, [-170, -100, -20, 50, 70], [74, 78, skull.cheek + 14, skull.temple + 9, 60]
    )
    back = np.interp(y, [-170, -60, 20, 70], [88, 96, 108, 90])
    angle = np.radians(np.linspace(64, 296, 110))
    wave = 1 + 0.03 * hair.curl * grain(rng, (60, 110), (8, 10))
    x = flare[:, None] * np.sin(angle) * wave
    z = back[:, None] * np.cos(angle) * wave
    points = np.stack([x, np.broadcast_to(y[:, None], x.shape), z], 2) * skull.scale
    cut = _CUTS[HairStyle.LONG]
    strands = _strands(rng, (60 * 6, 110 * 6), cut)
    alpha = np.ones_like(strands)
    tip = np.linspace(1, 0, alpha.shape[0])[:, None] * 30 + 3 * strands
    alpha[tip < 3] = 0
    deep = np.broadcast_to(np.linspace(0.9, 0.55, 60)[:, None], x.shape)
    return Surface(
        points[:, ::-1].astype(np.float32),
        _hair_colour(person, strands, cut)[:, ::-1],
        alpha[:, ::-1],
        deep.astype(np.float32),
        gloss=0.08,
        closed=False,
    )
