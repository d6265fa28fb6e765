"""A live deployment with alerts at every stage, for the pages that operators work with."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pages_world import Browser, a_browser
from starlette.types import ASGIApp

from acts import START, Scene, a_policy, an_alert_of, drafted, place_of
from overt.people.permissions import Person
from overt.review import adjudication
from overt.storage import AlertPlace, DeploymentRow, Outcome
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    DeploymentState,
    Disposal,
    Role,
)
from overt.web.app import guarded

VIABLE, NOT_VIABLE, UNSURE = AdjudicationDecision
SUBJECT = (AdjudicationFactor.SUBJECT,)


@dataclass(slots=True)
class Duty:
    """A live deployment, and who is on duty at it."""

    scene: Scene
    row: DeploymentRow
    app: ASGIApp = field(init=False)
    operator: Person = field(init=False)
    second: Person = field(init=False)

    def __post_init__(self) -> None:
        self.app = guarded(self.scene.office)
        self.operator = self.scene.person(Role.OPERATOR)
        self.second = self.scene.somebody(Role.OPERATOR)

    @property
    def console(self) -> str:
        """The path of the console."""
        return f"/deployments/{self.row.deployment_id}/console"

    def browser(self, person: Person | None = None) -> Browser:
        """A browser of somebody's, by default the operator's."""
        return a_browser(self.scene, person or self.operator, self.app)

    def alert(self, **changes: Any) -> AlertPlace:
        """An alert that was raised just now, of a face seen a second ago."""
        seen = self.scene.clock.now - timedelta(seconds=1)
        made = {"captured_at": seen, "first_seen_at": seen, "camera": "north-end"} | changes
        return place_of(self.scene, an_alert_of(self.scene, self.row, **made))

    def decide(
        self, place: AlertPlace, *decisions: AdjudicationDecision, by: Person | None = None
    ) -> AlertPlace:
        """Have people decide, the operator first and then another one."""
        people = [by] if by else [self.operator, self.second]
        for person, decision in zip(people, decisions, strict=False):
            adjudication.adjudicate(self.scene.office, person, place, decision, SUBJECT)
        return place

    def close(self, place: AlertPlace) -> AlertPlace:
        """Close an alert that was not sent, as false."""
        outcome = Outcome(
            place.alert_id,
            place.entry,
            "",
            self.scene.clock.now,
            true_alert=False,
            confirmed=False,
            engaged=False,
            disposal=Disposal.NOT_ENGAGED,
        )
        adjudication.close(self.scene.office, self.operator, outcome)
        return place

    def change(self, **changes: Any) -> None:
        """Change the deployment's row directly."""
        with self.changing():
            self.scene.office.record.deployments.change(self.row.deployment_id, **changes)

    def changing(self) -> AbstractContextManager[None]:
        """Change the record directly."""
        return self.scene.changing()

    def decided(self, place: AlertPlace) -> list[tuple[str, str]]:
        """Who has decided what on an alert."""
        made = self.scene.office.record.reviews.adjudications(place.alert_id)
        return [(each.by, str(each.decision)) for each in made]


def on_duty(scene: Scene, **policy: str) -> Duty:
    """A deployment of a scene that is live, under the shipped policy with these lines changed."""
    scene.clock.now = START + timedelta(minutes=5)
    row = drafted(scene, policy=a_policy(**policy) if policy else None)
    duty = Duty(scene, row)
    duty.change(state=DeploymentState.LIVE)
    duty.row = scene.row(row)
    return duty
