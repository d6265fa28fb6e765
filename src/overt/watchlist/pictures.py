"""Reference pictures: from untrusted bytes to RGB pixels, and from pixels to a clean portrait.

A reference picture comes from outside, so nothing about it is believed: only the listed
formats are tried, whatever the file is called; the size is judged from the header before a
pixel is decoded; whatever a decoder raises becomes one `ImageError`. Metadata never gets past
here, since only pixels do. `decode_picture` is the one door; outside of tests it is opened only
in a process of its own, `overt.watchlist.decoding`.
"""

import io
import os
import stat
import warnings
from collections.abc import Callable
from pathlib import Path, PureWindowsPath

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from overt.errors import ImageError
from overt.values import RGBImage
from overt.watchlist.pieces import has_too_many_pieces

FORMATS = ("JPEG", "PNG", "WEBP")
"""What reference pictures may be; each further decoder is a further way in."""

MAX_BYTES = 20 * 2**20
MAX_SIDE_PX = 16_384
MAX_PIXELS = 50_000_000
"""A telephone's largest JPEG. It decodes in under a second, at a fraction of its size."""

MAX_PIXELS_WHOLE = 25_000_000
"""Of a PNG or WebP, which decode at full size only; at this size in under a second."""

WORKING_SIDE_PX = 1_600
"""A face that fills a tenth of such a picture is still larger than any pack's chip."""


REMEDY = "Save the picture as an ordinary JPEG, PNG or WebP photograph and import it again."
_SCALING = ("JPEG", "MPO")  # an MPO is a JPEG that carries a second one
_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def picture_path(folder: Path, image: str) -> Path:
    """Return where the picture named `image` lies inside `folder`, links followed.

    `image` is relative to `folder`, with either kind of slash.

    Raises:
        PermissionError: it names a place outside the folder, directly or through a link.
        FileNotFoundError: there is no such file.
    """
    named = PureWindowsPath(image)  # reads both kinds of slash, and knows drives
    if named.anchor or ".." in named.parts:
        raise PermissionError(image)
    try:
        found = folder.joinpath(*named.parts).resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:  # absent, a loop of links, no file name
        raise FileNotFoundError(image) from error
    if not found.is_relative_to(folder.resolve()):
        raise PermissionError(image)
    return found


def read_picture(path: Path) -> bytes:
    """Return the bytes of a picture file, however large its name says it is.

    Raises:
        ImageError: it is no ordinary file, cannot be read, or is empty or too large.
    """
    try:
        # Without O_NONBLOCK, opening a pipe somebody left there would wait for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ImageError("The picture is not an ordinary file.", remedy=REMEDY)
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise ImageError(f"The picture cannot be read: {reason}.", remedy=REMEDY) from error
    if not data:
        raise ImageError("The picture file is empty.", remedy=REMEDY)
    if len(data) > MAX_BYTES:
        raise ImageError(f"The picture file is larger than {MAX_BYTES >> 20} MB.", remedy=REMEDY)
    return data


def decode_picture(data: bytes, opened: Callable[[int], None] = lambda _pixels: None) -> RGBImage:
    """Return the picture in `data` upright, with neither side over `WORKING_SIDE_PX`.

    Greyscale, palette, CMYK, 16-bit and transparent pictures become 8-bit RGB; transparency
    is laid on mid-grey. An embedded colour profile is not applied. `opened` is told how many
    pixels the file holds, once its header is found fit and before anything is decoded.

    Raises:
        ImageError: no allowed format, over a limit, truncated, damaged, or a moving picture.
    """
    if has_too_many_pieces(data):
        raise ImageError("The picture is made of too many pieces.", remedy=REMEDY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # oddities a photograph may have and still be one
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                _refuse_unfit(picture)
                opened(picture.width * picture.height)
                return _upright_rgb(picture)
        except ImageError:
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise ImageError("The picture has too many pixels.", remedy=REMEDY) from error
        except UnidentifiedImageError as error:
            raise ImageError("The file is no JPEG, PNG or WebP picture.", remedy=REMEDY) from error
        except Exception as error:  # a hostile file can make a decoder raise anything
            raise ImageError("The picture is damaged or incomplete.", remedy=REMEDY) from error


def encode_portrait(image: RGBImage, longest_px: int) -> bytes:
    """Return `image` as a JPEG without metadata, scaled down to `longest_px` if larger."""
    picture = Image.fromarray(image)
    picture.thumbnail((longest_px, longest_px), Image.Resampling.BOX)
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=85)
    return encoded.getvalue()


def _refuse_unfit(picture: Image.Image) -> None:
    """Judge by the header alone: nothing is decoded yet."""
    width, height = picture.size
    most = MAX_PIXELS if picture.format in _SCALING else MAX_PIXELS_WHOLE
    if max(width, height) > MAX_SIDE_PX or width * height > most:
        raise ImageError(
            f"The picture is {width}x{height} pixels; the limits are {MAX_SIDE_PX:,} a side "
            f"and {most // 1_000_000} million in all.",
            remedy=REMEDY,
        )
    # A JPEG may carry a preview as a second picture; the first is the photograph.
    if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
        raise ImageError("The picture is an animation.", remedy=REMEDY)


def _upright_rgb(picture: Image.Image) -> RGBImage:
    # A JPEG decodes at an eighth to a half of its size in a fraction of the time.
    picture.draft(None, (WORKING_SIDE_PX, WORKING_SIDE_PX))
    picture.load()
    turn = _TURNS.get(picture.getexif().get(_ORIENTATION_TAG, 1))
    small = _eight_bit(picture)
    if max(small.size) > WORKING_SIDE_PX:
        small = ImageOps.contain(small, (WORKING_SIDE_PX, WORKING_SIDE_PX), Image.Resampling.BOX)
    upright = small if turn is None else small.transpose(turn)
    return np.ascontiguousarray(np.asarray(_rgb(upright), np.uint8))


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Bring 16-bit greyscale, which Pillow would clip, into 8 bits, and palettes into colours."""
    if picture.mode.startswith("I"):
        levels = np.asarray(picture).clip(0, 65_535)
        return Image.fromarray((levels >> 8).astype(np.uint8))
    if picture.mode in ("P", "1"):
        return picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    return picture


def _rgb(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    backdrop = Image.new("RGBA", picture.size, (128, 128, 128, 255))
    return Image.alpha_composite(backdrop, picture.convert("RGBA")).convert("RGB")
