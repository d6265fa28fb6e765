"""A recording's pictures are due as its times say, against a clock the test holds."""

import pytest

from overt.capture import OwnPace


def handed_on(times_s: list[float], work_s: float = 0.0) -> list[float]:
    """Return when pictures with these times are due, counted from the first."""
    now_s = 100.0

    def sleep(wait_s: float) -> None:
        nonlocal now_s
        assert wait_s > 0
        now_s += wait_s

    pace = OwnPace(clock=lambda: now_s, sleep=sleep)
    moments = []
    for time_s in times_s:
        assert pace(time_s)
        moments.append(now_s - 100.0)
        now_s += work_s
    return moments


def test_pictures_are_handed_on_when_they_are_due() -> None:
    assert pytest.approx([0, 0.04, 0.08, 0.5]) == handed_on([0, 0.04, 0.08, 0.5])
    assert pytest.approx([0, 0.04]) == handed_on([7, 7.04])


def test_a_slow_taker_gets_late_pictures_at_once_and_the_pace_holds() -> None:
    assert pytest.approx([0, 0.3, 0.6, 2]) == handed_on([0, 0.1, 0.2, 2], work_s=0.3)


def test_a_long_gap_is_shortened_and_the_pace_goes_on_from_there() -> None:
    assert pytest.approx([0, 5, 5.04]) == handed_on([0, 7200, 7200.04])


def test_whoever_looks_is_asked_when_a_picture_s_time_has_come() -> None:
    now_s, asked = 100.0, []

    def sleep(wait_s: float) -> None:
        nonlocal now_s
        now_s += wait_s

    def due(presentation_s: float) -> bool:
        asked.append((presentation_s, round(now_s, 3)))
        return len(asked) % 2 == 1

    pace = OwnPace(due, clock=lambda: now_s, sleep=sleep)

    assert [pace(0.0), pace(0.5), pace(1.0)] == [True, False, True]
    assert asked == [(0.0, 100.0), (0.5, 100.5), (1.0, 101.0)]
