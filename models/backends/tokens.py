"""Texts through a network: tokenize, plan by length, pad, run, restore the order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.batching import plan, restore
from models.specs import Provider

Columns = Mapping[str, Sequence[Sequence[int]]]
"""Input name -> token numbers of each text, unpadded; all columns of a text have one length."""
Arrays = dict[str, NDArray[np.int64]]

TOKEN_BUDGET: dict[Provider, int] = {"cpu": 256, "cuda": 16_384, "tensorrt": 16_384}
"""Tokens a run. On two CPU cores more is slower (docs/benchmarks.md); a GPU wants thousands."""
MAX_ITEMS = 256
MAX_CHARACTERS = 65_536
"""Longer text is cut before it is tokenized; what a model reads ends much earlier."""


@dataclass(frozen=True)
class Padding:
    """How the model's tokenizer fills up short texts."""

    values: Mapping[str, int]
    """Filling of each input; 0 where not named."""
    left: bool = False
    possible: bool = True
    """False for a model without a padding token: it reads one text at a time."""


class TextRunner:
    """Batches texts for one network."""

    def __init__(
        self,
        tokenize: Callable[[Sequence[str]], Columns],
        run: Callable[[Arrays], NDArray[np.float32]],
        padding: Padding,
        *,
        budget: int,
    ) -> None:
        self._tokenize, self._run, self._padding, self._budget = tokenize, run, padding, budget

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Outputs of at least one text, ``(N, ...)``, in order."""
        columns = self._tokenize([text[:MAX_CHARACTERS] for text in texts])
        lengths = [len(tokens) for tokens in columns["input_ids"]]
        batches = plan(lengths, self._budget, MAX_ITEMS if self._padding.possible else 1)
        return np.stack(restore(batches, [self._run(pad(columns, batch, self._padding)) for batch in batches]))


def pad(columns: Columns, rows: Sequence[int], padding: Padding) -> Arrays:
    """Arrays ``(len(rows), longest)`` of the chosen texts."""
    return {name: _pad_one(name, [texts[row] for row in rows], padding) for name, texts in columns.items()}


def _pad_one(name: str, texts: Sequence[Sequence[int]], padding: Padding) -> NDArray[np.int64]:
    width = max(len(tokens) for tokens in texts)
    array = np.full((len(texts), width), padding.values.get(name, 0), np.int64)
    for row, tokens in enumerate(texts):
        start = width - len(tokens) if padding.left else 0
        array[row, start : start + len(tokens)] = tokens
    return array
