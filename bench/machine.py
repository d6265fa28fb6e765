"""The stamp on every result: which machine, which software, which commit."""

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = ("av", "numpy", "opencv-python-headless", "openvino", "pillow", "scipy", "sqlalchemy")
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where and with what a result was measured.

    `load_before` is the one-minute load average at the start: a busy machine shows here.
    """

    at: str
    cpu: str
    cores: int
    memory_gib: float
    load_before: float
    system: str
    python: str
    libraries: dict[str, str]
    commit: str
    dirty: bool
    pack_id: str


def stamp(pack_id: str) -> Stamp:
    """Describe this machine and this checkout now."""
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return Stamp(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(pages * page / 2**30, 1),
        load_before=round(os.getloadavg()[0], 2),
        system=platform.platform(),
        python=platform.python_version(),
        libraries={name: _version(name) for name in _LIBRARIES},
        commit=_git("rev-parse", "HEAD"),
        dirty=bool(_git("status", "--porcelain", "--untracked-files=no")),
        pack_id=pack_id,
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
