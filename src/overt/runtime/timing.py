"""How long the stages of a pipeline take."""

from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import numpy as np

from overt.values import StageTime

_KEPT = 20_000  # calls a stage: over half an hour at ten frames a second


class StageClock:
    """Collects the times of named stages: of each, the latest calls.

    Several threads may add times at once; only one may ask for them.
    """

    def __init__(self) -> None:
        self._seconds: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside the `with` block as one call of the stage."""
        started = perf_counter()
        try:
            yield
        finally:
            self.add(name, perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        """Count one call that took `seconds`."""
        self._seconds[name].append(seconds)

    def restart(self) -> None:
        """Forget every call so far. No other thread may be adding times meanwhile."""
        self._seconds.clear()

    def times(self) -> tuple[StageTime, ...]:
        """Return the median and 95th percentile of every stage, in the order first met."""
        return tuple(
            StageTime(
                stage=name,
                count=len(seconds),
                p50_ms=float(np.percentile(seconds, 50)) * 1000,
                p95_ms=float(np.percentile(seconds, 95)) * 1000,
            )
            for name, seconds in self._seconds.items()
        )
