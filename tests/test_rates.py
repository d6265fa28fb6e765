"""Rates and their intervals, held to SciPy's."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from overt.rates import Rate


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    of = draw(st.integers(1, 10**6))
    return Rate(draw(st.integers(0, of)), of)


@given(rates(), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_intervals_are_those_of_an_independent_implementation(rate: Rate, level: float) -> None:
    expected = binomtest(rate.count, rate.of).proportion_ci(level, "wilson")

    assert rate.interval(level) == pytest.approx(tuple(expected), abs=1e-9)


def test_wilson_s_worked_figures() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    assert Rate(81, 263).interval() == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert Rate(15, 148).interval() == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert Rate(0, 20).interval() == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert Rate(1, 29).interval() == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_nothing_counted_says_nothing() -> None:
    assert math.isnan(Rate(0, 0).value)
    assert Rate(0, 0).interval() == (0.0, 1.0)


@pytest.mark.parametrize(("count", "of"), [(1, 0), (-1, 3), (4, 3)])
def test_what_is_no_rate_is_refused(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="no rate"):
        Rate(count, of)
