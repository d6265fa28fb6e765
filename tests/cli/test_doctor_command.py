"""`overt doctor`: what it shows, and how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
import typer
from typer.testing import CliRunner, Result

from overt.cli import doctor
from overt.home import Home
from overt.runtime.doctor import Finding, Standing


class Run(Protocol):
    """Runs the command."""

    def __call__(self, findings: list[Finding], *arguments: str) -> Result:
        """Return what it showed and how it ended."""


_FINE = Finding("swap", Standing.FINE, "There is no swap.")
_ATTENTION = Finding("clock", Standing.ATTENTION, "Nobody keeps it.", "Run chrony.")
_WRONG = Finding("record", Standing.WRONG, "It is damaged.", "Go on from a copy.")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs the command on a machine of which these findings are made."""
    monkeypatch.setenv("OVERT_HOME", str(tmp_path))

    def ran(findings: list[Finding], *arguments: str) -> Result:
        def checkup(home: Home, setting: str, deployment: Path | None) -> Iterator[Finding]:
            assert (home.path, setting) == (tmp_path, "local")
            assert deployment == (Path("day.toml") if "--deployment" in arguments else None)
            yield from findings

        monkeypatch.setattr("overt.runtime.doctor.checkup", checkup)
        app = typer.Typer()
        doctor.register(app)
        return CliRunner().invoke(app, list(arguments))

    monkeypatch.delenv("OVERT_MASTER_KEY", raising=False)
    return ran


@pytest.mark.parametrize(
    ("findings", "status"), [([_FINE, _ATTENTION], 0), ([_FINE, _WRONG], 1), ([_WRONG], 1)]
)
def test_only_what_is_wrong_ends_it_with_a_status(
    run: Run, findings: list[Finding], status: int
) -> None:
    assert run(findings).exit_code == status
    assert run(findings, "--json").exit_code == status


def test_what_is_found_is_shown_with_what_to_do(run: Run) -> None:
    shown = run([_FINE, _ATTENTION, _WRONG], "--deployment", "day.toml").output

    assert "fine       swap: There is no swap." in shown
    assert "attention  clock: Nobody keeps it.\n           → Run chrony." in shown
    assert "wrong      record: It is damaged.\n           → Go on from a copy." in shown
    assert shown.endswith("1 fine, 1 attention, 1 wrong.\n")


def test_programs_get_the_same(run: Run) -> None:
    told = json.loads(run([_FINE, _WRONG], "--json").output)

    assert told["counts"] == {"fine": 1, "attention": 0, "wrong": 1}
    assert told["findings"][1] == {
        "name": "record",
        "standing": "wrong",
        "words": "It is damaged.",
        "remedy": "Go on from a copy.",
    }
