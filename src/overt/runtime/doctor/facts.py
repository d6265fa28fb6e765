"""What is read of the machine, before anybody judges it. Nothing here raises: see each one."""

import os
import re
import resource
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep, time

_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_ASKED_S = 5.0
_OCTAL = re.compile(r"\\([0-7]{3})")
_CHRONY_LEAP = re.compile(r"^Leap status\s*:\s*(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Swap:
    """Where memory may be swapped to; `safe` where that is encrypted or memory itself."""

    name: str
    safe: bool


def cores() -> int:
    """Return how many cores this process may use."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes(cgroup: Path = Path("/sys/fs/cgroup/memory.max")) -> int:
    """Return how much memory this process may have: the machine's, or a container's limit."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):
        return min(whole, int(cgroup.read_text()))
    return whole


def processor_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Return the processor's flags, none where they cannot be read."""
    with suppress(OSError):
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "flags":
                return frozenset(value.split())
    return frozenset()


def file_system_of(path: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the kind of file system that a path lies on, empty where it is not known.

    The format is that of proc_pid_mountinfo(5).
    """
    place, kind, longest = path.resolve(), "", -1
    with suppress(OSError):
        for line in mountinfo.read_text().splitlines():
            before, _, after = line.partition(" - ")
            at = Path(_OCTAL.sub(lambda found: chr(int(found[1], 8)), before.split()[4]))
            if place.is_relative_to(at) and len(at.parts) >= longest:
                kind, longest = after.split()[0], len(at.parts)
    return kind


def swaps(
    table: Path = Path("/proc/swaps"), devices: Path = Path("/sys/class/block")
) -> list[Swap]:
    """Return where memory may be swapped to, none where that cannot be read."""
    with suppress(OSError):
        names = [line.split()[0] for line in table.read_text().splitlines()[1:] if line.strip()]
        return [Swap(name, _is_safe(name, devices)) for name in names]
    return []


def _is_safe(name: str, devices: Path) -> bool:
    device = Path(name).resolve().name if name.startswith("/dev/") else ""
    if device.startswith("zram"):
        return True
    with suppress(OSError):
        return (devices / device / "dm" / "uuid").read_text().startswith("CRYPT-")
    return False


def open_file_limit() -> int:
    """Return how many files this process may have open; a very large number for no limit."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return limit if limit != resource.RLIM_INFINITY else 2**31


def randomness_ready() -> bool:
    """Return whether random numbers come without waiting."""
    with suppress(AttributeError):  # elsewhere than on Linux nobody can ask
        try:
            os.getrandom(16, os.GRND_NONBLOCK)
        except BlockingIOError:
            return False
    return True


def synchronised(mark: Path = _SYNCHRONISED) -> bool | None:
    """Return whether something keeps the clock right, None where nothing says so.

    systemd-timesyncd leaves a mark; timedatectl and chronyc are asked where there is none.
    """
    if mark.exists():
        return True
    told = _output(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    if told in {"yes", "no"}:
        return told == "yes"
    return chrony_says(_output(["chronyc", "-n", "tracking"]))


def chrony_says(tracking: str) -> bool | None:
    """Return what `chronyc tracking` says of the clock, None where it says nothing."""
    found = _CHRONY_LEAP.search(tracking)
    return None if found is None else found[1].strip() != "Not synchronised"


def clock_step_s(over_s: float = 0.5) -> float:
    """Return by how much the clock ran apart from the monotonic one, over a moment."""
    began, began_s = time(), monotonic()
    sleep(over_s)
    return (time() - began) - (monotonic() - began_s)


def _output(command: Sequence[str]) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        asked = subprocess.run(
            command, capture_output=True, text=True, timeout=_ASKED_S, check=False
        )
        return asked.stdout.strip() if asked.returncode == 0 else ""
    return ""
