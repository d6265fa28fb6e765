"""Every act in every order, by everybody, at any time: held against a model of what may be."""

# ruff: noqa: D102 - rules are named after the acts they do

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from life import MOVES, URGENT_FOR, Life

from acts import HERE, THERE, Scene, a_policy, a_scene, an_alert_of, an_outcome, drafted
from overt.audit.events import AlertClosed
from overt.deployment import expiry, lifecycle
from overt.errors import OvertError
from overt.storage import DeploymentRow
from overt.vocabulary import Role
from overt.watchlist import governance

POLICY = a_policy(urgent_max_hours="2", review_due_days="14")
CAST = {
    "applicant": ((Role.APPLICANT,), HERE, "sergeant"),
    "superintendent": ((Role.AUTHORISING_OFFICER,), HERE, "superintendent"),
    "chief": ((Role.AUTHORISING_OFFICER,), HERE, "commander"),
    "another chief": ((Role.AUTHORISING_OFFICER,), HERE, "commander"),
    "applicant and officer": ((Role.APPLICANT, Role.AUTHORISING_OFFICER), HERE, "commander"),
    "commander": ((Role.COMMANDER, Role.OPERATOR), HERE, "chief inspector"),
    "administrator": ((Role.ADMINISTRATOR,), HERE, ""),
    "their applicant": ((Role.APPLICANT,), THERE, "sergeant"),
    "their officer": ((Role.AUTHORISING_OFFICER, Role.COMMANDER), THERE, "superintendent"),
}
NEXT = {"draft": "submit", "submitted": "authorise", "authorised": "start", "urgent": "start"}
people = st.sampled_from(sorted(CAST))
reasons = st.sampled_from(["it has to be", "it has to be so", "because", ""])
which = st.integers(0, 50)


class Lives(RuleBasedStateMachine):
    """Deployments of two units, side by side with what must be true of each."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.opened = a_scene(Path(self.folder.name) / "home")
        self.scene: Scene = self.opened.__enter__()
        self.cast = {
            name: self.scene.somebody(*roles, unit=unit, rank=rank)
            for name, (roles, unit, rank) in CAST.items()
        }
        self.lives: list[tuple[str, Life]] = []

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self._hold_log_and_record_together()
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()

    # --- acts -------------------------------------------------------------------------------

    @precondition(lambda self: len(self.lives) < 4)
    @rule(
        who=st.sampled_from(["applicant", "applicant and officer", "their applicant"]),
        flagged=st.booleans(),
        steps=st.integers(0, 8),
        urgently=st.booleans(),
    )
    def draft(self, who: str, flagged: bool, steps: int, urgently: bool) -> None:  # noqa: FBT001
        now, person = self.scene.clock.now, self.cast[who]
        start, end = now + timedelta(hours=1), now + timedelta(hours=9)
        row = drafted(
            self.scene,
            person,
            policy=POLICY,
            flags='"protest"' if flagged else "",
            start=start.isoformat(),
            end=end.isoformat(),
        )
        self.lives.append((row.deployment_id, Life(person.unit, person, start, end, flagged)))
        self.go_on(len(self.lives) - 1, steps, urgently)

    @precondition(lambda self: self.lives)
    @rule(number=which, who=people)
    def approve(self, number: int, who: str) -> None:
        row, life = self._one(number)
        person = self.cast[who]
        may = (
            life.is_decidable_by(person, Role.AUTHORISING_OFFICER, Role.COMMANDER)
            and life.state in {"draft", "submitted"}
            and not life.approved
        )
        if self._done(may, lambda: governance.approve(self.scene.office, person, row)):
            life.approved = True

    @precondition(lambda self: self.lives)
    @rule(number=which, who=people)
    def submit(self, number: int, who: str) -> None:
        row, life = self._one(number)
        person = self.cast[who]
        may = (
            life.is_in(person, Role.APPLICANT)
            and person == life.applicant
            and life.state == "draft"
            and not self._blocked(row, life)
        )
        if self._done(may, lambda: lifecycle.submit(self.scene.office, person, row)):
            life.moved("submitted")

    @precondition(lambda self: self.lives)
    @rule(number=which, who=people, reason=reasons)
    def authorise(self, number: int, who: str, reason: str) -> None:
        row, life = self._one(number)
        person = self.cast[who]
        may = life.may_authorise(person, self.scene.clock.now, reason)
        may = may and not self._blocked(row, life)
        if self._done(may, lambda: lifecycle.authorise(self.scene.office, person, row, reason)):
            life.authorise(person)

    @precondition(lambda self: self.lives)
    @rule(number=which, who=people, reason=reasons)
    def authorise_urgently(self, number: int, who: str, reason: str) -> None:
        row, life = self._one(number)
        person, act = self.cast[who], lifecycle.authorise_urgently
        may = life.may_authorise_urgently(person, reason) and not self._blocked(row, life)
        if self._done(may, lambda: act(self.scene.office, person, row, reason)):
            life.moved("urgent")
            life.deadline = self.scene.clock.now + URGENT_FOR

    @precondition(lambda self: self.lives)
    @rule(number=which, who=people, reason=reasons)
    def refuse(self, number: int, who: str, reason: str) -> None:
        row, life = self._one(number)
        person = self.cast[who]
        may = life.may_refuse(person, reason)
        if self._done(may, lambda: lifecycle.refuse(self.scene.office, person, row, reason)):
            life.moved("refused")

    @precondition(lambda self: self.lives)
    @rule(number=which, who=people, reason=reasons)
    def cancel(self, number: int, who: str, reason: str) -> None:
        row, life = self._one(number)
        person = self.cast[who]
        may = life.may_cancel(person, reason)
        if self._done(may, lambda: lifecycle.cancel(self.scene.office, person, row, reason)):
            life.moved("cancelled")

    @precondition(lambda self: self.lives)
    @rule(number=which, who=people)
    def start(self, number: int, who: str) -> None:
        row, life = self._one(number)
        person = self.cast[who]
        may = life.may_start(person, self.scene.clock.now) and not self._blocked(row, life)
        if self._done(may, lambda: lifecycle.start(self.scene.office, person, row)):
            life.moved("live")

    @precondition(lambda self: any(life.state == "live" for _, life in self.lives))
    @rule(number=which)
    def raise_alert(self, number: int) -> None:
        live = [each for each in self.lives if each[1].state == "live"]
        deployment_id, life = live[number % len(live)]
        an_alert_of(self.scene, self.scene.office.record.deployments.find(deployment_id))
        life.alerts += 1
        life.open_alerts += 1

    @precondition(lambda self: self.lives)
    @rule(number=which)
    def close_alerts(self, number: int) -> None:
        row, life = self._one(number)
        record = self.scene.office.record
        for place in record.alerts.places_of(row.deployment_id):
            if record.reviews.outcome(place.alert_id) is None:
                with record.together():
                    record.reviews.set_outcome(an_outcome(place))
                    closed = AlertClosed(place.alert_id, True, True, True, "arrest")
                    self.scene.office.log.write(closed)
        life.open_alerts = 0

    @precondition(lambda self: self.lives)
    @rule(number=which)
    def end(self, number: int) -> None:
        row, life = self._one(number)
        lifecycle.end(self.scene.office, row.deployment_id, "it was stopped")
        if life.state == "live":
            life.ended(self.scene.clock.now)

    @precondition(lambda self: self.lives)
    @rule(number=which, who=people)
    def close(self, number: int, who: str) -> None:
        row, life = self._one(number)
        person, may = self.cast[who], life.may_close(self.cast[who])
        if self._done(may, lambda: lifecycle.close(self.scene.office, person, row, "done")):
            life.moved("closed")

    @precondition(lambda self: self.lives)
    @rule(number=which, who=people, findings=reasons)
    def review(self, number: int, who: str, findings: str) -> None:
        row, life = self._one(number)
        person, may = self.cast[who], life.may_review(self.cast[who], findings)
        if self._done(may, lambda: lifecycle.review(self.scene.office, person, row, findings)):
            life.moved("reviewed")

    @rule(hours=st.sampled_from([0.25, 1, 1, 2, 2, 9, 24 * 15]))
    def wait(self, hours: float) -> None:
        self.scene.clock.forward(hours=hours)

    @rule()
    def pass_time(self) -> None:
        expiry.expire(self.scene.office)
        for _, life in self.lives:
            life.pass_time(self.scene.clock.now)

    @precondition(lambda self: self.lives)
    @rule(number=which, steps=st.integers(1, 8), urgently=st.booleans())
    def go_on(self, number: int, steps: int, urgently: bool) -> None:  # noqa: FBT001
        """Take the next steps of an ordinary life, so that late states are reached as well."""
        for officer in (["chief", "another chief"] * 4)[:steps]:
            self._one_step(number, officer, urgently=urgently)

    def _one_step(self, number: int, officer: str, *, urgently: bool) -> None:
        _, life = self._one(number)
        applicant = next(name for name, person in self.cast.items() if person == life.applicant)
        commander = "commander" if life.unit == HERE else "their officer"
        officer = officer if life.unit == HERE else commander
        match life.state:
            case "draft":
                self.submit(number, applicant)
            case "submitted":
                self.approve(number, officer)
                act = self.authorise_urgently if urgently else self.authorise
                act(number, officer, "it has to be")
            case "authorised" | "urgent":
                self.scene.clock.now = max(self.scene.clock.now, life.start)
                self.start(number, commander)
            case "live":
                self.raise_alert(number)
                self.end(number)
            case "ended" if life.deadline:
                self.authorise(number, officer, "it has to be")
            case "ended":
                self.close_alerts(number)
                self.close(number, commander)
            case "closed":
                self.review(number, officer, "it went as it should")

    # --- what must always be true -------------------------------------------------------------

    @invariant()
    def the_record_is_as_the_model_has_it(self) -> None:
        for deployment_id, life in getattr(self, "lives", []):
            record = self.scene.office.record
            row = record.deployments.find(deployment_id)
            facts = record.watchlists.facts(row.watchlist_id)
            assert row.state == life.state
            assert row.urgent_deadline == life.deadline or life.state in {
                "cancelled",
                "refused",
                "expired",
            }
            assert (facts is not None) is life.listed
            assert len(record.alerts.places_of(deployment_id)) == life.alerts
            assert len(record.deployments.acts(deployment_id)) == life.acts
            if row.state == "live":
                assert row.authorised_terms_sha256 == row.terms_sha256

    def _hold_log_and_record_together(self) -> None:
        """R-10: each move is one act on record and one entry of the log, with the same terms."""
        record = self.scene.office.record
        for deployment_id, life in self.lives:
            row, acts = (
                record.deployments.find(deployment_id),
                record.deployments.acts(deployment_id),
            )
            moved = [
                each["data"]
                for each in self.scene.events("deployment.moved")
                if each["data"]["deployment"] == deployment_id
            ]
            assert [(act.act, act.state) for act in acts] == [
                (each["act"], each["after"]) for each in moved
            ]
            before = "draft"
            for act, entry in zip(acts, moved, strict=True):
                assert (act.act, entry["before"], entry["after"]) in MOVES
                assert entry["before"] == before
                before = entry["after"]
                assert act.terms_sha256 == entry["terms_sha256"] == row.terms_sha256
                decides = act.act.startswith(("deployment.authorise", "deployment.refuse"))
                assert not decides or act.by != life.applicant.account_id
                if act.act == "deployment.start":
                    assert life.start <= act.at < life.end
                    assert any(each.state in {"authorised", "urgent"} for each in acts)
            if life.flagged and life.state == "authorised":
                officers = {act.by for act in acts if act.act == "deployment.authorise"}
                assert len(officers) >= 2

    def _one(self, number: int) -> tuple[DeploymentRow, Life]:
        deployment_id, life = self.lives[number % len(self.lives)]
        return self.scene.office.record.deployments.find(deployment_id), life

    def _blocked(self, row: DeploymentRow, life: Life) -> bool:
        """R-63: another deployment of the unit has a review overdue."""
        return any(
            other.unit == life.unit and other.is_overdue(self.scene.clock.now)
            for deployment_id, other in self.lives
            if deployment_id != row.deployment_id
        )

    def _done(self, may: bool, act: Callable[[], object]) -> bool:  # noqa: FBT001
        try:
            act()
        except OvertError:
            assert not may
            return False
        assert may
        return True


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
