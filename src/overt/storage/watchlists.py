"""Watchlists in the record: sealed under a key of their own, read back exactly, gone when deleted.

Who is listed is as sensitive as the faces are. Names, reasons and ids are sealed with the
pictures and templates; a row is found by a pseudonym that only the list's key can compute.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from overt.errors import SealingError, StorageError
from overt.keys.sealing import DataKey
from overt.storage import blobs
from overt.storage.access import Access
from overt.storage.keystore import KeyStore
from overt.storage.qualities import quality_from_json, quality_to_json
from overt.storage.tables import inclusions, watchlist_references, watchlist_subjects, watchlists
from overt.values import Reference, Subject, Watchlist

_INCLUSION = "site/inclusion"
_ENTRY = "entry of a watchlist"


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """One reference together with the subject it shows."""

    subject: Subject
    reference: Reference


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What is known of a list without opening it.

    `manifest_sha256` (hex) is over its rows, pictures, pack and rules: what an authority binds.
    `deployment_id` is None for a rehearsal's. `approved_by` is None until a second person has
    approved it; `validated_at` is when its entries were last held against their sources.
    """

    watchlist_id: str
    pack_id: str
    manifest_sha256: str
    key_id: str
    deployment_id: str | None
    imported_by: str
    imported_at: datetime
    validated_at: datetime
    destroy_after: datetime
    size_subjects: int
    size_references: int
    approved_by: str | None = None
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That somebody was on a list, and from when to when: all that outlives the list."""

    watchlist_id: str
    deployment: str
    pictures: int
    listed_from: datetime
    listed_until: datetime | None


@dataclass(frozen=True, slots=True, eq=False)
class SealedList:
    """A list as the record keeps it: what is known of it, and the rows of its tables."""

    facts: ListFacts
    subjects: Sequence[Mapping[str, Any]]
    references: Sequence[Mapping[str, Any]]
    inclusions: Sequence[Mapping[str, Any]]


class Watchlists:
    """The lists of a record. Changes belong in `Record.together`."""

    def __init__(self, access: Access, keys: KeyStore) -> None:
        self._access = access
        self._keys = keys

    def sealed(self, watchlist: Watchlist, facts: ListFacts, deployment: str = "") -> SealedList:
        """Return a list as it can be saved. A large one takes seconds: do it before `together`.

        Raises:
            StorageError: a reference's subject is not on the list.
        """
        _demand_subjects(watchlist)
        key = self._keys.key(facts.key_id)
        return SealedList(
            facts,
            subjects=list(_subject_rows(watchlist, key)),
            references=list(_reference_rows(watchlist, key)),
            inclusions=list(self._inclusion_rows(watchlist, facts, deployment)),
        )

    def save(self, sealed: SealedList) -> None:
        """Store a list with what is known of it; one whose id is there already stays as it is."""
        if self.facts(sealed.facts.watchlist_id) is not None:
            return
        with self._access.writing() as connection:
            connection.execute(insert(watchlists), asdict(sealed.facts))
            for table, rows in (
                (watchlist_subjects, sealed.subjects),
                (watchlist_references, sealed.references),
                (inclusions, sealed.inclusions),
            ):
                if rows:  # an empty list of rows would insert one row of defaults
                    connection.execute(insert(table), rows)

    def facts(self, watchlist_id: str) -> ListFacts | None:
        """Return what is known of a list without opening it, or None where there is none."""
        query = select(watchlists).where(watchlists.c.watchlist_id == watchlist_id)
        with self._access.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return ListFacts(**row) if row else None

    def all_facts(self) -> list[ListFacts]:
        """Return what is known of every list, the earliest imported first."""
        query = select(watchlists).order_by(watchlists.c.imported_at)
        with self._access.reading() as connection:
            return [ListFacts(**row) for row in connection.execute(query).mappings()]

    def load(self, watchlist_id: str, *, pictures: bool = True) -> Watchlist | None:
        """Return a list as it was saved, without the withdrawn; None where there is none.

        Without `pictures` every reference's `picture_jpeg` is empty, which halves the memory.

        Raises:
            SealingError: its key is destroyed, or a row was changed or moved.
        """
        facts = self.facts(watchlist_id)
        if facts is None:
            return None
        key = self._keys.key(facts.key_id)
        with self._access.reading() as connection:
            subjects = tuple(_subjects(connection, watchlist_id, key))
            listed = {subject.subject_id for subject in subjects}
            references = tuple(
                each
                for each in _references(connection, watchlist_id, key, pictures=pictures)
                if each.subject_id in listed
            )
        return Watchlist(watchlist_id, facts.pack_id, subjects, references)

    def enrolled(self, watchlist_id: str, reference_id: str) -> Enrolled | None:
        """Return one reference and its subject, or None where it was never or is gone.

        Raises:
            SealingError: a row was changed or moved.
        """
        facts = self.facts(watchlist_id)
        if facts is None or self._keys.destroyed_at(facts.key_id):
            return None
        key = self._keys.key(facts.key_id)
        at = and_(
            watchlist_references.c.watchlist_id == watchlist_id,
            watchlist_references.c.entry == key.pseudonym(_ENTRY, reference_id),
        )
        with self._access.reading() as connection:
            row = connection.execute(select(watchlist_references).where(at)).one_or_none()
            if row is None:
                return None
            reference = _reference(row, key, pictures=True)
            subject = _subject_of(connection, watchlist_id, key, reference.subject_id)
        return Enrolled(subject, reference) if subject else None

    def subject(self, watchlist_id: str, subject_id: str) -> Subject | None:
        """Return one subject without opening any picture, or None where they are gone.

        Raises:
            SealingError: the row was changed or moved.
        """
        facts = self.facts(watchlist_id)
        if facts is None or self._keys.destroyed_at(facts.key_id):
            return None
        try:
            key = self._keys.key(facts.key_id)
        except SealingError:
            if self._keys.destroyed_at(facts.key_id):  # just now
                return None
            raise
        with self._access.reading() as connection:
            return _subject_of(connection, watchlist_id, key, subject_id)

    def withdraw(self, watchlist_id: str, subject_id: str, at: datetime) -> bool:
        """Mark an entry as withdrawn; return whether there is one that was not yet."""
        facts = self.facts(watchlist_id)
        if facts is None:
            return False
        entry = self._keys.key(facts.key_id).pseudonym(_ENTRY, subject_id)
        with self._access.writing() as connection:
            done = connection.execute(
                update(watchlist_subjects)
                .where(
                    watchlist_subjects.c.watchlist_id == watchlist_id,
                    watchlist_subjects.c.entry == entry,
                    watchlist_subjects.c.withdrawn_at.is_(None),
                )
                .values(withdrawn_at=at)
            )
            connection.execute(
                update(inclusions)
                .where(
                    inclusions.c.watchlist_id == watchlist_id,
                    inclusions.c.entry == self.pseudonym(subject_id),
                    inclusions.c.listed_until.is_(None),
                )
                .values(listed_until=at)
            )
        return done.rowcount == 1

    def is_withdrawn(self, watchlist_id: str, subject_id: str) -> bool:
        """Tell whether a subject's entry has been withdrawn, or the whole list is gone."""
        facts = self.facts(watchlist_id)
        if facts is None or self._keys.destroyed_at(facts.key_id):
            return True
        of = watchlist_subjects.c
        entry = self._keys.key(facts.key_id).pseudonym(_ENTRY, subject_id)
        query = select(of.withdrawn_at).where(of.watchlist_id == watchlist_id, of.entry == entry)
        with self._access.reading() as connection:
            row = connection.execute(query).one_or_none()
        return row is None or row.withdrawn_at is not None

    def withdrawn(self, watchlist_id: str) -> frozenset[str]:
        """Return the ids of the subjects that have been withdrawn from a list."""
        facts = self.facts(watchlist_id)
        if facts is None or self._keys.destroyed_at(facts.key_id):
            return frozenset()
        key = self._keys.key(facts.key_id)
        query = select(watchlist_subjects).where(
            watchlist_subjects.c.watchlist_id == watchlist_id,
            watchlist_subjects.c.withdrawn_at.is_not(None),
        )
        with self._access.reading() as connection:
            rows = connection.execute(query).all()
        return frozenset(_subject(row, key).subject_id for row in rows)

    def update(self, watchlist_id: str, **changes: Any) -> None:
        """Change what is known of a list: its approval, validation or deadline."""
        at = watchlists.c.watchlist_id == watchlist_id
        with self._access.writing() as connection:
            connection.execute(update(watchlists).where(at).values(**changes))

    def remove(self, watchlist_id: str, at: datetime) -> bool:
        """Delete a list's rows, close its inclusions, and say whether there was one."""
        with self._access.writing() as connection:
            for table in (watchlist_references, watchlist_subjects):
                connection.execute(delete(table).where(table.c.watchlist_id == watchlist_id))
            gone = connection.execute(
                delete(watchlists).where(watchlists.c.watchlist_id == watchlist_id)
            )
            connection.execute(
                update(inclusions)
                .where(
                    inclusions.c.watchlist_id == watchlist_id, inclusions.c.listed_until.is_(None)
                )
                .values(listed_until=at)
            )
        return gone.rowcount == 1

    def inclusions_of(self, subject_id: str) -> list[Inclusion]:
        """Return on which lists somebody was: R-23."""
        query = (
            select(inclusions)
            .where(inclusions.c.entry == self.pseudonym(subject_id))
            .order_by(inclusions.c.listed_from)
        )
        with self._access.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [Inclusion(**{name: row[name] for name in Inclusion.__slots__}) for row in rows]

    def pseudonym(self, subject_id: str) -> str:
        """Return what stands for a subject outside their list, the same for every list."""
        return self._keys.site_key(_INCLUSION).pseudonym(_ENTRY, subject_id)

    def _inclusion_rows(
        self, watchlist: Watchlist, facts: ListFacts, deployment: str
    ) -> Iterator[dict[str, Any]]:
        site = self._keys.site_key(_INCLUSION)
        pictures: dict[str, int] = {}
        for reference in watchlist.references:
            pictures[reference.subject_id] = pictures.get(reference.subject_id, 0) + 1
        for subject in watchlist.subjects:
            yield {
                "entry": site.pseudonym(_ENTRY, subject.subject_id),
                "watchlist_id": watchlist.watchlist_id,
                "deployment": deployment,
                "pictures": pictures.get(subject.subject_id, 0),
                "listed_from": facts.imported_at,
                "listed_until": None,
            }


def _demand_subjects(watchlist: Watchlist) -> None:
    """Hold what the tables cannot: they know neither ids, as those are sealed."""
    listed = {subject.subject_id for subject in watchlist.subjects}
    if any(reference.subject_id not in listed for reference in watchlist.references):
        raise StorageError(
            "A watchlist with a reference of nobody on it was refused.",
            remedy="Please report this as a fault in Overt.",
        )


def _subject_rows(watchlist: Watchlist, key: DataKey) -> Iterator[dict[str, Any]]:
    for position, subject in enumerate(watchlist.subjects):
        entry = key.pseudonym(_ENTRY, subject.subject_id)
        where = blobs.place("subject", list=watchlist.watchlist_id, entry=entry)
        yield {
            "watchlist_id": watchlist.watchlist_id,
            "entry": entry,
            "position": position,
            "sealed_facts": blobs.seal_facts(key, asdict(subject), where),
        }


def _reference_rows(watchlist: Watchlist, key: DataKey) -> Iterator[dict[str, Any]]:
    for position, reference in enumerate(watchlist.references):
        entry = key.pseudonym(_ENTRY, reference.reference_id)
        where = _places(watchlist.watchlist_id, entry, reference.pack_id)
        facts = {
            "reference_id": reference.reference_id,
            "subject_id": reference.subject_id,
            "picture_source": reference.picture_source,
            "picture_date": reference.picture_date.isoformat(),
            "quality": quality_to_json(reference.quality),
        }
        yield {
            "watchlist_id": watchlist.watchlist_id,
            "entry": entry,
            "position": position,
            "pack_id": reference.pack_id,
            "template_dimension": reference.template.size,
            "sealed_facts": blobs.seal_facts(key, facts, where["facts"]),
            "sealed_template": blobs.seal_template(key, reference.template, where["template"]),
            "sealed_picture": blobs.seal_picture(key, reference.picture_jpeg, where["picture"]),
        }


def _places(watchlist_id: str, entry: str, pack_id: str) -> Mapping[str, blobs.Place]:
    return {
        what: blobs.place(what, list=watchlist_id, entry=entry, pack=pack_id)
        for what in ("facts", "template", "picture")
    }


def _subjects(connection: Connection, watchlist_id: str, key: DataKey) -> Iterable[Subject]:
    query = (
        select(watchlist_subjects)
        .where(
            watchlist_subjects.c.watchlist_id == watchlist_id,
            watchlist_subjects.c.withdrawn_at.is_(None),
        )
        .order_by(watchlist_subjects.c.position)
    )
    return (_subject(row, key) for row in connection.execute(query))


def _subject_of(
    connection: Connection, watchlist_id: str, key: DataKey, subject_id: str
) -> Subject | None:
    at = and_(
        watchlist_subjects.c.watchlist_id == watchlist_id,
        watchlist_subjects.c.entry == key.pseudonym(_ENTRY, subject_id),
    )
    row = connection.execute(select(watchlist_subjects).where(at)).one_or_none()
    return _subject(row, key) if row else None


def _subject(row: Row[Any], key: DataKey) -> Subject:
    where = blobs.place("subject", list=row.watchlist_id, entry=row.entry)
    return Subject(**blobs.open_facts(key, row.sealed_facts, where))


def _references(
    connection: Connection, watchlist_id: str, key: DataKey, *, pictures: bool
) -> Iterable[Reference]:
    of = watchlist_references.c
    wanted = [column for column in of if pictures or column.name != "sealed_picture"]
    query = select(*wanted).where(of.watchlist_id == watchlist_id).order_by(of.position)
    return (_reference(row, key, pictures=pictures) for row in connection.execute(query))


def _reference(row: Row[Any], key: DataKey, *, pictures: bool) -> Reference:
    where = _places(row.watchlist_id, row.entry, row.pack_id)
    facts = blobs.open_facts(key, row.sealed_facts, where["facts"])
    if key.pseudonym(_ENTRY, facts["reference_id"]) != row.entry:
        raise StorageError(
            "An entry of a watchlist is not where it belongs.",
            remedy="The record was changed from outside: restore it from a backup.",
        )
    picture = blobs.open_picture(key, row.sealed_picture, where["picture"]) if pictures else b""
    return Reference(
        reference_id=facts["reference_id"],
        subject_id=facts["subject_id"],
        pack_id=row.pack_id,
        template=blobs.open_template(
            key, row.sealed_template, where["template"], row.template_dimension
        ),
        picture_jpeg=picture,
        picture_source=facts["picture_source"],
        picture_date=date.fromisoformat(facts["picture_date"]),
        quality=quality_from_json(facts["quality"]),
    )
