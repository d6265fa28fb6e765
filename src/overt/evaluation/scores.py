"""Every score of an evaluation, kept, so that another threshold needs no second run.

Two files: `NAME.npz` holds the numbers, `NAME.json` says what they are of: protocol, variants,
people, data set, pack, commit, and the numbers' SHA-256. The second is written last, so scores
without it were not written to the end. Ids of people are in it as the data set has them.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overt.errors import ConfigurationError
from overt.evaluation.drawing import OpenSetProtocol
from overt.evaluation.open_set import OpenSetResult, SearchScores
from overt.reporting.files import write_whole

SCHEMA = "overt-scores-1"

_MATED = ("own", "rank")
_NON_MATED = ("non_mated", "candidate")
_PROBES = ("mated_subject", "non_mated_subject")
_LENGTHS = ("mated_in_split", "non_mated_in_split")


@dataclass(frozen=True, slots=True)
class ScoresOf:
    """What scores were measured on, with what: names, ids and SHA-256s as their owners have them."""

    dataset: str
    dataset_sha256: str
    pack_id: str
    commit: str


def save_scores(path: Path, result: OpenSetResult, of: ScoresOf) -> None:
    """Write all scores to `path`, which ends in .npz, and what they are beside it.

    Raises:
        StorageError: they cannot be written.
    """
    numbers = io.BytesIO()
    np.savez(numbers, allow_pickle=False, **_arrays(result))
    said = {
        "schema": SCHEMA,
        "of": asdict(of),
        "protocol": asdict(result.protocol),
        "variants": list(result.variants),
        "subjects": list(result.subjects),
        "sha256": hashlib.sha256(numbers.getvalue()).hexdigest(),
    }
    write_whole(path, numbers.getvalue())
    write_whole(_beside(path), json.dumps(said, indent=1, ensure_ascii=False).encode() + b"\n")


def load_scores(path: Path) -> tuple[OpenSetResult, ScoresOf]:
    """Return what `save_scores` wrote to `path`.

    Raises:
        ConfigurationError: a file is missing, damaged, changed, or of another version.
    """
    try:
        said = json.loads(_beside(path).read_bytes())
        numbers = path.read_bytes()
    except (OSError, ValueError) as error:
        raise _unusable(path, "they were not written to the end, or cannot be read") from error
    if not isinstance(said, dict) or said.get("schema") != SCHEMA:
        raise _unusable(path, "another version of Overt wrote them")
    if said.get("sha256") != hashlib.sha256(numbers).hexdigest():
        raise _unusable(path, "they have changed since they were written")
    try:
        with np.load(io.BytesIO(numbers), allow_pickle=False) as arrays:
            return _result(said, dict(arrays)), ScoresOf(**said["of"])
    except (KeyError, TypeError, ValueError, IndexError, zipfile.BadZipFile) as error:
        raise _unusable(path, "something is missing from them") from error


def _arrays(result: OpenSetResult) -> dict[str, NDArray[Any]]:
    """Return `(variants, searches)` arrays of scores, and `(searches,)` arrays of whose they are.

    The splits stand one after another, with their lengths beside them.
    """
    pooled = [result.pooled(variant) for variant in result.variants]
    first = [split[0] for split in result.searches]
    return {
        **{name: np.stack([getattr(one, name) for one in pooled]) for name in _MATED + _NON_MATED},
        **{name: getattr(pooled[0], name) for name in _PROBES},
        _LENGTHS[0]: np.array([len(split.own) for split in first], np.int64),
        _LENGTHS[1]: np.array([len(split.non_mated) for split in first], np.int64),
    }


def _result(said: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> OpenSetResult:
    mated_ends, non_mated_ends = (np.cumsum(arrays[name])[:-1] for name in _LENGTHS)
    of_probes = {
        "mated_subject": np.split(arrays["mated_subject"], mated_ends),
        "non_mated_subject": np.split(arrays["non_mated_subject"], non_mated_ends),
    }
    by_variant = []
    for row, name in enumerate(said["variants"]):
        columns = {
            **of_probes,
            **{each: np.split(arrays[each][row], mated_ends) for each in _MATED},
            **{each: np.split(arrays[each][row], non_mated_ends) for each in _NON_MATED},
        }
        by_variant.append(
            [
                SearchScores(name, **{each: parts[split] for each, parts in columns.items()})
                for split in range(len(arrays[_LENGTHS[0]]))
            ]
        )
    return OpenSetResult(
        OpenSetProtocol(**said["protocol"]),
        tuple(said["subjects"]),
        tuple(zip(*by_variant, strict=True)),
    )


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")


def _unusable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The scores in {path} cannot be used: {why}.",
        remedy="Evaluate again, or name a file of scores that is whole, with its .json beside it.",
    )
