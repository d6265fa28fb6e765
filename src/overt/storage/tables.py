"""The tables of the record, as SQLAlchemy Core describes them.

`migrations/` makes them; a test holds the two to each other. Types are portable: the same
tables are created on SQLite and on PostgreSQL. Closed words are stored by their name in
`overt.vocabulary` (`TOO_SMALL`), so that rewording a text never orphans a record.

A column whose name begins with `sealed` holds ciphertext (`overt.keys.sealing`): whatever
could show a face, a template or who is listed stands in such columns only, under a key that
is kept elsewhere (`overt.storage.keystore`). A column named `entry` holds a keyed pseudonym.
"""

from datetime import UTC, datetime
from enum import Enum as PythonEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Double,
    Enum,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from overt.vocabulary import (
    AdjudicationDecision,
    Delivery,
    DeploymentKind,
    DeploymentState,
    Disposal,
    HandOverState,
    OfficerDecision,
    RunEnding,
)


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: aware in, aware UTC out, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn the moment into UTC; refuse one that does not say where it holds."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("expected an aware time")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Say UTC again where the database has forgotten it, as SQLite does."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _words(of: type[PythonEnum]) -> Enum:
    return Enum(of, native_enum=False, length=32)


def _text(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=nullable)


def _hash(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, String(64), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Integer, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, UTCDateTime, nullable=nullable)


def _json(name: str) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=False)


def _sealed(name: str) -> Column[Any]:
    return Column(f"sealed_{name}", LargeBinary, nullable=False)


def _scores(prefix: str, *, nullable: bool = False) -> list[Column[Any]]:
    return [
        Column(f"{prefix}_rank", Integer, nullable=nullable),
        Column(f"{prefix}_comparison_score", Double, nullable=nullable),
        Column(f"{prefix}_normalised_score", Double, nullable=nullable),
    ]


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# --- people ---------------------------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    _text("name"),
    _text("full_name"),
    _text("unit"),
    _text("rank"),
    _json("roles"),
    _text("password_hash"),
    _sealed("totp_secret"),
    Column("trained_until", Date),
    _time("created_at"),
    _time("disabled_at", nullable=True),
    _number("failures"),
    _time("locked_until", nullable=True),
    Column("totp_step", BigInteger, nullable=False),
    UniqueConstraint("name"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("account_id", ForeignKey(accounts.c.account_id), nullable=False),
    _time("opened_at"),
    _time("expires_at"),
    _time("revoked_at", nullable=True),
)

# --- deployments ----------------------------------------------------------------------------

deployments = Table(
    "deployments",
    metadata,
    Column("deployment_id", Text, primary_key=True),
    _text("name"),
    _text("unit"),
    Column("kind", _words(DeploymentKind), nullable=False),
    Column("state", _words(DeploymentState), nullable=False),
    _text("use_case"),
    _text("location"),
    _time("window_start"),
    _time("window_end"),
    _text("applicant"),
    _text("deployment_text"),
    Column("sealed_file", LargeBinary),
    _hash("file_sha256"),
    _text("policy_text"),
    _hash("policy_sha256"),
    _text("policy_version"),
    _text("pack_id"),
    _text("watchlist_id"),
    _json("terms"),
    _hash("terms_sha256"),
    _hash("authorised_terms_sha256", nullable=True),
    _json("appraisal"),
    Column("sealed_appraisal", LargeBinary),
    _json("flags"),
    _time("created_at"),
    _time("urgent_deadline", nullable=True),
    _time("stop_requested_at", nullable=True),
    _time("ended_at", nullable=True),
    _time("review_due_at", nullable=True),
)

deployment_acts = Table(
    "deployment_acts",
    metadata,
    Column("deployment_id", ForeignKey(deployments.c.deployment_id), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    _text("act"),
    _text("by"),
    _text("rank"),
    _time("at"),
    Column("state", _words(DeploymentState), nullable=False),
    _text("reason"),
    _hash("terms_sha256"),
)

hand_overs = Table(
    "hand_overs",
    metadata,
    Column("hand_over_id", Text, primary_key=True),
    Column("deployment_id", ForeignKey(deployments.c.deployment_id), nullable=False),
    _text("successor_id"),
    _text("by"),
    _time("at"),
    _text("reason"),
    Column("state", _words(HandOverState), nullable=False),
    _time("answered_at", nullable=True),
    _text("answer"),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    _text("deployment"),
    Column("kind", _words(DeploymentKind), nullable=False),
    _text("use_case"),
    _text("location"),
    _time("window_start"),
    _time("window_end"),
    _text("deployment_text"),
    _hash("deployment_sha256"),
    _json("authority"),
    _text("policy_version"),
    _hash("policy_sha256"),
    # No foreign key: the record of a run outlives the list it was made with.
    _text("watchlist_id"),
    _number("watchlist_subjects"),
    _number("watchlist_references"),
    _text("pack_id"),
    _text("software_version"),
    _time("started_at"),
    _time("ended_at", nullable=True),
    Column("ending", _words(RunEnding)),
    _text("ending_reason"),
    Column("statistics", JSON(none_as_null=True)),
    Column("deployment_id", Text, ForeignKey(deployments.c.deployment_id)),
)

# --- watchlists -----------------------------------------------------------------------------

watchlists = Table(
    "watchlists",
    metadata,
    Column("watchlist_id", Text, primary_key=True),
    _text("pack_id"),
    _hash("manifest_sha256"),
    _text("key_id"),
    _text("deployment_id", nullable=True),
    _text("imported_by"),
    _time("imported_at"),
    _time("validated_at"),
    _text("approved_by", nullable=True),
    _time("approved_at", nullable=True),
    _time("destroy_after"),
    _number("size_subjects"),
    _number("size_references"),
)

watchlist_subjects = Table(
    "watchlist_subjects",
    metadata,
    Column("watchlist_id", ForeignKey(watchlists.c.watchlist_id), primary_key=True),
    Column("entry", Text, primary_key=True),
    _number("position"),
    _sealed("facts"),
    _time("withdrawn_at", nullable=True),
)

watchlist_references = Table(
    "watchlist_references",
    metadata,
    Column("watchlist_id", ForeignKey(watchlists.c.watchlist_id), primary_key=True),
    Column("entry", Text, primary_key=True),
    _number("position"),
    _text("pack_id"),
    _number("template_dimension"),
    _sealed("facts"),
    _sealed("template"),
    _sealed("picture"),
)

inclusions = Table(
    "inclusions",
    metadata,
    Column("entry", Text, primary_key=True),
    Column("watchlist_id", Text, primary_key=True),
    # The same list has the same id, and somebody may be on it again after it was destroyed.
    Column("listed_from", UTCDateTime, primary_key=True),
    _text("deployment"),
    _number("pictures"),
    _time("listed_until", nullable=True),
)

# --- alerts and what people decided ---------------------------------------------------------

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("run_id", ForeignKey(runs.c.run_id), nullable=False),
    _number("number"),
    Column("kind", _words(DeploymentKind), nullable=False),
    _text("camera"),
    Column("track_id", BigInteger, nullable=False),
    _time("first_seen_at"),
    _time("captured_at"),
    _time("raised_at"),
    Column("latency_s", Double, nullable=False),
    Column("presentation_s", Double, nullable=False),
    *_scores("candidate"),
    *_scores("runner_up", nullable=True),
    Column("threshold", Double, nullable=False),
    _number("shots"),
    _number("agreeing"),
    _text("pack_id"),
    _text("policy_version"),
    _json("zone_px"),
    _json("box_px"),
    _json("quality"),
    Column("entry", Text, nullable=False, index=True),
    _text("key_id"),
    _sealed("candidates"),
    _sealed("crop"),
    _time("erase_after"),
    UniqueConstraint("run_id", "number"),
)

alert_counts = Table(
    "alert_counts",
    metadata,
    Column("run_id", ForeignKey(runs.c.run_id), primary_key=True),
    _number("raised"),
    _number("erased"),
    _number("erased_true"),
    _number("erased_false"),
)

adjudications = Table(
    "adjudications",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    _text("by"),
    _time("at"),
    Column("decision", _words(AdjudicationDecision), nullable=False),
    _json("factors"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("entry", Text, nullable=False, index=True),
    _text("by"),
    _time("at"),
    Column("true_alert", Boolean, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("engaged", Boolean, nullable=False),
    Column("disposal", _words(Disposal), nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("alert_id", Text, primary_key=True),
    _text("by"),
    _time("at"),
    _time("until"),
)

engagements = Table(
    "engagements",
    metadata,
    Column("alert_id", Text, primary_key=True),
    _text("acknowledged_by"),
    _time("acknowledged_at"),
    _text("decided_by", nullable=True),
    _time("decided_at", nullable=True),
    Column("decision", _words(OfficerDecision)),
    _text("released_by", nullable=True),
    _time("released_at", nullable=True),
    _json("checks"),
    _time("overran_at", nullable=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("kind", _words(Delivery), nullable=False),
    _text("deployment_id", nullable=True),
    Column("alert_id", Text, index=True),
    Column("to_officers", Boolean, nullable=False),
    _time("at"),
    # Positions are never given twice, even where the latest rows have been erased.
    sqlite_autoincrement=True,
)

# --- retention ------------------------------------------------------------------------------

holds = Table(
    "holds",
    metadata,
    Column("hold_id", Text, primary_key=True),
    _text("alert_id"),
    _text("case_number"),
    _text("asked_by"),
    _text("authorised_by"),
    _time("placed_at"),
    _time("expires_at"),
    _time("released_at", nullable=True),
)

receipts = Table(
    "receipts",
    metadata,
    Column("receipt_id", Text, primary_key=True),
    _text("what"),
    _text("thing_id"),
    _number("count"),
    _text("reason"),
    _time("due_at"),
    _time("begun_at"),
    _time("finished_at", nullable=True),
    _json("key_ids"),
)

# --- the log --------------------------------------------------------------------------------

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
)

audit_tree = Table(
    "audit_tree",
    metadata,
    Column("tree_id", Integer, primary_key=True, autoincrement=False),
    _number("size"),
    Column("frontier", LargeBinary, nullable=False),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", Integer, primary_key=True, autoincrement=False),
    _text("note"),
)

audit_references = Table(
    "audit_references",
    metadata,
    Column("reference", Text, primary_key=True),
    _text("kind"),
    Column("entry", Text, nullable=False, index=True),
    Column("salt", LargeBinary, nullable=False),
    _sealed("content"),
)
