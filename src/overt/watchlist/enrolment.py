"""Enrolment: from a checked list to a watchlist, every row accepted or refused with its reason.

Pictures stream through one at a time and templates are made in batches, so that memory does not
grow with the pictures. The list's id is known before anything is enrolled, so that a list that
the record already holds is not enrolled again.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TypeAlias

from overt.errors import ImageError, WatchlistError
from overt.values import Quality, Reference, RGBImage, Template, Watchlist
from overt.vision.store import Pack
from overt.vocabulary import RefusedRow
from overt.watchlist.acquisition import BATCH, METHOD, Acquirer, Decode, NotAcquired
from overt.watchlist.entries import CheckedList, Entry, Refusal
from overt.watchlist.faces import cut_out
from overt.watchlist.pictures import encode_portrait, picture_path, read_picture
from overt.watchlist.rows import Row, counted_rows

PORTRAIT_PX = 320

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many entries are done, of how many."""


@dataclass(frozen=True, slots=True, eq=False)
class RowResult:
    """What became of one row: a reference, or the reasons why there is none.

    `picture_sha256` is of the picture file's bytes, empty where none could be read.
    """

    row: Row
    refusals: tuple[Refusal, ...] = ()
    reference: Reference | None = None
    picture_sha256: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class EnrolmentReport:
    """An enrolled list, and what became of each row, in the order of the file."""

    watchlist: Watchlist
    results: tuple[RowResult, ...]
    unused_columns: tuple[str, ...] = ()

    @property
    def accepted(self) -> int:
        """How many rows gave a reference."""
        return len(self.watchlist.references)

    @property
    def refused(self) -> Counter[RefusedRow]:
        """How many rows each reason refused; a row with two reasons counts under both."""
        return Counter(
            reason
            for result in self.results
            for reason in {refusal.reason for refusal in result.refusals}
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Face:
    """What is left of a picture once its face is found: enough for a reference."""

    entry: Entry
    chip: RGBImage
    quality: Quality
    portrait: bytes
    picture_sha256: str


def enrol(
    checked: CheckedList, pack: Pack, decode: Decode, progress: Progress | None = None
) -> EnrolmentReport:
    """Enrol every entry of a list with `pack`. Takes one thread, about 25 ms a photograph.

    Raises:
        ModelError: the pack's files are changed or unusable.
    """
    enroller = _Enroller(checked, pack, decode)
    looked_at = _counted(enroller.look(entry) for entry in checked.entries)
    report = progress or (lambda _done, _total: None)
    by_row: dict[int, RowResult] = {}
    for done, batch in looked_at:
        by_row.update((result.row.number, result) for result in enroller.finish(batch))
        report(done, len(checked.entries))
    results = tuple(
        by_row.get(row.number) or RowResult(row, checked.refusals[row.number])
        for row in checked.rows
    )
    return EnrolmentReport(_watchlist(checked, pack.id, results), results, checked.unused_columns)


def watchlist_id(checked: CheckedList, pack_id: str) -> str:
    """Return the id the list will have when enrolled: SHA-256, hex.

    It covers every entry and its picture's bytes in order, the pack, and the rules that decide
    which faces are good enough.
    """
    digests = []
    for entry in checked.entries:
        try:
            digests.append(_digest(_read(checked, entry)))
        except NotAcquired:
            digests.append("")
    return _identify(checked, digests, pack_id)


def demand_usable(report: EnrolmentReport) -> None:
    """Refuse a list of which nothing could be enrolled.

    Raises:
        WatchlistError: not one row could be enrolled; it says why, by count.
    """
    if not report.accepted:
        counts = report.refused.most_common()
        why = "; ".join(f"{reason}, {count:,}" for reason, count in counts)
        raise WatchlistError(
            f"Nothing of the list could be enrolled ({counted_rows(len(report.results))}): {why}.",
            remedy="See what is wrong with each row: overt watchlist check LIST IMAGES.",
        )


class _Enroller:
    """Holds the pack's networks while one list is enrolled."""

    def __init__(self, checked: CheckedList, pack: Pack, decode: Decode) -> None:
        self._checked = checked
        self._pack_id = pack.id
        self._acquirer = Acquirer(pack, checked.source.rules.quality, decode)

    def look(self, entry: Entry) -> _Face | RowResult:
        """Read and decode one picture and find its face."""
        digest = ""
        try:
            data = _read(self._checked, entry)
            digest = _digest(data)
            return self._face(entry, data, digest)
        except NotAcquired as refused:
            return RowResult(entry.row, (refused.refusal,), picture_sha256=digest)

    def finish(self, batch: Sequence[_Face | RowResult]) -> Iterator[RowResult]:
        """Make the templates of a batch at once and give every result in order."""
        chips = [face.chip for face in batch if isinstance(face, _Face)]
        templates = iter(self._acquirer.templates(chips) if chips else ())
        for looked in batch:
            yield looked if isinstance(looked, RowResult) else self._result(looked, next(templates))

    def _face(self, entry: Entry, data: bytes, digest: str) -> _Face:
        found = self._acquirer.acquire(data)
        portrait = encode_portrait(cut_out(found.image, found.face), PORTRAIT_PX)
        return _Face(entry, found.chip, found.quality, portrait, digest)

    def _result(self, face: _Face, template: Template) -> RowResult:
        row = face.entry.row
        reference = Reference(
            reference_id=row.reference_id,
            subject_id=row.subject_id,
            pack_id=self._pack_id,
            template=template.copy(),  # a row of the batch would keep the whole batch in memory
            picture_jpeg=face.portrait,
            picture_source=row.picture_source,
            picture_date=face.entry.picture_date,
            quality=face.quality,
        )
        return RowResult(row, reference=reference, picture_sha256=face.picture_sha256)


def _read(checked: CheckedList, entry: Entry) -> bytes:
    try:
        return read_picture(picture_path(checked.source.pictures, entry.row.picture))
    except FileNotFoundError as error:
        raise NotAcquired(RefusedRow.MISSING_PICTURE, entry.row.picture) from error
    except PermissionError as error:
        raise NotAcquired(RefusedRow.OUTSIDE_FOLDER, entry.row.picture) from error
    except ImageError as error:
        raise NotAcquired(RefusedRow.UNDECODABLE, error.message) from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _identify(checked: CheckedList, digests: Iterable[str], pack_id: str) -> str:
    method = [METHOD, pack_id, asdict(checked.source.rules.quality)]
    total = hashlib.sha256(json.dumps(method).encode())
    for entry, digest in zip(checked.entries, digests, strict=True):
        row = {**asdict(entry.row), "number": 0, "picture": digest}
        total.update(json.dumps(row, sort_keys=True).encode() + b"\n")
    return total.hexdigest()


def _watchlist(checked: CheckedList, pack_id: str, results: Sequence[RowResult]) -> Watchlist:
    digests = {result.row.number: result.picture_sha256 for result in results}
    references = tuple(result.reference for result in results if result.reference is not None)
    enrolled = {reference.subject_id for reference in references}
    subjects = {
        entry.subject.subject_id: entry.subject
        for entry in checked.entries
        if entry.subject.subject_id in enrolled
    }
    return Watchlist(
        watchlist_id=_identify(checked, (digests[e.row.number] for e in checked.entries), pack_id),
        pack_id=pack_id,
        subjects=tuple(subjects.values()),
        references=references,
    )


def _counted(
    faces: Iterator[_Face | RowResult],
) -> Iterator[tuple[int, list[_Face | RowResult]]]:
    """Give batches, and how many have been given with each."""
    done = 0
    while batch := list(islice(faces, BATCH)):
        done += len(batch)
        yield done, batch
