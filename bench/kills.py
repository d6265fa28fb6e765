"""Writers on one record that are killed again and again, and what is on record after it all.

    python -m bench.kills HOME KILLS ACTS

Two processes raise alerts, decide on them, stop somebody, let them go and close them, each act
the product's own. Each says
what it is about to do, does it, and says so when it is on record: that is what counts as
confirmed. They are ended with SIGKILL at any moment, the time between a commit and the word of
it included, and started again; whoever is started again does the act over whose end nobody
heard, with the same id. The processes are forked, so that a hundred do not import everything.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import overt_verify
from bench.context import Context
from bench.office import alert, begin_run, crop_jpeg, filing_of, open_office, person
from bench.results import Claim, Grid
from overt.audit.canonical import parse_leaf
from overt.errors import LifecycleError, PermissionDenied
from overt.people.office import Office
from overt.review import adjudication, engagement
from overt.storage import AlertRecord, Outcome
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    Disposal,
    IdentityCheck,
    OfficerDecision,
    Role,
)

WRITERS = 2
RUN = "0f" * 16
STEPS = {
    "raise": "alert.raised",
    "adjudicate": "alert.adjudicated",
    "engage": "alert.officer-decided",
    "release": "stop.ended",
    "close": "alert.closed",
}
"""What a writer does to each alert, and the entry of the log that each act leaves."""

_LONGEST_S = 1.2  # between two kills
_HESITATES = 0.1
_HESITATES_S = 0.02
"""A writer now and then waits between a commit and the word of it, so that kills fall there too."""

_OPERATOR = person("operator", Role.OPERATOR)
_OFFICER = person("officer", Role.ENGAGEMENT_OFFICER)


@dataclass(slots=True)
class Told:
    """What writers said: ids confirmed by step, acts begun of whose end nobody heard, and kills.

    `kills` is by where the writer was: opening, idle between acts, or in an act. `repeated` counts
    acts that were found done when they were done over: killed between the commit and the word.
    """

    confirmed: dict[str, list[str]] = field(default_factory=lambda: {step: [] for step in STEPS})
    unheard: list[tuple[str, str]] = field(default_factory=list)
    kills: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    seconds: float = 0.0


# --- a writer -------------------------------------------------------------------------------


class _Writer:
    """Does act after act until it is killed."""

    def __init__(self, office: Office, pipe: int) -> None:
        self._office = office
        self._pipe = pipe
        self._filing = filing_of(office, office.record.runs.find(RUN))
        self._crop = crop_jpeg(48)

    def work(self, step: str, alert_id: str) -> None:
        """Begin with this act, done over or new, and go on with other alerts for ever."""
        steps = list(STEPS)
        again = bool(alert_id)
        alert_id = alert_id or os.urandom(16).hex()
        for each in steps[steps.index(step) :]:
            self._do(each, alert_id, again=again)
            again = False
        while True:
            alert_id = os.urandom(16).hex()
            for each in steps:
                self._do(each, alert_id, again=False)
            self._office.log.checkpoint_if_due()

    def _do(self, step: str, alert_id: str, *, again: bool) -> None:
        self._say("do", step, alert_id)
        done = self._done(step, alert_id) if again else False
        with suppress(*((PermissionDenied, LifecycleError) if done else ())):
            getattr(self, f"_{step}")(alert_id)
        if random.random() < _HESITATES:
            sleep(_HESITATES_S)
        self._say("did", step, alert_id)
        if done:
            self._say("repeated", step, alert_id)

    def _done(self, step: str, alert_id: str) -> bool:
        record = self._office.record
        return {
            "raise": lambda: record.alerts.standing(alert_id) is not None,
            "adjudicate": lambda: bool(record.reviews.adjudications(alert_id)),
            "engage": lambda: record.handling.engagement(alert_id) is not None,
            "release": lambda: self._is_released(alert_id),
            "close": lambda: record.reviews.outcome(alert_id) is not None,
        }[step]()

    def _raise(self, alert_id: str) -> None:
        self._filing.commit(alert(alert_id, self._crop, subject=int(alert_id[:6], 16)))

    def _adjudicate(self, alert_id: str) -> None:
        place = self._office.record.alerts.place(alert_id)
        factors = [AdjudicationFactor.SUBJECT]
        viable = AdjudicationDecision.VIABLE
        adjudication.adjudicate(self._office, _OPERATOR, place, viable, factors)

    def _is_released(self, alert_id: str) -> bool:
        stop = self._office.record.handling.engagement(alert_id)
        return stop is not None and stop.released_at is not None

    def _engage(self, alert_id: str) -> None:
        place = self._office.record.alerts.place(alert_id)
        engagement.decide(self._office, _OFFICER, place, OfficerDecision.ENGAGE)

    def _release(self, alert_id: str) -> None:
        place = self._office.record.alerts.place(alert_id)
        engagement.end_stop(self._office, _OFFICER, place, [IdentityCheck.ASKED])

    def _close(self, alert_id: str) -> None:
        place = self._office.record.alerts.place(alert_id)
        outcome = Outcome(
            alert_id=alert_id,
            entry=place.entry,
            by=_OFFICER.account_id,
            at=self._office.now(),
            true_alert=True,
            confirmed=True,
            engaged=True,
            disposal=Disposal.NO_ACTION,
        )
        adjudication.close(self._office, _OFFICER, outcome)

    def _say(self, *words: str) -> None:
        # One write of less than PIPE_BUF bytes arrives as a whole or not at all.
        os.write(self._pipe, (" ".join(words) + "\n").encode())


def _write(home: Path, pipe: int, step: str, alert_id: str) -> None:
    with open_office(home) as office:
        _Writer(office, pipe).work(step, alert_id)


# --- who kills them -------------------------------------------------------------------------


class _Victim:
    """One writer's process, and what it said."""

    def __init__(self, home: Path, told: Told) -> None:
        self._home = home
        self._told = told
        self._step, self._alert_id = "raise", ""
        self._begun = False  # an act of whose end nobody has heard, by this process or one before
        self._start()

    def _start(self) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(reading)
            try:
                _write(self._home, writing, self._step, self._alert_id)
            finally:
                os._exit(1)  # it works until it is killed
        os.close(writing)
        os.set_blocking(reading, False)
        self._pipe, self._rest, self._where = reading, b"", "while opening the record"

    def listen(self) -> None:
        """Take in what it has said."""
        with suppress(BlockingIOError):
            while data := os.read(self._pipe, 65536):
                *lines, self._rest = (self._rest + data).split(b"\n")
                for line in lines:
                    self._take(*line.decode().split())
        if os.waitpid(self.pid, os.WNOHANG)[0]:
            raise RuntimeError("A writer ended by itself.")

    def kill(self, *, for_good: bool) -> None:
        """End it now, hear its last words, and start it again."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.set_blocking(self._pipe, True)
        with os.fdopen(self._pipe, "rb") as pipe:
            for line in (self._rest + pipe.read()).splitlines():
                self._take(*line.decode().split())
        self._told.kills[self._where] = self._told.kills.get(self._where, 0) + 1
        if not for_good:
            self._start()
        elif self._begun:
            self._told.unheard.append((self._step, self._alert_id))

    def _take(self, word: str, step: str, alert_id: str) -> None:
        if word == "do":
            self._step, self._alert_id, self._where = step, alert_id, "in an act"
            self._begun = True
        elif word == "did":
            self._told.confirmed[step].append(alert_id)
            self._where = "between acts"
            self._begun = False
            steps = list(STEPS)
            later = steps[steps.index(step) + 1 :]
            self._step, self._alert_id = (later[0], alert_id) if later else ("raise", "")
        else:
            self._told.repeated += 1


def harass(home: Path, kills: int, acts: int) -> Told:
    """Let writers work and kill them, until there were so many kills and acts confirmed.

    To be called in a process that has no thread but this one: it forks.
    """
    with open_office(home) as office:
        begin_run(office, RUN)
    chance, told, began_s = random.Random(), Told(), monotonic()
    victims = [_Victim(home, told) for _ in range(WRITERS)]
    while sum(told.kills.values()) < kills or _count(told) < acts:
        until_s = monotonic() + chance.uniform(0, _LONGEST_S)
        while (left_s := until_s - monotonic()) > 0:
            sleep(min(left_s, 0.02))
            for victim in victims:
                victim.listen()
        chance.choice(victims).kill(for_good=False)
    for victim in victims:
        victim.kill(for_good=True)
    told.seconds = monotonic() - began_s
    return told


def _count(told: Told) -> int:
    return sum(map(len, told.confirmed.values()))


def harass_apart(home: Path, kills: int, acts: int) -> Told:
    """Do as `harass` in a process of its own."""
    command = [sys.executable, "-m", "bench.kills", str(home), str(kills), str(acts)]
    root = Path(__file__).parents[1]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=root)
    said = json.loads(ended.stdout)
    return Told(**{**said, "unheard": [(step, which) for step, which in said["unheard"]]})


# --- what is on record after it ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What was confirmed and what was found; `wrong` says in words what does not agree."""

    kills: dict[str, int]
    repeated: int
    seconds: float
    confirmed: dict[str, int]
    entries: int
    checkpoints: int
    alerts: int
    wrong: tuple[str, ...]

    def claims(self) -> Iterator[Claim]:
        """Return the one claim."""
        acts = sum(self.confirmed.values())
        yield Claim(
            "kills: what was confirmed is on record once",
            "none lost, none doubled, the log intact",
            "; ".join(self.wrong)
            or f"{sum(self.kills.values())} kills, {acts:,} acts confirmed, none lost or doubled",
            not self.wrong,
        )

    def grids(self) -> Iterator[Grid]:
        """Return the counts."""
        rows = [(f"killed {where}", f"{count:,}") for where, count in sorted(self.kills.items())]
        rows += [(f"confirmed: {STEPS[step]}", f"{n:,}") for step, n in self.confirmed.items()]
        rows += [
            ("done over and found done", f"{self.repeated:,}"),
            ("entries of the log", f"{self.entries:,}"),
            ("signed checkpoints", f"{self.checkpoints:,}"),
            ("alerts on record, each opened with its key", f"{self.alerts:,}"),
            ("seconds", f"{self.seconds:.0f}"),
        ]
        yield Grid("kills: two writers on one record", ("what", "count"), tuple(rows))


def examine(home: Path, told: Told) -> Aftermath:
    """Hold what is on record against what writers said."""
    with open_office(home) as office:
        stored = office.record.alerts.of_run(RUN)  # opens every one with its key
        entries = [parse_leaf(leaf) for _, leaf in office.record.journal.entries()]
        verifier = office.log.verifier
        wrong = [
            *_wrong_alerts(stored),
            *_wrong_reviews(office, stored),
            *_wrong_outbox(office),
            *_lost(told, [(each.event, each.data.get("alert")) for each in entries], stored),
        ]
    found = overt_verify.verify(home / "overt.sqlite3", verifier, [])
    if found.entries != len(entries):
        wrong.append("the verifier saw another number of entries")
    return Aftermath(
        kills=told.kills,
        repeated=told.repeated,
        seconds=told.seconds,
        confirmed={step: len(ids) for step, ids in told.confirmed.items()},
        entries=len(entries),
        checkpoints=found.checkpoints,
        alerts=len(stored),
        wrong=(*wrong, *found.problems),
    )


def _wrong_alerts(stored: list[AlertRecord]) -> Iterator[str]:
    if [each.number for each in stored] != list(range(1, len(stored) + 1)):
        yield "the alerts' numbers have gaps"
    crop = crop_jpeg(48)
    for each in stored:
        alert_id = each.alert.alert_id
        if each.alert != alert(alert_id, crop, subject=int(alert_id[:6], 16)):
            yield f"alert {alert_id} is not as it was raised"


def _wrong_reviews(office: Office, stored: list[AlertRecord]) -> Iterator[str]:
    for each in stored:
        decided = len(office.record.reviews.adjudications(each.alert.alert_id))
        closed = office.record.reviews.outcome(each.alert.alert_id) is not None
        if decided > 1 or closed > decided:
            yield f"alert {each.alert.alert_id} has {decided} decisions, closed: {closed}"


def _wrong_outbox(office: Office) -> Iterator[str]:
    """Hold that each change of an alert has one row of the outbox: as many as it has entries."""
    rows = Counter(each.alert_id for each in office.record.outbox.after(0, sys.maxsize))
    entries = Counter(
        each.data.get("alert")
        for each in (parse_leaf(leaf) for _, leaf in office.record.journal.entries())
        if each.event in STEPS.values()
    )
    if rows != entries:
        yield "the outbox and the log do not agree"


def _lost(
    told: Told, entries: list[tuple[str, object]], stored: list[AlertRecord]
) -> Iterator[str]:
    counted = Counter(entries)
    for step, event in STEPS.items():
        confirmed = told.confirmed[step]
        on_log = {which for kind, which in counted if kind == event}
        if len(set(confirmed)) != len(confirmed):
            yield f"{event}: an act was confirmed twice"
        if missing := set(confirmed) - on_log:
            yield f"{event}: {len(missing)} confirmed are not on the log"
        if any(counted[event, which] > 1 for which in on_log):
            yield f"{event}: one act has several entries"
        unheard = {which for kind, which in told.unheard if kind == step}
        if more := on_log - set(confirmed) - unheard:
            yield f"{event}: {len(more)} on the log that nobody asked for"
    raised = {which for kind, which in counted if kind == STEPS["raise"]}
    if raised != {each.alert.alert_id for each in stored}:
        yield "alerts and their entries do not agree"


def measure(context: Context) -> Aftermath:
    """Kill a hundred and twenty times, or a dozen if it must be quick."""
    kills, acts = (12, 300) if context.quick else (120, 12_000)
    with TemporaryDirectory(dir=context.cache) as folder, context.progress("killing writers"):
        home = Path(folder) / "home"
        return examine(home, harass_apart(home, kills, acts))


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("kills", type=int)
    parser.add_argument("acts", type=int)
    given = parser.parse_args()
    print(json.dumps(asdict(harass(given.home, given.kills, given.acts))))


if __name__ == "__main__":
    _main()
