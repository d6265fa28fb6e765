"""Fixtures of this room: an office in a home of its own, and a team of it."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from authorised import Team, a_team
from overt.home import Home
from overt.people.office import Office
from overt.runtime.decoder import Decoder


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause of the machine is no fault of a picture that is being enrolled."""
    monkeypatch.setattr("overt.runtime.preparation.Decoder", partial(Decoder, limit_s=30.0))


@pytest.fixture(scope="module")
def office(new_home: Callable[[], Path]) -> Iterator[Office]:
    """An office that a module's tests share."""
    with Office.open(Home(new_home())) as opened:
        yield opened


@pytest.fixture(scope="module")
def team(office: Office) -> Team:
    """Its people, one of each role."""
    return a_team(office)
