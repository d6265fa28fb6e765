"""An office on a scratch home, its people, and a drafted deployment: what acts are tested with.

The record, the keys and the log are real, on a real disk; only the clock stands still until it
is moved. No list is enrolled and no model is loaded: rows are made as drafting would make them.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from example_records import a_run, a_watchlist, an_alert
from overt.audit.events import DeploymentDrafted, HandedOver
from overt.audit.log import Log, Signer
from overt.deployment import lifecycle
from overt.deployment.file import Deployment
from overt.deployment.handing_over import ask_to_hand_over
from overt.deployment.policy import Policy
from overt.deployment.recorded import seal_file
from overt.deployment.terms import Bound, terms_hash, terms_of
from overt.home import Home
from overt.keys.held import HeldKey
from overt.keys.sealing import DataKey
from overt.people.office import Office
from overt.people.permissions import Person
from overt.review import engagement
from overt.review.adjudication import adjudicate
from overt.storage import (
    Account,
    AlertPlace,
    AlertRecord,
    DeploymentRow,
    Filing,
    KeyStore,
    Outcome,
    Record,
    Run,
)
from overt.values import Watchlist
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    DeploymentKind,
    DeploymentState,
    Disposal,
    HandOverState,
    IdentityCheck,
    OfficerDecision,
    Role,
)
from overt.watchlist.enrolment import EnrolmentReport, RowResult
from overt.watchlist.keeping import Keeping, keep, sealed
from overt.watchlist.rows import Row

MORNING = datetime(2026, 7, 4, 8, 0, tzinfo=UTC)
"""When the clock of a new office stands: two hours before a deployment's window."""

START = MORNING + timedelta(hours=2)
END = START + timedelta(hours=6)

HERE, THERE = "croydon-north", "brixton"
MASTER = bytes(range(32))

_FILE = """\
name = "$name"
kind = "live"
use_case = "crime-hotspot"
location = "North End, Croydon"
start = $start
end = $end
unit = "$unit"
expected_faces = 2500
flags = [$flags]

[authority]
applicant = "Insp Ada Byron 123"
authorising_officer = "Supt Grace Hopper 456"
rank = "Superintendent"
why = "To find people wanted for violence."
where = "Recorded intelligence places them here on market days."
who = "People wanted by the courts for offences in the borough."
necessity = "Patrols looking for them have failed."
proportionality = "The offences are grave; faces that raise no alert are dropped at once."
less_intrusive_alternatives = "House visits, tried twice each."

[watchlist]
csv = "watchlist.csv"
images = "pictures"

[[camera]]
name = "north-end"
source = "rtsps://viewer:hunter2@10.0.0.5:554/north"
zone = [[0.1, 0.2], [0.9, 0.2], [0.9, 1.0], [0.1, 1.0]]
smallest_face_px = 40

[intelligence]
reference = "INT-2026-0117"
assessed_on = 2026-07-01
recorded_by = "DC Alan Kay 789"

[[assessment]]
id = "data-protection"
file = "dpia.odt"
version = "3.1"
review_date = 2026-12-31
"""

_NO_ROW = Row(2)

_RANKS = {
    Role.APPLICANT: "sergeant",
    Role.AUTHORISING_OFFICER: "superintendent",
    Role.COMMANDER: "chief inspector",
}


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def forward(self, **by: float) -> None:
        """Move on by so many `hours`, `days` and the like."""
        self.now += timedelta(**by)


@dataclass(slots=True)
class Scene:
    """An office, its clock, and who works there."""

    office: Office
    clock: Clock
    cast: dict[tuple[str, Role], Person] = field(default_factory=dict)

    def person(self, role: Role, unit: str = HERE) -> Person:
        """Whoever has this role in this unit."""
        if (unit, role) not in self.cast:
            self.cast[unit, role] = self.somebody(role, unit=unit)
        return self.cast[unit, role]

    def somebody(self, *roles: Role, unit: str = HERE, rank: str = "") -> Person:
        """Somebody new, with an account that nobody can sign in with."""
        account = Account(
            account_id=uuid4().hex,
            name=f"{roles[0]}-{uuid4().hex[:12]}",
            full_name=f"Example {roles[0]}",
            unit=unit,
            rank=rank or _RANKS.get(roles[0], "constable"),
            roles=frozenset(roles),
            password_hash="$argon2id$",  # noqa: S106  nobody's
            sealed_totp_secret=b"",
            trained_until=date(2027, 1, 1),
            created_at=self.clock.now,
        )
        with self.changing():
            self.office.record.accounts.add(account)
        return person_of_account(account)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change the record directly, with an entry on the log that says nothing."""
        with self.office.record.together():
            yield
            self.office.log.write(DeploymentDrafted("", "", "", "", ""))

    def row(self, row: DeploymentRow) -> DeploymentRow:
        """The deployment as it is on record now."""
        return self.office.record.deployments.find(row.deployment_id)

    def events(self, tag: str = "") -> list[dict[str, Any]]:
        """What is on the log, or those entries of it that have this tag."""
        return [each for each in entries(self.office) if each["event"] == tag or not tag]


def person_of_account(account: Account) -> Person:
    return Person(
        account.account_id,
        account.name,
        account.full_name,
        account.unit,
        account.rank,
        account.roles,
    )


def entries(office: Office) -> list[dict[str, Any]]:
    return [json.loads(leaf) for _, leaf in office.record.journal.entries()]


def open_office(folder: Path, clock: Clock, *, apart: bool = True) -> Office:
    """The office of a folder, whose master key is a test's."""
    home = Home(folder)
    keys = KeyStore.open(home.keys, HeldKey("a test's", lambda: DataKey(MASTER), apart=apart))
    record = Record.open(home.database, keys)
    office = Office(home, record, keys, Log(record, Signer.of(keys), None, clock), clock)
    office._closing.callback(keys.close)
    office._closing.callback(record.close)
    return office


@contextmanager
def a_scene(folder: Path, *, apart: bool = True) -> Iterator[Scene]:
    """An office on a folder with its people, open until the block is left."""
    clock = Clock()
    with open_office(folder, clock, apart=apart) as office:
        yield Scene(office, clock)


def deployment_file(**changes: str) -> str:
    """The text of a deployment file; `changes` are its name, unit, flags, start and end."""
    values = {
        "name": "North End, Saturday",
        "unit": HERE,
        "flags": "",
        "start": START.isoformat(),
        "end": END.isoformat(),
    } | changes
    text = _FILE
    for name, value in values.items():
        text = text.replace(f"${name}", value)
    return text


def a_policy(**settings: str) -> Policy:
    """The policy that comes with Overt, with some of its lines changed."""
    data = Policy.shipped().data.decode()
    for name, value in settings.items():
        before = next(line for line in data.splitlines() if line.startswith(f"{name} = "))
        data = data.replace(before, f"{name} = {value}", 1)
    return Policy.recorded(data.encode())


ONE_PERSON = {"two_person": "false"}
"""A policy's setting under which one operator's decision is enough."""


def a_live_run(row: DeploymentRow) -> Run:
    """The run of a live deployment, which began with its window."""
    return a_run(
        deployment_id=row.deployment_id,
        kind=DeploymentKind.LIVE,
        watchlist_id=row.watchlist_id,
        started_at=row.window_start,
    )


def drafted(
    scene: Scene,
    applicant: Person | None = None,
    *,
    policy: Policy | None = None,
    watchlist: Watchlist | None = None,
    **changes: str,
) -> DeploymentRow:
    """A deployment drafted by an applicant, its list sealed, as `overt.runtime.drafting` does."""
    applicant = applicant or scene.person(Role.APPLICANT)
    office, deployment_id = scene.office, uuid4().hex
    policy = policy or Policy.shipped()
    text = deployment_file(**{"unit": applicant.unit} | changes)
    deployment = Deployment.recorded(Path("/d.toml"), text.encode(), policy, ("ab" * 32,))
    watchlist = watchlist or a_watchlist(uuid4().hex * 2)
    results = tuple(RowResult(_NO_ROW, reference=each) for each in watchlist.references)
    keeping = Keeping(
        deployment_id,
        deployment.name,
        applicant.account_id,
        deployment.end + timedelta(hours=policy.retention.list_hours),
    )
    with office.record.together():
        kept = keep(office, sealed(office, EnrolmentReport(watchlist, results), keeping))
        bound = Bound(
            watchlist.watchlist_id,
            len(watchlist.subjects),
            len(watchlist.references),
            watchlist.pack_id,
            0.03,
        )
        row = _row(office, applicant, deployment, (deployment_id, kept.watchlist_id), bound)
        office.record.deployments.add(row)
        office.log.write(
            DeploymentDrafted(
                deployment_id,
                row.file_sha256,
                row.policy_sha256,
                row.watchlist_id,
                bound.manifest_sha256,
            ),
            by=applicant.account_id,
        )
    return row


def _row(
    office: Office, applicant: Person, deployment: Deployment, ids: tuple[str, str], bound: Bound
) -> DeploymentRow:
    terms = terms_of(deployment, bound)
    return DeploymentRow(
        deployment_id=ids[0],
        name=deployment.name,
        unit=deployment.unit or applicant.unit,
        kind=deployment.kind,
        state=DeploymentState.DRAFT,
        use_case=deployment.use_case.wording,
        location=deployment.location,
        window_start=deployment.start,
        window_end=deployment.end,
        applicant=applicant.account_id,
        deployment_text=deployment.redacted_text,
        sealed_file=seal_file(office, ids[0], deployment),
        file_sha256=deployment.sha256,
        policy_text=deployment.policy.data.decode(),
        policy_sha256=deployment.policy.sha256,
        policy_version=deployment.policy.version,
        pack_id=bound.pack_id,
        watchlist_id=ids[1],
        terms=terms,
        terms_sha256=terms_hash(terms),
        appraisal={"expected_false_alerts": 0.4},
        sealed_appraisal=None,
        flags=tuple(str(flag) for flag in deployment.flags),
        created_at=office.now(),
    )


def seeded_list() -> Watchlist:
    """A list on which the subject `S-1` consented to be a test subject, and `S-2` is sought."""
    watchlist = a_watchlist(uuid4().hex * 2)
    first, *others = watchlist.subjects
    return replace(watchlist, subjects=(replace(first, category="test-subject"), *others))


def an_alert_of(scene: Scene, row: DeploymentRow, **changes: Any) -> AlertRecord:
    """An alert that a live deployment raised just now."""
    office = scene.office
    run = a_run(
        deployment=row.name,
        kind=DeploymentKind.LIVE,
        deployment_id=row.deployment_id,
        watchlist_id=row.watchlist_id,
        started_at=scene.clock.now,
    )
    kept = Policy.recorded(row.policy_text.encode()).retention.alerts_days
    alert = an_alert(kind=DeploymentKind.LIVE, raised_at=scene.clock.now, **changes)
    filing = Filing(
        office.keys.new("alert"),
        office.record.watchlists.pseudonym(alert.candidate.subject_id),
        scene.clock.now + timedelta(days=kept),
    )
    with scene.changing():
        office.record.runs.begin(run)
        return office.record.alerts.add(run.run_id, alert, filing)


def place_of(scene: Scene, alert: AlertRecord) -> AlertPlace:
    return scene.office.record.alerts.place(alert.alert.alert_id)


def found(scene: Scene, place: AlertPlace, *decisions: AdjudicationDecision) -> None:
    """Operators, each another one, have decided so on an alert."""
    for decision in decisions:
        operator = scene.somebody(Role.OPERATOR)
        adjudicate(scene.office, operator, place, decision, [AdjudicationFactor.SUBJECT])


def found_viable(scene: Scene, place: AlertPlace, people: int = 2) -> None:
    """So many operators have found an alert viable: it is sent, where the policy asks no more."""
    found(scene, place, *[AdjudicationDecision.VIABLE] * people)


def stopped(office: Office, officer: Person, place: AlertPlace) -> None:
    """An officer has stopped somebody on an alert that was sent, and let them go again."""
    engagement.acknowledge(office, officer, place)
    engagement.decide(office, officer, place, OfficerDecision.ENGAGE)
    engagement.end_stop(office, officer, place, [IdentityCheck.DOCUMENT])


def handed_over(
    scene: Scene, row: DeploymentRow, successor: DeploymentRow, by: Person | None = None
) -> None:
    """A live deployment's cameras are another's, put on record as `overt.runtime.handover` does."""
    office, person = scene.office, by or scene.person(Role.COMMANDER)
    asked = ask_to_hand_over(office, person, row, successor, "three names were added")
    lifecycle.start(office, person, successor, f"takes over from {row.deployment_id[:8]}")
    event = HandedOver(row.deployment_id, successor.deployment_id, uuid4().hex, uuid4().hex)
    with office.record.together():
        office.record.hand_overs.answer(asked.hand_over_id, HandOverState.DONE, office.now(), "")
        office.log.write(event, by=person.account_id)
        lifecycle.end(office, row.deployment_id, f"handed over to {successor.deployment_id[:8]}")


def an_outcome(place: AlertPlace, **changes: Any) -> Outcome:
    """A true alert, confirmed by speaking to the person, who was arrested."""
    outcome = Outcome(
        alert_id=place.alert_id,
        entry=place.entry,
        by="",
        at=MORNING,
        true_alert=True,
        confirmed=True,
        engaged=True,
        disposal=Disposal.ARREST,
    )
    return replace(outcome, **changes)


def change_behind(office: Office, statement: str, *values: object) -> None:
    """Change the database as somebody would who goes round Overt."""
    with closing(sqlite3.connect(office.home.database)) as connection, connection:
        connection.execute(statement, values)
