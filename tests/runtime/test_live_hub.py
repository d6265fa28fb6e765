"""The hub between runs and screens: how cameras do, the newest picture, and numbers by the minute."""

import threading
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

import pytest

from example_records import an_alert
from overt.capture import Link
from overt.errors import SourceError
from overt.runtime import live_deployment
from overt.runtime.counts import Counts
from overt.runtime.live import Health, LiveDeployment, LiveHub
from overt.runtime.messages import CameraState, Ended, Picture
from overt.runtime.pace import Kept
from overt.storage import AlertRecord
from overt.vocabulary import DropCause

HERE = "a deployment"
NOON = datetime(2026, 7, 4, 12, 0, 20, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


def looking(*, seen: int = 0, waiting_s: float = 0.0, camera: str = "gate") -> CameraState:
    """The state of a camera that looks."""
    counts = Counts(frames=10, faces_seen=seen, faces_searched=seen)
    dropped = Counter({DropCause.OVERTAKEN: 3})
    return CameraState(camera, counts, dropped, Kept(9.5, 960, 28, 6.0), waiting_s)


def a_picture(number: int, camera: str = "gate") -> Picture:
    return Picture(camera, number, monotonic(), b"jpeg %d" % number)


def an_alert_record() -> AlertRecord:
    return AlertRecord(an_alert(camera="gate"), "a run", HERE, 1, "an entry", NOON)


@pytest.fixture
def hub() -> LiveHub:
    return LiveHub(Clock())


@pytest.fixture
def run(hub: LiveHub) -> LiveDeployment:
    return hub.begin(HERE, ["gate", "exit"])


def test_every_camera_is_told_of_from_the_beginning(hub: LiveHub, run: LiveDeployment) -> None:
    assert [(each.camera, each.state) for each in hub.cameras(HERE)] == [
        ("gate", Health.STARTING),
        ("exit", Health.STARTING),
    ]
    assert hub.cameras("another") == []


def test_a_camera_s_health_is_told_as_it_last_was(hub: LiveHub, run: LiveDeployment) -> None:
    run.state(looking(seen=4))
    run.alert(an_alert_record())

    gate = hub.cameras(HERE)[0]

    assert gate.state == "running"
    assert (gate.frames_per_second, gate.dropped) == (9.5, {"overtaken by a newer frame": 3})
    assert (gate.width_px, gate.finds_px, gate.floor_per_second) == (960, 28, 6.0)
    assert (gate.faces_seen, gate.searched, gate.alerts) == (4, 4, 1)
    assert gate.last_frame_age_s is not None
    assert 0 <= gate.last_frame_age_s < 2


def test_a_camera_below_the_floor_says_so_until_it_ends(hub: LiveHub, run: LiveDeployment) -> None:
    """Promise R10: coverage below the policy's floor is on the screen."""
    short = replace(looking(), kept=Kept(3.1, 640, 42, 6.0, below_floor=True, below_floor_s=41.0))
    run.state(short)
    gate = hub.cameras(HERE)[0]
    run.ended(Ended(short))
    ended = hub.cameras(HERE)[0]

    assert (gate.below_floor, gate.frames_per_second, gate.below_floor_s) == (True, 3.1, 41.0)
    assert (ended.below_floor, ended.below_floor_s) == (False, 41.0)


def test_a_camera_without_a_frame_for_seconds_is_stalled(hub: LiveHub, run: LiveDeployment) -> None:
    run.state(looking(waiting_s=4.0))

    gate = hub.cameras(HERE)[0]

    assert gate.state is Health.STALLED
    assert gate.last_frame_age_s is not None
    assert gate.last_frame_age_s >= 4


def test_a_camera_that_sends_one_picture_for_ever_is_frozen_and_says_so(
    hub: LiveHub, run: LiveDeployment
) -> None:
    told = {}
    for still_s in (29.0, 42.0, 200.0):
        run.state(replace(looking(), link=Link(still_s=still_s)))
        told[still_s] = hub.cameras(HERE)[0]

    assert (told[29.0].state, told[29.0].error) == (Health.RUNNING, "")
    assert told[42.0].state is Health.FROZEN
    assert "has not changed for 42 s" in told[42.0].error
    assert "has not changed for 3 min" in told[200.0].error


def test_what_concerns_the_whole_run_is_kept_until_the_next(
    hub: LiveHub, run: LiveDeployment
) -> None:
    run.noted("This machine's clock was moved.")
    assert hub.note(HERE) == "This machine's clock was moved."
    run.begin(["gate"])
    assert hub.note(HERE) == hub.note("another") == ""


def test_how_a_camera_ended_is_said_and_its_picture_is_gone(
    hub: LiveHub, run: LiveDeployment
) -> None:
    error = SourceError("The camera does not answer.", remedy="Check its cable.")
    with hub.watch(HERE):
        run.state(looking())
        run.picture(a_picture(1))
        run.ended(Ended(looking(), error=error))
        run.over("The service was shut down.")

        gate, other = hub.cameras(HERE)
        assert hub.picture(HERE, "gate") is None

    assert (gate.state, gate.error) == ("ended", "The camera does not answer. Check its cable.")
    assert (other.state, other.error) == ("ended", "The service was shut down.")


def test_the_newest_picture_is_given_once_with_its_age(hub: LiveHub, run: LiveDeployment) -> None:
    with hub.watch(HERE):
        run.picture(a_picture(1))
        run.picture(a_picture(2))
        sleep(0.05)

        newest = hub.picture(HERE, "gate")
        assert newest is not None
        assert (newest.sequence, newest.jpeg) == (2, b"jpeg 2")
        assert 0.05 <= newest.age_s < 5
        assert hub.picture(HERE, "gate", newer_than=2) is None
        assert hub.picture(HERE, "exit") is None
        assert hub.picture("another", "gate") is None


def test_a_screen_that_saw_a_run_before_sees_the_next_one(
    hub: LiveHub, run: LiveDeployment
) -> None:
    with hub.watch(HERE):
        run.picture(a_picture(1))

        assert hub.picture(HERE, "gate", newer_than=500) is not None


def test_a_picture_that_is_waited_for_comes_at_once(hub: LiveHub, run: LiveDeployment) -> None:
    with hub.watch(HERE):
        threading.Timer(0.2, run.picture, [a_picture(1)]).start()
        began_s = monotonic()

        assert hub.picture(HERE, "gate", wait_s=30.0) is not None
        assert monotonic() - began_s < 10


def test_nobody_watching_there_is_no_picture(
    hub: LiveHub, run: LiveDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-33: what is shown of passers-by is held for whoever looks at it, and for nobody else."""
    monkeypatch.setattr(live_deployment, "_LINGER_S", 0.0)
    run.picture(a_picture(1))
    assert hub.picture(HERE, "gate") is None
    assert not run.watched()

    with hub.watch(HERE), hub.watch(HERE):
        run.picture(a_picture(2))
        assert run.watched()
        assert hub.picture(HERE, "gate") is not None

    assert not run.watched()
    assert hub.picture(HERE, "gate") is None


def test_a_page_that_is_loaded_anew_keeps_pictures_coming(
    hub: LiveHub, run: LiveDeployment
) -> None:
    with hub.watch(HERE):
        pass

    assert run.watched()


def test_whoever_watches_before_a_run_begins_sees_it(hub: LiveHub) -> None:
    with hub.watch(HERE):
        run = hub.begin(HERE, ["gate"])
        assert run.watched()


def test_minutes_are_counted_over_all_cameras_and_runs_and_none_is_left_out(hub: LiveHub) -> None:
    clock = Clock()
    hub = LiveHub(clock)
    run = hub.begin(HERE, ["gate", "exit"])
    assert hub.minutes(HERE) == []
    run.state(looking(seen=3))
    run.state(looking(seen=2, camera="exit"))
    run.state(looking(seen=5))
    clock.now += timedelta(minutes=2)
    again = hub.begin(HERE, ["gate"])
    again.state(looking(seen=1))
    again.alert(an_alert_record())
    clock.now += timedelta(minutes=1)

    told = [(each.at, each.faces_seen, each.alerts) for each in hub.minutes(HERE)]

    first = NOON.replace(second=0)
    minutes = [first + timedelta(minutes=number) for number in range(4)]
    assert told == list(zip(minutes, (7, 0, 1, 0), (0, 0, 1, 0), strict=True))
    again.over("")
    assert len(hub.minutes(HERE)) == 3


def test_minutes_are_kept_for_a_day() -> None:
    clock = Clock()
    hub = LiveHub(clock)
    run = hub.begin(HERE, ["gate"])
    for number in range(25 * 60):
        run.state(looking(seen=number + 1))
        clock.now += timedelta(minutes=1)

    minutes = hub.minutes(HERE)

    assert len(minutes) == 24 * 60
    assert {each.faces_seen for each in minutes[:-1]} == {1}


def test_the_hub_forgets_old_deployments_but_none_that_runs_or_is_watched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_deployment, "_LINGER_S", 0.0)
    hub = LiveHub()
    hub.begin("runs", ["gate"])
    with hub.watch("watched"):
        for number in range(200):
            hub.begin(f"over {number}", ["gate"]).over("")
        held = [name for name in map("over {}".format, range(200)) if hub.cameras(name)]
        assert len(held) < 60
        assert held[-1] == "over 199"
        assert hub.cameras("runs")
        assert hub.begin("watched", ["gate"]).watched()


def test_many_threads_may_tell_and_ask_at_once(hub: LiveHub, run: LiveDeployment) -> None:
    seen: Counter[str] = Counter()
    done = threading.Event()

    def screen(name: str) -> None:
        last = 0
        while not done.is_set():
            with hub.watch(HERE):
                picture = hub.picture(HERE, "gate", last, wait_s=0.05)
                if picture is not None:
                    assert picture.sequence > last
                    last = picture.sequence
                    seen[name] += 1
                assert len(hub.cameras(HERE)) == 2
                hub.minutes(HERE)

    screens = [threading.Thread(target=screen, args=(f"screen {n}",)) for n in range(8)]
    for thread in screens:
        thread.start()
    for number in range(1, 201):
        run.state(looking(seen=number))
        run.picture(a_picture(number))
        run.watched()
        sleep(0.002)
    sleep(0.2)
    done.set()
    for thread in screens:
        thread.join()

    assert len(seen) == 8
    assert sum(each.faces_seen for each in hub.minutes(HERE)) == 200
