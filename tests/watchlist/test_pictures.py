"""Decoding reference pictures: pixels come out as RGB, or a plain error does, and nothing else."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hostile_pictures import FORMS, SECRET, with_metadata
from overt.errors import ImageError
from overt.values import RGBImage
from overt.watchlist import pictures
from overt.watchlist.pictures import (
    MAX_BYTES,
    WORKING_SIDE_PX,
    decode_picture,
    encode_portrait,
    picture_path,
    read_picture,
)

ORIENTATION = 0x0112


def shades(width: int = 64, height: int = 48) -> RGBImage:
    """A picture whose four corners differ: red, green, blue and white."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = (200, 30, 30)
    image[: height // 2, width // 2 :] = (30, 200, 30)
    image[height // 2 :, : width // 2] = (30, 30, 200)
    image[height // 2 :, width // 2 :] = (230, 230, 230)
    return image


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    data = io.BytesIO()
    picture.save(data, form, **options)
    return data.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size and holds next to nothing, as a bomb does."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1_000_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def jpeg_of_size(width: int, height: int) -> bytes:
    """A JPEG whose header claims another size than it has."""
    data = bytearray(encoded(Image.fromarray(shades()), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def assert_corners(image: RGBImage, tolerance: int = 12) -> None:
    """Assert that the corners are those of `shades`, upright."""
    height, width = image.shape[:2]
    for row, column in ((8, 8), (8, -8), (-8, 8), (-8, -8)):
        expected = shades(width, height)[row, column].astype(int)
        assert np.abs(image[row, column].astype(int) - expected).max() <= tolerance


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_each_allowed_format_becomes_rgb(form: str) -> None:
    image = decode_picture(encoded(Image.fromarray(shades()), form, quality=95))

    assert image.shape == (48, 64, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert_corners(image)


@pytest.mark.parametrize("mode", ["CMYK", "L", "YCbCr"])
def test_other_jpeg_colours_become_rgb(mode: str) -> None:
    image = decode_picture(encoded(Image.fromarray(shades()).convert(mode), "JPEG", quality=95))

    if mode == "L":
        grey = np.asarray(Image.fromarray(shades()).convert("L"))
        assert np.abs(image[8, 8].astype(int) - int(grey[8, 8])).max() <= 12
    else:
        assert_corners(image, tolerance=20)


def test_a_palette_becomes_its_colours() -> None:
    assert_corners(decode_picture(encoded(Image.fromarray(shades()).quantize(16), "PNG")))


def test_opaque_transparency_changes_nothing() -> None:
    assert_corners(decode_picture(encoded(Image.fromarray(shades()).convert("RGBA"), "PNG")))


def test_sixteen_bit_grey_keeps_its_shades() -> None:
    levels = np.linspace(0, 65_535, 256).astype(np.uint16).reshape(1, -1).repeat(32, axis=0)

    image = decode_picture(encoded(Image.fromarray(levels), "PNG"))

    assert np.abs(image[5, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_what_is_transparent_becomes_grey() -> None:
    clear = np.zeros((40, 40, 4), np.uint8)

    image = decode_picture(encoded(Image.fromarray(clear), "PNG"))

    assert np.unique(image).tolist() == [128]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_put_upright(form: str, orientation: int) -> None:
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = Image.fromarray(shades())
    stored = stored if undo is None else stored.transpose(undo)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation

    image = decode_picture(encoded(stored, form, exif=exif, quality=95))

    assert image.shape == (48, 64, 3)
    assert_corners(image)


def test_a_large_picture_is_scaled_down() -> None:
    wide = Image.fromarray(shades(8_000, 400))

    for form in ("JPEG", "PNG"):
        image = decode_picture(encoded(wide, form))
        assert image.shape == (80, WORKING_SIDE_PX, 3)
        assert_corners(image)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (png_header(60_000, 60_000), "too many pixels"),
        (png_header(9_000, 9_000), "9000x9000"),
        (png_header(65_535, 16), "65535x16"),
        (png_header(0, 16), "damaged|no JPEG"),
        (jpeg_of_size(65_535, 16), "65535x16"),
        (jpeg_of_size(65_535, 65_535), "too many pixels"),
        (encoded(Image.fromarray(shades(400, 300)), "JPEG")[:-900], "damaged or incomplete"),
        (encoded(Image.fromarray(shades(400, 300)), "PNG")[:-100], "damaged or incomplete"),
        (encoded(Image.fromarray(shades(400, 300)), "WEBP")[:-100], "damaged|no JPEG"),
        (encoded(Image.fromarray(shades()), "GIF"), "no JPEG, PNG or WebP"),
        (encoded(Image.fromarray(shades()), "BMP"), "no JPEG, PNG or WebP"),
        (encoded(Image.fromarray(shades()), "TIFF"), "no JPEG, PNG or WebP"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no JPEG, PNG or WebP"),
        (b"just some words\n", "no JPEG, PNG or WebP"),
        (b"<html><body>\xff\xd8\xff\xe0 not a picture</body></html>", "no JPEG, PNG or WebP"),
        (b"\xff\xd8\xff\xe0<script>alert(1)</script>", "damaged|no JPEG"),
        (b"\xff", "no JPEG, PNG or WebP"),
    ],
)
def test_a_hostile_or_broken_picture_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(ImageError, match=says) as refused:
        decode_picture(data)

    assert refused.value.remedy


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_animation_is_refused(form: str) -> None:
    first, second = Image.fromarray(shades()), Image.fromarray(shades()[::-1].copy())
    moving = encoded(first, form, save_all=True, append_images=[second], duration=100)

    with pytest.raises(ImageError, match="animation"):
        decode_picture(moving)


@given(st.binary(max_size=200), st.integers(0, 3_000))
def test_damage_anywhere_raises_nothing_but_image_errors(noise: bytes, at: int) -> None:
    data = bytearray(encoded(Image.fromarray(shades()), "JPEG"))
    data[at : at + len(noise)] = noise

    try:
        image = decode_picture(bytes(data))
    except ImageError:
        pass
    else:
        assert max(image.shape) <= WORKING_SIDE_PX


def test_a_page_hidden_behind_a_picture_does_not_reach_the_portrait() -> None:
    exif = Image.Exif()
    exif[0x010E] = "<script>secret place</script>"
    polyglot = encoded(Image.fromarray(shades()), "JPEG", exif=exif, comment=b"<html>secret")

    portrait = encode_portrait(decode_picture(polyglot + b"<html>secret</html>"), 32)

    assert b"secret" not in portrait
    with Image.open(io.BytesIO(portrait)) as again:
        assert again.size == (32, 24)
        assert not again.getexif()


@pytest.mark.parametrize("form", FORMS)
def test_a_portrait_has_pixels_and_no_word_of_where_they_come_from(form: str) -> None:
    data = with_metadata(form)
    with Image.open(io.BytesIO(data)) as photograph:
        assert photograph.info["icc_profile"]
        assert photograph.getexif().get_ifd(0x8825)

    portrait = encode_portrait(decode_picture(data), 320)

    assert set(segments(portrait)) == {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}
    assert SECRET not in portrait
    for word in (b"Exif", b"xmp", b"ICC", b"secret", b"Photoshop"):
        assert word.lower() not in portrait.lower()
    assert portrait.endswith(b"\xff\xd9")


def segments(jpeg: bytes) -> list[int]:
    """The markers of a JPEG's segments, up to its first scan.

    E0 is JFIF, E1 EXIF or XMP, and so on; decoding needs DB, C0 and C4; FE is a comment.
    """
    kinds: list[int] = []
    at = 2
    while not kinds or kinds[-1] != 0xDA:
        assert jpeg[at] == 0xFF
        kinds.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return kinds


def test_a_portrait_is_never_scaled_up() -> None:
    with Image.open(io.BytesIO(encode_portrait(shades(), 320))) as portrait:
        assert portrait.size == (64, 48)


def test_a_picture_is_found_inside_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "one.jpg").touch()
    (folder / "link.jpg").symlink_to("deep/one.jpg")

    for name in ("deep/one.jpg", "deep\\one.jpg", "./deep/one.jpg", "link.jpg"):
        assert picture_path(folder, name) == (folder / "deep" / "one.jpg").resolve()


@pytest.mark.parametrize(
    "name",
    ["../secret.jpg", "a/../../secret.jpg", "/etc/hostname", "C:\\x.jpg", "\\\\host\\x", "..\\x",
     "out.jpg", "out/secret.jpg"],
)  # fmt: skip
def test_no_path_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (tmp_path / "secret.jpg").touch()
    (folder / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "out").symlink_to(tmp_path)

    with pytest.raises(PermissionError):
        picture_path(folder, name)


@pytest.mark.parametrize("name", ["none.jpg", "loop.jpg", "x" * 300, "a\0b", "."])
def test_what_is_not_there_is_said_to_be_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")

    with pytest.raises((FileNotFoundError, ImageError)):
        read_picture(picture_path(tmp_path, name))


def test_only_ordinary_files_of_a_sensible_size_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MAX_BYTES", 1_000)
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "large.jpg").write_bytes(bytes(1_001))
    (tmp_path / "good.jpg").write_bytes(bytes(1_000))

    for name, says in (("pipe", "ordinary"), ("empty", "empty"), ("large", "larger")):
        with pytest.raises(ImageError, match=says):
            read_picture(tmp_path / f"{name}.jpg")
    assert len(read_picture(tmp_path / "good.jpg")) == 1_000
    assert MAX_BYTES == 20 * 2**20
