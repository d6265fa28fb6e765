"""`overt --help` answers at once, because nothing heavy is imported for it."""

import subprocess
import sys

from running import overt

from overt import __version__
from overt.cli.app import COMMANDS

_HEAVY = {"numpy", "openvino", "onnx", "av", "cv2", "scipy", "PIL", "sqlalchemy", "alembic"}
_SLOW = {"pydantic", "rich.console", "tomlkit", "jinja2", "asyncio"}


def test_putting_the_command_line_together_imports_nothing_heavy() -> None:
    script = "import sys, overt.cli.app; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, encoding="utf-8"
    ).stdout.split()

    assert (_HEAVY | _SLOW).intersection(loaded) == set()


def test_checking_a_deployment_file_needs_no_arrays_or_models() -> None:
    script = "import sys, overt.deployment.file, overt.cli.examination; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, encoding="utf-8"
    ).stdout.split()

    assert _HEAVY.intersection(loaded) == set()


def test_help_lists_every_command() -> None:
    for arguments in (["--help"], ["-h"]):
        ended = overt(*arguments)
        assert ended.returncode == 0
        assert all(name in ended.stdout for name in COMMANDS)


def test_no_command_at_all_shows_the_help() -> None:
    ended = overt()

    assert "Usage: overt" in ended.stdout + ended.stderr


def test_the_version_is_shown() -> None:
    ended = overt("--version")

    assert (ended.returncode, ended.stdout) == (0, f"overt {__version__}\n")
