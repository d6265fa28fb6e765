"""The first record: runs, watchlists with their subjects and references, alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What is written here is history: it does not follow `overt.storage.tables` when that changes.


def upgrade() -> None:
    _create_runs()
    _create_watchlists()
    _create_alerts()


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _real(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=False)


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _create_runs() -> None:
    op.create_table(
        "runs",
        _text("run_id"),
        _text("deployment"),
        _words("kind"),
        _text("use_case"),
        _text("location"),
        _time("window_start"),
        _time("window_end"),
        _text("deployment_text"),
        sa.Column("deployment_sha256", sa.String(64), nullable=False),
        _json("authority"),
        _text("policy_version"),
        sa.Column("policy_sha256", sa.String(64), nullable=False),
        _text("watchlist_id"),
        _number("watchlist_subjects"),
        _number("watchlist_references"),
        _text("pack_id"),
        _text("software_version"),
        _time("started_at"),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ending", sa.String(32)),
        _text("ending_reason"),
        sa.Column("statistics", sa.JSON),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
    )


def _create_watchlists() -> None:
    op.create_table(
        "watchlists",
        _text("watchlist_id"),
        _text("pack_id"),
        sa.PrimaryKeyConstraint("watchlist_id", name="pk_watchlists"),
    )
    op.create_table(
        "watchlist_subjects",
        _text("watchlist_id"),
        _text("subject_id"),
        _number("position"),
        _text("name"),
        _text("category"),
        _text("reason"),
        _text("lawful_basis"),
        _text("expected_response"),
        _text("added_by"),
        sa.PrimaryKeyConstraint("watchlist_id", "subject_id", name="pk_watchlist_subjects"),
        sa.ForeignKeyConstraint(
            ["watchlist_id"],
            ["watchlists.watchlist_id"],
            name="fk_watchlist_subjects_watchlists",
        ),
    )
    op.create_table(
        "watchlist_references",
        _text("watchlist_id"),
        _text("reference_id"),
        _text("subject_id"),
        _number("position"),
        _text("pack_id"),
        _bytes("template"),
        _number("template_dimension"),
        _bytes("picture_jpeg"),
        _text("picture_source"),
        sa.Column("picture_date", sa.Date, nullable=False),
        _json("quality"),
        sa.PrimaryKeyConstraint("watchlist_id", "reference_id", name="pk_watchlist_references"),
        sa.ForeignKeyConstraint(
            ["watchlist_id", "subject_id"],
            ["watchlist_subjects.watchlist_id", "watchlist_subjects.subject_id"],
            name="fk_watchlist_references_watchlist_subjects",
        ),
    )


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        _text("alert_id"),
        _text("run_id"),
        _number("number"),
        _words("kind"),
        _text("camera"),
        sa.Column("track_id", sa.BigInteger, nullable=False),
        _time("first_seen_at"),
        _time("captured_at"),
        _time("raised_at"),
        _real("latency_s"),
        _real("presentation_s"),
        _number("candidate_rank"),
        _text("candidate_subject_id"),
        _text("candidate_reference_id"),
        _real("candidate_comparison_score"),
        _real("candidate_normalised_score"),
        sa.Column("runner_up_rank", sa.Integer),
        sa.Column("runner_up_subject_id", sa.Text),
        sa.Column("runner_up_reference_id", sa.Text),
        sa.Column("runner_up_comparison_score", sa.Double),
        sa.Column("runner_up_normalised_score", sa.Double),
        _real("threshold"),
        _number("shots"),
        _number("agreeing"),
        _text("pack_id"),
        _text("policy_version"),
        _json("zone_px"),
        _json("box_px"),
        _json("quality"),
        _bytes("crop_jpeg"),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alerts"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_alerts_runs"),
        sa.UniqueConstraint("run_id", "number", name="uq_alerts_run_id_number"),
    )
