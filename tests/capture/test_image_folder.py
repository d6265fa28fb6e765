"""A folder of pictures is a recording in the natural order of their names."""

import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from example_clips import corner_colours, corners, read
from PIL import Image

from overt.capture import CaptureSettings, open_source
from overt.errors import ConfigurationError, SourceError
from overt.vocabulary import DropCause


def save(path: Path, size: tuple[int, int] = (64, 48), mode: str = "RGB") -> None:
    Image.fromarray(corners(*size)).convert(mode).save(path)


def huge_png(width: int, height: int) -> bytes:
    """Return a small file that unpacks to a picture of this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    )


def test_pictures_follow_in_natural_order_at_the_stated_pace(tmp_path: Path) -> None:
    widths = {"frame2.png": 20, "frame10.jpg": 30, "frame1.PNG": 10, "Frame9.bmp": 25}
    for name, width in widths.items():
        save(tmp_path / name, (width, 16))
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "folder.png").mkdir()

    with open_source(str(tmp_path), CaptureSettings(folder_frames_per_second=10)) as source:
        frames = list(source)

    assert [frame.image.shape[1] for frame in frames] == [10, 20, 25, 30]
    assert pytest.approx([0, 0.1, 0.2, 0.3]) == [frame.presentation_s for frame in frames]
    info = source.info
    assert (
        info.width,
        info.height,
        info.frames_per_second,
        info.expected_frames,
        info.live,
    ) == (10, 16, 10.0, 4, False)


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.jpg", "CMYK"), ("a.png", "P"), ("a.png", "RGBA"), ("a.tiff", "RGB"), ("a.webp", "RGB")],
)
def test_every_usual_kind_of_picture_becomes_rgb(tmp_path: Path, name: str, mode: str) -> None:
    save(tmp_path / name, mode=mode)

    (frame,) = read(tmp_path)

    assert corner_colours(frame.image) == "RGBW"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_their_exif_data_says(tmp_path: Path, orientation: int) -> None:
    stored = {
        1: "RGBW",
        2: "GRWB",
        3: "WBGR",
        4: "BWRG",
        5: "RBGW",
        6: "GWRB",
        7: "WGBR",
        8: "BRWG",
    }
    picture = Image.fromarray(corners(48, 48))
    turns = [
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_90,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_270,
    ]
    as_stored = picture.transpose(turns[orientation - 2]) if orientation > 1 else picture
    assert corner_colours(np.asarray(as_stored)) == stored[orientation]
    exif = picture.getexif()
    exif[0x0112] = orientation
    as_stored.save(tmp_path / "a.png", exif=exif)

    (frame,) = read(tmp_path)

    assert corner_colours(frame.image) == "RGBW"


def test_pictures_that_cannot_be_decoded_are_counted(tmp_path: Path) -> None:
    save(tmp_path / "03.png")
    save(tmp_path / "07.jpg", (640, 480))
    whole = (tmp_path / "07.jpg").read_bytes()
    (tmp_path / "00.png").write_bytes(b"")
    (tmp_path / "01.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "02.png").write_bytes(huge_png(60_000, 60_000))
    (tmp_path / "04.png").write_bytes(huge_png(65_535, 2))
    (tmp_path / "05.tif").write_bytes(random.Random(1).randbytes(5000))
    (tmp_path / "06.png").write_bytes(huge_png(9_000, 8_000))
    Image.fromarray(np.zeros((8, 8), np.uint16)).save(tmp_path / "08.png")
    (tmp_path / "09.webp").symlink_to(tmp_path / "nowhere.webp")

    with open_source(str(tmp_path), CaptureSettings()) as source:
        frames = list(source)

    assert [frame.sequence for frame in frames] == [3, 7]
    assert pytest.approx([0, 4 / 25]) == [frame.presentation_s for frame in frames]
    assert source.dropped == {DropCause.DAMAGED: 7}


def test_large_pictures_are_scaled_down_on_request(tmp_path: Path) -> None:
    save(tmp_path / "a.png", (640, 480))

    (frame,) = read(tmp_path, CaptureSettings(max_width_px=64))

    assert frame.image.shape == (48, 64, 3)
    assert corner_colours(frame.image) == "RGBW"


@pytest.mark.parametrize("content", [None, b"broken"])
def test_a_folder_without_a_usable_picture_is_refused(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)

    with pytest.raises(SourceError, match="no picture") as caught:
        read(tmp_path)

    assert caught.value.remedy


@pytest.mark.parametrize("pace", [0, -1, float("nan"), 1e9])
def test_an_impossible_pace_is_refused(pace: float) -> None:
    with pytest.raises(ConfigurationError, match="pace"):
        CaptureSettings(folder_frames_per_second=pace)
