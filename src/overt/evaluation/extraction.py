"""Templates of a whole data set: what enrolment would have made of every photograph.

Pictures are decoded apart, looked at and judged by enrolment's own `Acquirer`. Work is kept in a
cache folder, a chunk of photographs a file, so that a run that was ended in the middle goes on
where it was, and one that was completed is not done again. A chunk holds templates and no names,
ids or pictures; but templates are biometric data, so the folder is for its owner only and should
be deleted when the evaluation is done.
"""

import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overt.errors import ConfigurationError, ImageError
from overt.evaluation.datasets import Dataset, Photograph
from overt.rates import Rate
from overt.reporting.files import write_whole
from overt.runtime.crew import Crew, cores
from overt.runtime.decoder import Decoder
from overt.values import RGBImage, Template, Templates
from overt.vision.quality import QualityLimits
from overt.vision.store import Pack
from overt.vocabulary import RefusedRow
from overt.watchlist.acquisition import BATCH, METHOD, Acquirer, NotAcquired
from overt.watchlist.enrolment import Progress
from overt.watchlist.entries import Refusal
from overt.watchlist.pictures import read_picture
from overt.watchlist.rules import reference_quality

CHUNK = 256
"""Photographs a file of the cache: what a run that is killed has to do again, at most."""

_VERSION = "1"  # changes whenever a chunk would hold something else
_MOST_WORKERS = 8  # each holds two networks and a process that decodes, about 0.2 GB


@dataclass(frozen=True, slots=True)
class Failure:
    """A photograph that gave no template, and why in enrolment's own words."""

    photograph_id: str
    subject_id: str
    why: RefusedRow
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Extracted:
    """A data set's templates: five things of length `n`, in the order of the photographs' ids.

    `templates` is `(n, d)` float32 with rows of unit norm; `failures` are the photographs that
    gave none.
    """

    dataset: str
    dataset_sha256: str
    pack_id: str
    photograph_ids: tuple[str, ...]
    subject_ids: tuple[str, ...]
    groups: tuple[str, ...]
    consents: tuple[bool, ...]
    templates: Templates
    failures: tuple[Failure, ...] = ()

    @property
    def fta(self) -> Rate:
        """Failure to acquire: the share of photographs that gave no template."""
        return Rate(len(self.failures), len(self.photograph_ids) + len(self.failures))

    @property
    def fte(self) -> Rate:
        """Failure to enrol: the share of people none of whose photographs gave a template."""
        acquired = set(self.subject_ids)
        failed = {failure.subject_id for failure in self.failures} - acquired
        return Rate(len(failed), len(acquired) + len(failed))

    @property
    def reasons(self) -> Counter[RefusedRow]:
        """How many photographs failed for each reason."""
        return Counter(failure.why for failure in self.failures)

    def restricted_to(self, dataset: Dataset) -> "Extracted":
        """Return the templates of a part of the data set, as if it alone had been extracted.

        Raises:
            ConfigurationError: it holds a photograph that was not extracted.
        """
        photographs = {each.photograph_id: each for each in dataset.photographs}
        failures = tuple(each for each in self.failures if each.photograph_id in photographs)
        places = [at for at, known in enumerate(self.photograph_ids) if known in photographs]
        if len(places) + len(failures) != len(photographs):
            raise ConfigurationError(
                f"The data set {dataset.name} is no part of the one that was extracted.",
                remedy="Extract it by itself.",
            )
        kept = [photographs[self.photograph_ids[at]] for at in places]
        return _extracted(dataset, self.pack_id, kept, self.templates[places], failures)


def extract(
    dataset: Dataset,
    pack: Pack,
    cache: Path,
    progress: Progress | None = None,
    *,
    mirrored: bool | None = None,
    quality: QualityLimits | None = None,
) -> Extracted:
    """Make the template of every photograph, or take it from `cache`, a folder.

    With `mirrored`, templates are made with the mirrored chip or without, whatever the pack
    says; they are then of a pack with an id of its own. `quality` is the least that a face
    offers, by default what enrolment asks of a reference. `progress` is told how many
    photographs are done, of how many. About 20 ms a photograph on one core, shared by all cores.

    Raises:
        ConfigurationError: a picture is not, or no longer, the one that the data set was read
            with, or not one photograph gave a template.
        ModelError: the pack's files are changed or unusable.
        StorageError: the cache cannot be written.
    """
    used = pack if mirrored is None else pack.mirroring(mirrored)
    limits = quality or reference_quality()
    photographs = sorted(dataset.photographs, key=lambda each: each.photograph_id)
    folder = cache / _key(dataset, used, limits)
    report = progress or (lambda _done, _total: None)
    chunks: list[_Chunk] = []
    with _Workshop(used, limits, len(photographs)) as workshop:
        for start in range(0, len(photographs), CHUNK):
            part = photographs[start : start + CHUNK]
            path = folder / f"{start // CHUNK:06d}.npz"
            chunk = _load(path, len(part), used.manifest.features.dimension)
            if chunk is None:
                outcomes = _told(workshop.look_at(part), start, len(photographs), report)
                chunk = _Chunk.of(list(outcomes), used.manifest.features.dimension)
                write_whole(path, chunk.to_bytes())
            chunks.append(chunk)
            report(start + len(part), len(photographs))
    return _joined(dataset, used.id, photographs, chunks)


_Outcome: TypeAlias = Template | Refusal


class _Worker:
    """What one thread needs to look at photographs: networks, and a process that decodes."""

    def __init__(self, pack: Pack, limits: QualityLimits) -> None:
        self.decoder = Decoder()
        self._acquirer = Acquirer(pack, limits, self.decoder.decode)

    def look_at(self, batch: Sequence[Photograph]) -> list[_Outcome]:
        """Return each photograph's template, or why it has none."""
        chips = [self._chip(photograph) for photograph in batch]
        found = [chip for chip in chips if not isinstance(chip, Refusal)]
        templates = iter(self._acquirer.templates(found) if found else ())
        return [chip if isinstance(chip, Refusal) else next(templates) for chip in chips]

    def _chip(self, photograph: Photograph) -> RGBImage | Refusal:
        data = _bytes(photograph)
        try:
            return self._acquirer.acquire(data).chip
        except NotAcquired as failed:
            return failed.refusal


class _Workshop:
    """As many workers as there are cores, from the first photograph that has to be looked at."""

    def __init__(self, pack: Pack, limits: QualityLimits, photographs: int) -> None:
        self._pack = pack
        self._limits = limits
        self._workers = min(cores(), _MOST_WORKERS, -(-photographs // BATCH))
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def look_at(self, photographs: Sequence[Photograph]) -> Iterator[_Outcome]:
        """Give each photograph's template, or why it has none, in order."""
        batches = (photographs[at : at + BATCH] for at in range(0, len(photographs), BATCH))
        for outcomes in self._crew.each(_Worker.look_at, batches):
            yield from outcomes

    @cached_property
    def _crew(self) -> Crew[_Worker]:
        workers = [_Worker(self._pack, self._limits) for _ in range(self._workers)]
        for worker in workers:
            self._opened.enter_context(worker.decoder)
        return self._opened.enter_context(Crew(workers))  # ends before the decoders it uses


@dataclass(frozen=True, slots=True, eq=False)
class _Chunk:
    """What came of a run of photographs: `templates[i]` is of the one at `places[i]`.

    `failed` has the place, reason and detail of those that gave none.
    """

    templates: Templates
    places: NDArray[np.int64]
    failed: tuple[tuple[int, RefusedRow, str], ...]

    @classmethod
    def of(cls, outcomes: Sequence[_Outcome], dimension: int) -> "_Chunk":
        places = [at for at, each in enumerate(outcomes) if not isinstance(each, Refusal)]
        rows = [each for each in outcomes if not isinstance(each, Refusal)]
        failed = [
            (at, each.reason, each.detail)
            for at, each in enumerate(outcomes)
            if isinstance(each, Refusal)
        ]
        templates = np.stack(rows) if rows else np.zeros((0, dimension), np.float32)
        return cls(templates, np.array(places, np.int64), tuple(failed))

    def to_bytes(self) -> bytes:
        data = io.BytesIO()
        failed = np.frombuffer(json.dumps(self.failed).encode(), np.uint8)
        np.savez(data, templates=self.templates, places=self.places, failed=failed)
        return data.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "_Chunk":
        with np.load(io.BytesIO(data), allow_pickle=False) as parts:
            failed = json.loads(parts["failed"].tobytes())
            told = tuple((int(at), RefusedRow(why), str(detail)) for at, why, detail in failed)
            return cls(parts["templates"], parts["places"], told)

    def fits(self, photographs: int, dimension: int) -> bool:
        """Whether it accounts for each of so many photographs once."""
        told = sorted([*self.places.tolist(), *(at for at, _, _ in self.failed)])
        shape = (len(self.places), dimension)
        return told == list(range(photographs)) and self.templates.shape == shape


def _load(path: Path, photographs: int, dimension: int) -> _Chunk | None:
    """Return a chunk of the cache; None where there is none, or what is there is of no use."""
    try:
        chunk = _Chunk.from_bytes(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    return chunk if chunk.fits(photographs, dimension) else None


def _bytes(photograph: Photograph) -> bytes:
    """Return a picture's bytes, which the cache's name vouches for."""
    remedy = "Read the data set again, and let nothing change it meanwhile."
    try:
        data = read_picture(photograph.path)
    except ImageError as error:
        raise ConfigurationError(
            f"The photograph {photograph.photograph_id!a} is gone: {error.message}", remedy=remedy
        ) from error
    if photograph.picture_sha256 not in ("", hashlib.sha256(data).hexdigest()):
        raise ConfigurationError(
            f"The photograph {photograph.photograph_id!a} was changed after the set was read.",
            remedy=remedy,
        )
    return data


def _told(
    outcomes: Iterator[_Outcome], before: int, total: int, report: Progress
) -> Iterator[_Outcome]:
    for done, outcome in enumerate(outcomes, start=before + 1):
        if done % BATCH == 0:
            report(done, total)
        yield outcome


def _key(dataset: Dataset, pack: Pack, limits: QualityLimits) -> str:
    """Name the cache of one data set, by everything that its templates depend on."""
    essence = [_VERSION, METHOD, CHUNK, dataset.sha256, pack.id, asdict(limits)]
    return hashlib.sha256(json.dumps(essence).encode()).hexdigest()[:32]


def _joined(
    dataset: Dataset, pack_id: str, photographs: Sequence[Photograph], chunks: Sequence[_Chunk]
) -> Extracted:
    acquired: list[Photograph] = []
    failures: list[Failure] = []
    for number, chunk in enumerate(chunks):
        part = photographs[number * CHUNK :]
        acquired.extend(part[at] for at in chunk.places.tolist())
        failures.extend(
            Failure(part[at].photograph_id, part[at].subject_id, why, detail)
            for at, why, detail in chunk.failed
        )
    if not acquired:
        counts = Counter(failure.why for failure in failures).most_common()
        why = "; ".join(f"{reason}, {count:,}" for reason, count in counts)
        raise ConfigurationError(
            f"Not one photograph of the data set {dataset.name} gave a template: {why}.",
            remedy="Use photographs in which one face is large enough and clearly the main one.",
        )
    templates = np.concatenate([chunk.templates for chunk in chunks])
    return _extracted(dataset, pack_id, acquired, templates, tuple(failures))


def _extracted(
    dataset: Dataset,
    pack_id: str,
    photographs: Sequence[Photograph],
    templates: Templates,
    failures: tuple[Failure, ...],
) -> Extracted:
    return Extracted(
        dataset=dataset.name,
        dataset_sha256=dataset.sha256,
        pack_id=pack_id,
        photograph_ids=tuple(each.photograph_id for each in photographs),
        subject_ids=tuple(each.subject_id for each in photographs),
        groups=tuple(each.group for each in photographs),
        consents=tuple(each.consent for each in photographs),
        templates=templates,
        failures=failures,
    )
