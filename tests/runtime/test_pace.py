"""How often and how closely a camera looks, in a drawn machine: its clock is the test's."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overt.runtime.pace import Kept, Pace, PaceSettings, Sparing, ladder

HD_PX = 1920
WIDTHS = (1280, 896, 640)


@dataclass(slots=True)
class Machine:
    """A camera and a processor: `took_s` says how long a look at a width takes at a time."""

    took_s: Callable[[int, float], float]
    pace_settings: PaceSettings = field(default_factory=PaceSettings)
    now_s: float = 1000.0
    widths: list[tuple[float, int]] = field(default_factory=list)
    ages_s: list[float] = field(default_factory=list)
    passed_over: int = 0
    kept: Kept = field(default_factory=Kept)
    pace: Pace = field(init=False)
    _held_s: float | None = None
    _free_s: float | None = None
    _begun_s: float = 1000.0

    def __post_init__(self) -> None:
        self.pace = Pace(self.pace_settings, WIDTHS[0], clock=lambda: self.now_s)

    def run(self, seconds: float, frames_per_second: float = 25.0) -> None:
        """Let a camera deliver for so long."""
        until_s = self.now_s + seconds
        for number in range(1, math.ceil(seconds * frames_per_second)):
            self._picture(self._begun_s + number / frames_per_second)
        self._begun_s = self.now_s = until_s

    def looks(self) -> int:
        """How many looks were begun."""
        return len(self.ages_s)

    def switches(self, since_s: float = 0.0) -> int:
        """How often the width changed after so many seconds."""
        told = [width for at_s, width in self.widths if at_s - 1000.0 >= since_s]
        return sum(one != two for one, two in pairwise(told))

    def _picture(self, at_s: float) -> None:
        while self._free_s is not None and self._free_s <= at_s:
            self.now_s, self._free_s = self._free_s, None
            self.pace.done()
            self.kept = self.pace.kept()
            if self._held_s is not None:
                self._look(self._held_s)
        self.now_s = at_s
        if not self.pace.due():
            self.passed_over += 1
        elif self._free_s is None:
            self._look(at_s)
        else:
            self._held_s = at_s
        self.kept = self.pace.kept()

    def _look(self, came_s: float) -> None:
        self._held_s = None
        self.ages_s.append(self.now_s - came_s)
        width = self.pace.begin(HD_PX)
        self.widths.append((self.now_s, width))
        self._free_s = self.now_s + self.took_s(width, self.now_s - 1000.0)


def by_area(at_largest_s: float, fixed_s: float = 0.0, power: float = 2.0) -> Callable[..., float]:
    """Return looks that take a time by the picture's area, or as steeply as `power` says."""
    return lambda width, _at_s: fixed_s + at_largest_s * (width / WIDTHS[0]) ** power


def test_steps_of_the_ladder_halve_the_work_and_end_where_the_policy_does() -> None:
    assert ladder(1280, 640) == WIDTHS
    assert ladder(960, 640) == (960, 640)
    assert ladder(640, 640) == ladder(640, 960) == (640,)


@given(st.integers(160, 7680), st.integers(160, 7680))
def test_a_ladder_goes_down_from_the_largest_to_the_smallest(one: int, two: int) -> None:
    largest, smallest = max(one, two), min(one, two)
    steps = ladder(largest, smallest)

    assert steps[0] == largest
    assert steps[-1] == smallest
    assert all(a > b for a, b in pairwise(steps))
    assert all(a / b < 1.8 for a, b in pairwise(steps) if a > 320)


def test_with_room_it_looks_as_often_as_it_may_and_as_closely() -> None:
    machine = Machine(by_area(0.02))
    machine.run(60)

    assert machine.looks() == pytest.approx(60 * 12, rel=0.02)
    assert {width for _, width in machine.widths} == {WIDTHS[0]}
    assert machine.kept.frames_per_second == pytest.approx(12, rel=0.05)
    assert machine.kept.finds_px == 21, "14 of its pixels at a width of 1280"
    assert not machine.kept.below_floor_s
    assert machine.looks() + machine.passed_over == 60 * 25 - 1


def test_a_busy_camera_wastes_no_time_and_looks_at_the_newest_picture() -> None:
    """It does not wait for a picture when it is free, nor look at one that another followed."""
    machine = Machine(by_area(0.09), PaceSettings(most_per_second=60))
    machine.run(60)

    assert machine.looks() == pytest.approx(60 / 0.09, rel=0.05)
    assert max(machine.ages_s[20:]) <= 1 / 25 + 1e-6


def test_while_nobody_looks_yet_few_pictures_are_prepared() -> None:
    """A camera is opened while its models are still being loaded."""
    machine = Machine(by_area(0.02))
    due = 0
    for _ in range(250):
        machine.now_s += 1 / 25
        due += machine.pace.due()

    assert due == pytest.approx(10 * 12, abs=2)


def test_too_little_time_makes_it_look_less_closely_until_the_floor_holds() -> None:
    machine = Machine(by_area(0.25))
    machine.run(30)

    assert machine.kept.width_px == 896
    assert not machine.kept.below_floor
    assert machine.kept.frames_per_second > 6
    assert 0 < machine.kept.below_floor_s < 5


def test_who_spares_others_looks_no_oftener_than_it_must() -> None:
    machine = Machine(by_area(0.06))
    machine.run(20.0)
    before = machine.looks()
    machine.pace.spare(Sparing.OFTEN)
    machine.run(20.0)
    spared = machine.looks() - before
    machine.pace.spare(Sparing.NOTHING)
    machine.run(20.0)

    assert before > 200
    assert 6.0 <= spared / 20 <= 6.6
    assert not machine.kept.below_floor
    assert machine.looks() - before - spared > 200
    assert machine.switches() == 0


def test_who_spares_others_looks_less_closely_and_comes_back() -> None:
    machine = Machine(by_area(0.06))
    machine.run(10.0)
    machine.pace.spare(Sparing.CLOSELY)
    machine.run(30.0)
    spared = machine.widths[-1][1]
    machine.pace.spare(Sparing.NOTHING)
    machine.run(60.0)

    assert spared == WIDTHS[-1]
    assert machine.widths[-1][1] == WIDTHS[0]


def test_only_who_lacks_the_machine_is_held_up() -> None:
    slow, rare = Machine(by_area(1.0)), Machine(by_area(0.02))
    slow.run(30.0)
    rare.run(30.0, frames_per_second=3.0)

    assert slow.kept.below_floor
    assert slow.kept.held_up
    assert rare.kept.below_floor
    assert not rare.kept.held_up


def test_what_cannot_be_held_is_told_and_counted() -> None:
    """Promise R10: coverage below the policy's floor is said, and for how long."""
    machine = Machine(by_area(2.0))
    machine.run(60)

    assert machine.kept.width_px == 640
    assert machine.kept.below_floor
    assert machine.kept.frames_per_second == pytest.approx(2.0, rel=0.1)
    assert machine.kept.below_floor_s == pytest.approx(55, abs=4)


def test_a_camera_that_sends_too_few_is_below_the_floor_and_not_reduced_for_it() -> None:
    machine = Machine(by_area(0.02))
    machine.run(30, frames_per_second=4)

    assert machine.kept.below_floor
    assert machine.kept.frames_per_second == pytest.approx(4, rel=0.02)
    assert machine.kept.width_px == WIDTHS[0]


def test_a_camera_that_sends_just_the_floor_holds_it() -> None:
    machine = Machine(by_area(0.02))
    machine.run(60, frames_per_second=6)

    assert not machine.kept.below_floor_s


def test_nothing_is_below_the_floor_while_a_source_is_lost_or_has_just_come_back() -> None:
    machine = Machine(by_area(0.02))
    machine.run(10)
    machine.now_s += 60

    assert not machine.pace.kept(0.0).below_floor
    machine._begun_s = machine.now_s
    assert not machine.pace.kept(2.0).below_floor
    assert machine.pace.kept(4.0).below_floor


def test_with_room_again_it_looks_closely_again() -> None:
    slow, quick = by_area(1.0), by_area(0.05)
    machine = Machine(lambda width, at_s: (slow if at_s < 30 else quick)(width, at_s))
    machine.run(30)
    assert machine.kept.width_px == 640
    machine.run(60)

    assert machine.kept.width_px == WIDTHS[0]
    assert not machine.kept.below_floor


def test_a_width_that_could_not_be_held_is_tried_again_more_and_more_rarely() -> None:
    """Where a larger picture costs more than its area says, it does not go up and down."""
    machine = Machine(by_area(0.6, power=6.0))
    machine.run(1800)

    assert machine.switches() <= 20
    assert machine.switches(since_s=900) <= 4


loads = st.builds(
    by_area,
    at_largest_s=st.floats(0.005, 3.0),
    fixed_s=st.floats(0.0, 0.2),
    power=st.floats(0.5, 6.0),
)


@settings(max_examples=60, deadline=None)
@given(loads, st.floats(2.0, 60.0), st.floats(1.0, 20.0), st.floats(1.0, 4.0))
def test_under_a_load_that_stays_the_width_comes_to_rest_inside_its_bounds(
    took_s: Callable[..., float], frames_per_second: float, floor: float, more: float
) -> None:
    most = floor * more
    machine = Machine(took_s, PaceSettings(floor, most, WIDTHS[-1]))
    machine.run(400, frames_per_second)

    assert {width for _, width in machine.widths} <= set(WIDTHS)
    assert machine.switches() <= 2 * len(WIDTHS) + 10
    assert machine.switches(since_s=200) <= 4
    assert machine.looks() <= 400 * most + 2
    rate = min(1 / took_s(WIDTHS[-1], 0.0), frames_per_second, most)
    if rate > 1.3 * floor:  # the floor can be held with the pictures reduced, so it is
        assert machine.kept.frames_per_second > 0.95 * floor or machine.kept.width_px != 640
        assert machine.kept.below_floor_s < 80


@given(st.lists(st.integers(16, 4000), min_size=1, max_size=12), st.integers(160, 2000))
def test_pictures_of_other_sizes_change_the_widths_and_never_enlarge(
    longer: list[int], smallest: int
) -> None:
    pace = Pace(PaceSettings(smallest_px=smallest), 1280, clock=lambda: 1.0)
    for each in longer:
        width = pace.begin(each)
        assert width <= min(each, 1280)
        assert width >= min(each, smallest, 1280)
        assert width in pace.widths_px
        pace.done()


def test_a_recording_that_waits_is_looked_at_whole_and_held_to_nothing() -> None:
    now_s = 1000.0
    pace = Pace(PaceSettings.unhurried(960), 960, clock=lambda: now_s)
    for _ in range(50):
        assert pace.due()
        assert pace.begin(HD_PX) == 960
        now_s += 1.0
        pace.done()

    kept = pace.kept()
    assert kept.frames_per_second == pytest.approx(1.0)
    assert (kept.width_px, kept.floor_per_second, kept.below_floor_s) == (960, 0.0, 0.0)
