"""Who a drawn person is: the numbers that stay the same in every picture of them.

Lengths are millimetres on a head whose origin lies between the eyes at the level of the ears:
x to the picture's right, y up, z towards the viewer. The means are those of adult
anthropometry (Farkas, Anthropometry of the Head and Face, 1994), spread a little wider than
life, so that two drawn people are seldom more alike than two relatives.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np

Colour = tuple[float, float, float]
"""Red, green and blue in sRGB, each 0-255."""


class HairStyle(StrEnum):
    """How the hair of the head is worn."""

    BALD = "bald"
    CROPPED = "cropped"
    SHORT = "short"
    PARTED = "parted"
    FRINGE = "fringe"
    CURLY = "curly"
    LONG = "long"
    TIED = "tied back"


class FacialHair(StrEnum):
    """What is worn on cheeks, lip and chin."""

    NONE = "none"
    STUBBLE = "stubble"
    MOUSTACHE = "moustache"
    GOATEE = "goatee"
    BEARD = "beard"


@dataclass(frozen=True, slots=True)
class Skull:
    """The head without its features: widths are half-widths at a height of the face."""

    scale: float
    temple: float
    cheek: float
    jaw: float
    chin: float
    chin_y: float
    chin_forward: float
    crown_y: float
    forehead_slope: float
    cheekbone: float
    cheek_fullness: float
    brow_ridge: float
    asymmetry: float


@dataclass(frozen=True, slots=True)
class Eyes:
    """The eyes and their lids; `apart` is from the middle of the face to a pupil."""

    apart: float
    width: float
    opening: float
    tilt: float
    lower: float
    crease: float
    depth: float
    bags: float
    lashes: float
    uneven: float
    iris: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Brows:
    """The eyebrows: height over the pupil, length, thickness, and how they run."""

    height: float
    length: float
    thickness: float
    arch: float
    tilt: float
    density: float
    gap: float


@dataclass(frozen=True, slots=True)
class Nose:
    """The nose; `tip_y` is its tip's height, so a lower one means a longer nose."""

    tip_y: float
    width: float
    bridge_width: float
    bridge_height: float
    tip_height: float
    tip_size: float
    hump: float
    upturn: float
    bend: float


@dataclass(frozen=True, slots=True)
class Mouth:
    """The lips; `y` is the height of the line between them."""

    y: float
    width: float
    upper: float
    lower: float
    bow: float
    corner: float
    fullness: float
    slant: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Skin:
    """Colour and marks; `melanin` runs from 0 (very light) to 1 (very dark)."""

    colour: Colour
    melanin: float
    blush: float
    freckles: float
    moles: int
    wrinkles: float
    mottling: float
    gloss: float


@dataclass(frozen=True, slots=True)
class Hair:
    """Hair of head and face; `line_y` is the hairline's height in the middle."""

    style: HairStyle
    colour: Colour
    brow_colour: Colour
    line_y: float
    recess: float
    volume: float
    parting: float
    curl: float
    facial: FacialHair
    facial_length: float


@dataclass(frozen=True, slots=True)
class Glasses:
    """A frame: half-sizes of a lens, how round it is, and the frame's thickness."""

    lens_width: float
    lens_height: float
    roundness: float
    thickness: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Outfit:
    """What is worn below the neck, and how tall and broad the wearer is."""

    height: float
    shoulders: float
    girth: float
    top: Colour
    under: Colour
    legs: Colour
    shoes: Colour
    open_coat: bool
    skirt: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A drawn person. Two people with the same seed are the same person."""

    seed: int
    age: float
    skull: Skull
    eyes: Eyes
    brows: Brows
    nose: Nose
    mouth: Mouth
    skin: Skin
    hair: Hair
    ears: float
    glasses: Glasses | None
    outfit: Outfit

    @property
    def name(self) -> str:
        """A name that nobody can take for a real one."""
        return f"Drawn Person {self.seed:03d}"

    @classmethod
    def from_seed(cls, seed: int) -> "Person":
        """Return the person that `seed`, a whole number from 0, stands for."""
        return _drawn(seed)


_SKIN_STOPS = (
    (248, 218, 202),
    (235, 194, 168),
    (218, 170, 138),
    (190, 138, 104),
    (150, 101, 72),
    (110, 72, 51),
    (76, 49, 38),
)
_LIPS = ((168, 96, 92), (178, 70, 76), (150, 84, 74), (196, 112, 116), (124, 66, 64))
_IRIS_LIGHT = ((96, 132, 164), (112, 138, 112), (122, 138, 146), (130, 104, 62), (96, 72, 44))
_IRIS_DARK = ((74, 48, 28), (52, 34, 24), (92, 62, 34))
_HAIR_LIGHT = ((198, 164, 108), (150, 110, 66), (112, 76, 46), (158, 82, 44), (70, 48, 34))
_HAIR_DARK = ((28, 22, 20), (44, 32, 26), (22, 18, 20))
_FRAMES = (
    (26, 24, 26),
    (70, 46, 30),
    (168, 140, 92),
    (40, 46, 98),
    (128, 34, 40),
    (206, 202, 196),
)
_CLOTH = (
    (38, 44, 58),
    (62, 62, 66),
    (110, 32, 38),
    (36, 72, 62),
    (44, 72, 118),
    (150, 124, 92),
    (92, 84, 62),
    (176, 88, 44),
    (190, 186, 176),
    (92, 58, 96),
    (28, 28, 30),
    (70, 104, 134),
    (196, 150, 52),
    (122, 140, 116),
)


_VARIETY = 1.7
"""How much wider than life the drawn are spread."""


class _Dice:
    """Draws of one person, always in the same order."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 0x0DE17])
        self.robust = float(np.clip(self.rng.normal(), -2, 2))
        self.age = float(18 + 62 * self.rng.beta(1.6, 2.2))
        # A little more of the lightest and darkest than an even draw would give.
        self.melanin = float(self.rng.beta(0.8, 0.8))

    def near(self, mean: float, spread: float, robust: float = 0.0) -> float:
        """Return a normal draw cut at 2.2 spreads, shifted by `robust` spreads of robustness."""
        drawn = float(np.clip(self.rng.normal(0, _VARIETY), -2.6, 2.6))
        return mean + spread * drawn + robust * self.robust

    def within(self, mean: float, spread: float, low: float, high: float) -> float:
        """Return a normal draw that stays between `low` and `high`."""
        return float(np.clip(self.near(mean, spread), low, high))

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def one_of(self, colours: tuple[tuple[int, int, int], ...], jitter: float = 6.0) -> Colour:
        base = np.array(colours[int(self.rng.integers(len(colours)))], float)
        return _colour(base + self.rng.normal(0, jitter, 3) * 0.5 + self.rng.normal(0, jitter))


def _colour(values: np.ndarray) -> Colour:
    red, green, blue = (float(value) for value in np.clip(values, 4, 252))
    return red, green, blue


@lru_cache(maxsize=4096)
def _drawn(seed: int) -> Person:
    dice = _Dice(seed)
    skin = _skin(dice)
    eyes = _eyes(dice)
    nose = _nose(dice)
    mouth = _mouth(dice, skin, nose)
    return Person(
        seed=seed,
        age=dice.age,
        skull=_skull(dice, mouth),
        eyes=eyes,
        brows=_brows(dice, eyes),
        nose=nose,
        mouth=mouth,
        skin=skin,
        hair=_hair(dice),
        ears=dice.near(1.0, 0.12, 0.04),
        glasses=_glasses(dice) if dice.chance(0.38) else None,
        outfit=_outfit(dice),
    )


def _skull(dice: _Dice, mouth: Mouth) -> Skull:
    full = dice.between(-7, 11)
    cheek = dice.near(69, 3.0) + 0.4 * full
    jaw = min(dice.between(41, 64) + 1.5 * dice.robust, cheek - 3)
    return Skull(
        scale=dice.near(1.0, 0.025, 0.02),
        temple=min(dice.near(70, 3.5), cheek + 7),
        cheek=cheek,
        jaw=jaw,
        chin=min(dice.near(25, 4.0, 2.0), 0.62 * jaw),
        chin_y=float(np.clip(mouth.y - dice.between(30, 50), -134, -98)),
        chin_forward=dice.near(0, 4.0, 1.0),
        crown_y=dice.near(114, 5.0),
        forehead_slope=dice.near(4, 4.0, 2.0),
        cheekbone=dice.near(5, 3.5),
        cheek_fullness=full,
        brow_ridge=dice.near(3.5, 2.4, 1.2),
        asymmetry=dice.near(0, 1.0),
    )


def _eyes(dice: _Dice) -> Eyes:
    colours = _IRIS_LIGHT if dice.chance(0.85 - 1.3 * dice.melanin) else _IRIS_DARK
    return Eyes(
        apart=dice.between(27.5, 37),
        width=dice.between(23, 35.5),
        opening=dice.between(6.5, 16),
        tilt=dice.near(0.05, 0.08),
        lower=dice.within(0.38, 0.09, 0.15, 0.6),
        crease=max(0.0, dice.near(3.4, 2.2)),
        depth=dice.near(7, 3.6, 0.8),
        bags=max(0.0, dice.near(0.25, 0.35) + (dice.age - 40) / 90),
        lashes=dice.within(0.9, 0.6, 0.2, 2.4),
        uneven=dice.near(0, 0.9),
        iris=dice.within(11.8, 0.9, 9.5, 14),
        colour=dice.one_of(colours),
    )


def _brows(dice: _Dice, eyes: Eyes) -> Brows:
    return Brows(
        height=max(dice.between(14, 31), eyes.opening * 0.6 + 7),
        length=dice.within(45, 5.5, 30, 58),
        thickness=dice.within(6.2 + 0.9 * dice.robust, 2.8, 1.8, 14),
        arch=dice.near(4.0, 3.8, -0.8),
        tilt=dice.within(0.02, 0.14, -0.3, 0.34),
        density=dice.within(0.75, 0.25, 0.12, 1.0),
        gap=dice.within(12, 4.5, 2, 24),
    )


def _nose(dice: _Dice) -> Nose:
    return Nose(
        tip_y=dice.between(-54, -31),
        width=dice.between(12, 23) + 2.2 * (dice.melanin - 0.3),
        bridge_width=dice.within(8.5, 2.2, 4.5, 15),
        bridge_height=dice.within(8, 3.6, 1, 17),
        tip_height=dice.within(25, 5.5, 13, 40),
        tip_size=dice.within(10, 2.4, 6, 16),
        hump=max(0.0, dice.near(0.5, 2.6, 0.4)),
        upturn=dice.near(2, 3.2),
        bend=dice.near(0, 1.3),
    )


def _mouth(dice: _Dice, skin: Skin, nose: Nose) -> Mouth:
    base = np.array(skin.colour)
    red = np.array(_LIPS[int(dice.rng.integers(len(_LIPS)))], float)
    weight = dice.between(0.2, 0.95) * (1 - 0.45 * skin.melanin)
    return Mouth(
        y=float(np.clip(nose.tip_y - dice.between(21, 36), -86, -61)),
        width=dice.within(50, 6.0, 36, 66),
        upper=dice.within(6.8 + 2 * dice.melanin, 2.8, 1.8, 14),
        lower=dice.within(9.2 + 2 * dice.melanin, 3.2, 3, 17),
        bow=dice.near(1.8, 1.6),
        corner=dice.near(0.8, 2.2),
        fullness=dice.near(6.0, 3.5),
        slant=dice.near(0, 0.025),
        colour=_colour(base * (1 - weight) * dice.between(0.8, 1.0) + red * weight),
    )


def _skin(dice: _Dice) -> Skin:
    stops = np.array(_SKIN_STOPS, float)
    place = np.clip(dice.melanin, 0, 1) * (len(stops) - 1)
    base = [float(np.interp(place, range(len(stops)), stops[:, i])) for i in range(3)]
    undertone = dice.near(0.0, 1.0)  # above 0 rosy, below 0 olive
    shift = np.array([2.0, -2.0, 3.5]) * undertone + 3.0 * dice.near(0.0, 1.0)
    return Skin(
        colour=_colour(np.array(base) + shift),
        melanin=dice.melanin,
        blush=max(0.0, dice.near(0.5, 0.55)) * (1 - 0.6 * dice.melanin),
        freckles=max(0.0, dice.near(-0.3, 0.5)) * (1 - dice.melanin),
        moles=int(dice.rng.poisson(1.4)),
        wrinkles=float(np.clip((dice.age - 32) / 45 + dice.near(0, 0.1), 0, 1)),
        mottling=dice.within(1.2, 0.9, 0.3, 3.2),
        gloss=dice.between(0.03, 0.22),
    )


def _hair_colour(dice: _Dice) -> Colour:
    colours = _HAIR_LIGHT if dice.chance(0.9 - 1.5 * dice.melanin) else _HAIR_DARK
    base = np.array(dice.one_of(colours))
    grey = np.clip((dice.age - 44) / 30 + dice.near(0, 0.25), 0, 1)
    return _colour(base * (1 - grey) + np.array([176, 174, 172]) * grey)


def _hair(dice: _Dice) -> Hair:
    colour = _hair_colour(dice)
    style = _hair_style(dice)
    bare = max(0.0, (dice.age - 35) / 50 + 0.35 * dice.robust)
    hides = dice.robust > -0.3 and dice.chance(0.65)
    facial = list(FacialHair)[int(dice.rng.integers(1, 5))] if hides else FacialHair.NONE
    return Hair(
        style=style,
        colour=colour,
        brow_colour=_colour(np.array(colour) * dice.between(0.35, 1.0)),
        line_y=dice.near(62, 5.0) + 4.0 * bare,
        recess=max(0.0, dice.near(4, 4.0) + 8 * bare),
        volume=max(0.4, dice.near(1.0, 0.3)),
        parting=dice.between(-32, 32),
        curl=dice.between(0, 1),
        facial=facial,
        facial_length=dice.between(0.3, 1.0),
    )


def _hair_style(dice: _Dice) -> HairStyle:
    short = (HairStyle.CROPPED, HairStyle.SHORT, HairStyle.PARTED, HairStyle.CURLY)
    long = (HairStyle.LONG, HairStyle.TIED, HairStyle.FRINGE, HairStyle.FRINGE, HairStyle.CURLY)
    if dice.chance(0.12 + 0.08 * dice.robust):
        return HairStyle.BALD
    choice = short if dice.robust + dice.near(0, 0.4) > 0 else long
    return choice[int(dice.rng.integers(len(choice)))]


def _glasses(dice: _Dice) -> Glasses:
    return Glasses(
        lens_width=dice.between(21, 30),
        lens_height=dice.between(13, 26),
        roundness=dice.between(2.0, 6.0),
        thickness=dice.between(0.9, 4.6),
        colour=dice.one_of(_FRAMES),
    )


def _outfit(dice: _Dice) -> Outfit:
    return Outfit(
        height=dice.within(1700 + 45 * dice.robust, 62, 1500, 1900),
        shoulders=dice.within(178 + 8 * dice.robust, 7, 155, 205),
        girth=dice.within(1.04, 0.1, 0.9, 1.3),
        top=dice.one_of(_CLOTH),
        under=dice.one_of(_CLOTH),
        legs=dice.one_of(((36, 40, 54), (46, 58, 84), (64, 60, 56), (28, 28, 30), (120, 108, 88))),
        shoes=dice.one_of(((30, 26, 24), (84, 58, 40), (200, 198, 194))),
        open_coat=dice.chance(0.5),
        skirt=dice.robust < -0.3 and dice.chance(0.3),
    )
