"""How much memory a process and its children take, read from `/proc` (Linux)."""

from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """Peaks over a run, in MB (10^6 bytes); zero where the system does not tell.

    `parent` and `camera` are the resident sizes of the two processes. `resident` is the peak of
    the sum over all, which counts shared libraries once a process; `proportional` (PSS) counts
    each shared page once, and `unshared` (USS) only what would be free if the run ended.
    """

    parent: float = 0.0
    camera: float = 0.0
    resident: float = 0.0
    proportional: float = 0.0
    unshared: float = 0.0

    def higher_of(self, other: "Memory") -> "Memory":
        """Return the higher of each figure."""
        return Memory(*(max(getattr(self, n), getattr(other, n)) for n in Memory.__slots__))


def memory_of(process_id: int) -> Memory:
    """Return what a process and its children take now; the largest child is the camera."""
    parent = sizes_of(process_id)
    children = [sizes_of(child) for child in children_of(process_id)]
    return Memory(
        parent=parent[0],
        camera=max((child[0] for child in children), default=0.0),
        resident=parent[0] + sum(child[0] for child in children),
        proportional=parent[1] + sum(child[1] for child in children),
        unshared=parent[2] + sum(child[2] for child in children),
    )


def memory_below(process_id: int, program: str) -> Memory:
    """Return what all processes of a program take together that a process has started."""
    sizes = [sizes_of(each) for each in below(process_id) if program in _program(each)]
    resident, proportional, unshared = (
        (sum(each) for each in zip(*sizes, strict=True)) if sizes else (0.0,) * 3
    )
    return Memory(resident=resident, proportional=proportional, unshared=unshared)


def below(process_id: int) -> list[int]:
    """Return every process that a process has started, and those that these have."""
    children = children_of(process_id)
    return [*children, *(each for child in children for each in below(child))]


def _program(process_id: int) -> str:
    try:
        return (_PROC / str(process_id) / "cmdline").read_text("utf-8", "replace").split("\0")[0]
    except OSError:
        return ""  # it is gone


def sizes_of(process_id: int) -> tuple[float, float, float]:
    """Return resident, proportional and unshared size in MB; zeros for a process that is gone."""
    try:
        lines = (_PROC / str(process_id) / "smaps_rollup").read_text("ascii").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return 0.0, 0.0, 0.0
    kib = {name: int(rest.split()[0]) for name, rest in (line.split(":", 1) for line in lines)}
    unshared = kib["Private_Clean"] + kib["Private_Dirty"]
    return kib["Rss"] * 1.024e-3, kib["Pss"] * 1.024e-3, unshared * 1.024e-3


def children_of(process_id: int) -> list[int]:
    """Return the processes that a process has started and that are still there."""
    found = []
    for stat in _PROC.glob("[0-9]*/stat"):
        try:
            # A process's name, in brackets, may hold anything; its parent is the second after.
            parent = int(stat.read_text("ascii", "replace").rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if parent == process_id:
            found.append(int(stat.parent.name))
    return found
