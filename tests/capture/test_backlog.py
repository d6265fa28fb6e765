"""A live camera stays live, whatever time there is for decoding it."""

import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from example_clips import make_clip

from overt.capture import CaptureSettings, Lasting, open_source
from overt.capture.backlog import Backlog, BehindError
from overt.capture.video import VideoSource
from overt.values import Frame
from overt.vocabulary import DropCause
from rtsp import serving

_FRAME_S = 0.04


@dataclass
class Read:
    """What became of a stream of packets: which were decoded, and how late each was read."""

    decoded: list[int] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)


def read(
    packets: int,
    decoding_s: float,
    *,
    stamp: Callable[[int], float | None] = lambda number: number * _FRAME_S,
    arrives: Callable[[int], float] = lambda number: number * _FRAME_S,
    keys: int = 25,
) -> Read:
    """Read packets that arrive one after another, where decoding one takes so long."""
    now_s, result = 0.0, Read()
    backlog = Backlog("gate", _FRAME_S, clock=lambda: now_s)
    for number in range(packets):
        now_s = max(now_s + 1e-4, arrives(number))
        result.late_s.append(now_s - arrives(number))
        is_key = bool(keys) and number % keys == 0
        if not backlog.passes_over(stamp(number), is_key=is_key):
            result.decoded.append(number)
            now_s += decoding_s
    return result


@pytest.mark.parametrize("decoding_s", [0.05, 0.1, 0.4])
@pytest.mark.parametrize("keys", [1, 25, 50], ids="keys every {}".format)
def test_who_cannot_decode_in_time_is_never_far_behind(decoding_s: float, keys: int) -> None:
    found = read(3000, decoding_s, keys=keys)

    assert max(found.late_s) < 1.7 + 2 * decoding_s
    assert len(found.decoded) > 0.5 * 3000 * _FRAME_S / decoding_s, "time is not left unused"


@pytest.mark.parametrize("keys", [25, 250])
def test_what_is_decoded_builds_on_a_key_picture(keys: int) -> None:
    found = read(3000, 0.07, keys=keys) if keys == 25 else read(120, 0.07, keys=keys)

    for before, number in itertools.pairwise(found.decoded):
        assert number == before + 1 or number % keys == 0


def test_who_decodes_in_time_passes_nothing_over() -> None:
    hiccups = read(
        3000, 0.02, arrives=lambda number: number * _FRAME_S + (number % 250 > 235) * 0.9
    )

    assert len(hiccups.decoded) == 3000


def test_a_burst_after_a_gap_is_passed_over_up_to_what_is_fresh() -> None:
    found = read(1000, 0.02, arrives=lambda number: max(number * _FRAME_S, 24.0 * (number > 500)))

    passed = set(range(1000)) - set(found.decoded)
    assert passed < set(range(500, 626)), "from the gap to the first key picture after it"
    assert found.decoded[-1] == 999


@pytest.mark.parametrize("rate", [0.96, 0.98, 1.02, 1.04], ids=str)
def test_a_clock_that_runs_wrong_costs_little(rate: float) -> None:
    """Its stamps fall behind, and nothing has piled up."""
    found = read(15_000, 0.02, stamp=lambda number: number * _FRAME_S * rate)

    assert len(found.decoded) > 0.9 * 15_000


@pytest.mark.parametrize("by_s", [600.0, -600.0])
def test_a_clock_that_leaps_costs_nothing(by_s: float) -> None:
    found = read(3000, 0.02, stamp=lambda number: number * _FRAME_S + by_s * (number // 100 % 2))

    assert len(found.decoded) == 3000


def test_a_stream_without_stamps_is_decoded() -> None:
    assert len(read(500, 0.02, stamp=lambda _number: None).decoded) == 500


def test_a_stream_without_key_pictures_is_opened_anew_when_it_is_behind() -> None:
    with pytest.raises(BehindError, match="behind"):
        read(3000, 0.1, keys=0)


def test_a_camera_that_is_decoded_too_slowly_is_still_seen_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine too busy to decode: without passing over, it would be ten seconds behind here."""
    decoded = VideoSource._decoded

    def slowly(self: VideoSource, packet: object) -> object:
        time.sleep(0.1)
        return decoded(self, packet)  # type: ignore[arg-type]

    monkeypatch.setattr(VideoSource, "_decoded", slowly)
    clip = make_clip(tmp_path / "clip.mp4", frames=250, size=(160, 120), codec_options={"g": "25"})
    for _ in range(3):  # a pause of the machine makes pictures late as well
        frames, dropped = watched(clip)
        if not dropped[DropCause.LATE]:
            break

    assert dropped[DropCause.PASSED_OVER] > 50
    assert dropped[DropCause.LATE] == 0
    assert frames[-1].presentation_s - frames[0].presentation_s > 5.0
    assert frames[-1].sequence + 1 == len(frames) + dropped.total()


def watched(clip: Path) -> tuple[list[Frame], Counter[DropCause]]:
    """What a camera shows within eight seconds from its first picture, and what it left out."""
    frames: list[Frame] = []
    with serving(clip) as address:
        settings = CaptureSettings(camera="gate", open_timeout_s=20, read_timeout_s=20)
        source = Lasting(
            address,
            lambda: open_source(address, settings),
            lambda: not frames or time.monotonic() - frames[0].monotonic_s < 8.0,
        )
        with source:
            frames.extend(source)
    return frames, source.dropped
