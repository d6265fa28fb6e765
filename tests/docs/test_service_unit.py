"""The systemd unit: what it takes away, what it must not, and that systemd can read it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_UNIT = _ROOT / "packaging" / "overt.service"
_PROGRAM = "/opt/overt/bin/overt"


def _settings() -> dict[str, str]:
    lines = _UNIT.read_text("utf-8").splitlines()
    given = [line for line in lines if "=" in line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Type", "notify"),
        ("Restart", "on-failure"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("NoNewPrivileges", "yes"),
        ("PrivateTmp", "yes"),
        ("CapabilityBoundingSet", ""),
        ("LimitCORE", "0"),
        ("MemorySwapMax", "0"),
        ("UMask", "0077"),
        ("StateDirectoryMode", "0700"),
    ],
)
def test_the_unit_keeps_what_its_page_says(name: str, value: str) -> None:
    assert _settings()[name] == value


def test_networks_can_be_compiled() -> None:
    assert "MemoryDenyWriteExecute" not in _settings()


def test_it_hears_from_the_service_often_enough() -> None:
    assert int(_settings()["WatchdogSec"]) >= 10, "signs of life come once in ten seconds or less"
    assert int(_settings()["TimeoutStopSec"]) >= 45, "runs are given forty seconds to end"


def test_no_key_stands_in_it() -> None:
    assert not [name for name in _settings() if "KEY" in name.upper()]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_can_read_it(tmp_path: Path) -> None:
    unit = tmp_path / "overt.service"
    unit.write_text(_UNIT.read_text("utf-8").replace(_PROGRAM, sys.executable), "utf-8")

    read = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )

    assert (read.returncode, read.stderr) == (0, "")
