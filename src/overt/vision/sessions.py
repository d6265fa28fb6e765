"""Inference sessions: OpenVINO on CPUs, ONNX Runtime where it is asked for, behind one Protocol.

OpenVINO is the default because it runs the same models 3.3 times as fast on the CPUs we
measured (docs/decisions/0002-openvino.md); ONNX Runtime reaches GPUs (`overt[gpu]`).
Models are loaded from bytes whose hash was checked, never from a path, so that what runs is
what was checked and no external data file is followed.
"""

import sys
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from threading import Lock
from typing import ClassVar, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray

from overt.errors import ModelError

# Importing OpenVINO reports its use to an analytics service, unless its reporter is missing. It
# is, as far as OpenVINO can see: nothing of ours opens a connection, or leaves a mark in ~/intel.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
import openvino  # noqa: E402  only now

_KEPT_FOR_SIZES = 100
"""How many parts of a network the engine keeps ready for sizes that it met; else 5,000 a network,
which for a stream of ever other sizes is a gigabyte (decision 0031).
"""


class Backend(StrEnum):
    """The inference engine."""

    OPENVINO = "openvino"
    ONNXRUNTIME = "onnxruntime"


class InferenceSession(Protocol):
    """A loaded network with one input."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in the order `run` gives them."""

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run `tensor`, `(n, channels, height, width)` float32, and return every output."""


def open_session(
    model: bytes, *, threads: int = 1, backend: Backend = Backend.OPENVINO
) -> InferenceSession:
    """Return a session for an ONNX `model`, given as bytes.

    The batch, height and width of its input may be anything the network allows, whatever sizes
    the file states. `threads` bounds the processor threads that one run may use.

    Raises:
        ModelError: the bytes are no usable ONNX model with one image input, or the back end
            is not installed.
    """
    try:
        free = _with_free_size(model)
        if backend is Backend.ONNXRUNTIME:
            return _OnnxRuntimeSession(free, threads)
        return _OpenVINOSession(free, threads)
    except ModelError:
        raise
    except ImportError as error:
        raise ModelError(
            f"The inference back end {backend} is not installed.",
            remedy="Install it: pip install 'overt[onnxruntime]', or 'overt[gpu]' with a GPU.",
        ) from error
    except Exception as error:  # the engines raise RuntimeErrors of many kinds
        raise ModelError(
            f"The model cannot be loaded by {backend}: {_first_line(error)}",
            remedy="Use an ONNX file with one image input of shape (n, 3, height, width).",
        ) from error


@cache
def _core() -> openvino.Core:
    """Return the one engine of this process.

    Each engine takes over the stack that signal handlers run on. Two of them, let go in the
    order they were made, leave it pointing at freed memory: the next Ctrl-C then ends the process
    with a segmentation fault (seen with OpenVINO 2026.4).
    """
    return openvino.Core()


class _OpenVINOSession:
    """Compiled once, for pictures of any size and number: decision 0031.

    The first run of a process is alone. In it the engine's binding makes a table of number types,
    for which it imports parts of NumPy; another thread that asks for the table meanwhile waits for
    it with Python's lock in its hand, which the first one needs: both wait for ever (seen with
    OpenVINO 2026.4; eight threads at once hung ten times of ten).
    """

    _first: ClassVar[Lock] = Lock()
    _has_run: ClassVar[bool] = False

    def __init__(self, model: bytes, threads: int) -> None:
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            # Pinned, every session of a machine would have its threads on the same first cores.
            "ENABLE_CPU_PINNING": False,
            # Left alone, a processor that can would calculate with 8 bits of precision (bf16),
            # and the same face would have another template there: decision 0030.
            "INFERENCE_PRECISION_HINT": "f32",
            "CPU_RUNTIME_CACHE_CAPACITY": str(_KEPT_FOR_SIZES),
        }
        self._compiled = _core().compile_model(_core().read_model(model), "CPU", settings)
        self._outputs = tuple(output.get_any_name() for output in self._compiled.outputs)

    @property
    def outputs(self) -> tuple[str, ...]:
        return self._outputs

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        if _OpenVINOSession._has_run:
            return self._run(tensor)
        with _OpenVINOSession._first:
            outputs = self._run(tensor)
            _OpenVINOSession._has_run = True
            return outputs

    def _run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        results = self._compiled(tensor)
        return [np.asarray(results[index]) for index in range(len(self._outputs))]


class _OnnxRuntimeSession:
    def __init__(self, model: bytes, threads: int) -> None:
        import onnxruntime  # noqa: PLC0415 - an optional extra

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Idle spinning would burn the cores that decoding needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = [
            name
            for name in ("CUDAExecutionProvider", "CPUExecutionProvider")
            if name in onnxruntime.get_available_providers()
        ]
        self._session = onnxruntime.InferenceSession(model, options, providers=providers)
        self._input = self._session.get_inputs()[0].name
        self._outputs = tuple(output.name for output in self._session.get_outputs())

    @property
    def outputs(self) -> tuple[str, ...]:
        return self._outputs

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        results: Sequence[NDArray[np.float32]] = self._session.run(None, {self._input: tensor})
        return list(results)


def _with_free_size(model: bytes) -> bytes:
    """Return the model with the sizes of its one image input left open."""
    parsed = onnx.load_model_from_string(model)
    weights = {tensor.name for tensor in parsed.graph.initializer}
    inputs = [value for value in parsed.graph.input if value.name not in weights]
    if len(inputs) != 1 or len(inputs[0].type.tensor_type.shape.dim) != 4:
        raise ModelError(
            f"The model has {len(inputs)} inputs or no image input.",
            remedy="Use an ONNX file with one image input of shape (n, 3, height, width).",
        )
    _refuse_external_data(parsed)
    # Old files list their weights as inputs too, which keeps engines from folding them.
    picture = onnx.ValueInfoProto()
    picture.CopyFrom(inputs[0])
    for axis, name in ((0, "batch"), (2, "height"), (3, "width")):
        picture.type.tensor_type.shape.dim[axis].dim_param = name
    del parsed.graph.input[:]
    parsed.graph.input.append(picture)
    for value in (*parsed.graph.output, *parsed.graph.value_info):
        value.type.tensor_type.ClearField("shape")
    return bytes(parsed.SerializeToString())


def _refuse_external_data(model: onnx.ModelProto) -> None:
    if any(tensor.external_data for tensor in model.graph.initializer):
        raise ModelError(
            "The model keeps its weights in another file, whose hash would go unchecked.",
            remedy="Save it as one file: onnx.save_model(model, path, save_as_external_data=False).",
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
