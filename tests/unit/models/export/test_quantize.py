from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from models.export.quantize import int8


def _network(path: Path, rng: np.random.Generator) -> None:
    weights = numpy_helper.from_array(rng.normal(size=(64, 256)).astype(np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 256])],
        [weights],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)


def test_a_quarter_of_the_size_and_nearly_the_same_answers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    _network(tmp_path / "full.onnx", rng)
    int8(tmp_path / "full.onnx", tmp_path / "small.onnx")
    assert (tmp_path / "small.onnx").stat().st_size < 0.4 * (tmp_path / "full.onnx").stat().st_size
    x = rng.normal(size=(8, 64)).astype(np.float32)
    full, small = (
        onnxruntime.InferenceSession(str(tmp_path / name), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
        for name in ("full.onnx", "small.onnx")
    )
    assert 0 < np.abs(full - small).max() < 0.05 * np.abs(full).max()
