"""Live delivery: many pages listen, many alerts are worked on, and who is told of what.

The service is a process of its own, in which alerts are raised as in any other: every row of the
outbox is to reach each page it is meant for once, and no other page. Whom that is, is worked out
here from the outbox itself, without the product's own word on it. Meanwhile one page is cut off
again and again, and at the end the service is killed and begun again.
"""

import asyncio
import os
import random
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, time

import numpy as np

from bench.context import Context, MissingError
from bench.delivered import Row, due_to, rows_of, wrong_on
from bench.duty import UNITS, OnDuty, begin
from bench.memory import memory_of
from bench.results import Claim, Grid
from bench.streams import Page
from overt.vocabulary import Delivery
from overt.web.cookies import COOKIE

_ROOT = Path(__file__).parents[1]
_MOST_P95_S = 1.0
_OPENS_S = 30.0
_LOOKS_S = 0.02
_ARRIVES_S = 30.0
_MORE_S = 0.5  # in which something could come twice
_AWAY_S = 1.5  # between the service's death and its return, in which alerts are raised


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked for. `alerts` are raised at `per_s`; some more while it is restarted."""

    operators: int = 20
    officers: int = 50
    alerts: int = 1000
    per_s: float = 12.0
    cuts: int = 50


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was told to whom; `wrong` says in words what does not agree.

    Times are from the moment that a row bears, taken inside its transaction, to its receipt. An
    alert that is raised bears an earlier one, before its transaction could begin, and is left out.
    """

    pages: int
    rows: dict[str, int]
    due: int
    received: int
    cuts: int
    restarts: int
    p50_s: float
    p95_s: float
    slowest_s: float
    service_cpu_s: float
    seconds: float
    memory_before_mb: float
    memory_after_mb: float
    wrong: tuple[str, ...]

    def claims(self) -> Iterator[Claim]:
        """Return what is claimed of delivery."""
        yield Claim(
            "delivery: each event once to whom it should reach",
            "none missing, none twice, none to anybody else",
            "; ".join(self.wrong)
            or f"{self.received:,} of {self.due:,} events on {self.pages} pages, "
            f"{self.cuts} cuts, {self.restarts} restart",
            not self.wrong,
        )
        yield Claim(
            "delivery: from an act's commit to the pages, p95",
            f"≤ {_MOST_P95_S:g} s",
            f"{self.p95_s:.2f} s",
            self.p95_s <= _MOST_P95_S,
        )

    def grids(self) -> Iterator[Grid]:
        """Return the counts."""
        rows = [
            ("pages", f"{self.pages}"),
            *((f"rows: {kind}", f"{count:,}") for kind, count in sorted(self.rows.items())),
            ("events due, all pages together", f"{self.due:,}"),
            ("events received", f"{self.received:,}"),
            ("cut off and come back", f"{self.cuts}"),
            ("from an act's commit to the pages, p50 / p95 / slowest ms", self._times()),
            ("the service's processor time, of seconds", self._processor()),
            ("the service's memory before / after, MB", self._memory()),
        ]
        yield Grid("delivery: pages on one wire", ("what", "found"), tuple(rows))

    def _times(self) -> str:
        times = (self.p50_s, self.p95_s, self.slowest_s)
        return " / ".join(f"{1000 * each:.0f}" for each in times)

    def _processor(self) -> str:
        return f"{self.service_cpu_s:.1f} of {self.seconds:.0f}"

    def _memory(self) -> str:
        return f"{self.memory_before_mb:.0f} / {self.memory_after_mb:.0f}"


@dataclass(slots=True)
class _Pages:
    """Everybody's pages, one each; the first is the one that is cut off."""

    people: Sequence[OnDuty]
    all: list[Page]
    after: int
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def open(self) -> None:
        """Open them, and wait until each hears the service."""
        self.tasks = [asyncio.create_task(each.stay()) for each in self.all]
        await _until(lambda: all(each.beats for each in self.all), _OPENS_S)

    async def close(self) -> None:
        """Close them."""
        for each in self.tasks:
            each.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Service:
    """The service's process, and what was taken down of it as work began."""

    process: "subprocess.Popen[bytes]"
    memory_mb: float
    cpu_s: float
    began_s: float


def measure(context: Context) -> Delivered:
    """Deliver a thousand alerts, or a few if it must be quick."""
    load = Load(alerts=120, cuts=12) if context.quick else Load()
    with TemporaryDirectory(dir=context.cache) as folder, context.progress("delivering"):
        return deliver(Path(folder) / "home", load)


def deliver(home: Path, load: Load) -> Delivered:
    """Have alerts worked on, and pages told of them, on a new record in this folder."""
    return asyncio.run(_deliver(home, load, begin(home, load.operators, load.officers)))


async def _deliver(home: Path, load: Load, people: Sequence[OnDuty]) -> Delivered:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    opened = [Page(port, f"{COOKIE}={each.token}") for each in people]
    pages = _Pages(people, opened, after=max(each.position for each in rows_of(home, 0)))
    with _serving(home, port, load, load.alerts // 4) as process:
        await pages.open()
        service = _Service(process, memory_of(process.pid).parent, _cpu_s(process.pid), monotonic())
        cuts = await _work(home, load, process, pages.all[0])
        await _arrived(home, pages)
        figures = {
            "service_cpu_s": _cpu_s(process.pid) - service.cpu_s,
            "seconds": monotonic() - service.began_s,
            "memory_before_mb": service.memory_mb,
            "memory_after_mb": memory_of(process.pid).parent,
        }
    quiet = time()
    shift = await _shift(home, UNITS[0], max(load.alerts // 20, 4), load.per_s)
    await asyncio.sleep(_AWAY_S)
    with _serving(home, port, load, 0):
        await shift.wait()
        await _arrived(home, pages)
        await asyncio.sleep(_MORE_S)
        await pages.close()
    return _compared(rows_of(home, pages.after), pages, quiet, cuts, figures)


async def _work(home: Path, load: Load, service: "subprocess.Popen[bytes]", cut: Page) -> int:
    """Have two processes and the service's own thread raise alerts, and cut a page off meanwhile.

    Return how often it was cut off.
    """
    if service.stdin is None or service.stdout is None:
        raise TypeError("a service without its pipes")
    service.stdin.write(b"begin\n")
    service.stdin.flush()
    shifts = [
        await _shift(home, UNITS[0], load.alerts // 2, load.per_s / 2),
        await _shift(home, UNITS[1], load.alerts // 4, load.per_s / 4),
    ]
    cutting = asyncio.create_task(_cut(cut, load.cuts, load.alerts / load.per_s))
    for each in shifts:
        if await each.wait():
            raise MissingError("A writer failed.", remedy="Its words stand above.")
    await asyncio.to_thread(service.stdout.readline)  # its own thread is done
    return await cutting


async def _cut(page: Page, cuts: int, seconds: float) -> int:
    """Cut a page off at random moments of these seconds; return how often it was connected then."""
    done = 0
    while done < cuts:
        await asyncio.sleep(random.uniform(0, 1.6 * seconds / cuts))
        done += page.cut()
    return done


async def _arrived(home: Path, pages: _Pages) -> None:
    """Wait until everything has come that is due, or for so long that it does not."""
    rows = await asyncio.to_thread(rows_of, home, pages.after)
    due = [len(due_to(rows, each.person)) for each in pages.people]
    await _until(
        lambda: all(len(each.events) >= n for each, n in zip(pages.all, due, strict=True)),
        _ARRIVES_S,
    )


async def _until(holds: Callable[[], bool], most_s: float) -> None:
    for _ in range(round(most_s / _LOOKS_S)):
        if holds():
            return
        await asyncio.sleep(_LOOKS_S)


async def _shift(home: Path, unit: str, alerts: int, per_s: float) -> asyncio.subprocess.Process:
    arguments = [str(home), unit, str(alerts), str(per_s)]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.duty", *arguments, cwd=_ROOT
    )


@contextmanager
def _serving(
    home: Path, port: int, load: Load, own_alerts: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Serve in a process of its own until the block is left; then it is killed."""
    arguments = [str(home), str(port), UNITS[1], str(own_alerts), str(load.per_s / 4)]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.wired", *arguments],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _compared(
    rows: Sequence[Row], pages: _Pages, quiet: float, cuts: int, figures: Mapping[str, float]
) -> Delivered:
    due = [due_to(rows, each.person) for each in pages.people]
    of = {each.position: each for each in rows}
    times = [
        each.received - of[each.position].at
        for page in pages.all[1:]
        for each in page.events
        if each.received < quiet and each.position in of and each.kind != Delivery.ALERT_RAISED
    ]
    p50, p95, slowest = np.percentile(times, [50, 95, 100]) if times else (np.inf,) * 3
    wrong = [
        f"page {number} of a {'/'.join(who.person.roles)} of {who.person.unit}: {what}"
        for number, (who, page, mine) in enumerate(zip(pages.people, pages.all, due, strict=True))
        for what in wrong_on(page, mine, of)
    ]
    return Delivered(
        pages=len(pages.all),
        rows=dict(Counter(each.kind.value for each in rows)),
        due=sum(map(len, due)),
        received=sum(len(each.events) for each in pages.all),
        cuts=cuts,
        restarts=1,
        p50_s=float(p50),
        p95_s=float(p95),
        slowest_s=float(slowest),
        wrong=tuple(wrong),
        **figures,
    )


def _cpu_s(process_id: int) -> float:
    """Return the processor time a process has taken (proc(5): fields 14 and 15)."""
    stat = Path(f"/proc/{process_id}/stat").read_text("ascii", "replace").rpartition(")")[2]
    return sum(map(int, stat.split()[11:13])) / os.sysconf("SC_CLK_TCK")
