"""A real record on a real disk, with its keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from example_records import a_record
from overt.storage import Record


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """One record for a module's tests, which keep apart by their ids."""
    with a_record(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture
def own_record(home: Path) -> Iterator[Record]:
    """A record that one test has to itself."""
    with a_record(home) as opened:
        yield opened


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a test may begin a record and a key store of its own."""
    return tmp_path / "home"


@pytest.fixture
def path(home: Path) -> Path:
    """Where the record in that folder is."""
    return home / "overt.sqlite3"
