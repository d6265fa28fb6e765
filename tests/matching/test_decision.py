"""An alert needs the threshold, enough shots, and shots that agree."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from overt.matching.decision import DecisionPolicy, weigh
from overt.matching.gallery import Gallery
from overt.values import CandidateList, FaceDetection, Probe, Quality, Shot, Template, Templates
from overt.vocabulary import WhyNoAlert

_RNG = np.random.default_rng(0)


def _unit(rows: Templates) -> Templates:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def templates() -> Templates:
    return _unit(_RNG.normal(size=(200, 64)).astype(np.float32))


@pytest.fixture(scope="module")
def gallery(templates: Templates) -> Gallery:
    return Gallery([f"S{index}" for index in range(len(templates))], templates, "pack")


def _shot(template: Template) -> Shot:
    face = FaceDetection(np.zeros(4, np.float32), np.zeros((5, 2), np.float32), 0.9)
    return Shot(
        sequence=0,
        presentation_s=0.0,
        captured_at=datetime.now(UTC),
        detection=face,
        quality=Quality(60, 0.1, 0.5, 0, 0, 0, 0.9),
        crop=np.zeros((2, 2, 3), np.uint8),
        template=template,
    )


def _probe(*shots: Template) -> Probe:
    fused = _unit(np.sum(shots, axis=0, dtype=np.float32))
    return Probe("camera", 1, "pack", fused, tuple(_shot(each) for each in shots))


def _near(template: Template, seed: int, noise: float = 0.4) -> Template:
    rng = np.random.default_rng(seed)
    drift = _unit(rng.normal(size=template.shape).astype(np.float32))
    return _unit(template + noise * drift)


_POLICY = DecisionPolicy(threshold=0.2, version="test", smallest_shots=2)


def test_several_like_shots_meet_the_policy(gallery: Gallery, templates: Templates) -> None:
    evidence = weigh(_probe(*(_near(templates[7], seed) for seed in range(3))), gallery, _POLICY)

    assert evidence.why_not is None
    assert evidence.best.subject_id == "S7"
    assert (evidence.shots, evidence.agreeing) == (3, 3)
    assert evidence.runner_up is not None
    assert evidence.runner_up.normalised_score < evidence.best.normalised_score


def test_one_shot_is_too_few_however_good(gallery: Gallery, templates: Templates) -> None:
    assert weigh(_probe(templates[7]), gallery, _POLICY).why_not is WhyNoAlert.TOO_FEW_SHOTS


def test_a_stranger_stays_below_the_threshold(gallery: Gallery) -> None:
    stranger = _unit(np.random.default_rng(99).normal(size=64).astype(np.float32))

    evidence = weigh(_probe(*(_near(stranger, seed) for seed in range(4))), gallery, _POLICY)

    assert evidence.why_not is WhyNoAlert.BELOW_THRESHOLD


def test_shots_are_searched_only_for_whom_somebody_may_be_asked_about(
    gallery: Gallery, templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most faces are strangers', and each search of a large list takes milliseconds."""
    searched: list[Template] = []
    search = gallery.search

    def counted(template: Template, *rest: Any, **more: Any) -> CandidateList:
        searched.append(template)
        return search(template, *rest, **more)

    monkeypatch.setattr(gallery, "search", counted)
    probe = _probe(*(_near(templates[7], seed) for seed in range(3)))
    score = weigh(probe, gallery, _POLICY).best.normalised_score
    asked = len(searched)
    weigh(probe, gallery, DecisionPolicy(float(np.nextafter(score, 2)), "test"))

    assert asked == 1 + 3
    assert len(searched) - asked == 1


def test_shots_that_disagree_count_against(gallery: Gallery, templates: Templates) -> None:
    shots = [_near(templates[7], 1), _near(templates[7], 2), templates[8], templates[9]]

    evidence = weigh(_probe(*shots), gallery, DecisionPolicy(-1.0, "test", 2))

    assert evidence.agreeing == 2
    assert evidence.why_not is WhyNoAlert.SHOTS_DISAGREE


def test_the_threshold_itself_is_enough(gallery: Gallery, templates: Templates) -> None:
    probe = _probe(*(_near(templates[7], seed) for seed in range(3)))
    score = weigh(probe, gallery, _POLICY).best.normalised_score

    assert weigh(probe, gallery, DecisionPolicy(score, "test")).why_not is None
    above = DecisionPolicy(float(np.nextafter(score, 2)), "test")
    assert weigh(probe, gallery, above).why_not is WhyNoAlert.BELOW_THRESHOLD


def test_one_subject_alone_has_no_runner_up() -> None:
    template = _unit(np.ones((1, 8), np.float32))
    gallery = Gallery(["S0"], template, "pack")

    evidence = weigh(_probe(template[0], template[0]), gallery, DecisionPolicy(0.9, "test"))

    assert evidence.runner_up is None
    assert evidence.why_not is None
