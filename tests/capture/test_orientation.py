"""Pictures are turned upright, mirrored ones included."""

import gc
import itertools
from pathlib import Path

import av
import numpy as np
import pytest
from example_clips import corner_colours, corners, make_clip, read
from PIL import Image

from overt.capture import CaptureSettings, open_source
from overt.capture.orientation import Orientation, apply_display_matrix

SIGNS = list(itertools.product((1, -1), repeat=2))
MATRICES = [(s, 0, 0, t) for s, t in SIGNS] + [(0, s, t, 0) for s, t in SIGNS]


@pytest.mark.parametrize(("a", "b", "c", "d"), MATRICES)
def test_every_pixel_goes_where_the_matrix_sends_it(a: int, b: int, c: int, d: int) -> None:
    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    matrix = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 14], np.int32) << 16

    turned = apply_display_matrix(image, matrix)

    ys, xs = np.mgrid[:5, :7]
    to_x, to_y = a * xs + c * ys, b * xs + d * ys
    expected = np.empty_like(turned)
    expected[to_y - to_y.min(), to_x - to_x.min()] = image
    assert np.array_equal(expected, turned)
    assert turned.flags.c_contiguous


@pytest.mark.parametrize(
    ("degrees", "colours", "shape"),
    [
        (0, "RGBW", (48, 64, 3)),
        (90, "GWRB", (64, 48, 3)),
        (180, "WBGR", (48, 64, 3)),
        (-90, "BRWG", (64, 48, 3)),
    ],
)
def test_a_phone_video_is_turned_upright(
    tmp_path: Path, degrees: int, colours: str, shape: tuple[int, ...]
) -> None:
    assert corner_colours(corners(64, 48)) == "RGBW"

    frames = read(make_clip(tmp_path / "phone.mov", rotation=degrees))

    assert {colours} == {corner_colours(frame.image) for frame in frames}
    assert {shape} == {frame.image.shape for frame in frames}


def test_pictures_that_say_by_exif_how_they_lie_are_turned_in_a_video_too(tmp_path: Path) -> None:
    picture = Image.fromarray(corners(48, 64))
    exif = picture.getexif()
    exif[0x0112] = 6  # stored a quarter turn to the left of upright
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "one.jpg", exif=exif, quality=95)
    clip = tmp_path / "dashcam.mjpeg"
    clip.write_bytes((tmp_path / "one.jpg").read_bytes() * 3)

    assert [corner_colours(frame.image) for frame in read(clip)] == ["RGBW"] * 3


def test_pictures_that_turn_while_they_play_are_followed(tmp_path: Path) -> None:
    """A phone that streams is turned in the hand."""
    turned, orientation = [], Orientation()
    for degrees in (90, 90, -90, 0):
        with av.open(str(make_clip(tmp_path / "phone.mov", rotation=degrees))) as clip:
            picture = next(clip.decode(video=0))
            turned.append(corner_colours(orientation.upright(corners(64, 48), picture)))

    assert turned == ["GWRB", "GWRB", "BRWG", "RGBW"]


@pytest.mark.parametrize("degrees", [0, 90])
def test_pictures_are_gone_when_they_were_looked_at(tmp_path: Path, degrees: int) -> None:
    """Each is a piece of the decoder's memory, and it gets a new one for each that is kept."""
    clip = make_clip(tmp_path / "long.mov", rotation=degrees, frames=40)
    gc.collect()
    before = _pictures_in_memory()
    gc.disable()
    try:
        with open_source(str(clip), CaptureSettings(camera="gate")) as source:
            seen = sum(1 for _ in source)
        kept = _pictures_in_memory() - before
    finally:
        gc.enable()

    assert seen == 40
    assert kept <= 2


def _pictures_in_memory() -> int:
    return sum(isinstance(each, av.VideoFrame) for each in gc.get_objects())
