"""Export to ONNX, quantization and the parity check."""
