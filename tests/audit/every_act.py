"""Every act that leaves an entry of the log, each ready to be done, on one office.

`a_stage` puts what the acts are about into the state that each needs; `ACTS` does them. On a
stage that can be written every one succeeds, which `test_fail_closed.py` holds as well: so
whatever refuses an act elsewhere is what the test did to the record.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pyotp

from acts import (
    HERE,
    MASTER,
    ONE_PERSON,
    START,
    Clock,
    Scene,
    a_policy,
    a_scene,
    an_alert_of,
    an_outcome,
    drafted,
    place_of,
    seeded_list,
    stopped,
)
from example_records import a_run, an_alert, recorded
from overt.audit.log import Log, Signer
from overt.deployment import handing_over, lifecycle
from overt.deployment import recorded as on_record
from overt.errors import SignInError
from overt.home import Home
from overt.keys.held import HeldKey
from overt.keys.sealing import DataKey
from overt.people import accounts, signing_in
from overt.people.accounts import Credentials, NewAccount
from overt.people.office import Office
from overt.people.permissions import Person
from overt.publication import publishing
from overt.publication.layouts import Layout
from overt.retention import clocks
from overt.review import adjudication, claims, engagement, holds, seeded
from overt.runtime import operation
from overt.runtime.filing import AlertFiling, FiledUnder
from overt.runtime.standing import Authorised
from overt.storage import AlertPlace, DeploymentRow, HandOverRow, Hold, KeyStore, Record
from overt.vocabulary import (
    Act,
    AdjudicationDecision,
    AdjudicationFactor,
    DeploymentKind,
    DeploymentState,
    IdentityCheck,
    OfficerDecision,
    Role,
)
from overt.watchlist import governance

_NOBODY = "nobody-in-particular"
_WORDS = "for a reason"


@dataclass(frozen=True, slots=True)
class Stage:
    """An office with something in every state; the office may be exchanged for a copy's."""

    office: Office
    folder: Path
    people: Mapping[Role, Person]
    draft: DeploymentRow
    approved: DeploymentRow
    submitted: DeploymentRow
    authorised: DeploymentRow
    live: DeploymentRow
    urgent: DeploymentRow
    ended: DeploymentRow
    closed: DeploymentRow
    fresh: AlertPlace
    claimed: AlertPlace
    decided: AlertPlace
    acknowledged: AlertPlace
    engaged: AlertPlace
    stopped: AlertPlace
    hold: Hold
    asked: HandOverRow
    run_id: str
    credentials: Credentials
    token: str

    def by(self, role: Role) -> Person:
        """Whoever has a role."""
        return self.people[role]


@contextmanager
def a_stage(folder: Path) -> Iterator[Stage]:
    """Begin an office with something in every state."""
    with a_scene(folder) as scene:
        scene.clock.now = START + timedelta(hours=1)
        yield _staged(scene, folder)


@contextmanager
def copied(stage: Stage, folder: Path) -> Iterator[Stage]:
    """Copy a stage, whose own office must be closed by now, to another folder."""
    shutil.copytree(stage.folder, folder, dirs_exist_ok=True)
    with opened(folder, stage.office.now()) as office:
        yield replace(stage, office=office, folder=folder)


@contextmanager
def opened(folder: Path, now: datetime) -> Iterator[Office]:
    """Open a stage's office anew, one that does not wait for locks."""
    home, clock = Home(folder), Clock(now)
    master = HeldKey("a test's", lambda: DataKey(MASTER), apart=True)
    with (
        KeyStore.open(home.keys, master) as keys,
        Record.open(home.database, keys, busy_timeout_s=0.02) as record,
    ):
        # Not closed as an office: that would sign a checkpoint.
        yield Office(home, record, keys, Log(record, Signer.of(keys), None, clock), clock)


def _staged(scene: Scene, folder: Path) -> Stage:
    office, people = scene.office, {role: scene.person(role) for role in Role}
    live = _at(scene, people, DeploymentState.LIVE)
    urgent = _at(scene, people, DeploymentState.URGENT)
    urgent = lifecycle.start(office, people[Role.COMMANDER], urgent)
    an_alert_of(scene, urgent)
    fresh, held, due = (place_of(scene, an_alert_of(scene, live)) for _ in range(3))
    handled = _handled(scene, people, live)
    with recorded(office.record):
        office.record.alerts.set_deadline(due.alert_id, START)
    hold = holds.place_hold(office, people[Role.AUTHORISING_OFFICER], _wanted(office, held))
    run = a_run(
        kind=DeploymentKind.LIVE, deployment_id=live.deployment_id, watchlist_id=live.watchlist_id
    )
    with recorded(office.record):
        office.record.runs.begin(run)
    authorised = _at(scene, people, DeploymentState.AUTHORISED)
    asked = handing_over.ask_to_hand_over(
        office,
        people[Role.COMMANDER],
        _at(scene, people, DeploymentState.LIVE),
        authorised,
        _WORDS,
    )
    known = accounts.add(office, people[Role.ADMINISTRATOR], _somebody("somebody"))
    return Stage(
        office=office,
        folder=folder,
        people=people,
        draft=_at(scene, people, DeploymentState.DRAFT, approved=False),
        approved=_at(scene, people, DeploymentState.DRAFT),
        submitted=_at(scene, people, DeploymentState.SUBMITTED),
        authorised=authorised,
        live=live,
        urgent=urgent,
        ended=_at(scene, people, DeploymentState.ENDED),
        closed=_at(scene, people, DeploymentState.CLOSED),
        fresh=fresh,
        **handled,
        hold=hold,
        asked=asked,
        run_id=run.run_id,
        credentials=known,
        token=signing_in.sign_in(
            office, "somebody", known.password, _code(office, known, timedelta(seconds=-30))
        ),
    )


def _handled(
    scene: Scene, people: Mapping[Role, Person], live: DeploymentRow
) -> dict[str, AlertPlace]:
    """Alerts of a live deployment, each as far as its name says."""
    office, operator = scene.office, people[Role.OPERATOR]
    officer = people[Role.ENGAGEMENT_OFFICER]
    names = ("engaged", "stopped", "acknowledged", "decided", "claimed")
    places = {name: place_of(scene, an_alert_of(scene, live)) for name in names}
    _decide(office, operator, places["engaged"])
    engagement.decide(office, officer, places["engaged"], OfficerDecision.ENGAGE)
    scene.clock.forward(minutes=20)  # for longer than a stop may last
    for name in ("stopped", "acknowledged", "decided"):
        _decide(office, operator, places[name])
    stopped(office, officer, places["stopped"])
    engagement.acknowledge(office, officer, places["acknowledged"])
    claims.claim(office, operator, places["claimed"])
    return places


def _at(
    scene: Scene,
    people: Mapping[Role, Person],
    state: DeploymentState,
    *,
    approved: bool = True,
) -> DeploymentRow:
    """A deployment of its own in this state, brought there by the acts themselves."""
    office, officer = scene.office, people[Role.AUTHORISING_OFFICER]
    row = drafted(
        scene,
        people[Role.APPLICANT],
        policy=a_policy(**ONE_PERSON),
        watchlist=seeded_list(),
    )
    if approved:
        governance.approve(office, officer, row)
    steps: list[tuple[DeploymentState, Callable[[DeploymentRow], DeploymentRow]]] = [
        (
            DeploymentState.SUBMITTED,
            lambda row: lifecycle.submit(office, people[Role.APPLICANT], row),
        ),
        (DeploymentState.AUTHORISED, lambda row: lifecycle.authorise(office, officer, row, _WORDS)),
        (
            DeploymentState.LIVE,
            lambda row: lifecycle.start(office, people[Role.COMMANDER], row),
        ),
        (DeploymentState.ENDED, lambda row: lifecycle.end(office, row.deployment_id, _WORDS)),
        (
            DeploymentState.CLOSED,
            lambda row: lifecycle.close(office, people[Role.COMMANDER], row, _WORDS),
        ),
    ]
    if state is DeploymentState.URGENT:
        row = lifecycle.submit(office, people[Role.APPLICANT], row)
        return lifecycle.authorise_urgently(office, officer, row, _WORDS)
    for _, step in steps:
        if row.state is state:
            break
        row = step(row)
    return row


def _somebody(name: str) -> NewAccount:
    return NewAccount(
        name, "Example Person", HERE, "constable", frozenset({Role.OPERATOR}), date(2027, 1, 1)
    )


def _code(office: Office, known: Credentials, later: timedelta = timedelta()) -> str:
    return pyotp.TOTP(known.totp_secret, interval=30).at(office.now() + later)


def _decide(office: Office, person: Person, place: AlertPlace) -> int:
    return adjudication.adjudicate(
        office, person, place, AdjudicationDecision.VIABLE, [AdjudicationFactor.SUBJECT]
    )


def _wanted(office: Office, place: AlertPlace) -> holds.HoldRequest:
    return holds.HoldRequest(place, "CASE-1", "DC Example", office.now() + timedelta(days=1))


def _raise(stage: Stage) -> None:
    under = FiledUnder(stage.run_id, stage.live.watchlist_id, lambda: START + timedelta(days=31))
    filing = AlertFiling(stage.office, Authorised(stage.office, stage.live), under)
    filing.commit(an_alert(kind=DeploymentKind.LIVE, alert_id="1a" * 16))


def _sign_in(stage: Stage, password: str) -> None:
    try:
        signing_in.sign_in(
            stage.office, "somebody", password, _code(stage.office, stage.credentials)
        )
    except SignInError:
        if password == stage.credentials.password:
            raise


ACTS: dict[str, Callable[[Stage], object]] = {
    "account.add": lambda on: accounts.add(on.office, on.by(Role.ADMINISTRATOR), _somebody("new")),
    "account.change": lambda on: accounts.change(
        on.office, on.by(Role.ADMINISTRATOR), "somebody", rank="sergeant"
    ),
    "account.change-password": lambda on: accounts.change_password(
        on.office, on.by(Role.OPERATOR), "four unrelated words"
    ),
    "account.disable": lambda on: accounts.disable(
        on.office, on.by(Role.ADMINISTRATOR), "somebody"
    ),
    "session.revoke": lambda on: accounts.revoke(on.office, on.by(Role.ADMINISTRATOR), "somebody"),
    "session.sign-in": lambda on: _sign_in(on, on.credentials.password),
    "session.sign-in, wrongly": lambda on: _sign_in(on, "not the password"),
    "session.sign-out": lambda on: signing_in.sign_out(on.office, on.token),
    "deployment.submit": lambda on: lifecycle.submit(on.office, on.by(Role.APPLICANT), on.approved),
    "deployment.authorise": lambda on: lifecycle.authorise(
        on.office, on.by(Role.AUTHORISING_OFFICER), on.submitted, _WORDS
    ),
    "deployment.authorise-urgently": lambda on: lifecycle.authorise_urgently(
        on.office, on.by(Role.AUTHORISING_OFFICER), on.submitted, _WORDS
    ),
    "deployment.refuse": lambda on: lifecycle.refuse(
        on.office, on.by(Role.AUTHORISING_OFFICER), on.urgent, _WORDS
    ),
    "deployment.stop": lambda on: lifecycle.request_stop(
        on.office, on.by(Role.COMMANDER), on.live, _WORDS
    ),
    "deployment.stop, with nothing running": lambda on: operation.stop(
        on.office, on.by(Role.COMMANDER), on.live, _WORDS
    ),
    "deployment.hand-over": lambda on: handing_over.ask_to_hand_over(
        on.office, on.by(Role.COMMANDER), on.live, on.authorised, _WORDS
    ),
    "deployment.hand-over, refused": lambda on: lifecycle.refuse_hand_over(
        on.office, on.asked, _WORDS, _WORDS
    ),
    "deployment.cancel": lambda on: lifecycle.cancel(
        on.office, on.by(Role.COMMANDER), on.authorised, _WORDS
    ),
    "deployment.start": lambda on: lifecycle.start(on.office, on.by(Role.COMMANDER), on.authorised),
    "deployment.end": lambda on: lifecycle.end(on.office, on.live.deployment_id, _WORDS),
    "deployment.close": lambda on: lifecycle.close(
        on.office, on.by(Role.COMMANDER), on.ended, _WORDS
    ),
    "deployment.review": lambda on: lifecycle.review(
        on.office, on.by(Role.AUTHORISING_OFFICER), on.closed, _WORDS
    ),
    "watchlist.approve": lambda on: governance.approve(
        on.office, on.by(Role.AUTHORISING_OFFICER), on.draft
    ),
    "watchlist.see": lambda on: governance.see(
        on.office, on.by(Role.OPERATOR), on.live, frozenset(Role)
    ),
    "watchlist.withdraw": lambda on: governance.withdraw(
        on.office, on.by(Role.APPLICANT), on.live, "S-1", _WORDS
    ),
    "watchlist.revalidate": lambda on: governance.revalidate(
        on.office, on.by(Role.APPLICANT), on.live, ["S-2"]
    ),
    "inclusion.answer": lambda on: governance.answer(on.office, on.by(Role.AUDITOR), "S-1"),
    "passage.note": lambda on: seeded.note_passage(
        on.office, on.by(Role.OPERATOR), on.live, "S-1", "north-end"
    ),
    "alert.raise": _raise,
    "alert.see": lambda on: adjudication.see(on.office, on.by(Role.OPERATOR), on.fresh),
    "alert.adjudicate": lambda on: _decide(on.office, on.by(Role.OPERATOR), on.fresh),
    "alert.claim": lambda on: claims.claim(on.office, on.by(Role.OPERATOR), on.fresh),
    "alert.give-back": lambda on: claims.release(on.office, on.by(Role.OPERATOR), on.claimed),
    "alert.acknowledge": lambda on: engagement.acknowledge(
        on.office, on.by(Role.ENGAGEMENT_OFFICER), on.decided
    ),
    "alert.engage": lambda on: engagement.decide(
        on.office, on.by(Role.ENGAGEMENT_OFFICER), on.acknowledged, OfficerDecision.NOT_FOUND
    ),
    "alert.end-stop": lambda on: engagement.end_stop(
        on.office, on.by(Role.ENGAGEMENT_OFFICER), on.engaged, [IdentityCheck.ASKED]
    ),
    "alert.prompt-overruns": lambda on: engagement.prompt_overruns(on.office),
    "alert.close": lambda on: adjudication.close(
        on.office, on.by(Role.ENGAGEMENT_OFFICER), an_outcome(on.stopped)
    ),
    "deployment.watch": lambda on: on_record.watched(
        on.office, on.by(Role.COMMANDER), on.live.deployment_id
    ),
    "hold.place": lambda on: holds.place_hold(
        on.office, on.by(Role.AUTHORISING_OFFICER), _wanted(on.office, on.fresh)
    ),
    "hold.release": lambda on: holds.release_hold(
        on.office, on.by(Role.AUTHORISING_OFFICER), on.hold
    ),
    "retention.apply": lambda on: clocks.apply(on.office, on.by(Role.COMMANDER)),
    "record.publish": lambda on: publishing.publish(
        on.office, on.by(Role.COMMANDER), [on.ended], Layout.CSV
    ),
    "an act refused": lambda on: on.office.refuse(
        on.by(Role.AUDITOR), Act.ALERT_SEE_FACE, on_record.thing_of(on.live), "a test"
    ),
}
"""Every act by name: done on a stage, it succeeds, and leaves at least one entry."""

DESTROYING = ("deployment.refuse", "deployment.cancel", "deployment.close", "retention.apply")
"""Those that destroy keys."""


def content(folder: Path, *, immutable: bool = False) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table of the record, as it is on the disk."""
    return _rows(folder / "overt.sqlite3", immutable=immutable)


def keys_standing(folder: Path, *, immutable: bool = False) -> dict[object, object]:
    """Return the wrapped bytes of every key that is not destroyed, by its id."""
    rows = _rows(folder / "keys.sqlite3", immutable=immutable)["data_keys"]
    return {row[0]: row[2] for row in rows if row[2] is not None}


def _rows(path: Path, *, immutable: bool) -> dict[str, list[tuple[object, ...]]]:
    how = "immutable=1" if immutable else "mode=ro"
    with closing(sqlite3.connect(f"file:{path}?{how}", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr)  # noqa: S608
            for (name,) in names
        }
