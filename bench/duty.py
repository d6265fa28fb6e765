"""People on duty at two deployments of two units, and the alerts they work on.

    python -m bench.duty HOME UNIT ALERTS PER_SECOND

raises alerts in a process of its own and has the unit's people act on them, each act the
product's own: some are left alone, some found not viable, the others sent to the officers, of
whom one acknowledges, decides, and closes.
"""

import argparse
import random
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

from bench.office import (
    NOON,
    SUBJECTS,
    alert,
    crop_jpeg,
    filing_of,
    live_deployment,
    open_office,
)
from overt.audit.events import DeploymentDrafted, RunBegan
from overt.deployment.policy import Policy
from overt.errors import StorageError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.review import adjudication, claims, engagement
from overt.runtime.standing import Authorised
from overt.storage import Account, DeploymentRow, Outcome, Run, Session
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    Disposal,
    IdentityCheck,
    OfficerDecision,
    Role,
)

UNITS = ("north", "south")
FULL_NAME = "Example {role} {number} of {unit}"

_TWO, _ONE = b"two_person = true", b"two_person = false"
_LEFT_ALONE, _NOT_VIABLE = 0.5, 0.7  # the others, three in ten, are sent to officers
_MOST_TRIES = 10
_FACTORS = [AdjudicationFactor.SUBJECT]


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who is signed in."""

    person: Person
    token: str


def begin(home: Path, operators: int, officers: int) -> list[OnDuty]:
    """Put on record two live deployments, and so many people, half of them in each unit."""
    with open_office(home) as office:
        for unit in UNITS:
            _deployment(office, unit)
        return [
            _sign_on(office, role, number, UNITS[number % len(UNITS)])
            for role, count in ((Role.OPERATOR, operators), (Role.ENGAGEMENT_OFFICER, officers))
            for number in range(count)
        ]


class Shift:
    """A unit at work on its deployment. `done` is called after every act, as it is on record."""

    def __init__(
        self, office: Office, unit: str, chance: random.Random, done: Callable[[], object]
    ) -> None:
        self._office = office
        self._chance = chance
        self._done = done
        row = next(each for each in office.record.deployments.all() if each.unit == unit)
        run = next(
            each for each in office.record.runs.all() if each.deployment_id == row.deployment_id
        )
        self._filing = filing_of(office, run, Authorised(office, row))
        self._people = _people_of(office, unit)

    def work(self, alerts: int, per_s: float) -> None:
        """Raise so many alerts at about this pace, and see to each."""
        begun_s = monotonic()
        for number in range(alerts):
            sleep(max(0.0, begun_s + number / per_s - monotonic()))
            self._see_to_one()
        self._filing.close()

    def _see_to_one(self) -> None:
        now = self._office.now()
        made = alert(uuid4().hex, _crop(), subject=self._chance.randrange(SUBJECTS))
        made = replace(made, captured_at=now - timedelta(seconds=1), raised_at=now)
        self._do(self._filing.commit, made)
        self._filing.make_ready()
        fate = self._chance.random()
        if fate < _LEFT_ALONE:
            return
        viable = fate >= _NOT_VIABLE
        decision = AdjudicationDecision.VIABLE if viable else AdjudicationDecision.NOT_VIABLE
        place = self._office.record.alerts.place(made.alert_id)
        operator = (self._office, self._one(Role.OPERATOR))
        self._do(claims.claim, *operator, place)
        self._do(adjudication.adjudicate, *operator, place, decision, _FACTORS)
        if not viable:
            return
        officer = (self._office, self._one(Role.ENGAGEMENT_OFFICER))
        self._do(engagement.acknowledge, *officer, place)
        self._do(engagement.decide, *officer, place, OfficerDecision.ENGAGE)
        self._do(engagement.end_stop, *officer, place, [IdentityCheck.ASKED])
        self._do(adjudication.close, *officer, _arrest(made.alert_id))

    def _do(self, act: Callable[..., object], *arguments: object) -> None:
        """Do an act, and do it over where other writers kept the record locked for too long."""
        for _ in range(_MOST_TRIES - 1):
            with suppress(StorageError):
                act(*arguments)
                break
        else:
            act(*arguments)
        self._done()

    def _one(self, role: Role) -> Person:
        return self._chance.choice([each for each in self._people if role in each.roles])


def _arrest(alert_id: str) -> Outcome:
    return Outcome(
        alert_id=alert_id,
        entry="",
        by="",
        at=NOON,
        true_alert=True,
        confirmed=True,
        engaged=True,
        disposal=Disposal.ARREST,
    )


@cache
def _crop() -> bytes:
    return crop_jpeg(48)


def _people_of(office: Office, unit: str) -> list[Person]:
    return [
        Person(each.account_id, each.name, each.full_name, each.unit, each.rank, each.roles)
        for each in office.record.accounts.all()
        if each.unit == unit
    ]


def _sign_on(office: Office, role: Role, number: int, unit: str) -> OnDuty:
    now, token = office.now(), secrets.token_urlsafe(32)
    account = Account(
        account_id=uuid4().hex,
        name=f"{role}-{number}",
        full_name=FULL_NAME.format(role=role, number=number, unit=unit),
        unit=unit,
        rank="constable",
        roles=frozenset({role}),
        password_hash="$argon2id$",  # noqa: S106  nobody's
        sealed_totp_secret=b"",
        trained_until=date.max,
        created_at=now,
    )
    digest = sha256(token.encode()).hexdigest()
    with office.record.together():
        office.record.accounts.add(account)
        session = Session(digest, account.account_id, now, now + timedelta(hours=12))
        office.record.accounts.open_session(session)
        office.log.write(DeploymentDrafted("", "", "", "", ""))
    person = next(each for each in _people_of(office, unit) if each.name == account.name)
    return OnDuty(person, token)


def _deployment(office: Office, unit: str) -> None:
    policy = Policy.recorded(Policy.shipped().data.replace(_TWO, _ONE))
    row = live_deployment(office, unit, uuid4().hex * 2, policy)
    with office.record.together():
        run = _run(row, policy)
        office.record.runs.begin(run)
        of = (row.deployment_id, run.kind, run.watchlist_id, SUBJECTS, run.pack_id, 0.03)
        office.log.write(RunBegan(run.run_id, *of, policy.sha256))


def _run(row: DeploymentRow, policy: Policy) -> Run:
    return Run(
        run_id=uuid4().hex,
        deployment=row.name,
        kind=row.kind,
        use_case=row.use_case,
        location=row.location,
        window_start=row.window_start,
        window_end=row.window_end,
        deployment_text="",
        authority={},
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        watchlist_id=row.watchlist_id,
        watchlist_subjects=SUBJECTS,
        watchlist_references=0,
        pack_id=row.pack_id,
        software_version="0",
        started_at=row.created_at,
        deployment_id=row.deployment_id,
    )


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("unit", choices=UNITS)
    parser.add_argument("alerts", type=int)
    parser.add_argument("per_s", type=float)
    given = parser.parse_args()
    with open_office(given.home) as office:
        shift = Shift(office, given.unit, random.Random(), lambda: None)
        shift.work(given.alerts, given.per_s)


if __name__ == "__main__":
    _main()
