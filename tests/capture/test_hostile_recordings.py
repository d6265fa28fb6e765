"""What is missing, broken or hostile is refused in one line, or counted."""

import itertools
import os
import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from example_clips import make_clip, make_sound, read

from overt.capture import CaptureSettings, open_source
from overt.errors import SourceError
from overt.vocabulary import DropCause


@contextmanager
def refused(words: str) -> Iterator[None]:
    """Expect a SourceError of one line that says this, with a remedy."""
    with pytest.raises(SourceError, match=words) as caught:
        yield
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with refused("no file or folder"):
        read(tmp_path / "nowhere.mp4")


def test_a_name_too_long_for_any_disk_is_refused(tmp_path: Path) -> None:
    with refused("cannot be read"):
        read(tmp_path / ("x" * 300))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    clip = tmp_path / "empty.mp4"
    clip.touch()

    with refused("empty"):
        read(clip)


def test_a_device_or_a_pipe_is_refused_without_waiting_on_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")

    with refused("neither a file nor a folder"):
        read(tmp_path / "pipe.mp4")
    with refused("neither a file nor a folder"):
        read("/dev/zero")


def test_a_file_this_user_may_not_read_is_refused(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mp4")
    clip.chmod(0)
    tmp_path.chmod(0o700)
    user = os.geteuid()
    if user == 0:  # root may read anything, so be nobody for a moment
        os.seteuid(65_534)
    try:
        with refused("may not be read"):
            read(clip)
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    "content",
    [
        b"Dear diary, this is not a video.\n" * 200,
        random.Random(1).randbytes(5000),
        b"ffconcat version 1.0\nfile street.mp4\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nstreet.mp4\n#EXT-X-ENDLIST\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    ],
    ids=["text", "noise", "concat script", "HLS playlist", "SDP"],
)
def test_what_is_not_a_video_is_refused_and_names_no_other_file(
    tmp_path: Path, content: bytes
) -> None:
    make_clip(tmp_path / "street.mp4")
    (tmp_path / "odd.mp4").write_bytes(content)

    with refused("not a video"):
        read(tmp_path / "odd.mp4")


def test_sound_without_pictures_is_refused(tmp_path: Path) -> None:
    with refused("no video"):
        read(make_sound(tmp_path / "sound.m4a"))


def test_a_video_without_a_single_picture_is_refused(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mp4", container={"movflags": "faststart"})
    data = clip.read_bytes()
    start = data.index(b"mdat") + 4
    clip.write_bytes(data[:start] + bytes(len(data) - start))

    with refused("Not one picture"):
        read(clip)


def test_a_file_cut_off_before_its_index_is_refused(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mp4")
    data = clip.read_bytes()
    clip.write_bytes(data[: data.index(b"moov")])

    with refused("copied whole"):
        read(clip)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [("cut.mp4", "libx264", "yuv420p"), ("cut.avi", "mjpeg", "yuvj420p")],
)
def test_a_truncated_file_delivers_what_it_holds_and_says_so(
    tmp_path: Path, name: str, codec: str, pix_fmt: str
) -> None:
    clip = make_clip(
        tmp_path / name,
        codec=codec,
        pix_fmt=pix_fmt,
        size=(320, 240),
        frames=40,
        container={"movflags": "faststart"} if name == "cut.mp4" else {},
        codec_options={"g": "4", "bf": "0"},
    )
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 2 // 3])

    with open_source(str(clip), CaptureSettings()) as source:
        frames = list(source)

    assert 10 < len(frames) < 40
    assert source.note is not None
    assert "ended early" in source.note


def test_a_truncated_stream_without_an_index_simply_ends(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "cut.ts", size=(320, 240), frames=40)
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 2 // 3])

    assert 10 < len(read(clip)) < 40


def test_damage_is_counted_and_decoding_goes_on(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "damaged.mp4",
        size=(320, 240),
        frames=40,
        container={"movflags": "faststart"},
        codec_options={"g": "4", "bf": "0"},
    )
    data = bytearray(clip.read_bytes())
    middle = (data.index(b"mdat") + len(data)) // 2
    data[middle : middle + 400] = random.Random(1).randbytes(400)
    clip.write_bytes(data)

    with open_source(str(clip), CaptureSettings()) as source:
        frames = list(source)

    lost = source.dropped[DropCause.DAMAGED]
    assert lost > 0
    assert len(frames) + lost == 40
    assert frames[-1].sequence == 39
    assert frames[-1].presentation_s == pytest.approx(39 / 25)
    assert all(one.sequence < two.sequence for one, two in itertools.pairwise(frames))


def test_pictures_of_an_absurd_size_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    wide = make_clip(
        tmp_path / "wide.mov", size=(20_000, 2), codec="png", pix_fmt="rgb24", frames=1
    )
    with refused("too large: 20000x2"):
        read(wide)

    screen = struct.pack("<HHBBB", 20_000, 20_000, 0x80, 0, 0) + bytes(6)
    picture = b"," + struct.pack("<HHHHB", 0, 0, 20_000, 20_000, 0) + b"\x02\x02\x4c\x01\x00;"
    (tmp_path / "bomb.gif").write_bytes(b"GIF89a" + screen + picture)
    with refused("64 megapixels"):
        read(tmp_path / "bomb.gif")


def test_webcams_that_are_not_there_are_refused() -> None:
    with refused("no camera at webcam:/dev/video97"):
        read("webcam:/dev/video97")
    with refused("cannot be used"):
        read("webcam:/dev/null")
