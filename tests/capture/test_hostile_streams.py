"""A stream that means harm, of every kind: it is refused or played, and nothing else happens.

`python -m bench hostile` does the same by the thousand.
"""

import pytest
from bench.hostile import Outcome, read_apart
from bench.hostile_rtsp import Harm, absurd_sps, harm_of, hostile_camera

from overt.runtime.memory_limit import MOST_BYTES


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """What became of one seed of every harm, and of the first one again."""
    with hostile_camera() as camera:
        return list(read_apart(camera, range(len(Harm) + 1)))


def test_every_harm_is_refused_or_played_in_plain_words(outcomes: list[Outcome]) -> None:
    assert {harm_of(each.seed)[0] for each in outcomes} == set(Harm)
    assert {each.ended for each in outcomes} <= {"played", "refused"}, outcomes
    assert all(
        each.why.startswith(
            ("The camera at rtsp://127", "rtsp://127", "Not one picture", "The pictures of")
        )
        for each in outcomes
        if each.ended == "refused"
    ), outcomes


def test_a_sound_stream_is_played_after_all_the_others(outcomes: list[Outcome]) -> None:
    first, last = outcomes[0], outcomes[-1]

    assert harm_of(first.seed)[0] is harm_of(last.seed)[0] is Harm.NOTHING
    assert first.frames >= 39
    assert last.frames >= 39


def test_nothing_takes_much_memory(outcomes: list[Outcome]) -> None:
    assert max(each.peak_mb for each in outcomes) < MOST_BYTES / 2**20


def test_what_is_spoilt_is_the_same_for_the_same_seed() -> None:
    assert absurd_sps(4096, 4096) == absurd_sps(4096, 4096) != absurd_sps(4096, 4095)
    assert harm_of(5) == harm_of(5)
