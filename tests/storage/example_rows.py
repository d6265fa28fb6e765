"""Made-up rows of the record's parts, and a record that holds one of each."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from example_records import NOON, a_watchlist, begun, raised, recorded, saved
from overt.storage import (
    Account,
    ActRow,
    Adjudication,
    AlertRecord,
    Claim,
    DeploymentRow,
    Engagement,
    HandOverRow,
    Hold,
    ListFacts,
    Outcome,
    Receipt,
    Record,
    Run,
    Session,
)
from overt.vocabulary import (
    AdjudicationDecision,
    AdjudicationFactor,
    DeploymentKind,
    DeploymentState,
    Disposal,
    IdentityCheck,
    OfficerDecision,
    Role,
)


def an_account(**changes: Any) -> Account:
    account = Account(
        account_id=uuid4().hex,
        name=f"example-{uuid4().hex[:12]}",
        full_name="A. Example",
        unit="Example unit",
        rank="inspector",
        roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
        password_hash="$argon2id$…",  # noqa: S106  nobody's
        sealed_totp_secret=b"\x01sealed",
        trained_until=NOON.date(),
        created_at=NOON,
    )
    return replace(account, **changes)


def a_session(account: Account, **changes: Any) -> Session:
    session = Session(
        token_sha256=uuid4().hex * 2,
        account_id=account.account_id,
        opened_at=NOON,
        expires_at=NOON + timedelta(hours=8),
    )
    return replace(session, **changes)


def a_deployment(**changes: Any) -> DeploymentRow:
    row = DeploymentRow(
        deployment_id=uuid4().hex,
        name="High Street, Saturday",
        unit="Example unit",
        kind=DeploymentKind.LIVE,
        state=DeploymentState.DRAFT,
        use_case="Persons wanted on warrant",
        location="High Street",
        window_start=NOON,
        window_end=NOON + timedelta(hours=4),
        applicant="an account",
        deployment_text='name = "High Street, Saturday"\n',
        sealed_file=b"\x01sealed",
        file_sha256="ab" * 32,
        policy_text="[policy]\n",
        policy_sha256="cd" * 32,
        policy_version="2026-07-01",
        pack_id="standard@1",
        watchlist_id="ef" * 32,
        terms={"cameras": ["gate"], "threshold": 0.03},
        terms_sha256="01" * 32,
        appraisal={"expected_false_alerts": 0.4},
        sealed_appraisal=None,
        flags=("protest",),
        created_at=NOON,
    )
    return replace(row, **changes)


def an_act(deployment_id: str, **changes: Any) -> ActRow:
    act = ActRow(
        deployment_id=deployment_id,
        act="deployment.submit",
        by="an account",
        rank="sergeant",
        at=NOON,
        state=DeploymentState.SUBMITTED,
        reason="",
        terms_sha256="01" * 32,
    )
    return replace(act, **changes)


def an_adjudication(alert_id: str, **changes: Any) -> Adjudication:
    made = Adjudication(
        alert_id=alert_id,
        by="an account",
        at=NOON,
        decision=AdjudicationDecision.NOT_VIABLE,
        factors=(AdjudicationFactor.SYSTEM, AdjudicationFactor.SUBJECT),
    )
    return replace(made, **changes)


def an_outcome(alert: AlertRecord, **changes: Any) -> Outcome:
    outcome = Outcome(
        alert_id=alert.alert.alert_id,
        entry=alert.entry,
        by="an account",
        at=NOON,
        true_alert=False,
        confirmed=True,
        engaged=False,
        disposal=Disposal.NOT_ENGAGED,
    )
    return replace(outcome, **changes)


def a_claim(alert_id: str, **changes: Any) -> Claim:
    claim = Claim(alert_id, "an account", NOON, NOON + timedelta(minutes=2))
    return replace(claim, **changes)


def an_engagement(alert_id: str, **changes: Any) -> Engagement:
    engagement = Engagement(
        alert_id=alert_id,
        acknowledged_by="an account",
        acknowledged_at=NOON,
        decided_by="an account",
        decided_at=NOON + timedelta(minutes=1),
        decision=OfficerDecision.ENGAGE,
        checks=(IdentityCheck.ASKED, IdentityCheck.KNOWN),
    )
    return replace(engagement, **changes)


def a_hold(alert_id: str, **changes: Any) -> Hold:
    hold = Hold(
        hold_id=uuid4().hex,
        alert_id=alert_id,
        case_number="0001/26",
        asked_by="an account",
        authorised_by="another account",
        placed_at=NOON,
        expires_at=NOON + timedelta(days=90),
    )
    return replace(hold, **changes)


def a_receipt(**changes: Any) -> Receipt:
    receipt = Receipt(
        receipt_id=uuid4().hex,
        what="watchlist",
        thing_id="cd" * 32,
        count=2,
        reason="deployment closed",
        due_at=NOON,
        begun_at=NOON + timedelta(minutes=1),
        key_ids=("one", "other"),
    )
    return replace(receipt, **changes)


def a_hand_over(deployment_id: str, **changes: Any) -> HandOverRow:
    asked = HandOverRow(uuid4().hex, deployment_id, uuid4().hex, "an account", NOON, "a reason")
    return replace(asked, **changes)


@dataclass(frozen=True, slots=True)
class Filled:
    """A record that holds one of each thing, and those things."""

    record: Record
    run: Run
    alert: AlertRecord
    facts: ListFacts
    account: Account
    session: Session
    deployment: DeploymentRow
    hold: Hold
    receipt: Receipt
    reference: str
    hand_over: HandOverRow


def filled(record: Record) -> Filled:
    """Put one of each thing into a record."""
    watchlist = a_watchlist()
    facts, run = saved(record, watchlist), begun(record)
    alert, account, deployment = raised(record, run), an_account(), a_deployment()
    session, receipt = a_session(account), a_receipt()
    hold = a_hold(alert.alert.alert_id)
    hand_over = a_hand_over(deployment.deployment_id)
    with recorded(record):
        record.accounts.add(account)
        record.accounts.open_session(session)
        record.deployments.add(deployment)
        record.deployments.add_act(an_act(deployment.deployment_id))
        record.hand_overs.ask(hand_over)
        record.reviews.add_adjudication(an_adjudication(alert.alert.alert_id))
        record.handling.set_claim(a_claim(alert.alert.alert_id))
        record.handling.set_engagement(an_engagement(alert.alert.alert_id))
        record.retention.place_hold(hold)
        record.retention.begin_receipt(receipt)
        reference = record.journal.reference("person", account.account_id)
    return Filled(
        *(record, run, alert, facts, account, session, deployment, hold, receipt, reference),
        hand_over,
    )


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table of the record, as a reader from outside sees them."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        names = [name for (name,) in connection.execute(query)]
        return {name: list(connection.execute(f"SELECT * FROM {name}")) for name in names}  # noqa: S608
