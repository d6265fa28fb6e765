"""Presentation times run forward whatever a source's stamps do."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.capture.timeline import Timeline

stamps = st.none() | st.floats(-1e6, 1e6) | st.floats(allow_nan=True, allow_infinity=True)


def place(stamps_s: list[float | None], frame_s: float = 0.04) -> list[float]:
    timeline = Timeline(frame_s)
    return [timeline.place(stamp) for stamp in stamps_s]


@given(st.lists(stamps, max_size=30))
def test_times_start_at_zero_and_always_increase(stamps_s: list[float | None]) -> None:
    placed = place(stamps_s)

    assert placed[:1] in ([], [0.0])
    assert all(one < next_one for one, next_one in itertools.pairwise(placed))


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=30), st.integers(-1000, 1000))
def test_stamps_in_order_are_kept_from_the_first_on(steps_ms: list[int], start_s: int) -> None:
    stamps_s = [start_s + sum(steps_ms[:count]) / 1000 for count in range(len(steps_ms))]

    assert pytest.approx([stamp - start_s for stamp in stamps_s]) == place([*stamps_s])


def test_missing_stamps_follow_at_the_frame_rate() -> None:
    assert pytest.approx([0, 0.04, 0.08, 0.12]) == place([None, None, None, None])
    assert pytest.approx([0, 0.04, 0.08, 0.12]) == place([5.0, None, 5.08, 5.12])


def test_stamps_that_start_again_are_carried_on_from_the_last_frame() -> None:
    assert pytest.approx([0, 1, 1.04, 2.04]) == place([10, 11, 0, 1])


def test_a_leap_of_days_is_a_broken_stamp_and_one_of_hours_is_a_pause() -> None:
    assert pytest.approx([0, 0.04, 1.04]) == place([0, 1e9, 1e9 + 1])
    assert place([0, 7200]) == [0, 7200]
