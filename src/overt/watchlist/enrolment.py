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
from overt.storage import Record
from overt.values import Quality, Reference, RGBImage, Template, Watchlist
from overt.vision.features import FeatureExtractor
from overt.vision.quality import QualityLimits, assess
from overt.vision.store import Pack
from overt.vocabulary import NotSearchable, RefusedRow
from overt.watchlist.entries import CheckedList, Entry, Refusal
from overt.watchlist.faces import FaceFinder, cut_out, main_face
from overt.watchlist.pictures import (
    decode_picture,
    encode_portrait,
    picture_path,
    read_picture,
)
from overt.watchlist.rows import Row, counted_rows

PORTRAIT_PX = 320
_BATCH = 16  # faces a run of the network: 2.6 ms each in eights, 3.0 one by one

_METHOD = "1"  # changes whenever the same picture would enrol differently

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


def enrol(checked: CheckedList, pack: Pack, progress: Progress | None = None) -> EnrolmentReport:
    """Enrol every entry of a list with `pack`. Takes one thread, about 25 ms a photograph.

    Raises:
        ModelError: the pack's files are changed or unusable.
    """
    enroller = _Enroller(checked, pack)
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
        except _Refused:
            digests.append("")
    return _identify(checked, digests, pack_id)


def load_or_enrol(
    record: Record, checked: CheckedList, pack: Pack, progress: Progress | None = None
) -> tuple[Watchlist, EnrolmentReport | None]:
    """Return the list from `record` if it is there; else enrol it and keep it there.

    The report is None where nothing had to be enrolled.

    Raises:
        WatchlistError: not one row could be enrolled.
        StorageError: the record cannot be read or written.
    """
    known = record.load_watchlist(watchlist_id(checked, pack.id))
    if known is not None:
        return known, None
    report = enrol(checked, pack, progress)
    demand_usable(report)
    record.save_watchlist(report.watchlist)
    return report.watchlist, report


def demand_usable(report: EnrolmentReport) -> None:
    """Refuse a list of which nothing could be enrolled.

    Raises:
        WatchlistError: not one row could be enrolled; it says why, by count.
    """
    if not report.accepted:
        why = ", ".join(f"{count:,} {reason}" for reason, count in report.refused.most_common())
        raise WatchlistError(
            f"Nothing of the list could be enrolled ({counted_rows(len(report.results))}): {why}.",
            remedy="See what is wrong with each row: overt watchlist check LIST IMAGES.",
        )


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    """Carries a refusal out of the steps of looking at one picture."""

    def __init__(self, reason: RefusedRow, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(reason, detail)


class _Enroller:
    """Holds the pack's networks while one list is enrolled."""

    def __init__(self, checked: CheckedList, pack: Pack) -> None:
        self._checked = checked
        self._pack_id = pack.id
        self._finder = FaceFinder(pack)
        self._extractor: FeatureExtractor = pack.extractor()

    def look(self, entry: Entry) -> _Face | RowResult:
        """Read and decode one picture and find its face."""
        digest = ""
        try:
            data = _read(self._checked, entry)
            digest = _digest(data)
            return self._face(entry, _decode(data), digest)
        except _Refused as refused:
            return RowResult(entry.row, (refused.refusal,), picture_sha256=digest)

    def finish(self, batch: Sequence[_Face | RowResult]) -> Iterator[RowResult]:
        """Make the templates of a batch at once and give every result in order."""
        chips = [face.chip for face in batch if isinstance(face, _Face)]
        templates = iter(self._extractor.extract(chips) if chips else ())
        for looked in batch:
            yield looked if isinstance(looked, RowResult) else self._result(looked, next(templates))

    def _face(self, entry: Entry, image: RGBImage, digest: str) -> _Face:
        faces = self._finder.find(image)
        if not faces:
            raise _Refused(RefusedRow.NO_FACE, _size(image))
        face = main_face(faces, image)
        if face is None:
            raise _Refused(
                RefusedRow.SEVERAL_FACES, f"{len(faces)} faces, none clearly the main one"
            )
        (chip,) = self._extractor.align(image, [face])
        limits = self._checked.source.rules.quality
        quality = assess(face, chip, (image.shape[1], image.shape[0]), limits)
        _demand_quality(quality, limits)
        portrait = encode_portrait(cut_out(image, face), PORTRAIT_PX)
        return _Face(entry, chip, quality, portrait, digest)

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
        raise _Refused(RefusedRow.MISSING_PICTURE, entry.row.picture) from error
    except PermissionError as error:
        raise _Refused(RefusedRow.OUTSIDE_FOLDER, entry.row.picture) from error
    except ImageError as error:
        raise _Refused(RefusedRow.UNDECODABLE, error.message) from error


def _decode(data: bytes) -> RGBImage:
    try:
        return decode_picture(data)
    except ImageError as error:
        raise _Refused(RefusedRow.UNDECODABLE, error.message) from error


def _demand_quality(quality: Quality, limits: QualityLimits) -> None:
    if NotSearchable.TOO_SMALL in quality.reasons:
        detail = (
            f"{quality.inter_eye_distance_px:.1f} pixels between the eyes, "
            f"{limits.smallest_inter_eye_px:.0f} are needed"
        )
        raise _Refused(RefusedRow.TOO_SMALL, detail)
    if quality.reasons:
        raise _Refused(RefusedRow.POOR_QUALITY, ", ".join(quality.reasons))


def _size(image: RGBImage) -> str:
    return f"in a picture of {image.shape[1]}x{image.shape[0]} pixels"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _identify(checked: CheckedList, digests: Iterable[str], pack_id: str) -> str:
    method = [_METHOD, pack_id, asdict(checked.source.rules.quality)]
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
    while batch := list(islice(faces, _BATCH)):
        done += len(batch)
        yield done, batch
