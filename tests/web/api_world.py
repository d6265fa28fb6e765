"""Two units with people of every role, and things for every act of the API.

An act's thing is made in the state that lets the act succeed, so that whatever is refused is
refused for who asks.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from api_calls import Answer, Caller

from acts import HERE, THERE, Scene, a_policy, an_alert_of, drafted, seeded_list
from overt.deployment.policy import Policy
from overt.people.permissions import Person, Thing
from overt.runtime.starting import alone
from overt.storage import Adjudication, DeploymentRow, Hold, Session
from overt.vocabulary import (
    Act,
    AdjudicationDecision,
    AdjudicationFactor,
    DeploymentState,
    Role,
)
from overt.web.app import guarded
from overt.web.paths import ROOT

ALL = '["operator", "engagement-officer", "commander", "applicant", "authorising-officer"]'

WHOEVER = {"watchlist_names": ALL, "two_person": "false"}
"""Policy settings under which the table alone says who may see names, and one person decides."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One request that does an act to a thing."""

    about: Thing
    method: str
    path: str
    body: object = None


@dataclass(slots=True)
class World:
    """An office, its API, and who is signed in."""

    scene: Scene
    loop: asyncio.AbstractEventLoop
    tokens: dict[str, str] = field(default_factory=dict)
    policy: Policy = field(default_factory=lambda: a_policy(**WHOEVER))
    anybody: Caller = field(init=False)
    run: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.anybody = Caller(guarded(self.scene.office), self.loop)

    def as_(self, person: Person) -> Caller:
        """The API as this person calls it, signed in."""
        if person.account_id not in self.tokens:
            self.tokens[person.account_id] = self.signed_in(person)
        return replace(self.anybody, token=self.tokens[person.account_id])

    def signed_in(self, person: Person) -> str:
        """A new session of a person's, as signing in opens one; return its token."""
        token, now = secrets.token_urlsafe(32), self.scene.clock.now
        digest = sha256(token.encode()).hexdigest()
        with self.changing():
            self.scene.office.record.accounts.open_session(
                Session(digest, person.account_id, now, now + timedelta(hours=12))
            )
        return token

    def call(self, person: Person, errand: Errand) -> Answer:
        """Send an errand in a session that stands, whatever errands before did to it."""
        answer = self.as_(person).call(errand.method, errand.path, errand.body)
        if answer.status == 401:
            self.tokens.pop(person.account_id)
            answer = self.as_(person).call(errand.method, errand.path, errand.body)
        return answer

    def changing(self) -> AbstractContextManager[None]:
        """Change the record directly."""
        return self.scene.changing()

    def deployment(
        self, applicant: Person, state: DeploymentState = DeploymentState.DRAFT, **changes: Any
    ) -> DeploymentRow:
        """A deployment of this applicant's that has come to this state, its list approved."""
        row = drafted(self.scene, applicant, policy=self.policy, watchlist=seeded_list())
        record = self.scene.office.record
        with self.changing():
            record.deployments.change(row.deployment_id, state=state, **changes)
            if state is not DeploymentState.DRAFT:
                record.watchlists.update(row.watchlist_id, approved_by="somebody else")
        return self.scene.row(row)

    def alert(self, applicant: Person, decided: AdjudicationDecision | None = None) -> str:
        """An alert of a live deployment of this applicant's; return its id."""
        row = self.deployment(applicant, DeploymentState.LIVE)
        alert_id = an_alert_of(self.scene, row).alert.alert_id
        if decided:
            made = Adjudication(
                alert_id,
                "an operator",
                self.scene.clock.now,
                decided,
                (AdjudicationFactor.SUBJECT,),
            )
            with self.changing():
                self.scene.office.record.reviews.add_adjudication(made)
        return alert_id

    def hold(self, applicant: Person) -> Hold:
        """A hold on an alert of this applicant's."""
        now = self.scene.clock.now
        hold = Hold(
            hold_id=uuid4().hex,
            alert_id=self.alert(applicant),
            case_number="CR/1/26",
            asked_by="a solicitor",
            authorised_by="somebody",
            placed_at=now,
            expires_at=now + timedelta(days=30),
        )
        with self.changing():
            self.scene.office.record.retention.place_hold(hold)
        return hold


@contextmanager
def a_world(scene: Scene) -> Iterator[World]:
    """The API of a scene, until the block is left."""
    loop = asyncio.new_event_loop()
    try:
        world = World(scene, loop)
        with world.run:
            yield world
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def errand(world: World, act: Act, owner: Person) -> Errand:
    """A request that does an act to a thing of this owner's, made for it."""
    return _ERRANDS[act](world, owner)


def owners(world: World, person: Person) -> dict[str, Person]:
    """Whose things a person meets: their own, a colleague's, another unit's."""
    role = next(iter(person.roles))
    colleague = Role.OPERATOR if role is Role.COMMANDER else Role.COMMANDER
    return {
        "their own": person,
        "their unit's": world.scene.person(colleague, HERE),
        "another unit's": world.scene.person(Role.APPLICANT, THERE),
    }


def _of_account(method: str, after: str, body: object = None) -> Callable[[World, Person], Errand]:
    def made(_world: World, owner: Person) -> Errand:
        about = Thing("account", owner.name, owner=owner.account_id)
        return Errand(about, method, f"{ROOT}/accounts/{owner.name}{after}", body)

    return made


def _of_deployment(
    word: str, state: DeploymentState, reason: str = "said in words"
) -> Callable[[World, Person], Errand]:
    def made(world: World, owner: Person) -> Errand:
        row = world.deployment(owner, state)
        about = Thing("deployment", row.deployment_id, row.unit, owner.account_id)
        path = f"{ROOT}/deployments/{row.deployment_id}/{word}"
        return Errand(about, "POST", path, {"reason": reason})

    return made


def _of_list(method: str, after: str, body: object = None) -> Callable[[World, Person], Errand]:
    def made(world: World, owner: Person) -> Errand:
        row = world.deployment(owner)
        about = Thing("watchlist", row.watchlist_id, row.unit, owner.account_id)
        path = f"{ROOT}/deployments/{row.deployment_id}/watchlist{after}"
        return Errand(about, method, path, body)

    return made


def _of_alert(
    method: str, after: str, body: object = None, decided: AdjudicationDecision | None = None
) -> Callable[[World, Person], Errand]:
    def made(world: World, owner: Person) -> Errand:
        alert_id = world.alert(owner, decided)
        about = Thing("alert", alert_id, owner.unit)
        return Errand(about, method, f"{ROOT}/alerts/{alert_id}{after}", body)

    return made


def _of_nothing(
    kind: str, method: str, path: str, body: object = None
) -> Callable[[World, Person], Errand]:
    return lambda _world, _owner: Errand(Thing(kind), method, f"{ROOT}{path}", body)


def _new_account(_world: World, owner: Person) -> Errand:
    body = {
        "name": f"new-{uuid4().hex[:12]}",
        "full_name": "Example Person",
        "unit": owner.unit,
        "rank": "constable",
        "roles": ["operator"],
        "trained_until": "2027-01-01",
    }
    return Errand(Thing("account"), "POST", f"{ROOT}/accounts", body)


def _hand_over(world: World, owner: Person) -> Errand:
    office, now = world.scene.office, world.scene.clock.now
    window = {"window_start": now - timedelta(hours=1)}
    row = world.deployment(owner, DeploymentState.LIVE, **window)
    successor = world.deployment(owner, DeploymentState.AUTHORISED, **window)
    world.run.enter_context(alone(office, row))  # as the process has it that runs it
    about = Thing("deployment", row.deployment_id, row.unit, owner.account_id)
    path = f"{ROOT}/deployments/{row.deployment_id}/hand-over"
    return Errand(about, "POST", path, {"successor_id": successor.deployment_id})


def _see_deployment(world: World, owner: Person) -> Errand:
    row = world.deployment(owner)
    about = Thing("deployment", row.deployment_id, row.unit, owner.account_id)
    return Errand(about, "GET", f"{ROOT}/deployments/{row.deployment_id}")


def _note_passage(world: World, owner: Person) -> Errand:
    row = world.deployment(owner, DeploymentState.LIVE)
    an_alert_of(world.scene, row)  # something was searched
    about = Thing("deployment", row.deployment_id, row.unit, owner.account_id)
    path = f"{ROOT}/deployments/{row.deployment_id}/seeded"
    return Errand(about, "POST", path, {"subject_id": "S-1", "camera": "north-end"})


def _place_hold(world: World, owner: Person) -> Errand:
    alert_id = world.alert(owner)
    body = {
        "alert_id": alert_id,
        "case_number": "CR/2/26",
        "asked_by": "a solicitor",
        "until": (world.scene.clock.now + timedelta(days=10)).isoformat(),
    }
    about = Thing("alert", alert_id, owner.unit)
    return Errand(about, "POST", f"{ROOT}/retention/holds", body)


def _release_hold(world: World, owner: Person) -> Errand:
    hold = world.hold(owner)
    about = Thing("hold", hold.hold_id, owner.unit)
    return Errand(about, "POST", f"{ROOT}/retention/holds/{hold.hold_id}/release")


_S = DeploymentState
_VIABLE, _NOT_VIABLE = AdjudicationDecision.VIABLE, AdjudicationDecision.NOT_VIABLE
_OUTCOME = {
    "true_alert": False,
    "confirmed": False,
    "engaged": False,
    "disposal": "not engaged",
}

_ERRANDS: dict[Act, Callable[[World, Person], Errand]] = {
    Act.ACCOUNT_ADD: _new_account,
    Act.ACCOUNT_CHANGE: _of_account("PATCH", "", {"full_name": "Another Example"}),
    Act.ACCOUNT_DISABLE: _of_account("POST", "/disable"),
    Act.ACCOUNT_LIST: _of_nothing("account", "GET", "/accounts"),
    Act.SESSION_REVOKE: _of_account("POST", "/revoke"),
    Act.DEPLOYMENT_SUBMIT: _of_deployment("submit", _S.DRAFT),
    Act.DEPLOYMENT_AUTHORISE: _of_deployment("authorise", _S.SUBMITTED),
    Act.DEPLOYMENT_REFUSE: _of_deployment("refuse", _S.SUBMITTED),
    Act.DEPLOYMENT_AUTHORISE_URGENTLY: _of_deployment("authorise-urgently", _S.SUBMITTED),
    Act.DEPLOYMENT_STOP: _of_deployment("stop", _S.LIVE),
    Act.DEPLOYMENT_HAND_OVER: _hand_over,
    Act.DEPLOYMENT_CANCEL: _of_deployment("cancel", _S.AUTHORISED),
    Act.DEPLOYMENT_CLOSE: _of_deployment("close", _S.ENDED),
    Act.DEPLOYMENT_REVIEW: _of_deployment("review", _S.CLOSED),
    Act.DEPLOYMENT_SEE: _see_deployment,
    Act.WATCHLIST_APPROVE: _of_list("POST", "/approve", {}),
    Act.WATCHLIST_REVALIDATE: _of_list("POST", "/revalidate", {"subject_ids": ["S-1"]}),
    Act.WATCHLIST_WITHDRAW: _of_list("POST", "/withdraw", {"subject_id": "S-1"}),
    Act.WATCHLIST_SEE: _of_list("GET", ""),
    Act.INCLUSION_ANSWER: _of_nothing("inclusion", "POST", "/inclusions", {"subject_id": "S-1"}),
    Act.PASSAGE_NOTE: _note_passage,
    Act.ALERT_LIST: _of_alert("GET", "", decided=_VIABLE),
    Act.ALERT_SEE_FACE: _of_alert("GET", "/crop", decided=_VIABLE),
    Act.ALERT_CLAIM: _of_alert("POST", "/claim"),
    Act.ALERT_ADJUDICATE: _of_alert(
        "POST", "/adjudicate", {"decision": "viable", "factors": ["subject"]}
    ),
    Act.ALERT_ACKNOWLEDGE: _of_alert("POST", "/acknowledge", {}, decided=_VIABLE),
    Act.ALERT_ENGAGE: _of_alert("POST", "/engage", {"decision": "engage"}, decided=_VIABLE),
    Act.ALERT_CLOSE: _of_alert("POST", "/close", _OUTCOME, decided=_NOT_VIABLE),
    Act.HOLD_PLACE: _place_hold,
    Act.HOLD_RELEASE: _release_hold,
    Act.RETENTION_SEE: _of_nothing("retention", "GET", "/retention/due"),
    Act.RETENTION_APPLY: _of_nothing("retention", "POST", "/retention/apply"),
    Act.AUDIT_SEE: _of_nothing("audit", "GET", "/audit/entries"),
}

WITHOUT_ROUTE = frozenset(Act) - set(_ERRANDS)
"""Acts that are the command line's alone."""
