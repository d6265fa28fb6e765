"""Kept scores come back as they were, and give the same rates at any threshold."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_people import Failed, faces

from overt.errors import ConfigurationError
from overt.evaluation.open_set import OpenSetProtocol, OpenSetResult, SearchScores, evaluate
from overt.evaluation.scores import ScoresOf, load_scores, save_scores
from overt.evaluation.variants import MAIN

OF = ScoresOf("drawn people", "ab" * 32, "standard-1-0123", "abcdef+")


@pytest.fixture(scope="module")
def result() -> OpenSetResult:
    data = replace(faces(70, 3, noise=1.0), failures=(Failed("P1"), Failed("Ø ñ 李")))
    return evaluate(data, OpenSetProtocol(55, splits=3, seed=5), MAIN)


@pytest.fixture
def kept(result: OpenSetResult, tmp_path: Path) -> Path:
    path = tmp_path / "scores" / "n-55.npz"
    save_scores(path, result, OF)
    return path


def test_what_is_kept_comes_back(result: OpenSetResult, kept: Path) -> None:
    loaded, of = load_scores(kept)

    assert of == OF
    assert loaded.protocol == result.protocol
    assert loaded.subjects == result.subjects
    assert loaded.variants == result.variants
    for ours, theirs in zip(loaded.searches, result.searches, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            for name in SearchScores.__dataclass_fields__:
                back, was = getattr(one, name), getattr(other, name)
                np.testing.assert_array_equal(back, was)
                assert getattr(back, "dtype", str) == getattr(was, "dtype", str)


def test_any_threshold_gives_the_rates_it_would_have_given(
    result: OpenSetResult, kept: Path
) -> None:
    loaded, _ = load_scores(kept)

    for variant in result.variants:
        one, other = loaded.pooled(variant), result.pooled(variant)
        for threshold in np.quantile(other.non_mated, [0.5, 0.9, 0.99]):
            assert (one.mated >= threshold).mean() == (other.mated >= threshold).mean()
            assert (one.non_mated >= threshold).mean() == (other.non_mated >= threshold).mean()


def test_the_same_scores_are_the_same_bytes(result: OpenSetResult, kept: Path) -> None:
    again = kept.with_name("again.npz")
    save_scores(again, result, OF)

    assert again.read_bytes() == kept.read_bytes()
    assert again.with_suffix(".json").read_bytes() == kept.with_suffix(".json").read_bytes()


def test_scores_are_for_their_owner_only(kept: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in kept.parent.iterdir()} == {0o600}


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def _alter_json(path: Path, **changes: object) -> None:
    beside = path.with_suffix(".json")
    beside.write_text(json.dumps({**json.loads(beside.read_text("utf-8")), **changes}))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.with_suffix(".json").unlink(), "not written to the end"),
        (lambda path: path.with_suffix(".json").write_text("{"), "cannot be read"),
        (lambda path: path.with_suffix(".json").write_text("[]"), "another version"),
        (lambda path: _alter_json(path, schema="overt-scores-9"), "another version"),
        (_cut, "changed"),
        (lambda path: _alter_json(path, of={}), "missing"),
        (lambda path: _alter_json(path, variants=["raw", "s-norm", "a third"]), "missing"),
    ],
)
def test_what_is_not_whole_is_refused(kept: Path, spoil: object, why: str) -> None:
    spoil(kept)  # type: ignore[operator]

    with pytest.raises(ConfigurationError, match=why) as refused:
        load_scores(kept)

    assert "Evaluate again" in str(refused.value.remedy)
