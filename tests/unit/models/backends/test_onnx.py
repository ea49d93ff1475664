from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from models.backends.onnx import OnnxRunner, available
from models.errors import ModelError, ProviderError


@pytest.fixture
def doubler(tmp_path: Path) -> Path:
    """``x`` -> ``x + x``, as float."""
    graph = helper.make_graph(
        [helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT), helper.make_node("Add", ["f", "f"], ["y"])],
        "doubler",
        [helper.make_tensor_value_info("x", TensorProto.INT64, ["n", "m"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "m"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    path = tmp_path / "doubler.onnx"
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("threads", [1, 2])
def test_a_model_runs_and_takes_only_its_own_inputs(doubler: Path, threads: int) -> None:
    runner = OnnxRunner(doubler, threads=threads)
    assert runner.inputs == ("x",)
    given = np.array([[1, 2], [3, 4]])
    np.testing.assert_array_equal(runner({"x": given, "unused": given}), given * 2)
    named = runner.named({"x": given, "unused": given})
    assert list(named) == ["y"]
    np.testing.assert_array_equal(named["y"], given * 2)


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_provider_that_is_not_built_in_is_an_error(doubler: Path, provider: str) -> None:
    if provider in available():
        pytest.skip("this onnxruntime has it")
    with pytest.raises(ProviderError, match=r"install onnxruntime-gpu.*cpu"):
        OnnxRunner(doubler, provider)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_silent_fallback_is_an_error(doubler: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Onnxruntime claims CUDA, as a GPU build without a driver does, and then runs on the CPU."""
    claimed = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    if "cuda" in available():
        pytest.skip("this onnxruntime has it")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: claimed)
    with pytest.raises(ProviderError, match="runs on CPUExecutionProvider"):
        OnnxRunner(doubler, "cuda")


def test_a_file_that_is_no_model_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"bad\.onnx"):
        OnnxRunner(tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match=r"gone\.onnx"):
        OnnxRunner(tmp_path / "gone.onnx")
