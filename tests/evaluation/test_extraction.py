"""Templates of a data set: enrolment's own, counted where there are none, kept and gone on with."""

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from PIL import Image

from overt.errors import ConfigurationError
from overt.evaluation import extraction
from overt.evaluation.dataset_files import read_folders
from overt.evaluation.datasets import Dataset, Photograph
from overt.evaluation.extraction import Extracted, extract
from overt.rates import Rate
from overt.values import FaceDetection, RGBImage, Templates
from overt.vision.alignment import CHIPS, align
from overt.vision.manifest import Manifest, shipped_manifests
from overt.vision.store import ModelStore, Pack
from overt.vocabulary import RefusedRow
from overt.watchlist.enrolment import EnrolmentReport, enrol
from overt.watchlist.entries import ListSource, check_list
from overt.watchlist.pictures import decode_picture
from overt.watchlist.rows import Row, write_rows
from overt.watchlist.rules import ListRules

TEXTURE = np.random.default_rng(0).integers(60, 200, (120, 120, 3), np.uint8)


class StandIn(Pack):
    """A pack without networks: a face on whatever is not all one colour, a template by its looks.

    `seen` has every chip of which a template was made.
    """

    def __init__(
        self, manifest: Manifest | None = None, seen: list[RGBImage] | None = None
    ) -> None:
        self.manifest = manifest or shipped_manifests()["standard"]
        self.seen: list[RGBImage] = [] if seen is None else seen

    def detector(self, *_: object, **__: object) -> "StandIn":  # type: ignore[override]
        """Return itself: it is its own detector."""
        return self

    def extractor(self, **_: object) -> "StandIn":  # type: ignore[override]
        """Return itself: it is its own extractor."""
        return self

    def mirroring(self, mirrored: bool) -> "StandIn":  # noqa: FBT001
        """Return one with another id, as a pack would."""
        return StandIn(
            Pack(ModelStore(Path()), self.manifest).mirroring(mirrored).manifest, self.seen
        )

    def detect(self, image: RGBImage) -> list[FaceDetection]:
        """Return a face in the middle of a picture that has any texture."""
        if np.unique(image).size < 5:
            return []
        marks = np.array([[42, 50], [78, 50], [60, 70], [46, 88], [74, 88]], np.float32)
        return [FaceDetection(np.array([25, 20, 95, 110], np.float32), marks, 0.9)]

    def align(self, image: RGBImage, faces: Sequence[FaceDetection]) -> list[RGBImage]:
        """Align as the standard pack does."""
        return [align(image, face.landmarks_px, CHIPS["dlib-150"]) for face in faces]

    def extract(self, chips: Sequence[RGBImage]) -> Templates:
        """Return directions that follow from the chips' own bytes."""
        self.seen.extend(chips)
        seeds = [list(hashlib.sha256(chip.tobytes()).digest()) for chip in chips]
        rows = np.stack([np.random.default_rng(seed).standard_normal(128) for seed in seeds])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def face(seed: int) -> RGBImage:
    """Return a picture that the stand-in has a face for, another one for each seed."""
    picture = TEXTURE.copy()
    picture[60, 60] = (seed % 256, seed // 256, 1)
    return picture


def save(path: Path, image: RGBImage) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Twenty people with two photographs each; one has a face in neither, another in one."""
    for number in range(40):
        dark = np.zeros((120 + number, 120, 3), np.uint8)
        path = tmp_path / f"set/{number // 2:02d}/{number % 2}.png"
        save(path, dark if number < 3 else face(number))
    return read_folders(tmp_path / "set")


class InProcess:
    """Decodes in this process, which starts faster than one of its own."""

    decode = staticmethod(decode_picture)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def quick_decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare all tests but one the decoding process."""
    if "production" not in request.fixturenames:
        monkeypatch.setattr(extraction, "Decoder", InProcess)


@pytest.fixture
def production() -> None:
    """Leave the decoding process in place."""


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "CHUNK", 16)


def same(one: Extracted, other: Extracted) -> bool:
    told = [
        (e.photograph_ids, e.subject_ids, e.groups, e.consents, e.failures, e.dataset_sha256)
        for e in (one, other)
    ]
    return told[0] == told[1] and np.array_equal(one.templates, other.templates)


def test_every_photograph_gives_a_template_or_a_failure(dataset: Dataset, tmp_path: Path) -> None:
    extracted = extract(dataset, StandIn(), tmp_path / "cache")

    assert extracted.photograph_ids == tuple(e.photograph_id for e in dataset.photographs[3:])
    assert extracted.templates.shape == (37, 128)
    assert np.linalg.norm(extracted.templates, axis=1) == pytest.approx(np.ones(37), abs=1e-6)
    assert [failure.photograph_id for failure in extracted.failures] == [
        "00/0.png",
        "00/1.png",
        "01/0.png",
    ]
    assert extracted.reasons == {RefusedRow.NO_FACE: 3}
    assert (extracted.fta, extracted.fte) == (Rate(3, 40), Rate(1, 20))
    assert extracted.dataset_sha256 == dataset.sha256


@pytest.mark.usefixtures("small_chunks")
def test_what_is_in_the_cache_is_not_done_again(dataset: Dataset, tmp_path: Path) -> None:
    first = extract(dataset, StandIn(), tmp_path / "cache")
    pack = StandIn()
    told: list[tuple[int, int]] = []

    second = extract(dataset, pack, tmp_path / "cache", lambda *done: told.append(done))

    assert same(first, second)
    assert pack.seen == []
    assert told == [(16, 40), (32, 40), (40, 40)]


@pytest.mark.usefixtures("small_chunks")
def test_a_run_that_was_ended_in_the_middle_goes_on_where_it_was(
    dataset: Dataset, tmp_path: Path
) -> None:
    whole = extract(dataset, StandIn(), tmp_path / "whole")

    def stop(done: int, _total: int) -> None:
        if done == 32:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(dataset, StandIn(), tmp_path / "cache", stop)
    pack = StandIn()
    assert same(whole, extract(dataset, pack, tmp_path / "cache"))

    assert len(pack.seen) <= 24


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_a_damaged_chunk_is_done_again(dataset: Dataset, tmp_path: Path, damage: bytes) -> None:
    first = extract(dataset, StandIn(), tmp_path / "cache")
    min((tmp_path / "cache").rglob("*.npz")).write_bytes(damage)
    pack = StandIn()

    assert same(first, extract(dataset, pack, tmp_path / "cache"))
    assert len(pack.seen) == 13


def test_a_cache_is_of_one_data_set_and_one_pack(dataset: Dataset, tmp_path: Path) -> None:
    extract(dataset, StandIn(), tmp_path / "cache")
    less = dataset.without(["05/0.png"])
    pack = StandIn()

    assert "05/0.png" not in extract(less, pack, tmp_path / "cache").photograph_ids
    assert len(pack.seen) == 36


def test_a_part_is_had_without_extracting_it(dataset: Dataset, tmp_path: Path) -> None:
    whole = extract(dataset, StandIn(), tmp_path / "cache")
    less = dataset.without(["01/0.png", "05/0.png"])

    part = whole.restricted_to(less)

    assert same(part, extract(less, StandIn(), tmp_path / "cache"))
    with pytest.raises(ConfigurationError, match="no part"):
        part.restricted_to(dataset)


def test_a_picture_that_changed_meanwhile_ends_the_run(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset.photographs[7].path, face(999))
    with pytest.raises(ConfigurationError, match=r"'03/1\.png' was changed"):
        extract(dataset, StandIn(), tmp_path / "cache")

    dataset.photographs[7].path.unlink()
    with pytest.raises(ConfigurationError, match=r"'03/1\.png' is gone"):
        extract(dataset, StandIn(), tmp_path / "cache")


def test_a_set_without_any_face_is_refused_with_its_counts(tmp_path: Path) -> None:
    save(tmp_path / "black.png", np.zeros((120, 120, 3), np.uint8))
    dataset = Dataset("dark", (Photograph("1", "A", tmp_path / "black.png"),))

    with pytest.raises(ConfigurationError, match="gave a template: no face found, 1"):
        extract(dataset, StandIn(), tmp_path / "cache")


@pytest.mark.usefixtures("production")
def test_templates_and_reasons_are_the_ones_of_enrolment(tmp_path: Path) -> None:
    save(tmp_path / "set/a/1.png", face(1))
    save(tmp_path / "set/a/2.png", np.asarray(face(2) // 25, np.uint8))
    save(tmp_path / "set/b/1.png", face(3))
    (tmp_path / "set/b/2.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    dataset = read_folders(tmp_path / "set")

    extracted = extract(dataset, StandIn(), tmp_path / "cache")

    report = enrolled(dataset, tmp_path)
    references = report.watchlist.references
    assert extracted.photograph_ids == tuple(each.reference_id for each in references)
    assert np.array_equal(extracted.templates, np.stack([each.template for each in references]))
    told = {(each.photograph_id, each.why, each.detail) for each in extracted.failures}
    assert told == {
        (result.row.reference_id, refusal.reason, refusal.detail)
        for result in report.results
        for refusal in result.refusals
    }
    assert extracted.reasons == {RefusedRow.POOR_QUALITY: 1, RefusedRow.UNDECODABLE: 1}


def enrolled(dataset: Dataset, folder: Path) -> EnrolmentReport:
    rules = ListRules({"drawn": ("none",)}, {"drawn": frozenset()}, 10)
    rows = [
        Row(
            number,
            reference_id=each.photograph_id,
            subject_id=each.subject_id,
            picture=each.photograph_id,
            category="drawn",
            reason="drawn",
            lawful_basis="drawn",
            picture_source="drawn",
            picture_date="2026-01-01",
            added_by="nobody",
        )
        for number, each in enumerate(dataset.photographs, 2)
    ]
    write_rows(folder / "list.csv", rows)
    source = ListSource(folder / "list.csv", folder / "set", rules, date(2026, 7, 4))
    return enrol(check_list(source), StandIn(), decode_picture)


@pytest.mark.models
def test_a_pack_without_the_mirrored_chip_is_another_pack(pack: Pack) -> None:
    plain = pack.mirroring(mirrored=False)

    assert not plain.manifest.features.mirrored
    assert plain.id != pack.id == plain.mirroring(mirrored=True).id


def test_each_choice_of_the_mirrored_chip_has_a_cache_of_its_own(
    dataset: Dataset, tmp_path: Path
) -> None:
    pack = StandIn()

    ids = [extract(dataset, pack, tmp_path, mirrored=each).pack_id for each in (None, True, False)]

    assert ids[0] == ids[1] == pack.id != ids[2]
    assert len(pack.seen) == 2 * 37
