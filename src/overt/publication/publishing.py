"""Publishing: a deployment's record handed out, once it adds up; an act of somebody, on the log.

What does not add up is not written anywhere: whoever asked is told every contradiction by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from overt.audit.events import RecordPublished
from overt.deployment.recorded import thing_of
from overt.errors import PublicationError
from overt.people.office import Office
from overt.people.permissions import Person
from overt.publication.columns import Row, Standing
from overt.publication.exported import written
from overt.publication.layouts import Layout
from overt.publication.logged import LogSoFar
from overt.publication.reconcile import Contradiction, contradictions_of
from overt.publication.record import DeploymentRecord, record_of
from overt.storage import DeploymentRow
from overt.vocabulary import Act

_TRIES = 3  # what is read of a live deployment may change between its tables and its log


@dataclass(frozen=True, slots=True)
class Issued:
    """A file as it was handed out: its bytes, their SHA-256 (hex), and how it stands."""

    layout: Layout
    data: bytes
    sha256: str
    standing: Standing
    rows: tuple[Row, ...]


def publish(
    office: Office, person: Person, deployments: Sequence[DeploymentRow], layout: Layout
) -> Issued:
    """Write the record of one or several deployments, and put it on the log with its hash.

    Raises:
        PermissionDenied: the person may not publish one of them; nothing is written.
        PublicationError: a record contradicts itself, or the layout cannot say what it says.
        LifecycleError: nothing has been searched under one of them.
        AuditError, StorageError: it cannot be put on the log; nothing is handed out.
    """
    for deployment in deployments:
        office.demand(person, Act.RECORD_PUBLISH, thing_of(deployment))
    office.log.checkpoint_if_new()  # so that what is counted lies before what it is tied to
    records = [steady(office, deployment) for deployment in deployments]
    _demand_no_contradiction(records)
    rows = tuple(row for record, _ in records for row in record.rows)
    data = written(rows, layout)
    standing = _standing([record for record, _ in records])
    issued = Issued(layout, data, sha256(data).hexdigest(), standing, rows)
    with office.record.together():
        for deployment in deployments:
            event = RecordPublished(
                deployment.deployment_id,
                layout.value,
                issued.standing.value,
                issued.sha256,
                rows[0].tied.log_size,
            )
            office.log.write(event, by=person.account_id)
    return issued


def steady(
    office: Office, deployment: DeploymentRow, log: LogSoFar | None = None
) -> tuple[DeploymentRecord, list[Contradiction]]:
    """Return a deployment's record and what contradicts itself in it.

    Where a deployment still goes on, a contradiction counts once it has been found again.

    Raises:
        LifecycleError: nothing has been searched under it.
    """
    record = record_of(office, deployment, log)
    found = contradictions_of(record)
    for _ in range(_TRIES - 1):
        if not found or record.is_final:
            break
        record = record_of(office, office.record.deployments.find(deployment.deployment_id), log)
        found = contradictions_of(record)
    return record, found


def _standing(records: Sequence[DeploymentRecord]) -> Standing:
    final = all(record.is_final for record in records)
    return Standing.FINAL if final else Standing.PROVISIONAL


def _demand_no_contradiction(
    records: Sequence[tuple[DeploymentRecord, Sequence[Contradiction]]],
) -> None:
    listed = [
        f"  deployment {record.deployment.deployment_id[:8]}, {each.check}: {each}"
        for record, found in records
        for each in found
    ]
    if not listed:
        return
    times = "contradiction" if len(listed) == 1 else "contradictions"
    raise PublicationError(
        "\n".join([f"The record is not published: it has {len(listed)} {times}.", *listed]),
        remedy="Find out which figure is wrong, and verify the log: overt audit verify.",
    )
