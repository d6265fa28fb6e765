"""Variants of scoring are what their definitions say; production's are production's."""

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from overt.evaluation import variants
from overt.evaluation.variants import (
    AGREEING,
    MAIN,
    NEAREST,
    OUTSIDE,
    PRODUCTION,
    RAW,
    VARIANTS,
    Listed,
    OutsideCohort,
    Variant,
    WatchlistCohort,
    highest_score,
    mean_of_scores,
)
from overt.matching.decision import DecisionPolicy, weigh
from overt.matching.gallery import COHORT_TOP, Gallery, mean_template
from overt.values import FaceDetection, Probe, Quality, Shot, Templates

_NOBODY = np.zeros((0, 16), np.float32)


def unit(seed: int, *shape: int) -> Templates:
    rows = np.random.default_rng(seed).normal(size=(*shape, 16))
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def listed(references: Templates, owners: list[int], outside: Templates = _NOBODY) -> Listed:
    return Listed(references, np.array(owners, np.int32), outside)


def one_each(count: int, seed: int = 0, outside: Templates = _NOBODY) -> Listed:
    return listed(unit(seed, count), list(range(count)), outside)


def scores(variant: Variant, on: Listed, shots: Templates) -> NDArray[np.float32]:
    return variant.prepare(on).score(shots, np.ones(shots.shape[:2], bool))


def test_names_are_the_keys() -> None:
    assert all(variant.name == name for name, variant in VARIANTS.items())
    assert set(MAIN) <= set(VARIANTS.values())


@pytest.mark.parametrize("size", [60, 20])  # a list that is a cohort, and one that is not
def test_production_is_the_gallery(size: int) -> None:
    on, probes = one_each(size), unit(1, 7, 1)
    gallery = Gallery([str(i) for i in range(size)], on.templates, "pack")

    found = scores(PRODUCTION, on, probes)

    expected = np.stack([gallery.score(probe[0]).normalised for probe in probes])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_general_cohort_is_the_gallery_for_its_own_k() -> None:
    on, probes = one_each(70), unit(2, 9, 1)

    general = scores(Variant("general", "", WatchlistCohort()), on, probes)

    np.testing.assert_allclose(general, scores(PRODUCTION, on, probes), atol=1e-6)


def test_several_references_are_one_mean_or_the_nearest() -> None:
    references = unit(3, 5)
    on, probe = listed(references, [0, 0, 0, 1, 1]), unit(4, 1, 1)
    cosines = references @ probe[0, 0]
    means = np.stack([references[:3].sum(axis=0), references[3:].sum(axis=0)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)

    mean = scores(RAW, on, probe)[0]
    nearest = scores(Variant("nearest", "", variants.nearest_reference), on, probe)[0]

    np.testing.assert_allclose(mean, means @ probe[0, 0], atol=1e-6)
    np.testing.assert_allclose(nearest, [cosines[:3].max(), cosines[3:].max()], atol=1e-6)


def test_the_nearest_reference_is_normalised_by_the_definition() -> None:
    """One subject after another, in double precision: the others of the list are the cohort."""
    owners = [0, 0, 1, 2, 3, 3, 4, 5, 6, 7]
    on, probe = listed(unit(5, len(owners)), owners), unit(6, 1, 1)
    rows, means = on.templates.astype(np.float64), on.means().astype(np.float64)

    def nearest(template: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([max(rows[np.array(owners) == s] @ template) for s in range(8)])

    def level(against: NDArray[np.float64], without: int) -> float:
        return float(np.mean(np.sort(np.delete(against, without))[-COHORT_TOP:]))

    found = scores(NEAREST, on, probe)[0]

    of_probe = nearest(probe[0, 0].astype(np.float64))
    expected = [
        of_probe[s] - 0.5 * level(nearest(means[s]), s) - 0.5 * level(of_probe, s) for s in range(8)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_an_outside_cohort_is_averaged_over_its_highest() -> None:
    outside = unit(7, 30)
    on, probe = one_each(4, outside=outside), unit(8, 1, 1)

    found = scores(Variant("three", "", OutsideCohort(top=3)), on, probe)[0]

    of_probe = np.sort(outside @ probe[0, 0])[-3:].mean()
    for subject, template in enumerate(on.templates):
        of_subject = np.sort(outside @ template)[-3:].mean()
        raw = template @ probe[0, 0]
        assert found[subject] == pytest.approx(raw - (of_subject + of_probe) / 2, abs=1e-6)


def test_levels_are_taken_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    on, probes = one_each(70), unit(2, 9, 1)
    whole = scores(NEAREST, on, probes)

    monkeypatch.setattr(variants, "_ROWS", 16)

    np.testing.assert_allclose(scores(NEAREST, on, probes), whole, atol=1e-6)


def test_shots_are_fused_as_their_names_say() -> None:
    on, shots = one_each(6), unit(9, 2, 3)
    acquired = np.array([[True, True, True], [True, False, True]])
    single = np.stack([shots[:, i] @ on.templates.T for i in range(3)])

    def fused(fusion: variants.Fusion) -> NDArray[np.float32]:
        return Variant("fused", "", variants.raw, fusion).prepare(on).score(shots, acquired)

    of_templates, of_scores = fused(variants.mean_of_templates), fused(mean_of_scores)

    np.testing.assert_allclose(of_scores[0], single[:, 0].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(of_scores[1], single[[0, 2], 1].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(fused(highest_score)[1], single[[0, 2], 1].max(axis=0), atol=1e-6)
    np.testing.assert_allclose(fused(variants.first_shot), single[0], atol=1e-6)
    mean = shots[1, [0, 2]].sum(axis=0)
    mean /= np.linalg.norm(mean)
    np.testing.assert_allclose(of_templates[1], on.templates @ mean, atol=1e-6)


def _probe(shots: Templates) -> Probe:
    """Return three shots as a track offers them to production."""
    face = FaceDetection(np.zeros(4, np.float32), np.zeros((5, 2), np.float32), 0.9)
    quality = Quality(60, 0.1, 0.5, 0, 0, 0, 0.9)
    crop = np.zeros((1, 1, 3), np.uint8)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    taken = tuple(Shot(0, 0.0, now, face, quality, crop, template) for template in shots)
    return Probe("camera", 1, "pack", mean_template(shots), taken)


def test_shots_agree_where_the_decision_says_they_do() -> None:
    """Everybody who has an alert in production's decision policy scores here, and nobody else."""
    on = one_each(60)
    near = on.templates[np.arange(40) % 60][:, None] + 1.2 * unit(10, 40, 3)
    shots = np.asarray(near / np.linalg.norm(near, axis=2, keepdims=True), np.float32)
    gallery = Gallery([str(i) for i in range(60)], on.templates, "pack")

    found = scores(AGREEING, on, shots).max(axis=1)

    agreed = 0
    for row, three in enumerate(shots):
        evidence = weigh(_probe(three), gallery, DecisionPolicy(-1.0, "1"))
        agreed += evidence.why_not is None
        assert np.isfinite(found[row]) == (evidence.why_not is None)
    assert 0 < agreed < 40


def test_the_outside_variant_is_among_the_named() -> None:
    assert VARIANTS["s-norm-outside"] is OUTSIDE
