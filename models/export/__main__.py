"""The exporting process: ``python -m models.export ORDER`` writes ``model.onnx`` and ``outcome.json``."""

from __future__ import annotations

import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from models.backends import pretrained
from models.backends.onnx import OnnxRunner
from models.backends.torch import TorchRunner
from models.errors import PrelabelError
from models.export import onnx, quantize
from models.export.build import Order, Outcome
from models.export.parity import Arrays, Parity, Tolerance, compare, padded_inputs

_PACKAGES = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime")

FP32 = Tolerance(max_abs=1e-3, min_cosine=0.9999)
INT8 = Tolerance(max_abs=0.1, min_cosine=0.9)
"""On random tokens, which are harder than text (MiniLM: 0.054 and 0.948; on English text 0.97)."""


def main(order: Order) -> Outcome:
    """Export, quantize where asked to, and compare."""
    for package in _PACKAGES:
        if find_spec(package) is None:
            return Outcome(error="MissingDependencyError", message=package)
    try:
        checks = _export(order)
    except PrelabelError as error:
        return Outcome(error=type(error).__name__, message=str(error))
    return Outcome(checks=checks, versions={package: version(package) for package in _PACKAGES})


def _export(order: Order) -> tuple[Parity, ...]:
    model = pretrained.load(Path(order.folder), order.task).float().eval()
    module = _wrap(model, order.task)
    plain, final = Path(order.draft) / "fp32.onnx", Path(order.draft) / "model.onnx"
    onnx.export(module, order.inputs, plain)
    samples = padded_inputs(
        order.inputs, model.config.vocab_size, model.config.pad_token_id or 0, longest=order.longest
    )
    exported = OnnxRunner(plain)
    checks = [_check(exported, TorchRunner(module), samples, "onnx fp32 with torch fp32", FP32)]
    if order.quantized:
        quantize.int8(plain, final)
        checks.append(_check(OnnxRunner(final), exported, samples, "onnx int8 with onnx fp32", INT8))
        plain.unlink()
    else:
        plain.rename(final)
    return tuple(checks)


def _check(candidate: Any, source: Any, samples: list[Arrays], compared: str, tolerance: Tolerance) -> Parity:
    return compare(candidate, source, samples, compared=compared, tolerance=tolerance)


def _wrap(model: Any, task: pretrained.Task) -> Any:
    """A module with named tensors in and one tensor out."""
    import torch

    class Logits(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
            return self.model(**_given(input_ids, attention_mask, token_type_ids)).logits

    class Embedding(Logits):
        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
            hidden = self.model(**_given(input_ids, attention_mask, token_type_ids)).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=-1)

    return Embedding() if task == "embedding" else Logits()


def _given(input_ids: Any, attention_mask: Any, token_type_ids: Any) -> dict[str, Any]:
    given = {"input_ids": input_ids, "attention_mask": attention_mask}
    return given if token_type_ids is None else {**given, "token_type_ids": token_type_ids}


if __name__ == "__main__":
    told = Order.model_validate_json(sys.argv[1])
    (Path(told.draft) / "outcome.json").write_text(main(told).model_dump_json(), encoding="utf-8")
