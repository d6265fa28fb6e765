"""A real record on a real disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from overt.storage import Record


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """One record for a module's tests, which keep apart by their ids."""
    with Record.open(tmp_path_factory.mktemp("home") / "overt.sqlite3") as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test may begin a record of its own."""
    return tmp_path / "home" / "overt.sqlite3"
