"""The converted ResNet gives what dlib itself gives."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from overt.errors import ModelError
from overt.vision.dlib_resnet import convert_dlib_resnet
from overt.vision.sessions import Backend, open_session
from overt.vision.store import ModelStore, Pack

_GOLDEN = Path(__file__).with_name("dlib_features.json")


def _drawn_chip(pattern: int) -> NDArray[np.float32]:
    """Waves of colour, as the golden file's maker drew them, scaled as dlib scales."""
    y, x, c = np.mgrid[0:150, 0:150, 0:3]
    waves = 127 + 80 * np.sin((x * (pattern + 1) + 20 * c) / 23.0)
    waves += 45 * np.cos((y * (pattern + 2) - 10 * c) / 17.0)
    chip = waves.clip(0, 255).astype(np.uint8).astype(np.float32)
    scaled = (chip - np.array([122.782, 117.001, 104.298], np.float32)) / 256
    return np.ascontiguousarray(scaled.transpose(2, 0, 1), np.float32)


@pytest.fixture(scope="module")
def weights(store: ModelStore, pack: Pack) -> bytes:
    return store.read("standard", pack.manifest.file_named(pack.manifest.features.file))


@pytest.mark.models
def test_converted_graph_equals_dlib_on_two_drawn_chips(weights: bytes) -> None:
    golden = np.array(json.loads(_GOLDEN.read_text())["features"], np.float32)
    session = open_session(convert_dlib_resnet(weights), backend=Backend.ONNXRUNTIME)

    features = session.run(np.stack([_drawn_chip(0), _drawn_chip(1)]))[0]

    np.testing.assert_allclose(features, golden, atol=2e-6)


@pytest.mark.models
def test_openvino_stays_within_a_hair_of_dlib(weights: bytes) -> None:
    golden = np.array(json.loads(_GOLDEN.read_text())["features"], np.float32)
    session = open_session(convert_dlib_resnet(weights))

    features = session.run(np.stack([_drawn_chip(0), _drawn_chip(1)]))[0]

    np.testing.assert_allclose(features, golden, atol=1e-5)  # on any processor: decision 0030


@pytest.mark.models
def test_conversion_gives_the_same_bytes_each_time(weights: bytes) -> None:
    assert convert_dlib_resnet(weights) == convert_dlib_resnet(weights)


@pytest.mark.models
@pytest.mark.parametrize("length", [0, 100, 30_000, 22_000_000])
def test_truncated_weights_are_refused(weights: bytes, length: int) -> None:
    with pytest.raises(ModelError, match="cannot be converted"):
        convert_dlib_resnet(weights[:length])


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ModelError, match="layer con_4 not found"):
        convert_dlib_resnet(b"not a network" * 1000)
