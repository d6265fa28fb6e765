"""Fixtures: the API of a scratch office."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_world import World, a_world

from acts import a_scene


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_scene(tmp_path) as scene, a_world(scene) as made:
        yield made


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for tests that only add to it."""
    with a_scene(tmp_path_factory.mktemp("office")) as scene, a_world(scene) as made:
        yield made
