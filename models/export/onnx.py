"""torch -> ONNX through ``torch.export``: the older exporter is silently wrong on padded input with transformers 5."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.export.build import OPSET


def export(module: Any, inputs: Sequence[str], target: Path) -> None:
    """Write ``module`` as one file with free batch and sequence axes.

    Args:
        module: a ``torch.nn.Module`` called with one int64 tensor ``(B, S)`` an input, by keyword.
        inputs: names of these tensors, ``attention_mask`` among them.
        target: the ``.onnx`` file.

    Raises:
        ModelError: torch cannot export this architecture.
    """
    import torch

    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence")}
    try:
        torch.onnx.export(
            module,
            kwargs={name: _example(torch, name) for name in inputs},
            f=str(target),
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes=dict.fromkeys(inputs, axes),
            external_data=False,
            input_names=list(inputs),
            output_names=["output"],
            verbose=False,
        )
    except Exception as error:  # a class of its own for each stage of the exporter
        raise ModelError(f"torch cannot export this model to ONNX: {error}. Choose runtime torch.") from error


def _example(torch: Any, name: str) -> Any:
    """``(2, 16)``, the second text padded."""
    values = torch.ones((2, 16), dtype=torch.int64)
    if name == "attention_mask":
        values[1, 10:] = 0
    return values if name in ("input_ids", "attention_mask") else torch.zeros_like(values)
