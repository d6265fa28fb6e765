"""The tables of the record, as SQLAlchemy Core describes them.

`migrations/` makes them; a test holds the two to each other. Types are portable: the same
tables are created on SQLite and on PostgreSQL. Closed words are stored by their name in
`overt.vocabulary` (`TOO_SMALL`), so that rewording a text never orphans a record.
"""

from datetime import UTC, datetime
from enum import Enum as PythonEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    Dialect,
    Double,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from overt.vocabulary import DeploymentKind, RunEnding


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


def _candidate(prefix: str, *, nullable: bool = False) -> list[Column[Any]]:
    return [
        Column(f"{prefix}_rank", Integer, nullable=nullable),
        Column(f"{prefix}_subject_id", Text, nullable=nullable),
        Column(f"{prefix}_reference_id", Text, nullable=nullable),
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

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("deployment", Text, nullable=False),
    Column("kind", _words(DeploymentKind), nullable=False),
    Column("use_case", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("window_start", UTCDateTime, nullable=False),
    Column("window_end", UTCDateTime, nullable=False),
    Column("deployment_text", Text, nullable=False),
    Column("deployment_sha256", String(64), nullable=False),
    Column("authority", JSON, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("policy_sha256", String(64), nullable=False),
    # No foreign key: the record of a run outlives the list it was made with.
    Column("watchlist_id", Text, nullable=False),
    Column("watchlist_subjects", Integer, nullable=False),
    Column("watchlist_references", Integer, nullable=False),
    Column("pack_id", Text, nullable=False),
    Column("software_version", Text, nullable=False),
    Column("started_at", UTCDateTime, nullable=False),
    Column("ended_at", UTCDateTime),
    Column("ending", _words(RunEnding)),
    Column("ending_reason", Text, nullable=False),
    Column("statistics", JSON(none_as_null=True)),
)

watchlists = Table(
    "watchlists",
    metadata,
    Column("watchlist_id", Text, primary_key=True),
    Column("pack_id", Text, nullable=False),
)

watchlist_subjects = Table(
    "watchlist_subjects",
    metadata,
    Column("watchlist_id", ForeignKey(watchlists.c.watchlist_id), primary_key=True),
    Column("subject_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("lawful_basis", Text, nullable=False),
    Column("expected_response", Text, nullable=False),
    Column("added_by", Text, nullable=False),
)

watchlist_references = Table(
    "watchlist_references",
    metadata,
    Column("watchlist_id", Text, primary_key=True),
    Column("reference_id", Text, primary_key=True),
    Column("subject_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("pack_id", Text, nullable=False),
    Column("template", LargeBinary, nullable=False),
    Column("template_dimension", Integer, nullable=False),
    Column("picture_jpeg", LargeBinary, nullable=False),
    Column("picture_source", Text, nullable=False),
    Column("picture_date", Date, nullable=False),
    Column("quality", JSON, nullable=False),
    ForeignKeyConstraint(
        ["watchlist_id", "subject_id"],
        [watchlist_subjects.c.watchlist_id, watchlist_subjects.c.subject_id],
    ),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("run_id", ForeignKey(runs.c.run_id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", _words(DeploymentKind), nullable=False),
    Column("camera", Text, nullable=False),
    Column("track_id", BigInteger, nullable=False),
    Column("first_seen_at", UTCDateTime, nullable=False),
    Column("captured_at", UTCDateTime, nullable=False),
    Column("raised_at", UTCDateTime, nullable=False),
    Column("latency_s", Double, nullable=False),
    Column("presentation_s", Double, nullable=False),
    *_candidate("candidate"),
    *_candidate("runner_up", nullable=True),
    Column("threshold", Double, nullable=False),
    Column("shots", Integer, nullable=False),
    Column("agreeing", Integer, nullable=False),
    Column("pack_id", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("zone_px", JSON, nullable=False),
    Column("box_px", JSON, nullable=False),
    Column("quality", JSON, nullable=False),
    Column("crop_jpeg", LargeBinary, nullable=False),
    UniqueConstraint("run_id", "number"),
)
