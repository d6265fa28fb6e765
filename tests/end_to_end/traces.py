"""Looks for what passers-by could have left in a file: templates, pictures and rows of pixels.

Nothing here asks where Overt would put such a thing, or in which form: every place that could
be the beginning of a picture is decoded, and every run of numbers of a template's length that
has a template's norm is compared, whether it stands there as float16, float32, float64 or in
decimals, as it is or in base64.
"""

import base64
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from eyes import Eyes, frames
from numpy.typing import NDArray

from overt.values import RGBImage, Templates

LIKE = 0.97
"""Above this a template is a passer-by's: the same face a moment later gives 0.98 and more, and
none of the strangers listed comes near."""

_PICTURES = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP", re.DOTALL)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{160,}={0,2}")
_NUMBER = rb"-?\d+\.\d+(?:[eE][-+]?\d+)?"
_DECIMALS = re.compile(_NUMBER + rb"(?:[\s,;]+" + _NUMBER + rb"){40,}")


@dataclass(frozen=True)
class PassersBy:
    """What is known of the people in a recording: templates `(n, d)`, and rows of pixels."""

    templates: Templates
    rows: tuple[bytes, ...]


def passers_by(recording: Path, eyes: Eyes, *, every: int) -> PassersBy:
    """Look at every so many frames of a recording."""
    images = list(frames(recording, every=every))
    templates = np.concatenate([eyes.faces(image) for image in images])
    return PassersBy(templates, tuple(row for image in images for row in eyes.middles(image)))


def traces(data: bytes, passers: PassersBy, eyes: Eyes) -> list[str]:
    """Return what there is of the passers-by in a file's bytes, in words."""
    found = [
        f"{form}: {what}"
        for form, content in _layers(data)
        for what in (
            *_templates_in(content, passers),
            *_pictures_in(content, passers, eyes),
            *("a row of pixels" for row in passers.rows if row in content),
        )
    ]
    return sorted(set(found))


def values_of(database: Path) -> list[bytes]:
    """Return every value in every table: in the file itself large ones lie in pieces."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = connection.execute("select name from sqlite_schema where type = 'table'")
        return [
            value if isinstance(value, bytes) else str(value).encode()
            for (table,) in tables.fetchall()
            for row in connection.execute(f'select * from "{table}"')  # noqa: S608
            for value in row
        ]


def pictures_in(data: bytes) -> list[RGBImage]:
    """Return every picture that decodes from some place in a file's bytes."""
    places = (match.start() for match in _PICTURES.finditer(data))
    decoded = (cv2.imdecode(np.frombuffer(data[at:], np.uint8), cv2.IMREAD_COLOR) for at in places)
    return [np.asarray(image[:, :, ::-1], np.uint8) for image in decoded if image is not None]


def unit_vectors_in(data: bytes, length: int) -> NDArray[np.float64]:
    """Return every run of `length` numbers whose norm is about 1, `(n, length)`."""
    vectors = [
        vector
        for kind in ("<f2", "<f4", "<f8")
        for start in range(np.dtype(kind).itemsize)
        for vector in _unit_runs(_numbers(data[start:], kind), length)
    ]
    for text in _DECIMALS.findall(data):
        numbers = np.array([float(word) for word in re.split(rb"[\s,;]+", text) if word])
        vectors += _unit_runs(numbers, length)
    return np.array(vectors, np.float64).reshape(-1, length)


def _layers(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "as it is", data
    for text in _BASE64.findall(data):
        for start in range(4):  # letters before it may have been taken for a part of it
            whole = text[start:].rstrip(b"=")
            whole = whole[:-1] if len(whole) % 4 == 1 else whole
            yield "in base64", base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _numbers(data: bytes, kind: str) -> NDArray[np.float64]:
    size = np.dtype(kind).itemsize
    with np.errstate(all="ignore"):
        numbers = np.frombuffer(data[: len(data) // size * size], kind).astype(np.float64)
    # Whatever no template holds breaks the norm of every run that it is part of.
    return np.where(np.abs(numbers) <= 1, numbers, 10.0)


def _unit_runs(numbers: NDArray[np.float64], length: int) -> list[NDArray[np.float64]]:
    if len(numbers) < length:
        return []
    squares = np.concatenate([[0.0], np.cumsum(numbers**2)])
    norms = squares[length:] - squares[:-length]
    starts = np.flatnonzero(np.abs(norms - 1) < 0.02)
    return [numbers[start : start + length] for start in starts.tolist()]


def _templates_in(data: bytes, passers: PassersBy) -> Iterator[str]:
    vectors = unit_vectors_in(data, passers.templates.shape[1])
    if (vectors @ passers.templates.T > LIKE).any():
        yield "a template"


def _pictures_in(data: bytes, passers: PassersBy, eyes: Eyes) -> Iterator[str]:
    for image in pictures_in(data):
        if (eyes.faces(image) @ passers.templates.T > LIKE).any():
            yield "a picture"
