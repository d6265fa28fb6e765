"""The threat model and the page on deletion name tests for their claims, and those exist."""

import re

import pytest
from pages import ROOT, rows
from test_requirements import _exists

_PAGE = (ROOT / "docs" / "security" / "threat-model.md").read_text("utf-8")
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
_DELETION = (ROOT / "docs" / "explanation" / "deletion.md").read_text("utf-8")
_PARTS = re.split(r"^## ", _PAGE, flags=re.MULTILINE)[1:]
_ATTACKERS = [part for part in _PARTS if part.startswith(("Who ", "A hostile "))]


@pytest.mark.parametrize(("page", "least"), [(_PAGE, 50), (_DELETION, 10)], ids=["it", "deletion"])
def test_every_test_that_it_names_exists(page: str, least: int) -> None:
    named = set(_TEST.findall(page))

    assert len(named) >= least
    assert sorted(each for each in named if not _exists(*each)) == []


@pytest.mark.parametrize("part", _ATTACKERS, ids=lambda part: part.splitlines()[0])
def test_every_attacker_has_what_they_cannot_do_and_what_they_can(part: str) -> None:
    assert rows(part, 3), "no table of what they cannot do"
    assert re.search(r"^They can:$", part, re.MULTILINE), "nothing is said of what they can do"


@pytest.mark.parametrize("part", _ATTACKERS, ids=lambda part: part.splitlines()[0])
def test_what_they_cannot_do_is_shown_by_a_test(part: str) -> None:
    for claim, mechanism, shown in rows(part, 3):
        assert mechanism, claim
        assert _TEST.findall(shown), f"{claim}: which test shows it?"


def test_no_attacker_is_left_out() -> None:
    assert len(_ATTACKERS) >= 11
