"""Portraits of drawn people: what a watchlist's reference pictures look like."""

import cv2
import numpy as np

from overt.synthetic.body import draw_bust
from overt.synthetic.head import draw_head
from overt.synthetic.identity import Person
from overt.synthetic.render import Drawing, Light, Pose, Window
from overt.synthetic.shape import Expression
from overt.values import RGBImage

PORTRAIT_PX = (480, 600)
_SCALE = 1.45  # pixels a millimetre: the face is about 200 pixels wide
_NEUTRAL = ((176, 184, 190), (150, 168, 182), (196, 192, 184), (168, 176, 162))


def portrait(person: Person, seed: int = 0) -> RGBImage:
    """Return a reference picture, `(600, 480, 3)`: near-frontal, plain background, indoor light.

    Different seeds give different pictures of the same person.
    """
    rng = np.random.default_rng([person.seed, seed, 11])
    picture = _backdrop(rng)
    width, height = PORTRAIT_PX
    window = Window(-width / 2 / _SCALE, 185, width / _SCALE, height / _SCALE, _SCALE, finer=1)
    light = Light(
        direction=(float(rng.uniform(-0.35, 0.35)), 0.35, 0.9),
        key=(0.70, 0.68, 0.64),
        sky=(0.55, 0.55, 0.55),
        ground=(0.36, 0.35, 0.34),
    )
    pose = Pose(*(float(rng.normal(0, spread)) for spread in (3.0, 2.0, 1.5)))
    expression = Expression(smile=float(rng.uniform(0, 0.25)))
    overlay(picture, draw_bust(person, light, window))
    overlay(picture, draw_head(person, pose, light, window, expression))
    noisy = picture + rng.normal(0, 1.5, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _backdrop(rng: np.random.Generator) -> RGBImage:
    width, height = PORTRAIT_PX
    base = np.array(_NEUTRAL[int(rng.integers(len(_NEUTRAL)))], np.float32)
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    falloff = 1.06 - 0.16 * (across**2 + (down + 0.3) ** 2) / 2
    return np.clip(base * falloff[..., None], 0, 255).astype(np.uint8)


def overlay(picture: RGBImage, drawing: Drawing) -> None:
    """Lay a drawing of the picture's size over it."""
    cover = drawing.alpha[..., None].astype(np.float32) / 255
    soft = cv2.GaussianBlur(drawing.rgb, (0, 0), 0.5)
    picture[:] = (soft * cover + picture * (1 - cover)).astype(np.uint8)
