"""What is exported: a sentence encoder to embeddings, or a sequence classifier to logits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from models.backends.onnx import OnnxRunner
from models.backends.torch import TorchRunner
from models.export import cache, onnx, quantize
from models.export.parity import Arrays, Parity, Tolerance, compare, padded_inputs

FP32 = Tolerance(max_abs=1e-3, min_cosine=0.9999)
INT8 = Tolerance(max_abs=0.1, min_cosine=0.9)
"""On random tokens, which are harder than text, and on outputs of length 1."""


def recipe(source: str, folder: Path, task: str, *, quantized: bool) -> cache.Recipe:
    """How ``folder`` is to be exported for ``task`` (``embedding`` or ``classification``)."""
    return cache.Recipe(
        source=source, source_sha256=cache.folder_sha256(folder), task=task, opset=onnx.OPSET, quantized=quantized
    )


def obtain(
    wanted: cache.Recipe, load: Callable[[], Any], inputs: Sequence[str], *, longest: int, root: Path | None
) -> tuple[Path, cache.Manifest]:
    """The exported model; ``load`` gives the ``transformers`` model and is only called to make it.

    Args:
        wanted: what to export.
        load: loads the ``transformers`` model, on the CPU.
        inputs: names of the tensors that the tokenizer makes.
        longest: what the model can read, in tokens.
        root: where exported models are kept; None for the default.

    Raises:
        ParityError: the export does not give what its source gives.
    """

    def build(folder: Path) -> tuple[tuple[Parity, ...], dict[str, str]]:
        model = load().float().eval()
        checks = _export(_wrap(model, wanted.task), model.config, inputs, folder, wanted.quantized, longest)
        packages = ("torch", "transformers", "onnx", "onnxruntime")
        return checks, {name: version(name) for name in packages}

    folder, manifest = cache.obtain(wanted, build, root)
    return folder / "model.onnx", manifest


def _export(
    module: Any, config: Any, inputs: Sequence[str], folder: Path, quantized: bool, longest: int
) -> tuple[Parity, ...]:
    plain, final = folder / "fp32.onnx", folder / "model.onnx"
    onnx.export(module, inputs, plain)
    samples = padded_inputs(inputs, config.vocab_size, config.pad_token_id or 0, longest=longest)
    exported = OnnxRunner(plain)
    checks = [_check(exported, TorchRunner(module), samples, "onnx fp32 with torch fp32", FP32)]
    if quantized:
        quantize.int8(plain, final)
        checks.append(_check(OnnxRunner(final), exported, samples, "onnx int8 with onnx fp32", INT8))
        plain.unlink()
    else:
        plain.rename(final)
    return tuple(checks)


def _check(candidate: Any, source: Any, samples: list[Arrays], compared: str, tolerance: Tolerance) -> Parity:
    return compare(candidate, source, samples, compared=compared, tolerance=tolerance)


def _wrap(model: Any, task: str) -> Any:
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
