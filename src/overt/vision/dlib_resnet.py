"""Convert dlib's face-recognition ResNet from its own serialisation into ONNX.

The network is the 29-convolution residual net of Davis King's `dnn_face_recognition_ex.cpp`
(He et al., 2015, with fewer layers and half the filters), trained with a metric loss; its
weights are in the public domain. Only the layers that carry parameters are read from the
file; the shape of the network is written out below.

dlib's serialisation, as far as it is needed here: a string is its length and its bytes; an
integer is a control byte (sign in bit 7, count of bytes in the low four) followed by that many
little-endian bytes; a tensor is the version 2, four integers (n, k, rows, columns) and
little-endian float32. A convolution's tensor holds all filters and then the biases, an affine
layer's all gammas and then all betas. Layers stand in the file from the input to the output.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from overt.errors import ModelError

CHIP_SIZE_PX = 150
FEATURES = 128

_STAGES: tuple[tuple[int, int, bool], ...] = (
    # filters, residual blocks, whether the first block halves the picture
    (32, 3, False),
    (64, 4, True),
    (128, 3, True),
    (256, 3, True),
    (256, 1, True),
)
_CONVOLUTION, _AFFINE, _DENSE = b"\x01\x05con_4", b"\x01\x07affine_", b"\x01\x04fc_2"


@dataclass(frozen=True, slots=True, eq=False)
class _Convolution:
    """Filters `(out, in, k, k)` and bias `(out,)`, the affine layer behind it folded in."""

    filters: NDArray[np.float32]
    bias: NDArray[np.float32]


class _Reader:
    """Reads parameter layers in file order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def convolution(self, channels: int, filters: int, size: int) -> _Convolution:
        weights = self._tensor(_CONVOLUTION, filters * channels * size * size + filters)
        scale_shift = self._tensor(_AFFINE, 2 * filters)
        gamma, beta = scale_shift[:filters], scale_shift[filters:]
        kernel = weights[:-filters].reshape(filters, channels, size, size)
        folded = kernel * gamma[:, None, None, None]
        return _Convolution(folded, weights[-filters:] * gamma + beta)

    def dense(self, inputs: int, outputs: int) -> NDArray[np.float32]:
        self._seek(_DENSE)
        self._integer()  # the number of outputs and of inputs precede the tensor
        self._integer()
        return self._values(inputs * outputs).reshape(inputs, outputs)

    def _tensor(self, tag: bytes, length: int) -> NDArray[np.float32]:
        self._seek(tag)
        return self._values(length)

    def _seek(self, tag: bytes) -> None:
        found = self._data.find(tag, self._at)
        if found < 0:
            raise _damaged(f"layer {tag[2:].decode()} not found")
        self._at = found + len(tag)

    def _integer(self) -> int:
        if self._at + 9 > len(self._data):  # the longest integer there is
            raise _damaged("it ends early")
        control = self._data[self._at]
        count = control & 0x0F
        magnitude = int.from_bytes(self._data[self._at + 1 : self._at + 1 + count], "little")
        self._at += 1 + count
        return -magnitude if control & 0x80 else magnitude

    def _values(self, expected: int) -> NDArray[np.float32]:
        version, *shape = (self._integer() for _ in range(5))
        length = int(np.prod(shape))
        if version != 2 or length != expected:
            raise _damaged(f"a tensor of {length} values stands where {expected} belong")
        start, self._at = self._at, self._at + 4 * length
        if self._at > len(self._data):
            raise _damaged("it ends early")
        return np.frombuffer(self._data, "<f4", length, start).astype(np.float32)


def _damaged(what: str) -> ModelError:
    return ModelError(
        f"The dlib model file cannot be converted: {what}.",
        remedy="Pull it again: overt models pull standard --force.",
    )


def convert_dlib_resnet(data: bytes) -> bytes:
    """Return the ONNX model for `dlib_face_recognition_resnet_model_v1.dat`, given as bytes.

    The graph takes `chip`: `(n, 3, 150, 150)` float32, RGB, with dlib's own scaling already
    applied (minus (122.782, 117.001, 104.298), divided by 256), and gives `features`:
    `(n, 128)` float32, not yet of unit norm.

    Raises:
        ModelError: the bytes are not that network.
    """
    reader = _Reader(data)
    graph = _Graph()
    value = graph.convolve("chip", reader.convolution(3, 32, 7), stride=2)
    value = graph.add("MaxPool", [graph.relu(value)], kernel_shape=[3, 3], strides=[2, 2])
    shape = _Shape(channels=32, side=((CHIP_SIZE_PX - 7) // 2 + 1 - 3) // 2 + 1)
    for filters, halves in _blocks():
        value, shape = _residual_block(graph, reader, value, shape, filters, halves=halves)
    pooled = graph.add("GlobalAveragePool", [value])
    flat = graph.add("Flatten", [pooled])
    dense = graph.constant(reader.dense(shape.channels, FEATURES))
    graph.add("MatMul", [flat, dense], output="features")
    return graph.serialise()


@dataclass(frozen=True, slots=True)
class _Shape:
    channels: int
    side: int


def _blocks() -> Iterator[tuple[int, bool]]:
    for filters, blocks, halves_first in _STAGES:
        for index in range(blocks):
            yield filters, halves_first and index == 0


def _residual_block(
    graph: "_Graph",
    reader: _Reader,
    value: str,
    shape: _Shape,
    filters: int,
    *,
    halves: bool,
) -> tuple[str, _Shape]:
    """Two convolutions beside a shortcut; where they differ in shape, both are zero-padded."""
    stride = 2 if halves else 1
    first = graph.convolve(value, reader.convolution(shape.channels, filters, 3), stride=stride)
    second = graph.convolve(graph.relu(first), reader.convolution(filters, filters, 3), stride=1)
    branch = _Shape(filters, (shape.side - 3) // 2 + 1 if halves else shape.side)
    shortcut, short = value, shape
    if halves:
        shortcut = graph.add("AveragePool", [value], kernel_shape=[2, 2], strides=[2, 2])
        short = _Shape(shape.channels, (shape.side - 2) // 2 + 1)
    joined = _Shape(max(branch.channels, short.channels), max(branch.side, short.side))
    total = graph.add(
        "Add", [graph.pad(second, branch, joined), graph.pad(shortcut, short, joined)]
    )
    return graph.relu(total), joined


class _Graph:
    """Collects nodes and constants of the ONNX graph."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(
        self, operator: str, inputs: list[str], output: str = "", **attributes: list[int]
    ) -> str:
        output = output or f"{operator.lower()}_{len(self._nodes)}"
        node = helper.make_node(operator, inputs, [output])
        node.attribute.extend(
            helper.make_attribute(key, value) for key, value in attributes.items()
        )
        self._nodes.append(node)
        return output

    def constant(self, array: NDArray[np.generic]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def convolve(self, value: str, layer: _Convolution, *, stride: int) -> str:
        # dlib pads a convolution by half its size, except where the stride is above one.
        padding = layer.filters.shape[2] // 2 if stride == 1 else 0
        inputs = [value, self.constant(layer.filters), self.constant(layer.bias)]
        return self.add("Conv", inputs, strides=[stride, stride], pads=[padding] * 4)

    def relu(self, value: str) -> str:
        return self.add("Relu", [value])

    def pad(self, value: str, shape: _Shape, to: _Shape) -> str:
        if shape == to:
            return value
        side = to.side - shape.side
        ends = np.array([0, 0, 0, 0, 0, to.channels - shape.channels, side, side], np.int64)
        return self.add("Pad", [value, self.constant(ends)])

    def serialise(self) -> bytes:
        chip: list[str | int | None] = ["n", 3, CHIP_SIZE_PX, CHIP_SIZE_PX]
        graph = helper.make_graph(
            self._nodes,
            "dlib_face_recognition_resnet_model_v1",
            [helper.make_tensor_value_info("chip", TensorProto.FLOAT, chip)],
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", FEATURES])],
            self._constants,
        )
        # The opset and IR version are fixed, so that the same weights give the same bytes.
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))
