"""Pack manifests: which files make a model pack, where they come from, how they are used.

A manifest is a TOML file. It pins every file by SHA-256, names its licence and provenance, and
says how a picture must be prepared for each network, so that a user's own ONNX files load
through the same code as the packs we name. docs/reference/model-packs.md explains each key.
"""

import hashlib
import json
import tomllib
from enum import StrEnum
from functools import cached_property
from importlib import resources
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from overt.errors import ModelError

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$")]
PackName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
Colour = Literal["RGB", "BGR"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PackageSource(_Strict):
    """A Python package that carries a file: one archive, pinned by its own SHA-256."""

    name: str
    version: str
    sha256: Sha256
    member: str


class PackFile(_Strict):
    """One file of a pack."""

    name: FileName
    sha256: Sha256
    size: int | None = None
    licence: str = Field(min_length=1)
    provenance: str = Field(min_length=1)
    package: PackageSource | None = None


class DetectorSpec(_Strict):
    """How the detector's network is used. Its input is in 0-255, unscaled."""

    file: FileName
    decoder: Literal["centerface", "yunet"]
    smallest_score: float = Field(gt=0, lt=1)
    colour: Colour = "RGB"


class FeaturesSpec(_Strict):
    """How the recogniser's network is used: `(value - mean) / scale` for each channel."""

    file: FileName
    format: Literal["onnx", "dlib-resnet"] = "onnx"
    chip: Literal["dlib-150", "arcface-112"]
    dimension: int = Field(gt=0, le=4096)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: float = Field(default=1.0, gt=0)
    colour: Colour = "RGB"
    mirrored: bool = True


class FpirTarget(StrEnum):
    """The false-positive identification rates for which packs publish a threshold."""

    PERCENT_3 = "fpir_3_percent"
    PERCENT_1 = "fpir_1_percent"
    PERCENT_0_3 = "fpir_0_3_percent"


class ThresholdTable(_Strict):
    """Measured decision thresholds by list size and FPIR: `list_size` rises, one column each."""

    list_size: tuple[int, ...] = Field(min_length=1)
    fpir_3_percent: tuple[float, ...]
    fpir_1_percent: tuple[float, ...]
    fpir_0_3_percent: tuple[float, ...]

    @model_validator(mode="after")
    def _one_each(self) -> "ThresholdTable":
        sizes = self.list_size
        if list(sizes) != sorted(set(sizes)) or sizes[0] < 1:
            raise ValueError("list_size must rise")
        if any(len(getattr(self, target)) != len(sizes) for target in FpirTarget):
            raise ValueError("each FPIR needs one threshold for every list size")
        return self

    def at(self, target: FpirTarget, subjects: int) -> float:
        """Return the threshold for a list, between measured sizes by interpolation in log N.

        Beyond the measured sizes the nearest measured value is used.
        """
        sizes = np.log(np.array(self.list_size, np.float64))
        return float(np.interp(np.log(max(subjects, 1)), sizes, getattr(self, target)))


class Thresholds(_Strict):
    """A pack's thresholds: on the raw score for lists too small to normalise by, else s-norm.

    `measured_on` says on what. Scores are of single probes against one reference a subject.
    """

    measured_on: str = Field(min_length=1)
    raw: ThresholdTable
    normalised: ThresholdTable

    def table(self, *, normalised: bool) -> ThresholdTable:
        """Return the table for normalised scores, or for raw ones."""
        return self.normalised if normalised else self.raw


class Manifest(_Strict):
    """A model pack's description.

    `same_person_floor` is the raw score below which two good shots are hardly ever of one
    person; a track whose shots fall below it is cut in two.
    """

    name: PackName
    version: str = Field(min_length=1)
    title: str
    file: tuple[PackFile, ...] = Field(min_length=1)
    detector: DetectorSpec
    features: FeaturesSpec
    same_person_floor: float = Field(default=-1.0, ge=-1, le=1)
    thresholds: Thresholds | None = None

    @model_validator(mode="after")
    def _files_are_named(self) -> "Manifest":
        names = {file.name for file in self.file}
        missing = {self.detector.file, self.features.file} - names
        if missing:
            raise ValueError(f"no [[file]] entry for {', '.join(sorted(missing))}")
        return self

    @cached_property
    def pack_id(self) -> str:
        """Identifies what makes templates comparable: every file and every setting in use.

        Thresholds are left out, since measuring them again changes no template.
        """
        essence = {
            "files": {file.name: file.sha256 for file in self.file},
            "detector": self.detector.model_dump(),
            "features": self.features.model_dump(),
        }
        digest = hashlib.sha256(json.dumps(essence, sort_keys=True).encode()).hexdigest()
        return f"{self.name}-{self.version}-{digest[:12]}"

    def file_named(self, name: str) -> PackFile:
        """Return the entry of one of the pack's files."""
        return next(file for file in self.file if file.name == name)


def parse_manifest(text: str, *, origin: str) -> Manifest:
    """Return the manifest in `text`; `origin` names it in messages.

    Raises:
        ModelError: it is no TOML or does not describe a pack.
    """
    remedy = "See docs/reference/model-packs.md for what a manifest holds."
    try:
        return Manifest.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{origin} is not valid TOML: {error}.", remedy=remedy) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the pack"
        raise ModelError(f"{origin}: {place}: {first['msg']}.", remedy=remedy) from error


def shipped_manifests() -> dict[str, Manifest]:
    """Return the manifests that come with Overt, by pack name."""
    folder = resources.files("overt.vision") / "packs"
    texts = {
        entry.name: entry.read_text("utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }
    found = [parse_manifest(text, origin=name) for name, text in sorted(texts.items())]
    return {manifest.name: manifest for manifest in found}
