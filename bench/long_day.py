"""Alerts of a very long day put on record one after another: what does it leave in memory?

The process that has the record outlives every camera's process, so what each alert leaves there
adds up. A soak of half an hour brings some five hundred alerts; this brings many times as many, without
cameras, in a process of its own. Each is sealed under its own key and committed with its entry.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from bench.apart import run_apart, tell
from bench.context import Context
from bench.leaks import trend
from bench.memory import sizes_of
from bench.office import alert, begin_run, crop_jpeg, filing_of, live_deployment, open_office
from bench.results import Claim, Grid
from overt.runtime.signing import Signing
from overt.runtime.standing import Authorised

_ALERTS, _QUICK_ALERTS = 12_000, 1_200
_READINGS = 12
_CROP_PX = 256
_AN_HOUR = 550  # a camera of the soak raises so many
_MOST_MB = 1.0


@dataclass(frozen=True, slots=True)
class LongDay:
    """What the process held, unshared, in MB, after so many alerts."""

    alerts: tuple[int, ...]
    held_mb: tuple[float, ...]

    def claims(self) -> Iterator[Claim]:
        """Return what may grow."""
        grown = trend(self.alerts, self.held_mb, per=_AN_HOUR)
        yield Claim(
            f"long-day, {self.alerts[-1]:,} alerts: memory of the process with the record, MB an "
            f"hour a camera at the soak's {_AN_HOUR} alerts an hour",
            f"< {_MOST_MB:g}",
            str(grown),
            grown.high < _MOST_MB if self.alerts[-1] >= _ALERTS else None,
        )

    def grids(self) -> Iterator[Grid]:
        """Return every reading."""
        heads = ("alerts", *(f"{each:,}" for each in self.alerts))
        row = ("unshared MB", *(f"{each:.1f}" for each in self.held_mb))
        yield Grid("long-day: what the process with the record holds", heads, (row,))


def long_day(cache: Path, count: int) -> LongDay:
    """Put so many alerts on record, and read now and then what this process holds."""
    every, read = count // _READINGS, list[tuple[int, float]]()
    crop = crop_jpeg(_CROP_PX)
    with (
        TemporaryDirectory(dir=cache) as folder,
        open_office(Path(folder) / "home") as office,
    ):
        filing = filing_of(
            office, begin_run(office, uuid4().hex), Authorised(office, live_deployment(office))
        )
        signing = Signing(office.log)
        for number in range(1, count + 1):
            filing.commit(alert(uuid4().hex, crop, subject=number))
            filing.make_ready()
            signing.sign_if_due()
            if number % every == 0:
                read.append((number, sizes_of(os.getpid())[2]))
        signing.close()
        filing.close()
    return LongDay(*zip(*read, strict=True))


def measure(context: Context) -> LongDay:
    """Put a long day's alerts on record, in a process apart."""
    count = _QUICK_ALERTS if context.quick else _ALERTS
    with context.progress(f"{count:,} alerts"):
        found = run_apart("bench.long_day", (context.cache, count))
    return LongDay(tuple(found["alerts"]), tuple(found["held_mb"]))


def main() -> None:
    """Put alerts on record, as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("count", type=int)
    given = parser.parse_args()
    tell(lambda: long_day(given.cache, given.count))
