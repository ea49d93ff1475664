"""MiniLM on bare onnxruntime: tokenizer, session, nothing of ours but the plan of batches where it is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from models.backends.tokens import MAX_ITEMS, TOKEN_BUDGET
from models.batching import plan
from models.encoders.minilm import MAX_TOKENS, package_folder
from scripts.bench.measure import chunks

Plan = Callable[[Sequence[int]], list[list[int]]]
"""Token counts of texts -> indices that run together."""


def planned(lengths: Sequence[int]) -> list[list[int]]:
    """As the service plans: sorted by length, bounded in tokens."""
    return plan(lengths, TOKEN_BUDGET["cpu"], MAX_ITEMS)


def in_order(lengths: Sequence[int]) -> list[list[int]]:
    """As one would without a thought: 32 texts in the order of arrival, padded to the longest of them."""
    return [list(batch) for batch in chunks(range(len(lengths)), 32)]


class Network:
    """One session."""

    def __init__(self, path: Path, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer: Any = Tokenizer.from_file(str(package_folder() / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._inputs = [node.name for node in self._session.get_inputs()]

    def run(self, texts: Sequence[str], plan: Plan) -> None:
        """Embed the texts; the result is dropped."""
        encodings = self._tokenizer.encode_batch(list(texts))
        for batch in plan([len(encoding.ids) for encoding in encodings]):
            width = max(len(encodings[index].ids) for index in batch)
            shape = (len(batch), width)
            arrays = {"token_type_ids": np.zeros(shape, np.int64)}
            arrays |= {name: np.zeros(shape, np.int64) for name in ("input_ids", "attention_mask")}
            for row, index in enumerate(batch):
                ids = encodings[index].ids
                arrays["input_ids"][row, : len(ids)] = ids
                arrays["attention_mask"][row, : len(ids)] = 1
            self._session.run(None, {name: arrays[name] for name in self._inputs})


class Pool:
    """As many processes as the service has scorers, each with one session and its share of the chunks."""

    def __init__(self, path: Path, *, processes: int, threads: int) -> None:
        self._processes = processes
        self._pool = ProcessPoolExecutor(
            processes, mp_context=get_context("spawn"), initializer=_open, initargs=(path, threads)
        )

    def rate(self, parts: Sequence[Sequence[str]]) -> float:
        """Texts a second over all processes; every chunk is planned by itself."""
        shares = [list(parts[number :: self._processes]) for number in range(self._processes)]
        began = time.perf_counter()
        list(self._pool.map(_share, shares))
        return sum(map(len, parts)) / (time.perf_counter() - began)

    def close(self) -> None:
        self._pool.shutdown()


_network: Network | None = None


def _open(path: Path, threads: int) -> None:
    global _network
    _network = Network(path, threads)


def _share(parts: list[Sequence[str]]) -> None:
    assert _network is not None
    for texts in parts:
        _network.run(texts, planned)
