"""A run opens no connection: it works where there is no network, and asks for none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsals import environment, write_deployment, write_drawn_list, write_portrait_clip

pytestmark = pytest.mark.models
LISTED = 14

# Put before anything else in every Python process: whatever asks for a name or an address that
# is not this machine's writes it down and is refused.
_WATCH = """
import os, socket, sys

def _asked(event, arguments):
    if event == "socket.getaddrinfo":
        wanted = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and arguments[0].family != socket.AF_UNIX:
        wanted = arguments[1][0]
    elif event in ("socket.gethostbyname", "socket.gethostbyaddr"):
        wanted = arguments[0]
    else:
        return
    with open(os.environ["OVERT_TEST_ASKED"], "a") as asked:
        asked.write(f"{wanted}\\n")
    raise OSError("No network here.")

sys.addaudithook(_asked)
with open(os.environ["OVERT_TEST_ASKED"], "a") as asked:
    asked.write("")
"""


@pytest.fixture
def rehearsal(scratch_home: Path) -> Path:
    """A deployment file for a short rehearsal on somebody drawn."""
    write_drawn_list(scratch_home, (LISTED,))
    write_portrait_clip(scratch_home / "gate.mp4", LISTED, seconds=2)
    return write_deployment(scratch_home, {"gate": "gate.mp4"})


def _cut_off() -> list[str]:
    """Return what runs a command where there is no network at all, if this user may do that."""
    command = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None:
        return []
    possible = subprocess.run([*command, "true"], check=False, capture_output=True)
    return [] if possible.returncode else command


def test_a_run_asks_for_no_name_or_address_and_works_without_a_network(
    rehearsal: Path, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_WATCH)
    home, asked = rehearsal.parent, tmp_path / "asked"
    # An analytics library may hold back where it thinks that it runs in CI; here it must not.
    watched = {"PYTHONPATH": str(tmp_path), "OVERT_TEST_ASKED": str(asked), "CI": "false"}

    ended = subprocess.run(
        [*_cut_off(), sys.executable, "-m", "overt", "run", str(rehearsal), "--json"],
        capture_output=True,
        check=False,
        cwd=home,
        encoding="utf-8",
        env=environment(home, HOME=str(home), **watched),
        timeout=240,
    )

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["alerts"] == 1
    assert asked.read_text() == ""  # so that it did watch, too
    assert not (home / "intel").exists()


def test_the_watch_does_notice(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_WATCH)
    asked = tmp_path / "asked"
    program = "import urllib.request as r; r.urlopen('http://overt.invalid/')"

    subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "OVERT_TEST_ASKED": str(asked)},
    )

    assert asked.read_text() == "overt.invalid\n"
