"""Claims, what officers do about alerts, and an outbox that tells of every change."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What is written here is history: it does not follow `overt.storage.tables` when that changes.

_KEEP_ROWS = """
    INSERT INTO outbox (kind, deployment_id, alert_id, to_officers, at)
    SELECT 'ALERT_RAISED', runs.deployment_id, before.alert_id, 0, before.at
    FROM outbox_0002 AS before
    JOIN alerts ON alerts.alert_id = before.alert_id
    JOIN runs ON runs.run_id = alerts.run_id
    ORDER BY before.position
"""


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name="pk_claims"),
    )
    op.create_table(
        "engagements",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=32), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("overran_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("alert_id", name="pk_engagements"),
    )
    _renew_outbox()


def _renew_outbox() -> None:
    op.rename_table("outbox", "outbox_0002")
    op.create_table(
        "outbox",
        sa.Column("position", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=True),
        sa.Column("alert_id", sa.Text(), nullable=True),
        sa.Column("to_officers", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_alert_id", "outbox", ["alert_id"])
    op.execute(_KEEP_ROWS)
    op.drop_table("outbox_0002")
