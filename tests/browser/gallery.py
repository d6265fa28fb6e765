"""One office with one of everything, so that every page can be looked at in each of its states.

The record is real and nothing runs: deployments stand where they would, alerts at every stage.
Time goes on, so that pages, which go by the clock, show what they show on duty.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from console_world import NOT_VIABLE, UNSURE, VIABLE, Duty
from pages_world import signed_in
from playwright.sync_api import Page
from screens import Member, Screens, a_team, served_here

from acts import HERE, Clock, Scene, a_policy, drafted, handed_over, open_office
from overt.review import claims, engagement
from overt.storage import DeploymentRow, Hold
from overt.vocabulary import DeploymentState, OfficerDecision, Role
from overt.web.app import guarded
from overt.web.cookies import COOKIE

EXPIRES_AFTER_S = 10
"""How long the alert that nobody answers is good for."""


@dataclass(slots=True)
class Going(Clock):
    """A clock that goes on, and holds when it was last asked."""

    def __call__(self) -> datetime:
        """Return the time."""
        self.now = datetime.now(UTC)
        return self.now


@dataclass(slots=True)
class World:
    """An office that is served, its people, and where everything is."""

    scene: Scene
    team: Mapping[str, Member]
    address: str = ""
    paths: dict[str, str] = field(default_factory=dict)

    def deployment(
        self,
        state: DeploymentState,
        *,
        approved: bool = True,
        name: str = "",
        unanswered_after_s: int = 3600,
    ) -> DeploymentRow:
        """A deployment that stands at a state, as if people had brought it there."""
        now = self.scene.clock()
        row = drafted(
            self.scene,
            self.team["applicant"].person,
            # Looking at all the pages takes longer than an alert is usually waited for.
            policy=a_policy(
                late_after_s=f"{min(60, unanswered_after_s)}",
                unanswered_after_s=f"{unanswered_after_s}",
            ),
            start=(now - timedelta(hours=1)).isoformat(),
            end=(now + timedelta(hours=5)).isoformat(),
            name=name or f"North End, {state}",
        )
        duty = Duty(self.scene, row)
        given = state not in {DeploymentState.DRAFT, DeploymentState.SUBMITTED}
        duty.change(state=state, authorised_terms_sha256=row.terms_sha256 if given else None)
        if approved and state is not DeploymentState.DRAFT:
            with duty.changing():
                by = self.team["commander"].person.account_id
                self.scene.office.record.watchlists.update(
                    row.watchlist_id, approved_by=by, approved_at=now
                )
        return self.scene.row(row)

    def screen(self, screens: Screens, who: str, path: str, **settings: object) -> Page:
        """A screen at a page, with somebody of the team signed in beforehand, or nobody."""
        screens.at(self.address, self.team)
        page = screens.anybodys(**settings)
        if who:
            self.scene.clock()
            token = signed_in(self.scene, self.team[who].person)
            page.context.add_cookies(
                [
                    {
                        "name": COOKIE,
                        "value": token,
                        "url": self.address.replace("http:", "https:"),
                        "secure": True,
                        "httpOnly": True,
                        "sameSite": "Strict",
                    }
                ]
            )
        page.goto(path)
        return page


@contextmanager
def a_world(folder: Path) -> Iterator[World]:
    """Serve an office with its people from a thread, until the block is left."""
    clock = Going()
    with open_office(folder, clock) as office:
        scene = Scene(office, clock)
        clock()
        team = a_team(office, HERE)
        for name, member in team.items():
            (role,) = member.person.roles
            if name != "second":
                scene.cast[HERE, role] = member.person
        with served_here(guarded(office)) as address:
            yield World(scene, team, address)


def filled(world: World) -> World:
    """Put one of everything into an office, and note where each page is."""
    for state in DeploymentState:
        row = world.deployment(state, approved=state is not DeploymentState.DRAFT)
        world.paths[str(state)] = f"/deployments/{row.deployment_id}"
        if state is DeploymentState.LIVE:
            _alerts(world, row)
    world.paths["account"] = f"/people/{world.team['officer'].person.account_id}"
    _handed_over(world)
    _expired(world)
    row = world.deployment(DeploymentState.SUBMITTED, approved=False)
    world.paths["unapproved"] = f"/deployments/{row.deployment_id}"
    return world


def _alerts(world: World, row: DeploymentRow) -> None:
    duty = Duty(world.scene, row)
    duty.second = world.team["second"].person
    office, officer = world.scene.office, world.team["officer"].person
    made = {}
    for name in ("new", "mine", "held", "waiting", "unsent", "closed"):
        world.scene.clock()
        made[name] = duty.alert()
    for name in ("sent", "taken", "decided", "stopped", "outcome"):
        world.scene.clock()
        made[name] = duty.decide(duty.alert(), VIABLE, VIABLE)
    for who, name in ((duty.operator, "mine"), (duty.second, "held")):
        held = claims.claim(office, who, made[name])
        with duty.changing():  # looking at all the pages takes longer than a claim stands
            office.record.handling.set_claim(replace(held, until=held.until + timedelta(hours=2)))
    duty.decide(made["waiting"], UNSURE)
    duty.decide(made["unsent"], NOT_VIABLE, UNSURE)
    duty.close(duty.decide(made["closed"], NOT_VIABLE, NOT_VIABLE))
    for name in ("taken", "decided", "stopped", "outcome"):
        who = world.scene.somebody(Role.ENGAGEMENT_OFFICER) if name == "taken" else officer
        engagement.acknowledge(office, who, made[name])
    engagement.decide(office, officer, made["stopped"], OfficerDecision.ENGAGE)
    engagement.decide(office, officer, made["outcome"], OfficerDecision.NOT_FOUND)
    for name, place in made.items():
        world.paths[f"alert-{name}"] = f"/alerts/{place.alert_id}"
        world.paths[f"officer-{name}"] = f"/officer/alerts/{place.alert_id}"
    _hold(world, duty, made["closed"].alert_id)
    world.paths["slip"] = f"/officer/slip/{row.deployment_id}"


def _handed_over(world: World) -> None:
    row = world.deployment(DeploymentState.LIVE, name="North End, in the morning")
    duty = Duty(world.scene, row)
    duty.second = world.team["second"].person
    place, sent = duty.alert(), duty.decide(duty.alert(), VIABLE, VIABLE)
    successor = world.deployment(DeploymentState.AUTHORISED, name="North End, with three names")
    handed_over(world.scene, row, successor)
    world.paths["handed over"] = f"/deployments/{row.deployment_id}"
    world.paths["alert-handed over"] = f"/alerts/{place.alert_id}"
    world.paths["officer-handed over"] = f"/officer/alerts/{sent.alert_id}"


def _expired(world: World) -> None:
    row = world.deployment(
        DeploymentState.LIVE, name="North End, unanswered", unanswered_after_s=EXPIRES_AFTER_S
    )
    duty = Duty(world.scene, row)
    duty.second = world.team["second"].person
    sent = duty.decide(duty.alert(), VIABLE, VIABLE)
    world.paths["officer-expired"] = f"/officer/alerts/{sent.alert_id}"


def _hold(world: World, duty: Duty, alert_id: str) -> None:
    now = world.scene.clock()
    hold = Hold(
        hold_id=uuid4().hex,
        alert_id=alert_id,
        case_number="CR/1/26",
        asked_by="a solicitor",
        authorised_by=world.team["authoriser"].person.account_id,
        placed_at=now,
        expires_at=now + timedelta(days=30),
    )
    with duty.changing():
        world.scene.office.record.retention.place_hold(hold)
