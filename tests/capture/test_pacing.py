"""A paced recording is handed on as its times say, against a clock the test holds."""

import pytest
from example_clips import HandMadeSource, make_frame

from overt.capture import FrameSource, Paced


def handed_on(times_s: list[float], work_s: float = 0.0) -> list[float]:
    """Return when frames with these times are handed on, counted from the first."""
    now_s = 100.0

    def sleep(wait_s: float) -> None:
        nonlocal now_s
        assert wait_s > 0
        now_s += wait_s

    frames = [make_frame(number, time_s) for number, time_s in enumerate(times_s)]
    moments = []
    source = Paced(HandMadeSource(frames), clock=lambda: now_s, sleep=sleep)
    for frame in source:
        assert frame.monotonic_s == now_s
        moments.append(now_s - 100.0)
        now_s += work_s
    return moments


def test_frames_are_handed_on_when_they_are_due() -> None:
    assert pytest.approx([0, 0.04, 0.08, 0.5]) == handed_on([0, 0.04, 0.08, 0.5])
    assert pytest.approx([0, 0.04]) == handed_on([7, 7.04])


def test_a_slow_taker_gets_late_frames_at_once_and_the_pace_holds() -> None:
    assert pytest.approx([0, 0.3, 0.6, 2]) == handed_on([0, 0.1, 0.2, 2], work_s=0.3)


def test_a_long_gap_is_shortened_and_the_pace_goes_on_from_there() -> None:
    assert pytest.approx([0, 5, 5.04]) == handed_on([0, 7200, 7200.04])


def test_a_paced_source_is_a_source_with_the_other_one_s_facts() -> None:
    inner = HandMadeSource([make_frame(0)])
    paced: FrameSource = Paced(inner)

    with paced as source:
        assert source.info is inner.info
        assert source.dropped is inner.dropped
        assert source.note is None

    assert inner.closed
