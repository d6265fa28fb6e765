"""The width that a camera looks at is its pace's."""

from datetime import UTC, datetime

import numpy as np

from overt.runtime.closeness import Closeness
from overt.runtime.jobs import threads_a_camera
from overt.runtime.pace import Pace, PaceSettings
from overt.values import Frame

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


class HandMadeDetector:
    """Looks at whole frames."""

    def __init__(self) -> None:
        self.working_px = 1280

    def size_px(self, frame: Frame) -> tuple[int, int]:
        """The size of the whole frame."""
        return frame.image.shape[1], frame.image.shape[0]


def a_frame(width: int, height: int) -> Frame:
    return Frame("gate", 0, 0.0, NOON, 0.0, np.zeros((height, width, 3), np.uint8))


def test_the_detector_looks_as_closely_as_the_pace_says() -> None:
    detector, now_s = HandMadeDetector(), 100.0
    pace = Pace(PaceSettings(), 1280, clock=lambda: now_s)
    closeness = Closeness(detector, pace, fixed=False)  # type: ignore[arg-type]
    widths = []
    for _ in range(30):
        closeness.begin(a_frame(1920, 1080))
        widths.append(detector.working_px)
        now_s += 1.0
        pace.done()

    assert widths[0] == 1280
    assert widths[-1] == 640
    assert widths == sorted(widths, reverse=True)


def test_another_zone_has_another_size_to_look_at() -> None:
    """A camera that is given a larger zone looks at it no less closely than it may."""
    small, large = HandMadeDetector(), HandMadeDetector()
    pace = Pace(PaceSettings(), 1280)
    closeness = Closeness(small, pace, fixed=False)  # type: ignore[arg-type]
    closeness.begin(a_frame(400, 300))
    pace.done()
    closeness.look_by(large)  # type: ignore[arg-type]
    closeness.begin(a_frame(1920, 1080))

    assert (small.working_px, large.working_px) == (400, 640)


def test_a_recording_that_waits_leaves_its_detectors_alone() -> None:
    detector = HandMadeDetector()
    pace = Pace(PaceSettings.unhurried(960), 960)
    closeness = Closeness(detector, pace, fixed=True)  # type: ignore[arg-type]
    for width in (1920, 640, 1280):
        closeness.begin(a_frame(width, 480))
        pace.done()

    assert detector.working_px == 1280


def test_cameras_share_the_cores_and_none_has_fewer_than_one() -> None:
    for cores in range(1, 33):
        for cameras in range(1, 65):
            threads = threads_a_camera(cameras, cores)
            assert 1 <= threads <= 2
            assert threads == 1 or threads * cameras <= cores
