"""int8 weights: a quarter of the size, about twice the speed on a CPU, slightly other outputs."""

from __future__ import annotations

from pathlib import Path


def int8(source: Path, target: Path) -> None:
    """Write a copy with int8 weights.

    Per channel, with a bit to spare: without ``reduce_range`` 16-bit sums saturate on CPUs without VNNI.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(source)
    # The quantizer logs a warning to the root logger, and configures it, unless a model carries this mark.
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    quantize_dynamic(model, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
