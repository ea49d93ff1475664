"""Texts of any length through a network of tokens: overlapping windows, and of each token what its best window says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.backends.tokens import MAX_CHARACTERS, MAX_ITEMS, Arrays, Padding, pad
from models.batching import plan, restore


@dataclass(frozen=True)
class Tokens:
    """What a network says of one text."""

    offsets: list[tuple[int, int]]
    """Code points ``[start, end)`` of each token, without special ones."""
    logits: NDArray[np.float32]
    """``(T, classes)``."""


@dataclass(frozen=True)
class _Window:
    text: int
    columns: Mapping[str, list[int]]
    inside: list[int]
    """Places of the window's own tokens among those of the network."""
    offsets: list[tuple[int, int]]
    first: int
    """Number of its first token in the text."""


class WindowRunner:
    """Batches windows for one network. A quarter of a window is shared with the next."""

    def __init__(
        self,
        tokenizer: Any,
        run: Callable[[Arrays], NDArray[np.float32]],
        padding: Padding,
        *,
        longest: int,
        budget: int,
    ) -> None:
        """Of a fast tokenizer.

        Args:
            tokenizer: of ``transformers``; it must know the offsets of its tokens.
            run: arrays ``(B, S)`` -> logits ``(B, S, classes)``.
            padding: how short windows are filled up.
            longest: tokens of a window, special ones among them.
            budget: tokens of a run.
        """
        self._tokenizer, self._run, self._padding, self._budget = tokenizer, run, padding, budget
        self._longest, self._lock = longest, Lock()
        self._room = longest - tokenizer.num_special_tokens_to_add()
        self._shared = self._room // 4

    def __call__(self, texts: Sequence[str]) -> list[Tokens]:
        """One answer a text, in order."""
        windows = self._windows([text[:MAX_CHARACTERS] for text in texts])
        columns = {name: [window.columns[name] for window in windows] for name in windows[0].columns} if windows else {}
        lengths = [len(window.columns["input_ids"]) for window in windows]
        batches = plan(lengths, self._budget, MAX_ITEMS if self._padding.possible else 1)
        answers = restore(batches, [self._one(columns, batch, lengths) for batch in batches])
        by_text: list[list[tuple[_Window, NDArray[np.float32]]]] = [[] for _ in texts]
        for window, answer in zip(windows, answers, strict=True):
            by_text[window.text].append((window, answer[window.inside]))
        return [_merge(parts) for parts in by_text]

    def _one(
        self, columns: Mapping[str, Sequence[Sequence[int]]], batch: Sequence[int], lengths: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        logits = self._run(pad(columns, batch, self._padding))
        ends = [lengths[row] for row in batch]
        return [one[-end:] if self._padding.left else one[:end] for one, end in zip(logits, ends, strict=True)]

    def _windows(self, texts: Sequence[str]) -> list[_Window]:
        if not texts:
            return []
        with self._lock:  # a fast tokenizer refuses a second thread while it sets its truncation
            found = self._tokenizer(
                list(texts),
                truncation=True,
                max_length=self._longest,
                stride=self._shared,
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
                return_special_tokens_mask=True,
            ).data
        owners = found.pop("overflow_to_sample_mapping")
        offsets, special = found.pop("offset_mapping"), found.pop("special_tokens_mask")
        windows: list[_Window] = []
        for row, text in enumerate(owners):
            inside = [place for place, flag in enumerate(special[row]) if not flag]
            again = bool(windows) and windows[-1].text == text
            windows.append(
                _Window(
                    text=text,
                    columns={name: values[row] for name, values in found.items()},
                    inside=inside,
                    offsets=[(int(offsets[row][place][0]), int(offsets[row][place][1])) for place in inside],
                    first=windows[-1].first + self._room - self._shared if again else 0,
                )
            )
        return windows


def _merge(parts: Sequence[tuple[_Window, NDArray[np.float32]]]) -> Tokens:
    """Of a token in two windows, what the one says in which it is farther from the edge."""
    offsets, rows = list(parts[0][0].offsets), list(parts[0][1])
    for window, logits in parts[1:]:
        shared = len(offsets) - window.first
        kept = window.first + shared // 2
        offsets[kept:] = window.offsets[kept - window.first :]
        rows[kept:] = list(logits[kept - window.first :])
    width = parts[0][1].shape[1]
    return Tokens(offsets, np.stack(rows) if rows else np.zeros((0, width), np.float32))
