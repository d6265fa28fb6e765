"""Watchlists in the record: a list as enrolled, read back exactly, and gone when deleted."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, insert, select

from overt.storage.blobs import (
    picture_from_blob,
    picture_to_blob,
    template_from_blob,
    template_to_blob,
)
from overt.storage.qualities import quality_from_json, quality_to_json
from overt.storage.tables import watchlist_references, watchlist_subjects, watchlists
from overt.values import Reference, Subject, Watchlist

_SUBJECT = [watchlist_subjects.c[name] for name in Subject.__slots__]


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """One reference together with the subject it shows."""

    subject: Subject
    reference: Reference


def save(connection: Connection, watchlist: Watchlist) -> None:
    """Store a watchlist; one whose id is there already is the same list, and stays as it is."""
    row = {"watchlist_id": watchlist.watchlist_id, "pack_id": watchlist.pack_id}
    at = watchlists.c.watchlist_id == watchlist.watchlist_id
    if connection.execute(select(watchlists.c.watchlist_id).where(at)).first():
        return
    connection.execute(insert(watchlists), row)
    subjects = [
        {"watchlist_id": watchlist.watchlist_id, "position": position, **asdict(subject)}
        for position, subject in enumerate(watchlist.subjects)
    ]
    references = [
        {"watchlist_id": watchlist.watchlist_id, "position": position, **_reference_row(reference)}
        for position, reference in enumerate(watchlist.references)
    ]
    # An empty list of rows would insert one row of defaults.
    if subjects:
        connection.execute(insert(watchlist_subjects), subjects)
    if references:
        connection.execute(insert(watchlist_references), references)


def load(connection: Connection, watchlist_id: str) -> Watchlist | None:
    """Return the watchlist as it was saved, or None where there is none of this id."""
    found = connection.execute(
        select(watchlists).where(watchlists.c.watchlist_id == watchlist_id)
    ).one_or_none()
    if found is None:
        return None
    return Watchlist(
        watchlist_id=watchlist_id,
        pack_id=found.pack_id,
        subjects=tuple(_subjects(connection, watchlist_id)),
        references=tuple(_references(connection, watchlist_id)),
    )


def remove(connection: Connection, watchlist_id: str) -> bool:
    """Delete the watchlist's rows and say whether there was one of this id."""
    for table in (watchlist_references, watchlist_subjects):
        connection.execute(delete(table).where(table.c.watchlist_id == watchlist_id))
    gone = connection.execute(delete(watchlists).where(watchlists.c.watchlist_id == watchlist_id))
    return gone.rowcount == 1


def enrolled(connection: Connection, watchlist_id: str, reference_id: str) -> Enrolled | None:
    """Return one reference and its subject, or None where it was never or is no longer there."""
    at = and_(
        watchlist_references.c.watchlist_id == watchlist_id,
        watchlist_references.c.reference_id == reference_id,
    )
    row = connection.execute(select(watchlist_references).where(at)).one_or_none()
    if row is None:
        return None
    whose = _select_subjects(watchlist_id).where(watchlist_subjects.c.subject_id == row.subject_id)
    subject = Subject(**connection.execute(whose).mappings().one())
    return Enrolled(subject=subject, reference=_reference(row))


def _subjects(connection: Connection, watchlist_id: str) -> Iterable[Subject]:
    query = _select_subjects(watchlist_id).order_by(watchlist_subjects.c.position)
    return (Subject(**row) for row in connection.execute(query).mappings())


def _references(connection: Connection, watchlist_id: str) -> Iterable[Reference]:
    query = (
        select(watchlist_references)
        .where(watchlist_references.c.watchlist_id == watchlist_id)
        .order_by(watchlist_references.c.position)
    )
    return (_reference(row) for row in connection.execute(query))


def _select_subjects(watchlist_id: str) -> Select[Any]:
    return select(*_SUBJECT).where(watchlist_subjects.c.watchlist_id == watchlist_id)


def _reference_row(reference: Reference) -> dict[str, Any]:
    return {
        "reference_id": reference.reference_id,
        "subject_id": reference.subject_id,
        "pack_id": reference.pack_id,
        "template": template_to_blob(reference.template),
        "template_dimension": reference.template.size,
        "picture_jpeg": picture_to_blob(reference.picture_jpeg),
        "picture_source": reference.picture_source,
        "picture_date": reference.picture_date,
        "quality": quality_to_json(reference.quality),
    }


def _reference(row: Row[Any]) -> Reference:
    return Reference(
        reference_id=row.reference_id,
        subject_id=row.subject_id,
        pack_id=row.pack_id,
        template=template_from_blob(row.template, row.template_dimension),
        picture_jpeg=picture_from_blob(row.picture_jpeg),
        picture_source=row.picture_source,
        picture_date=row.picture_date,
        quality=quality_from_json(row.quality),
    )
