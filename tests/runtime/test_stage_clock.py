"""How times of stages are counted: memory that does not grow, and figures that can be trusted."""

import pickle
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.runtime.timing import Spread, StageClock, stage_times

_durations = st.lists(st.floats(1e-5, 30.0), min_size=1, max_size=200)


def _spread(durations: list[float]) -> Spread:
    spread = Spread()
    for each in durations:
        spread.add(each)
    return spread


@given(_durations, st.floats(0.0, 100.0))
def test_a_percentile_is_right_to_a_buckets_width(durations: list[float], percent: float) -> None:
    exact = float(np.percentile(durations, percent, method="inverted_cdf"))

    assert _spread(durations).percentile_s(percent) == pytest.approx(exact, rel=0.045)


@given(_durations, st.integers(-14, 4))
def test_what_is_at_most_so_long_is_counted(durations: list[float], exponent: int) -> None:
    edge_s = 2.0**exponent
    surely = sum(each < edge_s * (1 - 1e-9) for each in durations)
    perhaps = sum(each < edge_s * (1 + 1e-9) for each in durations)

    assert surely + 1 <= _spread([*durations, edge_s]).at_most(exponent) <= perhaps + 1


@given(_durations, _durations)
def test_spreads_add_up_and_come_apart_again(first: list[float], second: list[float]) -> None:
    both = _spread(first) + _spread(second)

    assert both.counts == _spread(first + second).counts
    assert both.since(_spread(first)).counts == _spread(second).counts
    assert both.total_s == pytest.approx(sum(first) + sum(second))


def test_nothing_counted_has_no_percentile_and_what_takes_no_time_counts() -> None:
    assert Spread().percentile_s(95) == 0.0
    spread = _spread([0.0, -1e-9])

    assert spread.count == spread.at_most(-10) == 2


def test_memory_does_not_grow_with_the_hours() -> None:
    """A camera runs for a day; what it sends four times a second stays small."""
    chance = np.random.default_rng(0)
    spread = _spread(list(chance.lognormal(-2.5, 0.5, 50_000)))

    assert spread.count == 50_000
    assert len(pickle.dumps(spread)) < 4_000


def test_threads_may_add_at_once_and_nothing_is_lost() -> None:
    clock = StageClock()

    def add() -> None:
        for _ in range(5_000):
            clock.add("detection", 0.02)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    (told,) = stage_times(clock.spreads())
    assert (told.stage, told.count) == ("detection", 20_000)
    assert told.p95_ms == pytest.approx(20.0, rel=0.045)


def test_a_copy_does_not_change_any_more() -> None:
    clock = StageClock()
    clock.add("tracking", 0.001)
    before = clock.spread("tracking")
    clock.add("tracking", 0.001)

    assert before.count == 1
    assert clock.spread("tracking").since(before).count == 1
    assert clock.spread("nothing").count == 0
