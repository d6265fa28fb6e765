"""Deployments in the record: where each stands in its life, and every act that brought it there."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from overt.errors import StorageError
from overt.storage.access import Access
from overt.storage.outbox import Outbox
from overt.storage.prefixes import unique_id
from overt.storage.tables import deployment_acts, deployments
from overt.vocabulary import Delivery, DeploymentKind, DeploymentState


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """A deployment as recorded.

    `deployment_text` is the file with its sources' addresses cut down; `sealed_file` the whole
    file, sealed, None once the deployment is closed. `terms` is what its authority binds, and
    `terms_sha256` (hex) is over them; `authorised_terms_sha256` is the same as it was when
    authority was given. `appraisal` is what stood beside the sign-off, in numbers; who looks like
    whom is in `sealed_appraisal`, under the list's key. `applicant` and whoever
    acts are account ids. Times are aware UTC.
    """

    deployment_id: str
    name: str
    unit: str
    kind: DeploymentKind
    state: DeploymentState
    use_case: str
    location: str
    window_start: datetime
    window_end: datetime
    applicant: str
    deployment_text: str = field(repr=False)
    sealed_file: bytes | None = field(repr=False)
    file_sha256: str
    policy_text: str = field(repr=False)
    policy_sha256: str
    policy_version: str
    pack_id: str
    watchlist_id: str
    terms: Mapping[str, Any] = field(repr=False)
    terms_sha256: str
    appraisal: Mapping[str, Any] = field(repr=False)
    sealed_appraisal: bytes | None = field(repr=False)
    flags: tuple[str, ...]
    created_at: datetime
    authorised_terms_sha256: str | None = None
    urgent_deadline: datetime | None = None
    stop_requested_at: datetime | None = None
    ended_at: datetime | None = None
    review_due_at: datetime | None = None

    @property
    def authority_ends_at(self) -> datetime:
        """When searching ends: with the window, or where an urgent authority was not confirmed."""
        return _authority_end(self.window_end, self.urgent_deadline)


@dataclass(frozen=True, slots=True)
class ActRow:
    """One act in a deployment's life: who did what when, why, and where it stood afterwards."""

    deployment_id: str
    act: str
    by: str
    rank: str
    at: datetime
    state: DeploymentState
    reason: str
    terms_sha256: str | None = None


class Deployments:
    """The deployments of a record. Changes belong in `Record.together`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._outbox = Outbox(access)

    def add(self, row: DeploymentRow) -> None:
        """Store a new deployment, and its row of the outbox."""
        with self._access.writing() as connection:
            connection.execute(insert(deployments), {**asdict(row), "flags": list(row.flags)})
        self.tell(row.deployment_id, row.created_at)

    def tell(self, deployment_id: str, at: datetime) -> None:
        """Write the outbox's row of a change, in the transaction of the change."""
        self._outbox.add(
            Delivery.DEPLOYMENT_CHANGED, deployment_id=deployment_id, alert_id=None, at=at
        )

    def change(self, deployment_id: str, **changes: Any) -> None:
        """Change where a deployment stands."""
        at = deployments.c.deployment_id == deployment_id
        with self._access.writing() as connection:
            connection.execute(update(deployments).where(at).values(**changes))

    def find(self, prefix: str) -> DeploymentRow:
        """Return the one deployment whose id is or begins with `prefix`.

        Raises:
            StorageError: there is none, or more than one.
        """
        with self._access.reading() as connection:
            deployment_id = unique_id(connection, deployments.c.deployment_id, prefix)
            at = deployments.c.deployment_id == deployment_id
            row = connection.execute(select(deployments).where(at)).mappings().one()
        return _row(row)

    def all(self) -> list[DeploymentRow]:
        """Return every deployment, the earliest first."""
        query = select(deployments).order_by(deployments.c.created_at)
        with self._access.reading() as connection:
            return [_row(row) for row in connection.execute(query).mappings()]

    def standing(self, deployment_id: str) -> tuple[DeploymentState, datetime, datetime | None]:
        """Return a deployment's state, its window's end, and when a stop was asked for.

        Raises:
            StorageError: there is no such deployment.
        """
        of = deployments.c
        query = select(of.state, of.window_end, of.stop_requested_at, of.urgent_deadline).where(
            of.deployment_id == deployment_id
        )
        with self._access.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise StorageError("There is no such deployment.", remedy="List what there is.")
        end = _authority_end(row.window_end, row.urgent_deadline)
        return row.state, end, row.stop_requested_at

    def unit(self, deployment_id: str) -> str | None:
        """Return whose unit's a deployment is, or None where there is none."""
        query = select(deployments.c.unit).where(deployments.c.deployment_id == deployment_id)
        with self._access.reading() as connection:
            return connection.execute(query).scalar()

    def policy_text(self, deployment_id: str) -> str:
        """Return the policy a deployment is under, as it was when it was drafted.

        Raises:
            StorageError: there is no such deployment.
        """
        query = select(deployments.c.policy_text).where(
            deployments.c.deployment_id == deployment_id
        )
        with self._access.reading() as connection:
            text = connection.execute(query).scalar()
        if text is None:
            raise StorageError("There is no such deployment.", remedy="List what there is.")
        return str(text)

    def add_act(self, act: ActRow) -> None:
        """Store an act, after those that there are."""
        of = deployment_acts.c
        with self._access.writing() as connection:
            query = select(func.count()).where(of.deployment_id == act.deployment_id)
            sequence = (connection.execute(query).scalar() or 0) + 1
            connection.execute(insert(deployment_acts), {**asdict(act), "sequence": sequence})

    def acts(self, deployment_id: str) -> list[ActRow]:
        """Return every act of a deployment, in order."""
        of = deployment_acts.c
        query = select(deployment_acts).where(of.deployment_id == deployment_id)
        with self._access.reading() as connection:
            rows = connection.execute(query.order_by(of.sequence)).mappings().all()
        return [ActRow(**{name: row[name] for name in ActRow.__slots__}) for row in rows]


def _row(row: Any) -> DeploymentRow:
    return DeploymentRow(**{**row, "flags": tuple(row["flags"])})


def _authority_end(window_end: datetime, urgent_deadline: datetime | None) -> datetime:
    return min(filter(None, (window_end, urgent_deadline)))
