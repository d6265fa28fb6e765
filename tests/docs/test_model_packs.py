"""The reference of model packs is the manifest's model."""

import tomllib
from pathlib import Path

import pytest
from pages import ROOT, blocks, rows, section
from pydantic import BaseModel

from overt.errors import ModelError
from overt.vision.manifest import (
    DetectorSpec,
    FeaturesSpec,
    Manifest,
    PackageSource,
    PackFile,
    Thresholds,
    ThresholdTable,
    parse_manifest,
    shipped_manifests,
)

_PAGE = (ROOT / "docs" / "reference" / "model-packs.md").read_text("utf-8")
_HOW_TO = ROOT / "docs" / "how-to" / "bring-your-own-model-pack.md"


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("At the top of the file", Manifest),
        ("[[file]]", PackFile),
        ("package of a file", PackageSource),
        ("[detector]", DetectorSpec),
        ("[features]", FeaturesSpec),
        ("[thresholds]", Thresholds),
        ("[thresholds.raw] and [thresholds.normalised]", ThresholdTable),
    ],
)
def test_every_key_is_documented_and_no_other(heading: str, model: type[BaseModel]) -> None:
    documented = [key.strip("`") for key, _ in rows(section(_PAGE, heading), 2)]

    assert sorted(documented) == sorted(model.model_fields)


def test_every_shipped_pack_is_named() -> None:
    for name in shipped_manifests():
        assert f"`{name}`" in _PAGE


def _manifest_of(page: Path) -> str:
    return next(block for language, block in blocks(page.read_text("utf-8")) if language == "toml")


def test_the_manifest_of_the_how_to_is_a_manifest() -> None:
    manifest = parse_manifest(_manifest_of(_HOW_TO), origin="the how-to")

    assert manifest.name == "ours"
    assert manifest.thresholds is None


@pytest.mark.parametrize("guess", ["age", "gender", "emotion", "ethnicity", "attributes"])
def test_a_pack_has_no_place_for_guesses_about_people(guess: str) -> None:
    """R-30: a pack is a detector and a recogniser, and a third network has no place in it."""
    text = f'{_manifest_of(_HOW_TO)}\n[{guess}]\nfile = "{guess}.onnx"\n'
    assert guess in tomllib.loads(text)

    with pytest.raises(ModelError, match=guess):
        parse_manifest(text, origin="a pack")
