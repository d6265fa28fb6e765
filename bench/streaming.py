"""Memory and time of evaluations too large to hold, each in a process of its own.

    python -m bench.streaming REFERENCES PROBES VARIANT   (prints one row as JSON)

Templates are random: a search of them takes as long as one of faces. A tenth of the probes are
of somebody listed. All scores together would take four bytes times references times probes.
"""

import argparse
import json
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
from overt.evaluation.curves import det
from overt.evaluation.drawing import Probes, Split
from overt.evaluation.open_set import search
from overt.evaluation.variants import MAIN, VARIANTS
from overt.values import Templates

_JUDGED, _LIMIT_MB = 100_000, 2_000
_SIZES = ((20_000, 20_000), (_JUDGED, _JUDGED))
_QUICK_SIZES = ((5_000, 5_000), (20_000, 20_000))
_DIMENSION = 128


@dataclass(frozen=True, slots=True)
class Streamed:
    """One evaluation; `peak_mb` is the whole process's, `matrix_mb` what its scores would take."""

    variant: str
    references: int
    probes: int
    seconds: float
    peak_mb: float
    matrix_mb: float
    points: int


@dataclass(frozen=True, slots=True)
class StreamingResult:
    """Every size with every main variant."""

    evaluations: tuple[Streamed, ...]

    def claims(self) -> Iterator[Claim]:
        """Return the claim on memory, where that size was measured."""
        judged = [each for each in self.evaluations if each.references == _JUDGED]
        if judged:
            highest = max(each.peak_mb for each in judged)
            yield Claim(
                f"streaming: peak memory at {_JUDGED:,} references by {_JUDGED:,} probes",
                f"≤ {_LIMIT_MB:,} MB",
                f"{highest:,.0f} MB",
                highest <= _LIMIT_MB,
            )

    def grids(self) -> Iterator[Grid]:
        """Return the table of memory and time."""
        yield Grid(
            "streaming: evaluations that are never held whole",
            ("score", "references", "probes", "s", "peak MB", "all scores would take MB"),
            tuple(
                (
                    each.variant,
                    f"{each.references:,}",
                    f"{each.probes:,}",
                    f"{each.seconds:.0f}",
                    f"{each.peak_mb:,.0f}",
                    f"{each.matrix_mb:,.0f}",
                )
                for each in self.evaluations
            ),
            f"Random templates of {_DIMENSION} values, one reference a subject; the DET curve "
            "of all searches is in the time. Peak is the process's, with Python and NumPy.",
        )


def measure(context: Context) -> StreamingResult:
    """Evaluate every size with every main variant, each in a process of its own."""
    sizes = _QUICK_SIZES if context.quick else _SIZES
    jobs = [(*size, variant.name) for size in sizes for variant in MAIN]
    found = []
    with context.progress("streaming") as progress:
        for done, job in enumerate(jobs):
            progress(done, len(jobs))
            found.append(_apart(*job))
    return StreamingResult(tuple(found))


def _apart(references: int, probes: int, variant: str) -> Streamed:
    done = subprocess.run(
        [sys.executable, "-m", "bench.streaming", str(references), str(probes), variant],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OvertError(f"Streaming {references:,} references failed: {done.stderr[-200:]}")
    return Streamed(**json.loads(done.stdout))


def _measure_here(references: int, probes: int, variant: str) -> dict[str, float | str]:
    templates = random_templates(references + probes, _DIMENSION)
    mated = probes // 10
    _make_alike(templates, references, mated)
    started = perf_counter()
    scores = search(templates, _split(references, probes, mated), VARIANTS[variant])
    curve = det(scores.mated, scores.non_mated)
    return {
        "variant": variant,
        "references": references,
        "probes": probes,
        "seconds": perf_counter() - started,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1.024e-3,
        "matrix_mb": references * probes * 4e-6,
        "points": len(curve.thresholds),
    }


def _make_alike(templates: Templates, references: int, mated: int) -> None:
    """Make the first `mated` probes somewhat like the reference of the same number."""
    probes = templates[references : references + mated]
    probes += templates[np.arange(mated) % references]
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)


def _split(references: int, probes: int, mated: int) -> Split:
    subjects = np.arange(references + probes, dtype=np.int32)
    own, others = subjects[references : references + mated], subjects[references + mated :]
    return Split(
        number=0,
        listed=subjects[:references],
        references=subjects[:references],
        owners=subjects[:references],
        outside=subjects[:0],
        mated=Probes(own[:, None], (own - references) % np.int32(references)),
        non_mated=Probes(others[:, None], others),
    )


def main() -> None:
    """Measure one size and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("references", type=int)
    parser.add_argument("probes", type=int)
    parser.add_argument("variant", choices=sorted(VARIANTS))
    given = parser.parse_args()
    print(json.dumps(_measure_here(given.references, given.probes, given.variant)))


if __name__ == "__main__":
    main()
