"""A hardened process leaves no core file and cannot be dumped.

It is tried in processes of its own: what is hardened stays so.
"""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from overt.keys.memory import Hardening, harden_process

_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")

_STATE = """
import ctypes, resource
from overt.keys.memory import harden_process
for _ in range(2):
    done = harden_process()
print(done.no_core_files, done.not_dumpable, done.complete)
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
try:
    resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096))
    print("raised")
except (ValueError, OSError):
    print("stays")
"""

# The parent allows cores as far as it may; only hardening stands between the child and one.
_ABORT = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
child = os.fork()
if child == 0:
    from overt.keys.memory import harden_process
    if sys.argv[1] == "harden":
        harden_process()
    os.abort()
status = os.waitpid(child, 0)[1]
print(os.WTERMSIG(status), os.WCOREDUMP(status))
"""


@_linux
def test_after_it_cores_are_off_and_the_process_is_not_dumpable(tmp_path: Path) -> None:
    """R-39: plain templates exist in memory only."""
    lines = _run(_STATE, tmp_path)

    assert lines[0] == "True True True"
    assert lines[1] == "(0, 0) 0"
    # Root may raise a hard limit; anybody else may not.
    assert lines[2] in {"stays", "raised"}


@_linux
def test_an_abort_leaves_no_core_file(tmp_path: Path) -> None:
    lines = _run(_ABORT, tmp_path, "harden")

    assert lines == ["6 False"]
    assert list(tmp_path.iterdir()) == []


@_linux
def test_without_it_an_abort_would_leave_one(tmp_path: Path) -> None:
    """What the test above would see; it can only be shown where the machine writes cores."""
    lines = _run(_ABORT, tmp_path, "leave")

    if lines == ["6 False"]:
        pytest.skip("this machine writes no core files")
    assert lines == ["6 True"]


def test_what_could_not_be_done_is_said_and_nothing_is_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Elsewhere than on Linux there is no prctl, and a limit may be refused."""

    def refuse(*_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    def no_library(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr("overt.keys.memory.resource.setrlimit", refuse)
    monkeypatch.setattr(ctypes, "CDLL", no_library)

    assert harden_process() == Hardening(no_core_files=False, not_dumpable=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not harden_process().complete


def _run(source: str, folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", source, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()
