"""An annotated video is whole, playable and marked, or it is not there."""

import resource
import stat
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from overt.errors import AuthorityError, StorageError
from overt.reporting.overlay import AMBER
from overt.reporting.video import AnnotatedVideo
from overt.values import RGBImage
from overt.vocabulary import DeploymentKind

REHEARSAL = DeploymentKind.REHEARSAL


def plain(height: int, width: int, grey: int = 90) -> RGBImage:
    return np.full((height, width, 3), grey, np.uint8)


def decoded(path: Path) -> list[tuple[float, RGBImage]]:
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [(f.time, f.to_ndarray(format="rgb24").astype(np.uint8)) for f in frames]


def test_frames_come_back_at_their_times_and_in_their_colours(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "gate.mp4"
    times = [5.0, 5.04, 5.08, 5.5, 7.0]
    with AnnotatedVideo(path, REHEARSAL) as video:
        for n, time in enumerate(times):
            video.write(plain(240, 320, 40 * n), time)
    found = decoded(path)
    assert [time for time, _ in found] == pytest.approx([time - 5 for time in times], abs=1e-4)
    for n, (_, image) in enumerate(found):
        assert abs(image[200, 160].astype(int) - 40 * n).max() <= 6
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_is_h264_that_any_player_takes_and_plays_while_it_loads(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    with AnnotatedVideo(path, REHEARSAL) as video:
        video.write(plain(90, 121), 0)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (122, 90)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_every_frame_is_marked_as_a_rehearsal(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    with AnnotatedVideo(path, REHEARSAL) as video:
        for n in range(12):
            video.write(plain(240, 320), n / 25)
    for _, image in decoded(path):
        strip = image[2, 4].astype(int)
        assert abs(strip - AMBER).max() <= 12


def test_there_is_no_video_of_a_live_deployment(tmp_path: Path) -> None:
    with pytest.raises(AuthorityError, match="No video is kept"):
        AnnotatedVideo(tmp_path / "x.mp4", DeploymentKind.LIVE)


def test_another_resolution_is_fitted_into_the_first_undistorted(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    with AnnotatedVideo(path, REHEARSAL) as video:
        video.write(plain(240, 320, 200), 0)
        video.write(plain(400, 200, 200), 0.1)
    tall = decoded(path)[1][1]
    assert tall.shape == (240, 320, 3)
    lit = tall[150, :, 0] > 100
    assert lit.sum() == pytest.approx(120, abs=4), "half as wide as it is high"
    assert lit[100:220].all(), "in the middle"


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (17, 333)])
def test_odd_and_tiny_pictures_make_a_video_too(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "x.mp4"
    with AnnotatedVideo(path, REHEARSAL) as video:
        video.write(plain(*size), 0)
    (_, image), *rest = decoded(path)
    assert not rest
    assert image.shape[0] % 2 == image.shape[1] % 2 == 0


def test_times_that_stand_still_or_go_back_are_moved_on(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    with AnnotatedVideo(path, REHEARSAL) as video:
        for time in (1.0, 1.0, 0.2, 1.5):
            video.write(plain(90, 120), time)
    times = [time for time, _ in decoded(path)]
    assert all(earlier < later for earlier, later in pairwise(times))


def test_nothing_is_left_of_a_video_that_was_not_finished(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_text("an earlier one")
    with pytest.raises(RuntimeError), AnnotatedVideo(path, REHEARSAL) as video:  # noqa: PT012
        video.write(plain(90, 120), 0)
        raise RuntimeError
    assert [file.name for file in tmp_path.iterdir()] == ["x.mp4"]
    assert path.read_text() == "an earlier one"


def test_no_frames_make_no_file(tmp_path: Path) -> None:
    with AnnotatedVideo(tmp_path / "x.mp4", REHEARSAL):
        pass
    assert not list(tmp_path.iterdir())


def write_noise(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    with AnnotatedVideo(path, REHEARSAL) as video:
        for n in range(80):
            video.write(np.roll(noise, 7 * n, axis=1), n / 25)


def test_a_full_disk_is_told_plainly_and_leaves_nothing(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(StorageError, match="could not be written"):
            write_noise(tmp_path / "x.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match="could not be written"),
        AnnotatedVideo(tmp_path / "file" / "x.mp4", REHEARSAL) as video,
    ):
        video.write(plain(90, 120), 0)
