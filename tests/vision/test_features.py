"""Templates are unit vectors, the same for a face and its mirror image."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from overt.values import Templates
from overt.vision.detection import DetectorSettings
from overt.vision.features import FeatureExtractor
from overt.vision.store import Pack


@pytest.fixture(scope="module")
def extractor(pack: Pack) -> FeatureExtractor:
    return pack.extractor()


def _chips(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [
        np.asarray(
            cv2.GaussianBlur(rng.integers(0, 255, (150, 150, 3)).astype(np.uint8), (0, 0), 5),
            np.uint8,
        )
        for _ in range(count)
    ]


@pytest.mark.models
def test_no_chips_give_no_rows(extractor: FeatureExtractor) -> None:
    assert extractor.extract([]).shape == (0, 128)


@pytest.mark.models
def test_rows_have_unit_norm_whatever_the_batch(extractor: FeatureExtractor) -> None:
    chips = _chips(5)
    together = extractor.extract(chips)
    alone = np.concatenate([extractor.extract([chip]) for chip in chips])

    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert (np.sum(together * alone, axis=1) > 0.999).all()
    assert together.dtype == np.float32


@pytest.mark.models
def test_a_mirrored_chip_gives_the_same_template(extractor: FeatureExtractor) -> None:
    chip = _chips(1)[0]

    both = extractor.extract([chip, np.ascontiguousarray(chip[:, ::-1])])

    assert both[0] @ both[1] > 0.9999


def _templates(pack: Pack, extractor: FeatureExtractor, photographs: list[Path]) -> Templates:
    detector = pack.detector(DetectorSettings(working_px=640, granularity_px=128))
    chips = []
    for path in photographs:
        picture = cv2.imread(str(path))
        assert picture is not None
        image = np.ascontiguousarray(picture[:, :, ::-1])
        middle = np.array([image.shape[1] / 2, image.shape[0] / 2])
        faces = detector.detect(np.asarray(image, np.uint8))
        main = min(faces, key=lambda face: float(np.linalg.norm(face.centre_px - middle)))
        chips += extractor.align(np.asarray(image, np.uint8), [main])
    return extractor.extract(chips)


@pytest.mark.data
@pytest.mark.models
def test_photographs_of_one_person_are_more_alike_than_of_two(
    data_dir: Path, pack: Pack, extractor: FeatureExtractor
) -> None:
    people = [
        sorted(folder.glob("*.jpg"))[:2]
        for folder in sorted((data_dir / "lfw-dev").iterdir())
        if len(list(folder.glob("*.jpg"))) > 1
    ][:40]
    first = _templates(pack, extractor, [pair[0] for pair in people])
    second = _templates(pack, extractor, [pair[1] for pair in people])

    scores = first @ second.T

    assert (scores.argmax(axis=1) == np.arange(len(people))).mean() >= 0.95
    assert np.diag(scores).mean() > scores[~np.eye(len(people), dtype=bool)].max() - 0.02
