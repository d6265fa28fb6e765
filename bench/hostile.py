"""Streams that mean harm, by the thousand: what they do to the process that decodes them.

    python -m bench.hostile PORT FIRST COUNT

reads so many seeds of the hostile camera at PORT one after another, as a camera's process does and
under its limits, and says of each how it ended. The section runs many such processes, counts those
that died or hung, and then puts such a camera beside a sound one under the real supervisor.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from time import monotonic

from bench.context import Context
from bench.hostile_rtsp import HostileCamera, harm_of, hostile_camera
from bench.results import Claim, Grid
from overt.capture import CaptureSettings, open_source
from overt.errors import OvertError
from overt.runtime.memory_limit import MOST_BYTES, limit_memory

_AT_ONCE = 3
_A_PROCESS = 26
"""Seeds that one process reads: twice every harm, so that one stream's traces meet the next's."""

_HANGS_S = 30.0
_MOST_FRAMES = 200
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one seed: `ended` is refused, played, died, hung or wrong, `why` in words."""

    seed: int
    ended: str
    why: str = ""
    frames: int = 0
    damaged: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0


# --- the process that reads -----------------------------------------------------------------


def _read(port: int, seed: int) -> Outcome:
    settings = CaptureSettings(open_timeout_s=2.0, read_timeout_s=1.0)
    began_s, frames, damaged = monotonic(), 0, 0
    _forget_peak()
    ended, why = "played", ""
    try:
        with open_source(f"rtsp://127.0.0.1:{port}/{seed}", settings) as source:
            try:
                for frame in islice(source, _MOST_FRAMES):
                    frames += bool(frame.image.shape[0])
            finally:
                damaged = source.dropped.total()
    except OvertError as error:
        ended = "played" if frames else "refused"
        why = error.message if error.remedy else "no remedy"
    except Exception as fault:  # noqa: BLE001 - what must not happen is counted
        ended, why = "wrong", type(fault).__name__
    seconds = monotonic() - began_s
    return Outcome(
        seed, ended, why.replace(str(port), "PORT"), frames, damaged, seconds, _peak_mb()
    )


def _forget_peak() -> None:
    """Have the kernel count this process's largest memory from now on (proc(5))."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mb() -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    return int(found[1]) / 1024 if found else 0.0


def _read_all(port: int, first: int, count: int) -> None:
    limit_memory()
    for seed in range(first, first + count):
        print(json.dumps(asdict(_read(port, seed))), flush=True)


# --- who watches it -------------------------------------------------------------------------


def read_apart(camera: HostileCamera, seeds: Sequence[int]) -> Iterator[Outcome]:
    """Have consecutive seeds read in processes of their own, and yield what became of each.

    A process that dies or hangs costs its seed, and the next one goes on after it.
    """
    left = list(seeds)
    while left:
        command = [
            sys.executable,
            "-m",
            "bench.hostile",
            *map(str, (camera.port, left[0], len(left))),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=_ROOT
        ) as process:
            for outcome in _told(process):
                left.pop(0)
                yield outcome
            hung = process.poll() is None
            process.kill()
        if left:
            code = "" if hung else f"status {process.returncode}"
            yield Outcome(left.pop(0), "hung" if hung else "died", code)


def _told(process: "subprocess.Popen[str]") -> Iterator[Outcome]:
    """Yield what a process says until it ends, or says nothing for too long."""
    lines: Queue[str] = Queue()
    stdout = process.stdout
    assert stdout is not None

    def listen() -> None:
        for line in stdout:
            lines.put(line)
        lines.put("")

    Thread(target=listen, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=_HANGS_S)
        except Empty:
            return
        if not line:
            process.wait(_HANGS_S)
            return
        yield Outcome(**json.loads(line))


@dataclass(slots=True)
class Hostile:
    """What a number of seeds did, and what a sound camera noticed of a hostile one beside it."""

    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    limit_mb: float = MOST_BYTES / 2**20

    def claims(self) -> Iterator[Claim]:
        """Return what is claimed."""
        ended = Counter(each.ended for each in self.outcomes)
        yield Claim(
            "hostile streams: no error but a camera's own",
            "none",
            f"{ended['wrong']} of {len(self.outcomes):,} seeds",
            not ended["wrong"],
        )
        yield Claim(
            "hostile streams: a process that dies or hangs is the camera's own",
            "counted; every seed after it was read",
            f"{ended['died']} died, {ended['hung']} hung",
            None,
        )
        peak_mb = max(each.peak_mb for each in self.outcomes)
        yield Claim(
            "hostile streams: the memory of the process that decodes",
            f"below its limit of {self.limit_mb:,.0f} MB",
            f"{peak_mb:,.0f} MB at most",
            peak_mb < self.limit_mb,
        )

    def grids(self) -> Iterator[Grid]:
        """Return the figures."""
        columns = (
            "harm",
            "seeds",
            "played",
            "refused",
            "died",
            "hung",
            "pictures",
            "damaged",
            "peak MB",
        )
        by_harm: dict[str, list[Outcome]] = {}
        for each in self.outcomes:
            by_harm.setdefault(harm_of(each.seed)[0], []).append(each)
        rows = [(harm, *_row(found)) for harm, found in by_harm.items()]
        note = f"{len(self.outcomes):,} seeds in {self.seconds:.0f} s; a picture counts once it is RGB."
        yield Grid("hostile streams", columns, tuple(rows), note)
        said = Counter(each.why for each in self.outcomes if each.why)
        common = tuple((words, f"{count:,}") for words, count in said.most_common(12))
        yield Grid("hostile streams: what was said of them", ("message", "seeds"), common)


def _row(found: list[Outcome]) -> tuple[str, ...]:
    ended = Counter(each.ended for each in found)
    counts = [len(found), *(ended[each] for each in ("played", "refused", "died", "hung"))]
    counts += [sum(each.frames for each in found), sum(each.damaged for each in found)]
    return (*(f"{each:,}" for each in counts), f"{max(each.peak_mb for each in found):.0f}")


def measure(context: Context) -> Hostile:
    """Read two thousand seeds, or seventy-eight if it must be quick."""
    seeds = 78 if context.quick else 2002
    began_s, found = monotonic(), Hostile()
    batches = [
        range(first, min(seeds, first + _A_PROCESS)) for first in range(0, seeds, _A_PROCESS)
    ]
    waiting: Queue[range] = Queue()
    for batch in batches:
        waiting.put(batch)
    with hostile_camera() as camera, context.progress("reading hostile streams"):

        def read() -> None:
            while not waiting.empty():
                try:
                    batch = waiting.get_nowait()
                except Empty:
                    return
                found.outcomes.extend(read_apart(camera, batch))

        readers = [Thread(target=read) for _ in range(_AT_ONCE)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    found.outcomes.sort(key=lambda each: each.seed)
    found.seconds = monotonic() - began_s
    return found


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    given = parser.parse_args()
    _read_all(given.port, given.first, given.count)


if __name__ == "__main__":
    _main()
