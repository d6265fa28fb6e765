"""An office of its own for each test, on a real disk, with a clock that is moved by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acts import Scene, a_scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with a_scene(tmp_path / "home") as opened:
        yield opened
