"""What cameras send: every codec and transport, and everything that is odd about a stream.

Each is served by GStreamer's RTSP server; broken clocks are put in between.
"""

import itertools
import random
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from example_clips import corner_colours, make_clip

from network import between
from overt.capture import CaptureSettings, Lasting, open_source
from overt.errors import SourceError
from overt.values import Frame
from overt.vocabulary import DropCause
from rtsp import SECRET, serving, with_digest

_PATIENT_S = 20.0
_B_FRAMES = {"preset": "medium", "bf": "3", "b-adapt": "0", "g": "25"}
_CLIPS: dict[str, dict[str, Any]] = {
    "h264": {},
    "h264 with B-frames": {"codec_options": _B_FRAMES},
    "h265": {
        "codec": "libx265",
        "codec_options": {"x265-params": "log-level=0", "preset": "ultrafast"},
    },
    "mjpeg": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "codec_options": {"huffman": "default"}},
}
"""MJPEG over RTP knows the standard Huffman tables only (RFC 2435)."""


def patient(transport: str = "tcp") -> CaptureSettings:
    """Settings that wait for a busy machine."""
    return CaptureSettings(
        camera="gate",
        open_timeout_s=_PATIENT_S,
        read_timeout_s=_PATIENT_S,
        rtsp_transport="udp" if transport == "udp" else "tcp",
    )


def some(address: str, count: int, settings: CaptureSettings) -> list[Frame]:
    """Return the first frames of a camera."""
    with open_source(address, settings) as source:
        return list(itertools.islice(source, count))


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("kind", list(_CLIPS))
def test_every_codec_arrives_over_tcp_and_udp(kind: str, transport: str, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=100, size=(160, 128), **_CLIPS[kind])
    with (
        serving(clip, "--codec", kind.split(maxsplit=1)[0]) as address,
        open_source(address, patient(transport)) as source,
    ):
        info = source.info
        frames = list(itertools.islice(source, 12))

    assert (
        info.codec == {"h264": "h264", "h265": "hevc", "mjpeg": "mjpeg"}[kind.split(maxsplit=1)[0]]
    )
    assert (info.width, info.height) == (160, 128)
    assert {corner_colours(frame.image) for frame in frames} == {"RGBW"}
    assert all(a.presentation_s < b.presentation_s for a, b in itertools.pairwise(frames))
    # Within its group a picture is as long after the one before as it was filmed.
    steps = [round(b.presentation_s - a.presentation_s, 3) for a, b in itertools.pairwise(frames)]
    assert sorted(steps)[len(steps) // 2] == pytest.approx(0.04, abs=0.002)


def test_the_first_pictures_are_not_kept_back_until_there_are_many(tmp_path: Path) -> None:
    """Promise R4: FFmpeg would collect two seconds of them to tell their rate, and all be late."""
    clip = make_clip(tmp_path / "clip.mp4", frames=60, size=(64, 48), rate=12)
    with serving(clip) as address:
        frames = some(address, 20, patient())

    assert frames[-1].monotonic_s - frames[0].monotonic_s > 0.5


def test_a_password_is_told_by_digest_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=50)
    with serving(clip, *with_digest()) as address:
        assert some(address, 1, patient())
        for wrong in (address.replace(SECRET, "wr0ng"), address.replace(f":{SECRET}@", "@")):
            with pytest.raises(SourceError, match="refuses the user name or password") as caught:
                some(wrong, 1, patient())
            assert not re.search(f"{SECRET}|wr0ng|operator", str(caught.value))


def test_sound_beside_the_pictures_is_not_asked_for(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=75, sound=True)
    with av.open(str(clip)) as container:
        assert len(container.streams.audio) == 1
    with serving(clip, "--sound") as address:
        frames = some(address, 10, patient())

    assert {corner_colours(frame.image) for frame in frames} == {"RGBW"}


def test_pictures_that_change_their_size_are_handed_on_as_they_are(tmp_path: Path) -> None:
    with serving(changing_size(tmp_path, frames=30), "--raw") as address:
        frames = some(address, 45, patient())

    sizes = [size for size, _ in itertools.groupby(frame.image.shape for frame in frames)]
    assert sizes == [(128, 160, 3), (240, 320, 3)]
    assert {corner_colours(frame.image) for frame in frames} == {"RGBW"}


def changing_size(folder: Path, frames: int) -> Path:
    """Return a bare stream whose pictures grow after so many."""
    clips = [
        make_clip(folder / f"{width}.h264", frames=frames, size=(width, height))
        for width, height in ((160, 128), (320, 240))
    ]
    both = folder / "both.h264"
    both.write_bytes(b"".join(clip.read_bytes() for clip in clips))
    return both


def test_a_hundred_and_twenty_pictures_a_second_are_all_handed_on(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=360, size=(160, 128), rate=120)
    with serving(clip) as address:
        frames = some(address, 240, patient())

    lasted_s = frames[-1].presentation_s - frames[0].presentation_s
    assert lasted_s == pytest.approx(239 / 120, rel=0.15)


def _standing_still(_stamp: int) -> int:
    return 90_000


def _leaping(stamp: int) -> int:
    """Leap by so many times three minutes, so that none lands by chance where it could be right."""
    return stamp + random.Random(stamp).randrange(-64, 64) * 2**24


def _an_hour_on(stamp: int) -> int:
    return stamp + 3600 * 90_000 * (stamp // 90_000 % 2)


@pytest.mark.parametrize("stamp", [_standing_still, _leaping, _an_hour_on])
def test_a_camera_whose_clock_is_broken_is_neither_early_nor_late(
    stamp: Callable[[int], int], tmp_path: Path
) -> None:
    """Its pictures are placed by their arrival, so that none is dropped and no passage is torn."""
    clip = make_clip(tmp_path / "clip.mp4", frames=100, size=(64, 48), rate=12)
    with serving(clip) as address:
        port = int(re.findall(r":(\d+)/", address)[0])
        with between(port) as network:
            network.stamp = stamp
            behind = address.replace(str(port), str(network.port))
            with Lasting("gate", lambda: open_source(behind, patient()), lambda: True) as source:
                frames = list(itertools.islice(source, 60))
                dropped = source.dropped

    assert set(dropped) == {DropCause.UNSETTLED}
    steps = [b.presentation_s - a.presentation_s for a, b in itertools.pairwise(frames)]
    assert sum(steps) == pytest.approx(59 / 12, rel=0.3)
    assert max(steps) < 3


def test_a_camera_s_name_is_looked_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked is what is connected to, whatever a name means a moment later."""
    looked_up: list[str] = []

    def look_up(host: str, *_: object, **__: object) -> list[tuple[Any, ...]]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    clip = make_clip(tmp_path / "clip.mp4", frames=50)
    with serving(clip) as address:
        monkeypatch.setattr("overt.capture.addresses.socket.getaddrinfo", look_up)
        assert some(address.replace("127.0.0.1", "gate.invalid"), 1, patient())

    assert looked_up == ["gate.invalid"]
