"""The watchlists that sections run with, written as the files that the ordinary import reads."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import numpy as np

from bench.context import Context
from bench.make_watchlist import person_rows
from overt.audit.events import WatchlistImported
from overt.audit.log import SYSTEM
from overt.deployment.policy import Policy
from overt.people.office import Office
from overt.runtime.decoder import Decoder
from overt.runtime.jobs import list_rules
from overt.storage import ListFacts
from overt.values import Templates, Watchlist
from overt.vocabulary import DeploymentKind
from overt.watchlist.enrolment import enrol, watchlist_id
from overt.watchlist.entries import CheckedList, ListSource, check_list
from overt.watchlist.rows import Row, write_rows

REFERENCES = ("alex-lacamoire", "lin-manuel-miranda", "obama")

_CATEGORY, _SOURCE, _RESPONSE = "wanted-by-court", "custody", "arrest"
"""In the policy's words, which has none for a benchmark; nobody is sought."""
_INVENTED = "random-"


@dataclass(frozen=True, slots=True)
class ListFiles:
    """A list on disk: its rows, and the folder that its pictures are named from."""

    rows: Path
    pictures: Path


def stage_list(context: Context) -> ListFiles:
    """Write the list of the stage clip: its three people, and one photograph of each of LFW's."""
    return _write(context, "stage", _stage_rows(context))


def street_list(context: Context, size: int) -> ListFiles:
    """Write the stage list filled up to `size` rows with people who do not exist."""
    rows = list(_stage_rows(context))
    invented = [
        replace(rows[0], reference_id=name, subject_id=name, picture=f"none/{name}.jpg")
        for name in (f"{_INVENTED}{number:05d}" for number in range(size - len(rows)))
    ]
    return _write(context, f"street-{size}", [*rows, *invented])


def enrolled(context: Context, files: ListFiles) -> Watchlist:
    """Return a list from the benchmark's record; it is enrolled once, and kept there."""
    source = checked(files)
    known = kept_by_bench(context, watchlist_id(source, context.pack.id))
    if known is not None:
        return known
    with context.progress("enrolling the list") as progress, Decoder() as decoder:
        report = enrol(source, context.pack, decoder.decode, progress)
    keep_for_bench(context, report.watchlist)
    return report.watchlist


def kept_by_bench(context: Context, list_id: str) -> Watchlist | None:
    """Return a list that an earlier section or run has kept, or None."""
    with Office.open(context.home) as office:
        return office.record.watchlists.load(list_id)


def keep_for_bench(context: Context, watchlist: Watchlist) -> None:
    """Keep a list in the benchmark's record, for later sections and runs."""
    with Office.open(context.home) as office:
        facts = ListFacts(
            watchlist_id=watchlist.watchlist_id,
            pack_id=watchlist.pack_id,
            manifest_sha256=watchlist.watchlist_id,
            key_id=office.keys.new("watchlist"),
            deployment_id=None,
            imported_by=SYSTEM,
            imported_at=office.now(),
            validated_at=office.now(),
            destroy_after=office.now() + timedelta(days=30),
            size_subjects=len(watchlist.subjects),
            size_references=len(watchlist.references),
        )
        imported = WatchlistImported(
            watchlist=watchlist.watchlist_id,
            deployment="",
            manifest_sha256=watchlist.watchlist_id,
            subjects=facts.size_subjects,
            references=facts.size_references,
            refused=0,
            pack=watchlist.pack_id,
        )
        rows = office.record.watchlists.sealed(watchlist, facts, "benchmark")
        with office.record.together():
            office.record.watchlists.save(rows)
            office.log.write(imported)


def filled_up(context: Context, base: Watchlist, files: ListFiles) -> Watchlist:
    """Return `base` with a random template for every invented row, and keep it in the record.

    Nothing is enrolled, for there is no picture; each gets a real portrait's bytes, so that the
    list takes the memory that a real one of its size takes.
    """
    entries = checked(files).entries
    invented = [entry for entry in entries if entry.row.reference_id.startswith(_INVENTED)]
    templates = random_templates(len(invented), base.references[0].template.size)
    references = [
        replace(
            pattern,
            reference_id=entry.row.reference_id,
            subject_id=entry.subject.subject_id,
            template=template,
        )
        for pattern, entry, template in zip(
            cycle(base.references), invented, templates, strict=False
        )
    ]
    watchlist = Watchlist(
        watchlist_id=watchlist_id(checked(files), context.pack.id),
        pack_id=base.pack_id,
        subjects=(*base.subjects, *(entry.subject for entry in invented)),
        references=(*base.references, *references),
    )
    keep_for_bench(context, watchlist)
    return watchlist


def random_templates(count: int, dimension: int) -> Templates:
    """Return unit vectors in all directions, `(count, dimension)` float32, always the same."""
    rows = np.random.default_rng(0).standard_normal((count, dimension), dtype=np.float32)
    rows /= np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]  # no second array of this size
    return rows


def every_photograph(context: Context, limit: int | None = None) -> ListFiles:
    """Write a list of all photographs of LFW's development half, or of the first `limit`."""
    rows = list(_lfw_rows(context.need("lfw-dev"), per_person=None))[:limit]
    return _write(context, f"lfw-{limit or 'all'}", rows)


def checked(files: ListFiles) -> CheckedList:
    """Check a list as a rehearsal under the shipped policy would."""
    rules = list_rules(Policy.shipped("uk-policing"), DeploymentKind.REHEARSAL)
    return check_list(ListSource(files.rows, files.pictures, rules, datetime.now(UTC).date()))


def _stage_rows(context: Context) -> Iterable[Row]:
    references = context.need("references")
    named = {path.stem: path for path in sorted(references.iterdir())}
    others = list(_lfw_rows(context.need("lfw-dev"), per_person=1))
    for number, name in enumerate(REFERENCES, start=2):
        yield replace(
            others[0],
            number=number,
            reference_id=name,
            subject_id=name,
            name=name,
            picture=f"references/{named[name].name}",
        )
    yield from others


def _lfw_rows(folder: Path, per_person: int | None) -> Iterable[Row]:
    for row in person_rows(folder, per_person=per_person):
        yield replace(
            row,
            name=row.subject_id,
            picture=f"{folder.name}/{row.picture}",
            category=_CATEGORY,
            picture_source=_SOURCE,
            expected_response=_RESPONSE,
        )


def _write(context: Context, name: str, rows: Iterable[Row]) -> ListFiles:
    folder = context.cache / "lists"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    write_rows(path, rows)
    return ListFiles(path, context.data.absolute())
