"""Writes text into pictures, with the font that OpenCV carries inside itself.

It knows the Latin, Greek, Cyrillic, Chinese, Japanese and Korean scripts; Pillow's own font
knows no accent. A text in another script, or one that runs from right to left, would come out
wrong, so it is replaced by a remark: a wrong name is worse than none.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from overt.values import RGBImage

Colour = tuple[int, int, int]
"""Red, green, blue, each 0-255."""

OTHER_SCRIPT = "(in a script that pictures cannot show; see the summary)"

_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC", "CJK", "HANGUL", "HIRAGANA", "KATAKANA")
# No more than the font holds: what is missing would be drawn as a question mark.
_SIGNS = set("–—‘’“”…°·±×÷£€§«»№")  # noqa: RUF001 (the signs themselves)


@dataclass(frozen=True, slots=True)
class Ink:
    """How a text is written: height of its line in pixels, weight 100-900, colour."""

    size: int
    colour: Colour = (20, 24, 31)
    weight: int = 400


def write(image: RGBImage, origin: tuple[int, int], text: str, ink: Ink) -> None:
    """Write one line into the picture in place, its baseline beginning at `origin` (x, y)."""
    cv2.putText(image, plain(text), origin, ink.colour, _font(), ink.size, ink.weight)


def width(text: str, ink: Ink) -> int:
    """Return how many pixels wide a line would be."""
    if not text:
        return 0
    # The picture's size only says where lines would be broken: nowhere.
    found = cv2.getTextSize((1 << 20, 1 << 10), plain(text), (0, 0), _font(), ink.size, ink.weight)
    return int(found[0] + found[2])


def lines(text: str, ink: Ink, within: int, most: int) -> list[str]:
    """Break a text into at most `most` lines of `within` pixels; what is left out ends in “…”."""
    broken: list[str] = []
    for word in plain(text).split(" "):
        longer = f"{broken[-1]} {word}" if broken else word
        if broken and width(longer, ink) <= within:
            broken[-1] = longer
        else:
            broken.append(word)
    kept = broken[:most]
    if len(broken) > most:
        kept[-1] += "…"
    return [_cut(line, ink, within) for line in kept]


def plain(text: str) -> str:
    """Return the text on one line, or a remark where the font would misrepresent it."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return composed if all(map(_known, composed)) else OTHER_SCRIPT


@lru_cache(maxsize=64)
def label(text: str, ink: Ink, ground: Colour) -> RGBImage:
    """Return a small picture of a text on a plain ground, to be pasted; do not change it."""
    pad = max(2, ink.size // 3)
    size = (ink.size + 2 * pad, width(text, ink) + 2 * pad, 3)
    image = np.full(size, ground, np.uint8)
    write(image, (pad, pad + round(0.8 * ink.size)), text, ink)
    image.flags.writeable = False
    return image


def _cut(line: str, ink: Ink, within: int) -> str:
    if width(line, ink) <= within:
        return line
    while line and width(line + "…", ink) > within:
        line = line[:-1]
    return line + "…"


def _known(character: str) -> bool:
    if character.isascii():
        return character.isprintable()
    return character in _SIGNS or unicodedata.name(character, "").startswith(_SCRIPTS)


@lru_cache(maxsize=1)
def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")
