"""The only place, beside ``models.export``, that imports onnxruntime, torch and transformers; each when first needed.

Enters: named arrays. Leaves: one array. Knows nothing of items or labels, but for ``transformers.py``.
"""
