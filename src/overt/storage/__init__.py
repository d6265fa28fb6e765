"""The record: people, deployments, lists, alerts, decisions and the log, durable when written.

This is the only room that knows SQL. It keeps what the other rooms' values say and decides
nothing: what may be stored, for how long and on whose authority is said elsewhere. It holds one
rule of its own: nothing changes without an entry of the audit log in the same transaction.
"""

from overt.storage.accounts import Account, Session
from overt.storage.alerts import AlertPlace, AlertRecord, Filing
from overt.storage.deployments import ActRow, DeploymentRow
from overt.storage.dockets import Docket
from overt.storage.handling import Claim, Engagement
from overt.storage.handovers import HandOverRow
from overt.storage.keystore import KeyStore
from overt.storage.outbox import OutboxRow
from overt.storage.record import Record
from overt.storage.retention import Hold, Receipt
from overt.storage.reviews import Adjudication, Outcome
from overt.storage.runs import End, Run
from overt.storage.watchlists import Enrolled, Inclusion, ListFacts, SealedList

__all__ = [
    "Account",
    "ActRow",
    "Adjudication",
    "AlertPlace",
    "AlertRecord",
    "Claim",
    "DeploymentRow",
    "Docket",
    "End",
    "Engagement",
    "Enrolled",
    "Filing",
    "HandOverRow",
    "Hold",
    "Inclusion",
    "KeyStore",
    "ListFacts",
    "OutboxRow",
    "Outcome",
    "Receipt",
    "Record",
    "Run",
    "SealedList",
    "Session",
]
