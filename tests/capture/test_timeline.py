"""Presentation times run forward whatever a source's stamps do."""

import itertools
import random

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


def place_live(
    stamps_s: list[float | None], waits_s: list[float], frame_s: float = 0.04
) -> list[float]:
    timeline, arrivals = Timeline(frame_s), itertools.accumulate(waits_s)
    return [
        timeline.place(stamp, arrived) for stamp, arrived in zip(stamps_s, arrivals, strict=True)
    ]


@given(st.lists(st.tuples(stamps, st.floats(0, 5)), max_size=30))
def test_live_times_rise_and_never_run_far_ahead_of_arrival(
    given_stamps: list[tuple[float | None, float]],
) -> None:
    waits_s = [wait for _, wait in given_stamps]
    placed = place_live([stamp for stamp, _ in given_stamps], waits_s)

    assert all(one < next_one for one, next_one in itertools.pairwise(placed))
    steps = [b - a for a, b in itertools.pairwise(placed)]
    assert all(step <= wait + 10.01 for step, wait in zip(steps, waits_s[1:], strict=True))


@pytest.mark.parametrize("stamp", [None, 7.0, float("nan")])
def test_without_a_usable_stamp_a_live_frame_follows_as_it_arrived(stamp: float | None) -> None:
    placed = place_live([stamp] * 4, [100.0, 0.1, 0.5, 0.1])

    assert pytest.approx([0, 0.1, 0.6, 0.7]) == placed


def test_a_live_stamp_that_creeps_by_a_tick_is_one_that_stands_still() -> None:
    tick = 1 / 90_000
    placed = place_live([k * tick for k in range(60)], [0.1] * 60)

    assert placed[-1] == pytest.approx(5.9)


def test_a_live_stamp_that_leaps_ahead_of_time_is_a_broken_one() -> None:
    hour = 3600.0
    placed = place_live([0, 0.04, hour, hour + 0.04, 0.2], [0, 0.04, 0.05, 0.04, 0.04])

    assert pytest.approx([0, 0.04, 0.09, 0.13, 0.17]) == placed


@pytest.mark.parametrize("seed", range(20))
def test_a_live_clock_that_leaps_at_random_never_tears_a_passage(seed: int) -> None:
    """About one stamp in 2,400 of such a clock lands within the next ten seconds by chance."""
    chance = random.Random(seed)
    placed = place_live([chance.uniform(-12_000, 12_000) for _ in range(5_000)], [0.1] * 5_000)

    assert max(b - a for a, b in itertools.pairwise(placed)) < 1


def test_a_live_stamp_is_believed_again_after_a_leap() -> None:
    placed = place_live([0, 3600, 3600.04, 3600.08, 3606.1], [0, 0.04, 0.05, 6.0, 0.01])

    assert pytest.approx([0, 0.04, 0.08, 0.12, 6.14]) == placed


def test_a_live_sender_that_drops_what_it_could_not_send_stays_in_time() -> None:
    """After six seconds of silence comes what was held back, and then what is now."""
    placed = place_live([0, 0.04, 0.08, 6.1], [0, 0.04, 6.0, 0.01])

    assert pytest.approx([0, 0.04, 0.08, 6.1]) == placed
