"""A machine's clock that is moved by ten minutes while a deployment runs does no harm."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts import END, START, Scene, a_scene, drafted
from overt.audit.events import SignInRefused
from overt.deployment import lifecycle
from overt.deployment.demands import demand_covered
from overt.errors import AuthorityError
from overt.people.office import Office
from overt.runtime.clock_watch import ClockWatch, moved_in_words
from overt.runtime.standing import Authorised
from overt.storage import DeploymentRow
from overt.vocabulary import DeploymentState, Role
from overt.watchlist import governance

TEN = timedelta(minutes=10)


@dataclass(slots=True)
class Monotonic:
    """A clock that nobody moves."""

    now_s: float = 500.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path) as begun:
        yield begun


def _live(scene: Scene) -> DeploymentRow:
    """Return a deployment that was started in the middle of its window."""
    office = scene.office
    row = drafted(scene, scene.person(Role.APPLICANT))
    governance.approve(office, scene.person(Role.AUTHORISING_OFFICER), row)
    row = lifecycle.submit(office, scene.person(Role.APPLICANT), row)
    row = lifecycle.authorise(office, scene.person(Role.AUTHORISING_OFFICER), row, "a good reason")
    scene.clock.now = START + timedelta(hours=3)
    return lifecycle.start(office, scene.person(Role.COMMANDER), row)


def _pass(scene: Scene, monotonic: Monotonic, length: timedelta) -> None:
    """Let time pass, by both clocks."""
    scene.clock.now += length
    monotonic.now_s += length.total_seconds()


@pytest.mark.parametrize("step", [TEN, -TEN])
def test_in_the_middle_of_its_window_a_deployment_goes_on(scene: Scene, step: timedelta) -> None:
    monotonic = Monotonic()
    standing = Authorised(scene.office, _live(scene), monotonic)
    assert standing.why_not() == ""

    scene.clock.now += step
    assert standing.why_not() == ""
    _pass(scene, monotonic, timedelta(hours=2))
    assert standing.why_not() == ""


def test_a_clock_that_is_moved_back_gives_nobody_more_time(scene: Scene) -> None:
    """R-6: searching stops at the end of the authority, whatever is done to the clock."""
    monotonic = Monotonic()
    standing = Authorised(scene.office, _live(scene), monotonic)
    assert standing.why_not() == ""
    _pass(scene, monotonic, timedelta(hours=2, minutes=55))
    assert standing.why_not() == ""

    scene.clock.now -= TEN
    _pass(scene, monotonic, timedelta(minutes=4))
    assert standing.why_not() == ""
    _pass(scene, monotonic, timedelta(minutes=1))
    assert scene.clock.now < END
    assert standing.why_not() == "the authority's window ended"


def test_an_urgent_authority_that_is_confirmed_is_no_longer_either() -> None:
    """Its end moves to the window's; the step back before that moves nothing."""
    monotonic, clock, ends = Monotonic(), [START + timedelta(hours=3)], [END - timedelta(hours=1)]
    standing = Authorised(_Office(clock, ends), _Row(), monotonic)  # type: ignore[arg-type]
    assert standing.why_not() == ""
    clock[0] -= TEN
    ends[0] = END  # confirmed

    for passed in (timedelta(hours=2, minutes=59), timedelta(minutes=1)):
        assert standing.why_not() == ""
        clock[0] += passed
        monotonic.now_s += passed.total_seconds()

    assert clock[0] < END
    assert standing.why_not() == "the authority's window ended"


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_window_holds_its_beginning_and_not_its_end(offset: timedelta) -> None:
    """R-1: nothing is searched outside the authorised window."""
    for now in (START + offset, START, END):
        standing = Authorised(_Office([now], [END]), _Row(), Monotonic())  # type: ignore[arg-type]
        assert (standing.why_not() == "") is (START <= now < END)


def test_a_clock_that_is_moved_past_the_end_stops_it_at_once(scene: Scene) -> None:
    monotonic = Monotonic()
    standing = Authorised(scene.office, _live(scene), monotonic)
    _pass(scene, monotonic, timedelta(hours=2, minutes=55))
    assert standing.why_not() == ""

    scene.clock.now += TEN

    assert standing.why_not() == "the authority's window ended"


@given(st.lists(st.tuples(st.integers(1, 3600), st.integers(-600, 600)), max_size=12))
def test_no_steps_of_any_kind_lengthen_a_window(moves: list[tuple[int, int]]) -> None:
    """Whatever the clock says, nothing is searched later than the window was long."""
    monotonic, clock = Monotonic(), [START + timedelta(hours=3)]
    standing = Authorised(_Office(clock, [END]), _Row(), monotonic)  # type: ignore[arg-type]
    began_s, allowed_s = monotonic(), (END - clock[0]).total_seconds()
    standing.why_not()

    for passes_s, step_s in moves:
        monotonic.now_s += passes_s
        clock[0] += timedelta(seconds=passes_s + step_s)
        if monotonic() - began_s >= allowed_s or clock[0] >= END:
            assert standing.why_not()
            return
        assert not standing.why_not()


class _Office:
    """An office in which one deployment is live."""

    def __init__(self, clock: list[datetime], ends: list[datetime]) -> None:
        self.now = lambda: clock[0]
        deployments = SimpleNamespace(standing=lambda _id: (DeploymentState.LIVE, ends[0], None))
        self.record = SimpleNamespace(deployments=deployments)


class _Row:
    deployment_id, window_start = "a deployment", START


def test_a_window_that_was_over_is_not_opened_again_by_a_clock_that_is_moved_back(
    scene: Scene,
) -> None:
    """R-6: its process died, its window passed, somebody acted, and the clock went back."""
    row = _live(scene)
    demand_covered(scene.office, row)
    scene.clock.now = END + timedelta(minutes=4)
    _somebody_acts(scene.office)

    scene.clock.now -= TEN

    with pytest.raises(AuthorityError, match="written after that") as caught:
        demand_covered(scene.office, row)
    assert "moved back" in caught.value.remedy


def test_a_clock_that_was_wrong_by_years_locks_nobody_out_once_it_is_right(scene: Scene) -> None:
    row = _live(scene)
    right = scene.clock.now
    scene.clock.now += timedelta(days=400)
    _somebody_acts(scene.office)

    scene.clock.now = right

    demand_covered(scene.office, row)


def _somebody_acts(office: Office) -> None:
    office.note(SignInRefused("nobody", "wrong"))


def test_a_step_is_noticed_once_and_a_correction_is_not() -> None:
    monotonic, clock = Monotonic(), [datetime(2026, 7, 4, 12, tzinfo=UTC)]
    watch = ClockWatch(lambda: clock[0], monotonic)
    told = []
    for step_s in (0.0, 0.0005, 600.0, 0.0, 0.0, -600.0, 0.0, -0.0005):
        monotonic.now_s += 1.0
        clock[0] += timedelta(seconds=1.0 + step_s)
        told.append(round(watch.moved_s()))

    assert told == [0, 0, 600, 0, 0, -600, 0, 0]
    assert "forward by 600 s" in moved_in_words(600.0)
    assert "back by 600 s" in moved_in_words(-600.4)
