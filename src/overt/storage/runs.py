"""Runs in the record: one row for each time a deployment was set to work."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import RowMapping, insert, select, update

from overt.errors import StorageError
from overt.storage.access import Access
from overt.storage.prefixes import unique_id
from overt.storage.tables import runs
from overt.values import RunStatistics, StageTime
from overt.vocabulary import DeploymentKind, DropCause, LossCause, NotSearchable, RunEnding


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a deployment: what it was told to do, on whose authority, how it ended.

    `deployment_text` is the deployment file as it was read (without changing its line ends),
    and `authority` its authority's fields by name. Times are aware UTC. The sizes of the
    watchlist stay here when the list itself is destroyed. `deployment_id` is None for a
    rehearsal that nobody had to authorise. The last four fields are empty until
    the run ends; a run that has none of them and is not going on was cut off.
    """

    run_id: str
    deployment: str
    kind: DeploymentKind
    use_case: str
    location: str
    window_start: datetime
    window_end: datetime
    deployment_text: str
    authority: Mapping[str, str]
    policy_version: str
    policy_sha256: str
    watchlist_id: str
    watchlist_subjects: int
    watchlist_references: int
    pack_id: str
    software_version: str
    started_at: datetime
    deployment_id: str | None = None
    ended_at: datetime | None = None
    ending: RunEnding | None = None
    ending_reason: str = ""
    statistics: RunStatistics | None = None

    @property
    def deployment_sha256(self) -> str:
        """SHA-256 (hex) of the deployment file: of its text in UTF-8."""
        return sha256(self.deployment_text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended: when, in which way, why in words, and what it had counted."""

    at: datetime
    ending: RunEnding
    reason: str = ""
    statistics: RunStatistics | None = None


class Runs:
    """The runs of a record. Changes belong in `Record.together`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def begin(self, run: Run) -> None:
        """Store a run that begins.

        Raises:
            StorageError: there is a run of this id already.
        """
        fields = {name: getattr(run, name) for name in Run.__slots__}
        fields |= {
            "deployment_sha256": run.deployment_sha256,
            "authority": dict(run.authority),
            "statistics": _statistics_to_json(run.statistics),
        }
        with self._access.writing() as connection:
            at = runs.c.run_id == run.run_id
            if connection.execute(select(runs.c.run_id).where(at)).first() is not None:
                raise StorageError(
                    "A run of this id has been recorded before.", remedy="Begin a new one."
                )
            connection.execute(insert(runs), fields)

    def end(self, run_id: str, how: End) -> None:
        """Store how a run ended.

        Raises:
            StorageError: there is no such run, or it has ended before.
        """
        open_run = (runs.c.run_id == run_id) & runs.c.ended_at.is_(None)
        with self._access.writing() as connection:
            done = connection.execute(
                update(runs)
                .where(open_run)
                .values(
                    ended_at=how.at,
                    ending=how.ending,
                    ending_reason=how.reason,
                    statistics=_statistics_to_json(how.statistics),
                )
            )
        if done.rowcount != 1:
            raise StorageError(
                "There is no run of this id that is still open.", remedy="A run is ended once."
            )

    def all(self) -> list[Run]:
        """Return every run, the earliest first."""
        query = select(runs).order_by(runs.c.started_at, runs.c.run_id)
        with self._access.reading() as connection:
            return [_run(row) for row in connection.execute(query).mappings()]

    def find(self, prefix: str) -> Run:
        """Return the one run whose id is or begins with `prefix`.

        Raises:
            StorageError: there is none, or more than one.
        """
        with self._access.reading() as connection:
            run_id = unique_id(connection, runs.c.run_id, prefix)
            at = runs.c.run_id == run_id
            return _run(connection.execute(select(runs).where(at)).mappings().one())


def _run(row: RowMapping) -> Run:
    fields = {name: row[name] for name in Run.__slots__}
    run = Run(**{**fields, "statistics": _statistics_from_json(row["statistics"])})
    if run.deployment_sha256 != row["deployment_sha256"]:
        raise StorageError(
            "The deployment text of a run differs from the hash recorded with it.",
            remedy="The record was changed from outside: restore it from a backup.",
        )
    return run


def _statistics_to_json(statistics: RunStatistics | None) -> dict[str, Any] | None:
    if statistics is None:
        return None
    return asdict(statistics) | {
        "frames_dropped": {cause.name: n for cause, n in statistics.frames_dropped.items()},
        "not_searchable": {reason.name: n for reason, n in statistics.not_searchable.items()},
        "losses": {cause.name: n for cause, n in statistics.losses.items()},
    }


def _statistics_from_json(stored: dict[str, Any] | None) -> RunStatistics | None:
    if stored is None:
        return None
    named = {
        "frames_dropped": {DropCause[name]: n for name, n in stored["frames_dropped"].items()},
        "not_searchable": {NotSearchable[name]: n for name, n in stored["not_searchable"].items()},
        "stage_times": tuple(StageTime(**stage) for stage in stored["stage_times"]),
        "losses": {LossCause[name]: n for name, n in stored.get("losses", {}).items()},
    }
    return RunStatistics(**{**stored, **named})
