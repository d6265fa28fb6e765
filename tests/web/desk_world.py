"""Browsers of several people at one service, and what must never reach an auditor's."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pages_world import Browser, Shown, a_browser
from starlette.types import ASGIApp

from acts import ONE_PERSON, Scene, a_policy, a_scene, an_alert_of, drafted
from overt.audit.events import AlertRaised, RunBegan, RunEnded
from overt.people.accounts import Credentials, NewAccount, add
from overt.people.permissions import Person
from overt.storage import AlertPlace, DeploymentRow
from overt.vocabulary import DeploymentState, Role
from overt.web.app import guarded

LISTED = ("Example Person", "S-1", "S-2", "R-1", "R-2", "R-3", "warrant 0001/26")
"""What the lists of these tests say of people; see `example_records.a_subject`."""

_LINK = re.compile(r'(?:href|action|src)="(/[^"]*)"')


@dataclass(slots=True)
class Desk:
    """A service and the browsers at it."""

    scene: Scene
    app: ASGIApp = field(init=False)

    def __post_init__(self) -> None:
        self.app = guarded(self.scene.office)

    def as_(self, person: Person | Role | None) -> Browser:
        """The browser of a person, of whoever has a role, or of nobody, signed in anew."""
        whom = self.scene.person(person) if isinstance(person, Role) else person
        return a_browser(self.scene, whom, self.app)

    def size(self) -> int:
        """How many entries the log has."""
        return self.scene.office.record.journal.tree().size

    def alert(self, row: DeploymentRow) -> AlertPlace:
        """An alert of a deployment, raised as a run raises it."""
        office = self.scene.office
        made = an_alert_of(self.scene, row)
        began = RunBegan(
            made.run_id, row.deployment_id, "live", row.watchlist_id, 3, row.pack_id, 0.03, "ab"
        )
        raised = AlertRaised(
            alert=made.alert.alert_id,
            run=made.run_id,
            camera="north-end",
            captured_at=made.alert.captured_at.isoformat(),
            watchlist=row.watchlist_id,
            subject=made.alert.candidate.subject_id,
            comparison_score=0.9,
            normalised_score=0.04,
            threshold=0.03,
            pack=row.pack_id,
            crop_sha256="ab" * 32,
        )
        with office.record.together():
            office.log.write(began)
            office.log.write(raised)
        return office.record.alerts.place(made.alert.alert_id)

    def ended(self, place: AlertPlace, faces: int) -> None:
        """The run of an alert ends, having seen so many faces."""
        self.scene.office.note(RunEnded(place.run_id, "completed", faces, faces, 1))

    def live(
        self, applicant: Person | None = None, name: str = "North End, Saturday"
    ) -> DeploymentRow:
        """A deployment that is live, under a policy by which one person decides."""
        row = drafted(self.scene, applicant, policy=a_policy(**ONE_PERSON), name=name)
        record = self.scene.office.record
        with record.together():
            record.deployments.change(row.deployment_id, state=DeploymentState.LIVE)
            self.scene.office.log.write(RunEnded("", "", 0, 0, 0))
        return self.scene.row(row)

    def hired(self, name: str = "ada", *roles: Role) -> Credentials:
        """Somebody who can really sign in."""
        wanted = NewAccount(
            name=name,
            full_name="Example Operator",
            unit="croydon-north",
            rank="constable",
            roles=frozenset(roles or (Role.OPERATOR,)),
            trained_until=(self.scene.clock.now + timedelta(days=90)).date(),
        )
        return add(self.scene.office, self.scene.person(Role.ADMINISTRATOR), wanted)


@contextmanager
def a_desk(folder: Path) -> Iterator[Desk]:
    """A service on a scratch office, until the block is left."""
    with a_scene(folder) as scene:
        yield Desk(scene)


def links(shown: Shown) -> set[str]:
    """The addresses of ours on a page: links, pictures, style sheets, and where forms go."""
    return {each.replace("&amp;", "&").partition("#")[0] for each in _LINK.findall(shown.text)}
