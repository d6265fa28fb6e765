"""What made a report: Overt's version and commit, the machine, the pack, the policy, the time."""

import json
import os
import platform
import resource
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from overt import __version__
from overt.deployment.policy import Policy
from overt.evaluation.report import Machine, NamedHash, PackFacts, Stamp
from overt.vision.store import Pack

UNKNOWN = "unknown"

_GIT_SECONDS = 10


def stamp(
    command: str,
    seed: int,
    pack: Pack,
    policy: Policy | None,
    seconds: dict[str, float],
    made_at: datetime | None = None,
) -> Stamp:
    """Return the stamp of a report that is made now, or at an aware moment.

    `seconds` says how long each step took.
    """
    return Stamp(
        overt=__version__,
        commit=commit(),
        command=command,
        seed=seed,
        pack=_pack(pack),
        policy=NamedHash(policy.version, policy.sha256) if policy else None,
        machine=machine(),
        made_at=(made_at or datetime.now(UTC)).isoformat(timespec="seconds"),
        seconds=seconds,
        peak_memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def machine() -> Machine:
    """Describe this machine."""
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(pages * page / 2**30, 1),
        system=platform.platform(),
        python=platform.python_version(),
    )


def commit() -> str:
    """Return the commit that Overt runs from, with "+" where files differ from it.

    A checkout is asked first, then what pip wrote down of where it installed from; without
    either it is "unknown".
    """
    return _checkout(Path(__file__).resolve().parents[3]) or _installed() or UNKNOWN


def _pack(pack: Pack) -> PackFacts:
    files = tuple(NamedHash(file.name, file.sha256) for file in pack.manifest.file)
    return PackFacts(pack.manifest.name, pack.id, files)


def _checkout(root: Path) -> str:
    if not (root / ".git").exists() or not (root / "src" / "overt").is_dir():
        return ""  # another project's repository, whose commit says nothing of ours
    head = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "src")
    return f"{head}+" if head and changed else head


def _installed() -> str:
    try:
        told = distribution("overt").read_text("direct_url.json")
        return str(json.loads(told or "{}").get("vcs_info", {}).get("commit_id", ""))
    except (PackageNotFoundError, ValueError):
        return ""


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_GIT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
