"""A drawn street's source string is understood, or refused with a remedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overt.errors import ConfigurationError
from overt.synthetic.source import parse_street
from overt.synthetic.street import StreetSettings


@given(
    seed=st.integers(0, 999_999),
    people=st.integers(0, 500),
    listed=st.integers(0, 200),
    seconds=st.integers(1, 3600),
)
def test_every_setting_within_its_range_is_taken(
    seed: int, people: int, listed: int, seconds: int
) -> None:
    listed = min(listed, people)
    text = f"drawn:seed={seed},people={people}, listed={listed},seconds={seconds}"

    assert parse_street(text) == StreetSettings(seed, people, listed, seconds)


@pytest.mark.parametrize("text", ["drawn:", "drawn:street"])
def test_the_usual_street_needs_no_settings(text: str) -> None:
    assert parse_street(text) == StreetSettings()


def test_fewer_people_than_are_usually_listed_may_all_be_listed() -> None:
    assert parse_street("drawn:people=2").listed == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("drawn:peple=3", "Did you mean people?"),
        ("drawn:weather=3", "no 'weather'"),
        ("drawn:people", "key=number"),
        ("drawn:people=3,people=4", "twice"),
        ("drawn:people=many", "from 0 to 500"),
        ("drawn:people=-1", "from 0 to 500"),
        ("drawn:people=²", "from 0 to 500"),
        ("drawn:people=99999999999999999999", "from 0 to 500"),
        ("drawn:seconds=0", "from 1 to 3600"),
        ("drawn:people=3,listed=4", "more listed people"),
        ("drawn:,", "key=number"),
        ("street.mp4", "Not a drawn street"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_remedy(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_street(text)

    assert said in str(raised.value)
    assert raised.value.remedy
    assert "\n" not in str(raised.value)
