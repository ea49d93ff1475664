"""The only files that import onnxruntime, torch or transformers (lazily)."""
