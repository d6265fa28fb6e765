"""Search time against list size, each size in a process of its own.

    python -m bench.search SIZE DIMENSION COHORT   (prints one row as JSON)

The references are random unit vectors: an exact search takes as long for them as for faces.
Its own process, because the number of BLAS threads is fixed when NumPy is loaded, and because
peak memory is then the list's own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from bench.context import Context
from bench.lists import random_templates
from bench.results import Claim, Grid
from overt.errors import OvertError
from overt.matching import gallery

_SIZES = ((1_000, 128), (16_000, 128), (16_000, 512), (100_000, 128), (1_000_000, 128))
_QUICK_SIZES = ((1_000, 128), (16_000, 128), (100_000, 128))
_MILLION_COHORT = 2_048  # with 16,384, building would take minutes and searching the same
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_LIMITS_MS = {16_000: 1.0, 1_000_000: 100.0}


@dataclass(frozen=True, slots=True)
class SearchTime:
    """One list size. `threads` is BLAS's; `memory_mb` is what list and building add to the peak."""

    references: int
    dimension: int
    cohort: int
    threads: int
    p50_ms: float
    p95_ms: float
    searches: int
    building_s: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Every list size, with one BLAS thread and with one a core, as BLAS would choose."""

    times: tuple[SearchTime, ...]

    def claims(self) -> Iterator[Claim]:
        """Return the claims on search time; judged is one thread, as cameras run."""
        for references, limit_ms in _LIMITS_MS.items():
            times = [t for t in self.times if (t.references, t.dimension) == (references, 128)]
            if times:
                yield Claim(
                    f"search: median at {references:,} references, normalised",
                    f"≤ {limit_ms:g} ms",
                    ", ".join(f"{t.p50_ms:.2f} ms ({t.threads} thr.)" for t in times),
                    next(t for t in times if t.threads == 1).p50_ms <= limit_ms,
                )

    def grids(self) -> Iterator[Grid]:
        """Return the table of times."""
        rows = tuple(
            (
                f"{t.references:,}",
                str(t.dimension),
                f"{t.cohort:,}",
                str(t.threads),
                f"{t.p50_ms:.3f}",
                f"{t.p95_ms:.3f}",
                f"{t.building_s:.1f}",
                f"{t.memory_mb:.0f}",
            )
            for t in self.times
        )
        heads = (
            "references",
            "d",
            "cohort",
            "BLAS threads",
            "p50 ms",
            "p95 ms",
            "building s",
            "MB",
        )
        yield Grid(
            "search: one probe, five candidates, normalised",
            heads,
            rows,
            "Random references. The cohort of the million is smaller than production's "
            f"{gallery.LARGEST_COHORT:,}, to build it sooner; MB is what list and building add to the process.",
        )


def measure(context: Context) -> SearchResult:
    """Measure every size, alone and with all threads."""
    sizes = _QUICK_SIZES if context.quick else _SIZES
    jobs = [(*size, threads) for size in sizes for threads in _threads()]
    times = []
    with context.progress("searching") as progress:
        for done, job in enumerate(jobs):
            progress(done, len(jobs))
            times.append(_apart(*job))
    return SearchResult(tuple(times))


def _apart(references: int, dimension: int, threads: int) -> SearchTime:
    cohort = _MILLION_COHORT if references > 100_000 else gallery.LARGEST_COHORT
    arguments = [str(number) for number in (references, dimension, cohort)]
    environment = {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(threads))}
    done = subprocess.run(
        [sys.executable, "-m", "bench.search", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OvertError(f"The search at {references:,} references failed: {done.stderr[-200:]}")
    return SearchTime(**json.loads(done.stdout), threads=threads)


def _threads() -> list[int]:
    return sorted({1, len(os.sched_getaffinity(0))})


def _measure_here(references: int, dimension: int, cohort: int) -> dict[str, float]:
    gallery.LARGEST_COHORT = cohort
    before = _peak_mb()
    rows = random_templates(references, dimension)
    names = [str(number) for number in range(references)]
    started = perf_counter()
    built = gallery.Gallery(names, rows, "bench")
    building_s, growth = perf_counter() - started, _peak_mb() - before
    seconds = list(_searches(built, dimension, count=50 if references > 100_000 else 400))
    return {
        "references": references,
        "dimension": dimension,
        "cohort": min(cohort, references),
        "p50_ms": float(np.percentile(seconds, 50)) * 1000,
        "p95_ms": float(np.percentile(seconds, 95)) * 1000,
        "searches": len(seconds),
        "building_s": building_s,
        "memory_mb": growth,
    }


def _searches(built: gallery.Gallery, dimension: int, count: int) -> Iterator[float]:
    random = np.random.default_rng(1)
    for number in range(count + 5):
        probe = random.standard_normal(dimension, dtype=np.float32)
        probe /= np.linalg.norm(probe)
        started = perf_counter()
        built.search(probe, "bench")
        if number >= 5:  # the first few load caches
            yield perf_counter() - started


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1.024e-3


def main() -> None:
    """Measure one size and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("references", "dimension", "cohort"):
        parser.add_argument(name, type=int)
    given = parser.parse_args()
    print(json.dumps(_measure_here(given.references, given.dimension, given.cohort)))


if __name__ == "__main__":
    main()
