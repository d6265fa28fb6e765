"""One alert in many hands: two operators and two officers, in any order, again and again."""

# ruff: noqa: D102 - rules are named after the acts they do

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from acts import Scene, a_policy, a_scene, an_alert_of, an_outcome, drafted, place_of
from overt.errors import LifecycleError, PermissionDenied
from overt.people.permissions import Person
from overt.review import adjudication, claims, engagement
from overt.review.claims import CLAIM_LIFE
from overt.review.queue import standing
from overt.storage import AlertPlace
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    AlertStage,
    Delivery,
    Disposal,
    IdentityCheck,
    OfficerDecision,
    Role,
)

OPERATORS, OFFICERS = ("operator", "second operator"), ("officer", "second officer")
UNANSWERED_S, LONGEST_MIN = 120, 15
POLICY = a_policy(two_person="true", unanswered_after_s="120", longest_stop_min="15")

CHANGED, SAME, REFUSED = "changed", "the same", "refused"

operators, officers = st.sampled_from(OPERATORS), st.sampled_from(OFFICERS)
mostly_viable = st.sampled_from([AdjudicationDecision.VIABLE] * 4 + [*AdjudicationDecision])
mostly_engage = st.sampled_from([OfficerDecision.ENGAGE] * 3 + [*OfficerDecision])
tried = st.sampled_from([(), (IdentityCheck.ASKED,), (IdentityCheck.DOCUMENT, IdentityCheck.ASKED)])


@dataclass(slots=True)
class Model:
    """What must be true of the alert, worked out apart from the product."""

    decisions: list[tuple[str, AdjudicationDecision]] = field(default_factory=list)
    claim: tuple[str, datetime] | None = None
    sent_at: datetime | None = None
    acknowledged: str = ""
    decided: tuple[str, OfficerDecision] | None = None
    engaged_at: datetime | None = None
    ended: tuple[str, frozenset[IdentityCheck]] | None = None
    outcome: tuple[str, bool, bool] | None = None
    prompted: bool = False

    @property
    def engaged(self) -> bool:
        return self.engaged_at is not None

    def held_by(self, now: datetime) -> str:
        return self.claim[0] if self.claim and now < self.claim[1] else ""

    def has_decided(self, who: str) -> bool:
        return any(each == who for each, _ in self.decisions)

    def expired(self, now: datetime) -> bool:
        if self.sent_at is None:
            return True
        return now - self.sent_at > timedelta(seconds=UNANSWERED_S)

    def stage(self, now: datetime) -> AlertStage:
        if self.outcome:
            return AlertStage.CLOSED
        if self.acknowledged:
            return AlertStage.ENGAGED if self.engaged else AlertStage.ACKNOWLEDGED
        if len(self.decisions) == 2:
            return AlertStage.SENT if self.sent_at else AlertStage.DECIDED
        if self.decisions:
            return AlertStage.WAITING
        return AlertStage.CLAIMED if self.held_by(now) else AlertStage.NEW


class OneAlert(RuleBasedStateMachine):
    """An alert that two operators and two officers act on, side by side with its model."""

    @initialize(steps=st.sampled_from(range(7, -1, -1)), decision=mostly_engage)
    def open(self, steps: int, decision: OfficerDecision) -> None:
        """Begin somewhere on the way that an alert goes if nobody gets in anybody's way."""
        self.folder = tempfile.TemporaryDirectory()
        self.opened = a_scene(Path(self.folder.name) / "home")
        self.scene: Scene = self.opened.__enter__()
        self.cast: dict[str, Person] = {
            **{name: self.scene.somebody(Role.OPERATOR) for name in OPERATORS},
            **{name: self.scene.somebody(Role.ENGAGEMENT_OFFICER) for name in OFFICERS},
        }
        self.place: AlertPlace = place_of(
            self.scene, an_alert_of(self.scene, drafted(self.scene, policy=POLICY))
        )
        self.model = Model()
        self.told = self.scene.office.record.outbox.latest()
        way: list[Callable[[], None]] = [
            lambda: self.claim(OPERATORS[0]),
            lambda: self.adjudicate(OPERATORS[0], AdjudicationDecision.VIABLE),
            lambda: self.adjudicate(OPERATORS[1], AdjudicationDecision.VIABLE),
            lambda: self.acknowledge(OFFICERS[0]),
            lambda: self.decide(OFFICERS[0], decision),
            lambda: self.end_stop(OFFICERS[0], ()),
            lambda: self.close(OFFICERS[0], self.model.engaged, true=True),
        ]
        for step in way[:steps]:
            step()

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            event(f"left {self.model.stage(self.scene.clock.now)}, stop: {self.model.engaged}")
            assert len(self.scene.events("alert.closed")) == int(self.model.outcome is not None)
            self.opened.__exit__(None, None, None)
            self.folder.cleanup()

    # --- operators --------------------------------------------------------------------------

    @rule(who=operators)
    def claim(self, who: str) -> None:
        model, now = self.model, self.scene.clock.now
        free = model.held_by(now) in {"", who}
        may = free and len(model.decisions) < 2 and not model.outcome and not model.has_decided(who)
        until = now + CLAIM_LIFE
        expected = (SAME if model.claim == (who, until) else CHANGED) if may else REFUSED
        self._act(expected, lambda: claims.claim(self.scene.office, self.cast[who], self.place))
        if may:
            model.claim = (who, until)

    @rule(who=operators)
    def release(self, who: str) -> None:
        holder = self.model.held_by(self.scene.clock.now)
        expected = CHANGED if holder == who else REFUSED if holder else SAME
        self._act(expected, lambda: claims.release(self.scene.office, self.cast[who], self.place))
        if expected is CHANGED:
            self.model.claim = None

    @rule(who=operators, decision=mostly_viable)
    def adjudicate(self, who: str, decision: AdjudicationDecision) -> None:
        model, now = self.model, self.scene.clock.now
        free = model.held_by(now) in {"", who}
        may = free and len(model.decisions) < 2 and not model.outcome and not model.has_decided(who)
        factors = [AdjudicationFactor.SUBJECT]
        both = [each for _, each in model.decisions] + [decision]
        sends = may and both == [AdjudicationDecision.VIABLE] * 2
        expected = CHANGED if may else REFUSED
        if (who, decision) in model.decisions:
            expected = SAME
        self._act(
            expected,
            lambda: adjudication.adjudicate(
                self.scene.office, self.cast[who], self.place, decision, factors
            ),
            Delivery.ALERT_SENT if sends else Delivery.ALERT_CHANGED,
        )
        if may:
            model.decisions.append((who, decision))
            model.claim = None
            model.sent_at = now if sends else None

    # --- officers ---------------------------------------------------------------------------

    @rule(who=officers)
    def acknowledge(self, who: str) -> None:
        model, now = self.model, self.scene.clock.now
        expected = CHANGED
        if model.acknowledged:
            expected = SAME if model.acknowledged == who else REFUSED
        elif model.outcome or model.expired(now):
            expected = REFUSED
        self._act(
            expected,
            lambda: engagement.acknowledge(self.scene.office, self.cast[who], self.place),
        )
        if expected is CHANGED:
            model.acknowledged = who

    @rule(who=officers, decision=mostly_engage)
    def decide(self, who: str, decision: OfficerDecision) -> None:
        model, now = self.model, self.scene.clock.now
        late = decision is OfficerDecision.ENGAGE and model.expired(now) and not model.acknowledged
        expected = CHANGED
        if model.decided:
            expected = SAME if model.decided == (who, decision) else REFUSED
        elif model.outcome or model.sent_at is None or late:
            expected = REFUSED
        self._act(
            expected,
            lambda: engagement.decide(self.scene.office, self.cast[who], self.place, decision),
        )
        if expected is CHANGED:
            model.decided = (who, decision)
            model.acknowledged = model.acknowledged or who
            model.engaged_at = now if decision is OfficerDecision.ENGAGE else None

    @rule(who=officers, checks=tried)
    def end_stop(self, who: str, checks: tuple[IdentityCheck, ...]) -> None:
        model = self.model
        expected = CHANGED if model.engaged else REFUSED
        if model.ended:
            expected = SAME if model.ended == (who, frozenset(checks)) else REFUSED
        self._act(
            expected,
            lambda: engagement.end_stop(self.scene.office, self.cast[who], self.place, checks),
        )
        if expected is CHANGED:
            model.ended = (who, frozenset(checks))

    @rule(who=st.sampled_from(OPERATORS + OFFICERS), engaged=st.booleans(), true=st.booleans())
    def close(self, who: str, engaged: bool, true: bool) -> None:  # noqa: FBT001
        model = self.model
        if who in OFFICERS:
            may = len(model.decisions) == 2
        else:
            may = len(model.decisions) == 2 and model.sent_at is None
        ready = engaged == model.engaged and (not engaged or model.ended is not None)
        expected = CHANGED if may and ready else REFUSED
        if model.outcome:
            expected = SAME if model.outcome == (who, engaged, true) else REFUSED
        disposal = Disposal.NO_ACTION if engaged else Disposal.NOT_ENGAGED
        outcome = an_outcome(
            self.place, engaged=engaged, true_alert=true, confirmed=engaged, disposal=disposal
        )
        self._act(expected, lambda: adjudication.close(self.scene.office, self.cast[who], outcome))
        if expected is CHANGED:
            model.outcome, model.claim = (who, engaged, true), None

    # --- time -------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 20, 90, 121, 901]))
    def time_passes(self, seconds: int) -> None:
        self.scene.clock.forward(seconds=seconds)

    @rule()
    def supervisors_are_prompted(self) -> None:
        model, now = self.model, self.scene.clock.now
        longest = timedelta(minutes=LONGEST_MIN)
        over = model.engaged_at is not None and now - model.engaged_at > longest
        due = over and model.ended is None and not model.prompted
        self._act(
            CHANGED if due else SAME,
            lambda: engagement.prompt_overruns(self.scene.office),
            Delivery.STOP_OVERRAN,
        )
        model.prompted = model.prompted or due

    # --- what must always hold --------------------------------------------------------------

    @invariant()
    def it_stands_where_the_model_says(self) -> None:
        """No decision is overwritten, and there is one outcome."""
        if not hasattr(self, "model"):
            return
        model, now, record = self.model, self.scene.clock.now, self.scene.office.record
        at = standing(self.scene.office, self.place)
        assert at.stage is model.stage(now)
        assert at.sent_at == model.sent_at
        assert at.claimed_by == self._id("" if model.outcome else model.held_by(now))
        assert at.acknowledged_by == self._id(model.acknowledged)
        assert at.engaged_at == model.engaged_at
        assert (at.released_at is not None) is (model.ended is not None)
        assert at.unanswered is (at.stage is AlertStage.SENT and model.expired(now))
        made = record.reviews.adjudications(self.place.alert_id)
        assert [(each.by, each.decision) for each in made] == [
            (self._id(who), decision) for who, decision in model.decisions
        ]
        outcome = record.reviews.outcome(self.place.alert_id)
        found = outcome and (outcome.by, outcome.engaged, outcome.true_alert)
        assert found == (model.outcome and (self._id(model.outcome[0]), *model.outcome[1:]))

    def _id(self, who: str) -> str:
        return self.cast[who].account_id if who else ""

    def _act(
        self, expected: str, act: Callable[[], Any], kind: Delivery = Delivery.ALERT_CHANGED
    ) -> None:
        """Do an act, and hold the outbox in step: a change has one row, all else has none."""
        refused = False
        try:
            act()
        except (LifecycleError, PermissionDenied):
            refused = True
        assert refused is (expected == REFUSED)
        rows = self.scene.office.record.outbox.after(self.told, 10)
        assert [each.kind for each in rows] == ([kind] if expected == CHANGED else [])
        for row in rows:
            sent = self.model.sent_at is not None or kind is Delivery.ALERT_SENT
            assert (row.alert_id, row.to_officers) == (self.place.alert_id, sent)
            assert row.at == self.scene.clock.now
            self.told = row.position


TestOneAlert = OneAlert.TestCase
TestOneAlert.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
