"""However a command ends, the person at the keyboard gets a line of words and a status."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from running import overt

from overt.cli.app import app
from overt.cli.boundary import FAULT, REFUSED, STOPPED, run
from overt.errors import SourceError


@contextmanager
def _command(action: Callable[[], None]) -> Iterator[None]:
    """Have a command `trial` that does `action`, for a while."""
    app.command("trial")(action)
    try:
        yield
    finally:
        app.registered_commands.pop()


def test_an_error_is_said_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise SourceError("the camera [red]north[/red] is \x1b[2Jgone.", remedy="Look for it.")

    with _command(fail):
        status = run(["trial"])

    assert status == REFUSED
    out, err = capsys.readouterr()
    assert out == ""
    assert (
        err
        == "overt: the camera [red]north[/red] is \N{REPLACEMENT CHARACTER}[2Jgone.\n  → Look for it.\n"
    )


def test_a_fault_of_ours_is_an_apology_and_never_repeats_the_exception(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError("Ada Byron, rtsp://a:hunter2@h")

    monkeypatch.delenv("OVERT_DEBUG", raising=False)
    with _command(fail):
        status = run(["trial"])

    assert status == FAULT
    err = capsys.readouterr().err
    assert err.startswith("overt: sorry, something went wrong that should not have (ValueError).\n")
    assert "OVERT_DEBUG=1" in err
    assert "Byron" not in err


def test_overt_debug_shows_where(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError("a fault")

    monkeypatch.setenv("OVERT_DEBUG", "1")
    with _command(fail):
        run(["trial"])

    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "ValueError: a fault" in err


def test_what_the_system_says_is_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device")

    with _command(fail):
        assert run(["trial"]) == FAULT

    assert "(No space left on device)" in capsys.readouterr().err


def test_ctrl_c_says_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with _command(stop):
        assert run(["trial"]) == STOPPED

    assert capsys.readouterr().err == "overt: stopped.\n"


@pytest.mark.parametrize(("asked", "status"), [(0, 0), (3, 3)])
def test_a_command_chooses_its_own_status(asked: int, status: int) -> None:
    def leave() -> None:
        raise typer.Exit(asked)

    with _command(leave):
        assert run(["trial"]) == status


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["deployment", "nonsense"], ["deployment", "new", "--kind", "covert"], ["--no"]],
)
def test_a_misunderstood_command_line_is_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2

    assert "Error: " in capsys.readouterr().err


def test_a_reader_that_has_had_enough_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    overt("deployment", "new", folder=tmp_path)

    ended = subprocess.run(
        [sys.executable, "-m", "overt", "deployment", "check", "--json"],
        check=False,
        cwd=tmp_path,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)

    assert ended.returncode == REFUSED
    assert ended.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_in_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "overt", "--help"],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    assert ended.returncode != 0
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_interrupted_process_leaves_with_130(tmp_path: Path) -> None:
    script = "import os, signal; from overt.cli.app import app; from overt.cli import main\n"
    script += "app.command('wait')(lambda: os.kill(os.getpid(), signal.SIGINT))\nmain(['wait'])"

    ended = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        capture_output=True,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )

    assert (ended.returncode, ended.stderr) == (130, "overt: stopped.\n")


def test_a_terminal_that_cannot_show_a_character_is_no_error(tmp_path: Path) -> None:
    ended = overt(
        "deployment", "check", "zürich-東京.toml", folder=tmp_path, PYTHONIOENCODING="ascii"
    )

    assert ended.returncode == REFUSED
    assert "Traceback" not in ended.stderr
    assert "there is no such file" in ended.stdout


def test_no_colour_codes_are_written_without_a_terminal(tmp_path: Path) -> None:
    ended = overt("deployment", "check", "gone.toml", folder=tmp_path)

    assert not re.search(r"\x1b", ended.stdout + ended.stderr)


def test_no_color_is_honoured_on_a_terminal(tmp_path: Path) -> None:
    coloured = overt("deployment", "new", "no/d.toml", folder=tmp_path, FORCE_COLOR="1")
    plain = overt("deployment", "new", "no/d.toml", folder=tmp_path, FORCE_COLOR="1", NO_COLOR="1")

    assert "\x1b[1;31m" in coloured.stderr
    assert "31m" not in plain.stderr
    assert "cannot be written" in plain.stderr
