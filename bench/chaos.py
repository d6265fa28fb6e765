"""Cameras' processes killed and stopped at any moment while people pass: is an alert lost or doubled?

Two live cameras look at a street on which listed people and others pass one by one, known to the
frame. A while passes in peace: that is the oracle. Then one process after another is killed or
stopped, half of them just when an alert is due. What a process said is written down by itself,
before and after it said it; what came of it is read from the record.
"""

import argparse
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Timer
from time import monotonic, time

from bench.apart import run_apart, tell
from bench.cameras import pid_of
from bench.context import Context
from bench.deployments import live_deployment_of
from bench.live_street import LiveStreet, live_street
from bench.office import KEPT, LIST, live_deployment, open_office
from bench.portraits import Film, gallery_of, subject_of
from bench.results import Claim, Grid
from bench.telling_worker import SAID, SAYING, ledger_of, tell_of
from overt.deployment.file import Deployment
from overt.errors import OvertError
from overt.matching.decision import DecisionPolicy
from overt.people.office import Office
from overt.runtime.jobs import Matching
from overt.runtime.messages import CameraState, Ended
from overt.runtime.preparation import Prepared
from overt.runtime.run import Ledger, Mandate, Running, RunOptions
from overt.runtime.standing import Authorised
from overt.runtime.views import Listed, RunView
from overt.storage import AlertRecord
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import RunEnding

REPLACED_S = 5.0
KILLS, _QUICK_KILLS = 100, 8
CAMERAS = ("north", "south")
LISTED = (14, 15, 26, 38, 49, 50, 61)
_OTHERS = tuple(range(100, 151))
_THRESHOLD = 0.03  # listed people here reach 0.047, others 0.018
STREET = Film((14, 15, 1001, 26, 38, 49, 1002, 50, 61), shown_s=2.5, gap_s=2.5)
"""Everybody comes again after three quarters of a minute: another passage, not a repeat."""

_BETWEEN_S = (1.5, 6.5)
_AROUND_S = 0.25
LONGEST = timedelta(hours=24)
_LONGEST_S, _LONGEST_KILL_S = 300.0, 30.0  # on a machine that does much else
_LATE_S = 1.0  # an alert may be decided so long after its face has gone


@dataclass(frozen=True, slots=True)
class Kill:
    """One process that was killed or stopped; when, when that was noticed, and a new one looked."""

    camera: str
    how: str
    at_s: float
    noticed_s: float
    looked_s: float

    @property
    def replaced_in_s(self) -> float:
        """Seconds without anybody looking."""
        return self.looked_s - self.at_s


@dataclass(frozen=True, slots=True)
class ChaosResult:
    """What became of every passage and every alert.

    `expected` are passages of listed people that a camera saw whole, `raised` those of them that
    are on record; `broken` are passages during which a camera's process was away, `broken_raised`
    those that are on record. `said` counts the alerts that processes had said for sure, and
    `cut_short` those that a process died over. `wrong` says in words what should not be.
    """

    oracle: tuple[int, int]
    kills: tuple[Kill, ...]
    expected: int
    raised: int
    broken: int
    broken_raised: int
    said: int
    on_record: int
    cut_short: int
    near_alerts: int
    wrong: tuple[str, ...]

    def claims(self) -> Iterator[Claim]:
        """Return what must hold whatever is killed."""
        slowest = max(each.replaced_in_s for each in self.kills)
        yield Claim(
            f"chaos: a killed or stopped process is replaced, {len(self.kills)} times",
            f"≤ {REPLACED_S:g} s until another looks",
            f"{slowest:.1f} s, the slowest (median {self._middle():.1f})",
            slowest <= REPLACED_S,
        )
        yield Claim(
            "chaos: alerts of passages that were seen whole",
            "each, as in peace",
            f"{self.raised} of {self.expected}; in peace {self.oracle[0]} of {self.oracle[1]}",
            self.raised == self.expected and self.oracle[0] == self.oracle[1],
        )
        yield Claim(
            "chaos: alerts on record",
            "none lost, none twice, none of another",
            "; ".join(self.wrong[:3])
            or f"{self.said} said and on record once; {self.cut_short} died with their process",
            not self.wrong,
        )

    def grids(self) -> Iterator[Grid]:
        """Return the times, and what became of passages."""
        rows = []
        for how in sorted({each.how for each in self.kills}):
            kills = [each for each in self.kills if each.how == how]
            for what, times in (
                ("noticed", [each.noticed_s - each.at_s for each in kills]),
                ("another looks", [each.replaced_in_s for each in kills]),
            ):
                p95 = quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
                row = (how, what, str(len(times)), f"{median(times):.2f}", f"{p95:.2f}")
                rows.append((*row, f"{max(times):.2f}"))
        heads = ("signal", "until", "times", "median s", "p95 s", "slowest s")
        yield Grid("chaos: processes that were killed or stopped", heads, tuple(rows))
        yield Grid(
            "chaos: passages of listed people",
            ("what", "count"),
            (
                ("in peace: alerted, of", f"{self.oracle[0]} of {self.oracle[1]}"),
                ("seen whole between kills: alerted, of", f"{self.raised} of {self.expected}"),
                ("with a kill in them: alerted, of", f"{self.broken_raised} of {self.broken}"),
                ("alerts on record", str(self.on_record)),
                ("of them said for sure before any kill", str(self.said)),
                ("a process died over its alert", str(self.cut_short)),
                (f"kills within {_AROUND_S:g} s of when an alert was due", str(self.near_alerts)),
            ),
            "Two cameras see each passage, and each raises its own alert.",
        )

    def _middle(self) -> float:
        return median(each.replaced_in_s for each in self.kills)


# --- what passes when -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Street:
    """Who passes when, in seconds of the monotonic clock."""

    film: Film
    began_s: float

    @property
    def every_s(self) -> float:
        """From one passage to the next."""
        return self.film.shown_s + self.film.gap_s

    def passage_at(self, at_s: float) -> int:
        """Return the number of the passage that was, or is about to be, at a time."""
        return int((at_s - self.began_s) // self.every_s)

    def span_s(self, number: int) -> tuple[float, float]:
        """Return from when until when somebody was there."""
        first_s = self.began_s + number * self.every_s + self.film.gap_s
        return first_s, first_s + self.film.shown_s

    def subject(self, number: int) -> str:
        """Return who it was."""
        return subject_of(self.film.seeds[number % len(self.film.seeds)])


# --- who kills ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Killer:
    """A view of the run that kills its cameras' processes, once it has seen enough of them in peace."""

    street: Street
    kills: int
    peace_s: float
    began_s: float = field(default_factory=monotonic)
    peace_from_s: float = 0.0
    looking: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CAMERAS, False))
    done: list[Kill] = field(default_factory=list)
    alerts: list[tuple[float, AlertRecord]] = field(default_factory=list)
    ended_s: float = 0.0
    _chance: random.Random = field(default_factory=lambda: random.Random(11))
    _open: dict[str, tuple[str, float, float]] = field(default_factory=dict)
    _frames: dict[str, int] = field(default_factory=dict)
    _losses: dict[str, int] = field(default_factory=dict)
    _next_s: float = 0.0
    _planned: bool = False
    _sent: int = 0

    def enrolling(self, done: int, entries: int) -> None:
        """Take no notice."""

    def listed(self, listed: Listed) -> None:
        """Take no notice."""

    def ended(self, ended: Ended) -> None:
        """Take no notice."""

    def alert(self, record: AlertRecord) -> None:
        """Note an alert that is on record."""
        ago_s = time() - record.alert.captured_at.timestamp()
        self.alerts.append((monotonic() - ago_s, record))

    def state(self, state: CameraState) -> None:
        """See how a camera is, and whether somebody is to be killed now."""
        self._see(state)
        now_s = monotonic()
        if self._sent == self.kills and not self._open and not self.ended_s:
            self.ended_s = now_s + 2 * self.street.every_s
        if not self.peace_from_s and all(self.looking.values()):
            self.peace_from_s = now_s
        if not self.peace_from_s or now_s < self.peace_until_s:
            return
        if self._planned or self._sent == self.kills:
            return
        self._next_s = self._next_s or now_s
        victims = [camera for camera, looks in self.looking.items() if looks]
        if victims and now_s >= self._next_s - 1.0:
            self._plan(self._chance.choice(victims), max(now_s, self._next_s))

    @property
    def peace_until_s(self) -> float:
        """When the killing begins."""
        return self.peace_from_s + self.peace_s

    def is_over(self) -> bool:
        """Tell whether all is done, or nothing will come of it."""
        longest_s = _LONGEST_S + _LONGEST_KILL_S * self.kills
        done = bool(self.ended_s) and monotonic() > self.ended_s
        return done or monotonic() - self.began_s > longest_s

    def _see(self, state: CameraState) -> None:
        camera, now_s = state.camera, monotonic()
        frames, losses = state.counts.frames, state.link.losses.total()
        if camera in self._open:
            how, at_s, noticed_s = self._open[camera]
            if not noticed_s and losses > self._losses.get(camera, 0):
                self._open[camera] = (how, at_s, now_s)
            elif noticed_s and frames > self._frames.get(camera, 0):
                self.done.append(Kill(camera, how, at_s, noticed_s, now_s))
                del self._open[camera]
        self.looking[camera] = frames > 0 and camera not in self._open
        if camera not in self._open or not self._open[camera][2]:
            self._frames[camera], self._losses[camera] = frames, losses

    def _plan(self, camera: str, at_s: float) -> None:
        victim = pid_of(camera)
        if victim is None:
            return
        if self._chance.random() < 0.5:
            at_s = self._when_an_alert_is_due(at_s)
        how = self._chance.choice([signal.SIGKILL, signal.SIGSTOP])
        self._planned = True
        told = (camera, victim, how)
        Timer(max(0.0, at_s - monotonic()), self._kill, told).start()

    def _when_an_alert_is_due(self, at_s: float) -> float:
        delay_s = median(self.delays_s() or [self.street.film.shown_s / 2])
        number = self.street.passage_at(at_s)
        due_s = self.street.span_s(number)[0] + delay_s
        due_s += self.street.every_s * (due_s < at_s)
        return due_s + self._chance.uniform(-_AROUND_S, _AROUND_S)

    def delays_s(self) -> list[float]:
        """Return how long after somebody came into view each alert was raised."""
        found = [(at_s, self.street.passage_at(at_s)) for at_s, _ in self.alerts]
        return [at_s - self.street.span_s(number)[0] for at_s, number in found]

    def _kill(self, camera: str, victim: int, how: signal.Signals) -> None:
        self._open[camera] = (how.name, monotonic(), 0.0)
        with suppress(ProcessLookupError):
            os.kill(victim, how)
        self._sent += 1
        self._next_s = monotonic() + self._chance.uniform(*_BETWEEN_S)
        self._planned = False


# --- the run --------------------------------------------------------------------------------------


def run_of(
    home: Path,
    deployment: Deployment,
    prepared: Prepared,
    watched: tuple[RunView, Callable[[], bool]],
) -> str:
    """Run cameras with a view until that says that it is over, and return the run's id."""
    view, is_over = watched
    with open_office(home) as office:
        row = live_deployment(office, watchlist_id=prepared.watchlist_id, lasts=LONGEST)
        mandate = Mandate(row.deployment_id, Authorised(office, row), KEPT)
        ledger = Ledger(deployment, office, prepared, mandate, view)
        options = RunOptions(paced=True, threads=1)
        result = Running(office, ledger, options, is_over).carry_out()
    if result.ending is not RunEnding.STOPPED:
        raise OvertError(f"The run did not go on: {result.ending} {result.reason}")
    return result.run_id


def prepared_list(pack: Pack, folder: Path) -> Prepared:
    """Return a list of drawn people, ready to be searched for."""
    gallery = gallery_of(pack, (*LISTED, *_OTHERS), folder)
    policy = DecisionPolicy(threshold=_THRESHOLD, version="a benchmark's")
    found = Listed(len(gallery), len(gallery), 0, policy.threshold, beyond_measured=False)
    return Prepared(pack, LIST, found, gallery, Matching(pack, policy))


# --- what came of it ------------------------------------------------------------------------------


def examine(office: Office, run_id: str, killer: _Killer, ledgers: Path) -> ChaosResult:
    """Hold what is on record against who passed, and against what processes said."""
    street, listed = killer.street, {subject_of(seed) for seed in LISTED}
    raised: Counter[tuple[str, int]] = Counter()
    wrong: list[str] = []
    for at_s, record in killer.alerts:
        alert = record.alert
        number = street.passage_at(at_s - _LATE_S / 2)
        raised[alert.camera, number] += 1
        if alert.candidate.subject_id != street.subject(number):
            wrong.append(f"{alert.candidate.subject_id} alerted when {street.subject(number)} was")
    wrong += [f"passage {which} alerted {n} times" for which, n in raised.items() if n > 1]
    first, last = street.passage_at(killer.peace_until_s), street.passage_at(killer.ended_s) - 1
    if not killer.alerts or not killer.ended_s:
        raise OvertError(
            f"It came to no end: {len(killer.alerts)} alerts, {len(killer.done)} processes replaced."
        )
    begun = street.passage_at(killer.peace_from_s)
    passages = [
        (camera, number)
        for camera in CAMERAS
        for number in range(begun + 1, last)
        if street.subject(number) in listed
    ]
    in_peace = [each for each in passages if each[1] < first - 1]
    later = [each for each in passages if each[1] >= first]
    broken = [each for each in later if _is_broken(street, killer.done, *each)]
    whole = [each for each in later if each not in broken]
    wrong += [f"{each} was seen whole and raised no alert" for each in whole if not raised[each]]
    said, saying = _said(ledgers)
    stored = Counter(each.alert.alert_id for each in office.record.alerts.of_run(run_id))
    wrong += [f"{each} was said and is not on record" for each in said - set(stored)]
    wrong += [f"{each} is on record and was never said" for each in set(stored) - saying]
    wrong += [f"{each} is on record {n} times" for each, n in stored.items() if n != 1]
    delays = killer.delays_s()
    return ChaosResult(
        oracle=(sum(raised[each] > 0 for each in in_peace), len(in_peace)),
        kills=tuple(killer.done),
        expected=len(whole),
        raised=sum(raised[each] > 0 for each in whole),
        broken=len(broken),
        broken_raised=sum(raised[each] > 0 for each in broken),
        said=len(said),
        on_record=len(stored),
        cut_short=len(saying - set(stored)),
        near_alerts=sum(_is_near(street, median(delays), each) for each in killer.done),
        wrong=tuple(wrong),
    )


def _is_broken(street: Street, kills: list[Kill], camera: str, number: int) -> bool:
    first_s, last_s = street.span_s(number)
    return any(
        each.camera == camera and each.at_s < last_s and each.looked_s > first_s for each in kills
    )


def _is_near(street: Street, delay_s: float, kill: Kill) -> bool:
    due_s = street.span_s(street.passage_at(kill.at_s))[0] + delay_s
    return abs(kill.at_s - due_s) <= _AROUND_S


def _said(ledgers: Path) -> tuple[set[str], set[str]]:
    """Return the alerts that were said for sure, and those that were begun to be said."""
    words = [each for camera in CAMERAS for each in ledger_of(ledgers, camera) if "word" in each]
    said = {each["alert"] for each in words if each["word"] == SAID}
    return said, {each["alert"] for each in words if each["word"] == SAYING}


# --- the section ----------------------------------------------------------------------------------


def measure(context: Context) -> ChaosResult:
    """Kill a hundred processes, or a few if it must be quick.

    Raises:
        MissingError: no RTSP server is installed.
    """
    kills = _QUICK_KILLS if context.quick else KILLS
    film = STREET.written(context.cache)
    with live_street(film) as street, context.progress("killing processes"):
        return _apart(context, street, kills)


def _apart(context: Context, street: LiveStreet, kills: int) -> ChaosResult:
    told = (context.cache, context.home.models, street.url, street.began_s, kills)
    found = run_apart("bench.chaos", told)
    return ChaosResult(
        **{
            **found,
            "oracle": tuple(found["oracle"]),
            "kills": tuple(Kill(**each) for each in found["kills"]),
            "wrong": tuple(found["wrong"]),
        }
    )


def amok(cache: Path, models: Path, url: str, began_s: float, kills: int) -> ChaosResult:
    """Run a deployment in a home of its own, kill, and examine what came of it."""
    prepared = prepared_list(ModelStore(models).load("standard"), cache)
    peace_s = STREET.seconds * min(1.0, kills / KILLS + 0.5)
    killer = _Killer(Street(STREET, began_s), kills, peace_s)
    with TemporaryDirectory(dir=cache) as folder:
        home, ledgers = Path(folder) / "home", Path(folder) / "ledgers"
        for each in (home, ledgers):
            each.mkdir(mode=0o700)
        (home / "models").symlink_to(models.absolute())
        deployment = live_deployment_of(dict.fromkeys(CAMERAS, url), LONGEST)
        with tell_of(ledgers):
            run_id = run_of(home, deployment, prepared, (killer, killer.is_over))
        with open_office(home) as office:
            return examine(office, run_id, killer, ledgers)


def main() -> None:
    """Kill cameras' processes, as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("url")
    parser.add_argument("began_s", type=float)
    parser.add_argument("kills", type=int)
    given = parser.parse_args()
    tell(lambda: amok(given.cache, given.models, given.url, given.began_s, given.kills))
