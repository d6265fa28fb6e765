"""Writers killed at any moment, two at a time: what was confirmed is there, and there once."""

from pathlib import Path

from bench.kills import Told, examine, harass_apart

_KILLS, _ACTS = 12, 150  # `python -m bench kills` does it 120 times, with 12,000 acts


def test_what_was_confirmed_is_on_record_once_however_often_writers_are_killed(home: Path) -> None:
    """R-58: alerts, decisions, outcomes and their entries, each there once, in a whole log."""
    found = examine(home, harass_apart(home, _KILLS, _ACTS))

    print(found)
    assert found.wrong == ()
    assert sum(found.kills.values()) >= _KILLS
    assert sum(found.confirmed.values()) >= _ACTS
    assert found.entries >= sum(found.confirmed.values())


def test_what_was_never_done_is_missed(home: Path) -> None:
    told = harass_apart(home, kills=0, acts=0)
    told.confirmed["raise"].append("1a" * 16)

    assert examine(home, told).wrong == ("alert.raised: 1 confirmed are not on the log",)


def test_what_was_done_without_being_asked_for_is_noticed(home: Path) -> None:
    told = harass_apart(home, kills=2, acts=9)

    wrong = examine(home, Told(told.confirmed | {"close": []})).wrong

    assert any("nobody asked for" in each for each in wrong)
