"""A folder of pictures as a recording, in the natural order of their names."""

import re
import warnings
from collections.abc import Generator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from overt.capture.pictures import PictureSource
from overt.capture.source import CaptureSettings, Due, always, check_size
from overt.errors import ImageError, SourceError
from overt.values import Frame, RGBImage, SourceInfo
from overt.vocabulary import DropCause

_FORMATS = ("BMP", "JPEG", "PNG", "TIFF", "WEBP")
_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


class ImageFolder(PictureSource):
    """A FrameSource over the pictures directly in a folder.

    They follow one another at `folder_frames_per_second`, turned upright by their EXIF data;
    each keeps its own size. One that cannot be decoded within the limits is counted as damaged.

    Raises (when made):
        SourceError: the folder cannot be read, or not one picture in it can be decoded.
    """

    def __init__(
        self, folder: Path, settings: CaptureSettings, *, shown: str, due: Due = always
    ) -> None:
        self._paths = _pictures_in(folder)
        self._shown = shown
        self._max_width_px = settings.max_width_px
        rate = settings.folder_frames_per_second
        self._frame_s = 1 / rate
        super().__init__(settings, frame_s=self._frame_s, live=False, due=due)
        first = self._first_picture()
        if first is None:
            raise SourceError(
                f"The folder {shown} holds no picture that can be decoded.",
                remedy=f"Put pictures ({', '.join(_SUFFIXES)}) directly in it.",
            )
        self.info = SourceInfo(
            source=shown,
            width=first.shape[1],
            height=first.shape[0],
            frames_per_second=rate,
            duration_s=len(self._paths) * self._frame_s,
            expected_frames=len(self._paths),
            live=False,
        )

    def _decode(self) -> Generator[Frame, None, None]:
        for place, path in enumerate(self._paths):
            try:
                image = _read_image(path, self._max_width_px)
            except ImageError:
                self.dropped[DropCause.DAMAGED] += 1
            else:
                if frame := self._frame(place * self._frame_s, partial(np.asarray, image)):
                    yield frame


def _pictures_in(folder: Path) -> list[Path]:
    pictures = (
        path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file()
    )
    return sorted(pictures, key=lambda path: _natural(path.name))


def _natural(name: str) -> list[tuple[int, str]]:
    """Order names by the numbers in them, so that picture 10 follows picture 9."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _read_image(path: Path, max_width_px: int | None) -> RGBImage:
    """Decode one picture, upright, its size judged before a pixel is read.

    Raises:
        ImageError: it is damaged, past the limits, or of more than eight bits in grey, which
            Pillow would turn white.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # oddities a picture may have and still be one
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=_FORMATS) as picture:
                check_size(picture.width, picture.height, path.name)
                return _upright_rgb(picture, max_width_px)
        except Exception as error:  # a hostile file can make a decoder raise anything
            raise ImageError(f"{path.name} cannot be decoded.") from error


def _upright_rgb(picture: Image.Image, max_width_px: int | None) -> RGBImage:
    if picture.mode.startswith(("I", "F")):
        raise ValueError(picture.mode)
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    if max_width_px is not None and upright.width > max_width_px:
        height = max(1, round(upright.height * max_width_px / upright.width))
        upright = upright.resize((max_width_px, height), Image.Resampling.BOX)
    return np.array(upright, dtype=np.uint8)
