"""What is said of a picture on which a model failed."""

from __future__ import annotations

from models.errors import written
from models.types import Failure


def failed_on(key: str, error: Exception) -> Failure:
    """Of the item ``key``: cv2, onnxruntime and numpy each raise errors of their own on odd pictures."""
    message = written(f"The model failed on this picture ({type(error).__name__}): look at the file.")
    return Failure(key=key, code="model_failed", message=message)
