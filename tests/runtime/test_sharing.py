"""Cameras that hold their floor leave something to those that do not, and take it back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.runtime.pace import Sparing
from overt.runtime.sharing import Sharing


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now_s


def judged(sharing: Sharing, clock: Clock, seconds: float, *, held_up: bool) -> list[Sparing]:
    """Ask four times a second for so long."""
    found = []
    for _ in range(round(4 * seconds)):
        clock.now_s += 0.25
        found.append(sharing.judge(held_up=held_up))
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_where_nobody_is_held_up_nobody_spares_anything(clock: Clock) -> None:
    assert set(judged(Sharing(clock), clock, 600.0, held_up=False)) == {Sparing.NOTHING}


def test_first_they_look_no_oftener_than_they_must_and_then_less_closely(clock: Clock) -> None:
    sharing = Sharing(clock)

    found = judged(sharing, clock, 20.0, held_up=True)

    assert list(dict.fromkeys(found)) == [Sparing.OFTEN, Sparing.CLOSELY]
    assert 5.0 <= found.count(Sparing.OFTEN) / 4 <= 8.0


def test_where_looking_less_often_is_enough_they_look_as_closely_as_before(clock: Clock) -> None:
    sharing = Sharing(clock)
    judged(sharing, clock, 2.0, held_up=True)

    assert Sparing.CLOSELY not in judged(sharing, clock, 600.0, held_up=False)


def test_a_load_that_stays_is_tried_more_and_more_rarely(clock: Clock) -> None:
    """Each time they look as they like again, somebody is below the floor for a few seconds."""
    sharing, changes, before = Sharing(clock), 0, Sparing.NOTHING
    for _ in range(4 * 6 * 3600):
        clock.now_s += 0.25
        what = sharing.judge(held_up=before is Sparing.NOTHING)
        changes += what is not before
        before = what

    assert changes < 2 * 6 * 3600 / 500


@given(st.lists(st.tuples(st.booleans(), st.floats(0.25, 900.0)), max_size=12))
def test_sooner_or_later_they_look_as_they_like_again(history: list[tuple[bool, float]]) -> None:
    clock = Clock()
    sharing = Sharing(clock)
    for held_up, seconds in history:
        judged(sharing, clock, seconds, held_up=held_up)

    assert judged(sharing, clock, 601.0, held_up=False)[-1] is Sparing.NOTHING
