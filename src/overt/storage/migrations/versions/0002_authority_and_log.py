"""People, authority, sealed lists and alerts, decisions, retention and the audit log."""

import sqlalchemy as sa
from alembic import op

from overt.errors import StorageError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What is written here is history: it does not follow `overt.storage.tables` when that changes.

_PLAIN = ("alerts", "watchlist_references", "watchlist_subjects", "watchlists")


def upgrade() -> None:
    _demand_nothing_plain()
    for table in _PLAIN:
        op.drop_table(table)
    _create_people()
    _create_deployments()
    op.execute(
        "ALTER TABLE runs ADD COLUMN deployment_id TEXT REFERENCES deployments (deployment_id)"
    )
    _create_watchlists()
    _create_alerts()
    _create_retention()
    _create_log()


def _demand_nothing_plain() -> None:
    """Refuse a record that holds faces from before sealing: neither lose nor keep them unasked."""
    for table in _PLAIN:
        if op.get_bind().execute(sa.text(f"SELECT 1 FROM {table} LIMIT 1")).first():  # noqa: S608
            raise StorageError(
                "This record is from before Overt sealed what it keeps: it holds faces that "
                "anyone who reads the file can see.",
                remedy="Move the file away, or delete it, and a new record is begun. What it "
                "holds are rehearsals, which can be run again.",
            )


def _create_people() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("rank", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("sealed_totp_secret", sa.LargeBinary(), nullable=False),
        sa.Column("trained_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name="fk_sessions_accounts"
        ),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_sessions"),
    )


def _create_deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("use_case", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applicant", sa.Text(), nullable=False),
        sa.Column("deployment_text", sa.Text(), nullable=False),
        sa.Column("sealed_file", sa.LargeBinary(), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("policy_text", sa.Text(), nullable=False),
        sa.Column("policy_sha256", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("pack_id", sa.Text(), nullable=False),
        sa.Column("watchlist_id", sa.Text(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("terms_sha256", sa.String(length=64), nullable=False),
        sa.Column("authorised_terms_sha256", sa.String(length=64), nullable=True),
        sa.Column("appraisal", sa.JSON(), nullable=False),
        sa.Column("sealed_appraisal", sa.LargeBinary(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("urgent_deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("deployment_id", name="pk_deployments"),
    )
    op.create_table(
        "deployment_acts",
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("rank", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("terms_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.deployment_id"], name="fk_deployment_acts_deployments"
        ),
        sa.PrimaryKeyConstraint("deployment_id", "sequence", name="pk_deployment_acts"),
    )


def _create_watchlists() -> None:
    op.create_table(
        "watchlists",
        sa.Column("watchlist_id", sa.Text(), nullable=False),
        sa.Column("pack_id", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=True),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("validated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroy_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size_subjects", sa.Integer(), nullable=False),
        sa.Column("size_references", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("watchlist_id", name="pk_watchlists"),
    )
    op.create_table(
        "watchlist_subjects",
        sa.Column("watchlist_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sealed_facts", sa.LargeBinary(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["watchlist_id"], ["watchlists.watchlist_id"], name="fk_watchlist_subjects_watchlists"
        ),
        sa.PrimaryKeyConstraint("watchlist_id", "entry", name="pk_watchlist_subjects"),
    )
    op.create_table(
        "watchlist_references",
        sa.Column("watchlist_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pack_id", sa.Text(), nullable=False),
        sa.Column("template_dimension", sa.Integer(), nullable=False),
        sa.Column("sealed_facts", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_template", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_picture", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["watchlist_id"], ["watchlists.watchlist_id"], name="fk_watchlist_references_watchlists"
        ),
        sa.PrimaryKeyConstraint("watchlist_id", "entry", name="pk_watchlist_references"),
    )
    op.create_table(
        "inclusions",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("watchlist_id", sa.Text(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("listed_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("entry", "watchlist_id", "listed_from", name="pk_inclusions"),
    )


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("camera", sa.Text(), nullable=False),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latency_s", sa.Double(), nullable=False),
        sa.Column("presentation_s", sa.Double(), nullable=False),
        sa.Column("candidate_rank", sa.Integer(), nullable=False),
        sa.Column("candidate_comparison_score", sa.Double(), nullable=False),
        sa.Column("candidate_normalised_score", sa.Double(), nullable=False),
        sa.Column("runner_up_rank", sa.Integer(), nullable=True),
        sa.Column("runner_up_comparison_score", sa.Double(), nullable=True),
        sa.Column("runner_up_normalised_score", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("shots", sa.Integer(), nullable=False),
        sa.Column("agreeing", sa.Integer(), nullable=False),
        sa.Column("pack_id", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("zone_px", sa.JSON(), nullable=False),
        sa.Column("box_px", sa.JSON(), nullable=False),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("sealed_candidates", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_crop", sa.LargeBinary(), nullable=False),
        sa.Column("erase_after", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_alerts_runs"),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alerts"),
        sa.UniqueConstraint("run_id", "number", name="uq_alerts_run_id_number"),
    )
    op.create_index("ix_alerts_entry", "alerts", ["entry"])
    op.create_table(
        "alert_counts",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("raised", sa.Integer(), nullable=False),
        sa.Column("erased", sa.Integer(), nullable=False),
        sa.Column("erased_true", sa.Integer(), nullable=False),
        sa.Column("erased_false", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_alert_counts_runs"),
        sa.PrimaryKeyConstraint("run_id", name="pk_alert_counts"),
    )
    op.create_table(
        "adjudications",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("factors", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "sequence", name="pk_adjudications"),
    )
    op.create_table(
        "outcomes",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("true_alert", sa.Boolean(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("engaged", sa.Boolean(), nullable=False),
        sa.Column("disposal", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name="pk_outcomes"),
    )
    op.create_index("ix_outcomes_entry", "outcomes", ["entry"])
    op.create_table(
        "outbox",
        sa.Column("position", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
    )


def _create_retention() -> None:
    op.create_table(
        "holds",
        sa.Column("hold_id", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("authorised_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("hold_id", name="pk_holds"),
    )
    op.create_table(
        "receipts",
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("thing_id", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_ids", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("receipt_id", name="pk_receipts"),
    )


def _create_log() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_audit_entries"),
    )
    op.create_table(
        "audit_tree",
        sa.Column("tree_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tree_id", name="pk_audit_tree"),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_audit_checkpoints"),
    )
    op.create_table(
        "audit_references",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name="pk_audit_references"),
    )
    op.create_index("ix_audit_references_entry", "audit_references", ["entry"])
