"""The way in which the benchmark compares spans of one run finds what there is, and no more."""

import numpy as np
import pytest
from bench.ratios import SLOT_S, Span, buckets_of, compare, slots
from bench.watching import Told

from overt.runtime.timing import Spread

_BEAT_S = 0.25


def _camera(seed: int, *spans: tuple[float, float, float]) -> list[Told]:
    """What a camera tells that, for so many seconds, looks so often at frames of such an age."""
    chance, told, ages = np.random.default_rng(seed), [], Spread()
    at_s, next_s = 0.0, 0.0
    for seconds, rate, age_s in spans:
        until_s = at_s + seconds
        while at_s < until_s:
            at_s += _BEAT_S
            while next_s < at_s:
                ages.add(age_s * float(chance.lognormal(0.0, 0.3)))
                next_s += 1 / rate
            told.append(Told(at_s, ages.count, 0, 0, 0, {}, 0.0, "PLAYING", ages.copy()))
    return told


def test_a_slower_rate_and_older_frames_are_found_with_an_interval_around_them() -> None:
    spans = ((200.0, 8.0, 0.10), (200.0, 7.2, 0.12))
    told = {name: _camera(seed, *spans) for seed, name in enumerate(("gate", "mast", "door"))}
    buckets = buckets_of(told)
    usual, changed = (slots(told, [Span(begin, begin + 198)], buckets) for begin in (1.0, 201.0))

    rate, age = compare(changed, usual)

    assert usual.rate == pytest.approx(24.0, rel=0.01)
    assert rate.found == pytest.approx(0.9, abs=0.01)
    assert age.found == pytest.approx(1.2, abs=0.06)
    assert rate.low <= rate.found <= rate.high < 1.0
    assert 1.0 < age.low <= age.found <= age.high


def test_what_is_the_same_is_not_found_to_differ() -> None:
    told = {"gate": _camera(3, (300.0, 6.0, 0.1))}
    buckets = buckets_of(told)
    middle = slots(told, [Span(100.0, 200.0)], buckets)
    around = slots(told, [Span(1.0, 99.0), Span(201.0, 299.0)], buckets)

    rate, age = compare(middle, around)

    assert rate.found == pytest.approx(1.0, abs=0.01)
    assert age.low <= 1.0 <= age.high


def test_spans_are_cut_into_whole_slots_and_a_camera_that_was_not_there_counts_nothing() -> None:
    told = {"gate": _camera(5, (20.0, 6.0, 0.1)), "late": []}

    found = slots(told, [Span(1.0, 1.0 + 3.5 * SLOT_S)], buckets_of(told))

    assert len(found.ages) == 3
    assert found.rate == pytest.approx(6.0, abs=0.5)
