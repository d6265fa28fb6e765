"""Only whole, self-contained image models are loaded, and both engines agree on them."""

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from overt.errors import ModelError
from overt.synthetic.faces import portrait
from overt.synthetic.identity import Person
from overt.values import FaceDetection
from overt.vision.detection import DetectorSettings
from overt.vision.sessions import Backend, open_session
from overt.vision.store import Pack

_STATM = Path("/proc/self/statm")


def _resident_mb() -> float:
    return int(_STATM.read_text("ascii").split()[1]) * resource.getpagesize() / 1e6


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


_FIRST_RUNS = """
import sys, threading
import numpy as np
from overt.vision.sessions import open_session
model = open(sys.argv[1], "rb").read()
sessions = [open_session(model) for _ in range(8)]
together = threading.Barrier(len(sessions))
sys.setswitchinterval(1e-6)
def first(session):
    together.wait()
    session.run(np.zeros((1, 3, 8, 8), np.float32))
threads = [threading.Thread(target=first, args=(each,), daemon=True) for each in sessions]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_may_run_for_the_first_time_at_once(tmp_path: Path) -> None:
    """Else a recording, of which two frames are looked at at once, now and then never begins."""
    model = tmp_path / "mean.onnx"
    model.write_bytes(_model().SerializeToString())

    subprocess.run([sys.executable, "-c", _FIRST_RUNS, str(model)], check=True, timeout=60)


@pytest.mark.skipif(not _STATM.exists(), reason="needs Linux: reads /proc")
def test_many_sizes_do_not_pile_up(pack: Pack) -> None:
    """A camera may send pictures of ever other sizes; unbounded, these would take 490 MB."""
    detector = pack.detector(DetectorSettings())
    sides = range(32, 384, 32)
    detector.detect(np.zeros((max(sides), max(sides), 3), np.uint8))
    before_mb = _resident_mb()

    for height in sides:
        for width in sides:
            detector.detect(np.zeros((height, width, 3), np.uint8))

    assert _resident_mb() - before_mb < 200


def test_a_size_met_before_another_gives_the_same_to_the_last_bit(pack: Pack) -> None:
    """The width that a camera looks at changes with the load, and nothing else may."""
    picture = portrait(Person.from_seed(11))
    widths_px = (160, 320, 224, 320, 160, 224)
    detector = pack.detector(DetectorSettings())
    found: dict[int, list[list[FaceDetection]]] = {}
    for width_px in widths_px:
        detector.working_px = width_px
        found.setdefault(width_px, []).append(detector.detect(picture))

    assert all(faces for faces, _ in found.values())
    for first, again in found.values():
        for one, other in zip(first, again, strict=True):
            np.testing.assert_array_equal(one.box_px, other.box_px)
            assert one.detection_score == other.detection_score


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
