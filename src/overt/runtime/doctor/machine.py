"""What the machine is: its processor, its memory, its disks, and what the system allows us."""

from collections.abc import Collection, Sequence

from overt.keys.memory import Hardening
from overt.runtime.doctor.facts import Swap
from overt.runtime.doctor.findings import Finding, attention, fine, wrong
from overt.runtime.readiness import DISK_FLOOR_BYTES

_OLDEST_PYTHON = (3, 11)
_FEWEST_CORES, _LEAST_MEMORY = 2, 4_000_000_000
_ROOMY_BYTES = 10 * DISK_FLOOR_BYTES
_FEWEST_FILES, _ENOUGH_FILES = 256, 1024

_INSTRUCTIONS = {"avx2": "AVX2", "avx512f": "AVX-512", "amx_tile": "AMX"}

_NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "fuse.sshfs", "glusterfs", "fuse.glusterfs", "gpfs"}
    | {"lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "virtiofs"}
)
_PASSING = frozenset({"tmpfs", "ramfs", "overlay"})


def python(version: tuple[int, int, int], system: str) -> Finding:
    """Judge the Python version, and the operating system's name as `platform.system` gives it."""
    words = f"Python {'.'.join(map(str, version))} on {system}."
    if version[:2] < _OLDEST_PYTHON:
        return wrong("python", words, "Install Python 3.11 or later.")
    if system != "Linux":
        return attention(
            "python", words, "Run deployments on Linux; elsewhere Overt is not tested."
        )
    return fine("python", words)


def processor(cores: int, memory_bytes: int) -> Finding:
    """Judge the cores that this process may use, and the memory that it may have."""
    words = f"{cores} cores and {memory_bytes / 1e9:.1f} GB of memory."
    if cores < _FEWEST_CORES or memory_bytes < _LEAST_MEMORY:
        return attention(
            "processor",
            words,
            "Two cores and 4 GB are the least for a camera; docs/how-to/look-after-live-cameras.md "
            "says how to find out how many a machine carries.",
        )
    return fine("processor", words)


def instructions(flags: Collection[str], machine: str) -> Finding:
    """Judge the processor's vector instructions, by the flags of /proc/cpuinfo."""
    if machine not in {"x86_64", "AMD64"}:
        return fine("instructions", f"The processor is of the kind {machine}.")
    known = [name for flag, name in _INSTRUCTIONS.items() if flag in flags]
    if "avx2" not in flags:
        return attention(
            "instructions",
            "The processor has no AVX2, or the virtual machine hides it.",
            "Have the virtual machine pass its host's processor through; inference is much slower "
            "without.",
        )
    return fine("instructions", f"The processor has {', '.join(known)}.")


def disk_space(name: str, free_bytes: int) -> Finding:
    """Judge the room on the disk of `name`, such as "disk of the record"."""
    words = f"{free_bytes / 1e9:.1f} GB free."
    if free_bytes < DISK_FLOOR_BYTES:
        return wrong(name, words, "Free space: at least 5 GB. Nothing can be kept on a full disk.")
    if free_bytes < _ROOMY_BYTES:
        return attention(name, words, "Free space: 5 GB is a good reserve.")
    return fine(name, words)


def file_system(kind: str) -> Finding:
    """Judge the file system that the record lies on, by its name in /proc/self/mountinfo."""
    name = "file system of the record"
    if kind in _NETWORK:
        return wrong(
            name,
            f"The record lies on a network file system ({kind}).",
            "Set OVERT_HOME to a folder on a local disk: locks and syncs of shares do not hold.",
        )
    if kind in _PASSING:
        return attention(
            name,
            f"The record lies on {kind}, which is gone with the machine or the container.",
            "Set OVERT_HOME to a folder on a disk or a volume that lasts.",
        )
    if not kind:
        return attention(
            name, "What the record lies on is not known.", "See that it is a local disk."
        )
    return fine(name, f"The record lies on {kind}.")


def entropy(*, ready: bool) -> Finding:
    """Judge whether the kernel gives random numbers without waiting."""
    if not ready:
        return wrong(
            "randomness",
            "The kernel has not gathered enough randomness yet.",
            "Wait until the machine has been up for longer, or give the virtual machine virtio-rng.",
        )
    return fine("randomness", "The kernel's random numbers are ready.")


def open_files(limit: int) -> Finding:
    """Judge how many files this process may have open."""
    words = f"{limit:,} files may be open at once."
    remedy = "Raise it: ulimit -n 4096, or LimitNOFILE=4096 in the unit."
    if limit < _FEWEST_FILES:
        return wrong("open files", words, remedy)
    if limit < _ENOUGH_FILES:
        return attention("open files", words, remedy)
    return fine("open files", words)


def core_dumps(hardening: Hardening) -> Finding:
    """Judge what a process of ours could do to keep its memory out of core files."""
    if not hardening.no_core_files:
        return wrong(
            "core dumps", "Core files cannot be switched off.", "Run: ulimit -c 0 before it starts."
        )
    if not hardening.not_dumpable:
        return attention(
            "core dumps",
            "No core files are written, but other processes of this user can read its memory.",
            "Run deployments on Linux, as a user of their own.",
        )
    return fine("core dumps", "No core files are written, and nobody else reads its memory.")


def swap(swaps: Sequence[Swap]) -> Finding:
    """Judge where the memory of processes may be written to."""
    bare = [each.name for each in swaps if not each.safe]
    if bare:
        return attention(
            "swap",
            f"Memory may be written to {', '.join(bare)} unencrypted: keys and templates too.",
            "Switch swap off (swapoff -a), encrypt it, or set MemorySwapMax=0 in the unit.",
        )
    return fine("swap", "Swap is encrypted or in memory." if swaps else "There is no swap.")
