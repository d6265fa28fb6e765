"""How long it takes from a frame to a card on an operator's screen, and how old live pictures are.

    python -m bench console

A service as `overt serve` runs it, a camera at 1080p at its own pace before 12,000 references,
and an operator in a real Chromium who has signed in, started the deployment and sits at the
console with the live pictures on; all of it on two cores.

Times of the service are the system's clock, as the record has them; those of the page are
`Date.now()`, which in a browser on the same machine is the same clock, to the millisecond. A
script that is there before the page's own notes when an event comes, when the card is in the
document and when it has been painted (two animation frames on), and how old each live picture is
when it has been drawn.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import numpy as np
import pyotp
from playwright.sync_api import Page, sync_playwright

from bench.console_scene import REFERENCES, Ready, ready
from bench.context import Context, MissingError
from bench.memory import Memory, memory_below, memory_of
from bench.results import Claim, Grid
from overt.home import Home
from overt.people.office import Office
from overt.values import Alert

_CORES = 2
_FILM_S = 40
_MOST_S = 1.0
_MOST_AGE_S = 0.3
_STAGES = ("decode to decision", "decision to record", "record to event", "event to card")
_EDGES_MS = (0, 5, 10, 25, 50, 100, 200, 300, 500, 750, 1000)

_NOTING = """
let drawn = false;  // since a picture's age was last said, which it is in between as well
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...given) {
  drawn = true;
  return draw.apply(this, given);
};
window.noted = {events: {}, cards: {}, painted: {}, ages: []};
window.EventSource = class extends window.EventSource {
  constructor(...given) {
    super(...given);
    this.addEventListener("alert.raised", (event) => {
      window.noted.events[JSON.parse(event.data).alert] ??= Date.now();
    });
  }
};
new MutationObserver((changes) => {
  for (const change of changes) {
    if (change.type === "attributes") {
      if (drawn) window.noted.ages.push(Number(change.target.dataset.age));
      drawn = false;
      continue;
    }
    for (const each of change.addedNodes) {
      const alert = each.dataset?.alert;
      if (!alert || window.noted.cards[alert]) continue;
      window.noted.cards[alert] = Date.now();
      requestAnimationFrame(() => requestAnimationFrame(() => {
        window.noted.painted[alert] = Date.now();
      }));
    }
  }
}).observe(document, {childList: true, subtree: true, attributeFilter: ["data-age"]});
"""


@dataclass(frozen=True, slots=True)
class ConsoleTimes:
    """Milliseconds by stage, an alert a value, and all of it together; pictures' ages in seconds.

    `memory` is the service's with its camera's process, `browser` Chromium's.
    """

    stages: dict[str, tuple[float, ...]]
    total: tuple[float, ...]
    painted: tuple[float, ...]
    ages_s: tuple[float, ...]
    watching_s: float
    memory: Memory
    browser: Memory
    unseen: int = 0

    def claims(self) -> Iterator[Claim]:
        """Return what is claimed of a console."""
        p95 = float(np.percentile(self.total, 95)) / 1000
        yield Claim(
            f"console: frame to card on the screen, {REFERENCES:,} references, p95",
            f"≤ {_MOST_S:g} s",
            f"{p95:.2f} s of {len(self.total)} alerts",
            p95 <= _MOST_S,
        )
        yield Claim(
            "console: alerts on record that never came to the screen",
            "none",
            str(self.unseen),
            self.unseen == 0,
        )
        age_s = float(np.percentile(self.ages_s, 95))
        yield Claim(
            "console: age of a live picture when it has been drawn, p95",
            f"≤ {1000 * _MOST_AGE_S:.0f} ms",
            f"{1000 * age_s:.0f} ms of {len(self.ages_s)} pictures",
            age_s <= _MOST_AGE_S,
        )

    def grids(self) -> Iterator[Grid]:
        """Return the stages, their histogram, and the rest."""
        named = {**self.stages, "frame to card": self.total, "frame to card painted": self.painted}
        rows = tuple((name, *_spread(times)) for name, times in named.items())
        heads = ("stage, ms", "p50", "p95", "largest")
        yield Grid("console: from a frame to the card", heads, rows)
        labels = [f"< {edge}" for edge in _EDGES_MS[1:]] + [f"≥ {_EDGES_MS[-1]}"]
        histogram = tuple((name, *_counted(times)) for name, times in named.items())
        yield Grid("console: how many alerts took so many ms", ("stage", *labels), histogram)
        pictures = (("age when drawn, ms", *_spread(1000 * each for each in self.ages_s)),)
        note = f"{len(self.ages_s) / self.watching_s:.1f} pictures a second."
        yield Grid("console: live pictures", ("", "p50", "p95", "largest"), pictures, note)
        memory = (
            ("service and camera", *_sizes(self.memory)),
            ("Chromium, all its processes", *_sizes(self.browser)),
        )
        yield Grid("console: memory, MB", ("", "resident", "PSS"), memory)


def _spread(values: Any) -> tuple[str, ...]:
    found = list(values)
    return tuple(f"{np.percentile(found, each):.0f}" for each in (50, 95, 100))


def _counted(times: Sequence[float]) -> tuple[str, ...]:
    counts, _ = np.histogram(np.maximum(times, 0), bins=[*_EDGES_MS, np.inf])
    return tuple(str(count) if count else "" for count in counts)


def _sizes(memory: Memory) -> tuple[str, str]:
    return f"{memory.resident:,.0f}", f"{memory.proportional:,.0f}"


def measure(context: Context) -> ConsoleTimes:
    """Sit at the console while the street's film is played over and over.

    Raises:
        MissingError: there is no Chromium.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        raise MissingError("There is no Chromium.", remedy="Install the package chromium.")
    times = 1 if context.quick else 6
    with _two_cores(), TemporaryDirectory(dir=context.cache) as folder:
        home = Home(Path(folder))
        home.models.symlink_to(context.home.models.absolute())
        with Office.open(home) as office:
            prepared = ready(context, office, times)
        seated = _Seat(context, prepared, chromium)
        with _service(home) as (process_id, address):
            seated.sit(address, process_id, times * _FILM_S)
        with Office.open(home) as office:
            return seated.told(office)


@dataclass(slots=True)
class _Seat:
    """An operator's screen."""

    context: Context
    prepared: Ready
    chromium: str
    noted: dict[str, Any] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    browser: Memory = field(default_factory=Memory)
    watching_s: float = 0.0

    def sit(self, address: str, process_id: int, film_s: float) -> None:
        """Sign in, start, and look at the console until the film is over."""
        with sync_playwright() as playwright, self.context.progress("at the console") as progress:
            browser = playwright.chromium.launch(
                executable_path=self.chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900})
            page.add_init_script(_NOTING)
            self._start(page)
            began_s = monotonic()
            while monotonic() - began_s < film_s + 60 and self._goes_on(page):
                page.wait_for_timeout(1000)
                self.watching_s = monotonic() - began_s
                noted = page.evaluate("window.noted")
                if len(noted["ages"]) >= len(self.noted.get("ages", ())):  # the page loads anew
                    self.noted = noted
                self.memory = self.memory.higher_of(memory_of(process_id))
                self.browser = self.browser.higher_of(memory_below(os.getpid(), "chromium"))
                progress(min(int(self.watching_s), int(film_s)), int(film_s))
            browser.close()

    def _start(self, page: Page) -> None:
        page.goto("/sign-in")
        given = self.prepared.credentials
        page.fill("#name", self.prepared.operator)
        page.fill("#password", given.password)
        page.fill("#code", pyotp.TOTP(given.totp_secret).now())
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/")
        page.goto(f"/deployments/{self.prepared.deployment_id}")
        page.get_by_role("button", name="Start searching").click()
        page.wait_for_load_state()
        page.goto(f"/deployments/{self.prepared.deployment_id}/console")
        page.wait_for_selector(".console[data-state='live'] canvas", timeout=120_000)

    def _goes_on(self, page: Page) -> bool:
        return page.locator(".console").get_attribute("data-state") == "live"

    def told(self, office: Office) -> ConsoleTimes:
        """Hold what the page noted against what is on record."""
        written = {
            entry["data"]["alert"]: datetime.fromisoformat(entry["at"]).astimezone(UTC)
            for entry in (json.loads(leaf) for _, leaf in office.record.journal.entries())
            if entry["event"] == "alert.raised"
        }
        alerts = [office.record.alerts.find(each).alert for each in written]
        seen = [each for each in alerts if each.alert_id in self.noted["painted"]]
        stages = [self._stages(each, written[each.alert_id]) for each in seen]
        total = tuple(sum(each) for each in stages)
        late = [self._painted(each) for each in seen]
        return ConsoleTimes(
            stages={
                name: tuple(each[number] for each in stages) for number, name in enumerate(_STAGES)
            },
            total=total,
            painted=tuple(whole + more for whole, more in zip(total, late, strict=True)),
            ages_s=tuple(self.noted["ages"]),
            watching_s=self.watching_s,
            memory=self.memory,
            browser=self.browser,
            unseen=len(alerts) - len(seen),
        )

    def _stages(self, alert: Alert, written: datetime) -> tuple[float, ...]:
        raised_ms, written_ms = _ms(alert.raised_at), _ms(written)
        event_ms = float(self.noted["events"][alert.alert_id])
        card_ms = float(self.noted["cards"][alert.alert_id])
        return (
            1000 * alert.latency_s,
            written_ms - raised_ms,
            event_ms - written_ms,
            card_ms - event_ms,
        )

    def _painted(self, alert: Alert) -> float:
        noted = self.noted
        return float(noted["painted"][alert.alert_id] - noted["cards"][alert.alert_id])


def _ms(at: datetime) -> float:
    return 1000 * at.timestamp()


@contextmanager
def _two_cores() -> Iterator[None]:
    """Leave this process, and all that it starts, two cores of the machine."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:_CORES])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _service(home: Home) -> Iterator[tuple[int, str]]:
    """Run `overt serve` on a home, and give its process's id and its address."""
    command = [sys.executable, "-m", "overt", "serve", "--port", "0"]
    environment = os.environ | {"OVERT_HOME": str(home.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        said = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        if said is None:
            raise RuntimeError("The service did not start.")
        try:
            yield process.pid, said[0]
        finally:
            process.terminate()
            process.wait(60)
