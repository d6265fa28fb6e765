"""Videos are delivered whole, in order, timed and dated."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from example_clips import corner_colours, corners, make_clip, read

from overt.capture import CaptureSettings, open_source
from overt.errors import ConfigurationError

NOON = datetime(2024, 1, 19, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("street.mp4", "libx264", "yuv420p"),
        ("street.mkv", "libx264", "yuv420p"),
        ("street.ts", "libx264", "yuv420p"),
        ("street.avi", "mjpeg", "yuvj420p"),
        ("street.webm", "libvpx", "yuv420p"),
        ("street.gif", "gif", "rgb8"),
        ("street.mpg", "mpeg2video", "yuv420p"),
        ("street.mov", "png", "rgb24"),
    ],
)
def test_every_frame_is_delivered_in_order(
    tmp_path: Path, name: str, codec: str, pix_fmt: str
) -> None:
    clip = make_clip(tmp_path / name, codec=codec, pix_fmt=pix_fmt)

    with open_source(str(clip), CaptureSettings(camera="gate")) as source:
        frames = list(source)

    assert list(range(12)) == [frame.sequence for frame in frames]
    assert pytest.approx([n / 25 for n in range(12)]) == [f.presentation_s for f in frames]
    assert {"gate"} == {frame.camera for frame in frames}
    assert {"RGBW"} == {corner_colours(frame.image) for frame in frames[1:-1]}
    assert (
        source.info.width,
        source.info.height,
        source.info.frames_per_second,
    ) == (64, 48, 25.0)
    assert source.info.expected_frames in {12, None}
    assert (source.info.live, source.dropped, source.note) == (False, {}, None)


def test_frames_are_dated_from_the_start_of_the_recording(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mp4")
    local_noon = NOON.astimezone(timezone(timedelta(hours=2)))

    frames = read(clip, CaptureSettings(recording_started_at=local_noon))

    assert [NOON + timedelta(milliseconds=40 * n) for n in range(12)] == [
        frame.captured_at for frame in frames
    ]


def test_a_recording_without_a_date_starts_when_it_is_opened(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    first = read(make_clip(tmp_path / "street.mp4"))[0]

    assert before <= first.captured_at <= datetime.now(UTC)


def test_a_start_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="time zone"):
        CaptureSettings(recording_started_at=NOON.replace(tzinfo=None))


def test_a_clip_may_change_its_size_and_start_its_clock_again(tmp_path: Path) -> None:
    small = make_clip(tmp_path / "small.ts")
    large = make_clip(tmp_path / "large.ts", size=(96, 128))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small.read_bytes() + large.read_bytes() + small.read_bytes())

    frames = read(joined)

    sizes = [(48, 64, 3)] * 12 + [(128, 96, 3)] * 12 + [(48, 64, 3)] * 12
    assert sizes == [frame.image.shape for frame in frames]
    assert pytest.approx([n / 25 for n in range(36)]) == [f.presentation_s for f in frames]


def test_a_recording_of_one_pixel_is_a_recording(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "pixel.mov", size=(1, 1), codec="png", pix_fmt="rgb24", frames=2)

    assert [frame.image.shape for frame in read(clip)] == [(1, 1, 3)] * 2


def test_an_8k_recording_is_taken_whole_or_scaled_down(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "8k.mp4", size=(7680, 4320), frames=1, codec="mjpeg", pix_fmt="yuvj420p"
    )

    (whole,) = read(clip)
    (scaled,) = read(clip, CaptureSettings(max_width_px=1920))

    assert whole.image.shape == (4320, 7680, 3)
    assert scaled.image.shape == (1080, 1920, 3)
    assert corner_colours(scaled.image) == "RGBW"


def test_small_pictures_are_never_scaled_up(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mp4")

    assert read(clip, CaptureSettings(max_width_px=1920))[0].image.shape == (48, 64, 3)


def test_pictures_may_be_written_on_without_touching_later_ones(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mkv", codec="ffv1", pix_fmt="bgr0")
    rgb = make_clip(tmp_path / "street.mov", codec="qtrle", pix_fmt="rgb24")

    for path in (clip, rgb):
        with open_source(str(path), CaptureSettings()) as source:
            for frame in source:
                column = frame.sequence * 64 // 12
                expected = corners(64, 48)
                expected[:, column] = 128
                assert np.array_equal(expected, frame.image)
                frame.image[:] = 0


def test_iteration_can_stop_and_the_source_be_closed_twice(tmp_path: Path) -> None:
    source = open_source(str(make_clip(tmp_path / "street.mp4")), CaptureSettings())
    frames = iter(source)
    next(frames)

    source.close()
    source.close()

    assert list(frames) == []
    assert list(source) == []


def test_names_in_other_encodings_open_and_are_shown_safely(tmp_path: Path) -> None:
    plain = make_clip(tmp_path / "street.mp4")
    odd = plain.rename(Path(f"{tmp_path}/caf\udce9: 100%.mp4"))

    with open_source(f"file:{odd}", CaptureSettings()) as source:
        assert len(list(source)) == 12
        assert source.info.source.isprintable()


def test_metadata_in_another_encoding_is_no_obstacle(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mp4")
    data = clip.read_bytes()
    assert b"Lavf" in data
    clip.write_bytes(data.replace(b"Lavf", b"\xff\xfe\xe9\xff"))

    assert len(read(clip)) == 12


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "frames", "rate", "size"),
    [
        ("stage-640x360.mp4", 275, 29.97, (640, 360)),
        ("street-crowd-1080p.mp4", 105, 25.0, (1920, 1080)),
        ("corridor-480x270.gif", 41, None, (480, 270)),
    ],
)
def test_the_clips_beside_the_project_are_delivered_whole(
    data_dir: Path, name: str, frames: int, rate: float | None, size: tuple[int, int]
) -> None:
    with open_source(str(data_dir / "video" / name), CaptureSettings()) as source:
        sequences = [frame.sequence for frame in source]

    assert list(range(frames)) == sequences
    assert (frames, size) == (
        source.info.expected_frames,
        (source.info.width, source.info.height),
    )
    assert rate in (None, pytest.approx(source.info.frames_per_second, abs=0.01))
    assert (source.note, source.dropped.total()) == (None, 0)
