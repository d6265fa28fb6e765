"""Overt's folder is its user's alone."""

import stat
from pathlib import Path

import pytest

from overt.home import Home


def test_a_home_that_is_made_is_readable_by_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVERT_HOME", str(tmp_path / "a/b"))

    home = Home.current()

    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert home.models.parent == home.database.parent == home.output.parent == home.path


def test_a_home_that_cannot_be_made_is_left_to_the_first_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("OVERT_HOME", str(tmp_path / "file/home"))

    assert Home.current().path == tmp_path / "file/home"


def test_without_overt_home_the_usual_place_for_data_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OVERT_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    assert Home.current().path == tmp_path / "overt"
