"""PP-OCR from the package ``rapidocr``, with the networks that come with it: nothing is downloaded.

Enters: pixels. Leaves: lines with their corners in percent.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.backends.onnx import require
from models.errors import MissingDependencyError, ModelError, ProviderError
from models.pictures.lines import Line
from models.pictures.quiet import silence
from models.specs import Provider

PACKAGE = "rapidocr"
LONGEST: Final = 2000
"""Pixels; the package scales larger pictures down to it before it looks for lines."""
BOX_THRESHOLD = 0.5
"""Places with a lower score are never read."""
_PARTS = ("det", "cls", "rec")


class OcrEngine:
    """The three networks (where lines are, which way up, what they say), loaded once."""

    def __init__(self, provider: Provider = "cpu", *, threads: int = 1) -> None:
        """Load all of it.

        Raises:
            MissingDependencyError: the package is not installed.
            ProviderError: the package cannot run there, or fell back to another provider.
            ModelError: its files are not there or cannot be loaded.
        """
        if provider == "tensorrt":
            raise ProviderError("OCR runs on cpu or cuda: set provider to one of them.")
        require(provider)
        self._run = _build(provider, threads)
        if len(self.read(sample())) == 0:  # loads the networks, which the package puts off until they are needed
            raise ModelError("OCR finds no line on its own sample: install the package rapidocr again.")
        self._check(provider)

    def read(self, pixels: NDArray[np.uint8]) -> list[Line]:
        """Every line on a picture ``(H, W, 3)``, RGB, whatever its score."""
        height, width = pixels.shape[:2]
        found = self._run(np.ascontiguousarray(pixels[:, :, ::-1]))
        if getattr(found, "boxes", None) is None or getattr(found, "txts", None) is None:
            return []
        percent = np.asarray(found.boxes, dtype=np.float64) * (100 / width, 100 / height)
        return [
            Line(corners, str(text), float(np.clip(score, 0.0, 1.0)))
            for corners, text, score in zip(percent.clip(0, 100), found.txts, found.scores, strict=True)
        ]

    def _check(self, provider: Provider) -> None:
        wanted = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}[provider]
        for part in (self._run.text_det, self._run.text_cls, self._run.text_rec):
            active = part.session.session.get_providers()[0]
            if active != wanted:
                raise ProviderError(f"Asked for {wanted}, but OCR runs on {active}: check driver and libraries.")


def digest() -> str:
    """sha256 over the networks, hex."""
    return sha256("".join(sha256(_file(part).read_bytes()).hexdigest() for part in _PARTS).encode()).hexdigest()


def sample() -> NDArray[np.uint8]:
    """A white picture with one line of text."""
    image = Image.new("RGB", (320, 64), "white")
    ImageDraw.Draw(image).text((16, 16), "Invoice 2026", "black", ImageFont.load_default(28))
    return np.asarray(image)


def _file(part: str) -> Path:
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise MissingDependencyError(PACKAGE, "ocr")
    files = sorted((Path(found.origin).parent / "models").glob(f"*{part}*.onnx"))
    if len(files) != 1:
        raise ModelError(
            f"The package rapidocr holds {len(files)} networks named *{part}*.onnx, not one: install it again."
        )
    return files[0]


def _build(provider: Provider, threads: int) -> Any:
    files = {part: _file(part) for part in _PARTS}
    silence(["RapidOCR"])
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise MissingDependencyError(PACKAGE, "ocr") from error
    params = {
        "Global.log_level": "error",
        "Global.text_score": 0.0,
        "Global.max_side_len": LONGEST,
        "Det.box_thresh": BOX_THRESHOLD,
        "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "EngineConfig.onnxruntime.use_cuda": provider == "cuda",
    }
    params |= {f"{part.capitalize()}.model_path": str(path) for part, path in files.items()}
    try:
        return RapidOCR(params=params)
    except Exception as error:  # the package's own classes, omegaconf's, onnxruntime's
        raise ModelError(f"OCR cannot be loaded: {error!r}; install the package rapidocr again.") from error
