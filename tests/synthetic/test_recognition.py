"""The real detector and the real recogniser take drawn people for people, each for themselves.

These are regression figures with a margin, not claims about real faces.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person
from overt.synthetic.street import DrawnStreet, StreetSettings
from overt.values import FaceDetection
from overt.vision.detection import DetectorSettings
from overt.vision.store import Pack

pytestmark = pytest.mark.models
_STREET = DrawnStreet(StreetSettings(seed=11, people=5, listed=2, seconds=14))


@pytest.fixture(scope="module")
def templates(pack: Pack) -> NDArray[np.float32]:
    """Two portraits each of sixteen people, in turn."""
    detector = pack.detector(DetectorSettings(), threads=2)
    extractor = pack.extractor(threads=2)
    chips = []
    for seed in range(16):
        for take in (0, 1):
            picture = portrait(Person.from_seed(seed), take)
            chips += extractor.align(picture, detector.detect(picture)[:1])
    return np.asarray(extractor.extract(chips))


def test_every_person_is_found_in_every_portrait(templates: NDArray[np.float32]) -> None:
    assert len(templates) == 32


def test_people_resemble_themselves_more_than_anybody_else(templates: NDArray[np.float32]) -> None:
    scores = templates[0::2] @ templates[1::2].T
    own = np.diag(scores)
    others = scores[~np.eye(16, dtype=bool)]

    assert (scores.argmax(axis=1) == np.arange(16)).mean() >= 0.93
    assert np.median(own) >= 0.975
    assert np.median(others) <= 0.915
    assert np.median(own) > np.percentile(others, 99)


def test_unhidden_faces_on_the_street_are_found(pack: Pack) -> None:
    detector = pack.detector(DetectorSettings(working_px=960), threads=2)
    found = []
    for sequence in range(110, 350, 20):
        detections = detector.detect(_STREET.draw(sequence))
        found += [
            any(_same_place(detection, face.box_px) for detection in detections)
            for face in _STREET.faces(sequence)
            if face.hidden == 0 and abs(face.yaw_deg) < 25 and face.box_px[2] - face.box_px[0] >= 50
        ]

    assert len(found) >= 8
    assert np.mean(found) >= 0.95


def _same_place(detection: FaceDetection, box: NDArray[np.float32]) -> bool:
    middle = (detection.box_px[:2] + detection.box_px[2:]) / 2
    inside = np.all(middle > box[:2]) and np.all(middle < box[2:])
    return bool(inside) and detection.detection_score >= 0.5
