"""Pictures that nobody will look at are decoded, counted and not converted."""

from collections.abc import Callable
from pathlib import Path

import pytest
from example_clips import make_clip
from PIL import Image

from overt.capture import CaptureSettings, open_source
from overt.capture.video import VideoSource
from overt.synthetic.street import DrawnStreet, StreetSettings
from overt.values import Frame
from overt.vocabulary import DropCause


def every(number: int) -> Callable[[float], bool]:
    """Take every so many-th picture."""
    asked = 0

    def due(_presentation_s: float) -> bool:
        nonlocal asked
        asked += 1
        return (asked - 1) % number == 0

    return due


def test_what_is_not_due_is_counted_and_time_and_sequence_run_on(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mp4", frames=25)
    with open_source(str(clip), CaptureSettings()) as source:
        whole = list(source)
    with open_source(str(clip), CaptureSettings(), every(4)) as source:
        frames = list(source)
        dropped = dict(source.dropped)

    assert [frame.sequence for frame in frames] == [0, 4, 8, 12, 16, 20, 24]
    assert [frame.presentation_s for frame in frames] == [
        whole[frame.sequence].presentation_s for frame in frames
    ]
    assert all((frame.image == whole[frame.sequence].image).all() for frame in frames)
    assert dropped == {DropCause.NOT_DUE: 18}


def test_a_picture_that_is_not_due_is_never_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted = 0
    convert = VideoSource._image

    def counting(self: VideoSource, frame: object) -> object:
        nonlocal converted
        converted += 1
        return convert(self, frame)  # type: ignore[arg-type]

    monkeypatch.setattr(VideoSource, "_image", counting)
    clip = make_clip(tmp_path / "street.mp4", frames=25)
    with open_source(str(clip), CaptureSettings(), every(5)) as source:
        assert len(list(source)) == 5

    assert converted == 5


def test_the_first_picture_is_handed_on_though_it_is_not_due(tmp_path: Path) -> None:
    """A source is open once a picture has decoded; that one is not thrown away."""
    clip = make_clip(tmp_path / "street.mp4", frames=5)
    with open_source(str(clip), CaptureSettings(), lambda _: False) as source:
        frames = list(source)

    assert [frame.sequence for frame in frames] == [0]
    assert source.dropped == {DropCause.NOT_DUE: 4}


def test_a_folder_passes_over_what_is_not_due_and_still_counts_damage(tmp_path: Path) -> None:
    for number in range(6):
        Image.new("RGB", (20, 10)).save(tmp_path / f"{number}.png")
    (tmp_path / "3.png").write_bytes(b"not a picture")
    asked: list[float] = []

    def due(presentation_s: float) -> bool:
        asked.append(presentation_s)
        return len(asked) not in {2, 5}

    settings = CaptureSettings(folder_frames_per_second=10)
    with open_source(str(tmp_path), settings, due) as source:
        frames = list(source)

    assert asked == pytest.approx([0, 0.1, 0.2, 0.4, 0.5])
    assert [frame.sequence for frame in frames] == [0, 2, 4]
    assert source.dropped == {DropCause.NOT_DUE: 2, DropCause.DAMAGED: 1}


def test_a_street_is_drawn_only_when_it_is_due() -> None:
    drawn: list[int] = []

    class Counting(DrawnStreet):
        def draw(self, sequence: int) -> object:  # type: ignore[override]
            drawn.append(sequence)
            return super().draw(sequence)

    settings = StreetSettings(people=0, listed=0, seconds=1)
    street = Counting(settings, due=every(10))
    frames: list[Frame] = list(street)

    assert [frame.sequence for frame in frames] == drawn == [0, 10, 20]
    assert street.dropped == {DropCause.NOT_DUE: 22}
