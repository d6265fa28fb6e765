"""Fixtures for every room: the data beside the project, and the standard model pack."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from overt.errors import ModelError
from overt.home import Home
from overt.vision.store import ModelStore, Pack

_ROOT = Path(__file__).parents[1]

# No deadline: a busy machine is not a wrong answer.
settings.register_profile("overt", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("overt")


def _absent(what: str, remedy: str) -> None:
    """Skip with a clear word; where OVERT_REQUIRE says that it must be there, fail instead."""
    if what in os.environ.get("OVERT_REQUIRE", "").split(","):
        pytest.fail(f"{what} is required here and missing. {remedy}")
    pytest.skip(f"{what} is missing. {remedy}")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The test data beside the project; never copied into it."""
    folder = Path(os.environ.get("OVERT_DATA", _ROOT / "../shared/data"))
    if not folder.is_dir():
        _absent("data", f"Set OVERT_DATA; {folder} is not there.")
    return folder.resolve()


@pytest.fixture(scope="session")
def store() -> ModelStore:
    """The user's own model store, as `overt models pull` filled it."""
    return ModelStore(Home.current().models)


@pytest.fixture(scope="session")
def pack(store: ModelStore) -> Pack:
    """The standard model pack."""
    try:
        return store.load("standard")
    except ModelError as error:
        _absent("models", error.remedy)
        raise


@pytest.fixture(scope="session")
def new_home(
    store: ModelStore, pack: Pack, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Path]:
    """Make folders to be used as OVERT_HOME, empty but for the user's own model store."""

    def make() -> Path:
        home = tmp_path_factory.mktemp("home")
        (home / "models").symlink_to(store.folder.absolute())
        return home

    return make


@pytest.fixture
def scratch_home(new_home: Callable[[], Path]) -> Path:
    """A folder to be used as OVERT_HOME by one test."""
    return new_home()
