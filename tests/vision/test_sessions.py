"""Only whole, self-contained image models are loaded, and both engines agree on them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from overt.errors import ModelError
from overt.vision.sessions import Backend, open_session


def _model(inputs: int = 1, rank: int = 4) -> onnx.ModelProto:
    """A 3x3 mean over each channel, fixed to a size that nobody will use."""
    kernel = np.full((3, 1, 3, 3), 1 / 9, np.float32)
    weights = numpy_helper.from_array(kernel, "kernel")
    shape = [10, 3, 32, 32][:rank]
    values = [
        helper.make_tensor_value_info(f"input{index}", TensorProto.FLOAT, shape)
        for index in range(inputs)
    ]
    node = helper.make_node("Conv", ["input0", "kernel"], ["mean"], group=3, pads=[1, 1, 1, 1])
    output = helper.make_tensor_value_info("mean", TensorProto.FLOAT, [10, 3, 32, 32])
    graph = helper.make_graph([node], "mean", values, [output], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.mark.parametrize("backend", Backend)
def test_any_size_and_batch_can_be_run(backend: Backend) -> None:
    session = open_session(_model().SerializeToString(), backend=backend)

    for shape in ((1, 3, 32, 64), (4, 3, 17, 5), (2, 3, 32, 64)):
        tensor = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        (mean,) = session.run(tensor)
        padded = np.pad(tensor, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
        np.testing.assert_allclose(mean, windows.mean(axis=(-2, -1)), atol=2e-2)
    assert session.outputs == ("mean",)


def test_a_size_that_was_fitted_ahead_is_compiled_once_whoever_asks() -> None:
    """A camera looks on while another width is made ready, and finds it made when it comes."""
    session = open_session(_model().SerializeToString())
    shape = (1, 3, 32, 64)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(session.fit, [shape] * 8))
        session.fit(shape)
    compiled = dict(session._compiled)  # type: ignore[attr-defined]

    session.run(np.zeros(shape, np.float32))

    assert list(compiled) == [(3, 32, 64)]
    assert dict(session._compiled) == compiled  # type: ignore[attr-defined]


def test_many_sizes_do_not_pile_up() -> None:
    session = open_session(_model().SerializeToString())

    for width in range(8, 40):
        session.run(np.zeros((1, 3, 8, width), np.float32))

    assert len(session._compiled) <= 8  # type: ignore[attr-defined]


@pytest.mark.parametrize("backend", Backend)
@pytest.mark.parametrize("data", [b"", b"not a model", b"\x08\x01" * 50])
def test_other_bytes_are_refused(backend: Backend, data: bytes) -> None:
    with pytest.raises(ModelError) as refusal:
        open_session(data, backend=backend)

    assert refusal.value.remedy
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize(("inputs", "rank"), [(2, 4), (1, 2)])
def test_a_model_without_one_image_input_is_refused(inputs: int, rank: int) -> None:
    with pytest.raises(ModelError, match="image input"):
        open_session(_model(inputs, rank).SerializeToString())


def test_weights_in_another_file_are_refused() -> None:
    model = _model()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")

    with pytest.raises(ModelError, match="in another file"):
        open_session(model.SerializeToString())
