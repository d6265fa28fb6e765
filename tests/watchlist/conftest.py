"""What the tests of the watchlist room share: checked lists, and drawn people's pictures."""

from collections.abc import Callable
from pathlib import Path

import pytest
from example_lists import RULES, TODAY, numbered

from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person
from overt.values import RGBImage
from overt.watchlist.entries import CheckedList, ListSource, check_list
from overt.watchlist.rows import Row, write_rows
from overt.watchlist.rules import ListRules


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., CheckedList]:
    """Write rows into a list beside `tmp_path/pictures`, and check it."""

    def check(*rows: Row, rules: ListRules = RULES) -> CheckedList:
        pictures = tmp_path / "pictures"
        pictures.mkdir(exist_ok=True)
        write_rows(tmp_path / "list.csv", numbered(rows))
        return check_list(ListSource(tmp_path / "list.csv", pictures, rules, TODAY))

    return check


@pytest.fixture(scope="session")
def faces() -> list[RGBImage]:
    """Portraits of four drawn people, `(600, 480, 3)` each; nobody real."""
    return [portrait(Person.from_seed(seed)) for seed in (3, 14, 15, 92)]
