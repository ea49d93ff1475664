"""From a torch model to a checked ONNX file: export, quantize, compare, and keep the result by content.

Enters: a model folder. Leaves: a folder with ``model.onnx`` and a manifest: what was compared, and how it came out.
"""
