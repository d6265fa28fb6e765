"""Enrolment of every photograph of LFW's development half: how fast, and none lost silently."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from bench.context import Context
from bench.lists import checked, every_photograph, keep_for_bench
from bench.results import Claim, Grid
from overt.runtime.decoder import Decoder
from overt.watchlist.enrolment import enrol

QUICK_PHOTOGRAPHS = 500


@dataclass(frozen=True, slots=True)
class EnrolmentResult:
    """What became of every photograph.

    A row with two reasons counts under both in `refused_by_reason`, and once in `refused`.
    """

    photographs: int
    accepted: int
    refused: int
    refused_by_reason: dict[str, int]
    seconds: float

    @property
    def photographs_per_second(self) -> float:
        """Photographs enrolled or refused in a second, by one thread."""
        return self.photographs / self.seconds

    @property
    def accounted_for(self) -> bool:
        """Whether every photograph was accepted or refused with a reason."""
        return self.accepted + self.refused == self.photographs

    def claims(self) -> Iterator[Claim]:
        """Return the claims on speed and on the sum."""
        yield Claim(
            "enrolment: photographs a second",
            "≥ 12",
            f"{self.photographs_per_second:.1f}",
            self.photographs_per_second >= 12,
        )
        yield Claim(
            "enrolment: photographs accounted for",
            f"all {self.photographs:,}",
            f"{self.accepted:,} accepted + {self.refused:,} refused",
            self.accounted_for,
        )

    def grids(self) -> Iterator[Grid]:
        """Return the refusals by reason."""
        rows = tuple((reason, str(count)) for reason, count in self.refused_by_reason.items())
        yield Grid(
            "enrolment: refused photographs",
            ("refused because", "photographs"),
            rows or (("nothing was refused", "0"),),
            f"{self.photographs:,} photographs in {self.seconds:.0f} s, by one thread.",
        )


def measure(context: Context) -> EnrolmentResult:
    """Enrol the photographs, and keep the list for the section on accuracy."""
    source = checked(every_photograph(context, QUICK_PHOTOGRAPHS if context.quick else None))
    with context.progress("enrolling") as progress, Decoder() as decoder:
        started = perf_counter()
        report = enrol(source, context.pack, decoder.decode, progress)
        seconds = perf_counter() - started
    keep_for_bench(context, report.watchlist)
    refused = [result for result in report.results if result.reference is None]
    return EnrolmentResult(
        photographs=len(source.rows),
        accepted=report.accepted,
        refused=sum(bool(result.refusals) for result in refused),
        refused_by_reason={str(reason): n for reason, n in report.refused.most_common()},
        seconds=seconds,
    )
